//! Support: cancels, holds and releases; and people who want to be forgotten.

use ordo_domain::Command;
use ordo_domain::erase::{ErasePerson, ErasedCounts};
use ordo_domain::order::{
    CancelLine, CancelOrder, HoldKind, Order, PlaceHold, ReleaseHold, ReviewOrder, Stage,
};
use ordo_domain::quantity::Quantity;

use super::{Hand, cause};

/// Cancels, holds or releases.
pub async fn help(hand: &mut Hand) {
    let Some(order) = hand.some_order() else {
        return;
    };
    let command = match hand.dice.below(10) {
        0..2 => cancel(hand, &order),
        2 => {
            let mark = hand.shop.name("hold");
            let blocks = match hand.dice.below(4) {
                0 => vec![Stage::Release],
                1 => vec![Stage::Ship, Stage::Pack],
                2 => vec![Stage::Source],
                _ => Vec::new(),
            };
            let line = (hand.dice.pick(&order.lines)).map(|line| line.id);
            let hold = PlaceHold {
                order: order.id,
                kind: HoldKind::Manual,
                line: line.filter(|_| hand.dice.per_mille(300)),
                blocks,
                reason: Some(mark.clone()),
            };
            hand.ask_marked(Command::PlaceHold(hold), Some(mark)).await;
            return;
        }
        3 => Command::ReviewOrder(ReviewOrder { order: order.id }),
        _ => {
            let Some(hold) = hand.dice.pick(&order.holds) else {
                return;
            };
            Command::ReleaseHold(ReleaseHold {
                order: order.id,
                hold: hold.id,
            })
        }
    };
    hand.ask(command).await;
}

fn cancel(hand: &mut Hand, order: &Order) -> Command {
    let mut lines = Vec::new();
    if hand.dice.per_mille(600) {
        for line in &order.lines {
            if hand.dice.per_mille(400) {
                lines.push(CancelLine {
                    line: line.id.into(),
                    quantity: Quantity::stored(hand.dice.between(1, line.ordered.get().max(1))),
                });
            }
        }
    }
    Command::CancelOrder(CancelOrder {
        order: order.id,
        lines,
        cause: cause("buyer_changed_mind"),
    })
}

/// Somebody wants to be forgotten: what is known of the buyer of some order goes.
pub async fn erase(hand: &mut Hand) {
    let Some(order) = hand.some_order() else {
        return;
    };
    let contacts = order.contacts().collect();
    let command = ErasePerson {
        contacts,
        terms: Vec::new(),
        counts: ErasedCounts::default(),
    };
    hand.ask(Command::ErasePerson(Box::new(command))).await;
}
