//! A desk at which a test plays a day: sets up a small company in text, gives commands, and reads
//! what happened. One line is one step; `->` is followed by what must happen, in short.

mod script;
mod weigh;
mod written;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use ordo_domain::id::{
    BlockId, CommandId, ListingId, OrderId, OrganizationId, ReservationId, ReturnId, SkuId,
};
use ordo_domain::network::{ChannelKind, CreateChannel};
use ordo_domain::order::Order;
use ordo_domain::planning::SourceOrder;
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::time::Timestamp;
use ordo_domain::world::RecordWrite;
use ordo_domain::{Command, Context, Event, Recorded, Refusal, World, apply};

pub use self::written::order_input;

/// 2026-11-01T10:00:00Z.
pub const START: Timestamp = Timestamp::from_micros(1_793_527_200_000_000);

/// A company in memory.
pub struct Desk {
    pub world: World,
    pub reference: Reference,
    records: Vec<(RecordKind, String)>,
    log: Vec<Recorded>,
    orders: BTreeMap<String, OrderId>,
    reservations: BTreeMap<String, ReservationId>,
    returns: BTreeMap<String, (ReturnId, OrderId)>,
    pub now: Timestamp,
    commands: u128,
    pub blocks: BTreeMap<String, BlockId>,
    pub listings: BTreeMap<String, ListingId>,
    /// Plans in the making, by order.
    pub plans: BTreeMap<String, SourceOrder>,
}

impl Desk {
    pub fn new() -> Self {
        let reference = Reference::empty(0);
        let mut desk = Self {
            world: World::complete(Arc::new(reference.clone())),
            reference,
            records: Vec::new(),
            log: Vec::new(),
            orders: BTreeMap::new(),
            reservations: BTreeMap::new(),
            returns: BTreeMap::new(),
            now: START,
            commands: 0,
            blocks: BTreeMap::new(),
            listings: BTreeMap::new(),
            plans: BTreeMap::new(),
        };
        let create = CreateChannel {
            code: "web".into(),
            kind: ChannelKind::Web,
            name: None,
        };
        desk.give(Command::CreateChannel(create)).unwrap();
        desk
    }

    /// Gives a command and answers what happened.
    pub fn give(&mut self, command: Command) -> Result<Vec<Event>, Refusal> {
        self.commands += 1;
        let id = CommandId::from_u128(self.commands);
        let mut ctx = Context::new(OrganizationId::from_u128(1), id, self.now);
        let actor: Arc<str> = Arc::from("test");
        let before = self.world.events_len();
        apply(&mut self.world, &command, &mut ctx, &actor)?;
        let happened: Vec<Recorded> = self.world.recorded()[before..].to_vec();
        self.log.extend(happened.iter().cloned());
        for recorded in &happened {
            match recorded.event.subject() {
                Some(subject) if subject.kind.is_reference() => {
                    let records = self.world.all_records();
                    let is_it = |record: &&RecordWrite| {
                        (record.kind, record.id) == (subject.kind, subject.id)
                    };
                    let body = records.iter().find(is_it).unwrap().body.clone();
                    self.keep(subject.kind, body);
                }
                _ => {}
            }
        }
        Ok(happened
            .into_iter()
            .map(|recorded| recorded.event)
            .collect())
    }

    /// Adds a record to the reference and replays the log over it, as a node does after a change.
    fn keep(&mut self, kind: RecordKind, body: String) {
        self.records.push((kind, body));
        let mut reference = Reference::empty(self.records.len() as i64);
        for (kind, body) in &self.records {
            reference.supply(*kind, body).unwrap();
        }
        self.reference = reference;
        self.world = self.rebuilt();
    }

    /// A world rebuilt from the log alone.
    pub fn rebuilt(&self) -> World {
        let mut world = World::complete(Arc::new(self.reference.clone()));
        for recorded in &self.log {
            world.evolve(&recorded.event, recorded.effective_at);
        }
        world.begin();
        world
    }

    /// Everything that has happened, in order.
    pub fn log(&self) -> Vec<Event> {
        self.log
            .iter()
            .map(|recorded| recorded.event.clone())
            .collect()
    }

    /// Lets scripts know an order that came in by other means.
    pub fn name_order(&mut self, name: &str, id: OrderId) {
        self.orders.insert(name.into(), id);
    }

    pub fn order(&self, name: &str) -> Arc<Order> {
        Arc::clone(
            self.world
                .order(self.orders[name])
                .unwrap()
                .expect("the order is there"),
        )
    }

    pub fn cell(&self, name: &str) -> Cell {
        self.world.cell(self.cell_key(name)).unwrap()
    }

    fn cell_key(&self, name: &str) -> CellKey {
        let (sku, location) = name.split_once('@').expect("SKU@LOCATION");
        let location = self
            .reference
            .location_by_code(location)
            .expect("a location")
            .id;
        CellKey::own(self.sku(sku), location)
    }

    pub fn sku(&self, code: &str) -> SkuId {
        self.world.sku_by_code(code).unwrap().expect("a SKU").id
    }

    pub fn short(&mut self, command: Command) -> Vec<String> {
        let happened = self.give(command);
        self.tell(happened)
    }

    /// What happened, one short text per event.
    pub fn tell(&self, happened: Result<Vec<Event>, Refusal>) -> Vec<String> {
        match happened {
            Err(Refusal::Rejected(rejection)) => vec![format!("no: {}", rejection.code.slug())],
            Err(Refusal::Needs(keys)) => panic!("a complete world misses {keys:?}"),
            Ok(events) if events.is_empty() => vec!["nothing".into()],
            Ok(events) => events.iter().map(|event| self.tell_event(event)).collect(),
        }
    }

    fn tell_event(&self, event: &Event) -> String {
        let name = event.name();
        match event {
            Event::HoldPlaced { hold, .. } => {
                format!("{name} {}", format!("{:?}", hold.kind).to_lowercase())
            }
            Event::FulfillmentOrderOpened { fulfillment_order } => {
                let location = self.reference.location(fulfillment_order.location).unwrap();
                let mut text = format!("{name} {}", location.code);
                for line in &fulfillment_order.lines {
                    let sku = self.world.sku(line.sku).unwrap().unwrap();
                    write!(text, " {}x{}", sku.code, line.quantity).unwrap();
                }
                text
            }
            _ => name.to_owned(),
        }
    }

    /// Invariants I1, I3 and I7 after every step.
    fn assert_sound(&self, step: &str) {
        for order in self.orders.values() {
            let Some(order) = self.world.order(*order).unwrap() else {
                continue;
            };
            for line in &order.lines {
                assert!(line.is_conserved(), "{step}: {line:?}");
            }
        }
        let rebuilt = self.rebuilt();
        assert_eq!(
            rebuilt.all_records(),
            self.world.all_records(),
            "{step}: state from the log"
        );
        assert_eq!(
            rebuilt.all_cells(),
            self.world.all_cells(),
            "{step}: cells from the log"
        );
        assert_eq!(
            rebuilt.all_lots(),
            self.world.all_lots(),
            "{step}: lots from the log"
        );
        for (key, cell) in self.world.all_cells() {
            let lots = self.world.all_lots();
            let lots = lots.iter().filter(|(lot, _)| lot.cell == key);
            let sum: Quantity = lots.clone().map(|(_, lot)| lot.on_hand).sum();
            assert!(sum <= cell.on_hand, "{step}: lots sum to {sum} of {key:?}");
            let sum: Quantity = lots.map(|(_, lot)| lot.quarantined).sum();
            assert!(
                sum <= cell.quarantined,
                "{step}: {sum} of {key:?} quarantined"
            );
        }
    }
}
