//! The commands that only build something and start it: `run`, `bench` and `prove`.

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

/// Builds what the proof is about and goes on with its long run, or does what the arguments say.
///
/// # Errors
/// When the build fails, something broke, or the long run cannot be gone on with.
pub fn prove(arguments: &[String]) -> Result<(), Failure> {
    let root = root();
    let postgres = tools::postgres()?;
    let packages = ["ordo", "ordo-sim", "ordo-proof"].map(|name| ["--package", name]);
    let build = ["build", "--release"];
    process::run(process::cargo(&root).args(build).args(packages.concat()))?;
    let mut command = Command::new(release_binary(&root, "ordo-proof"));
    command.current_dir(&root);
    command.env(tools::POSTGRES_VARIABLE, &postgres);
    match tools::fuzzer(&root) {
        Ok(program) => {
            command.env(tools::FUZZER_VARIABLE, program);
        }
        Err(failure) => eprintln!("the API is not fuzzed: {failure}"),
    }
    if arguments.is_empty() {
        let program = release_binary(&root, "ordo");
        return process::run(command.arg("prove").arg("--program").arg(program));
    }
    process::run(command.args(arguments))
}
