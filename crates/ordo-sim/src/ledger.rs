//! What people asked for and what they were told: their own book, to be compared with the log.

use std::collections::BTreeMap;

use ordo_domain::id::OrganizationId;

/// A name that stands in the request and, once it is done, in exactly one event.
pub type Mark = String;

/// What is known of a mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// How often the log names it.
    pub happened: u64,
    /// Whether somebody was told that it is done.
    pub told: bool,
}

/// What was asked for and told.
#[derive(Debug, Default)]
pub struct Ledger {
    marks: BTreeMap<(OrganizationId, Mark), Known>,
    keys: BTreeMap<(OrganizationId, u64), (u16, String)>,
    /// What broke, in the order in which it was noticed.
    pub violations: Vec<String>,
    /// Answers for good.
    pub answers: u64,
    /// Of them, refusals.
    pub refusals: u64,
}

impl Ledger {
    /// Something broke.
    pub fn violation(&mut self, invariant: &str, what: impl std::fmt::Display) {
        self.violations.push(format!("{invariant}: {what}"));
    }

    /// The log names a mark.
    pub fn happened(&mut self, organization: OrganizationId, mark: &str) {
        let key = (organization, mark.to_owned());
        let known = self.marks.entry(key).or_default();
        known.happened += 1;
        if known.happened > 1 {
            let times = known.happened;
            self.violation("I5", format_args!("{mark} happened {times} times"));
        }
    }

    /// Somebody was told that it is done: then the log has it already.
    pub fn told(&mut self, organization: OrganizationId, mark: &str) {
        let key = (organization, mark.to_owned());
        let known = self.marks.entry(key).or_default();
        known.told = true;
        if known.happened == 0 {
            self.violation(
                "I5",
                format_args!("{mark} was acknowledged and never happened"),
            );
        }
    }

    /// A key was answered for good: always with the same.
    pub fn answered(&mut self, organization: OrganizationId, key: u64, status: u16, body: &str) {
        let first = self.keys.entry((organization, key));
        let first = first.or_insert_with(|| (status, body.to_owned()));
        if (first.0, first.1.as_str()) != (status, body) {
            let what = format!("key {key} was answered {first:?} and then {status} {body}");
            self.violation("I5", what);
        }
    }
}
