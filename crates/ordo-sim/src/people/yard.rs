//! Locations: work is handed over, picked, packed and shipped, refused, not found, and stopped.

use ordo_domain::Command;
use ordo_domain::fulfillment::{
    AcceptWork, AnswerStop, FulfillmentOrder, FulfillmentState as State, PackUnits, ParcelDraft,
    PickUnits, RejectWork, ReleaseWork, ReportedUnits, ShipWork, ShortUnits, StopWork,
};
use ordo_domain::id::{LocationId, SkuId};
use ordo_domain::planning::PinWork;
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::shipment::Units;
use ordo_domain::shipment::label::LabelDraft;

use ordo_domain::world::{Key, Row};
use ordo_store::Store;

use super::{Hand, cause};
use crate::audit::now_or_broken;
use crate::sim::Told;

/// The next step of some work, or once in a while one that is not its turn.
pub async fn work(hand: &mut Hand) {
    let Some(order) = hand.some_order() else {
        return;
    };
    let Some(work) = hand.some_work(&order) else {
        return;
    };
    let state = match hand.dice.per_mille(50) {
        true => hand.dice.pick(State::ALL).copied().unwrap_or(work.state),
        false => work.state,
    };
    step(hand, &work, state).await;
}

/// What is done with work that is in this state.
async fn step(hand: &mut Hand, work: &FulfillmentOrder, state: State) -> Option<Told> {
    let id = work.id;
    let command = match state {
        State::Planned | State::Open => Command::ReleaseWork(ReleaseWork {
            fulfillment_order: id,
        }),
        State::Released if hand.dice.per_mille(500) => Command::AcceptWork(AcceptWork {
            fulfillment_order: id,
        }),
        State::Released | State::Accepted | State::Picking => {
            let lines = units_to_pick(hand, work);
            Command::PickUnits(PickUnits {
                fulfillment_order: id,
                lines,
            })
        }
        State::Picked => {
            let parcels = boxes(hand, work);
            Command::PackUnits(PackUnits {
                fulfillment_order: id,
                parcels,
                carrier: None,
                service: None,
            })
        }
        State::Packed => {
            let label = hand.dice.per_mille(500).then(|| label(hand));
            Command::ShipWork(ShipWork {
                fulfillment_order: id,
                lines: Vec::new(),
                label,
            })
        }
        State::CancelRequested => Command::AnswerStop(AnswerStop {
            fulfillment_order: id,
            stopped: hand.dice.per_mille(600),
        }),
        State::Rejected | State::Shipped | State::Canceled | State::Superseded | State::Closed => {
            return None;
        }
    };
    hand.ask(command).await
}

/// A label made elsewhere, whose number nobody else has.
pub(super) fn label(hand: &mut Hand) -> LabelDraft {
    LabelDraft {
        tracking_number: Some(format!("T{:016x}", hand.dice.bits())),
        carrier: Some("house".to_owned()),
        service: None,
        payload: None,
        cost_quoted: None,
    }
}

/// Units told apart where they must be: of whatever lot lies at the location.
fn told_apart(
    hand: &Hand,
    work: &FulfillmentOrder,
    sku: ordo_domain::id::SkuId,
    units: i64,
) -> Vec<Units> {
    let lots = hand.lots_at(sku, work.location);
    let mut left = units;
    let mut taken = Vec::new();
    for (name, there) in lots {
        let some = left.min(there);
        if some > 0 {
            left -= some;
            taken.push(Units {
                lot: Some(name),
                condition: ordo_domain::stock::Condition::New,
                serial: None,
                quantity: Quantity::stored(some),
            });
        }
    }
    taken
}

fn units_to_pick(hand: &mut Hand, work: &FulfillmentOrder) -> Vec<ReportedUnits> {
    let has_lots = (work.lines.iter()).any(|line| hand.is_told_apart(line.sku));
    if !has_lots && hand.dice.per_mille(700) {
        return Vec::new();
    }
    let mut picked = Vec::new();
    for line in &work.lines {
        let left = line.quantity.get() - line.picked.get();
        if left <= 0 {
            continue;
        }
        let units = match hand.dice.per_mille(800) {
            true => left,
            false => hand.dice.between(1, left),
        };
        picked.push(ReportedUnits {
            line: line.line.into(),
            quantity: Quantity::stored(units),
            units: match hand.is_told_apart(line.sku) {
                true => told_apart(hand, work, line.sku, units),
                false => Vec::new(),
            },
        });
    }
    picked
}

/// One box for all, or one for each line.
fn boxes(hand: &mut Hand, work: &FulfillmentOrder) -> Vec<ParcelDraft> {
    let plain = work.lines.iter().all(|line| line.units.is_empty());
    if !plain || hand.dice.per_mille(700) {
        return Vec::new();
    }
    let lines = work
        .lines
        .iter()
        .filter(|line| line.picked > Quantity::ZERO);
    lines
        .map(|line| ParcelDraft {
            lines: vec![ReportedUnits {
                line: line.line.into(),
                quantity: line.picked,
                units: Vec::new(),
            }],
            weight_g: Some(500),
        })
        .collect()
}

/// A location refuses, does not find, or is asked to stop.
pub async fn trouble(hand: &mut Hand) {
    let Some(order) = hand.some_order() else {
        return;
    };
    let Some(work) = hand.some_work(&order) else {
        return;
    };
    let id = work.id;
    let command = match hand.dice.below(6) {
        0..2 => Command::RejectWork(RejectWork {
            fulfillment_order: id,
            cause: cause("no_capacity"),
        }),
        2..4 => {
            let lines = missing(hand, &work);
            Command::ShortUnits(ShortUnits {
                fulfillment_order: id,
                lines,
                cause: cause("not_found"),
            })
        }
        4 => Command::StopWork(StopWork {
            fulfillment_order: id,
            cause: cause("buyer_changed_mind"),
        }),
        _ => Command::PinWork(PinWork {
            fulfillment_order: id,
            pinned: hand.dice.per_mille(500),
        }),
    };
    hand.ask(command).await;
}

fn missing(hand: &mut Hand, work: &FulfillmentOrder) -> Vec<ReportedUnits> {
    if hand.dice.per_mille(400) {
        return Vec::new();
    }
    let Some(line) = hand.dice.pick(&work.lines) else {
        return Vec::new();
    };
    vec![ReportedUnits {
        line: line.line.into(),
        quantity: Quantity::stored(hand.dice.between(1, line.quantity.get().max(1))),
        units: Vec::new(),
    }]
}

/// Brings work to its end without trouble; answers whether there was anything to do.
pub async fn finish(hand: &mut Hand, id: ordo_domain::id::FulfillmentOrderId) -> bool {
    let mut did = false;
    for _ in 0..8 {
        let Some(work) = hand.work_of(id) else {
            return did;
        };
        let told = match work.state {
            State::CancelRequested => {
                let answer = AnswerStop {
                    fulfillment_order: id,
                    stopped: true,
                };
                hand.ask(Command::AnswerStop(answer)).await
            }
            State::Released | State::Accepted | State::Picking if hand.dice.per_mille(500) => {
                let all = all_to_pick(hand, &work);
                let pick = PickUnits {
                    fulfillment_order: id,
                    lines: all,
                };
                hand.ask(Command::PickUnits(pick)).await
            }
            state => step(hand, &work, state).await,
        };
        match told {
            None => return did,
            Some(told) if told.is_done() => did = true,
            Some(_)
                if matches!(
                    work.state,
                    State::Released | State::Accepted | State::Picking
                ) =>
            {
                // What cannot be picked is not there.
                let short = ShortUnits {
                    fulfillment_order: id,
                    lines: Vec::new(),
                    cause: cause("not_found"),
                };
                did |=
                    (hand.ask(Command::ShortUnits(short)).await).is_some_and(|told| told.is_done());
            }
            Some(_) => return did,
        }
    }
    did
}

fn all_to_pick(hand: &Hand, work: &FulfillmentOrder) -> Vec<ReportedUnits> {
    let lines = work.lines.iter().filter(|line| line.picked < line.quantity);
    lines
        .map(|line| {
            let units = line.quantity - line.picked;
            ReportedUnits {
                line: line.line.into(),
                quantity: units,
                units: match hand.is_told_apart(line.sku) {
                    true => told_apart(hand, work, line.sku, units.get()),
                    false => Vec::new(),
                },
            }
        })
        .collect()
}

impl Hand {
    /// The lots of a SKU at a location that nobody has picked, with their units.
    fn lots_at(&self, sku: SkuId, location: LocationId) -> Vec<(String, i64)> {
        let store = self.sim.shelf.inner();
        let rows = now_or_broken(store.load(self.shop.organization, &[Key::Lots(sku)]));
        let lots = rows.into_iter().filter_map(|row| match row {
            Row::Lots { lots, .. } => Some(lots),
            _ => None,
        });
        lots.flatten()
            .filter(|(key, _)| key.cell.location == location)
            .map(|(key, lot)| (key.name, lot.on_hand.get() - lot.picked.get()))
            .collect()
    }

    /// Whether units of a SKU are told apart.
    fn is_told_apart(&self, sku: ordo_domain::id::SkuId) -> bool {
        let sku: Option<ordo_domain::catalog::Sku> = self.stored(RecordKind::Sku, sku.to_u128());
        sku.is_some_and(|sku| sku.has_lots())
    }
}
