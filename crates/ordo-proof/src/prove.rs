//! The long run: piece after piece of every part, each written down as a line of `docs/proof.jsonl`
//! as soon as it is done, so that it can be broken off and gone on with at any time.
//!
//! A line counts for the code that it was made with: the trees of the crates that the part is about.
//! When one of them changes, what was proved before stays in the file and counts no more.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::part::{Asked, PARTS, Part};
use crate::report;

/// Where the lines are, below the root of the tree.
pub const LINES: &str = "docs/proof.jsonl";

/// Tries and pieces, by part and code.
type Done = BTreeMap<(String, String), (u64, u64)>;

/// What a long run is asked to do.
#[derive(Debug, Clone)]
pub struct LongRun {
    /// The root of the tree.
    pub root: PathBuf,
    /// The release build of `ordo`, beside which that of `ordo-sim` is.
    pub program: PathBuf,
    /// How long it may take; the piece at hand is finished.
    pub most: Duration,
    /// Only these parts; all where it is empty.
    pub parts: Vec<String>,
}

impl LongRun {
    /// Does pieces until everything is done or the time is over; answers how much broke.
    ///
    /// # Errors
    /// The tree has changes that are not committed, or a file cannot be written.
    pub fn go_on(&self) -> Result<u64, String> {
        let commit = self.git(&["rev-parse", "--short=12", "HEAD"])?;
        if !self
            .git(&["status", "--porcelain", "--", "crates"])?
            .is_empty()
        {
            return Err("a proof is of a commit: commit what is changed in crates/".to_owned());
        }
        let began = Instant::now();
        let mut violations = 0;
        let mut done = self.done()?;
        let chosen =
            |part: &&Part| self.parts.is_empty() || self.parts.iter().any(|name| name == part.name);
        // A piece of each in turn, so that a broken-off run has proved something of everything.
        loop {
            let mut did = false;
            for part in PARTS.iter().filter(chosen) {
                let code = self.code(part)?;
                let key = (part.name.to_owned(), code.clone());
                let (tries, pieces) = done.get(&key).copied().unwrap_or_default();
                let out_of_time = began.elapsed() >= self.most;
                if tries >= part.long || out_of_time {
                    continue;
                }
                did = true;
                let count = part.piece.min(part.long - tries);
                // Another seed for every piece and every version of the code.
                let seed = seed_of(&code).wrapping_add(pieces);
                let left = part.long - tries;
                eprintln!(
                    "{}: {count} of {left} {} left, seed {seed}",
                    part.name, part.unit
                );
                let at = Instant::now();
                let figures = (part.run)(&Asked {
                    count,
                    seed,
                    program: self.program.clone(),
                });
                for told in figures.told() {
                    eprintln!("{}: {told}", part.name);
                }
                violations += figures.violations();
                let mut line = figures.json();
                line.insert("commit".to_owned(), json!(commit));
                line.insert("code".to_owned(), json!(code));
                line.insert("seed".to_owned(), json!(seed));
                line.insert("seconds".to_owned(), json!(at.elapsed().as_secs()));
                line.insert("machine".to_owned(), json!(machine()));
                self.note(&line)?;
                let tried = figures.counted(part.unit).max(1);
                done.insert(key, (tries + tried, pieces + 1));
            }
            if !did {
                break;
            }
        }
        report::write(&self.root, |part| self.code(part))?;
        Ok(violations)
    }

    /// Tries and pieces so far, by part and code.
    fn done(&self) -> Result<Done, String> {
        let mut done = BTreeMap::new();
        for line in report::lines(&self.root)? {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            let Some(part) = PARTS.iter().find(|part| line["part"] == part.name) else {
                continue;
            };
            let sum: &mut (u64, u64) = done.entry((text("part"), text("code"))).or_default();
            sum.0 += line[part.unit].as_u64().unwrap_or(0);
            sum.1 += 1;
        }
        Ok(done)
    }

    fn note(&self, line: &Map<String, Value>) -> Result<(), String> {
        let path = self.root.join(LINES);
        let mut file = (OpenOptions::new().create(true).append(true).open(&path))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        writeln!(file, "{}", Value::Object(line.clone())).map_err(|error| error.to_string())
    }

    /// The hash of the crates that a part is about, as they are committed.
    ///
    /// # Errors
    /// Git does not know them.
    pub fn code(&self, part: &Part) -> Result<String, String> {
        let trees: Vec<String> = (crates_of(part).iter())
            .map(|name| format!("HEAD:crates/{name}"))
            .collect();
        let words: Vec<&str> = trees.iter().map(String::as_str).collect();
        let known = self.git(&[&["rev-parse"], words.as_slice()].concat())?;
        Ok(known.lines().map(|tree| &tree[..6]).collect())
    }

    fn git(&self, words: &[&str]) -> Result<String, String> {
        let output = Command::new("git")
            .current_dir(&self.root)
            .args(words)
            .output()
            .map_err(|error| format!("git: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// The crates whose change makes what a part has proved count no more.
fn crates_of(part: &Part) -> &'static [&'static str] {
    match part.name {
        "sim" => &["ordo-domain", "ordo-sourcing", "ordo-engine"],
        "api-fuzz" | "fuzz" => &["ordo-domain", "ordo-server", "ordo-connectors"],
        name if name.starts_with("idempotency") => &["ordo-engine", "ordo-store", "ordo-server"],
        name if name.starts_with("overload") || name.starts_with("soak") => {
            &["ordo-engine", "ordo-store", "ordo-server"]
        }
        name if name.ends_with("sqlite") || name == "power-loss" || name == "disk-faults" => {
            &["ordo-engine", "ordo-store", "ordo-store-sqlite"]
        }
        "backups" => &[
            "ordo-store",
            "ordo-store-sqlite",
            "ordo-store-postgres",
            "ordo",
        ],
        _ => &["ordo-engine", "ordo-store", "ordo-store-postgres"],
    }
}

fn seed_of(code: &str) -> u64 {
    let digits = code.get(..8).unwrap_or_default();
    u64::from_str_radix(digits, 16)
        .unwrap_or(1)
        .wrapping_mul(1_000)
}

/// Cores, memory and kind of processor.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(Path::new(path)).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_once(':'));
        value.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let memory_kib = field(&read("/proc/meminfo"), "MemTotal");
    let kib: u64 = (memory_kib.split(' ').next()).map_or(0, |kib| kib.parse().unwrap_or(0));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kind = field(&read("/proc/cpuinfo"), "model name");
    format!("{cores} cores, {} GiB, {kind}", kib >> 20)
}
