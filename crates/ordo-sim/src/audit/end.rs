//! What must hold once faults have stopped and everybody has had time.

use std::collections::BTreeSet;

use ordo_domain::Event;
use ordo_domain::order::{HoldKind, Line, Order, OrderLife};
use ordo_domain::record::RecordKind;
use ordo_domain::time::SECOND;
use ordo_domain::webhook::Webhook;
use ordo_engine::{check, is_public};
use ordo_store::{Agenda, Query, Store, TaskState};

use super::compare::stored;
use super::now_or_broken;
use crate::shop::Shop;
use crate::sim::Sim;

/// Reservations end at most this late once nothing goes wrong.
const LATE_US: i64 = 5 * SECOND;

/// The whole state is what the log makes of it, the receivers have everything, nothing is stuck.
pub fn look_at_the_end(sim: &Sim, shop: &Shop) {
    replayed(sim, shop);
    received(sim, shop);
    reservations(sim, shop);
    nothing_is_stuck(sim, shop);
}

/// Ordo's own proof of the books agrees, in every invariant that it can prove.
pub fn replayed(sim: &Sim, shop: &Shop) {
    let store = sim.shelf.inner();
    let now = sim.schedule.now();
    let report = now_or_broken(check(store, shop.organization, now));
    for (invariant, finding) in report.findings {
        for what in finding.violations {
            sim.ledger()
                .violation(invariant, format_args!("check: {what}"));
        }
    }
}

/// The first webhook got every event that has effects.
fn received(sim: &Sim, shop: &Shop) {
    let store = sim.shelf.inner();
    let organization = shop.organization;
    let webhooks = now_or_broken(store.list_records(organization, RecordKind::Webhook, None, 200));
    let first = webhooks.items.iter().find_map(|(_, record)| {
        let webhook: Webhook = serde_json::from_str(&record.body).ok()?;
        webhook.url.contains("shop-").then_some(webhook)
    });
    let Some(webhook) = first else {
        sim.ledger().violation("I7", "the first webhook is gone");
        return;
    };
    let got = sim.receivers.got(webhook.id);
    let parked = now_or_broken(store.list_tasks(
        organization,
        ordo_engine::deliveries::KINDS,
        TaskState::Parked,
        None,
        100_000,
    ));
    let told: BTreeSet<String> = parked.items.into_iter().map(|task| task.body).collect();
    let log = now_or_broken(store.read_log(organization, 0, usize::MAX));
    let mut since = false;
    for entry in &log {
        if matches!(&entry.event, Event::WebhookCreated { webhook: made } if made.id == webhook.id)
        {
            since = true;
        }
        let wanted = since && is_public(&entry.event) && !is_past(&entry.event);
        let position = format!("\"position\":{}}}", entry.position);
        let is_parked = told.iter().any(|body| body.ends_with(&position));
        if wanted && !got.contains(&entry.position) && !is_parked {
            let what = format!("{} at {} never arrived", entry.event.name(), entry.position);
            sim.ledger().violation("I6", what);
        }
    }
}

fn is_past(event: &Event) -> bool {
    match event {
        Event::OrderPlaced { order } | Event::OrderMerged { order } => {
            order.origin == ordo_domain::order::Origin::History
        }
        _ => false,
    }
}

/// Nobody is bound beyond the end of a reservation.
fn reservations(sim: &Sim, shop: &Shop) {
    let now = sim.schedule.now().as_micros();
    let auditor = sim.auditor();
    for (id, bound) in &auditor.books(shop.index).reservations {
        if bound.is_held && bound.expires_at.as_micros() + LATE_US < now {
            let what = format!("{id} is held past {}", bound.expires_at);
            sim.ledger().violation("I11", what);
        }
    }
}

/// Every order ended, is worked on, waits for stock that is not there, or is held for a person.
fn nothing_is_stuck(sim: &Sim, shop: &Shop) {
    let orders = shop.memory().orders.clone();
    for id in orders {
        let order: Option<Order> = stored(
            &sim.shelf,
            shop.organization,
            RecordKind::Order,
            id.to_u128(),
        );
        let Some(order) = order else {
            sim.ledger().violation("I5", format_args!("{id} is gone"));
            continue;
        };
        if order.life != OrderLife::Open {
            continue;
        }
        let is_held = !order.holds.is_empty();
        if order.deferral.is_some() && !is_held {
            sim.ledger()
                .violation("I10", format_args!("{id} waits for a plan for ever"));
        }
        // Whoever releases the hold of a code that nobody knows has taken the line upon them.
        let cleared = order.cleared.contains(&HoldKind::UnmappedSku);
        let idle = (order.lines.iter())
            .any(|line| line.to_source().get() > 0 && !(line.sku.is_none() && cleared));
        if idle && !is_held && order.deferral.is_none() {
            let counts = |line: &Line| {
                let counts = [line.open, line.backordered, line.allocated];
                (line.code.clone(), counts.map(|count| count.get()))
            };
            let lines: Vec<_> = order.lines.iter().map(counts).collect();
            let (cleared, declined) = (&order.cleared, order.declined.len());
            let what =
                format_args!("{id} is forgotten: {lines:?} {cleared:?}, {declined} declined");
            sim.ledger().violation("I10", what);
        }
    }
    let waiting = now_or_broken(sim.shelf.inner().list_tasks(
        shop.organization,
        ordo_engine::jobs::KINDS,
        TaskState::Waiting,
        None,
        100,
    ));
    for task in waiting.items {
        if task.due_at <= sim.schedule.now() {
            sim.ledger()
                .violation("I10", format_args!("nobody does {task:?}"));
        }
    }
}
