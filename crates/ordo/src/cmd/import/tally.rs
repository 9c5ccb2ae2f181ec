//! Counts what became of the rows, shows how far an import has come, and says the end of it.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ordo_domain::Outcome;
use serde::Serialize;

use super::done::Came;
use super::rejects::Rejects;
use crate::compose::Failure;

/// Between two rewrites of the line that shows progress.
const REWRITE: Duration = Duration::from_millis(200);
/// Exit code where rows were rejected.
const WITH_REJECTS: u8 = 3;
/// Exit code of a process that was interrupted.
const INTERRUPTED: u8 = 130;

/// How many rows came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows that were read.
    pub read: u64,
    /// Of them: new.
    pub created: u64,
    /// Of them: changed something.
    pub updated: u64,
    /// Of them: were so already.
    pub unchanged: u64,
    /// Of them: not taken in.
    pub rejected: u64,
}

/// The counts of an import with its progress and its rejects.
pub struct Tally {
    counts: Counts,
    rejects: Rejects,
    what: &'static str,
    started: Instant,
    shown: Option<Instant>,
    terminal: bool,
}

impl Tally {
    /// Nothing counted yet of `what`, in the plural.
    pub fn new(what: &'static str, rejects: Rejects) -> Self {
        Self {
            counts: Counts::default(),
            rejects,
            what,
            started: Instant::now(),
            shown: None,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Counts a row, and keeps it where it was rejected.
    ///
    /// # Errors
    /// The file of rejects cannot be written.
    pub fn count(&mut self, came: Came) -> Result<(), Failure> {
        self.counts.read += 1;
        self.show();
        match came {
            Came::Took(Outcome::Created) => self.counts.created += 1,
            Came::Took(Outcome::Updated) => self.counts.updated += 1,
            Came::Took(Outcome::Unchanged) => self.counts.unchanged += 1,
            Came::Rejected(rejected) => {
                self.counts.rejected += 1;
                return self.rejects.keep(&rejected);
            }
        }
        Ok(())
    }

    /// The last words, on standard output, and the exit code.
    ///
    /// # Errors
    /// The file of rejects cannot be written.
    pub fn finish(mut self, json: bool, interrupted: bool) -> Result<ExitCode, Failure> {
        self.rejects.finish()?;
        if self.shown.is_some() {
            eprint!("\r\x1b[K");
        }
        let counts = self.counts;
        if json {
            let text = serde_json::to_string(&counts).map_err(std::io::Error::from)?;
            println!("{text}");
        } else {
            self.say(interrupted);
        }
        if interrupted {
            eprintln!("ordo: interrupted; the same command goes on where this one stopped");
            return Ok(ExitCode::from(INTERRUPTED));
        }
        Ok(if counts.rejected > 0 {
            ExitCode::from(WITH_REJECTS)
        } else {
            ExitCode::SUCCESS
        })
    }

    fn say(&self, interrupted: bool) {
        let counts = self.counts;
        let end = if interrupted { " so far" } else { "" };
        println!(
            "{} {} read{end} in {:.1?}: {} created, {} updated, {} unchanged, {} rejected",
            counts.read,
            self.what,
            self.started.elapsed(),
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.rejected
        );
        if counts.rejected > 0 {
            let path = self.rejects.path().display();
            println!("Rejected rows and the reasons are in {path}");
        }
    }

    /// Rewrites one line on a terminal, now and then.
    fn show(&mut self) {
        let now = Instant::now();
        let due = (self.shown.unwrap_or(self.started)) + REWRITE <= now;
        if !self.terminal || !due {
            return;
        }
        self.shown = Some(now);
        let passed_ms = (now - self.started).as_millis().max(1);
        let rate = u128::from(self.counts.read) * 1_000 / passed_ms;
        eprint!(
            "\r\x1b[K{} {} read, {rate}/s, {} rejected",
            self.counts.read, self.what, self.counts.rejected
        );
        // A line that cannot be shown is no reason to stop.
        let _ = std::io::stderr().flush();
    }
}
