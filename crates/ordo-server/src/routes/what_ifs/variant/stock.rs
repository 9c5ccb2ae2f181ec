//! What there is to be shipped.

use ordo_domain::quantity::{QUANTITY_MAX, Quantity};
use ordo_domain::what_if::{StockWish, UnitsAt};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::reader::Reader;

/// More counts than anybody types or uploads at once.
const COUNTS_MAX: usize = 20_000;

/// What there is to be shipped where nothing is assumed of a location.
#[derive(Deserialize, ToSchema, Default)]
#[schema(as = WhatIfStock)]
#[serde(rename_all = "snake_case")]
pub(super) enum StockBody {
    /// What is there now, used up by the orders one after another.
    #[default]
    Now,
    /// What is there now, with all put back that orders took which were placed since the first one of
    /// the period: about what there was then, and what has come in since.
    PutBack,
    /// As much as is wanted of every SKU that a location has, or ever had.
    Unlimited,
    /// What is there now, but for these cells.
    Counts(Vec<CountBody>),
}

/// Units of a SKU at a location.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfCount)]
#[serde(deny_unknown_fields)]
pub(super) struct CountBody {
    /// The SKU's code.
    sku: String,
    /// The location's code.
    location: String,
    /// How many are on hand, none of them promised.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    quantity: i64,
}

impl StockBody {
    pub(super) fn read(self, reader: &mut Reader, at: &str) -> StockWish {
        match self {
            Self::Now => StockWish::Now,
            Self::PutBack => StockWish::PutBack,
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
