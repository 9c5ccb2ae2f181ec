//! The commands that only build something and start it: `run` and `bench`.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::{Failure, process, release_binary, root, tools};

/// What `bench` without arguments measures, and on which stores.
const BENCHES: &[(&str, &[&str])] = &[
    ("sourcing", &["sqlite"]), // It has no store.
    ("capture", STORES),
    ("hot-sku", STORES),
    ("import", STORES),
    ("list", STORES),
    ("search", STORES),
    ("promise", STORES),
    ("source-run", STORES),
    ("what-if", STORES),
    ("start", STORES),
];
const STORES: &[&str] = &["sqlite", "postgres"];

/// Builds Ordo and becomes its demo, so that signals reach the demo itself.
///
/// # Errors
/// When the build fails or the program cannot be started.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    let root = root();
    process::run(process::cargo(&root).args(["build", "--release", "--package", "ordo"]))?;
    let program = release_binary(&root, "ordo");
    let error = Command::new(&program).arg("demo").args(arguments).exec();
    Err(Failure::new(format!(
        "{} cannot be started: {error}",
        program.display()
    )))
}

/// Builds the benchmarks and runs all of them on both stores, or the one that the arguments name.
///
/// # Errors
/// When the build or a benchmark fails; the others run all the same.
pub fn bench(arguments: &[String]) -> Result<(), Failure> {
    let root = root();
    let postgres = tools::postgres()?;
    process::run(process::cargo(&root).args(["build", "--release", "--package", "ordo-bench"]))?;
    let program = release_binary(&root, "ordo-bench");
    let measure = |arguments: &[String]| {
        let mut command = Command::new(&program);
        process::run(
            command
                .args(arguments)
                .env(tools::POSTGRES_VARIABLE, &postgres),
        )
    };

    if !arguments.is_empty() {
        return measure(arguments);
    }
    let mut failed = Vec::new();
    for (name, stores) in BENCHES {
        for store in *stores {
            println!("\n== {name} on {store}");
            let arguments = [*name, "--store", *store].map(str::to_owned);
            if let Err(failure) = measure(&arguments) {
                failed.push(failure.0);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(failed.join("; ")))
}
