//! A small company in a store: what a rule needs before it can begin, made by real commands.
//!
//! A shop decides over what it loads from the store under test, so that every rule that uses one
//! also tries real captures on it. Ids depend on nothing but the number of the command and the time:
//! two shops that are given the same commands make the same ids, in two organizations.

use std::sync::Arc;

use ordo_domain::catalog::{CreateSku, StockPolicy, Tracking};
use ordo_domain::check::MoneyInput;
use ordo_domain::event::{Cause, Fault};
use ordo_domain::id::{BatchId, CommandId, LocationId, OrganizationId, SkuId};
use ordo_domain::network::{ChannelKind, CreateChannel, CreateLocation, LocationKind, Place};
use ordo_domain::order::capture::PaymentStatus;
use ordo_domain::order::input::{ContactInput, LineInput, PaymentInput};
use ordo_domain::order::{CancelOrder, Order, OrderInput};
use ordo_domain::organization::{CreateApiKey, FoundOrganization, Role, ScopeDraft};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::stock::{Cell, CellKey, MoveStock, MovementKind, ReserveLine, ReserveStock};
use ordo_domain::time::{SECOND, Timestamp};
use ordo_domain::world::{Changes, CounterChange, CounterKey, CounterKind, Key, Row, StoredRecord};
use ordo_domain::{AnswerSubject, Applied, Command, Context, Refusal, World, apply};

use crate::commit::{AnswerWrite, Commit, CommitError, Committed, Conflict};
use crate::port::{AnswerKey, Store};

/// 2026-11-01T10:00:00Z: when every shop begins.
pub const START: Timestamp = Timestamp::from_micros(1_793_527_200_000_000);

/// Rounds of loading after which a command that still misses something is a bug.
const ROUNDS_MAX: usize = 8;

/// A small company: channel `web`, locations `BER` and `MUC`, SKUs `A`, `B` and `C` of which 10
/// lie at `BER` and 5 at `MUC`.
pub struct Shop<'a> {
    /// Where it is kept.
    pub store: &'a dyn Store,
    /// Its organization.
    pub organization: OrganizationId,
    /// The clock; goes on by a second with every command.
    pub now: Timestamp,
    commands: u128,
    batches: u128,
}

/// A command that was carried out and committed.
pub struct Given {
    /// What came of it.
    pub applied: Applied,
    /// What was written.
    pub commit: Commit,
    /// What the store gave it.
    pub committed: Committed,
}

impl Given {
    /// The order that the command answered with.
    #[must_use]
    pub fn order(&self) -> Arc<Order> {
        order_of(&self.applied)
    }
}

/// The order that an answer shows.
#[must_use]
pub fn order_of(applied: &Applied) -> Arc<Order> {
    match &applied.subject {
        AnswerSubject::Order { order, .. } => Arc::clone(order),
        AnswerSubject::Nothing
        | AnswerSubject::Work { .. }
        | AnswerSubject::Shipment { .. }
        | AnswerSubject::Return { .. }
        | AnswerSubject::Record { .. }
        | AnswerSubject::Erased(_)
        | AnswerSubject::Cell { .. } => panic!("the command is not about an order"),
    }
}

/// The id of the record that an answer shows.
#[must_use]
pub fn record_of(applied: &Applied) -> u128 {
    match &applied.subject {
        AnswerSubject::Record { id, .. } => *id,
        AnswerSubject::Work { work, .. } => work.id.to_u128(),
        AnswerSubject::Shipment { shipment, .. } => shipment.id.to_u128(),
        AnswerSubject::Return { found, .. } => found.id.to_u128(),
        AnswerSubject::Nothing
        | AnswerSubject::Order { .. }
        | AnswerSubject::Erased(_)
        | AnswerSubject::Cell { .. } => {
            panic!("the command does not answer with a record")
        }
    }
}

impl<'a> Shop<'a> {
    /// Organization `n` before anything is in it.
    #[must_use]
    pub fn empty(store: &'a dyn Store, n: u8) -> Self {
        Self {
            store,
            organization: OrganizationId::from_u128((0xa0 << 80) + u128::from(n)),
            now: START,
            commands: 0,
            batches: 0,
        }
    }

    /// Founds organization `n` with the code `shop-n` and an owner key whose hash is 32 times `n`,
    /// and fills it.
    pub async fn open(store: &'a dyn Store, n: u8) -> Self {
        let mut shop = Self::empty(store, n);
        shop.give(found(n)).await;
        shop.give(channel("web")).await;
        shop.give(location("BER", "10117")).await;
        shop.give(location("MUC", "80331")).await;
        shop.give_all(&["A", "B", "C"].map(sku)).await;
        let receipts =
            ["A", "B", "C"].map(|code| [receive(code, "BER", 10), receive(code, "MUC", 5)]);
        shop.give_all(receipts.as_flattened()).await;
        shop
    }

    /// Carries one command out in a commit of its own.
    pub async fn give(&mut self, command: Command) -> Given {
        let (mut applied, commit, committed) = self.give_all(&[command]).await;
        let applied = applied.pop().expect("one command gives one answer");
        Given {
            applied,
            commit,
            committed,
        }
    }

    /// Carries several commands out in one commit.
    pub async fn give_all(&mut self, commands: &[Command]) -> (Vec<Applied>, Commit, Committed) {
        let (changes, applied) = self.decide(commands).await;
        let commit = self.batch(changes);
        let committed = self.commits(&commit).await;
        (applied, commit, committed)
    }

    /// Decides several commands over what the store holds now, and writes nothing.
    ///
    /// # Panics
    /// Where one of them is rejected.
    pub async fn decide(&mut self, commands: &[Command]) -> (Changes, Vec<Applied>) {
        let reference = self.store.load_reference(self.organization).await;
        let reference = Arc::new(reference.expect("the reference is loaded"));
        let mut world = World::new(reference);
        let actor: Arc<str> = Arc::from("system");
        let mut answers = Vec::with_capacity(commands.len());
        for command in commands {
            self.commands += 1;
            self.now = self.now.plus_micros(SECOND);
            let id = CommandId::from_u128(self.commands);
            let mut rounds = 0;
            let applied = loop {
                let mut ctx = Context::new(self.organization, id, self.now);
                match apply(&mut world, command, &mut ctx, &actor) {
                    Ok(applied) => break applied,
                    Err(Refusal::Rejected(rejection)) => {
                        panic!("{} was rejected: {rejection:?}", command.name())
                    }
                    Err(Refusal::Needs(keys)) => {
                        for row in self.load(&keys).await {
                            world.supply(row).expect("a stored record reads");
                        }
                    }
                }
                rounds += 1;
                assert!(rounds < ROUNDS_MAX, "{} never has enough", command.name());
            };
            answers.push(applied);
        }
        (world.into_changes(), answers)
    }

    /// A batch of this organization with an id of its own.
    pub fn batch(&mut self, changes: Changes) -> Commit {
        self.batches += 1;
        Commit {
            organization: self.organization,
            batch: BatchId::from_u128(self.batches),
            at: self.now,
            changes,
            answers: Vec::new(),
        }
    }

    /// Nothing to write, decided on the reference in force: to be filled in by hand.
    pub async fn blank(&self) -> Changes {
        let head = self
            .store
            .head(self.organization)
            .await
            .expect("there is a head");
        Changes {
            reference_version: head.reference_version,
            ..Changes::default()
        }
    }

    /// Commits, and expects that it stands.
    pub async fn commits(&self, commit: &Commit) -> Committed {
        match self.store.commit(commit).await {
            Ok(committed) => committed,
            Err(error) => panic!("a commit that should stand was refused: {error}"),
        }
    }

    /// Commits what was filled in by hand, in a batch of its own.
    pub async fn writes(&mut self, changes: Changes) -> Committed {
        let commit = self.batch(changes);
        self.commits(&commit).await
    }

    /// A commit that writes to every table and is not committed yet: new, changed and canceled
    /// orders with all that follows, a SKU, a reservation, a key, counters, an answer, and as the
    /// last a location, so that the reference changes too.
    pub async fn everything(&mut self) -> Commit {
        let earlier = self.give(capture(&order("earlier", &[("A", 1)]))).await;
        let commands = [
            sku("D"),
            reserve("A", 2, 600),
            create_key(
                "till",
                Role::Operator,
                [0xd0 ^ self.organization.to_u128() as u8; 32],
            ),
            capture(&order("first", &[("A", 2), ("B", 1)])),
            capture(&order("second", &[("B", 40), ("unknown", 1)])),
            cancel(&earlier),
            receive("D", "BER", 7),
            location("HAM", "20095"),
        ];
        let (mut changes, applied) = self.decide(&commands).await;
        let first = order_of(&applied[3]);
        for (kind, id) in [
            (CounterKind::Backordered, first.id.to_u128()),
            (CounterKind::Capacity, 7),
        ] {
            let key = CounterKey {
                kind,
                id,
                day: 20_000,
            };
            changes.counters.push(CounterChange {
                key,
                by: 3,
                limit: Some(3),
            });
        }
        in_lock_order(&mut changes);
        let mut commit = self.batch(changes);
        let about_first = AnswerWrite {
            order: Some(first.id),
            ..answer(1, "{\"order\":1}")
        };
        commit.answers = vec![about_first, answer(2, "{}")];
        commit
    }

    /// Loads rows.
    pub async fn load(&self, keys: &[Key]) -> Vec<Row> {
        self.store
            .load(self.organization, keys)
            .await
            .expect("rows are loaded")
    }

    /// Loads the row of one key.
    pub async fn load_one(&self, key: Key) -> Row {
        let mut rows = self.load(&[key]).await;
        assert_eq!(rows.len(), 1, "one key gives one row");
        rows.remove(0)
    }

    /// A record as it is stored.
    pub async fn record(&self, kind: RecordKind, id: u128) -> Option<StoredRecord> {
        match self.load_one(Key::Record { kind, id }).await {
            Row::Record {
                kind: found_kind,
                id: found_id,
                found,
            } => {
                assert_eq!((found_kind, found_id), (kind, id), "the row is of the key");
                found
            }
            other => panic!("a record was asked for, and {other:?} came"),
        }
    }

    /// The SKU with this code, which is there.
    pub async fn sku(&self, code: &str) -> SkuId {
        match self.load_one(Key::SkuByCode(code.to_owned())).await {
            Row::SkuByCode {
                found: Some((id, _)),
                ..
            } => SkuId::from_u128(id),
            other => panic!("a SKU was asked for, and {other:?} came"),
        }
    }

    /// The location with this code, which is there.
    pub async fn location(&self, code: &str) -> LocationId {
        let reference = self.store.load_reference(self.organization).await;
        let reference = reference.expect("the reference is loaded");
        reference
            .location_by_code(code)
            .expect("the location is there")
            .id
    }

    /// The key of the organization's own stock.
    pub async fn cell_key(&self, sku: &str, location: &str) -> CellKey {
        CellKey::own(self.sku(sku).await, self.location(location).await)
    }

    /// A cell as it stands; `None` where nothing ever lay there.
    pub async fn cell(&self, key: CellKey) -> Option<Cell> {
        match self.load_one(Key::Cells(key.sku)).await {
            Row::Cells { cells, .. } => cells
                .into_iter()
                .find(|(found, _)| *found == key)
                .map(|(_, cell)| cell),
            other => panic!("cells were asked for, and {other:?} came"),
        }
    }
}

/// The reason for which a commit was refused.
///
/// # Panics
/// Where it was not refused for a reason.
#[must_use]
pub fn conflict(result: Result<Committed, CommitError>) -> Conflict {
    match result {
        Err(CommitError::Conflict(conflict)) => conflict,
        other => panic!("a conflict was expected, and this came: {other:?}"),
    }
}

/// Puts the lists of a commit that was filled in by hand in lock order.
pub fn in_lock_order(changes: &mut Changes) {
    changes
        .claims
        .sort_by(|a, b| (a.kind, &a.key).cmp(&(b.kind, &b.key)));
    changes
        .records
        .sort_by_key(|record| (record.kind, record.id));
    changes.reads.sort_by_key(|read| (read.kind, read.id));
    changes.cells.sort_by_key(|change| change.key);
    changes.counters.sort_by_key(|change| change.key);
    changes.signals.sort_by_key(|change| change.key);
}

/// An answer to a request that wrote no events, named by one byte.
#[must_use]
pub fn answer(name: u8, body: &str) -> AnswerWrite {
    AnswerWrite {
        key: AnswerKey([name; 16]),
        request_hash: [name ^ 0xff; 16],
        status: 200,
        body: body.to_owned(),
        order: None,
        events_upto: 0,
    }
}

/// Founds organization `n`.
#[must_use]
pub fn found(n: u8) -> Command {
    Command::FoundOrganization(FoundOrganization {
        code: format!("shop-{n}"),
        name: format!("Shop {n}"),
        owner_secret_hash: Some([n; 32]),
    })
}

/// Makes a channel for a web shop.
#[must_use]
pub fn channel(code: &str) -> Command {
    Command::CreateChannel(CreateChannel {
        code: code.to_owned(),
        kind: ChannelKind::Web,
        name: None,
    })
}

/// Makes a warehouse in Germany.
#[must_use]
pub fn location(code: &str, postal: &str) -> Command {
    Command::CreateLocation(CreateLocation {
        code: code.to_owned(),
        kind: LocationKind::Warehouse,
        name: None,
        place: Place {
            country: "DE".to_owned(),
            region: None,
            postal: Some(postal.to_owned()),
            at: None,
            precision: None,
        },
        city: None,
        time_zone: "Europe/Berlin".to_owned(),
        daily_capacity: None,
    })
}

/// Makes a SKU whose stock is kept.
#[must_use]
pub fn sku(code: &str) -> Command {
    Command::CreateSku(CreateSku {
        code: code.to_owned(),
        name: Some(format!("Thing {code}")),
        barcode: Some(format!("978-{code}")),
        weight_g: 250,
        dimensions: None,
        unit_scale: 1,
        stock_policy: StockPolicy::Tracked,
        tracking: Tracking::None,
        hs_code: None,
        origin_country: None,
        tags: Vec::new(),
        ships_alone: false,
    })
}

/// Goods come in.
#[must_use]
pub fn receive(sku: &str, location: &str, count: i64) -> Command {
    movement(MovementKind::Receive, sku, location, count)
}

/// Stock is corrected by a signed difference.
#[must_use]
pub fn adjust(sku: &str, location: &str, by: i64) -> Command {
    movement(MovementKind::Adjust, sku, location, by)
}

/// So many units are never offered.
#[must_use]
pub fn safety(sku: &str, location: &str, level: i64) -> Command {
    movement(MovementKind::Safety, sku, location, level)
}

fn movement(kind: MovementKind, sku: &str, location: &str, count: i64) -> Command {
    Command::MoveStock(MoveStock {
        kind,
        sku: sku.to_owned(),
        location: location.to_owned(),
        quantity: Quantity::stored(count),
        lot: None,
        reason: None,
    })
}

/// Stock is promised to a cart.
#[must_use]
pub fn reserve(sku: &str, count: i64, seconds: i64) -> Command {
    let line = ReserveLine {
        sku: sku.to_owned(),
        quantity: Quantity::stored(count),
    };
    Command::ReserveStock(ReserveStock {
        lines: vec![line],
        seconds,
    })
}

/// A key is made whose secret has this SHA-256.
#[must_use]
pub fn create_key(name: &str, role: Role, secret_hash: [u8; 32]) -> Command {
    Command::CreateApiKey(CreateApiKey {
        name: name.to_owned(),
        role,
        scope: ScopeDraft::default(),
        secret_hash,
    })
}

/// An order that was captured is canceled.
#[must_use]
pub fn cancel(captured: &Given) -> Command {
    Command::CancelOrder(CancelOrder {
        order: captured.order().id,
        lines: Vec::new(),
        cause: cause(),
    })
}

/// The buyer wants something else.
#[must_use]
pub fn cause() -> Cause {
    Cause {
        reason_code: "buyer_changed_mind".to_owned(),
        fault: Fault::Buyer,
        initiator: None,
    }
}

/// An order comes in.
#[must_use]
pub fn capture(input: &OrderInput) -> Command {
    let parsed = input.parse();
    Command::CaptureOrder(Box::new(parsed.expect("the input of a rule is in order")))
}

/// A paid order on `web` by a buyer that no other order has: units of SKUs at 10.00 EUR each.
#[must_use]
pub fn order(external_id: &str, lines: &[(&str, i64)]) -> OrderInput {
    let line = |(sku, quantity): &(&str, i64)| LineInput {
        sku: (*sku).to_owned(),
        quantity: *quantity,
        unit_price: Some(MoneyInput {
            amount: 1_000,
            currency: "EUR".to_owned(),
        }),
        ..LineInput::default()
    };
    OrderInput {
        channel: "web".to_owned(),
        external_id: external_id.to_owned(),
        placed_at: "2026-11-01T09:30:00Z".to_owned(),
        currency: "EUR".to_owned(),
        tax_included: Some(true),
        payment: Some(PaymentInput {
            status: PaymentStatus::Paid,
            amount: None,
            refunded: None,
            instrument: None,
            external_id: None,
        }),
        ship_to: Some(ContactInput {
            name: Some(format!("Buyer of {external_id}")),
            line1: Some(format!("Way {external_id}")),
            city: Some("Berlin".to_owned()),
            postal_code: Some("10115".to_owned()),
            country: Some("DE".to_owned()),
            email: Some(format!("{external_id}@example.com")),
            ..ContactInput::default()
        }),
        lines: lines.iter().map(line).collect(),
        ..OrderInput::default()
    }
}
