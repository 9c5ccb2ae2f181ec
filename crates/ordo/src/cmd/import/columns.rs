//! The columns of CSV files of SKUs, locations, stock and customers: the fields of the bodies that
//! are posted, where a field of fields has a column for each of them.

use serde_json::{Map, Value, json};

/// Columns of a file of SKUs.
pub const SKU_COLUMNS: [&str; 12] = [
    "code",
    "name",
    "barcode",
    "weight_g",
    "length_mm",
    "width_mm",
    "height_mm",
    "unit_scale",
    "stock_policy",
    "tracking",
    "hs_code",
    "origin_country",
];

/// Columns of a file of locations.
pub const LOCATION_COLUMNS: [&str; 11] = [
    "code",
    "kind",
    "name",
    "country",
    "region",
    "postal_code",
    "city",
    "latitude_e6",
    "longitude_e6",
    "time_zone",
    "daily_capacity",
];
