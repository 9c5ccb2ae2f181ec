//! A store that fails on purpose, by a plan: what tests put between an engine and a real store.
//!
//! Calls are counted, and the plan says by the number of a call what goes wrong with it, so that the
//! same calls in the same order fail in the same way. Nothing here sleeps or asks the clock.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use crate::commit::Conflict;
use crate::wrapper::prelude::*;
use crate::wrapper::wrap_port;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The store is not asked; the answer is `Unavailable`.
    Refuse,
    /// The request is lost on its way: the store is not asked, and a commit is answered `Unknown`.
    LoseRequest,
    /// The answer is lost on its way: the store does what was asked, and a commit is answered
    /// `Unknown`.
    LoseAnswer,
    /// A commit is answered `Unknown` and reaches the store only after the next call: the request of
    /// a client that was given up. With other calls, the same as [`Fault::LoseRequest`].
    ArriveLate,
    /// A commit is answered with this conflict, for no reason. Other calls are let through.
    Conflict(Conflict),
    /// Everything works, after the caller was made to wait this many turns.
    Delay(u32),
    /// Everything works, but the answer comes this many turns after it was done.
    DelayAnswer(u32),
}

/// Which calls fail, and how.
#[derive(Debug, Clone, Default)]
pub enum FaultPlan {
    /// None.
    #[default]
    Never,
    /// Those with these numbers, from 1.
    Script(BTreeMap<u64, Fault>),
    /// As many as `rates` say, chosen by `seed`.
    Seeded {
        /// Another seed chooses other calls.
        seed: u64,
        /// How many.
        rates: FaultRates,
    },
}

/// Calls of 1,000 that fail; together at most 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FaultRates {
    /// Of all calls: [`Fault::Refuse`].
    pub refused: u32,
    /// Of all calls: [`Fault::LoseAnswer`].
    pub answers_lost: u32,
    /// Of all calls: [`Fault::Delay`], by 1 to 8 turns.
    pub delayed: u32,
    /// Of all calls: [`Fault::DelayAnswer`], by 1 to 8 turns.
    pub answers_delayed: u32,
    /// Of commits: [`Fault::LoseRequest`].
    pub requests_lost: u32,
    /// Of commits: [`Fault::ArriveLate`].
    pub late: u32,
    /// Of commits: [`Fault::Conflict`], of any sort.
    pub conflicts: u32,
}

impl FaultPlan {
    /// Fails the call with this number, from 1, and no other.
    #[must_use]
    pub fn at(call: u64, fault: Fault) -> Self {
        Self::Script(BTreeMap::from([(call, fault)]))
    }

    fn fault(&self, call: u64, operation: Operation) -> Option<Fault> {
        match self {
            Self::Never => None,
            Self::Script(faults) => faults.get(&call).copied(),
            Self::Seeded { seed, rates } => rates.fault(*seed, call, operation),
        }
    }
}

impl FaultRates {
    fn fault(&self, seed: u64, call: u64, operation: Operation) -> Option<Fault> {
        let chance = mix(seed ^ mix(call));
        // The lower bits choose whether, the upper ones how.
        let (mut dice, detail) = ((chance % 1_000) as u32, (chance >> 32) as u32);
        let conflicts = [
            Conflict::Claimed,
            Conflict::Stale,
            Conflict::Headroom,
            Conflict::Reference,
            Conflict::Busy,
        ];
        let of_all = [
            (self.refused, Fault::Refuse),
            (self.answers_lost, Fault::LoseAnswer),
            (self.delayed, Fault::Delay(1 + detail % 8)),
            (self.answers_delayed, Fault::DelayAnswer(1 + detail % 8)),
        ];
        let of_commits = [
            (self.requests_lost, Fault::LoseRequest),
            (self.late, Fault::ArriveLate),
            (
                self.conflicts,
                Fault::Conflict(conflicts[detail as usize % conflicts.len()]),
            ),
        ];
        let is_commit = operation == Operation::Commit;
        let faults = of_all
            .into_iter()
            .chain(of_commits.into_iter().filter(|_| is_commit));
        for (rate, fault) in faults {
            if dice < rate {
                return Some(fault);
            }
            dice -= rate;
        }
        None
    }
}

/// A store whose calls fail by a plan; without one it only hands them on.
#[derive(Debug)]
pub struct FaultyStore<S: ?Sized> {
    state: Mutex<State>,
    inner: Arc<S>,
}

#[derive(Debug, Default)]
struct State {
    plan: FaultPlan,
    calls: u64,
    happened: Vec<(u64, Operation, Fault)>,
    /// Commits that are still on their way, with the number of the call that sent them.
    late: Vec<(u64, Commit)>,
}

impl<S: ?Sized> FaultyStore<S> {
    /// Hands every call on to `inner`, until a plan begins.
    #[must_use]
    pub fn new(inner: Arc<S>) -> Self {
        let state = Mutex::default();
        Self { state, inner }
    }

    /// Follows `plan` from now on, which counts its calls from 1.
    pub fn begin(&self, plan: FaultPlan) {
        let mut state = self.state();
        state.plan = plan;
        state.calls = 0;
        state.happened.clear();
        // What is late is older than every call of the new plan.
        for (sent, _) in &mut state.late {
            *sent = 0;
        }
    }

    /// How many calls there were since the plan began.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// What went wrong since the plan began: number of the call, what it was, and the fault.
    #[must_use]
    pub fn happened(&self) -> Vec<(u64, Operation, Fault)> {
        self.state().happened.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing panics while it holds the lock")
    }

    /// Counts a call; answers its number and what is to go wrong with it.
    fn next(&self, operation: Operation) -> (u64, Option<Fault>) {
        let mut state = self.state();
        state.calls += 1;
        let call = state.calls;
        let fault = state.plan.fault(call, operation);
        if let Some(fault) = fault {
            state.happened.push((call, operation, fault));
        }
        (call, fault)
    }
}

impl<S: Store + ?Sized> FaultyStore<S> {
    async fn around<T>(
        &self,
        operation: Operation,
        ask: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let (call, fault) = self.next(operation);
        let answer = match fault {
            None | Some(Fault::Conflict(_)) => ask.await,
            Some(Fault::Delay(turns)) => {
                wait(turns).await;
                ask.await
            }
            Some(Fault::DelayAnswer(turns)) => {
                let answer = ask.await;
                wait(turns).await;
                answer
            }
            Some(Fault::Refuse | Fault::LoseRequest | Fault::ArriveLate) => Err(unavailable(call)),
            Some(Fault::LoseAnswer) => {
                drop(ask.await);
                Err(unavailable(call))
            }
        };
        self.let_late_ones_arrive(call).await;
        answer
    }

    async fn around_commit(&self, commit: &Commit) -> Result<Committed, CommitError> {
        let (call, fault) = self.next(Operation::Commit);
        let unknown = || CommitError::Unknown(format!("call {call} was planned to fail"));
        let answer = match fault {
            None => self.inner.commit(commit).await,
            Some(Fault::Delay(turns)) => {
                wait(turns).await;
                self.inner.commit(commit).await
            }
            Some(Fault::DelayAnswer(turns)) => {
                let answer = self.inner.commit(commit).await;
                wait(turns).await;
                answer
            }
            Some(Fault::Refuse) => Err(unavailable(call).into()),
            Some(Fault::Conflict(conflict)) => Err(CommitError::Conflict(conflict)),
            Some(Fault::LoseRequest) => Err(unknown()),
            Some(Fault::LoseAnswer) => {
                drop(self.inner.commit(commit).await);
                Err(unknown())
            }
            Some(Fault::ArriveLate) => {
                self.state().late.push((call, commit.clone()));
                Err(unknown())
            }
        };
        self.let_late_ones_arrive(call).await;
        answer
    }

    /// Hands on the commits that were sent before `call`. Nobody waits for their outcome any more.
    async fn let_late_ones_arrive(&self, call: u64) {
        let mut arrived = Vec::new();
        self.state().late.retain(|(sent, commit)| {
            let arrives = *sent < call;
            if arrives {
                arrived.push(commit.clone());
            }
            !arrives
        });
        for commit in arrived {
            drop(self.inner.commit(&commit).await);
        }
    }
}

wrap_port!(FaultyStore);

fn unavailable(call: u64) -> StoreError {
    StoreError::Unavailable(format!("call {call} was planned to fail"))
}

/// Gives way to whatever else is ready, `turns` times.
async fn wait(turns: u32) {
    let mut left = turns;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Scatters numbers evenly (the finalizer of SplitMix64).
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
