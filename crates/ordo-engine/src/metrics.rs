//! Counters and summaries that `/metrics` shows; lock-free on the way in.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A histogram over powers of two of microseconds: bucket n holds values below 2^n.
#[derive(Debug)]
pub struct Summary {
    buckets: [AtomicU64; 40],
    sum_us: AtomicU64,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; 40],
            sum_us: AtomicU64::new(0),
        }
    }
}

impl Summary {
    /// Adds a value in microseconds.
    pub fn observe_us(&self, value: u64) {
        let bucket = (64 - value.leading_zeros()).min(39) as usize;
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(value, Relaxed);
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Relaxed)).sum()
    }

    /// Their sum in microseconds.
    #[must_use]
    pub fn sum_us(&self) -> u64 {
        self.sum_us.load(Relaxed)
    }

    /// Counts of values below 2^n microseconds, cumulative, for n from 0 on.
    #[must_use]
    pub fn cumulative(&self) -> Vec<u64> {
        self.buckets
            .iter()
            .scan(0, |sum, bucket| {
                *sum += bucket.load(Relaxed);
                Some(*sum)
            })
            .collect()
    }
}

/// What the engine counts.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Deliveries that arrived.
    pub delivered: AtomicU64,
    /// Deliveries that did not, and are tried again or parked.
    pub delivery_failures: AtomicU64,
    /// Pages of jobs that were done or failed.
    pub job_pages: AtomicU64,
    /// Commands answered with success.
    pub applied: AtomicU64,
    /// Commands answered with a rejection.
    pub rejected: AtomicU64,
    /// Answers given again from the store.
    pub replayed: AtomicU64,
    /// Commands that were parked after a panic or too many rounds.
    pub parked: AtomicU64,
    /// Batches committed.
    pub batches: AtomicU64,
    /// Batches that were decided again after a conflict.
    pub conflicts: AtomicU64,
    /// Commits whose outcome had to be looked up.
    pub unknown_commits: AtomicU64,
    /// Requests turned away because too many wait.
    pub overloaded: AtomicU64,
    /// Commands per committed batch, counted as if they were microseconds.
    pub batch_size: Summary,
    /// Time to load what a batch reads.
    pub load: Summary,
    /// Time to decide a batch.
    pub decide: Summary,
    /// Time to commit a batch.
    pub commit: Summary,
    /// Age in microseconds of the oldest event that the view has not seen; 0 when it is level.
    pub view_lag_us: AtomicU64,
    /// Events that the view has dealt with.
    pub view_events: AtomicU64,
}

impl Metrics {
    pub(crate) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Relaxed);
    }
}
