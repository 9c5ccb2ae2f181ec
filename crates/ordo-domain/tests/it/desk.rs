//! A desk at which a test plays a day: sets up a small company in text, gives commands, and reads
//! what happened. One line is one step; `->` is followed by what must happen, in short.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use ordo_domain::catalog::{CreateSku, StockPolicy, Tracking};
use ordo_domain::check::MoneyInput;
use ordo_domain::contact::Contact;
use ordo_domain::customer::RecordCustomer;
use ordo_domain::event::{Cause, Fault};
use ordo_domain::fulfillment::{
    AcceptWork, AnswerStop, CoverShortfall, PackUnits, PickUnits, RejectWork, ReleaseWork,
    ReportedUnits, ShipWork, ShortUnits, StopWork,
};
use ordo_domain::id::{
    BlockId, CommandId, FulfillmentOrderId, HoldId, LineId, ListingId, OrderId, OrganizationId,
    ReservationId, ReturnId, SkuId,
};
use ordo_domain::money::{Minor, Money};
use ordo_domain::network::{ChannelKind, CreateChannel, CreateLocation, LocationKind, Place};
use ordo_domain::order::capture::PaymentStatus;
use ordo_domain::order::input::{ContactInput, LineInput, PaymentInput, ShippingInput};
use ordo_domain::order::{CancelLine, CancelOrder, Order, OrderInput, ReleaseHold, ReviewOrder};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::returns::{
    ApproveReturn, Disposition, ReceiveReturn, ReceivedDraft, RefundLineDraft, RefundOrder,
    RequestReturn, ReturnLineDraft,
};
use ordo_domain::shipment::{TrackParcel, TrackingReport, Units};
use ordo_domain::stock::{
    Cell, CellKey, Condition, ExpireReservation, LotMark, MoveStock, MovementKind, ReserveLine,
    ReserveStock,
};
use ordo_domain::time::{SECOND, Timestamp};
use ordo_domain::world::RecordWrite;
use ordo_domain::{Command, Context, Event, Recorded, Refusal, World, apply};

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

    /// Plays the lines of `script`; panics with the line where what happens is not what it says.
    pub fn play(&mut self, script: &str) {
        for line in script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            let (step, expected) = match line.split_once("->") {
                Some((step, expected)) => (step.trim(), Some(expected.trim())),
                None => (line, None),
            };
            let happened = self.step(step);
            if let Some(expected) = expected {
                let expected: Vec<&str> = expected.split(',').map(str::trim).collect();
                assert_eq!(happened, expected, "in the step: {line}");
            }
            self.assert_sound(line);
        }
    }

    fn step(&mut self, step: &str) -> Vec<String> {
        let words: Vec<&str> = step.split_whitespace().collect();
        match words.as_slice() {
            ["location", code, country, postal, rest @ ..] => {
                let daily_capacity = match rest {
                    ["capacity", limit] => Some(limit.parse().unwrap()),
                    _ => None,
                };
                let place = Place {
                    country: (*country).into(),
                    region: None,
                    postal: Some((*postal).into()),
                    at: None,
                };
                self.short(Command::CreateLocation(CreateLocation {
                    code: (*code).into(),
                    kind: LocationKind::Warehouse,
                    name: None,
                    place,
                    city: None,
                    time_zone: "Europe/Berlin".into(),
                    daily_capacity,
                }))
            }
            ["sku", code, policy @ ..] => {
                let stock_policy = match policy {
                    [] => StockPolicy::Tracked,
                    ["untracked"] => StockPolicy::Untracked,
                    ["backorder", limit] => StockPolicy::Backorder {
                        limit: Quantity::stored(limit.parse().unwrap()),
                    },
                    other => panic!("no such policy: {other:?}"),
                };
                self.short(Command::CreateSku(CreateSku {
                    code: (*code).into(),
                    name: None,
                    barcode: None,
                    weight_g: 100,
                    dimensions: None,
                    unit_scale: 1,
                    stock_policy,
                    tracking: Tracking::None,
                    hs_code: None,
                    origin_country: None,
                }))
            }
            [
                "receive" | "adjust" | "count" | "dispose" | "quarantine" | "unquarantine"
                | "transfer_out" | "transfer_in",
                cell,
                quantity,
            ] => {
                let (cell, lot) = match cell.split_once('#') {
                    Some((cell, lot)) => (cell, Some(lot_mark(lot))),
                    None => (*cell, None),
                };
                let (sku, location) = cell.split_once('@').unwrap();
                let kind = match words[0] {
                    "receive" => MovementKind::Receive,
                    "adjust" => MovementKind::Adjust,
                    "count" => MovementKind::Count,
                    "dispose" => MovementKind::Dispose,
                    "unquarantine" => MovementKind::Unquarantine,
                    "transfer_out" => MovementKind::TransferOut,
                    "transfer_in" => MovementKind::TransferIn,
                    _ => MovementKind::Quarantine,
                };
                self.short(Command::MoveStock(MoveStock {
                    kind,
                    sku: sku.into(),
                    location: location.into(),
                    quantity: Quantity::stored(quantity.parse().unwrap()),
                    lot,
                    reason: None,
                }))
            }
            [
                "set" | "listing" | "pool" | "entity" | "block" | "lift" | "offer?",
                ..,
            ] => self.set_up(&words),
            ["order", name, rest @ ..] => {
                let capture = order_input(name, rest)
                    .parse()
                    .expect("the script's order parses");
                let happened = self.give(Command::CaptureOrder(Box::new(capture)));
                if let Ok(events) = &happened {
                    for event in events {
                        if let Event::OrderPlaced { order } = event {
                            self.orders.insert((*name).into(), order.id);
                        }
                    }
                }
                self.tell(happened)
            }
            ["cancel", name, units @ ..] => {
                let order = self.order(name);
                let lines = self.units(&order, units);
                let lines = lines.into_iter().map(|(line, quantity)| CancelLine {
                    line: line.into(),
                    quantity,
                });
                self.short(Command::CancelOrder(CancelOrder {
                    order: order.id,
                    lines: lines.collect(),
                    cause: cause(),
                }))
            }
            [
                step @ ("release" | "accept" | "reject" | "stop" | "stopped" | "refused" | "ship"),
                name,
            ] => {
                let fulfillment_order = self.work(name);
                self.short(match *step {
                    "release" => Command::ReleaseWork(ReleaseWork { fulfillment_order }),
                    "accept" => Command::AcceptWork(AcceptWork { fulfillment_order }),
                    "reject" => Command::RejectWork(RejectWork {
                        fulfillment_order,
                        cause: cause(),
                    }),
                    "stop" => Command::StopWork(StopWork {
                        fulfillment_order,
                        cause: cause(),
                    }),
                    "stopped" => Command::AnswerStop(AnswerStop {
                        fulfillment_order,
                        stopped: true,
                    }),
                    "refused" => Command::AnswerStop(AnswerStop {
                        fulfillment_order,
                        stopped: false,
                    }),
                    _ => Command::ShipWork(ShipWork {
                        fulfillment_order,
                        lines: Vec::new(),
                        label: None,
                    }),
                })
            }
            [step @ ("pick" | "short"), name, units @ ..] => {
                let fulfillment_order = self.work(name);
                let order = self.order(name.split_once('/').unwrap().0);
                let (units, lot) = of_lot(units);
                let lines = self.units(&order, units);
                let lines = lines.into_iter().map(|(line, quantity)| ReportedUnits {
                    line: line.into(),
                    quantity,
                    units: (lot.iter().cloned())
                        .map(|mark| Units::of_lot(mark, quantity))
                        .collect(),
                });
                let lines = lines.collect();
                self.short(if *step == "pick" {
                    Command::PickUnits(PickUnits {
                        fulfillment_order,
                        lines,
                    })
                } else {
                    Command::ShortUnits(ShortUnits {
                        fulfillment_order,
                        lines,
                        cause: cause(),
                    })
                })
            }
            ["pack", name] => {
                let fulfillment_order = self.work(name);
                self.short(Command::PackUnits(PackUnits {
                    fulfillment_order,
                    parcels: Vec::new(),
                    carrier: None,
                    service: None,
                }))
            }
            ["track", name, state] => {
                let work = self
                    .world
                    .fulfillment_order(self.work(name))
                    .unwrap()
                    .unwrap();
                let shipment = work.shipment.expect("it is packed");
                let parcel = self.world.shipment(shipment).unwrap().unwrap().parcels[0].id;
                let state = serde_json::from_value((*state).into()).unwrap();
                let report = TrackingReport {
                    state,
                    at: self.now,
                    place: None,
                    code: None,
                };
                self.short(Command::TrackParcel(TrackParcel {
                    shipment,
                    parcel: Some(parcel),
                    report,
                }))
            }
            ["return", name, order, units @ ..] => {
                let order = self.order(order);
                let lines = self.units(&order, units);
                let lines = lines.into_iter().map(|(line, quantity)| ReturnLineDraft {
                    line: line.into(),
                    quantity,
                    cause: cause(),
                });
                let command = RequestReturn {
                    order: order.id,
                    lines: lines.collect(),
                    cause: cause(),
                    location: None,
                };
                let happened = self.give(Command::RequestReturn(command));
                if let Ok(events) = &happened
                    && let [Event::ReturnRequested { requested }] = events.as_slice()
                {
                    self.returns
                        .insert((*name).into(), (requested.id, order.id));
                }
                self.tell(happened)
            }
            ["approve", name] => {
                let (id, _) = self.returns[*name];
                self.short(Command::ApproveReturn(ApproveReturn { id }))
            }
            ["back", name, location, disposition, units @ ..] => {
                let (id, order) = self.returns[*name];
                let order = self.world.order(order).unwrap().unwrap().clone();
                let disposition = match *disposition {
                    "restock" => Disposition::Restock,
                    "quarantine" => Disposition::Quarantine,
                    _ => Disposition::Scrap,
                };
                let (units, lot) = of_lot(units);
                let lines = self.units(&order, units);
                let lines = lines.into_iter().map(|(line, quantity)| ReceivedDraft {
                    return_line: None,
                    line: Some(line.into()),
                    quantity,
                    disposition,
                    units: (lot.iter().cloned())
                        .map(|mark| Units::of_lot(mark, quantity))
                        .collect(),
                });
                let location = Some((*location).to_owned());
                let command = ReceiveReturn {
                    id,
                    location,
                    lines: lines.collect(),
                    disposition,
                };
                self.short(Command::ReceiveReturn(command))
            }
            ["refund", name] => {
                let (id, order) = self.returns[*name];
                self.short(Command::RefundOrder(RefundOrder {
                    order,
                    return_id: Some(id),
                    lines: Vec::new(),
                    shipping: None,
                    goodwill: None,
                    reason_code: None,
                    external_id: None,
                }))
            }
            [
                "refund",
                order,
                "shipping",
                shipping,
                "goodwill",
                goodwill,
                units @ ..,
            ] => {
                let order = self.order(order);
                let lines = self.units(&order, units);
                let lines = lines.into_iter().map(|(line, quantity)| RefundLineDraft {
                    line: line.into(),
                    quantity,
                });
                let money = |text: &str| {
                    let amount = Minor::new(text.parse().unwrap()).unwrap();
                    let currency = order.currency;
                    (amount > Minor::ZERO).then_some(Money { amount, currency })
                };
                self.short(Command::RefundOrder(RefundOrder {
                    order: order.id,
                    return_id: None,
                    lines: lines.collect(),
                    shipping: money(shipping),
                    goodwill: money(goodwill),
                    reason_code: None,
                    external_id: None,
                }))
            }
            ["money?", name] => {
                let order = self.order(name);
                let amounts: Vec<String> = order
                    .refunds
                    .iter()
                    .map(|refund| refund.total.get().to_string())
                    .collect();
                vec![format!(
                    "captured {} back {} in {}",
                    order.captured().get(),
                    order.paid_back().get(),
                    amounts.join("+")
                )]
            }
            ["shipped?", name] => {
                let (order, line) = name.split_once('/').unwrap();
                let order = self.order(order);
                let line = order
                    .lines
                    .iter()
                    .find(|found| found.external_id == line)
                    .unwrap();
                vec![format!(
                    "shipped {} received {} refunded {}",
                    line.shipped, line.received, line.refunded
                )]
            }
            ["cover", name, sku] => {
                let fulfillment_order = self.work(name);
                let sku = self.sku(sku);
                self.short(Command::CoverShortfall(CoverShortfall {
                    fulfillment_order,
                    sku,
                }))
            }
            ["review", name] => {
                let order = self.order(name).id;
                self.short(Command::ReviewOrder(ReviewOrder { order }))
            }
            ["customer", email] => {
                let contact = Contact {
                    email: Some((*email).to_owned()),
                    ..Contact::default()
                };
                self.short(Command::RecordCustomer(Box::new(RecordCustomer {
                    contact,
                })))
            }
            ["free", name, kind] => {
                let order = self.order(name);
                let hold: HoldId = (order.holds.iter())
                    .find(|hold| format!("{:?}", hold.kind).to_lowercase() == *kind)
                    .map_or(HoldId::from_u128(1), |hold| hold.id);
                self.short(Command::ReleaseHold(ReleaseHold {
                    order: order.id,
                    hold,
                }))
            }
            ["reserve", name, units, "for", seconds] => {
                let (sku, count) = units.split_once('x').unwrap();
                let happened = self.give(Command::ReserveStock(ReserveStock {
                    lines: vec![ReserveLine {
                        sku: sku.into(),
                        quantity: Quantity::stored(count.parse().unwrap()),
                    }],
                    seconds: seconds.parse().unwrap(),
                }));
                if let Ok(events) = &happened
                    && let [Event::ReservationMade { reservation }] = events.as_slice()
                {
                    self.reservations.insert((*name).into(), reservation.id);
                }
                self.tell(happened)
            }
            ["expire", name] => {
                let reservation = self.reservations[*name];
                self.short(Command::ExpireReservation(ExpireReservation {
                    reservation,
                }))
            }
            ["wait", seconds] => {
                self.now = self
                    .now
                    .plus_micros(seconds.parse::<i64>().unwrap() * SECOND);
                Vec::new()
            }
            ["lots?", name] => {
                let cell = self.cell_key(name);
                let lots = self.world.all_lots();
                let lots = lots.iter().filter(|(key, _)| key.cell == cell);
                let told: Vec<String> = lots
                    .map(|(key, lot)| {
                        let mut text = key.name.clone();
                        if !key.condition.is_new() {
                            write!(text, ":{}", key.condition.name()).unwrap();
                        }
                        write!(text, " {}", lot.on_hand).unwrap();
                        for (word, units) in [("bad", lot.quarantined), ("picked", lot.picked)] {
                            if !units.is_zero() {
                                write!(text, " {word} {units}").unwrap();
                            }
                        }
                        text
                    })
                    .collect();
                told
            }
            ["cell?", name] => {
                let cell = self.cell(name);
                vec![format!(
                    "on_hand {} allocated {} reserved {}",
                    cell.on_hand, cell.allocated, cell.reserved
                )]
            }
            ["line?", name] => {
                let (order, line) = name.split_once('/').unwrap();
                let order = self.order(order);
                let line = order
                    .lines
                    .iter()
                    .find(|found| found.external_id == line)
                    .unwrap();
                vec![format!(
                    "open {} backordered {} allocated {} canceled {}",
                    line.open, line.backordered, line.allocated, line.canceled
                )]
            }
            ["order?", name] => {
                let order = self.order(name);
                let mut holds: Vec<String> = order
                    .holds
                    .iter()
                    .map(|hold| format!("{:?}", hold.kind).to_lowercase())
                    .collect();
                holds.sort();
                let mut text = order.life.name().to_owned();
                for hold in holds {
                    write!(text, " {hold}").unwrap();
                }
                vec![text]
            }
            other => panic!("no such step: {other:?}"),
        }
    }

    /// `O1/2`: the second fulfillment order that was opened for O1.
    fn work(&self, name: &str) -> FulfillmentOrderId {
        let (order, index) = name.split_once('/').expect("ORDER/INDEX");
        self.order(order).fulfillment_orders[index.parse::<usize>().unwrap() - 1]
    }

    /// `Ax2`: two units of the order's first line with SKU A.
    fn units(&self, order: &Order, words: &[&str]) -> Vec<(LineId, Quantity)> {
        (words.iter())
            .map(|word| {
                let (sku, count) = word.split_once('x').expect("SKUxCOUNT");
                let line = (order.lines.iter())
                    .find(|line| line.code == sku)
                    .map(|line| line.id);
                // Or the parent of a bundle's lines.
                let parent = || {
                    let mut parents = order.lines.iter().filter_map(|line| line.parent.as_ref());
                    parents.find(|parent| parent.code == sku).map(|it| it.id)
                };
                let line = line.or_else(parent).expect("a line");
                (line, Quantity::stored(count.parse().unwrap()))
            })
            .collect()
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

/// The words before `of LOT`, and the lot.
fn of_lot<'a>(words: &'a [&'a str]) -> (&'a [&'a str], Option<LotMark>) {
    match words {
        [words @ .., "of", lot] => (words, Some(lot_mark(lot))),
        words => (words, None),
    }
}

/// `L1`, `L1:used` or `L1/2026-12-31`.
pub fn lot_mark(text: &str) -> LotMark {
    let (text, expires_on) = match text.split_once('/') {
        Some((text, date)) => (text, Some(date.parse().unwrap())),
        None => (text, None),
    };
    let (name, condition) = match text.split_once(':') {
        Some((name, condition)) => (name, Condition::named(condition).unwrap()),
        None => (text, Condition::New),
    };
    LotMark {
        name: name.to_owned(),
        condition,
        expires_on,
    }
}

fn cause() -> Cause {
    Cause {
        reason_code: "because".into(),
        fault: Fault::Buyer,
        initiator: None,
    }
}

/// `order NAME [v2] [unpaid] [from EMAIL] Ax3 Bx1 …`: prepaid and paid unless it says otherwise,
/// 10 EUR a unit, to Berlin; every order from another buyer unless it names one.
pub fn order_input(name: &str, words: &[&str]) -> OrderInput {
    let euro = |amount| MoneyInput {
        amount,
        currency: "EUR".into(),
    };
    let mut lines = Vec::new();
    let mut status = PaymentStatus::Paid;
    let mut email = format!("{}@example.com", name.to_lowercase());
    let mut version = 1;
    let mut total = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "unpaid" => status = PaymentStatus::Pending,
            "v2" => version = 2,
            "from" => email = (*words.next().unwrap()).to_owned(),
            "total" => total = Some(euro(words.next().unwrap().parse().unwrap())),
            units => {
                let (sku, count) = units.split_once('x').expect("SKUxCOUNT");
                lines.push(LineInput {
                    external_id: Some((lines.len() + 1).to_string()),
                    sku: sku.into(),
                    quantity: count.parse().unwrap(),
                    unit_price: Some(euro(1_000)),
                    ..LineInput::default()
                });
            }
        }
    }
    OrderInput {
        channel: "web".into(),
        external_id: name.into(),
        source_version: Some(version),
        placed_at: "2026-11-01T09:00:00Z".into(),
        currency: "EUR".into(),
        tax_included: Some(true),
        payment: Some(PaymentInput {
            status,
            amount: None,
            refunded: None,
            instrument: Some("card".into()),
            external_id: None,
        }),
        ship_to: Some(ContactInput {
            name: Some(format!("Buyer of {name}")),
            line1: Some(format!("Street {email}")),
            postal_code: Some("10115".into()),
            city: Some("Berlin".into()),
            country: Some("DE".into()),
            email: Some(email),
            ..ContactInput::default()
        }),
        shipping: Some(ShippingInput {
            service: Some("standard".into()),
            price: Some(euro(490)),
            discount: None,
            tax: None,
        }),
        total,
        lines,
        ..OrderInput::default()
    }
}
