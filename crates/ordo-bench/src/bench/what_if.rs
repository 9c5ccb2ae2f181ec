//! A what-if over past orders: today's setup against one without two of the locations, as a store
//! answers it, with two carriers' prices.
//!
//! The floor is what cannot be saved: reading the same orders from the store, one after another,
//! without sourcing any. The fastest of three counts, since the others hold what else the machine did.

use std::time::Instant;

use ordo_domain::order::{FulfilledBy, Order};
use ordo_domain::record::RecordKind;
use ordo_domain::what_if::{Selection, StockWish, Variant};
use ordo_engine::what_if::{Named, OneWarehouse, WhatIf, what_if};

use super::lists::fill_past;
use crate::StoreKind;
use crate::company;
use crate::figures::Figures;
use crate::target::{Place, Target};

/// Orders that are replayed, by two setups.
const ORDERS: usize = 10_000;
/// How long that may take, in milliseconds.
const GOAL_MS: f64 = 1_000.0;
const TIMES: usize = 3;
/// Records that the floor reads at once.
const PAGE: usize = 500;

/// Measures.
pub fn run(kind: StoreKind) -> Result<Figures, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let place = Place::make(kind, "what_if")?;
    let (took_ms, floor_ms, changed) = runtime.block_on(measure(&place))?;
    let orders = ORDERS as f64;
    let (figure, floor) = (orders * 1_000.0 / took_ms, orders * 1_000.0 / floor_ms);
    let mut figures = Figures::new("what-if", kind.name(), figure, "orders/s", floor);
    figures.add("took_ms", took_ms);
    figures.add("goal_ms", GOAL_MS);
    figures.add("changed_orders", changed as f64);
    Ok(figures)
}

/// Milliseconds of a what-if and of its floor, and how many orders it changes.
async fn measure(place: &Place) -> Result<(f64, f64, i64), String> {
    let target = Target::start(place).await?;
    company::set_up(&target.engine, target.organization, 1_000_000).await?;
    company::give_rates(&target.engine, target.organization).await?;
    fill_past(&target, ORDERS).await?;
    let backend = target.engine.backend();
    let (mut took_ms, mut floor_ms, mut changed) = (f64::MAX, f64::MAX, 0);
    for _ in 0..TIMES {
        let now = target.engine.clock().now();
        let begun = Instant::now();
        let report = what_if(&**backend, target.organization, asked(), now).await;
        took_ms = took_ms.min(begun.elapsed().as_secs_f64() * 1_000.0);
        let report = report.map_err(|error| error.to_string())?;
        let replayed = report.baseline.tally.orders;
        if replayed != ORDERS as i64 || report.baseline.tally.unfilled_units > 0 {
            return Err(format!(
                "{replayed} orders were replayed, or not as a whole"
            ));
        }
        changed = report
            .variants
            .first()
            .map_or(0, |variant| variant.changes.orders);
        let begun = Instant::now();
        let mut after = None;
        loop {
            let page = backend
                .list_records(target.organization, RecordKind::Order, after, PAGE)
                .await
                .map_err(|error| error.to_string())?;
            for (_, record) in &page.items {
                let read: Result<Order, _> = serde_json::from_str(&record.body);
                std::hint::black_box(read.map_err(|error| error.to_string())?);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        floor_ms = floor_ms.min(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    target.stop().await?;
    Ok((took_ms, floor_ms, changed))
}

fn asked() -> WhatIf {
    let mut without = Variant {
        name: "without two".to_owned(),
        stock: StockWish::Unlimited,
        ..Variant::default()
    };
    without.locations.off = vec!["BER".to_owned(), "MUC".to_owned()];
    WhatIf {
        selection: Selection {
            most: ORDERS,
            fulfilled_by: vec![FulfilledBy::Us, FulfilledBy::Channel, FulfilledBy::Supplier],
            ..Selection::default()
        },
        baseline: Variant::default(),
        baseline_field: Named::Below("/baseline"),
        variants: vec![without],
        one_warehouse: OneWarehouse::Fullest,
        told_most: 20,
        threads: 2,
    }
}
