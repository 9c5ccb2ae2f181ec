//! Queues in front of the batches: one pair per organization, bounded, with one batch in flight.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use ordo_domain::id::OrganizationId;
use ordo_domain::time::Timestamp;
use tokio::sync::{oneshot, watch};

use crate::batch::run_batch;
use crate::engine::Shared;
use crate::metrics::Metrics;
use crate::request::{Admitted, Lane, Reply};

/// Commands of a batch.
const BATCH_MAX: usize = 1_024;
/// Bytes of requests of a batch.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// Commands that may wait, per organization and lane.
const QUEUE_MAX: usize = 8_192;
/// Bytes of requests that may, so that large ones do not take all memory.
const QUEUE_BYTES_MAX: usize = 64 << 20;
/// How long the first of the people may have waited where more than a batch of them waits. Whoever
/// came later would wait longer than people do, and is told to come back.
const WAIT_MAX_US: i64 = 500_000;

/// Too many commands wait; the client should come back later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many commands are waiting")]
pub struct Overloaded;

struct Waiting {
    command: Admitted,
    size: usize,
    answer: oneshot::Sender<Reply>,
}

/// Commands of one lane, first come, first served.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

impl Line {
    fn has_room(&self, size: usize) -> bool {
        let is_first = self.waiting.is_empty();
        self.waiting.len() < QUEUE_MAX && (is_first || self.bytes + size <= QUEUE_BYTES_MAX)
    }

    /// Whether somebody who comes at `now` would wait too long.
    fn is_slow(&self, now: Timestamp) -> bool {
        self.waiting.len() >= BATCH_MAX
            && (self.waiting.front()).is_some_and(|first| {
                now.as_micros().saturating_sub(first.command.at.as_micros()) > WAIT_MAX_US
            })
    }

    fn push(&mut self, waiting: Waiting) {
        self.bytes += waiting.size;
        self.waiting.push_back(waiting);
    }

    fn pop(&mut self) -> Option<Waiting> {
        let first = self.waiting.pop_front()?;
        self.bytes -= first.size;
        Some(first)
    }
}

#[derive(Default)]
struct Queue {
    people: Line,
    bulk: Line,
    running: bool,
}

impl Queue {
    /// Takes a batch: all people first, but an eighth for bulk while it waits, and at most half of
    /// it while people wait.
    fn take(&mut self) -> Vec<Waiting> {
        let bulk_share = match (self.people.waiting.len(), self.bulk.waiting.len()) {
            (0, bulk) => bulk.min(BATCH_MAX),
            (people, bulk) => {
                let room = BATCH_MAX.saturating_sub(people);
                bulk.min(room.clamp(BATCH_MAX / 8, BATCH_MAX / 2))
            }
        };
        let people_share = (self.people.waiting.len()).min(BATCH_MAX - bulk_share);
        let mut batch = Vec::with_capacity(people_share + bulk_share);
        let mut bytes = 0;
        for (lane, share) in [
            (&mut self.people, people_share),
            (&mut self.bulk, bulk_share),
        ] {
            for _ in 0..share {
                if bytes > BATCH_BYTES_MAX {
                    return batch;
                }
                let Some(waiting) = lane.pop() else {
                    break;
                };
                bytes += waiting.size;
                batch.push(waiting);
            }
        }
        batch
    }
}

/// The queues of a node.
pub(crate) struct Dispatcher {
    queues: Mutex<HashMap<OrganizationId, Queue>>,
    /// How many organizations have a batch in flight or commands waiting.
    active: watch::Sender<usize>,
}

impl Dispatcher {
    pub(crate) fn new() -> Self {
        Self {
            queues: Mutex::default(),
            active: watch::Sender::new(0),
        }
    }

    /// Queues a command and waits for its answer.
    pub(crate) async fn submit(
        &self,
        shared: &Arc<Shared>,
        organization: OrganizationId,
        command: Admitted,
        lane: Lane,
        size: usize,
    ) -> Result<Reply, Overloaded> {
        let (answer, answered) = oneshot::channel();
        {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            let queue = queues.entry(organization).or_default();
            let (line, is_slow) = match lane {
                Lane::People => {
                    let is_slow = queue.people.is_slow(command.at);
                    (&mut queue.people, is_slow)
                }
                // Jobs and imports wait as long as it takes; their time is that of their cause.
                Lane::Bulk => (&mut queue.bulk, false),
            };
            if is_slow || !line.has_room(size) {
                Metrics::add(&shared.metrics.overloaded, 1);
                return Err(Overloaded);
            }
            line.push(Waiting {
                command,
                size,
                answer,
            });
            if !queue.running {
                queue.running = true;
                self.active.send_modify(|active| *active += 1);
                let driver = drive(Arc::clone(shared), organization);
                shared.runtime.spawn(Box::pin(driver));
            }
        }
        // The driver drops an answer only when the process ends.
        answered.await.map_err(|_| Overloaded)
    }

    /// The next batch of an organization; `None` ends its driver.
    fn next(&self, organization: OrganizationId) -> Option<Vec<Waiting>> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.get_mut(&organization)?;
        let batch = queue.take();
        if batch.is_empty() {
            queues.remove(&organization);
            self.active.send_modify(|active| *active -= 1);
            return None;
        }
        Some(batch)
    }

    /// Waits until nothing is queued or in flight.
    pub(crate) async fn idle(&self) {
        let mut active = self.active.subscribe();
        // The sender lives as long as this dispatcher.
        let _ = active.wait_for(|active| *active == 0).await;
    }
}

/// Runs one batch after another until nothing waits.
async fn drive(shared: Arc<Shared>, organization: OrganizationId) {
    while let Some(batch) = shared.dispatcher.next(organization) {
        let (commands, answers): (Vec<Admitted>, Vec<oneshot::Sender<Reply>>) = batch
            .into_iter()
            .map(|waiting| (waiting.command, waiting.answer))
            .unzip();
        let replies = run_batch(shared.env(), organization, &commands).await;
        if replies.iter().any(|reply| reply.position > 0) {
            shared.changed(organization);
        }
        for (reply, answer) in replies.into_iter().zip(answers) {
            // A client that went away does not need its answer.
            let _ = answer.send(reply);
        }
    }
}

#[cfg(test)]
mod tests {
    use ordo_domain::Command;
    use ordo_domain::id::{CommandId, OrderId};
    use ordo_domain::order::ReviewOrder;

    use super::*;

    fn waiting(at_us: i64, size: usize) -> Waiting {
        let order = OrderId::from_u128(1);
        Waiting {
            command: Admitted {
                command: Command::ReviewOrder(ReviewOrder { order }),
                id: CommandId::from_u128(1),
                at: Timestamp::from_micros(at_us),
                actor: Arc::from("test"),
                idempotency: None,
                expects: None,
                render: |_, _| (200, String::new()),
            },
            size,
            answer: oneshot::channel().0,
        }
    }

    #[test]
    fn large_requests_fill_a_line_before_many_do() {
        let mut line = Line::default();
        assert!(line.has_room(usize::MAX), "one is always taken");
        line.push(waiting(0, QUEUE_BYTES_MAX - 1));
        assert!(line.has_room(1));
        assert!(!line.has_room(2));
        assert!(line.pop().is_some());
        assert_eq!(line.bytes, 0);
    }

    #[test]
    fn who_would_wait_too_long_is_sent_away_once_a_batch_waits() {
        let mut line = Line::default();
        let late = Timestamp::from_micros(WAIT_MAX_US + 1);
        for _ in 1..BATCH_MAX {
            line.push(waiting(0, 1));
        }
        assert!(!line.is_slow(late), "the next batch takes them all");
        line.push(waiting(0, 1));
        assert!(line.is_slow(late));
        assert!(!line.is_slow(Timestamp::from_micros(WAIT_MAX_US)));
    }
}
