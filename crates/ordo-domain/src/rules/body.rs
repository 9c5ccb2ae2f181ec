//! What a version of a rule set says: steps in order, and what becomes of what none of them places.
//!
//! Rules enter sourcing in three ways only, so that plans stay optimal and can be explained: what may
//! not be (filters and limits), what costs or earns money (terms), and what counts before money
//! (tiers, limits on splitting). These types are also their own form on the wire and in the store.

use serde::{Deserialize, Serialize};

use crate::money::{Currency, Minor, Money};
use crate::rules::expr::{Condition, LocationNumber, OfLine, OfLocation, OfOrder};

/// Sourcing rules as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Asked in this order, each for what those before it have left: 1 to 20.
    pub steps: Vec<Step>,
    /// What becomes of units that no step places.
    #[serde(default)]
    pub otherwise: Otherwise,
}

/// One try at placing what is left of an order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name, unique among the steps.
    pub name: String,
    /// A condition on the order; the step is skipped where it is false. Always where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "order.channel_kind == 'b2b'"))]
    pub when: Option<Condition<OfOrder>>,
    /// Which locations may ship: at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// The farthest that a location may be, in meters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_distance_m: Option<i64>,
    /// Units of each SKU that stay at each location, beside its safety stock.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub keep_stock: i64,
    /// Shipments that a location gets per local day, where its own limit is not smaller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_orders_per_day: Option<i64>,
    /// What costs or earns money: at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<Term>,
    /// What counts before money, most important first: at most 6, with `unfilled_units`, which is the
    /// first where it is not named. Where there are none, cost decides; without rates the number of
    /// shipments, then distance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// How far the order may be split.
    #[serde(default, skip_serializing_if = "Split::is_free")]
    pub split: Split,
    /// Whether a plan counts that leaves units unplaced.
    #[serde(default)]
    pub take: Take,
    /// What becomes of what the step leaves; the next step's turn where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Otherwise>,
}

/// Keeps locations out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Its name, which explanations show.
    pub name: String,
    /// A condition on the location: only those of which it is true may ship. Either this or `drop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "location.country == order.country"))]
    pub keep: Option<Condition<OfLocation>>,
    /// A condition on the location: those of which it is true may not ship.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "location.kind == 'store'"))]
    pub drop: Option<Condition<OfLocation>>,
    /// A condition on the line: the filter is about such lines only. All lines where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "'hazmat' in line.tags"))]
    pub lines: Option<Condition<OfLine>>,
}

/// What a location costs or earns beside its own price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Its name.
    pub name: String,
    /// A condition on the location; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "location.kind == 'store'"))]
    pub at: Option<Condition<OfLocation>>,
    /// A condition on the line; all where absent. Only with `per` `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "line.unit_price > 10000"))]
    pub lines: Option<Condition<OfLine>>,
    /// Minor units of the currency. Below 0 it is a bonus, which never makes anything cost less than
    /// nothing: shipping, handling of a unit and lateness are at least 0 with it.
    #[cfg_attr(feature = "openapi", schema(value_type = i64, minimum = -100_000_000, maximum = 100_000_000))]
    pub amount: Minor,
    /// It counts for orders in this currency.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "EUR"))]
    pub currency: Currency,
    /// What it is counted by.
    pub per: Per,
}

/// What a term is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Each shipment.
    Shipment,
    /// Each line of a shipment.
    Line,
    /// Each unit.
    Unit,
    /// Each day after the promised one.
    LateDay,
}

/// What is minimized before money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Units that nobody ships.
    UnfilledUnits,
    /// The number of shipments.
    Shipments,
    /// Meters to the buyer, summed over the shipments.
    Distance,
    /// Shipments from another country than the buyer's.
    OutOfMarket,
    /// The priorities of the locations that ship, summed.
    Priority,
    /// Places in this list of locations' codes, from 0, summed; those that are not in it come last.
    Ranked(Vec<String>),
    /// A whole number of the location, at least 0 and at most a billion, summed over the shipments.
    Number(#[cfg_attr(feature = "openapi", schema(inline))] LocationNumber),
    /// Each unit comes from the first location in this rank that has it, however often that splits.
    UnitRank(Rank),
}

/// In which order locations are asked for each unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// The nearest first.
    Distance,
    /// The smallest priority first.
    Priority,
    /// In the order of this list of locations' codes; those that are not in it come last.
    Ranked(Vec<String>),
    /// The one first that has most on offer of what is asked, all lines together: what the step keeps
    /// there is not on offer, nor what it may not ship.
    MostAvailable,
    /// The smallest number first, at least 0 and at most a billion.
    Number(#[cfg_attr(feature = "openapi", schema(inline))] LocationNumber),
}

/// How far an order may be split.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The most shipments of this step; any number where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_shipments: Option<u32>,
    /// A line leaves whole from one location or not at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_lines: bool,
    /// Everything leaves from one location, or nothing does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_order: bool,
    /// What the goods of each shipment are worth at least, where there is more than one: the unit
    /// prices of its units. It counts for orders in its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_value: Option<Money>,
}

/// Whether a plan counts that leaves units unplaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// It does: what is left is for the next step.
    #[default]
    WhatItCan,
    /// It does not: the step takes all that is left, or nothing.
    AllOrNothing,
}

/// What becomes of units that no location gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// Backordered as far as the SKU's policy allows, else held as oversold.
    #[default]
    Default,
    /// They wait, and are tried again when stock comes, and after so many minutes.
    Queue {
        /// 1 to 10,080 (a week).
        retry_minutes: u32,
    },
    /// Backordered, whatever the SKU's policy says.
    Backorder,
    /// Canceled.
    CancelLine,
    /// Held until a person has looked.
    AskPerson,
}

impl Split {
    /// Whether it may be split in any way.
    #[must_use]
    pub fn is_free(&self) -> bool {
        *self == Self::default()
    }
}

impl Rules {
    /// The step at this place, counted from 0.
    #[must_use]
    pub fn step(&self, index: u32) -> Option<&Step> {
        self.steps.get(index as usize)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_zero(value: &i64) -> bool {
    *value == 0
}
