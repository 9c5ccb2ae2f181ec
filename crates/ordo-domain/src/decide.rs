//! The one dispatch from command to handler, and how a command with its reactions is applied.

use std::sync::Arc;

use crate::answer::AnswerSubject;
use crate::command::Command;
use crate::contact::Contact;
use crate::event::Event;
use crate::id::{ApiKeyId, CommandId, ContactId, DecisionId, IdMaker, OrderId, OrganizationId};
use crate::reaction;
use crate::record::RecordKind;
use crate::rejection::{Code, Rejection};
use crate::signal::SignalKey;
use crate::time::Timestamp;
use crate::world::{Key, World};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A program with a key.
    ApiKey(ApiKeyId),
    /// Ordo itself, by the clock or a job.
    System,
}

impl Actor {
    /// The stored form.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::ApiKey(id) => id.to_string(),
            Self::System => "system".to_owned(),
        }
    }
}

/// What a decision may know beside the world.
#[derive(Debug, Clone)]
pub struct Context {
    /// The organization that everything belongs to.
    pub organization: OrganizationId,
    /// The clock at admission, fixed over retries.
    pub now: Timestamp,
    /// Makes ids.
    pub ids: IdMaker,
    /// The command.
    pub command: CommandId,
    /// The version that the client knows of the record which it changes, where it named one.
    pub expects: Option<u64>,
}

impl Context {
    /// The context of `command`, admitted at `now`.
    #[must_use]
    pub fn new(organization: OrganizationId, command: CommandId, now: Timestamp) -> Self {
        Self {
            organization,
            now,
            ids: IdMaker::new(command, now),
            command,
            expects: None,
        }
    }

    /// The same for a client that names the version which it knows.
    #[must_use]
    pub fn expecting(mut self, version: Option<u64>) -> Self {
        self.expects = version;
        self
    }
}

/// Why a command was not decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The answer is no.
    Rejected(Rejection),
    /// More must be loaded first.
    Needs(Vec<Key>),
}

impl Refusal {
    /// All results, or everything that any of them misses: what is missing together is then loaded
    /// in one round, however much there is of it.
    pub(crate) fn gather<T>(
        results: impl Iterator<Item = Result<T, Self>>,
    ) -> Result<Vec<T>, Self> {
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for result in results {
            match result {
                Ok(result) => found.push(result),
                Err(Self::Needs(keys)) => missing.extend(keys),
                Err(Self::Rejected(rejection)) => return Err(Self::Rejected(rejection)),
            }
        }
        match missing.is_empty() {
            true => Ok(found),
            false => Err(Self::Needs(missing)),
        }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// Rows that are written beside the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // Contacts are the usual ones.
pub enum Attachment {
    /// A person's data.
    Contact(Contact),
    /// Sightings of what a contact holds.
    Seen {
        /// What was seen.
        keys: Vec<SignalKey>,
        /// Hash of what was ordered.
        basket: u64,
        /// When.
        at: Timestamp,
    },
    /// A decision with its inputs.
    Decision {
        /// Its id.
        id: DecisionId,
        /// Its compact JSON.
        body: String,
    },
    /// Contacts to be taken away, with what orders are found by because of them.
    Erased {
        /// Which.
        contacts: Vec<ContactId>,
        /// Hashes of search terms, by order.
        terms: Vec<(OrderId, i64)>,
    },
    /// The hash of a key's secret.
    ApiKeyHash {
        /// The key.
        key: ApiKeyId,
        /// SHA-256 of the secret.
        secret_hash: [u8; 32],
    },
}

/// What came of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Something new is there.
    Created,
    /// Something changed.
    Updated,
    /// It was so already.
    Unchanged,
}

impl Outcome {
    /// The word that answers use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// A decision: what happens, and what to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What happens, in order.
    pub events: Vec<Event>,
    /// Rows beside the log.
    pub attachments: Vec<Attachment>,
    /// What to say of it.
    pub outcome: Outcome,
    /// The record to answer with.
    pub subject: Option<(RecordKind, u128)>,
    /// The order whose reactions run, where it is not the subject itself.
    pub settles: Option<OrderId>,
}

impl Decided {
    /// Something new is there.
    pub(crate) fn created<I: Subject>(events: Vec<Event>, id: I) -> Self {
        Self::about(events, Outcome::Created, id)
    }

    /// Something changed.
    pub(crate) fn changed<I: Subject>(events: Vec<Event>, id: I) -> Self {
        Self::about(events, Outcome::Updated, id)
    }

    /// It was so already.
    pub(crate) fn unchanged<I: Subject>(id: I) -> Self {
        Self::about(Vec::new(), Outcome::Unchanged, id)
    }

    /// Done, with no record to answer with.
    pub(crate) fn done(events: Vec<Event>) -> Self {
        Self {
            events,
            attachments: Vec::new(),
            outcome: Outcome::Created,
            subject: None,
            settles: None,
        }
    }

    fn about<I: Subject>(events: Vec<Event>, outcome: Outcome, id: I) -> Self {
        Self {
            events,
            attachments: Vec::new(),
            outcome,
            subject: Some((I::KIND, id.into())),
            settles: None,
        }
    }

    /// Lets the reactions of `order` run too.
    pub(crate) fn settling(mut self, order: OrderId) -> Self {
        self.settles = Some(order);
        self
    }

    pub(crate) fn with(mut self, attachments: Vec<Attachment>) -> Self {
        self.attachments.extend(attachments);
        self
    }
}

/// An id that tells its record's kind.
pub(crate) trait Subject: Into<u128> {
    const KIND: RecordKind;
}

macro_rules! subjects {
    ($($id:ident = $kind:ident,)*) => {$(
        impl Subject for crate::id::$id {
            const KIND: RecordKind = RecordKind::$kind;
        }
    )*};
}

subjects! {
    OrganizationId = Organization,
    ApiKeyId = ApiKey,
    EntityId = LegalEntity,
    ChannelId = Channel,
    LocationId = Location,
    PoolId = Pool,
    BlockId = Block,
    SkuId = Sku,
    ListingId = Listing,
    OrderId = Order,
    FulfillmentOrderId = FulfillmentOrder,
    ReservationId = Reservation,
    ShipmentId = Shipment,
    ReturnId = Return,
    WebhookId = Webhook,
    RateTableId = RateTable,
    SettingsId = SourcingSettings,
    PriceBookId = PriceBook,
    RuleSetId = RuleSet,
}

/// An event with what the log keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// What happened.
    pub event: Event,
    /// When it took effect: the Context time.
    pub effective_at: Timestamp,
    /// The command that caused it.
    pub command: CommandId,
    /// Who asked.
    pub actor: Arc<str>,
    /// The version of the subject after it.
    pub subject_version: u64,
}

/// What a command is answered with, as it stood right after it.
#[derive(Debug, Clone)]
pub struct Applied {
    /// What came of it.
    pub outcome: Outcome,
    /// The record to answer with.
    pub subject: AnswerSubject,
    /// How many events it added.
    pub events: usize,
}

/// Decides `command` and everything that follows from it for the same order, and applies it to
/// `world`. On a refusal the world is as it was.
///
/// # Errors
/// The command was rejected, or more must be loaded first.
pub fn apply(
    world: &mut World,
    command: &Command,
    ctx: &mut Context,
    actor: &Arc<str>,
) -> Result<Applied, Refusal> {
    world.begin();
    let applied = apply_from(world, command, ctx, actor);
    if applied.is_err() {
        world.rollback();
    }
    // Whatever is missing next is most likely something else of the same order: all of it together
    // is one round, one after another would be more rounds than there are.
    applied.map_err(|refusal| match refusal {
        Refusal::Needs(mut keys) => {
            keys.extend(world.companions(command, ctx.now));
            Refusal::Needs(keys)
        }
        rejected => rejected,
    })
}

fn apply_from(
    world: &mut World,
    command: &Command,
    ctx: &mut Context,
    actor: &Arc<str>,
) -> Result<Applied, Refusal> {
    let before = world.events.len();
    refuse_stale(world, command, ctx)?;
    let decided = decide(world, command, ctx)?;
    let subject = decided.subject;
    let order = match subject {
        Some((RecordKind::Order, id)) => Some(OrderId::from_u128(id)),
        _ => decided.settles,
    };
    // Stock answers show the cell, which is not a record.
    let cell = match decided.events.as_slice() {
        [Event::StockMoved { movements }] => movements.first().map(|movement| movement.cell),
        _ => None,
    };
    let outcome = decided.outcome;
    world.want_freed(&decided.events)?;
    happen(
        world,
        ctx,
        actor,
        order,
        decided.events,
        decided.attachments,
    );
    if let Some(order) = order.filter(|_| world.events.len() > before) {
        reaction::settle(world, ctx, order, |world, ctx, events, attachments| {
            happen(world, ctx, actor, Some(order), events, attachments);
        })?;
    }
    let subject = match (cell, subject) {
        (Some(key), _) => AnswerSubject::Cell {
            key,
            cell: world.cell(key)?,
        },
        (None, None) => match command {
            Command::ErasePerson(erase) => AnswerSubject::Erased(erase.counts),
            _ => AnswerSubject::Nothing,
        },
        (None, Some((kind, id))) => world.answer_subject(kind, id)?,
    };
    Ok(Applied {
        outcome,
        subject,
        events: world.events.len() - before,
    })
}

/// Refuses a command of a client that knows another version of the record which it changes. First of
/// all, since whatever else would be refused may be so because of what the client has not seen.
fn refuse_stale(world: &World, command: &Command, ctx: &Context) -> Result<(), Refusal> {
    let (Some(expected), Some(target)) = (ctx.expects, command.target()) else {
        return Ok(());
    };
    let current = world.answer_subject(target.kind, target.id)?;
    match current.version() {
        Some(version) if version != expected => {
            let detail = format!("it is at version {version}, not {expected}");
            let mut rejection = Rejection::new(Code::VersionConflict, detail).at("/If-Match");
            rejection.current = Some(Box::new(current));
            Err(rejection.into())
        }
        Some(_) | None => Ok(()),
    }
}

/// Lets events happen: state first, then the log line with the version that came of it.
fn happen(
    world: &mut World,
    ctx: &Context,
    actor: &Arc<str>,
    order: Option<OrderId>,
    events: Vec<Event>,
    attachments: Vec<Attachment>,
) {
    for attachment in attachments {
        world.attach(order, attachment);
    }
    for event in events {
        world.evolve(&event, ctx.now);
        let subject_version = event
            .subject()
            .map_or(0, |subject| world.version_of(subject));
        world.events.push(Recorded {
            event,
            effective_at: ctx.now,
            command: ctx.command,
            actor: Arc::clone(actor),
            subject_version,
        });
    }
}

fn decide(world: &World, command: &Command, ctx: &mut Context) -> Result<Decided, Refusal> {
    match command {
        Command::FoundOrganization(command) => command.decide(world, ctx),
        Command::CreateApiKey(command) => command.decide(world, ctx),
        Command::RevokeApiKey(command) => command.decide(world, ctx),
        Command::CreateChannel(command) => command.decide(world, ctx),
        Command::CreateLocation(command) => command.decide(world, ctx),
        Command::AddLocations(command) => command.decide(world, ctx),
        Command::CreateSku(command) => command.decide(world, ctx),
        Command::UpdateSku(command) => command.decide(world, ctx),
        Command::CreateListing(command) => command.decide(world, ctx),
        Command::UpdateListing(command) => command.decide(world, ctx),
        Command::UpdateChannel(command) => command.decide(world, ctx),
        Command::UpdateLocation(command) => command.decide(world, ctx),
        Command::CreateLegalEntity(command) => command.decide(world, ctx),
        Command::UpdateLegalEntity(command) => command.decide(world, ctx),
        Command::CreatePool(command) => command.decide(world, ctx),
        Command::UpdatePool(command) => command.decide(world, ctx),
        Command::PlaceBlock(command) => command.decide(world, ctx),
        Command::LiftBlock(command) => command.decide(world, ctx),
        Command::CreateWebhook(command) => command.decide(world, ctx),
        Command::UpdateWebhook(command) => command.decide(world, ctx),
        Command::CreateRateTable(command) => command.decide(world, ctx),
        Command::UpdateRateTable(command) => command.decide(world, ctx),
        Command::UpdateSourcingSettings(command) => command.decide(world, ctx),
        Command::RenewPrices(command) => command.decide(world, ctx),
        Command::CreateRuleSet(command) => command.decide(world, ctx),
        Command::UpdateRuleSet(command) => command.decide(world, ctx),
        Command::DraftRules(command) => command.decide(world, ctx),
        Command::PublishRules(command) => command.decide(world, ctx),
        Command::RetireRules(command) => command.decide(world, ctx),
        Command::ShadowRules(command) => command.decide(world, ctx),
        Command::MoveStock(command) => command.decide(world, ctx),
        Command::ReserveStock(command) => command.decide(world, ctx),
        Command::ReleaseReservation(command) => command.decide(world, ctx),
        Command::ExpireReservation(command) => command.decide(world, ctx),
        Command::CaptureOrder(command) => command.decide(world, ctx),
        Command::CancelOrder(command) => command.decide(world, ctx),
        Command::PlaceHold(command) => command.decide(world, ctx),
        Command::ReleaseHold(command) => command.decide(world, ctx),
        Command::ReviewOrder(command) => command.decide(world, ctx),
        Command::SourceOrder(command) => command.decide(world, ctx),
        Command::MoveWork(command) => command.decide(world, ctx),
        Command::PinWork(command) => command.decide(world, ctx),
        Command::ReleaseWork(command) => command.decide(world, ctx),
        Command::AcceptWork(command) => command.decide(world, ctx),
        Command::RejectWork(command) => command.decide(world, ctx),
        Command::PickUnits(command) => command.decide(world, ctx),
        Command::ShortUnits(command) => command.decide(world, ctx),
        Command::CoverShortfall(command) => command.decide(world, ctx),
        Command::PackUnits(command) => command.decide(world, ctx),
        Command::ShipWork(command) => command.decide(world, ctx),
        Command::StopWork(command) => command.decide(world, ctx),
        Command::AnswerStop(command) => command.decide(world, ctx),
        Command::LabelParcel(command) => command.decide(world, ctx),
        Command::TrackParcel(command) => command.decide(world, ctx),
        Command::RequestReturn(command) => command.decide(world, ctx),
        Command::ApproveReturn(command) => command.decide(world, ctx),
        Command::DeclineReturn(command) => command.decide(world, ctx),
        Command::ReceiveReturn(command) => command.decide(world, ctx),
        Command::RefundOrder(command) => command.decide(world, ctx),
        Command::RecordCustomer(command) => command.decide(world, ctx),
        Command::ErasePerson(command) => command.decide(world, ctx),
    }
}
