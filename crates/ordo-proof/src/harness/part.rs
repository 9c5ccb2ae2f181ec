//! Goal: no bytes make a parser or a decision panic, hang, or forget. Method: the saved corpus, and
//! what chance or coverage makes of it, through every harness.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::{Duration, Instant};

use super::mutate::{Random, mutate};
use super::{ALL, Harness, corpus, folder};
use crate::figures::Figures;
use crate::part::{Asked, Part};

/// Inputs of every harness.
pub const PART: Part = Part {
    name: "fuzz",
    what: "changed inputs for every parser and the command layer, guided by coverage where a fuzzer is built",
    unit: "minutes",
    // Only the saved inputs are replayed there, by a test of their own.
    in_ci: 0,
    // Five for each harness.
    long: 5 * ALL.len() as u64,
    piece: ALL.len() as u64,
    run,
};

/// One input must not take longer.
pub const INPUT_MAX: Duration = Duration::from_secs(1);
/// Inputs are cut here: hostile structure is short.
const SIZE_MAX: usize = 4_096;
/// Where the fuzzer keeps what it finds to be new, below the target folder.
const TARGET: &str = "target/x86_64-unknown-linux-gnu/release";

fn run(asked: &Asked) -> Figures {
    let mut figures = Figures::of(PART.name);
    let each = Duration::from_secs(60 * asked.count) / u32::try_from(ALL.len()).unwrap();
    for harness in ALL {
        let guided = folder().join(TARGET).join(harness.name);
        match guided.is_file() {
            true => guide(&guided, harness, each, asked.seed, &mut figures),
            false => change(harness, each, asked.seed, &mut figures),
        }
        figures.count("harnesses", 1);
    }
    figures.count(PART.unit, asked.count);
    figures
}

/// Lets the fuzzer that is guided by coverage run.
fn guide(
    program: &std::path::Path,
    harness: &Harness,
    time: Duration,
    seed: u64,
    figures: &mut Figures,
) {
    let found = tempfile::tempdir().unwrap();
    let saved = folder().join("corpus").join(harness.name);
    let out = Command::new(program)
        .arg(found.path())
        .arg(saved)
        .arg(format!("-max_total_time={}", time.as_secs().max(1)))
        .arg(format!("-max_len={SIZE_MAX}"))
        .arg(format!(
            "-seed={}",
            u32::try_from(seed % 1_000_000_000).unwrap_or(1) + 1
        ))
        .args(["-timeout=5", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .current_dir(found.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    let inputs = said
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let inputs = inputs
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or(0);
    figures.count("inputs", inputs);
    figures.count("guided", 1);
    figures.expect(out.status.success(), || {
        let tail: Vec<&str> = said.lines().rev().take(30).collect();
        format!("{}: {:#?}", harness.name, tail)
    });
}

/// Changes saved inputs at random.
fn change(harness: &Harness, time: Duration, seed: u64, figures: &mut Figures) {
    let corpus = corpus(harness.name);
    let mut random = Random::new(seed);
    let began = Instant::now();
    let mut inputs = 0;
    while began.elapsed() < time {
        let input = mutate(&mut random, &corpus, SIZE_MAX);
        if let Err(flaw) = try_one(harness, &input) {
            figures.violation(flaw);
            break;
        }
        inputs += 1;
    }
    figures.count("inputs", inputs);
}

/// Runs one input.
///
/// # Errors
/// It panicked or took too long; the input is told.
pub fn try_one(harness: &Harness, input: &[u8]) -> Result<(), String> {
    let began = Instant::now();
    let run = catch_unwind(AssertUnwindSafe(|| (harness.run)(input)));
    let took = began.elapsed();
    let what = || format!("{} with {:?}", harness.name, String::from_utf8_lossy(input));
    match run {
        Err(panic) => {
            let words = panic.downcast_ref::<String>().cloned();
            let words = words.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
            Err(format!("{}: {}", what(), words.unwrap_or_default()))
        }
        Ok(()) if took > INPUT_MAX => Err(format!("{} took {took:?}", what())),
        Ok(()) => Ok(()),
    }
}
