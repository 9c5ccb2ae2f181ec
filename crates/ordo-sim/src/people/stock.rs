//! Stock: receipts, counts, corrections, transfers, quarantine, levels; and carts that reserve.

use ordo_domain::Command;
use ordo_domain::catalog::Tracking;
use ordo_domain::id::ReservationId;
use ordo_domain::quantity::Quantity;
use ordo_domain::stock::{
    Condition, LotMark, MoveStock, MovementKind, ReleaseReservation, ReserveLine, ReserveStock,
};

use super::Hand;
use crate::shop::SKUS;
use crate::sim::Ask;

/// Stock changes.
pub async fn change(hand: &mut Hand) {
    let kinds = [
        (MovementKind::Receive, 40),
        (MovementKind::Adjust, 15),
        (MovementKind::Count, 15),
        (MovementKind::TransferOut, 8),
        (MovementKind::TransferIn, 8),
        (MovementKind::Quarantine, 6),
        (MovementKind::Unquarantine, 4),
        (MovementKind::Dispose, 6),
        (MovementKind::Safety, 2),
    ];
    let weights = kinds.map(|(_, weight)| weight);
    let (kind, _) = kinds[hand.dice.weighted(&weights).unwrap_or(0)];
    let quantity = match kind {
        MovementKind::Adjust => match hand.dice.between(-4, 3) {
            0 => 4,
            by => by,
        },
        MovementKind::Count => hand.dice.between(0, 12),
        MovementKind::Safety => hand.dice.between(0, 3),
        MovementKind::Receive => hand.dice.between(1, 8),
        _ => hand.dice.between(1, 4),
    };
    let sku = hand.some_sku();
    let tracked = (SKUS.iter()).any(|(code, _, of)| *code == sku && *of != Tracking::None);
    let location = hand.some_location();
    let mark = hand.shop.name("stock");
    let lot = (tracked && hand.dice.per_mille(900)).then(|| LotMark {
        name: format!("LOT-{}", 1 + hand.dice.below(3)),
        condition: Condition::New,
        expires_on: None,
    });
    let command = Command::MoveStock(MoveStock {
        kind,
        sku: sku.to_owned(),
        location,
        quantity: Quantity::stored(quantity),
        lot,
        reason: Some(mark.clone()),
    });
    // A count that finds what is known moves nothing.
    let always_moves = matches!(
        kind,
        MovementKind::Receive | MovementKind::TransferIn | MovementKind::Adjust
    );
    hand.ask_marked(command, Some(mark).filter(|_| always_moves))
        .await;
}

/// A cart reserves, or gives back.
pub async fn cart(hand: &mut Hand) {
    let known = hand.shop.memory().reservations.pop();
    if let Some(reservation) = known.filter(|_| hand.dice.per_mille(400)) {
        let command = Command::ReleaseReservation(ReleaseReservation { reservation });
        hand.ask(command).await;
        return;
    }
    let mut lines = Vec::new();
    for _ in 0..=hand.dice.below(3) {
        lines.push(ReserveLine {
            sku: hand.some_sku().to_owned(),
            quantity: Quantity::stored(hand.dice.between(1, 3)),
        });
    }
    let seconds = match hand.dice.per_mille(500) {
        true => hand.dice.between(1, 20),
        false => hand.dice.between(20, 3_600),
    };
    let ask = Ask {
        command: Command::ReserveStock(ReserveStock { lines, seconds }),
        key: Some(hand.dice.bits()),
        expects: None,
        mark: None,
    };
    let sim = std::sync::Arc::clone(&hand.sim);
    let Some(told) = sim.ask(&mut hand.dice, &hand.shop, ask).await else {
        return;
    };
    let id: Option<u128> = told.field("record").and_then(|id| id.parse().ok());
    if let Some(id) = id.filter(|_| told.is_done()) {
        let id = ReservationId::from_u128(id);
        let mark = format!("reservation {id}");
        hand.sim.ledger().told(hand.shop.organization, &mark);
        hand.shop.memory().reservations.push(id);
    }
}
