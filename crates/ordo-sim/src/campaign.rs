//! Many simulations, each with a seed of its own, until so many orders were simulated; a failing one
//! is made as small as it can be.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::canary::Canary;
use crate::dice::scatter;
use crate::episode::{Outcome, Setup, run};
use crate::swarm::Trait;

/// Orders of one simulation.
pub const ORDERS_EACH: u64 = 120;
/// Every so many simulations one is run again, and must be the same.
const AGAIN_EVERY: u64 = 40;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// All chance.
    pub seed: u64,
    /// Orders in all.
    pub orders: u64,
    /// Orders of one simulation.
    pub orders_each: u64,
    /// Parts that are left out of every simulation.
    pub without: Vec<Trait>,
    /// A planted bug; the campaign ends when it is noticed.
    pub canary: Option<Canary>,
    /// When to stop in any case.
    pub most: Option<Duration>,
    /// Simulations at the same time.
    pub threads: usize,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Result {
    /// Sums.
    pub sum: Outcome,
    /// Simulations that were run.
    pub simulations: u64,
    /// How many of them broke something.
    pub broken: u64,
    /// The first of them, in the order of seeds.
    pub first: Option<(Setup, Outcome)>,
}

impl Campaign {
    /// The simulation with this number.
    #[must_use]
    pub fn setup(&self, n: u64) -> Setup {
        // The first has the seed itself, so that a single one is found again by it.
        let seed = match n {
            0 => self.seed,
            n => scatter(self.seed.wrapping_add(scatter(n))),
        };
        Setup {
            seed,
            orders: self.orders_each.min(self.orders),
            without: self.without.clone(),
            canary: self.canary,
            tells: false,
        }
    }

    /// Runs all of it; `tell` hears of every simulation that ended.
    pub fn run(&self, tell: &(dyn Fn(u64, &Setup, &Outcome) + Sync)) -> Result {
        let began = Instant::now();
        let count = self.orders.div_ceil(self.orders_each.max(1));
        let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let ended: Mutex<Vec<(u64, Outcome)>> = Mutex::default();
        let one_after_another = || {
            loop {
                let late = self.most.is_some_and(|most| began.elapsed() > most);
                let n = next.fetch_add(1, Relaxed);
                if n >= count || late || stop.load(Relaxed) {
                    return;
                }
                let setup = self.setup(n);
                let mut outcome = run(&setup);
                let again = self.canary == Some(Canary::Unseeded) || n % AGAIN_EVERY == 0;
                if again && run(&setup).trace != outcome.trace {
                    let what = "I14: the same seed made another trace".to_owned();
                    outcome.violations.push(what);
                }
                if self.canary.is_some() && !outcome.violations.is_empty() {
                    stop.store(true, Relaxed);
                }
                tell(n, &setup, &outcome);
                let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
                ended.push((n, outcome));
            }
        };
        thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(one_after_another);
            }
        });
        self.sum(ended.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn sum(&self, mut ended: Vec<(u64, Outcome)>) -> Result {
        ended.sort_by_key(|(n, _)| *n);
        let mut result = Result::default();
        let mut trace = Sha256::new();
        for (n, outcome) in ended {
            let sum = &mut result.sum;
            trace.update(outcome.trace);
            sum.orders += outcome.orders;
            sum.commands += outcome.commands;
            sum.refused += outcome.refused;
            sum.events += outcome.events;
            sum.messages += outcome.messages;
            sum.blows += outcome.blows;
            sum.violations.extend(outcome.violations.iter().cloned());
            result.simulations += 1;
            if !outcome.violations.is_empty() {
                result.broken += 1;
                result.first.get_or_insert_with(|| (self.setup(n), outcome));
            }
        }
        result.sum.trace = trace.finalize().into();
        result
    }
}

/// The smallest simulation found that still breaks the same invariant: fewer orders, and as many parts
/// as possible left out.
#[must_use]
pub fn smallest(setup: &Setup, outcome: &Outcome) -> (Setup, Outcome) {
    let broken = |outcome: &Outcome| {
        outcome
            .violations
            .first()
            .map(|what| invariant(what).to_owned())
    };
    let wanted = broken(outcome);
    let (mut best, mut found) = (setup.clone(), outcome.clone());
    let try_it = |best: &mut Setup, found: &mut Outcome, smaller: Setup| {
        let outcome = run(&smaller);
        let same = wanted.is_some()
            && (outcome.violations.iter()).any(|what| Some(invariant(what)) == wanted.as_deref());
        if same {
            *best = smaller;
            *found = outcome;
        }
        same
    };
    let mut step = best.orders / 2;
    while step > 0 {
        let mut smaller = best.clone();
        smaller.orders -= step;
        if smaller.orders == 0 || !try_it(&mut best, &mut found, smaller) {
            step /= 2;
        }
    }
    for of in Trait::ALL {
        let mut smaller = best.clone();
        smaller.without.push(*of);
        try_it(&mut best, &mut found, smaller);
    }
    (best, found)
}

fn invariant(violation: &str) -> &str {
    violation.split(':').next().unwrap_or_default()
}
