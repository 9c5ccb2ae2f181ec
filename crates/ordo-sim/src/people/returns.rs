//! Returns and refunds: goods come back, wherever, and money goes back, once.

use ordo_domain::Command;
use ordo_domain::money::{Currency, Minor, Money};
use ordo_domain::order::Order;
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::returns::{
    ApproveReturn, DeclineReturn, Disposition, ReceiveReturn, ReceivedDraft, RefundLineDraft,
    RefundOrder, RequestReturn, Return, ReturnLineDraft, ReturnState,
};

use super::{Hand, cause};

/// The next step of a return, or a refund.
pub async fn handle(hand: &mut Hand) {
    let Some(order) = hand.some_order() else {
        return;
    };
    if hand.dice.per_mille(300) {
        refund(hand, &order, None).await;
        return;
    }
    let known = hand.dice.pick(&order.returns).copied();
    let found = known.and_then(|id| hand.stored::<Return>(RecordKind::Return, id.to_u128()));
    match found.filter(|_| hand.dice.per_mille(800)) {
        None => request(hand, &order).await,
        Some(found) => go_on(hand, &order, &found).await,
    }
}

async fn request(hand: &mut Hand, order: &Order) {
    let mut lines = Vec::new();
    for line in &order.lines {
        let left = line.shipped.get() + line.shipped_elsewhere.get() - line.received.get();
        if left > 0 && hand.dice.per_mille(600) {
            lines.push(ReturnLineDraft {
                line: line.id.into(),
                quantity: Quantity::stored(hand.dice.between(1, left)),
                cause: cause("too_small"),
            });
        }
    }
    let location = hand.dice.per_mille(300).then(|| hand.some_location());
    let command = RequestReturn {
        order: order.id,
        lines,
        cause: cause("does_not_like_it"),
        location,
    };
    hand.ask(Command::RequestReturn(command)).await;
}

async fn go_on(hand: &mut Hand, order: &Order, found: &Return) {
    let id = found.id;
    match (found.state, hand.dice.below(10)) {
        (ReturnState::Requested, 0) | (ReturnState::Approved, 0) => {
            let cause = cause("too_late");
            hand.ask(Command::DeclineReturn(DeclineReturn { id, cause }))
                .await;
        }
        (ReturnState::Requested, _) => {
            hand.ask(Command::ApproveReturn(ApproveReturn { id })).await;
        }
        (_, 1..4) => refund(hand, order, Some(found)).await,
        _ => {
            let location = hand.dice.per_mille(500).then(|| hand.some_location());
            let disposition = disposition(hand);
            let mut lines = Vec::new();
            for line in &found.lines {
                let left = line.requested.get() - line.received.get();
                if left > 0 && hand.dice.per_mille(300) {
                    lines.push(ReceivedDraft {
                        return_line: Some(line.id),
                        line: None,
                        quantity: Quantity::stored(hand.dice.between(1, left)),
                        disposition: disposition_of(hand.dice.below(3)),
                        units: Vec::new(),
                    });
                }
            }
            let command = ReceiveReturn {
                id,
                location,
                lines,
                disposition,
            };
            hand.ask(Command::ReceiveReturn(command)).await;
        }
    }
}

fn disposition(hand: &mut Hand) -> Disposition {
    disposition_of(hand.dice.below(3))
}

const fn disposition_of(n: u64) -> Disposition {
    match n {
        0 => Disposition::Restock,
        1 => Disposition::Quarantine,
        _ => Disposition::Scrap,
    }
}

async fn refund(hand: &mut Hand, order: &Order, found: Option<&Return>) {
    let mut lines = Vec::new();
    if hand.dice.per_mille(600) {
        for line in &order.lines {
            let left = line.ordered.get() - line.refunded.get();
            if left > 0 && hand.dice.per_mille(500) {
                lines.push(RefundLineDraft {
                    line: line.id.into(),
                    quantity: Quantity::stored(hand.dice.between(1, left)),
                });
            }
        }
    }
    let mut some = |times: u64, most: i64| {
        let amount = Minor::new(hand.dice.between(1, most))?;
        let currency: Currency = "EUR".parse().ok()?;
        (hand.dice.per_mille(times)).then_some(Money { amount, currency })
    };
    let (shipping, goodwill) = (some(200, 500), some(150, 300));
    // The reason names the refund, so that the provider's time-out cannot make it two.
    let mark = hand.shop.name("refund");
    let command = RefundOrder {
        order: order.id,
        return_id: found.map(|found| found.id),
        lines,
        shipping,
        goodwill,
        reason_code: Some(mark),
        external_id: None,
    };
    hand.ask(Command::RefundOrder(command)).await;
}
