//! Other prices of carriage.

use ordo_domain::what_if::{Rates, RatesAssumed};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::reader::Reader;
use crate::routes::rate_tables::create::RateTableInput;

/// More tables than a variant needs.
const TABLES_MAX: usize = 50;
/// The longest that anything takes, in thousandths of a day.
const MILLIDAYS_MAX: i64 = 365_000;

/// Other prices of carriage.
#[derive(Deserialize, ToSchema, Default)]
#[schema(as = WhatIfRates)]
#[serde(deny_unknown_fields)]
pub(super) struct RatesBody {
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

impl RatesBody {
    pub(super) fn read(self, reader: &mut Reader, at: &str) -> Rates {
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
