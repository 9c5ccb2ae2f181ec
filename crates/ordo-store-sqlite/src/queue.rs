//! Work that waits for a thread, in two lanes: what somebody waits for comes first, what may wait
//! comes in between and is never passed over for long.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many commits may pass work in the second lane. A commit of a full batch writes some 3,000
/// events and the view reads 2,000 at a time, so more would let the view fall behind under load.
const PASSES_MAX: u32 = 2;

/// Which lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Somebody waits for it.
    First,
    /// The same, and it passes what waits in the second lane.
    Commit,
    /// It may wait.
    Second,
}

/// The queue of one thread or of several.
#[derive(Debug)]
pub(crate) struct Queue<J> {
    state: Mutex<State<J>>,
    ready: Condvar,
}

#[derive(Debug)]
struct State<J> {
    first: VecDeque<(J, bool)>,
    second: VecDeque<J>,
    /// Commits taken since work last waited in the second lane.
    passes: u32,
    closed: bool,
}

impl<J> Queue<J> {
    pub(crate) fn new() -> Self {
        let state = State {
            first: VecDeque::new(),
            second: VecDeque::new(),
            passes: 0,
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            ready: Condvar::new(),
        }
    }

    /// Adds work; drops it where the queue is closed, which its caller notices by its channel.
    pub(crate) fn push(&self, lane: Lane, job: J) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        match lane {
            Lane::First => state.first.push_back((job, false)),
            Lane::Commit => state.first.push_back((job, true)),
            Lane::Second => state.second.push_back(job),
        }
        drop(state);
        self.ready.notify_one();
    }

    /// The next work; waits for it, and answers `None` once the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<J> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.next() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self
                .ready
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next work if it is a commit.
    pub(crate) fn take_commit(&self) -> Option<J> {
        let mut state = self.lock();
        match state.first.front() {
            Some((_, true)) if !state.is_turn_of_second() => state.next(),
            Some(_) | None => None,
        }
    }

    /// Lets no more work in; what waits is still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }

    /// No code of others runs under this lock, so a poisoned one still guards a whole state.
    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> State<J> {
    fn next(&mut self) -> Option<J> {
        if !self.is_turn_of_second()
            && let Some((job, is_commit)) = self.first.pop_front()
        {
            let passes = is_commit && !self.second.is_empty();
            self.passes += u32::from(passes);
            return Some(job);
        }
        let job = self.second.pop_front();
        self.passes = 0;
        job
    }

    fn is_turn_of_second(&self) -> bool {
        !self.second.is_empty() && (self.first.is_empty() || self.passes >= PASSES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(pushed: &[(Lane, &'static str)]) -> Vec<&'static str> {
        let queue = Queue::new();
        for (lane, job) in pushed {
            queue.push(*lane, *job);
        }
        queue.close();
        std::iter::from_fn(|| queue.take()).collect()
    }

    #[test]
    fn commits_come_first_but_pass_the_second_lane_only_twice() {
        let pushed = [
            (Lane::Second, "view"),
            (Lane::Commit, "a"),
            (Lane::First, "load"),
            (Lane::Commit, "b"),
            (Lane::Commit, "c"),
            (Lane::Second, "view again"),
            (Lane::Commit, "d"),
        ];
        assert_eq!(
            order(&pushed),
            ["a", "load", "b", "view", "c", "d", "view again"]
        );
    }

    #[test]
    fn loads_do_not_count_as_passes() {
        let pushed = [
            (Lane::Second, "view"),
            (Lane::First, "a"),
            (Lane::First, "b"),
            (Lane::First, "c"),
        ];
        assert_eq!(order(&pushed), ["a", "b", "c", "view"]);
    }

    #[test]
    fn commits_are_taken_together_up_to_the_turn_of_the_second_lane() {
        let queue = Queue::new();
        for (lane, job) in [
            (Lane::Second, 0),
            (Lane::Commit, 1),
            (Lane::Commit, 2),
            (Lane::Commit, 3),
        ] {
            queue.push(lane, job);
        }
        assert_eq!(queue.take(), Some(1));
        assert_eq!(queue.take_commit(), Some(2));
        assert_eq!(queue.take_commit(), None);
        assert_eq!(queue.take(), Some(0));
    }

    #[test]
    fn a_closed_queue_takes_nothing_in() {
        let queue = Queue::new();
        queue.push(Lane::First, 1);
        queue.close();
        queue.push(Lane::First, 2);
        assert_eq!((queue.take(), queue.take()), (Some(1), None));
    }
}
