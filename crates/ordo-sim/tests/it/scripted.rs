//! Suites that run the release build, one after another.

use std::path::PathBuf;
use std::process::Command;

/// Orders of continuous integration, and the seconds that it has for them.
const ORDERS: &str = "150000";
const SECONDS: &str = "300";
/// Orders and seconds within which a planted bug must be noticed.
const CANARY_ORDERS: &str = "30000";
const CANARY_SECONDS: &str = "90";

/// The program; the test ends quietly where it was not built.
fn program(test: &str) -> Option<PathBuf> {
    let found = std::env::var_os("ORDO_SIM_BIN").map(PathBuf::from);
    if found.is_none() {
        println!("skipped: {test} needs ORDO_SIM_BIN");
        if let Some(file) = std::env::var_os("ORDO_SKIPPED_FILE") {
            use std::io::Write;
            let file = std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(file);
            writeln!(file.unwrap(), "ORDO_SIM_BIN {test}").unwrap();
        }
    }
    found
}

/// Whether the run was clean, and what it said.
fn simulate(program: &PathBuf, words: &[&str]) -> (bool, String) {
    let output = Command::new(program).args(words).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said + &errors)
}

#[test]
fn a_hundred_thousand_orders_break_nothing() {
    let Some(program) = program("a_hundred_thousand_orders_break_nothing") else {
        return;
    };
    let words = [
        "--seed",
        "20261124",
        "--orders",
        ORDERS,
        "--seconds",
        SECONDS,
    ];
    let (clean, said) = simulate(&program, &words);
    println!("{said}");
    assert!(clean, "{said}");
    let orders = said.lines().find_map(|line| line.strip_prefix("orders "));
    let orders: u64 = orders.unwrap().parse().unwrap();
    assert!(orders > 10_000, "only {orders} orders were simulated");
}

#[test]
fn every_planted_bug_is_noticed() {
    let Some(program) = program("every_planted_bug_is_noticed") else {
        return;
    };
    let (_, names) = simulate(&program, &["--list-canaries"]);
    let names: Vec<&str> = names.lines().collect();
    assert!(names.len() >= 12, "{names:?}");
    for name in names {
        let words = [
            "--canary",
            name,
            "--orders",
            CANARY_ORDERS,
            "--seconds",
            CANARY_SECONDS,
        ];
        let (clean, said) = simulate(&program, &words);
        assert!(!clean, "{name} went unnoticed: {said}");
    }
}

#[test]
fn what_was_found_once_stays_found() {
    let Some(program) = program("what_was_found_once_stays_found") else {
        return;
    };
    let known = include_str!("../../regressions.txt").lines();
    for line in known.filter(|line| !line.starts_with('#')) {
        let mut words = line.splitn(3, ' ');
        let (seed, orders) = (words.next().unwrap(), words.next().unwrap());
        let each = ["--orders-each", orders, "--keep-large"];
        let words = [&["--seed", seed, "--orders", orders], &each[..]].concat();
        let (clean, said) = simulate(&program, &words);
        assert!(clean, "{line}: {said}");
    }
}
