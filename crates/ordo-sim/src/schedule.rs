//! One thread that runs the tasks of all nodes and people in an order that the seed chooses, on a
//! clock that goes on only when nothing is left to do.
//!
//! A node can be killed, which drops its tasks wherever they wait, and frozen, which leaves them where
//! they are until it is thawed.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::future::BoxFuture;
use ordo_domain::time::Timestamp;
use ordo_engine::Runtime;

use crate::dice::Dice;

/// Whose tasks they are: a node's number, or this for people and the outside.
pub type Owner = usize;
/// People, the outside, and whoever directs the simulation: never killed.
pub const PEOPLE: Owner = usize::MAX;

/// Tasks and time.
pub struct Schedule {
    /// Itself, for sleeps.
    itself: Weak<Self>,
    tasks: Mutex<Tasks>,
    ready: Arc<Ready>,
    timers: Mutex<BTreeMap<(i64, u64), Waker>>,
    next_timer: AtomicU64,
    now: AtomicI64,
}

#[derive(Default)]
struct Tasks {
    of: BTreeMap<u64, Task>,
    next: u64,
    frozen: BTreeSet<Owner>,
    /// Ready tasks of frozen owners.
    waiting: Vec<u64>,
}

struct Task {
    owner: Owner,
    flag: Arc<Flag>,
    /// Taken out while it runs.
    future: Option<BoxFuture<'static, ()>>,
}

/// The ids of tasks that can go on, in the order in which they were woken.
#[derive(Default)]
struct Ready(Mutex<Vec<u64>>);

struct Flag {
    id: u64,
    is_ready: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        if !self.is_ready.swap(true, Relaxed) {
            lock(&self.ready.0).push(self.id);
        }
    }
}

impl Schedule {
    /// Nothing to do yet, at this time.
    #[must_use]
    pub fn new(start: Timestamp) -> Arc<Self> {
        Arc::new_cyclic(|itself| Self {
            itself: Weak::clone(itself),
            tasks: Mutex::default(),
            ready: Arc::default(),
            timers: Mutex::default(),
            next_timer: AtomicU64::new(0),
            now: AtomicI64::new(start.as_micros()),
        })
    }

    /// What the time truly is; clocks of nodes may differ.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Relaxed))
    }

    /// Lets all clocks jump: whatever was due meanwhile is late.
    pub fn jump(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.now.fetch_add(by, Relaxed);
        self.ring();
    }

    /// Adds a task of `owner`.
    pub fn spawn(&self, owner: Owner, future: BoxFuture<'static, ()>) {
        let mut tasks = lock(&self.tasks);
        let id = tasks.next;
        tasks.next += 1;
        let flag = Arc::new(Flag {
            id,
            is_ready: AtomicBool::new(false),
            ready: Arc::clone(&self.ready),
        });
        let task = Task {
            owner,
            flag: Arc::clone(&flag),
            future: Some(future),
        };
        tasks.of.insert(id, task);
        drop(tasks);
        flag.wake();
    }

    /// Ends all tasks of `owner` wherever they wait.
    pub fn kill(&self, owner: Owner) {
        let mut tasks = lock(&self.tasks);
        let ids: Vec<u64> = (tasks.of.iter())
            .filter(|(_, task)| task.owner == owner)
            .map(|(id, _)| *id)
            .collect();
        let dead: Vec<Task> = ids.iter().filter_map(|id| tasks.of.remove(id)).collect();
        tasks.frozen.remove(&owner);
        drop(tasks);
        // What a future holds may come back here while it is dropped.
        drop(dead);
    }

    /// Leaves all tasks of `owner` where they are.
    pub fn freeze(&self, owner: Owner) {
        lock(&self.tasks).frozen.insert(owner);
    }

    /// Lets them go on.
    pub fn thaw(&self, owner: Owner) {
        let mut tasks = lock(&self.tasks);
        tasks.frozen.remove(&owner);
        let waiting = std::mem::take(&mut tasks.waiting);
        drop(tasks);
        lock(&self.ready.0).extend(waiting);
    }

    /// Runs one task up to where it waits, one that `dice` choose; with none to run, time goes on to
    /// the next timer. Answers whether there was anything.
    pub fn step(&self, dice: &mut Dice) -> bool {
        let mut ready = lock(&self.ready.0);
        if ready.is_empty() {
            drop(ready);
            return self.pass_time();
        }
        let at = usize::try_from(dice.below(ready.len() as u64)).unwrap_or(0);
        let id = ready.swap_remove(at);
        drop(ready);

        let mut tasks = lock(&self.tasks);
        let is_frozen = |tasks: &Tasks| {
            let owner = tasks.of.get(&id).map(|task| task.owner);
            owner.is_some_and(|owner| tasks.frozen.contains(&owner))
        };
        if is_frozen(&tasks) {
            tasks.waiting.push(id);
            return true;
        }
        let Some(task) = tasks.of.get_mut(&id) else {
            return true;
        };
        let Some(mut future) = task.future.take() else {
            return true;
        };
        let flag = Arc::clone(&task.flag);
        flag.is_ready.store(false, Relaxed);
        drop(tasks);

        let waker = Waker::from(flag);
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        let mut tasks = lock(&self.tasks);
        match (polled, tasks.of.get_mut(&id)) {
            (Poll::Pending, Some(task)) => {
                task.future = Some(future);
                return true;
            }
            (Poll::Ready(()), _) => {
                tasks.of.remove(&id);
            }
            // It was killed by a task of its own.
            (Poll::Pending, None) => {}
        }
        drop(tasks);
        drop(future);
        true
    }

    fn pass_time(&self) -> bool {
        let Some(due) = lock(&self.timers).first_key_value().map(|(key, _)| key.0) else {
            return false;
        };
        self.now.fetch_max(due, Relaxed);
        self.ring();
        true
    }

    /// Wakes whoever waits for a time that has come.
    fn ring(&self) {
        let now = self.now.load(Relaxed);
        let due = {
            let mut timers = lock(&self.timers);
            let later = timers.split_off(&(now.saturating_add(1), 0));
            std::mem::replace(&mut *timers, later)
        };
        for waker in due.into_values() {
            waker.wake();
        }
    }

    /// Ends after this long.
    #[must_use]
    pub fn sleep(&self, pause: Duration) -> Sleep {
        let pause = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
        Sleep {
            schedule: self.itself.upgrade().expect("it is held by whoever asks"),
            due: self.now.load(Relaxed).saturating_add(pause),
            key: None,
        }
    }
}

/// Ends at its time.
pub struct Sleep {
    schedule: Arc<Schedule>,
    due: i64,
    key: Option<(i64, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.schedule.now.load(Relaxed) >= self.due {
            return Poll::Ready(());
        }
        let key = match self.key {
            Some(key) => key,
            None => (self.due, self.schedule.next_timer.fetch_add(1, Relaxed)),
        };
        self.key = Some(key);
        lock(&self.schedule.timers).insert(key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let waker = lock(&self.schedule.timers).remove(&key);
            drop(waker);
        }
    }
}

/// What an engine's tasks run on: the schedule, in the name of its node.
pub struct NodeRuntime {
    /// The schedule.
    pub schedule: Arc<Schedule>,
    /// The node.
    pub node: Owner,
}

impl Runtime for NodeRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.schedule.spawn(self.node, task);
    }

    fn compute(&self, work: Box<dyn FnOnce() + Send>) {
        let task = async move { work() };
        self.schedule.spawn(self.node, Box::pin(task));
    }

    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()> {
        Box::pin(self.schedule.sleep(pause))
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> Arc<Schedule> {
        Schedule::new(Timestamp::from_micros(0))
    }

    fn noted(
        schedule: &Arc<Schedule>,
        owner: Owner,
        pauses: &[u64],
        seen: &Arc<Mutex<Vec<(Owner, i64)>>>,
    ) {
        let (on, seen, pauses) = (Arc::clone(schedule), Arc::clone(seen), pauses.to_vec());
        let task = async move {
            for pause in pauses {
                on.sleep(Duration::from_micros(pause)).await;
                lock(&seen).push((owner, on.now().as_micros()));
            }
        };
        schedule.spawn(owner, Box::pin(task));
    }

    #[test]
    fn time_goes_on_from_timer_to_timer() {
        let (schedule, seen) = (schedule(), Arc::default());
        noted(&schedule, 1, &[10, 20], &seen);
        noted(&schedule, 2, &[15, 0], &seen);
        let mut dice = Dice::new(1);
        while schedule.step(&mut dice) {}
        let seen = lock(&seen).clone();
        assert_eq!(seen, [(1, 10), (2, 15), (2, 15), (1, 30)]);
        assert!(lock(&schedule.timers).is_empty());
    }

    #[test]
    fn the_killed_stop_and_the_frozen_wait() {
        let (schedule, seen) = (schedule(), Arc::default());
        for owner in [1, 2, 3] {
            noted(&schedule, owner, &[10, 10], &seen);
        }
        let mut dice = Dice::new(1);
        while schedule.now().as_micros() < 10 || lock(&seen).len() < 3 {
            schedule.step(&mut dice);
        }
        schedule.kill(2);
        schedule.freeze(3);
        while schedule.step(&mut dice) {}
        assert_eq!(lock(&seen)[3..], [(1, 20)]);
        schedule.thaw(3);
        while schedule.step(&mut dice) {}
        assert_eq!(lock(&seen)[3..], [(1, 20), (3, 20)]);
    }
}
