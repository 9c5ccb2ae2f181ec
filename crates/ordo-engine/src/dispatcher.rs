//! Queues in front of the batches: one pair per organization, bounded, with one batch in flight.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use ordo_domain::id::OrganizationId;
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

/// Too many commands wait; the client should come back later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many commands are waiting")]
pub struct Overloaded;

struct Waiting {
    command: Admitted,
    size: usize,
    answer: oneshot::Sender<Reply>,
}

#[derive(Default)]
struct Queue {
    people: VecDeque<Waiting>,
    bulk: VecDeque<Waiting>,
    running: bool,
}

impl Queue {
    /// Takes a batch: all people first, but an eighth for bulk while it waits, and at most half of
    /// it while people wait.
    fn take(&mut self) -> Vec<Waiting> {
        let bulk_share = match (self.people.len(), self.bulk.len()) {
            (0, bulk) => bulk.min(BATCH_MAX),
            (people, bulk) => {
                let room = BATCH_MAX.saturating_sub(people);
                bulk.min(room.clamp(BATCH_MAX / 8, BATCH_MAX / 2))
            }
        };
        let people_share = self.people.len().min(BATCH_MAX - bulk_share);
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
                let Some(waiting) = lane.pop_front() else {
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
            let waiting = match lane {
                Lane::People => &mut queue.people,
                Lane::Bulk => &mut queue.bulk,
            };
            if waiting.len() >= QUEUE_MAX {
                Metrics::add(&shared.metrics.overloaded, 1);
                return Err(Overloaded);
            }
            waiting.push_back(Waiting {
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
