//! The core: decides commands of one organization in batches and commits each batch once.
//!
//! No tokio and no timers here, so that a simulator can drive the very same code.
//!
//! Invariant: a command is answered with success only after its commit is durable.
//! Invariant: a rejection or a panic of one command changes nothing for its neighbors.

mod reply;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ordo_domain::id::{BatchId, OrderId, OrganizationId};
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::time::Timestamp;
use ordo_domain::world::{Changes, Key, Row};
use ordo_domain::{Applied, Code, Command, Context, Refusal, Rejection, World, apply};
use ordo_store::{
    AnswerKey, AnswerWrite, Commit, CommitError, Committed, Conflict, Store, StoreError,
    StoredAnswer,
};

use crate::cache::Caches;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::request::{Admitted, Reply};
use reply::{order_of, refuse, render, replies, wrote_events};

/// Rounds of loading after which a command that still misses something is a bug.
const ROUNDS_MAX: usize = 6;
/// Deciding stops after this long; what is left waits for the next batch.
const DECIDE_US_MAX: i64 = 20_000;
/// Losses in a row after which a single command is answered `busy`.
const LOSSES_MAX: u32 = 8;
/// Tries to learn the outcome of a commit before the client is told that nobody knows.
const RESOLVE_TRIES: u32 = 5;

/// What a batch works with.
#[derive(Clone, Copy)]
pub struct BatchEnv<'a> {
    /// State and log.
    pub store: &'a dyn Store,
    /// Time and chance.
    pub clock: &'a dyn Clock,
    /// What is kept between batches.
    pub caches: &'a Caches,
    /// Counters.
    pub metrics: &'a Metrics,
}

/// Runs commands of one organization in order; answers one reply per command, in the same order.
pub async fn run_batch(
    env: BatchEnv<'_>,
    organization: OrganizationId,
    commands: &[Admitted],
) -> Vec<Reply> {
    let mut replies: Vec<Reply> = Vec::with_capacity(commands.len());
    let mut size = commands.len();
    let mut losses = 0;
    while replies.len() < commands.len() {
        let rest = &commands[replies.len()..];
        let chunk = &rest[..size.clamp(1, rest.len())];
        match attempt(env, organization, chunk).await {
            Ok(answered) => {
                replies.extend(answered);
                losses = 0;
            }
            Err(Failure::Lost(conflict)) => {
                losses += 1;
                Metrics::add(&env.metrics.conflicts, 1);
                if conflict == Conflict::Reference {
                    env.caches.forget_reference(organization);
                }
                // From the third loss on, fewer commands share one fate.
                if losses >= 3 {
                    size = (chunk.len() / 2).max(1);
                }
                if chunk.len() == 1 && losses >= LOSSES_MAX {
                    let detail = format!("lost {losses} races ({conflict:?})");
                    replies.push(refuse(env, organization, &chunk[0], Code::Busy, &detail).await);
                    losses = 0;
                }
            }
            Err(Failure::Store(error)) => {
                tracing::error!(error = %error, commands = chunk.len(), "a batch failed");
                for command in chunk {
                    let detail = "the store failed; nothing is known to have changed";
                    replies
                        .push(refuse(env, organization, command, Code::Unavailable, detail).await);
                }
            }
        }
    }
    replies
}

/// Why an attempt answered nothing.
enum Failure {
    Lost(Conflict),
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What is to be done with one command of a chunk.
enum Step {
    /// Decide it.
    Run,
    /// It was answered before.
    Replay(StoredAnswer),
    /// Its idempotency key was used with another body.
    Reused,
    /// The same request stands earlier in this chunk.
    Follow(usize),
}

/// A command's decision.
enum Decision {
    Applied(Box<Applied>),
    Rejected(Rejection),
    /// A bug: it panicked or never came to an end.
    Parked,
}

/// Decides and commits as much of `chunk` as one batch takes, at least one command.
async fn attempt(
    env: BatchEnv<'_>,
    organization: OrganizationId,
    chunk: &[Admitted],
) -> Result<Vec<Reply>, Failure> {
    let reference = env.caches.reference(env.store, organization).await?;
    let steps = plan_steps(env, organization, chunk).await?;
    let mut round = Round::new(env, organization, &reference, chunk, &steps);
    round.load_footprints().await?;
    round.decide_all().await?;
    let Round {
        world,
        decisions,
        taken,
        ..
    } = round;

    let mut rendered: Vec<Option<(u16, String)>> = Vec::with_capacity(taken);
    let mut answers = Vec::new();
    let mut has_rejection = false;
    for (index, command) in chunk.iter().enumerate().take(taken) {
        let answer = decisions.get(&index).map(|(decision, upto)| {
            let (status, body) = render(&reference, command, decision);
            has_rejection |= matches!(decision, Decision::Rejected(_));
            if let (Some(idempotency), false) = (command.idempotency, status >= 500) {
                answers.push(AnswerWrite {
                    key: idempotency.key,
                    request_hash: idempotency.request_hash,
                    status,
                    body: body.clone(),
                    order: order_of(decision).map(|(id, _)| id),
                    events_upto: if wrote_events(decision) { *upto } else { 0 },
                });
            }
            (status, body)
        });
        rendered.push(answer.or_else(|| match steps[index] {
            Step::Reused => {
                let detail = "the key was used before with another body";
                let rejection = Rejection::new(Code::IdempotencyKeyReused, detail);
                Some((command.render)(&reference, Err(&rejection)))
            }
            Step::Run | Step::Replay(_) | Step::Follow(_) => None,
        }));
    }
    let changes = world.into_changes();
    let new_orders = new_orders(&changes);
    let committed = if changes.is_empty() && answers.is_empty() {
        // No commit checks the reference, so a refusal by an old one would go unnoticed.
        if has_rejection {
            let head = env.store.head(organization).await?;
            if head.reference_version != reference.version() {
                return Err(Failure::Lost(Conflict::Reference));
            }
        }
        None
    } else {
        let changes_reference = changes.changes_reference;
        let changes_skus = changes
            .records
            .iter()
            .any(|record| record.kind == RecordKind::Sku && record.loaded > 0);
        let committed = commit(env, organization, chunk, taken, changes, answers).await?;
        if changes_reference {
            env.caches.forget_reference(organization);
        }
        if changes_skus {
            env.caches.forget_skus(organization);
        }
        Metrics::add(&env.metrics.batches, 1);
        env.metrics.batch_size.observe_us(decisions.len() as u64);
        Some(committed)
    };
    Ok(replies(
        env,
        &steps,
        &decisions,
        rendered,
        committed,
        &new_orders,
    ))
}

/// The ids of the orders that a batch makes, in the order in which they get their numbers.
fn new_orders(changes: &Changes) -> HashMap<OrderId, i64> {
    (changes.records.iter())
        .filter(|record| record.kind == RecordKind::Order && record.loaded == 0)
        .zip(0..)
        .map(|(record, index)| (OrderId::from_u128(record.id), index))
        .collect()
}

/// Looks every idempotency key up, and pairs identical requests within the chunk.
async fn plan_steps(
    env: BatchEnv<'_>,
    organization: OrganizationId,
    chunk: &[Admitted],
) -> Result<Vec<Step>, StoreError> {
    let keys: Vec<AnswerKey> = chunk
        .iter()
        .filter_map(|command| command.idempotency.map(|found| found.key))
        .collect();
    let stored = match keys.as_slice() {
        [] => Vec::new(),
        keys => env.store.answers(organization, keys).await?,
    };
    let mut stored = stored.into_iter();
    let mut first: BTreeMap<AnswerKey, usize> = BTreeMap::new();
    let mut steps = Vec::with_capacity(chunk.len());
    for (index, command) in chunk.iter().enumerate() {
        let Some(idempotency) = command.idempotency else {
            steps.push(Step::Run);
            continue;
        };
        let step = match (stored.next().flatten(), first.get(&idempotency.key)) {
            (Some(answer), _) if answer.request_hash == idempotency.request_hash => {
                Step::Replay(answer)
            }
            (Some(_), _) => Step::Reused,
            (None, Some(earlier)) => {
                let same = chunk[*earlier].idempotency.map(|found| found.request_hash)
                    == Some(idempotency.request_hash);
                if same {
                    Step::Follow(*earlier)
                } else {
                    Step::Reused
                }
            }
            (None, None) => {
                first.insert(idempotency.key, index);
                Step::Run
            }
        };
        steps.push(step);
    }
    Ok(steps)
}

/// The rounds of loading and deciding of one attempt.
struct Round<'a> {
    env: BatchEnv<'a>,
    organization: OrganizationId,
    chunk: &'a [Admitted],
    steps: &'a [Step],
    world: World,
    /// Per command: what was decided, and how many events there were after it.
    decisions: BTreeMap<usize, (Decision, usize)>,
    parked: BTreeSet<usize>,
    /// How many commands of the chunk this batch takes.
    taken: usize,
}

impl<'a> Round<'a> {
    fn new(
        env: BatchEnv<'a>,
        organization: OrganizationId,
        reference: &Arc<Reference>,
        chunk: &'a [Admitted],
        steps: &'a [Step],
    ) -> Self {
        Self {
            env,
            organization,
            chunk,
            steps,
            world: World::new(Arc::clone(reference)),
            decisions: BTreeMap::new(),
            parked: BTreeSet::new(),
            taken: chunk.len(),
        }
    }

    fn to_run(&self) -> impl Iterator<Item = (usize, &'a Admitted)> + use<'a> {
        let steps = self.steps;
        let runs = move |(index, _): &(usize, &Admitted)| matches!(steps[*index], Step::Run);
        self.chunk.iter().enumerate().filter(runs)
    }

    fn context(&self, command: &Admitted) -> Context {
        Context::new(self.organization, command.id, command.at).expecting(command.expects)
    }

    /// Loads what the commands say they will read.
    async fn load_footprints(&mut self) -> Result<(), StoreError> {
        let codes: BTreeSet<&str> = self
            .to_run()
            .flat_map(|(_, command)| sku_codes(&command.command))
            .collect();
        let now = self.env.clock.now();
        let known = self
            .env
            .caches
            .skus(self.organization, codes.into_iter(), now);
        self.supply(known)?;
        let mut wanted: BTreeSet<Key> = BTreeSet::new();
        for (_, command) in self.to_run() {
            wanted.extend(
                self.world
                    .footprint(&command.command, &self.context(command)),
            );
        }
        self.load(wanted).await
    }

    async fn load(&mut self, wanted: BTreeSet<Key>) -> Result<(), StoreError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let started = self.env.clock.now();
        let keys: Vec<Key> = wanted.into_iter().collect();
        let mut rows = self.env.store.load(self.organization, &keys).await?;
        self.env
            .caches
            .keep_skus(self.organization, &mut rows, started)?;
        self.env
            .metrics
            .load
            .observe_us(elapsed_us(self.env, started));
        self.supply(rows)
    }

    fn supply(&mut self, rows: Vec<Row>) -> Result<(), StoreError> {
        for row in rows {
            self.world
                .supply(row)
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        }
        Ok(())
    }

    /// Decides until nothing is missing.
    async fn decide_all(&mut self) -> Result<(), StoreError> {
        for _ in 0..ROUNDS_MAX {
            let missing = self.decide_once();
            if missing.is_empty() {
                return Ok(());
            }
            self.load(missing.into_values().flatten().collect()).await?;
            self.world.reset();
        }
        // A seventh round is a bug of the command: it alone is parked.
        for (index, keys) in self.decide_once() {
            tracing::error!(
                command = self.chunk[index].command.name(),
                missing = ?keys,
                "a command never has enough"
            );
            Metrics::add(&self.env.metrics.parked, 1);
            self.parked.insert(index);
        }
        self.world.reset();
        self.decide_once();
        Ok(())
    }

    /// Decides every command once; answers what was missing, by command.
    fn decide_once(&mut self) -> BTreeMap<usize, Vec<Key>> {
        let started = self.env.clock.now();
        let mut missing = BTreeMap::new();
        self.decisions.clear();
        self.taken = self.chunk.len();
        for (index, command) in self.to_run() {
            if self.parked.contains(&index) {
                self.decisions.insert(index, (Decision::Parked, 0));
                continue;
            }
            let decision = match self.decide(command) {
                Ok(applied) => Decision::Applied(Box::new(applied)),
                Err(Refusal::Rejected(rejection)) => Decision::Rejected(rejection),
                Err(Refusal::Needs(keys)) => {
                    missing.insert(index, keys);
                    continue;
                }
            };
            let ends = command.command.changes_reference() && wrote_events(&decision);
            self.decisions
                .insert(index, (decision, self.world.events_len()));
            let slow = missing.is_empty() && elapsed_us(self.env, started) > DECIDE_US_MAX as u64;
            if ends || slow {
                self.taken = index + 1;
                break;
            }
        }
        self.env
            .metrics
            .decide
            .observe_us(elapsed_us(self.env, started));
        missing
    }

    fn decide(&mut self, command: &Admitted) -> Result<Applied, Refusal> {
        let mut ctx = self.context(command);
        let world = &mut self.world;
        let decided = catch_unwind(AssertUnwindSafe(|| {
            apply(world, &command.command, &mut ctx, &command.actor)
        }));
        decided.unwrap_or_else(|_| {
            // The panic's own message has been printed by the hook.
            tracing::error!(command = command.command.name(), id = %command.id, "a command panicked");
            Metrics::add(&self.env.metrics.parked, 1);
            self.world.rollback();
            Err(Rejection::new(Code::Internal, "this request could not be decided").into())
        })
    }
}

/// Writes the batch; an unknown outcome is looked up before anything else happens.
async fn commit(
    env: BatchEnv<'_>,
    organization: OrganizationId,
    chunk: &[Admitted],
    taken: usize,
    changes: Changes,
    answers: Vec<AnswerWrite>,
) -> Result<Committed, Failure> {
    let at = chunk[..taken]
        .iter()
        .map(|command| command.at)
        .max()
        .unwrap_or_default();
    let batch = BatchId::from_u128(env.clock.fresh());
    let commit = Commit {
        organization,
        batch,
        at,
        changes,
        answers,
    };
    let started = env.clock.now();
    let outcome = env.store.commit(&commit).await;
    env.metrics.commit.observe_us(elapsed_us(env, started));
    match outcome {
        Ok(committed) => Ok(committed),
        Err(CommitError::Conflict(conflict)) => Err(Failure::Lost(conflict)),
        Err(CommitError::Store(error)) => Err(Failure::Store(error)),
        Err(CommitError::Unknown(reason)) => {
            Metrics::add(&env.metrics.unknown_commits, 1);
            tracing::warn!(batch = %batch, reason, "the outcome of a commit is unknown");
            let mut tries = 0;
            loop {
                match env.store.resolve(organization, batch).await {
                    Ok(Some(committed)) => return Ok(committed),
                    // It never will be there: decide again.
                    Ok(None) => return Err(Failure::Lost(Conflict::Busy)),
                    Err(error) if tries >= RESOLVE_TRIES => return Err(Failure::Store(error)),
                    Err(_) => tries += 1,
                }
            }
        }
    }
}

fn elapsed_us(env: BatchEnv<'_>, since: Timestamp) -> u64 {
    let passed = env.clock.now().as_micros() - since.as_micros();
    u64::try_from(passed).unwrap_or(0)
}

/// The codes under which a command looks SKUs up.
fn sku_codes(command: &Command) -> Vec<&str> {
    match command {
        Command::CaptureOrder(capture) => capture
            .lines
            .iter()
            .map(|line| line.code.as_str())
            .collect(),
        Command::ReserveStock(reserve) => {
            reserve.lines.iter().map(|line| line.sku.as_str()).collect()
        }
        Command::MoveStock(movement) => vec![movement.sku.as_str()],
        // Making a SKU must see whether the code is taken right now.
        Command::CreateSku(_)
        | Command::CreateWebhook(_)
        | Command::UpdateWebhook(_)
        | Command::CreateRateTable(_)
        | Command::UpdateRateTable(_)
        | Command::UpdateSourcingSettings(_)
        | Command::RenewPrices(_)
        | Command::CreateRuleSet(_)
        | Command::UpdateRuleSet(_)
        | Command::DraftRules(_)
        | Command::PublishRules(_)
        | Command::RetireRules(_)
        | Command::ShadowRules(_)
        | Command::ReviewOrder(_)
        | Command::SourceOrder(_)
        | Command::MoveWork(_)
        | Command::PinWork(_)
        | Command::CoverShortfall(_)
        | Command::UpdateSku(_)
        | Command::CreateListing(_)
        | Command::UpdateListing(_)
        | Command::UpdateChannel(_)
        | Command::UpdateLocation(_)
        | Command::CreateLegalEntity(_)
        | Command::UpdateLegalEntity(_)
        | Command::CreatePool(_)
        | Command::UpdatePool(_)
        | Command::PlaceBlock(_)
        | Command::LiftBlock(_)
        | Command::ReleaseWork(_)
        | Command::AcceptWork(_)
        | Command::RejectWork(_)
        | Command::PickUnits(_)
        | Command::ShortUnits(_)
        | Command::PackUnits(_)
        | Command::ShipWork(_)
        | Command::StopWork(_)
        | Command::AnswerStop(_)
        | Command::LabelParcel(_)
        | Command::TrackParcel(_)
        | Command::RequestReturn(_)
        | Command::ApproveReturn(_)
        | Command::DeclineReturn(_)
        | Command::ReceiveReturn(_)
        | Command::RefundOrder(_)
        | Command::RecordCustomer(_)
        | Command::ErasePerson(_)
        | Command::FoundOrganization(_)
        | Command::CreateApiKey(_)
        | Command::RevokeApiKey(_)
        | Command::CreateChannel(_)
        | Command::CreateLocation(_)
        | Command::AddLocations(_)
        | Command::ReleaseReservation(_)
        | Command::ExpireReservation(_)
        | Command::CancelOrder(_)
        | Command::PlaceHold(_)
        | Command::ReleaseHold(_) => Vec::new(),
    }
}
