//! Two runs side by side, and what must be said about them in words.

use crate::money::Currency;
use crate::what_if::Tally;
use crate::what_if::tally::share;

/// What a run came to, less what another did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Costs, by currency.
    pub money: Vec<MoneyDifference>,
    /// Shipments.
    pub shipments: i64,
    /// Orders with more than one shipment.
    pub split_orders: i64,
    /// Points of the share of orders with more than one shipment, in millionths.
    pub split_ppm: i64,
    /// Orders that do not arrive by their promise.
    pub late_orders: i64,
    /// Points of the share of promises that are kept, in millionths.
    pub on_time_ppm: Option<i64>,
    /// Thousandths of a day from placing to the last arrival, on average.
    pub door_millidays: Option<i64>,
    /// Units that nobody ships.
    pub unfilled_units: i64,
    /// Points of the share of units that are shipped, in millionths.
    pub fill_ppm: i64,
    /// Meters from locations to buyers.
    pub distance_m: i64,
}

/// How costs in a currency differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyDifference {
    /// The currency.
    pub currency: Currency,
    /// Minor units of carriage.
    pub freight: i64,
    /// The same in millionths of what it was; `None` where it was nothing.
    pub freight_ppm: Option<i64>,
    /// Minor units of everything.
    pub total: i64,
    /// The same in millionths of what it was; `None` where it was nothing.
    pub total_ppm: Option<i64>,
}

/// What nobody should have to find in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It costs more than another setup that ships as much.
    CostsMore {
        /// What the other one is called.
        than: String,
        /// The currency.
        currency: Currency,
        /// Minor units.
        by: i64,
        /// Millionths of what the other one costs; `None` where that is nothing.
        by_ppm: Option<i64>,
    },
    /// It ships fewer units, so that costs cannot be set side by side.
    ShipsLess {
        /// What the other one is called.
        than: String,
        /// How many units fewer.
        units: i64,
    },
    /// A location has more shipments on its fullest day than it can do.
    OverCapacity {
        /// Its code.
        location: String,
        /// Shipments on that day.
        shipments: i64,
        /// What it can do.
        capacity: i64,
    },
    /// No rates are known, so nothing is said of costs and days.
    NoRates,
}

impl Difference {
    /// What `to` came to, less what `from` did.
    #[must_use]
    pub fn between(from: &Tally, to: &Tally) -> Self {
        let (before, after) = (from.money(), to.money());
        let money = after.iter().filter_map(|after| {
            let before = before.iter().find(|sum| sum.currency == after.currency)?;
            let (freight, total) = (after.freight - before.freight, after.total - before.total);
            Some(MoneyDifference {
                currency: after.currency,
                freight,
                freight_ppm: share(freight, before.freight),
                total,
                total_ppm: share(total, before.total),
            })
        });
        let less = |to: Option<i64>, from: Option<i64>| Some(to? - from?);
        Self {
            money: money.collect(),
            shipments: to.shipments - from.shipments,
            split_orders: to.split_orders - from.split_orders,
            split_ppm: to.split_ppm() - from.split_ppm(),
            late_orders: to.late_orders() - from.late_orders(),
            on_time_ppm: less(to.on_time_ppm(), from.on_time_ppm()),
            door_millidays: less(to.mean_door_millidays(), from.mean_door_millidays()),
            unfilled_units: to.unfilled_units - from.unfilled_units,
            fill_ppm: to.fill_ppm() - from.fill_ppm(),
            distance_m: to.distance_m - from.distance_m,
        }
    }
}

/// What must be said of `run` beside each of `others`.
#[must_use]
pub fn findings(run: &Tally, others: &[&Tally]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for other in others {
        let difference = Difference::between(other, run);
        if difference.unfilled_units > 0 {
            findings.push(Finding::ShipsLess {
                than: other.name.clone(),
                units: difference.unfilled_units,
            });
        }
        // One that ships more may well cost more.
        for money in difference
            .money
            .iter()
            .filter(|_| difference.unfilled_units >= 0)
        {
            if money.total > 0 {
                findings.push(Finding::CostsMore {
                    than: other.name.clone(),
                    currency: money.currency,
                    by: money.total,
                    by_ppm: money.total_ppm,
                });
            }
        }
    }
    for load in run.loads() {
        if let Some(capacity) = load
            .daily_capacity
            .filter(|most| load.peak_shipments > *most)
        {
            findings.push(Finding::OverCapacity {
                location: load.code,
                shipments: load.peak_shipments,
                capacity,
            });
        }
    }
    if run.shipments > 0 && run.mix().is_empty() {
        findings.push(Finding::NoRates);
    }
    findings
}
