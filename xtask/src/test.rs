//! Everything that proves a change, as a list of timed steps with one closing line.
//!
//! A failed step does not end the run: whoever reads the result learns all of it at once. The
//! closing line counts tests; any other step counts as one failed test when it fails, so that a
//! line with `0 failed` is always a green run.
//!
//! What tests may rely on (see `docs/testing.md`): `ORDO_PG_BIN` is the folder of PostgreSQL's server
//! programs; `ORDO_BIN`, `ORDO_BENCH_BIN` and `ORDO_SIM_BIN` are
//! release builds, set unless `--fast`; a test that
//! lacks something appends a line to `ORDO_SKIPPED_FILE`. Tests below a module `scripted` are those
//! that need the release builds and the machine for themselves; they run last.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::summary::{self, Tally};
use crate::{Failure, leftovers, process, release_binary, root, target_dir, tools};

/// How much of the run is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every step.
    All,
    /// Format, lints and the tests that need no release build: the loop while working.
    Fast,
    /// Only the suites that try to break the release build.
    Scripted,
}

/// Runs the steps and prints how each ended. The flag returned tells whether all is green; `ci` asks
/// for the settings of continuous integration.
///
/// # Errors
/// When something the tests need is missing and cannot be installed.
pub fn run(scope: Scope, ci: bool) -> Result<bool, Failure> {
    let mut run = Run::prepare(scope, ci)?;
    if scope != Scope::Scripted {
        run.check_the_source(scope);
        run.test();
    }
    if scope != Scope::Fast {
        run.test_the_release_build();
    }
    run.look_for_leftovers();
    Ok(run.close())
}

struct Run {
    root: PathBuf,
    begin: Instant,
    ci: bool,
    nextest: bool,
    mark: String,
    skipped_file: PathBuf,
    environment: Vec<(&'static str, OsString)>,
    steps: Vec<Step>,
    tests: Tally,
}

struct Step {
    name: &'static str,
    took: Duration,
    result: Result<(), Failure>,
    /// Failed tests are counted one by one; any other failure counts as one.
    counted: bool,
}

impl Run {
    fn prepare(scope: Scope, ci: bool) -> Result<Self, Failure> {
        let root = root();
        let skipped_file = target_dir(&root).join("skipped-tests.txt");
        fs::create_dir_all(target_dir(&root))
            .and_then(|()| fs::write(&skipped_file, ""))
            .map_err(|error| {
                Failure::new(format!(
                    "{} cannot be written: {error}",
                    skipped_file.display()
                ))
            })?;
        let mark = format!("{}-{}", std::process::id(), unix_time_ms());
        let postgres = tools::postgres()?;
        println!("PostgreSQL: {}", postgres.display());
        let mut environment = vec![
            (tools::POSTGRES_VARIABLE, postgres.into_os_string()),
            (leftovers::MARK, OsString::from(&mark)),
            (SKIPPED_VARIABLE, skipped_file.clone().into_os_string()),
        ];
        if ci {
            let settings = [
                ("CI", "true"),
                ("CARGO_TERM_COLOR", "never"),
                ("CARGO_INCREMENTAL", "0"),
            ];
            environment.extend(settings.map(|(name, value)| (name, OsString::from(value))));
        }
        let chromium = if tools::chromium_is_needed(&root) {
            Some(tools::chromium()?)
        } else {
            tools::find_chromium()
        };
        match chromium {
            Some(program) => {
                println!("Chromium: {}", program.display());
                environment.push((tools::CHROMIUM_VARIABLE, program.into_os_string()));
            }
            None => println!("Chromium: none here, and no test needs it"),
        }
        // Nobody but the parts of the proof, which need the release build, makes requests with it.
        if scope != Scope::Fast {
            match tools::fuzzer(&root) {
                Ok(program) => {
                    println!("Fuzzer of the API: {}", program.display());
                    environment.push((tools::FUZZER_VARIABLE, program.into_os_string()));
                }
                Err(failure) => println!("Fuzzer of the API: none ({failure})"),
            }
        }
        let nextest = tools::has_nextest(&root);
        println!(
            "Tests run by: {}",
            if nextest {
                "cargo nextest"
            } else {
                "cargo test"
            }
        );
        Ok(Self {
            root,
            begin: Instant::now(),
            ci,
            nextest,
            mark,
            skipped_file,
            environment,
            steps: Vec::new(),
            tests: Tally::default(),
        })
    }

    fn check_the_source(&mut self, scope: Scope) {
        if self.ci {
            // A stale Cargo.lock would build something else here than at its author's.
            self.step(
                "lock file",
                &["tree", "--locked", "--workspace", "--depth", "0"],
            );
        }
        self.step("format", &["fmt", "--all", "--check"]);
        let clippy = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        self.step("lints", &clippy);
        if scope == Scope::Fast {
            return;
        }
        self.environment
            .push(("RUSTDOCFLAGS", OsString::from("-D warnings")));
        self.step("docs", &["doc", "--workspace", "--lib", "--no-deps"]);
        self.environment.retain(|(name, _)| *name != "RUSTDOCFLAGS");
        if tools::has_deny(&self.root) {
            self.step(
                "licenses",
                &["deny", "check", "licenses", "bans", "sources"],
            );
        }
        self.test_step(
            "examples in docs",
            &["test", "--doc", "--workspace", "--no-fail-fast"],
        );
    }

    fn test(&mut self) {
        if !self.step("build tests", &self.test_command(&["--no-run"], &[])) {
            return;
        }
        let filter: &[&str] = if self.nextest {
            &["-E", "not test(/^scripted::/)"]
        } else {
            &["--skip", "scripted::"]
        };
        self.test_step("tests", &self.test_command(&["--no-fail-fast"], filter));
    }

    fn test_the_release_build(&mut self) {
        let release = [
            "build",
            "--release",
            "--package",
            "ordo",
            "--package",
            "ordo-bench",
            "--package",
            "ordo-sim",
        ];
        if !self.step("build release", &release) {
            return;
        }
        for (variable, name) in [
            ("ORDO_BIN", "ordo"),
            ("ORDO_BENCH_BIN", "ordo-bench"),
            ("ORDO_SIM_BIN", "ordo-sim"),
        ] {
            let program = release_binary(&self.root, name);
            self.environment.push((variable, program.into_os_string()));
        }
        let filter: &[&str] = if self.nextest {
            &["-E", "test(/^scripted::/)", "--no-tests=pass"]
        } else {
            &["scripted::"]
        };
        let before = self.tests;
        self.test_step(
            "scripted suites",
            &self.test_command(&["--no-fail-fast"], filter),
        );
        // The first run left these out, and this one left all others out: neither is a skipped test.
        let ran = self.tests.ran() - before.ran();
        self.tests.skipped = before.skipped.saturating_sub(ran);
    }

    fn look_for_leftovers(&mut self) {
        let begin = Instant::now();
        let forgotten = leftovers::end_all(&self.mark, LEFTOVER_PATIENCE);
        let result = if forgotten.is_empty() {
            Ok(())
        } else {
            let names: Vec<_> = forgotten
                .iter()
                .map(|leftover| format!("{} ({})", leftover.command, leftover.pid))
                .collect();
            Err(Failure::new(format!(
                "these processes outlived their tests: {}",
                names.join(", ")
            )))
        };
        self.note("nothing left running", begin, result, false);
    }

    fn close(mut self) -> bool {
        let skipped = read_skipped(&self.skipped_file);
        if let Err(failure) = skipped_in_vain(self.ci, &skipped, |name| std::env::var_os(name)) {
            self.note(
                "nothing skipped in vain",
                Instant::now(),
                Err(failure),
                false,
            );
        }
        let count = u32::try_from(skipped.len())
            .unwrap_or(u32::MAX)
            .min(self.tests.passed);
        self.tests.passed -= count;
        self.tests.skipped += count;

        println!();
        for step in &self.steps {
            let verdict = if step.result.is_ok() { "ok" } else { "FAILED" };
            println!("{:<24} {:>9.1?}  {verdict}", step.name, step.took);
        }
        println!("{:<24} {:>9.1?}", "all", self.begin.elapsed());
        for line in &skipped {
            println!("skipped for want of {line}");
        }
        let failures: Vec<_> = self
            .steps
            .iter()
            .filter_map(|step| Some((step, step.result.as_ref().err()?)))
            .collect();
        for (step, failure) in &failures {
            println!("{}: {failure}", step.name);
        }
        let uncounted = failures.iter().filter(|(step, _)| !step.counted).count();
        let failed = self.tests.failed + u32::try_from(uncounted).unwrap_or(u32::MAX);
        let Tally {
            passed, skipped, ..
        } = self.tests;
        println!("{passed} passed, {failed} failed, {skipped} skipped");
        failures.is_empty()
    }

    /// Runs one Cargo command as a step and tells whether it succeeded.
    fn step(&mut self, name: &'static str, arguments: &[impl AsRef<str>]) -> bool {
        println!("\n== {name}");
        let begin = Instant::now();
        let result = process::run(&mut self.cargo(arguments));
        let ok = result.is_ok();
        self.note(name, begin, result, false);
        ok
    }

    /// Runs one Cargo command that runs tests, and counts them.
    fn test_step(&mut self, name: &'static str, arguments: &[impl AsRef<str>]) {
        println!("\n== {name}");
        let begin = Instant::now();
        let mut command = self.cargo(arguments);
        let mut counted = false;
        let result = process::run_and_keep(&mut command).and_then(|(ok, lines)| {
            let tally = summary::nextest(&lines).or_else(|| summary::libtest(&lines));
            self.tests += tally.unwrap_or_default();
            counted = tally.is_some_and(|tally| tally.failed > 0);
            match (ok, tally) {
                (true, _) => Ok(()),
                (false, Some(tally)) if counted => {
                    Err(Failure::new(format!("{} failed", tally.failed)))
                }
                (false, _) => Err(Failure::new("ended early")),
            }
        });
        self.note(name, begin, result, counted);
    }

    fn note(
        &mut self,
        name: &'static str,
        begin: Instant,
        result: Result<(), Failure>,
        counted: bool,
    ) {
        self.steps.push(Step {
            name,
            took: begin.elapsed(),
            result,
            counted,
        });
    }

    /// The words that build or run the workspace's tests with either runner.
    fn test_command(&self, options: &[&str], filter: &[&str]) -> Vec<String> {
        let (runner, separator): (&[&str], &[&str]) = if self.nextest {
            (&["nextest", "run", "--workspace"], &[])
        } else {
            (
                &["test", "--workspace", "--lib", "--bins", "--tests"],
                &["--"],
            )
        };
        [runner, options, separator, filter]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    fn cargo(&self, arguments: &[impl AsRef<str>]) -> Command {
        let mut command = process::cargo(&self.root);
        command.args(arguments.iter().map(AsRef::as_ref));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// How long a database may take to shut down after its test.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(5);

/// Names the file to which a test that lacks something appends `VARIABLE test-name`.
const SKIPPED_VARIABLE: &str = "ORDO_SKIPPED_FILE";

fn read_skipped(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let mut lines: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines.dedup();
    lines
}

/// In continuous integration nobody reads what was skipped: a test that says it lacks what is here
/// must not pass for a green one.
fn skipped_in_vain(
    ci: bool,
    skipped: &[String],
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<(), Failure> {
    let vain: Vec<&str> = skipped
        .iter()
        .filter(|line| {
            let name = line.split_whitespace().next().unwrap_or_default();
            variable(name).is_some_and(|value| Path::new(&value).exists())
        })
        .map(String::as_str)
        .collect();
    if ci && !vain.is_empty() {
        return Err(Failure::new(format!(
            "skipped though it is here: {}",
            vain.join(", ")
        )));
    }
    Ok(())
}

fn unix_time_ms() -> u128 {
    std::time::UNIX_EPOCH
        .elapsed()
        .map_or(0, |elapsed| elapsed.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipping_what_is_here_fails_only_in_continuous_integration() {
        let here = |name: &str| (name == "ORDO_DATA_DIR").then(|| OsString::from("/"));
        let of_data = ["ORDO_DATA_DIR imports_olist".to_owned()];
        let of_vendor = ["ORDO_VENDOR_DIR imports_payloads".to_owned()];
        assert!(skipped_in_vain(true, &of_data, here).is_err());
        assert!(skipped_in_vain(false, &of_data, here).is_ok());
        assert!(skipped_in_vain(true, &of_vendor, here).is_ok());
        assert!(
            skipped_in_vain(true, &of_data, |_| Some(OsString::from("/no such folder"))).is_ok()
        );
    }
}
