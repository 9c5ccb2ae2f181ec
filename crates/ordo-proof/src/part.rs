//! The parts of the proof: what each tries, how often in continuous integration and in the long run.

use std::path::PathBuf;

use crate::api_fuzz;
use crate::backups;
use crate::differential;
use crate::disk_faults;
use crate::failover;
use crate::figures::Figures;
use crate::harness;
use crate::idempotency;
use crate::kills;
use crate::node_loss;
use crate::overload;
use crate::power;
use crate::simulated;
use crate::soak;

/// What a part is asked to do.
#[derive(Debug, Clone)]
pub struct Asked {
    /// How often to try, in the part's own unit.
    pub count: u64,
    /// Another seed chooses other moments and other requests.
    pub seed: u64,
    /// The release build of `ordo`.
    pub program: PathBuf,
}

/// One part of the proof.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Its name, which its lines in `docs/proof.jsonl` carry.
    pub name: &'static str,
    /// What it tries, in a few words.
    pub what: &'static str,
    /// The name under which its figures count tries.
    pub unit: &'static str,
    /// Tries in continuous integration.
    pub in_ci: u64,
    /// Tries in the long run.
    pub long: u64,
    /// Tries of one line of the long run, so that a broken-off run loses a few minutes at most.
    pub piece: u64,
    /// Tries `asked.count` times.
    pub run: fn(&Asked) -> Figures,
}

/// All of them, in the order in which the long run takes them.
pub const PARTS: &[Part] = &[
    simulated::PART,
    differential::PART,
    kills::SQLITE,
    kills::POSTGRES,
    power::POWER_LOSS,
    disk_faults::DISK_FAULTS,
    backups::BACKUPS,
    failover::FAILOVER,
    node_loss::NODE_LOSS,
    api_fuzz::PART,
    harness::part::PART,
    idempotency::SQLITE,
    idempotency::POSTGRES,
    overload::SQLITE,
    overload::POSTGRES,
    soak::SQLITE,
    soak::POSTGRES,
];

/// The part with this name.
#[must_use]
pub fn part(name: &str) -> Option<&'static Part> {
    PARTS.iter().find(|part| part.name == name)
}
