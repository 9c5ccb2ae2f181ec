//! A setup as it is asked for: what is to be different from today's.

mod locations;
mod rates;
mod rules;
mod stock;

use ordo_domain::quantity::{QUANTITY_MAX, Quantity};
use ordo_domain::sourcing::PromiseKind;
use ordo_domain::what_if::Variant;
use serde::Deserialize;
use utoipa::ToSchema;

use super::reader::Reader;
use crate::routes::sourcing_settings::{PenaltiesBody, read_penalties};
use locations::LocationsBody;
use rates::RatesBody;
use rules::RulesBody;
use stock::StockBody;

/// The heaviest default: a full pallet.
const WEIGHT_G_MAX: i64 = 1_000_000;

/// A setup, as its differences from today's.
#[derive(Deserialize, ToSchema, Default)]
#[schema(as = WhatIfVariant)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantBody {
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

impl VariantBody {
    pub(super) fn read(self, reader: &mut Reader, at: &str, usual: &str) -> Variant {
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
