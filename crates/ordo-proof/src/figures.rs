//! What a part of the proof came to: what was tried, and what broke.

use serde_json::{Map, Value, json};

/// Violations that are told; all are counted.
const TOLD_MAX: usize = 20;

/// What one run of a part came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The part's name.
    pub part: &'static str,
    counts: Vec<(&'static str, u64)>,
    mosts: Vec<(&'static str, u64)>,
    violations: u64,
    told: Vec<String>,
}

impl Figures {
    /// Nothing tried yet.
    #[must_use]
    pub fn of(part: &'static str) -> Self {
        Self {
            part,
            counts: Vec::new(),
            mosts: Vec::new(),
            violations: 0,
            told: Vec::new(),
        }
    }

    /// Adds to what was counted under `name`; names keep the order in which they come first.
    pub fn count(&mut self, name: &'static str, by: u64) {
        match self.counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += by,
            None => self.counts.push((name, by)),
        }
    }

    /// Keeps the larger of what stands under `name` and `value`.
    pub fn most(&mut self, name: &'static str, value: u64) {
        match self.mosts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, most)) => *most = (*most).max(value),
            None => self.mosts.push((name, value)),
        }
    }

    /// Adds what another run of the same part came to.
    pub fn add(&mut self, other: &Self) {
        for (name, count) in &other.counts {
            self.count(name, *count);
        }
        for (name, most) in &other.mosts {
            self.most(name, *most);
        }
        let room = TOLD_MAX.saturating_sub(self.told.len());
        self.violations += other.violations;
        self.told.extend(other.told.iter().take(room).cloned());
    }

    /// Something broke.
    pub fn violation(&mut self, what: impl Into<String>) {
        self.violations += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(what.into());
        }
    }

    /// Something that must hold.
    pub fn expect(&mut self, holds: bool, say: impl FnOnce() -> String) {
        if !holds {
            self.violation(say());
        }
    }

    /// What was counted under `name`, or the most of it.
    #[must_use]
    pub fn counted(&self, name: &str) -> u64 {
        let all = self.counts.iter().chain(&self.mosts);
        let found = all.into_iter().find(|(known, _)| *known == name);
        found.map_or(0, |(_, count)| *count)
    }

    /// What broke, as far as it is told.
    #[must_use]
    pub fn told(&self) -> &[String] {
        &self.told
    }

    /// How much broke.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.violations
    }

    /// One object: the part, its counts, under `most` the largest values, and how much broke.
    #[must_use]
    pub fn json(&self) -> Map<String, Value> {
        let mut line = Map::new();
        line.insert("part".to_owned(), json!(self.part));
        for (name, count) in &self.counts {
            line.insert((*name).to_owned(), json!(count));
        }
        if !self.mosts.is_empty() {
            let mosts = self.mosts.iter();
            let mosts: Map<String, Value> = mosts
                .map(|(name, most)| ((*name).to_owned(), json!(most)))
                .collect();
            line.insert("most".to_owned(), Value::Object(mosts));
        }
        line.insert("violations".to_owned(), json!(self.violations));
        line
    }

    /// Ends a test where anything broke.
    ///
    /// # Panics
    /// With everything that is told.
    pub fn assert_clean(&self) {
        println!("{}", Value::Object(self.json()));
        assert!(
            self.violations == 0,
            "{} violations, the first: {:#?}",
            self.violations,
            self.told
        );
    }
}
