//! Finds and ends processes that a test run left behind.
//!
//! Every command of a run carries a mark in its environment, and so does everything it starts, as
//! any other user and through any number of parents. What still carries it afterwards was forgotten.
//! It is read from `/proc`, so this works on Linux; elsewhere nothing is found.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::process;

/// The variable that carries the mark.
pub const MARK: &str = "ORDO_TEST_RUN";

/// A process that outlived its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Its process id.
    pub pid: u32,
    /// Its command line.
    pub command: String,
}

/// Waits for everything that carries this mark, ends what does not end by itself, and names it.
/// `patience` is how long a process may take to end by itself, and again after it was asked to.
#[must_use]
pub fn end_all(mark: &str, patience: Duration) -> Vec<Leftover> {
    let forgotten = wait_for(mark, patience);
    for signal in ["TERM", "KILL"] {
        let stubborn = wait_for(mark, Duration::ZERO);
        if stubborn.is_empty() {
            break;
        }
        for leftover in stubborn {
            // It may have ended meanwhile: then there is no such process, which is what we want.
            let kill = format!("kill -{signal} {} 2>/dev/null || true", leftover.pid);
            let _ = process::output(Command::new("sh").args(["-c", &kill]));
        }
        let _ = wait_for(mark, patience);
    }
    forgotten
}

/// Waits until nothing carries the mark, at most this long, and returns what still does.
fn wait_for(mark: &str, patience: Duration) -> Vec<Leftover> {
    let begin = Instant::now();
    loop {
        let found = find(mark);
        if found.is_empty() || begin.elapsed() >= patience {
            return found;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn find(mark: &str) -> Vec<Leftover> {
    let entry = format!("{MARK}={mark}");
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .flatten()
        .filter_map(|process| {
            let pid = process.file_name().to_str()?.parse().ok()?;
            let environment = fs::read(process.path().join("environ")).ok()?;
            environment
                .split(|byte| *byte == 0)
                .find(|variable| *variable == entry.as_bytes())?;
            let command = fs::read(process.path().join("cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command)
                .replace('\0', " ")
                .trim()
                .to_owned();
            Some(Leftover { pid, command })
        })
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Goal: a grandchild whose parent has gone is found, named and ended, and only that.
    /// Method: two sleepers with different marks, each forgotten by its shell.
    #[test]
    fn what_was_forgotten_is_named_and_ended() {
        let unique = format!("{}-{:?}", std::process::id(), Instant::now());
        let (ours, theirs) = (format!("{unique}-ours"), format!("{unique}-theirs"));
        for mark in [&ours, &theirs] {
            let mut shell = Command::new("sh");
            shell
                .args(["-c", "sleep 60 >/dev/null 2>&1 &"])
                .env(MARK, mark);
            process::run(&mut shell).unwrap();
        }

        let named = end_all(&ours, Duration::from_millis(300));
        assert_eq!(named.len(), 1, "{named:?}");
        assert_eq!(named[0].command, "sleep 60");
        assert_eq!(find(&ours), []);
        assert_eq!(find(&theirs).len(), 1);
        assert_eq!(end_all(&theirs, Duration::from_millis(300)).len(), 1);
    }

    #[test]
    fn a_clean_run_leaves_nothing_and_does_not_wait() {
        let begin = Instant::now();
        let patience = Duration::from_secs(60);
        assert_eq!(end_all("a mark that nothing carries", patience), []);
        assert!(begin.elapsed() < patience);
    }
}
