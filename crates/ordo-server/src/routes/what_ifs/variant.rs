//! A what-if as it is asked for: which orders, and which setups.

use std::collections::BTreeSet;

use ordo_domain::Rejection;
use ordo_domain::order::FulfilledBy;
use ordo_domain::quantity::{QUANTITY_MAX, Quantity};
use ordo_domain::sourcing::PromiseKind;
use ordo_domain::what_if::{
    Assortment, Hypothetical, LocationWish, Rates, RatesAssumed, RulesNamed, RulesWish, Selection,
    StockWish, UnitsAt, Variant, VariantLocations,
};
use ordo_engine::what_if::{Named, WhatIf};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::reader::Reader;
use crate::body;
use crate::routes::locations::HandlingBody;
use crate::routes::locations::create::{LocationInput, check_capacity};
use crate::routes::rate_tables::create::RateTableInput;
use crate::routes::sourcing_settings::{PenaltiesBody, read_penalties};

/// Setups that are set side by side at once.
const VARIANTS_MAX: usize = 6;
/// Orders that are replayed where nobody says how many.
const ORDERS_USUAL: usize = 10_000;
/// Changed orders that are told where nobody says how many, and the most that are told.
const TOLD_USUAL: usize = 20;
const TOLD_MAX: usize = 200;
/// More locations than any network is imagined with.
const LOCATIONS_MAX: usize = 200;
/// More counts than anybody types or uploads at once.
const COUNTS_MAX: usize = 20_000;
/// More SKUs than a list of an assortment needs.
const LISTED_MAX: usize = 50_000;
/// More tables than a variant needs.
const TABLES_MAX: usize = 50;
/// More rule sets than anybody keeps apart.
const SETS_MAX: usize = 100;
/// The longest that anything takes, in thousandths of a day.
const MILLIDAYS_MAX: i64 = 365_000;
/// The heaviest default: a full pallet.
const WEIGHT_G_MAX: i64 = 1_000_000;
/// Millionths in one.
const PPM: i64 = 1_000_000;
/// Both cores of the smallest machine.
const THREADS: usize = 2;

/// A what-if to be answered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WhatIfInput {
    /// Orders placed at or after.
    #[schema(example = "2026-10-01T00:00:00Z")]
    from: Option<String>,
    /// Orders placed before.
    #[schema(example = "2026-11-01T00:00:00Z")]
    until: Option<String>,
    /// The last so many of them; 10000 where absent.
    #[schema(minimum = 1, maximum = 50_000)]
    orders: Option<i64>,
    /// Whose lines are sourced; `us` where absent.
    fulfilled_by: Option<Vec<FulfilledBy>>,
    /// Whether units count that were canceled later: the buyer wanted them.
    #[serde(default)]
    with_canceled: bool,
    /// Whether orders are left out of which the destination's coordinates or a weight is not known.
    #[serde(default)]
    known_only: bool,
    /// What the variants are held against; today's setup where absent.
    #[serde(default)]
    baseline: BaselineBody,
    /// The setups.
    #[schema(min_items = 1, max_items = 6)]
    variants: Vec<VariantBody>,
    /// The code of the location that everything could ship from, for comparison. Where absent, the
    /// default location, else the one with the most units.
    #[schema(max_length = 128)]
    one_warehouse: Option<String>,
    /// How many changed orders are told of each variant: of those that gain most, and of those that
    /// lose most. 20 where absent.
    #[schema(minimum = 0, maximum = 200)]
    changed: Option<i64>,
}

/// What variants are held against.
#[derive(Deserialize, ToSchema, Default)]
#[serde(rename_all = "snake_case")]
enum BaselineBody {
    /// Today's setup.
    #[default]
    AsConfigured,
    /// What was shipped from where it was shipped, at the prices of the setup. Only orders of which
    /// that is known count.
    AsHappened,
    /// Everything from the location with this code, in one shipment, with what the first variant
    /// assumes of locations and rates.
    EverythingFrom(String),
    /// Another variant.
    Variant(Box<VariantBody>),
}

/// A setup, as its differences from today's.
#[derive(Deserialize, ToSchema, Default)]
#[schema(as = WhatIfVariant)]
#[serde(deny_unknown_fields)]
struct VariantBody {
    /// What it is called in the report.
    #[schema(max_length = 128)]
    name: Option<String>,
    /// Which locations take part, and what they can do.
    #[serde(default)]
    locations: LocationsBody,
    /// The code of a location that has everything, without limit.
    #[schema(max_length = 128)]
    default_location: Option<String>,
    /// What there is to be shipped.
    #[serde(default)]
    stock: StockBody,
    /// Units of every counted cell that are never offered; as it is where absent.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    safety_stock: Option<i64>,
    /// Other prices of carriage.
    #[serde(default)]
    rates: RatesBody,
    /// Which sourcing rules count, for the whole period.
    #[serde(default)]
    rules: RulesBody,
    /// What else is weighed otherwise.
    #[serde(default)]
    settings: SettingsBody,
}

/// Which locations take part, by their codes.
#[derive(Deserialize, ToSchema, Default)]
#[schema(as = WhatIfLocations)]
#[serde(deny_unknown_fields)]
struct LocationsBody {
    /// Only these, also of those in `add`; all that take new work where absent.
    #[schema(max_items = 200)]
    only: Option<Vec<String>>,
    /// These as well, whatever their state.
    #[serde(default)]
    #[schema(max_items = 200)]
    on: Vec<String>,
    /// Not these.
    #[serde(default)]
    #[schema(max_items = 200)]
    off: Vec<String>,
    /// Locations that do not exist.
    #[serde(default)]
    #[schema(max_items = 200)]
    add: Vec<HypotheticalBody>,
    /// What is different at locations that do.
    #[serde(default)]
    #[schema(max_items = 200)]
    change: Vec<LocationWishBody>,
}

/// A location that does not exist.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfNewLocation)]
#[serde(deny_unknown_fields)]
struct HypotheticalBody {
    /// The location, as it would be made.
    location: LocationInput,
    /// What its work costs; nothing where absent.
    handling: Option<HandlingBody>,
    /// What it would have, without limit.
    assortment: AssortmentBody,
}

/// What is different at a location.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfLocation)]
#[serde(deny_unknown_fields)]
struct LocationWishBody {
    /// Its code.
    code: String,
    /// Shipments per local day; `null` for no limit, as it is where absent.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 10_000_000)]
    daily_capacity: Option<Option<i64>>,
    /// What its work costs; as it is where absent.
    handling: Option<HandlingBody>,
    /// What it would have, without limit, in place of its stock; its stock where absent.
    assortment: Option<AssortmentBody>,
}

/// Which of the SKUs that the orders ask for a location has.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfAssortment)]
#[serde(rename_all = "snake_case")]
enum AssortmentBody {
    /// All.
    All,
    /// Each with the same chance, and by itself.
    Share(ShareBody),
    /// Those that the orders ask most units of.
    Top(TopBody),
    /// Those with these codes.
    Skus(Vec<String>),
}

/// A share by chance.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfShare)]
#[serde(deny_unknown_fields)]
struct ShareBody {
    /// The chance in millionths.
    #[schema(minimum = 0, maximum = 1_000_000)]
    ppm: i64,
    /// Another seed chooses others.
    #[serde(default)]
    seed: u64,
}

/// A share by rank.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfTop)]
#[serde(deny_unknown_fields)]
struct TopBody {
    /// How many of the SKUs, in millionths.
    #[schema(minimum = 0, maximum = 1_000_000)]
    ppm: i64,
}

/// What there is to be shipped where nothing is assumed of a location.
#[derive(Deserialize, ToSchema, Default)]
#[schema(as = WhatIfStock)]
#[serde(rename_all = "snake_case")]
enum StockBody {
    /// What is there now, used up by the orders one after another.
    #[default]
    Now,
    /// As much as is wanted of every SKU that a location has, or ever had.
    Unlimited,
    /// What is there now, but for these cells.
    Counts(Vec<CountBody>),
}

/// Units of a SKU at a location.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfCount)]
#[serde(deny_unknown_fields)]
struct CountBody {
    /// The SKU's code.
    sku: String,
    /// The location's code.
    location: String,
    /// How many are on hand, none of them promised.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    quantity: i64,
}

/// Other prices of carriage.
#[derive(Deserialize, ToSchema, Default)]
#[schema(as = WhatIfRates)]
#[serde(deny_unknown_fields)]
struct RatesBody {
    /// Whether today's tables are left out.
    #[serde(default)]
    replace: bool,
    /// Tables beside today's, or in the place of those with their codes.
    #[serde(default)]
    #[schema(max_items = 50)]
    tables: Vec<TableBody>,
}

/// A table that does not exist.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfRateTable)]
#[serde(deny_unknown_fields)]
struct TableBody {
    /// The table, as it would be made. It counts for the whole period.
    table: RateTableInput,
    /// How long each zone really takes, in thousandths of a day: reports reckon by it, promises by
    /// the whole days of the zones.
    #[serde(default)]
    usual_millidays: Vec<i64>,
}

/// Which sourcing rules count.
#[derive(Deserialize, ToSchema, Default)]
#[schema(as = WhatIfRules)]
#[serde(rename_all = "snake_case")]
enum RulesBody {
    /// Those that count today.
    #[default]
    AsTheyAre,
    /// None.
    None,
    /// Those that count today, but for these sets.
    Versions(Vec<RulesNamedBody>),
}

/// A version of a rule set, which may be a draft.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfRuleVersion)]
#[serde(deny_unknown_fields)]
struct RulesNamedBody {
    /// The set's code.
    set: String,
    /// The version's number.
    version: u32,
}

/// What is weighed otherwise; as it is where absent.
#[derive(Deserialize, ToSchema, Default)]
#[schema(as = WhatIfSettings)]
#[serde(deny_unknown_fields)]
struct SettingsBody {
    /// How binding a promised day is.
    promise: Option<PromiseKind>,
    /// Grams of a unit whose weight nobody has entered.
    #[schema(minimum = 1, maximum = 1_000_000)]
    default_weight_g: Option<i64>,
    /// Penalties in these currencies, in place of today's.
    #[serde(default)]
    #[schema(max_items = 200)]
    penalties: Vec<PenaltiesBody>,
}

/// Tells a field that is `null` from one that is absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Reads a what-if of at most `orders_max` orders.
///
/// # Errors
/// It is not JSON, or not of this form; every refused field is named.
pub fn what_if_of_body(body: &[u8], orders_max: usize) -> Result<WhatIf, Rejection> {
    body::parse::<WhatIfInput>(body)?.parse(orders_max)
}

impl WhatIfInput {
    fn parse(self, orders_max: usize) -> Result<WhatIf, Rejection> {
        let mut reader = Reader::default();
        let from = reader.check.optional_instant("/from", self.from.as_ref());
        let until = (reader.check).optional_instant("/until", self.until.as_ref());
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            reader.check.refuse("/until", "must be after from");
        }
        let most = orders_max as i64;
        let orders = self.orders.unwrap_or(ORDERS_USUAL.min(orders_max) as i64);
        reader.range("/orders", orders, 1, most);
        let told = self.changed.unwrap_or(TOLD_USUAL as i64);
        reader.range("/changed", told, 0, TOLD_MAX as i64);
        if !(1..=VARIANTS_MAX).contains(&self.variants.len()) {
            let message = format!("must hold from 1 to {VARIANTS_MAX}");
            reader.check.refuse("/variants", message);
        }
        let one_warehouse = self
            .one_warehouse
            .map(|code| reader.check.code("/one_warehouse", &code));
        let variants: Vec<Variant> = (self.variants.into_iter().take(VARIANTS_MAX).enumerate())
            .map(|(index, variant)| {
                let usual = format!("variant {}", index + 1);
                variant.read(&mut reader, &format!("/variants/{index}"), &usual)
            })
            .collect();
        let baseline_field = match &self.baseline {
            BaselineBody::EverythingFrom(_) => Named::At("/baseline/everything_from"),
            BaselineBody::AsConfigured | BaselineBody::AsHappened | BaselineBody::Variant(_) => {
                Named::Below("/baseline/variant")
            }
        };
        let baseline = match self.baseline {
            BaselineBody::AsConfigured => Variant {
                name: "as configured".to_owned(),
                ..Variant::default()
            },
            BaselineBody::AsHappened => Variant {
                name: "as happened".to_owned(),
                as_happened: true,
                ..Variant::default()
            },
            BaselineBody::EverythingFrom(code) => {
                let code = reader.check.code("/baseline/everything_from", &code);
                let everything = Variant::everything_from(&code);
                match variants.first() {
                    Some(first) => everything.assuming(first),
                    None => everything,
                }
            }
            BaselineBody::Variant(variant) => {
                variant.read(&mut reader, "/baseline/variant", "baseline")
            }
        };
        let fulfilled_by = self.fulfilled_by.unwrap_or_else(|| vec![FulfilledBy::Us]);
        reader.finish(WhatIf {
            selection: Selection {
                from,
                until,
                most: usize::try_from(orders).unwrap_or(0),
                fulfilled_by,
                with_canceled: self.with_canceled,
                with_unknown: !self.known_only,
            },
            baseline,
            baseline_field,
            variants,
            one_warehouse,
            told_most: usize::try_from(told).unwrap_or(0),
            threads: THREADS,
        })
    }
}

impl VariantBody {
    fn read(self, reader: &mut Reader, at: &str, usual: &str) -> Variant {
        let name = self.name.as_ref();
        let name = (reader.check).optional_text(&format!("{at}/name"), name, 128);
        let default_location = self.default_location.map(|code| {
            let field = format!("{at}/default_location");
            reader.check.code(&field, &code)
        });
        if let Some(units) = self.safety_stock {
            reader.range(&format!("{at}/safety_stock"), units, 0, QUANTITY_MAX);
        }
        let settings = self.settings;
        if let Some(weight_g) = settings.default_weight_g {
            let field = format!("{at}/settings/default_weight_g");
            reader.range(&field, weight_g, 1, WEIGHT_G_MAX);
        }
        let place = format!("{at}/settings");
        let penalties = reader.below(&place, |check| read_penalties(check, &settings.penalties));
        Variant {
            name: name.unwrap_or_else(|| usual.to_owned()),
            as_happened: false,
            locations: self.locations.read(reader, &format!("{at}/locations")),
            default_location,
            stock: self.stock.read(reader, &format!("{at}/stock")),
            safety: self.safety_stock.map(Quantity::stored),
            rates: self.rates.read(reader, &format!("{at}/rates")),
            rules: self.rules.read(reader, &format!("{at}/rules")),
            promise: settings.promise,
            default_weight_g: settings.default_weight_g,
            penalties,
        }
    }
}

impl LocationsBody {
    fn read(self, reader: &mut Reader, at: &str) -> VariantLocations {
        reader.most(&format!("{at}/add"), self.add.len(), LOCATIONS_MAX);
        reader.most(&format!("{at}/change"), self.change.len(), LOCATIONS_MAX);
        let mut codes = |codes: Vec<String>, name: &str| {
            reader.most(&format!("{at}/{name}"), codes.len(), LOCATIONS_MAX);
            codes
        };
        let only = self.only.map(|only| codes(only, "only"));
        let on = codes(self.on, "on");
        let off = codes(self.off, "off");
        let add = (self.add.into_iter().take(LOCATIONS_MAX).enumerate())
            .filter_map(|(index, new)| new.read(reader, &format!("{at}/add/{index}")));
        let add = add.collect();
        let change = (self.change.into_iter().take(LOCATIONS_MAX).enumerate())
            .map(|(index, wish)| wish.read(reader, &format!("{at}/change/{index}")));
        VariantLocations {
            only,
            on,
            off,
            add,
            change: change.collect(),
        }
    }
}

impl HypotheticalBody {
    fn read(self, reader: &mut Reader, at: &str) -> Option<Hypothetical> {
        let handling = self.handling;
        let handling = reader.below(at, |check| handling.and_then(|said| said.read(check)));
        let assortment = self.assortment.read(reader, &format!("{at}/assortment"));
        let location = reader.parsed(&format!("{at}/location"), self.location.parse())?;
        Some(Hypothetical {
            location,
            handling,
            assortment,
        })
    }
}

impl LocationWishBody {
    fn read(self, reader: &mut Reader, at: &str) -> LocationWish {
        let handling = self.handling;
        let handling = reader.below(at, |check| {
            check_capacity(check, self.daily_capacity.flatten());
            handling.and_then(|said| said.read(check))
        });
        LocationWish {
            code: reader.check.code(&format!("{at}/code"), &self.code),
            daily_capacity: self.daily_capacity,
            handling,
            assortment: (self.assortment)
                .map(|assortment| assortment.read(reader, &format!("{at}/assortment"))),
        }
    }
}

impl AssortmentBody {
    fn read(self, reader: &mut Reader, at: &str) -> Assortment {
        match self {
            Self::All => Assortment::All,
            Self::Share(ShareBody { ppm, seed }) => {
                reader.range(&format!("{at}/share/ppm"), ppm, 0, PPM);
                Assortment::Share { ppm, seed }
            }
            Self::Top(TopBody { ppm }) => {
                reader.range(&format!("{at}/top/ppm"), ppm, 0, PPM);
                Assortment::Top { ppm }
            }
            Self::Skus(codes) => {
                reader.most(&format!("{at}/skus"), codes.len(), LISTED_MAX);
                Assortment::Listed(codes.into_iter().collect::<BTreeSet<String>>())
            }
        }
    }
}

impl StockBody {
    fn read(self, reader: &mut Reader, at: &str) -> StockWish {
        match self {
            Self::Now => StockWish::Now,
            Self::Unlimited => StockWish::Unlimited,
            Self::Counts(counts) => {
                reader.most(&format!("{at}/counts"), counts.len(), COUNTS_MAX);
                let counts = counts.into_iter().take(COUNTS_MAX).enumerate();
                let units = counts.map(|(index, count)| {
                    let field = format!("{at}/counts/{index}/quantity");
                    reader.range(&field, count.quantity, 0, QUANTITY_MAX);
                    UnitsAt {
                        sku: count.sku,
                        location: count.location,
                        quantity: Quantity::stored(count.quantity),
                    }
                });
                StockWish::Counts(units.collect())
            }
        }
    }
}

impl RulesBody {
    fn read(self, reader: &mut Reader, at: &str) -> RulesWish {
        match self {
            Self::AsTheyAre => RulesWish::AsTheyAre,
            Self::None => RulesWish::None,
            Self::Versions(named) => {
                reader.most(&format!("{at}/versions"), named.len(), SETS_MAX);
                let named = named.into_iter().map(|named| RulesNamed {
                    set: named.set,
                    version: named.version,
                });
                RulesWish::Versions(named.collect())
            }
        }
    }
}

impl RatesBody {
    fn read(self, reader: &mut Reader, at: &str) -> Rates {
        reader.most(&format!("{at}/tables"), self.tables.len(), TABLES_MAX);
        let tables = self.tables.into_iter().take(TABLES_MAX).enumerate();
        let tables = tables.filter_map(|(index, assumed)| {
            let place = format!("{at}/tables/{index}");
            for (zone, millidays) in assumed.usual_millidays.iter().enumerate() {
                let field = format!("{place}/usual_millidays/{zone}");
                reader.range(&field, *millidays, 0, MILLIDAYS_MAX);
            }
            let made = reader.parsed(&format!("{place}/table"), assumed.table.parse())?;
            Some(RatesAssumed {
                table: *made.table,
                usual_millidays: assumed.usual_millidays,
            })
        });
        Rates {
            tables: tables.collect(),
            replaces: self.replace,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> Vec<String> {
        let rejection = what_if_of_body(body.as_bytes(), 100).err();
        let fields = rejection
            .map(|rejection| rejection.fields)
            .unwrap_or_default();
        fields.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn every_refused_field_is_named() {
        let place = r#""code":"R","kind":"warehouse","country":"BR""#;
        for (body, field) in [
            (r#"{"variants":[]}"#.to_owned(), "/variants"),
            (r#"{"variants":[{}],"orders":0}"#.to_owned(), "/orders"),
            (r#"{"variants":[{}],"orders":101}"#.to_owned(), "/orders"),
            (r#"{"variants":[{}],"from":"soon"}"#.to_owned(), "/from"),
            (r#"{"variants":[{"stok":"now"}]}"#.to_owned(), "/variants/0/stok"),
            (r#"{"variants":[{"safety_stock":-1}]}"#.to_owned(), "/variants/0/safety_stock"),
            (
                format!(r#"{{"variants":[{{"locations":{{"add":[{{"location":{{{place},"time_zone":"X"}},"assortment":"all"}}]}}}}]}}"#),
                "/variants/0/locations/add/0/location/time_zone",
            ),
            (
                format!(r#"{{"variants":[{{"locations":{{"add":[{{"location":{{{place}}},"assortment":{{"share":{{"ppm":-1}}}}}}]}}}}]}}"#),
                "/variants/0/locations/add/0/assortment/share/ppm",
            ),
            (
                r#"{"variants":[{"locations":{"change":[{"code":"A","daily_capacity":-1}]}}]}"#.to_owned(),
                "/variants/0/locations/change/0/daily_capacity",
            ),
            (
                r#"{"variants":[{"stock":{"counts":[{"sku":"A","location":"B","quantity":-1}]}}]}"#.to_owned(),
                "/variants/0/stock/counts/0/quantity",
            ),
            (
                r#"{"variants":[{"settings":{"penalties":[{"currency":"?"}]}}]}"#.to_owned(),
                "/variants/0/settings/penalties/0/currency",
            ),
            (
                r#"{"variants":[{}],"baseline":{"variant":{"settings":{"default_weight_g":0}}}}"#.to_owned(),
                "/baseline/variant/settings/default_weight_g",
            ),
            (
                r#"{"variants":[{"rates":{"tables":[{"table":{"code":"T","carrier":"C","service":"S","currency":"EUR","zones":[{"name":"1","transit_days":366}]}}]}}]}"#.to_owned(),
                "/variants/0/rates/tables/0/table/zones/0/transit_days",
            ),
        ] {
            assert_eq!(refused(&body), [field], "{body}");
        }
    }

    #[test]
    fn null_and_absent_are_two_things() {
        let asked = |rest: &str| {
            let body =
                format!(r#"{{"variants":[{{"locations":{{"change":[{{"code":"A"{rest}}}]}}}}]}}"#);
            let asked = what_if_of_body(body.as_bytes(), 100).unwrap();
            asked.variants[0].locations.change[0].daily_capacity
        };
        assert_eq!(asked(""), None);
        assert_eq!(asked(r#","daily_capacity":null"#), Some(None));
        assert_eq!(asked(r#","daily_capacity":5"#), Some(Some(5)));
    }
}
