//! The command layer: bytes are read as commands about a small company; each is decided and applied to
//! a world, and after each the books must balance. At the end the log alone makes the same world.

use std::sync::Arc;

use ordo_domain::catalog::{CreateSku, StockPolicy, Tracking};
use ordo_domain::check::MoneyInput;
use ordo_domain::event::{Cause, Fault};
use ordo_domain::fulfillment::{
    AcceptWork, AnswerStop, CoverShortfall, PackUnits, ParcelDraft, PickUnits, RejectWork,
    ReleaseWork, ReportedUnits, ShipWork, ShortUnits, StopWork,
};
use ordo_domain::id::{CommandId, FulfillmentOrderId, OrderId, OrganizationId, ReturnId};
use ordo_domain::money::{Minor, Money};
use ordo_domain::network::{ChannelKind, CreateChannel, CreateLocation, LocationKind, Place};
use ordo_domain::order::capture::PaymentStatus;
use ordo_domain::order::input::{ContactInput, LineInput, PaymentInput};
use ordo_domain::order::{
    CancelLine, CancelOrder, HoldKind, Order, OrderInput, PlaceHold, ReleaseHold, ReviewOrder,
};
use ordo_domain::planning::PinWork;
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::returns::{
    ApproveReturn, DeclineReturn, Disposition, ReceiveReturn, ReceivedDraft, RefundLineDraft,
    RefundOrder, RequestReturn, ReturnLineDraft,
};
use ordo_domain::shipment::{LabelDraft, LabelParcel, ParcelState, TrackParcel, TrackingReport};
use ordo_domain::stock::{
    ExpireReservation, LotMark, MoveStock, MovementKind, ReleaseReservation, ReserveLine,
    ReserveStock,
};
use ordo_domain::time::{SECOND, Timestamp};
use ordo_domain::{Command, Context, Event, Recorded, Refusal, World, apply};

use super::bytes::Bytes;

/// Commands of one input at most; more would only be slower.
const COMMANDS_MAX: usize = 200;
/// 2026-11-01T10:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_793_527_200_000_000);

const SKUS: [&str; 4] = ["A", "B", "C", "D"];
const LOCATIONS: [&str; 2] = ["BER", "HAM"];

/// Plays an input.
///
/// # Panics
/// Where the books do not balance, or the domain panics.
pub fn play(input: &[u8]) {
    let mut company = Company::new();
    let mut bytes = Bytes::of(input);
    for _ in 0..COMMANDS_MAX {
        if bytes.is_empty() {
            break;
        }
        let command = company.read(&mut bytes);
        company.give(command);
    }
    company.assert_log_makes_the_world();
}

struct Company {
    world: World,
    log: Vec<Recorded>,
    orders: Vec<OrderId>,
    works: Vec<FulfillmentOrderId>,
    returns: Vec<ReturnId>,
    reservations: Vec<ordo_domain::id::ReservationId>,
    shipments: Vec<ordo_domain::id::ShipmentId>,
    now: Timestamp,
    given: u128,
}

impl Company {
    fn new() -> Self {
        let mut company = Self {
            world: World::complete(Arc::new(Reference::empty(0))),
            log: Vec::new(),
            orders: Vec::new(),
            works: Vec::new(),
            returns: Vec::new(),
            reservations: Vec::new(),
            shipments: Vec::new(),
            now: START,
            given: 0,
        };
        company.give(Command::CreateChannel(CreateChannel {
            code: "web".into(),
            kind: ChannelKind::Web,
            name: None,
        }));
        for (code, postal) in LOCATIONS.iter().zip(["10115", "20095"]) {
            company.give(Command::CreateLocation(location(code, postal)));
        }
        company.take_reference();
        let policies = [
            StockPolicy::Tracked,
            StockPolicy::Backorder {
                limit: Quantity::stored(5),
            },
            StockPolicy::Untracked,
            StockPolicy::Tracked,
        ];
        for (code, policy) in SKUS.iter().zip(policies) {
            company.give(Command::CreateSku(sku(code, policy)));
            if *code != "D" {
                company.give(Command::MoveStock(MoveStock {
                    kind: MovementKind::Receive,
                    sku: (*code).to_owned(),
                    location: "BER".to_owned(),
                    quantity: Quantity::stored(5),
                    lot: None,
                    reason: None,
                }));
            }
        }
        company
    }

    /// Makes the snapshot of what few commands change, as a node does.
    fn take_reference(&mut self) {
        let mut reference = Reference::empty(1);
        for kind in [RecordKind::Channel, RecordKind::Location] {
            for record in self.world.records_of(kind) {
                reference.supply(kind, &record.body).unwrap();
            }
        }
        self.world = self.rebuilt(Arc::new(reference));
    }

    fn rebuilt(&self, reference: Arc<Reference>) -> World {
        let mut world = World::complete(reference);
        for recorded in &self.log {
            world.evolve(&recorded.event, recorded.effective_at);
        }
        world.begin();
        world
    }

    fn give(&mut self, command: Command) {
        self.given += 1;
        let id = CommandId::from_u128(self.given);
        let mut ctx = Context::new(OrganizationId::from_u128(1), id, self.now);
        let actor: Arc<str> = Arc::from("fuzz");
        let before = self.world.events_len();
        match apply(&mut self.world, &command, &mut ctx, &actor) {
            Ok(applied) => {
                let happened = self.world.recorded()[before..].to_vec();
                assert_eq!(happened.len(), applied.events, "{command:?}");
                for recorded in &happened {
                    self.note(&recorded.event);
                }
                self.log.extend(happened);
                self.assert_sound(&command);
            }
            Err(Refusal::Rejected(_)) => {
                assert_eq!(
                    self.world.events_len(),
                    before,
                    "{command:?} left something"
                );
            }
            Err(Refusal::Needs(keys)) => panic!("a complete world misses {keys:?}"),
        }
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::OrderPlaced { order } => self.orders.push(order.id),
            Event::FulfillmentOrderOpened { fulfillment_order } => {
                self.works.push(fulfillment_order.id);
            }
            _ => {}
        }
        if let Some(subject) = event.subject() {
            match subject.kind {
                RecordKind::Return => keep(&mut self.returns, subject.id.into()),
                RecordKind::Reservation => keep(&mut self.reservations, subject.id.into()),
                RecordKind::Shipment => keep(&mut self.shipments, subject.id.into()),
                _ => {}
            }
        }
        for record in self.world.records_of(RecordKind::Shipment) {
            keep(&mut self.shipments, record.id.into());
        }
    }

    /// Units are conserved, totals are sums, and no more went back than came in.
    fn assert_sound(&self, command: &Command) {
        for id in &self.orders {
            let order = self.world.order(*id).unwrap().unwrap();
            for line in &order.lines {
                assert!(line.is_conserved(), "{command:?}: {line:?}");
            }
            let sums = Order::sum_totals(&order.lines, &order.shipping, order.tax_included);
            assert_eq!(sums, order.totals, "{command:?}: {id}");
            let back = order.paid_back();
            assert!(
                back <= order.captured() && back >= Minor::ZERO,
                "{command:?}: {id}"
            );
        }
        let lots = self.world.all_lots();
        for (key, cell) in self.world.all_cells() {
            for count in [cell.allocated, cell.reserved, cell.safety, cell.quarantined] {
                assert!(count >= Quantity::ZERO, "{command:?}: {key:?} {cell:?}");
            }
            let of_cell = || lots.iter().filter(|(lot, _)| lot.cell == key);
            // Facts may take more than is there; a cell without lots says nothing of them.
            if of_cell().next().is_none() {
                continue;
            }
            let on_hand: Quantity = of_cell().map(|(_, lot)| lot.on_hand).sum();
            let quarantined: Quantity = of_cell().map(|(_, lot)| lot.quarantined).sum();
            assert!(
                on_hand <= cell.on_hand && quarantined <= cell.quarantined,
                "{command:?}: lots of {key:?} sum to {on_hand} and {quarantined}, it has {cell:?}"
            );
        }
    }

    fn assert_log_makes_the_world(&self) {
        let rebuilt = self.rebuilt(Arc::new(self.world.reference().clone()));
        assert_eq!(rebuilt.all_records(), self.world.all_records());
        assert_eq!(rebuilt.all_cells(), self.world.all_cells());
        assert_eq!(rebuilt.all_lots(), self.world.all_lots());
        for recorded in &self.log {
            let text = serde_json::to_string(&recorded.event).unwrap();
            let again: Event = serde_json::from_str(&text).unwrap();
            assert_eq!(again, recorded.event, "{text}");
        }
    }

    /// The next command. Numbers are within what the wire lets in; ids are mostly of what is there.
    fn read(&mut self, bytes: &mut Bytes<'_>) -> Command {
        // Time goes on, and sometimes far.
        let seconds = [0, 1, 60, 3_600, 86_400, 2_000_000];
        self.now = self.now.plus_micros(*bytes.one_of(&seconds) * SECOND);
        let order = pick(bytes, &self.orders);
        let work = pick(bytes, &self.works);
        match bytes.below(30) {
            0..=2 => self.capture(bytes),
            3 | 4 => Command::MoveStock(movement(bytes)),
            5 => Command::ReserveStock(ReserveStock {
                lines: vec![ReserveLine {
                    sku: (*bytes.one_of(&SKUS)).to_owned(),
                    quantity: quantity(bytes),
                }],
                seconds: *bytes.one_of(&[1, 60, 86_400]),
            }),
            6 => Command::ReleaseReservation(ReleaseReservation {
                reservation: pick(bytes, &self.reservations),
            }),
            7 => Command::ExpireReservation(ExpireReservation {
                reservation: pick(bytes, &self.reservations),
            }),
            8 => Command::CancelOrder(CancelOrder {
                order,
                lines: lines(bytes, |line, quantity| CancelLine { line, quantity }),
                cause: cause(),
            }),
            9 => Command::PlaceHold(PlaceHold {
                order,
                kind: *bytes.one_of(&[HoldKind::FraudReview, HoldKind::Unpaid]),
                line: None,
                blocks: Vec::new(),
                reason: None,
            }),
            10 => {
                let holds = match self.world.order(order) {
                    Ok(Some(order)) => order.holds.iter().map(|hold| hold.id).collect(),
                    _ => Vec::new(),
                };
                let hold = pick(bytes, &holds);
                Command::ReleaseHold(ReleaseHold { order, hold })
            }
            11 => Command::ReviewOrder(ReviewOrder { order }),
            12 => Command::PinWork(PinWork {
                fulfillment_order: work,
                pinned: bytes.flag(),
            }),
            13 => Command::ReleaseWork(ReleaseWork {
                fulfillment_order: work,
            }),
            14 => Command::AcceptWork(AcceptWork {
                fulfillment_order: work,
            }),
            15 => Command::RejectWork(RejectWork {
                fulfillment_order: work,
                cause: cause(),
            }),
            16 | 17 => Command::PickUnits(PickUnits {
                fulfillment_order: work,
                lines: lines(bytes, reported),
            }),
            18 => Command::ShortUnits(ShortUnits {
                fulfillment_order: work,
                lines: lines(bytes, reported),
                cause: cause(),
            }),
            19 => {
                let code: &str = bytes.one_of::<&str>(&SKUS);
                let sku = self.world.sku_by_code(code);
                Command::CoverShortfall(CoverShortfall {
                    fulfillment_order: work,
                    sku: sku.unwrap().unwrap().id,
                })
            }
            20 => Command::PackUnits(PackUnits {
                fulfillment_order: work,
                parcels: (0..=bytes.below(2))
                    .map(|_| ParcelDraft {
                        lines: lines(bytes, reported),
                        weight_g: None,
                    })
                    .collect(),
                carrier: None,
                service: None,
            }),
            21 => Command::ShipWork(ShipWork {
                fulfillment_order: work,
                lines: lines(bytes, reported),
                label: None,
            }),
            22 => match bytes.below(3) {
                0 => Command::AnswerStop(AnswerStop {
                    fulfillment_order: work,
                    stopped: bytes.flag(),
                }),
                _ => Command::StopWork(StopWork {
                    fulfillment_order: work,
                    cause: cause(),
                }),
            },
            23 => Command::LabelParcel(LabelParcel {
                shipment: pick(bytes, &self.shipments),
                parcel: None,
                label: LabelDraft {
                    tracking_number: Some("1Z1".to_owned()),
                    carrier: None,
                    service: None,
                    payload: None,
                    cost_quoted: None,
                },
            }),
            24 => Command::TrackParcel(TrackParcel {
                shipment: pick(bytes, &self.shipments),
                parcel: None,
                report: TrackingReport {
                    state: *bytes.one_of(&[
                        ParcelState::InTransit,
                        ParcelState::AttemptFailed,
                        ParcelState::Delivered,
                        ParcelState::Voided,
                        ParcelState::Draft,
                    ]),
                    at: self.now,
                    place: None,
                    code: None,
                },
            }),
            25 => Command::RequestReturn(RequestReturn {
                order,
                lines: lines(bytes, |line, quantity| ReturnLineDraft {
                    line,
                    quantity,
                    cause: cause(),
                }),
                cause: cause(),
                location: None,
            }),
            26 => {
                let id = pick(bytes, &self.returns);
                match bytes.flag() {
                    true => Command::ApproveReturn(ApproveReturn { id }),
                    false => Command::DeclineReturn(DeclineReturn { id, cause: cause() }),
                }
            }
            27 => Command::ReceiveReturn(ReceiveReturn {
                id: pick(bytes, &self.returns),
                location: Some((*bytes.one_of(&LOCATIONS)).to_owned()),
                lines: received(bytes),
                disposition: disposition(bytes),
            }),
            _ => Command::RefundOrder(RefundOrder {
                order,
                return_id: bytes.flag().then(|| pick(bytes, &self.returns)),
                lines: lines(bytes, |line, quantity| RefundLineDraft { line, quantity }),
                shipping: bytes.flag().then(|| euro(*bytes.one_of(&[1, 490]))),
                goodwill: bytes.flag().then(|| euro(*bytes.one_of(&[1, 10_000]))),
                reason_code: None,
                external_id: bytes.flag().then(|| bytes.below(4).to_string()),
            }),
        }
    }

    fn capture(&self, bytes: &mut Bytes<'_>) -> Command {
        let money = |amount| MoneyInput {
            amount,
            currency: "EUR".into(),
        };
        let lines = (0..=bytes.below(3)).map(|n| LineInput {
            external_id: Some(n.to_string()),
            sku: (*bytes.one_of(&SKUS)).into(),
            quantity: quantity(bytes).get(),
            unit_price: Some(money(*bytes.one_of(&[0, 1, 999, 100_000]))),
            discount: bytes.flag().then(|| money(1)),
            ..LineInput::default()
        });
        let input = OrderInput {
            channel: "web".into(),
            lines: lines.collect(),
            // The same again, and older and newer versions of it.
            external_id: bytes.below(6).to_string(),
            source_version: Some(*bytes.one_of(&[1, 2, 3])),
            placed_at: "2026-11-01T09:00:00Z".into(),
            currency: "EUR".into(),
            tax_included: Some(bytes.flag()),
            canceled: bytes.below(16) == 1,
            payment: Some(PaymentInput {
                status: *bytes.one_of(&[PaymentStatus::Paid, PaymentStatus::Pending]),
                amount: None,
                refunded: None,
                instrument: None,
                external_id: None,
            }),
            ship_to: Some(ContactInput {
                name: Some("Buyer".into()),
                line1: Some(format!("Street {}", bytes.below(3))),
                postal_code: Some("10115".into()),
                city: Some("Berlin".into()),
                country: Some("DE".into()),
                ..ContactInput::default()
            }),
            ..OrderInput::default()
        };
        match input.parse() {
            Ok(capture) => Command::CaptureOrder(Box::new(capture)),
            // What the wire refuses is never decided.
            Err(_) => Command::ReviewOrder(ReviewOrder {
                order: OrderId::from_u128(1),
            }),
        }
    }
}

fn keep<I: PartialEq>(known: &mut Vec<I>, id: I) {
    if !known.contains(&id) {
        known.push(id);
    }
}

/// One of `known`, or rarely one that nobody has.
fn pick<I: Copy + From<u128>>(bytes: &mut Bytes<'_>, known: &[I]) -> I {
    let at = bytes.byte() as usize;
    if known.is_empty() || at == 255 {
        return I::from(99);
    }
    known[at % known.len()]
}

fn quantity(bytes: &mut Bytes<'_>) -> Quantity {
    Quantity::stored(*bytes.one_of(&[1, 2, 3, 4, 5, 7, 100, 1_000_000_000]))
}

fn euro(amount: i64) -> Money {
    Money {
        amount: Minor::new(amount).unwrap(),
        currency: "EUR".parse().unwrap(),
    }
}

fn cause() -> Cause {
    Cause {
        reason_code: "other".to_owned(),
        fault: Fault::Seller,
        initiator: None,
    }
}

/// None, one or two lines by their SKU.
fn lines<T>(
    bytes: &mut Bytes<'_>,
    make: impl Fn(ordo_domain::order::LineRef, Quantity) -> T,
) -> Vec<T> {
    let count = bytes.below(3);
    (0..count)
        .map(|_| {
            let line = ordo_domain::order::LineRef::Code((*bytes.one_of(&SKUS)).to_owned());
            make(line, quantity(bytes))
        })
        .collect()
}

fn reported(line: ordo_domain::order::LineRef, quantity: Quantity) -> ReportedUnits {
    ReportedUnits {
        line,
        quantity,
        units: Vec::new(),
    }
}

fn received(bytes: &mut Bytes<'_>) -> Vec<ReceivedDraft> {
    let disposition = disposition(bytes);
    lines(bytes, |line, quantity| ReceivedDraft {
        return_line: None,
        line: Some(line),
        quantity,
        disposition,
        units: Vec::new(),
    })
}

fn disposition(bytes: &mut Bytes<'_>) -> Disposition {
    let all = [
        Disposition::Restock,
        Disposition::Quarantine,
        Disposition::Scrap,
    ];
    *bytes.one_of(&all)
}

fn movement(bytes: &mut Bytes<'_>) -> MoveStock {
    let kind = *bytes.one_of(&[
        MovementKind::Receive,
        MovementKind::Adjust,
        MovementKind::Count,
        MovementKind::TransferOut,
        MovementKind::TransferIn,
        MovementKind::Quarantine,
        MovementKind::Unquarantine,
        MovementKind::Dispose,
        MovementKind::Safety,
        MovementKind::Ship,
    ]);
    let sku = *bytes.one_of(&SKUS);
    let sign = if kind == MovementKind::Adjust && bytes.flag() {
        -1
    } else {
        1
    };
    let has_lot = sku == "D" && bytes.below(4) > 0 || bytes.below(32) == 1;
    MoveStock {
        kind,
        sku: sku.to_owned(),
        location: (*bytes.one_of(&LOCATIONS)).to_owned(),
        quantity: Quantity::stored(sign * quantity(bytes).get()),
        lot: has_lot.then(|| LotMark {
            name: format!("L{}", bytes.below(3)),
            condition: ordo_domain::stock::Condition::default(),
            expires_on: None,
        }),
        reason: None,
    }
}

fn location(code: &str, postal: &str) -> CreateLocation {
    CreateLocation {
        code: code.to_owned(),
        kind: LocationKind::Warehouse,
        name: None,
        place: Place {
            country: "DE".into(),
            region: None,
            postal: Some(postal.into()),
            at: None,
            precision: None,
        },
        city: None,
        time_zone: "Europe/Berlin".into(),
        daily_capacity: None,
    }
}

fn sku(code: &str, stock_policy: StockPolicy) -> CreateSku {
    CreateSku {
        code: code.to_owned(),
        name: None,
        barcode: None,
        weight_g: 100,
        dimensions: None,
        unit_scale: 1,
        stock_policy,
        tracking: if code == "D" {
            Tracking::Lot
        } else {
            Tracking::None
        },
        hs_code: None,
        origin_country: None,
        tags: Vec::new(),
        ships_alone: false,
    }
}
