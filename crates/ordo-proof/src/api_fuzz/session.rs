//! One run of the fuzzer, as one caller: what it is told, and what it tells.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::figures::Figures;

/// Says where the fuzzer's program is.
pub const VARIABLE: &str = "ORDO_SCHEMATHESIS";

/// What all runs of a server share.
#[derive(Debug)]
pub struct Fuzzer {
    /// The fuzzer's program.
    pub program: PathBuf,
    /// The contract, as a file.
    pub contract: PathBuf,
    /// The server.
    pub address: SocketAddr,
    /// Where notes are kept while it runs.
    pub folder: PathBuf,
}

/// One caller.
#[derive(Debug)]
pub struct Session {
    /// Names it in what is told.
    pub name: String,
    /// Its API key.
    pub key: String,
    /// `ids`, `codes`, `secrets`, `foreign`, `protected`; see `schemathesis/hooks.py`.
    pub facts: Value,
    /// The share of the cases that the contract's own limits suggest, from 0 to 1,000,000.
    pub share_ppm: u64,
    /// Random cases of each operation; none where 0.
    pub random: u64,
    /// Chooses the cases.
    pub seed: u64,
}

/// The fuzzer's program, where it is installed.
#[must_use]
pub fn program() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

impl Fuzzer {
    /// Runs one session to its end and counts what it did.
    pub fn run(&self, session: &Session, figures: &mut Figures) {
        let tally = self.folder.join(format!("{}-tally.json", session.name));
        let facts = self.folder.join(format!("{}-facts.json", session.name));
        let mut told = session.facts.clone();
        told["share_ppm"] = json!(session.share_ppm);
        told["seed"] = json!(session.seed);
        told["tally"] = json!(tally);
        std::fs::write(&facts, told.to_string()).unwrap();
        let out = self.command(session, &facts).output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        let name = &session.name;
        let Ok(text) = std::fs::read_to_string(&tally) else {
            let complaint = String::from_utf8_lossy(&out.stderr);
            figures.violation(format!("{name} told nothing: {said}{complaint}"));
            return;
        };
        let tally: Value = serde_json::from_str(&text).unwrap();
        count(&tally, figures);
        let failures = tally["failures"].as_array().unwrap();
        for failure in failures {
            let text = |field: &str| failure[field].as_str().unwrap_or_default().to_owned();
            let (asked, title, message) = (text("asked"), text("title"), text("message"));
            figures.violation(format!("{name}: {asked}: {title}: {message}"));
        }
        // A failure that the hooks do not know of: the fuzzer itself could not go on.
        figures.expect(out.status.success() || !failures.is_empty(), || {
            let from = said.len().saturating_sub(2_000);
            let tail = said.char_indices().find(|(at, _)| *at >= from);
            let tail = tail.map_or("", |(at, _)| &said[at..]);
            format!("{name} ended with {}: {tail}", out.status)
        });
    }

    fn command(&self, session: &Session, facts: &Path) -> Command {
        let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemathesis");
        let phases = match (session.share_ppm, session.random) {
            (0, _) => "examples,fuzzing,stateful",
            (_, 0) => "coverage",
            _ => "examples,coverage,fuzzing,stateful",
        };
        let mut command = Command::new(&self.program);
        command
            .current_dir(&self.folder)
            .arg("run")
            .arg(&self.contract)
            .args(["--url", &format!("http://{}", self.address)])
            .args([
                "--header",
                &format!("Authorization: Bearer {}", session.key),
            ])
            .args(["--seed", &session.seed.to_string()])
            .args(["--max-examples", &session.random.max(1).to_string()])
            .args(["--phases", phases])
            // It never ends by itself.
            .args(["--exclude-path", "/api/v1/events/stream"])
            // What the contract allows may still be refused by what is there.
            .args(["--exclude-checks", "positive_data_acceptance"])
            .args(["--request-timeout", "20", "--generation-database", "none"])
            .args([
                "--continue-on-failure",
                "--no-shrink",
                "--no-color",
                "--warnings",
                "off",
            ])
            .args(["--suppress-health-check", "all"])
            .env("ORDO_FUZZ_FACTS", facts)
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .env("PYTHONPATH", hooks)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

fn count(tally: &Value, figures: &mut Figures) {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    figures.count("requests", number(&tally["requests"]));
    figures.count("foreign_ids", number(&tally["foreign"]));
    for (status, count) in tally["status"].as_object().unwrap() {
        let class = match status.as_bytes().first() {
            Some(b'2') => "answered_2xx",
            Some(b'4') => "answered_4xx",
            _ => "answered_otherwise",
        };
        figures.count(class, number(count));
    }
}
