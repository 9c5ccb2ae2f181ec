//! The words of a desk: one line is one step, and each becomes a command or a question.

use std::fmt::Write as _;

use ordo_domain::catalog::{CreateSku, StockPolicy, Tracking};
use ordo_domain::contact::Contact;
use ordo_domain::customer::RecordCustomer;
use ordo_domain::event::{Cause, Fault};
use ordo_domain::fulfillment::{
    AcceptWork, AnswerStop, CoverShortfall, PackUnits, PickUnits, RejectWork, ReleaseWork,
    ReportedUnits, ShipWork, ShortUnits, StopWork,
};
use ordo_domain::id::{FulfillmentOrderId, HoldId, LineId};
use ordo_domain::money::{Minor, Money};
use ordo_domain::network::{CreateLocation, LocationKind, Place};
use ordo_domain::order::{CancelLine, CancelOrder, Order, ReleaseHold, ReviewOrder};
use ordo_domain::quantity::Quantity;
use ordo_domain::returns::{
    ApproveReturn, Disposition, ReceiveReturn, ReceivedDraft, RefundLineDraft, RefundOrder,
    RequestReturn, ReturnLineDraft,
};
use ordo_domain::shipment::{TrackParcel, TrackingReport, Units};
use ordo_domain::stock::{
    Condition, ExpireReservation, LotMark, MoveStock, MovementKind, ReserveLine, ReserveStock,
};
use ordo_domain::time::SECOND;
use ordo_domain::{Command, Event};

use super::Desk;
use super::written::order_input;

impl Desk {
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

    /// Plays one line and answers what happened.
    pub fn perform(&mut self, step: &str) -> Vec<String> {
        let happened = self.step(step);
        self.assert_sound(step);
        happened
    }

    /// Plays lines whose outcome goes without saying, and looks at the books once at the end.
    pub fn prepare(&mut self, script: &str) {
        for line in script.lines() {
            self.step(line.trim());
        }
        self.assert_sound("the preparation");
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
                    precision: None,
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
                    tags: Vec::new(),
                    ships_alone: false,
                }))
            }
            [
                "receive" | "adjust" | "count" | "dispose" | "quarantine" | "unquarantine"
                | "transfer_out" | "transfer_in" | "safety",
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
                    "safety" => MovementKind::Safety,
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
            [
                "rates" | "reprice" | "weight" | "size" | "table" | "tag" | "surcharge"
                | "handling" | "cut-off" | "sourcing" | "prices" | "carriage?" | "promise?",
                ..,
            ] => self.weigh(&words),
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
            [
                "hold" | "ask" | "take" | "take-none" | "look-again" | "pin" | "unpin" | "window"
                | "deferral?",
                ..,
            ] => self.plan(&words),
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
    pub fn work(&self, name: &str) -> FulfillmentOrderId {
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
