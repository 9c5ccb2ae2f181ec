//! Those who try what nobody should be able to: ids of another organization, keys with another body,
//! quantities that nobody has.

use std::sync::Arc;

use ordo_domain::fulfillment::{PickUnits, RejectWork, ReleaseWork};
use ordo_domain::id::{FulfillmentOrderId, OrderId};
use ordo_domain::order::{CancelLine, CancelOrder, HoldKind, Order, PlaceHold};
use ordo_domain::organization::FoundOrganization;
use ordo_domain::planning::SourceOrder;
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::stock::{MoveStock, MovementKind};
use ordo_domain::{Command, Outcome};

use super::{Hand, cause};
use crate::audit::stored;
use crate::sim::Ask;

/// Asks for what must be refused.
pub async fn ask(hand: &mut Hand) {
    match hand.dice.below(6) {
        0..3 => foreign(hand).await,
        3 => reuse(hand).await,
        4 => too_much(hand).await,
        _ => odd(hand).await,
    }
}

/// Something of another organization: nobody may as much as learn that it is there.
async fn foreign(hand: &mut Hand) {
    let sim = Arc::clone(&hand.sim);
    let others: Vec<_> = (sim.shops.iter())
        .filter(|shop| shop.index != hand.shop.index)
        .collect();
    let Some(other) = hand.dice.pick(&others) else {
        return;
    };
    let id = {
        let memory = other.memory();
        hand.dice.pick(&memory.orders).copied()
    };
    let Some(order) = id else {
        return;
    };
    let kind = RecordKind::Order;
    let known: Option<Order> = stored(&sim.shelf, other.organization, kind, order.to_u128());
    let work = known.and_then(|order| order.fulfillment_orders.last().copied());
    let fulfillment_order = work.unwrap_or(FulfillmentOrderId::from_u128(7));
    let command = match hand.dice.below(5) {
        0 => Command::CancelOrder(CancelOrder {
            order,
            lines: Vec::new(),
            cause: cause("theft"),
        }),
        1 => Command::ReleaseWork(ReleaseWork { fulfillment_order }),
        2 => Command::RejectWork(RejectWork {
            fulfillment_order,
            cause: cause("theft"),
        }),
        3 => Command::PickUnits(PickUnits {
            fulfillment_order,
            lines: Vec::new(),
        }),
        _ => Command::PlaceHold(PlaceHold {
            order,
            kind: HoldKind::Manual,
            line: None,
            blocks: Vec::new(),
            reason: None,
        }),
    };
    if let Some(told) = hand.ask(command).await
        && told.status != 404
    {
        let what = format!(
            "something of another organization was answered {}",
            told.status
        );
        hand.sim.ledger().violation("I9", what);
    }
}

/// A key with another body, at the same time or later.
async fn reuse(hand: &mut Hand) {
    let key = hand.dice.bits();
    let location = hand.some_location();
    for units in 1..3 {
        let mark = hand.shop.name("stock");
        let command = Command::MoveStock(MoveStock {
            kind: MovementKind::Receive,
            sku: "A".to_owned(),
            location: location.clone(),
            quantity: Quantity::stored(units),
            lot: None,
            reason: Some(mark.clone()),
        });
        let ask = Ask {
            command,
            key: Some(key),
            expects: None,
            mark: None,
        };
        let sim = Arc::clone(&hand.sim);
        let told = sim.ask(&mut hand.dice, &hand.shop, ask).await;
        // Whoever asked first was answered for good: then the second one must be told so.
        match (units, told) {
            (1, None) => return,
            (2, Some(told)) if told.status != 422 => {
                let what = format!("a key with another body was answered {}", told.status);
                hand.sim.ledger().violation("I5", what);
            }
            _ => {}
        }
    }
}

/// More than anybody has.
async fn too_much(hand: &mut Hand) {
    let Some(order) = hand.some_order() else {
        return;
    };
    let Some(line) = order.lines.first() else {
        return;
    };
    let most = line.ordered.get();
    let command = Command::CancelOrder(CancelOrder {
        order: order.id,
        lines: vec![CancelLine {
            line: line.id.into(),
            quantity: Quantity::stored(most + hand.dice.between(1, 1_000_000)),
        }],
        cause: cause("greed"),
    });
    // An order that ended stays as it is, whatever is asked for.
    if let Some(told) = hand.ask(command).await
        && told.is_done()
        && told.reply.outcome == Some(Outcome::Updated)
    {
        let what = format!("more than {most} units of {} were canceled", order.id);
        hand.sim.ledger().violation("I3", what);
    }
}

/// What is refused, or changes nothing.
async fn odd(hand: &mut Hand) {
    let order = hand.some_order_id().unwrap_or(OrderId::from_u128(3));
    let command = match hand.dice.below(3) {
        0 => Command::FoundOrganization(FoundOrganization {
            code: "shop-0".to_owned(),
            name: "Again".to_owned(),
            owner_secret_hash: None,
        }),
        1 => Command::SourceOrder(Box::new(SourceOrder { order, plan: None })),
        _ => Command::ReleaseWork(ReleaseWork {
            fulfillment_order: FulfillmentOrderId::from_u128(hand.dice.wide()),
        }),
    };
    hand.ask(command).await;
}
