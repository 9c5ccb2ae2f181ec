//! Orders that wait for each other, sourced together over HTTP: ten locations, two carriers, stock for
//! a third more than is ordered and little more room a day than there are orders.
//!
//! The floor is the same orders captured one after another and each sourced at once: the commit path
//! without thinking about others. What both assign is added up besides: shipments, what carriers ask,
//! and units that found no stock or no room.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::{StreamExt, stream};
use ordo_domain::Command;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{LocationId, SkuId};
use ordo_domain::order::OrderInput;
use ordo_domain::record::RecordKind;
use ordo_domain::sourcing::UpdateSourcingSettings;
use ordo_domain::time::Date;
use ordo_engine::check;
use serde::Deserialize;

use super::lists::view_sees_all;
use crate::StoreKind;
use crate::company::{self, LOCATIONS, MORE_LOCATIONS, SKUS, sku_code};
use crate::figures::Figures;
use crate::load;
use crate::target::{KEY, Place, Target};

const ORDERS: usize = 10_000;
/// Orders a second.
const GOAL: f64 = 500.0;
/// Shipments of a location on a day: an eighth more than there are orders, over all locations.
const ROOM: i64 = 1_125;
/// Nobody waits for the end of the window but the runs.
const WINDOW_S: i64 = 86_400;
/// Commands that are in flight at once during the set-up.
const IN_FLIGHT: usize = 256;
const PAGE: usize = 500;

/// Measures.
pub fn run(kind: StoreKind) -> Result<Figures, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let (alone_s, alone) = runtime.block_on(one_by_one(kind))?;
    let (together_s, together, runs) = runtime.block_on(together(kind))?;
    let rate = |seconds: f64| ORDERS as f64 / seconds;
    let mut figures = Figures::new(
        "source-run",
        kind.name(),
        rate(together_s),
        "orders/s",
        rate(alone_s),
    );
    figures.add("goal", GOAL);
    let longest_s = runs.iter().map(|run| run.seconds).fold(0.0, f64::max);
    figures.add("runs", runs.len() as f64);
    figures.add("longest_run_s", longest_s);
    let sum = |of: fn(&Cost) -> i64| -> i64 {
        let costs = runs.iter().flat_map(|run| &run.answer.costs);
        costs.map(of).sum()
    };
    let (cost, gap) = (sum(|cost| cost.cost.amount), sum(|cost| cost.gap.amount));
    figures.add("gap_percent", gap as f64 / cost.max(1) as f64 * 100.0);
    for (name, assigned) in [("", together), ("alone_", alone)] {
        figures.add(&format!("{name}shipments"), assigned.shipments as f64);
        figures.add(&format!("{name}carriage"), assigned.carriage as f64);
        figures.add(&format!("{name}later_days"), assigned.later_days as f64);
        figures.add(&format!("{name}units"), assigned.units as f64);
        for fault in assigned.faults {
            figures.fault(fault);
        }
    }
    Ok(figures)
}

/// Captures all orders, each sourced at once.
async fn one_by_one(kind: StoreKind) -> Result<(f64, Assigned), String> {
    let place = Place::make(kind, "source_alone")?;
    let target = Target::start(&place).await?;
    set_up(&target, 0).await?;
    let begun = Instant::now();
    capture(&target).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let assigned = Assigned::look(&target).await?;
    target.stop().await?;
    Ok((seconds, assigned))
}

/// Captures all orders, which wait, and measures the runs that source them.
async fn together(kind: StoreKind) -> Result<(f64, Assigned, Vec<Run>), String> {
    let place = Place::make(kind, "source_run")?;
    let target = Target::start(&place).await?;
    set_up(&target, WINDOW_S).await?;
    capture(&target).await?;
    view_sees_all(&target).await?;
    let begun = Instant::now();
    let mut runs: Vec<Run> = Vec::new();
    while runs.last().is_none_or(|run| run.answer.more) {
        let begun = Instant::now();
        let (status, body) =
            load::post_once(target.address, "/api/v1/sourcing-runs", KEY, "{}").await?;
        if status != 200 {
            return Err(format!("a run was answered {status}: {body}"));
        }
        let answer = serde_json::from_str(&body).map_err(|error| error.to_string())?;
        let seconds = begun.elapsed().as_secs_f64();
        eprintln!("run {}: {seconds:.2} s", runs.len() + 1);
        runs.push(Run { seconds, answer });
    }
    let seconds = begun.elapsed().as_secs_f64();
    let sourced: usize = runs.iter().map(|run| run.answer.orders).sum();
    if sourced != ORDERS {
        return Err(format!("{sourced} of {ORDERS} orders were sourced"));
    }
    let assigned = Assigned::look(&target).await?;
    target.stop().await?;
    Ok((seconds, assigned, runs))
}

/// One run as it was answered.
struct Run {
    seconds: f64,
    answer: RunAnswer,
}

#[derive(Deserialize)]
struct RunAnswer {
    orders: usize,
    more: bool,
    costs: Vec<Cost>,
}

#[derive(Deserialize)]
struct Cost {
    cost: Amount,
    gap: Amount,
}

#[derive(Deserialize)]
struct Amount {
    amount: i64,
}

async fn set_up(target: &Target, together_s: i64) -> Result<(), String> {
    let locations = || LOCATIONS.iter().chain(&MORE_LOCATIONS);
    let made = locations().map(|(code, postal)| company::location(code, postal, Some(ROOM)));
    let settings = Command::UpdateSourcingSettings(UpdateSourcingSettings {
        together_s: Some(together_s),
        ..UpdateSourcingSettings::default()
    });
    let skus = (0..SKUS).map(|n| company::sku(sku_code(n)));
    submit(target, std::iter::once(company::channel())).await?;
    submit(target, made.chain([settings])).await?;
    submit(target, skus).await?;
    let stock = (0..SKUS).flat_map(|n| {
        locations()
            .enumerate()
            .map(move |(at, (location, _))| company::receive(sku_code(n), location, units(n, at)))
    });
    submit(target, stock).await?;
    company::give_rates(&target.engine, target.organization).await
}

/// Units of a SKU at a location: 12 on average, where 9 are ordered.
fn units(sku: usize, location: usize) -> i64 {
    let spread = ((sku * 10 + location) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    4 + ((spread >> 32) % 17) as i64
}

async fn capture(target: &Target) -> Result<(), String> {
    let mut commands = Vec::with_capacity(ORDERS);
    for n in 0..ORDERS {
        let input: Result<OrderInput, _> = serde_json::from_str(&company::order_body(n, "run"));
        let capture = input.map_err(|error| error.to_string())?.parse();
        let capture = capture.map_err(|rejection| rejection.detail)?;
        commands.push(Command::CaptureOrder(Box::new(capture)));
    }
    submit(target, commands.into_iter()).await
}

async fn submit(target: &Target, commands: impl Iterator<Item = Command>) -> Result<(), String> {
    let given = commands
        .map(|command| (target.engine).submit(target.organization, company::request(command)));
    let mut replies = stream::iter(given).buffered(IN_FLIGHT);
    while let Some(reply) = replies.next().await {
        let reply = reply.map_err(|error| error.to_string())?;
        if reply.status >= 300 {
            return Err(format!("{} was refused: {}", reply.status, reply.template));
        }
    }
    Ok(())
}

/// What all fulfillment orders add up to, counted one by one.
#[derive(Default)]
struct Assigned {
    shipments: usize,
    units: i64,
    /// Minor units that carriers ask.
    carriage: i64,
    /// Shipments for a day after the first.
    later_days: usize,
    faults: Vec<String>,
}

impl Assigned {
    /// Adds up, and looks whether stock and room were kept: by these sums, and by the log.
    async fn look(target: &Target) -> Result<Self, String> {
        let backend = target.engine.backend();
        let mut assigned = Self::default();
        let mut rooms: BTreeMap<(LocationId, Option<Date>), i64> = BTreeMap::new();
        let mut taken: BTreeMap<(LocationId, SkuId), i64> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = backend
                .list_records(
                    target.organization,
                    RecordKind::FulfillmentOrder,
                    after,
                    PAGE,
                )
                .await
                .map_err(|error| error.to_string())?;
            for (_, record) in &page.items {
                let work: FulfillmentOrder =
                    serde_json::from_str(&record.body).map_err(|error| error.to_string())?;
                assigned.shipments += 1;
                let carriage = work.carriage.as_ref();
                assigned.carriage += carriage.map_or(0, |carriage| carriage.price.get());
                *rooms.entry((work.location, work.work_day)).or_default() += 1;
                for line in &work.lines {
                    assigned.units += line.quantity.get();
                    *taken.entry((work.location, line.sku)).or_default() += line.quantity.get();
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let first = rooms.keys().filter_map(|(_, day)| *day).min();
        for ((location, day), used) in &rooms {
            if *day != first {
                assigned.later_days += *used as usize;
            }
            if *used > ROOM {
                let fault = format!("{location} ships {used} on {day:?}");
                assigned.faults.push(fault);
            }
        }
        assigned.no_more_than_there_is(target, &taken).await?;
        let report = check(&**backend, target.organization, target.engine.clock().now()).await;
        let report = report.map_err(|error| error.to_string())?;
        for (id, finding) in &report.findings {
            assigned
                .faults
                .extend((finding.violations.iter()).map(|violation| format!("{id}: {violation}")));
        }
        Ok(assigned)
    }

    /// Nothing has been shipped, so what is on hand is what was received.
    async fn no_more_than_there_is(
        &mut self,
        target: &Target,
        taken: &BTreeMap<(LocationId, SkuId), i64>,
    ) -> Result<(), String> {
        let backend = target.engine.backend();
        let mut after = None;
        loop {
            let page = backend
                .list_stock(target.organization, None, after, PAGE)
                .await
                .map_err(|error| error.to_string())?;
            for row in &page.items {
                let taken = taken.get(&(row.key.location, row.key.sku));
                let taken = taken.copied().unwrap_or(0);
                if taken > row.cell.on_hand.get() {
                    let fault = format!("{taken} of {:?} are taken", row.key);
                    self.faults.push(fault);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
