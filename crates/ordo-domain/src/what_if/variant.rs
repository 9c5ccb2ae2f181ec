//! What is to be different from today's setup.

use crate::network::{CreateLocation, Handling};
use crate::quantity::Quantity;
use crate::rate::RateTableDraft;
use crate::rules::Rules;
use crate::sourcing::{Penalties, PromiseKind};
use crate::what_if::Assortment;

/// A setup, as its differences from the one in force. The default is today's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variant {
    /// What it is called in the report.
    pub name: String,
    /// Sources nothing: every order ships from where it did, and only what that costs is reckoned.
    pub as_happened: bool,
    /// Which locations take part, and what they can do.
    pub locations: VariantLocations,
    /// The code of a location that has everything, without limit.
    pub default_location: Option<String>,
    /// What there is to be shipped.
    pub stock: StockWish,
    /// Units of every counted cell that are never offered; `None` for as it is.
    pub safety: Option<Quantity>,
    /// Other prices of carriage.
    pub rates: Rates,
    /// Which sourcing rules count.
    pub rules: RulesWish,
    /// How binding a promised day is.
    pub promise: Option<PromiseKind>,
    /// Grams of a unit whose weight nobody has entered.
    pub default_weight_g: Option<i64>,
    /// Penalties in these currencies, in place of today's.
    pub penalties: Vec<Penalties>,
}

/// Which locations take part, by their codes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VariantLocations {
    /// Only these, also of those in `add`; `None` for all that take new work.
    pub only: Option<Vec<String>>,
    /// These as well, whatever their state.
    pub on: Vec<String>,
    /// Not these.
    pub off: Vec<String>,
    /// Locations that do not exist.
    pub add: Vec<Hypothetical>,
    /// What is different at locations that do.
    pub change: Vec<LocationWish>,
}

/// A location that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hypothetical {
    /// The location, as it would be made.
    pub location: CreateLocation,
    /// What its work costs.
    pub handling: Option<Handling>,
    /// What it would have, without limit.
    pub assortment: Assortment,
}

/// What is different at a location.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocationWish {
    /// Its code.
    pub code: String,
    /// Shipments per local day: `Some(None)` for no limit.
    pub daily_capacity: Option<Option<i64>>,
    /// What its work costs.
    pub handling: Option<Handling>,
    /// What it would have, without limit, in place of its stock.
    pub assortment: Option<Assortment>,
}

/// What there is to be shipped where nothing is assumed of a location.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StockWish {
    /// What is there now, used up by the orders one after another.
    #[default]
    Now,
    /// What is there now, with all put back that orders took which were placed since the first one
    /// of the period: about what there was before it, and what came in since.
    PutBack,
    /// As much as is wanted of every SKU that a location has, or ever had.
    Unlimited,
    /// What is there now, but for these cells.
    Counts(Vec<UnitsAt>),
}

/// Units of a SKU at a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitsAt {
    /// The SKU's code.
    pub sku: String,
    /// The location's code.
    pub location: String,
    /// How many are on hand, none of them promised.
    pub quantity: Quantity,
}

/// Which sourcing rules count, for the whole period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RulesWish {
    /// Those that count today.
    #[default]
    AsTheyAre,
    /// None.
    None,
    /// Those that count today, but for these sets.
    Versions(Vec<RulesNamed>),
    /// These for all orders, in the place of all rule sets.
    Only(Box<Rules>),
}

/// What a rule set is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesNamed {
    /// The set's code.
    pub set: String,
    /// What it says.
    pub says: RulesSaid,
}

/// Rules, by name or as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RulesSaid {
    /// Those of the set's version with this number, which may be a draft.
    Version(u32),
    /// These, which are nowhere yet.
    Rules(Box<Rules>),
}

/// Other prices of carriage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rates {
    /// Whether today's tables are left out.
    pub replaces: bool,
    /// Tables beside today's, or in the place of those with their codes.
    pub tables: Vec<RatesAssumed>,
}

/// A table that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatesAssumed {
    /// The table. It counts for the whole period.
    pub table: RateTableDraft,
    /// How long each zone really takes, in thousandths of a day; empty where the whole days of the
    /// zones are all that is known. Reports reckon by it, promises never do.
    pub usual_millidays: Vec<i64>,
}

impl Variant {
    /// Everything from one location, in one shipment.
    #[must_use]
    pub fn everything_from(code: &str) -> Self {
        Self {
            name: format!("everything from {code}"),
            locations: VariantLocations {
                only: Some(vec![code.to_owned()]),
                ..VariantLocations::default()
            },
            default_location: Some(code.to_owned()),
            ..Self::default()
        }
    }

    /// The same with what is only assumed of locations and carriage taken over from `other`, so that
    /// the two differ in nothing else.
    #[must_use]
    pub fn assuming(mut self, other: &Self) -> Self {
        self.locations.add.clone_from(&other.locations.add);
        self.locations.change.clone_from(&other.locations.change);
        self.rates.clone_from(&other.rates);
        self.promise = other.promise;
        self.default_weight_g = other.default_weight_g;
        self.penalties.clone_from(&other.penalties);
        self
    }
}
