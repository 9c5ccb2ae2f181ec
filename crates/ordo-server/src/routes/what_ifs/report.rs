//! The answer form of a what-if: sums of every setup, their differences, and what they mean in words.

use ordo_domain::money::Currency;
use ordo_domain::time::Date;
use ordo_domain::what_if::{Difference, LeftOut, Load, Mix, MoneyDifference, MoneySum, Tally};
use ordo_engine::what_if::{Compared, Side, WhatIfReport};
use serde::Serialize;
use utoipa::ToSchema;

use super::told::ChangedAnswer;
use super::words;
use crate::wire::Instant;

/// What a what-if came to.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfReport)]
pub struct WhatIfReportAnswer {
    /// Orders that were replayed.
    orders: i64,
    /// When the first of them was placed.
    first_placed_at: Option<Instant>,
    /// When the last of them was placed.
    last_placed_at: Option<Instant>,
    /// Orders of the period that were not replayed.
    left_out: LeftOutAnswer,
    /// What the variants are held against.
    baseline: SideAnswer,
    /// Everything from one location in one shipment; `null` where that is the baseline, or where
    /// nobody knows which location that would be.
    one_warehouse: Option<SideAnswer>,
    /// The variants, as they were asked for.
    variants: Vec<VariantAnswer>,
}

/// Orders that were not replayed, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfLeftOut)]
struct LeftOutAnswer {
    /// Nothing of them was to be shipped.
    nothing_to_ship: i64,
    /// The destination's coordinates, or a weight, are not known.
    unknown: i64,
    /// It is not known from where all of it shipped.
    not_shipped: i64,
}

/// A variant beside the baseline.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfCompared)]
struct VariantAnswer {
    /// What it came to.
    run: SideAnswer,
    /// That, less what the baseline came to.
    difference: DifferenceAnswer,
    /// What nobody should have to find in a table, a sentence each.
    findings: Vec<String>,
    /// How many orders are shipped otherwise.
    changed_orders: i64,
    /// Of them, those that gain most.
    savings: Vec<ChangedAnswer>,
    /// Of them, those that lose most.
    losses: Vec<ChangedAnswer>,
}

/// What a setup came to. Shares are in millionths, days in thousandths.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfRun)]
struct SideAnswer {
    /// What it is called.
    name: String,
    /// Orders.
    orders: i64,
    /// Units that they ask for.
    units: i64,
    /// Units that nobody ships.
    unfilled_units: i64,
    /// Orders of which something is not shipped.
    unfilled_orders: i64,
    /// Share of the units that is shipped.
    fill_ppm: i64,
    /// Shipments.
    shipments: i64,
    /// Thousandths of a shipment per order.
    shipments_per_order_milli: i64,
    /// Orders with more than one shipment.
    split_orders: i64,
    /// Share of the orders with more than one shipment.
    split_ppm: i64,
    /// Orders with a promise of which it is known whether it is kept.
    promised_orders: i64,
    /// Those of them that do not arrive in time.
    late_orders: i64,
    /// Share of them that arrives in time; `null` without any.
    on_time_ppm: Option<i64>,
    /// Days from placing to the arrival of the last shipment, on average; `null` without rates.
    door_days_milli: Option<i64>,
    /// Meters from locations to buyers, over all shipments.
    distance_m: i64,
    /// Costs, by currency.
    costs: Vec<CostsAnswer>,
    /// What every location has to do, those with most shipments first.
    loads: Vec<LoadAnswer>,
    /// Shipments by service and zone.
    services: Vec<ServiceAnswer>,
}

/// Costs in minor units of one currency; the parts add up to the total.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfCosts)]
struct CostsAnswer {
    /// The currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// How many orders.
    orders: i64,
    /// What carriers ask.
    freight: i64,
    /// Work at the locations.
    handling: i64,
    /// Penalties for shipments after the first.
    split: i64,
    /// Penalties for lateness.
    late: i64,
    /// What locations' declining is expected to cost.
    decline: i64,
    /// Duties.
    duty: i64,
    /// Penalties for units that nobody ships.
    unfilled: i64,
    /// Terms of rules, and whatever else weighed in.
    other: i64,
    /// All of it.
    total: i64,
    /// All of it, per order.
    total_per_order: i64,
    /// What carriers ask, per order.
    freight_per_order: i64,
}

/// What a location has to do.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfLoad)]
struct LoadAnswer {
    /// The location's code.
    location: String,
    /// Whether it does not exist.
    hypothetical: bool,
    /// Shipments that leave it.
    shipments: i64,
    /// Units that leave it.
    units: i64,
    /// Its share of all shipments.
    share_ppm: i64,
    /// The local day with most shipments.
    #[schema(value_type = Option<String>, example = "2026-11-27")]
    peak_day: Option<Date>,
    /// Shipments of that day.
    peak_shipments: i64,
    /// The most shipments that it can do on a day; `null` for no limit.
    daily_capacity: Option<i64>,
}

/// Shipments by one service into one zone.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfService)]
struct ServiceAnswer {
    /// Who carries.
    carrier: String,
    /// Which product of theirs.
    service: String,
    /// The table's zone.
    zone: String,
    /// How many.
    shipments: i64,
}

/// What a variant came to, less what the baseline did. Shares are in points of a millionth.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfDifference)]
struct DifferenceAnswer {
    /// Costs, by currency.
    costs: Vec<CostDifferenceAnswer>,
    /// Shipments.
    shipments: i64,
    /// Orders with more than one shipment.
    split_orders: i64,
    /// The share of orders with more than one shipment.
    split_ppm: i64,
    /// Orders that do not arrive in time.
    late_orders: i64,
    /// The share of promises that are kept.
    on_time_ppm: Option<i64>,
    /// Thousandths of a day to the door, on average.
    door_days_milli: Option<i64>,
    /// Units that nobody ships.
    unfilled_units: i64,
    /// The share of units that is shipped.
    fill_ppm: i64,
    /// Meters from locations to buyers.
    distance_m: i64,
}

/// How costs in a currency differ.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfCostDifference)]
struct CostDifferenceAnswer {
    /// The currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// Minor units of carriage.
    freight: i64,
    /// The same in millionths of what it was; `null` where it was nothing.
    freight_ppm: Option<i64>,
    /// Minor units of everything.
    total: i64,
    /// The same in millionths of what it was; `null` where it was nothing.
    total_ppm: Option<i64>,
}

impl WhatIfReportAnswer {
    /// The report as it is shown.
    #[must_use]
    pub fn of(report: &WhatIfReport) -> Self {
        let left_out = |reason| report.left_out.get(&reason).copied().unwrap_or(0);
        Self {
            orders: report.baseline.tally.orders,
            first_placed_at: Instant::of(report.placed.map(|(first, _)| first)),
            last_placed_at: Instant::of(report.placed.map(|(_, last)| last)),
            left_out: LeftOutAnswer {
                nothing_to_ship: left_out(LeftOut::NothingToShip),
                unknown: left_out(LeftOut::Unknown),
                not_shipped: left_out(LeftOut::NotShipped),
            },
            baseline: SideAnswer::of(&report.baseline.tally),
            one_warehouse: (report.one_warehouse.as_ref()).map(|side| SideAnswer::of(&side.tally)),
            variants: (report.variants.iter())
                .map(|compared| VariantAnswer::of(&report.baseline, compared))
                .collect(),
        }
    }
}

impl WhatIfReportAnswer {
    /// Halves how many changed orders are told, of those that change least; answers whether there were
    /// any.
    pub(super) fn tell_fewer(&mut self) -> bool {
        let lists = (self.variants.iter_mut())
            .flat_map(|variant| [&mut variant.savings, &mut variant.losses]);
        let mut told_any = false;
        for list in lists {
            told_any |= !list.is_empty();
            list.truncate(list.len() / 2);
        }
        told_any
    }
}

impl VariantAnswer {
    fn of(baseline: &Side, compared: &Compared) -> Self {
        let changes = |changes: &[ordo_domain::what_if::Change]| {
            let told = changes.iter();
            told.map(|change| ChangedAnswer::of(baseline, &compared.side, change))
                .collect()
        };
        Self {
            run: SideAnswer::of(&compared.side.tally),
            difference: DifferenceAnswer::of(&compared.difference),
            findings: (compared.findings.iter())
                .map(|finding| words::finding(&compared.side.tally.name, finding))
                .collect(),
            changed_orders: compared.changes.orders,
            savings: changes(&compared.changes.savings),
            losses: changes(&compared.changes.losses),
        }
    }
}

impl SideAnswer {
    fn of(tally: &Tally) -> Self {
        Self {
            name: tally.name.clone(),
            orders: tally.orders,
            units: tally.units,
            unfilled_units: tally.unfilled_units,
            unfilled_orders: tally.unfilled_orders,
            fill_ppm: tally.fill_ppm(),
            shipments: tally.shipments,
            shipments_per_order_milli: tally.shipments_per_order_milli(),
            split_orders: tally.split_orders,
            split_ppm: tally.split_ppm(),
            promised_orders: tally.promised_orders,
            late_orders: tally.late_orders(),
            on_time_ppm: tally.on_time_ppm(),
            door_days_milli: tally.mean_door_millidays(),
            distance_m: tally.distance_m,
            costs: tally.money().iter().map(CostsAnswer::of).collect(),
            loads: (tally.loads().into_iter())
                .map(|load| LoadAnswer::of(load, tally.shipments))
                .collect(),
            services: tally.mix().into_iter().map(ServiceAnswer::of).collect(),
        }
    }
}

impl CostsAnswer {
    fn of(sum: &MoneySum) -> Self {
        let per_order = |all: i64| {
            (all + sum.orders / 2)
                .checked_div_euclid(sum.orders)
                .unwrap_or(0)
        };
        Self {
            currency: sum.currency,
            orders: sum.orders,
            freight: sum.freight,
            handling: sum.handling,
            split: sum.split,
            late: sum.late,
            decline: sum.decline,
            duty: sum.duty,
            unfilled: sum.unfilled,
            other: sum.other,
            total: sum.total,
            total_per_order: per_order(sum.total),
            freight_per_order: per_order(sum.freight),
        }
    }
}

impl LoadAnswer {
    fn of(load: Load, all: i64) -> Self {
        let share = i128::from(load.shipments) * 1_000_000;
        let share = share.checked_div(i128::from(all)).unwrap_or(0);
        Self {
            location: load.code,
            hypothetical: load.is_hypothetical,
            shipments: load.shipments,
            units: load.units,
            share_ppm: i64::try_from(share).unwrap_or(0),
            peak_day: load.peak_day,
            peak_shipments: load.peak_shipments,
            daily_capacity: load.daily_capacity,
        }
    }
}

impl ServiceAnswer {
    fn of(mix: Mix) -> Self {
        Self {
            carrier: mix.carrier,
            service: mix.service,
            zone: mix.zone,
            shipments: mix.shipments,
        }
    }
}

impl DifferenceAnswer {
    fn of(difference: &Difference) -> Self {
        let costs = difference
            .money
            .iter()
            .map(|money: &MoneyDifference| CostDifferenceAnswer {
                currency: money.currency,
                freight: money.freight,
                freight_ppm: money.freight_ppm,
                total: money.total,
                total_ppm: money.total_ppm,
            });
        Self {
            costs: costs.collect(),
            shipments: difference.shipments,
            split_orders: difference.split_orders,
            split_ppm: difference.split_ppm,
            late_orders: difference.late_orders,
            on_time_ppm: difference.on_time_ppm,
            door_days_milli: difference.door_millidays,
            unfilled_units: difference.unfilled_units,
            fill_ppm: difference.fill_ppm,
            distance_m: difference.distance_m,
        }
    }
}
