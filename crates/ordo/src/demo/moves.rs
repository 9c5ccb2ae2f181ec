//! What happens next to an order of the demo company: pure, from the order as it stands, the seed and
//! the order's number. The clock only stamps what carriers report.

use ordo_domain::Command;
use ordo_domain::catalog::CreateListing;
use ordo_domain::catalog::create_listing::ComponentDraft;
use ordo_domain::event::{Cause, Fault};
use ordo_domain::fulfillment::{
    AcceptWork, AnswerStop, FulfillmentOrder, FulfillmentState, PackUnits, ParcelDraft, PickUnits,
    RejectWork, ReleaseWork, ReportedUnits, ShipWork, ShortUnits,
};
use ordo_domain::money::Money;
use ordo_domain::network::LocationKind;
use ordo_domain::order::{
    CancelOrder, Hold, HoldKind, Order, OrderLife, Origin, ReleaseHold, ReviewOrder,
};
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::returns::{
    ApproveReturn, Disposition, ReceiveReturn, ReceivedDraft, RefundOrder, RequestReturn, Return,
    ReturnLineDraft, ReturnState,
};
use ordo_domain::shipment::label::LabelDraft;
use ordo_domain::shipment::{Parcel, ParcelState, Shipment, TrackParcel, TrackingReport};
use ordo_domain::time::Timestamp;

use super::dice::Dice;
use super::orders::{self, STORES};

/// An order with what serves it.
pub struct Seen {
    pub order: Order,
    pub work: Vec<FulfillmentOrder>,
    pub shipments: Vec<Shipment>,
    pub returns: Vec<Return>,
}

/// What the next move depends on besides the order.
pub struct Asked<'a> {
    pub seed: u64,
    /// The order's number among those of the demo.
    pub number: u64,
    /// How often the order was looked at before.
    pub looks: u64,
    /// Whether it was held when it was looked at before.
    pub was_held: bool,
    pub now: Timestamp,
    pub reference: &'a Reference,
}

/// What happens, and after how many steps to look again.
#[derive(Debug, Default)]
pub struct Move {
    pub commands: Vec<Command>,
    /// Nothing where the order's story is told.
    pub wait: Option<u64>,
    /// Codes of SKUs that it waits for.
    pub wants: Vec<String>,
}

impl Move {
    fn after(dice: &mut Dice, low: i64, high: i64, commands: Vec<Command>) -> Self {
        Self {
            commands,
            wait: Some(dice.between(low, high).unsigned_abs()),
            wants: Vec::new(),
        }
    }

    fn end() -> Self {
        Self::default()
    }
}

/// What happens next to the order.
pub fn next(seen: &Seen, asked: &Asked<'_>) -> Move {
    let mut dice = Dice::of(&[asked.seed, asked.number, asked.looks, 10]);
    if seen.order.origin == Origin::History {
        return Move::end();
    }
    if let Some(found) = seen.returns.first() {
        return coming_back(found, &seen.order, &mut dice);
    }
    match seen.order.life {
        OrderLife::Canceled | OrderLife::Draft => return Move::end(),
        OrderLife::Closed => return delivered(seen, asked, &mut dice),
        OrderLife::Open => {}
    }
    if let Some(hold) = seen.order.holds.first() {
        // Nobody looks at it at once.
        if !asked.was_held {
            return Move::after(&mut dice, 15, 50, Vec::new());
        }
        return resolve(hold, &seen.order, asked, &mut dice);
    }
    at_work(seen, asked, &mut dice)
}

/// A person looks at a held order.
fn resolve(hold: &Hold, order: &Order, asked: &Asked<'_>, dice: &mut Dice) -> Move {
    let id = order.id;
    let release = || {
        Command::ReleaseHold(ReleaseHold {
            order: id,
            hold: hold.id,
        })
    };
    let cancel = |reason: &str| {
        Command::CancelOrder(CancelOrder {
            order: id,
            lines: Vec::new(),
            cause: cause(reason, Fault::Buyer),
        })
    };
    let is_last = asked.looks > 12;
    let command = match hold.kind {
        HoldKind::Unpaid if is_last || dice.percent(20) => cancel("not_paid"),
        HoldKind::Unpaid | HoldKind::AddressIncomplete => {
            mended(order, asked).unwrap_or_else(release)
        }
        HoldKind::UnmappedSku => {
            let line = order.lines.iter().find(|line| Some(line.id) == hold.line);
            let Some(line) = line.filter(|_| !is_last) else {
                return Move::after(dice, 3, 8, vec![cancel("unknown_code")]);
            };
            // Known from now on, for all orders that still come with it.
            let map = Command::CreateListing(CreateListing {
                channel: None,
                code: line.code.clone(),
                components: vec![ComponentDraft {
                    sku: "TOT-SND".to_owned(),
                    quantity: Quantity::stored(1),
                    price_weight: None,
                }],
                ships_together: false,
            });
            let review = Command::ReviewOrder(ReviewOrder { order: id });
            return Move::after(dice, 3, 8, vec![map, review]);
        }
        HoldKind::DuplicateSuspected if dice.percent(60) => cancel("ordered_twice"),
        HoldKind::FraudReview if dice.percent(70) => cancel("fraud"),
        HoldKind::Oversold => {
            if is_last {
                return Move::after(dice, 3, 8, vec![cancel("out_of_stock")]);
            }
            let review = Command::ReviewOrder(ReviewOrder { order: id });
            return Move {
                wants: waiting_for(order),
                ..Move::after(dice, 15, 40, vec![review])
            };
        }
        HoldKind::DuplicateSuspected
        | HoldKind::FraudReview
        | HoldKind::TotalMismatch
        | HoldKind::CardNumberInText
        | HoldKind::NoLocation
        | HoldKind::Queued
        | HoldKind::ChannelConflict
        | HoldKind::Manual => release(),
    };
    Move::after(dice, 3, 8, vec![command])
}

/// The newer version that the channel sends; nothing where the order is not one of this seed.
fn mended(order: &Order, asked: &Asked<'_>) -> Option<Command> {
    let input = orders::mended(asked.seed, asked.number, order.placed_at);
    let same_channel = asked
        .reference
        .channel(order.channel)
        .is_some_and(|channel| channel.code == input.channel);
    let is_same = same_channel
        && input.external_id == order.external_id
        && orders::total(&input) == order.totals.total.get();
    let capture = input.parse().ok().filter(|_| is_same)?;
    Some(Command::CaptureOrder(Box::new(capture)))
}

/// Codes of SKUs that lines wait for.
fn waiting_for(order: &Order) -> Vec<String> {
    (order.lines.iter())
        .filter(|line| line.open > Quantity::ZERO && line.sku.is_some())
        .map(|line| line.code.clone())
        .collect()
}

fn at_work(seen: &Seen, asked: &Asked<'_>, dice: &mut Dice) -> Move {
    let order = &seen.order;
    let untouched = (seen.work.iter()).all(|work| work.state == FulfillmentState::Open);
    if untouched && asked.looks > 0 && asked.looks < 3 && dice.percent(2) {
        let cancel = Command::CancelOrder(CancelOrder {
            order: order.id,
            lines: Vec::new(),
            cause: cause("changed_mind", Fault::Buyer),
        });
        return Move::after(dice, 5, 9, vec![cancel]);
    }
    let mut commands = Vec::new();
    let mut wait = (4, 9);
    for work in &seen.work {
        let (command, next) = step(work, seen, asked, dice);
        commands.extend(command);
        wait = (wait.0.max(next.0), wait.1.max(next.1));
    }
    let wants = waiting_for(order);
    if !wants.is_empty() {
        commands.push(Command::ReviewOrder(ReviewOrder { order: order.id }));
        wait = (wait.0.max(12), wait.1.max(24));
    }
    Move {
        wants,
        ..Move::after(dice, wait.0, wait.1, commands)
    }
}

/// What the location does next with its part, and how long that takes.
fn step(
    work: &FulfillmentOrder,
    seen: &Seen,
    asked: &Asked<'_>,
    dice: &mut Dice,
) -> (Option<Command>, (i64, i64)) {
    let id = work.id;
    let location = asked.reference.location(work.location);
    // Those that somebody else runs, and stores that are full of people, sometimes say no.
    let refuses = match location.map(|location| location.kind) {
        Some(LocationKind::Warehouse) | None => 0,
        Some(LocationKind::Store) => 6,
        Some(LocationKind::ThreePl | LocationKind::Supplier) => 4,
    };
    match work.state {
        FulfillmentState::Planned | FulfillmentState::Open => {
            let release = ReleaseWork {
                fulfillment_order: id,
            };
            (Some(Command::ReleaseWork(release)), (2, 6))
        }
        FulfillmentState::Released if seen.order.declined.is_empty() && dice.percent(refuses) => {
            let reject = RejectWork {
                fulfillment_order: id,
                cause: cause("no_staff", Fault::Seller),
            };
            (Some(Command::RejectWork(reject)), (4, 9))
        }
        FulfillmentState::Released => {
            let accept = AcceptWork {
                fulfillment_order: id,
            };
            (Some(Command::AcceptWork(accept)), (3, 9))
        }
        FulfillmentState::Accepted if dice.percent(2) => {
            let lines = one_unit(work);
            let short = ShortUnits {
                fulfillment_order: id,
                lines,
                cause: cause("not_on_shelf", Fault::Seller),
            };
            (Some(Command::ShortUnits(short)), (3, 7))
        }
        FulfillmentState::Accepted => {
            let is_part = units(work) > 1 && dice.percent(50);
            let lines = if is_part { one_unit(work) } else { Vec::new() };
            (pick(work, lines), (3, 8))
        }
        FulfillmentState::Picking => (pick(work, Vec::new()), (3, 7)),
        FulfillmentState::Picked => {
            let pack = PackUnits {
                fulfillment_order: id,
                parcels: vec![ParcelDraft {
                    lines: Vec::new(),
                    weight_g: Some(180 + 420 * units(work)),
                }],
                carrier: None,
                service: None,
            };
            (Some(Command::PackUnits(pack)), (4, 10))
        }
        FulfillmentState::Packed => {
            let ship = ShipWork {
                fulfillment_order: id,
                lines: Vec::new(),
                label: Some(label(work)),
            };
            (Some(Command::ShipWork(ship)), (10, 25))
        }
        FulfillmentState::CancelRequested => {
            let stopped = dice.percent(70);
            let answer = AnswerStop {
                fulfillment_order: id,
                stopped,
            };
            (Some(Command::AnswerStop(answer)), (3, 6))
        }
        FulfillmentState::Shipped => (track(work, seen, asked, dice), (8, 20)),
        FulfillmentState::Rejected
        | FulfillmentState::Canceled
        | FulfillmentState::Superseded
        | FulfillmentState::Closed => (None, (0, 0)),
    }
}

/// The label of the carrier that it was planned with, at the price of its list; else the house
/// courier's own, with a number of its own.
fn label(work: &FulfillmentOrder) -> LabelDraft {
    let Some(planned) = &work.carriage else {
        return LabelDraft::default();
    };
    let letters = planned.carrier.chars().take(2).collect::<String>();
    let digits = work.id.to_u128() % 1_000_000_000_000;
    LabelDraft {
        tracking_number: Some(format!("{}{digits:012}EU", letters.to_uppercase())),
        cost_quoted: Some(Money {
            amount: planned.price,
            currency: planned.currency,
        }),
        ..LabelDraft::default()
    }
}

fn units(work: &FulfillmentOrder) -> i64 {
    work.lines.iter().map(|line| line.quantity.get()).sum()
}

fn one_unit(work: &FulfillmentOrder) -> Vec<ReportedUnits> {
    (work.lines.iter())
        .find(|line| line.picked < line.quantity)
        .map(|line| ReportedUnits {
            line: line.line.into(),
            quantity: Quantity::stored(1),
            units: Vec::new(),
        })
        .into_iter()
        .collect()
}

fn pick(work: &FulfillmentOrder, lines: Vec<ReportedUnits>) -> Option<Command> {
    Some(Command::PickUnits(PickUnits {
        fulfillment_order: work.id,
        lines,
    }))
}

/// The carrier's next report of the first parcel that is still on its way.
fn track(
    work: &FulfillmentOrder,
    seen: &Seen,
    asked: &Asked<'_>,
    dice: &mut Dice,
) -> Option<Command> {
    let shipment = seen
        .shipments
        .iter()
        .find(|shipment| work.shipment == Some(shipment.id))?;
    let (parcel, state) =
        (shipment.parcels.iter()).find_map(|parcel| Some((parcel, next_state(parcel, dice)?)))?;
    let place = match state {
        ParcelState::InTransit => {
            Some(*dice.pick(&["Leipzig hub", "Liège hub", "Lyon depot", "Nürnberg depot"]))
        }
        ParcelState::HeldAtPoint => Some("parcel shop"),
        _ => None,
    };
    Some(Command::TrackParcel(TrackParcel {
        shipment: shipment.id,
        parcel: Some(parcel.id),
        report: TrackingReport {
            state,
            at: asked.now,
            place: place.map(str::to_owned),
            code: None,
        },
    }))
}

fn next_state(parcel: &Parcel, dice: &mut Dice) -> Option<ParcelState> {
    match parcel.state {
        ParcelState::Draft
        | ParcelState::Labelled
        | ParcelState::Voided
        | ParcelState::Manifested => Some(ParcelState::InTransit),
        ParcelState::InTransit if dice.percent(6) => Some(ParcelState::Exception),
        ParcelState::InTransit | ParcelState::Exception => Some(ParcelState::OutForDelivery),
        ParcelState::OutForDelivery if dice.percent(8) => Some(ParcelState::AttemptFailed),
        ParcelState::AttemptFailed => Some(ParcelState::HeldAtPoint),
        ParcelState::OutForDelivery | ParcelState::HeldAtPoint => Some(ParcelState::Delivered),
        ParcelState::Lost
        | ParcelState::Damaged
        | ParcelState::Delivered
        | ParcelState::Returning
        | ParcelState::ReturnedToSender => None,
    }
}

/// Some send things back, after a while.
fn delivered(seen: &Seen, asked: &Asked<'_>, dice: &mut Dice) -> Move {
    // The same at every look.
    let mut character = Dice::of(&[asked.seed, asked.number, 11]);
    if !character.percent(12) {
        return Move::end();
    }
    let left = |line: &&ordo_domain::order::Line| {
        !line.final_sale && line.shipped + line.shipped_elsewhere > line.received
    };
    let Some(line) = seen.order.lines.iter().find(left) else {
        return Move::end();
    };
    let sent = (line.shipped + line.shipped_elsewhere - line.received).get();
    let (reason, fault) = *dice.pick(&[
        ("too_small", Fault::Buyer),
        ("too_big", Fault::Buyer),
        ("not_liked", Fault::Buyer),
        ("damaged", Fault::Carrier),
        ("wrong_item", Fault::Seller),
    ]);
    let request = RequestReturn {
        order: seen.order.id,
        lines: vec![ReturnLineDraft {
            line: line.id.into(),
            quantity: Quantity::stored(dice.between(1, sent)),
            cause: cause(reason, fault),
        }],
        cause: cause(reason, fault),
        location: None,
    };
    Move::after(dice, 5, 15, vec![Command::RequestReturn(request)])
}

fn coming_back(found: &Return, order: &Order, dice: &mut Dice) -> Move {
    let id = found.id;
    match found.state {
        ReturnState::Requested => Move::after(
            dice,
            15,
            40,
            vec![Command::ApproveReturn(ApproveReturn { id })],
        ),
        ReturnState::Approved | ReturnState::PartlyReceived => {
            // Anywhere: at the warehouse or over the counter of a store.
            let location = match dice.percent(60) {
                true => "BER-1",
                false => *dice.pick(&STORES),
            };
            let disposition = match dice.below(10) {
                0 => Disposition::Scrap,
                1 | 2 => Disposition::Quarantine,
                _ => Disposition::Restock,
            };
            let lines = (found.lines.iter())
                .filter(|line| line.requested > line.received)
                .map(|line| ReceivedDraft {
                    return_line: Some(line.id),
                    line: None,
                    quantity: line.requested - line.received,
                    disposition,
                    units: Vec::new(),
                })
                .collect();
            let receive = ReceiveReturn {
                id,
                location: Some(location.to_owned()),
                lines,
                disposition,
            };
            Move::after(dice, 5, 12, vec![Command::ReceiveReturn(receive)])
        }
        ReturnState::Received => {
            let is_paid = order
                .refunds
                .iter()
                .any(|refund| refund.return_id == Some(id));
            let owes = order.captured() > order.paid_back();
            if is_paid || !owes {
                return Move::end();
            }
            let refund = RefundOrder {
                order: order.id,
                return_id: Some(id),
                lines: Vec::new(),
                shipping: None,
                goodwill: None,
                reason_code: Some("return".to_owned()),
                external_id: None,
            };
            Move {
                commands: vec![Command::RefundOrder(refund)],
                ..Move::end()
            }
        }
        ReturnState::Declined => Move::end(),
    }
}

fn cause(reason: &str, fault: Fault) -> Cause {
    Cause {
        reason_code: reason.to_owned(),
        fault,
        initiator: None,
    }
}
