//! Goal: no order of calls, faults and crashes breaks an invariant. Method: `ordo-sim`, whose
//! simulations all come from one seed; here it is only run and its last lines are read.

use std::process::Command;

use crate::figures::Figures;
use crate::part::{Asked, Part};

/// Simulated orders.
pub const PART: Part = Part {
    name: "sim",
    what: "simulated orders under faults, looked after by an auditor of its own",
    unit: "orders",
    in_ci: 150_000,
    long: 5_000_000,
    piece: 100_000,
    run,
};

/// The counts that the program ends with, beside orders and violations.
const COUNTS: [&str; 6] = [
    "simulations",
    "commands",
    "refused",
    "events",
    "messages",
    "blows",
];

fn run(asked: &Asked) -> Figures {
    let mut figures = Figures::of(PART.name);
    let program = asked.program.with_file_name("ordo-sim");
    let (seed, orders) = (asked.seed.to_string(), asked.count.to_string());
    let output = Command::new(&program)
        .args(["--seed", &seed, "--orders", &orders])
        .output()
        .unwrap_or_else(|error| panic!("{} cannot be run: {error}", program.display()));
    let said = String::from_utf8_lossy(&output.stdout);
    let count = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim().parse::<u64>().ok())
    };
    figures.count(PART.unit, count("orders ").unwrap_or(0));
    for name in COUNTS {
        figures.count(name, count(&format!("{name} ")).unwrap_or(0));
    }
    let violations = count("violations ");
    if !output.status.success() || violations != Some(0) {
        figures.violation(said.into_owned());
    }
    figures
}
