//! A store that counts and times its calls, for `/metrics`; lock-free on the way in.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use crate::commit::Conflict;
use crate::wrapper::prelude::*;
use crate::wrapper::wrap_port;

/// Calls of 2^25 microseconds (half a minute) and more share the last bucket.
const BUCKETS: usize = 26;

/// Hands every call on and takes note of it.
#[derive(Debug)]
pub struct MeteredStore<S: ?Sized> {
    meters: Arc<StoreMeters>,
    inner: Arc<S>,
}

impl<S: ?Sized> MeteredStore<S> {
    /// Counts the calls to `inner` from zero.
    #[must_use]
    pub fn new(inner: Arc<S>) -> Self {
        let meters = Arc::default();
        Self { meters, inner }
    }

    /// The counts so far; they go on while they are read.
    #[must_use]
    pub fn meters(&self) -> Arc<StoreMeters> {
        Arc::clone(&self.meters)
    }
}

impl<S: Store + ?Sized> MeteredStore<S> {
    async fn around<T>(
        &self,
        operation: Operation,
        ask: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let began = Instant::now();
        let answer = ask.await;
        self.meters.of(operation).note(began, answer.is_err());
        answer
    }

    async fn around_commit(&self, commit: &Commit) -> Result<Committed, CommitError> {
        let began = Instant::now();
        let answer = self.inner.commit(commit).await;
        let failed = match &answer {
            Ok(_) => false,
            Err(CommitError::Conflict(conflict)) => {
                self.meters.conflicts[place(*conflict)].fetch_add(1, Relaxed);
                false
            }
            Err(CommitError::Unknown(_)) => {
                self.meters.unknown.fetch_add(1, Relaxed);
                true
            }
            Err(CommitError::Store(_)) => true,
        };
        self.meters.of(Operation::Commit).note(began, failed);
        answer
    }
}

wrap_port!(MeteredStore);

/// Counts and times per operation.
#[derive(Debug)]
pub struct StoreMeters {
    meters: [Meter; Operation::ALL.len()],
    conflicts: [AtomicU64; CONFLICTS.len()],
    unknown: AtomicU64,
}

impl Default for StoreMeters {
    fn default() -> Self {
        Self {
            meters: std::array::from_fn(|_| Meter::default()),
            conflicts: Default::default(),
            unknown: AtomicU64::default(),
        }
    }
}

impl StoreMeters {
    /// The meter of one operation.
    #[must_use]
    pub fn of(&self, operation: Operation) -> &Meter {
        // `ALL` is in the order of the enum.
        &self.meters[operation as usize]
    }

    /// All operations with their meters, in the order of the port.
    pub fn all(&self) -> impl Iterator<Item = (Operation, &Meter)> {
        Operation::ALL.iter().copied().zip(&self.meters)
    }

    /// Commits that conflicted, by the name of the reason. They are not errors.
    #[must_use]
    pub fn conflicts(&self) -> Vec<(&'static str, u64)> {
        let counts = self.conflicts.iter().map(|count| count.load(Relaxed));
        CONFLICTS.into_iter().zip(counts).collect()
    }

    /// Commits whose outcome was unknown.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown.load(Relaxed)
    }
}

/// Counts and times of one operation.
#[derive(Debug, Default)]
pub struct Meter {
    /// Bucket n counts calls that took less than 2^n microseconds and were not counted before it.
    buckets: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
    errors: AtomicU64,
}

impl Meter {
    /// How many calls were answered.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Relaxed)).sum()
    }

    /// How many of them with an error.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.errors.load(Relaxed)
    }

    /// What they took together, in microseconds.
    #[must_use]
    pub fn sum_us(&self) -> u64 {
        self.sum_us.load(Relaxed)
    }

    /// How many took less than 2^n microseconds, for n from 0 on; the last counts all.
    #[must_use]
    pub fn cumulative(&self) -> Vec<u64> {
        let counts = self.buckets.iter().scan(0, |sum, bucket| {
            *sum += bucket.load(Relaxed);
            Some(*sum)
        });
        counts.collect()
    }

    fn note(&self, began: Instant, failed: bool) {
        let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket_of(took)].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(took, Relaxed);
        self.errors.fetch_add(u64::from(failed), Relaxed);
    }
}

fn bucket_of(micros: u64) -> usize {
    ((u64::BITS - micros.leading_zeros()) as usize).min(BUCKETS - 1)
}

/// The reasons of conflicts, in the order of [`place`].
const CONFLICTS: [&str; 5] = ["claimed", "stale", "headroom", "reference", "busy"];

const fn place(conflict: Conflict) -> usize {
    match conflict {
        Conflict::Claimed => 0,
        Conflict::Stale => 1,
        Conflict::Headroom => 2,
        Conflict::Reference => 3,
        Conflict::Busy => 4,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_holds_what_is_below_its_power_of_two() {
        for (micros, bucket) in [
            (0, 0),
            (1, 1),
            (2, 2),
            (3, 2),
            (4, 3),
            (1_023, 10),
            (1_024, 11),
        ] {
            assert_eq!(bucket_of(micros), bucket, "{micros} µs");
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_call_is_counted_with_the_time_it_took() {
        let meter = Meter::default();
        let began = Instant::now().checked_sub(Duration::from_millis(5));
        meter.note(began.expect("the clock has run for 5 ms"), false);
        assert_eq!((meter.calls(), meter.errors()), (1, 0));
        assert!(meter.sum_us() >= 5_000, "{} µs", meter.sum_us());
        let cumulative = meter.cumulative();
        assert_eq!(cumulative[12], 0, "4,096 µs are less than it took");
        assert_eq!(cumulative[BUCKETS - 1], 1);
    }

    #[test]
    fn meters_stand_where_their_operation_is() {
        let meters = StoreMeters::default();
        for operation in Operation::ALL {
            meters.of(*operation).note(Instant::now(), true);
        }
        assert!(
            meters
                .all()
                .all(|(_, meter)| meter.calls() == 1 && meter.errors() == 1)
        );
        assert!(Operation::ALL.is_sorted());
    }
}
