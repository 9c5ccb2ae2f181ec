//! A what-if as it is asked for: which orders, which setups, and what they are held against.

use ordo_domain::Rejection;
use ordo_domain::order::FulfilledBy;
use ordo_domain::what_if::{Selection, Variant};
use ordo_engine::what_if::{Named, OneWarehouse, WhatIf};
use serde::Deserialize;
use utoipa::ToSchema;

use super::reader::Reader;
use super::variant::VariantBody;
use crate::body;

/// Setups that are set side by side at once.
const VARIANTS_MAX: usize = 6;
/// Orders that are replayed where nobody says how many.
const ORDERS_USUAL: usize = 10_000;
/// Changed orders that are told where nobody says how many, and the most that are told.
const TOLD_USUAL: usize = 20;
const TOLD_MAX: usize = 200;
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
        let one_warehouse = match self.one_warehouse {
            Some(code) => OneWarehouse::At(reader.check.code("/one_warehouse", &code)),
            None => OneWarehouse::Fullest,
        };
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
