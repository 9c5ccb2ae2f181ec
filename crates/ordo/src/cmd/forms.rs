//! SKUs and locations in the form that makes them: as the body of a request and as a row of CSV.
//! What is exported in this form can be imported again.

use ordo_domain::catalog::{CreateSku, Sku, StockPolicy};
use ordo_domain::network::{CreateChannel, CreateLocation, Location, Place};
use serde_json::{Map, Value, json};

/// Columns of a file of SKUs: the fields of the body, `dimensions` in three columns.
pub const SKU_COLUMNS: [&str; 13] = [
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
    "ships_alone",
];

/// Columns of a file of locations: the fields of the body.
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

/// What would make `sku` as it is.
pub fn of_sku(sku: Sku) -> CreateSku {
    let Sku {
        id: _,
        version: _,
        code,
        name,
        barcode,
        weight_g,
        dimensions,
        unit_scale,
        stock_policy,
        tracking,
        hs_code,
        origin_country,
        tags,
        ships_alone,
    } = sku;
    CreateSku {
        code,
        name,
        barcode,
        weight_g,
        dimensions,
        unit_scale,
        stock_policy,
        tracking,
        hs_code,
        origin_country,
        tags,
        ships_alone,
    }
}

/// What would make `location`, but for what only changes give it: state, hours, closures, cut-offs.
pub fn of_location(location: &Location) -> CreateLocation {
    CreateLocation {
        code: location.code.clone(),
        kind: location.kind,
        name: location.name.clone(),
        place: Place {
            // What was looked up is looked up again where it is made.
            at: (location.place.at).filter(|_| location.place.precision.is_none()),
            precision: None,
            ..location.place.clone()
        },
        city: location.city.clone(),
        time_zone: location.time_zone.clone(),
        daily_capacity: location.daily_capacity,
    }
}

/// The body of `POST /skus`.
pub fn sku_body(sku: &CreateSku) -> Map<String, Value> {
    present([
        ("code", json!(sku.code)),
        ("name", json!(sku.name)),
        ("barcode", json!(sku.barcode)),
        ("weight_g", json!(sku.weight_g)),
        ("dimensions", json!(sku.dimensions)),
        ("unit_scale", json!(sku.unit_scale)),
        ("stock_policy", json!(sku.stock_policy)),
        ("tracking", json!(sku.tracking)),
        ("hs_code", json!(sku.hs_code)),
        ("origin_country", json!(sku.origin_country)),
        ("tags", json!((!sku.tags.is_empty()).then_some(&sku.tags))),
        ("ships_alone", json!(sku.ships_alone)),
    ])
}

/// The body of `POST /locations`.
pub fn location_body(location: &CreateLocation) -> Map<String, Value> {
    let (place, at) = (&location.place, location.place.at);
    present([
        ("code", json!(location.code)),
        ("kind", json!(location.kind)),
        ("name", json!(location.name)),
        ("country", json!(place.country)),
        ("region", json!(place.region)),
        ("postal_code", json!(place.postal)),
        ("city", json!(location.city)),
        ("latitude_e6", json!(at.map(|(latitude, _)| latitude))),
        ("longitude_e6", json!(at.map(|(_, longitude)| longitude))),
        ("time_zone", json!(location.time_zone)),
        ("daily_capacity", json!(location.daily_capacity)),
    ])
}

/// The body of `POST /channels`.
pub fn channel_body(channel: &CreateChannel) -> Map<String, Value> {
    present([
        ("code", json!(channel.code)),
        ("kind", json!(channel.kind)),
        ("name", json!(channel.name)),
    ])
}

/// The fields that hold something.
fn present<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    (fields.into_iter())
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The row of a SKU.
pub fn sku_cells(sku: &CreateSku) -> [String; SKU_COLUMNS.len()] {
    let edge = |edge: Option<i64>| edge.map(|mm| mm.to_string()).unwrap_or_default();
    let size = sku.dimensions;
    let policy = match sku.stock_policy {
        StockPolicy::Tracked => "tracked".to_owned(),
        StockPolicy::Untracked => "untracked".to_owned(),
        StockPolicy::Backorder { limit } => format!("{BACKORDER}{limit}"),
    };
    [
        sku.code.clone(),
        sku.name.clone().unwrap_or_default(),
        sku.barcode.clone().unwrap_or_default(),
        sku.weight_g.to_string(),
        edge(size.map(|size| size.length_mm)),
        edge(size.map(|size| size.width_mm)),
        edge(size.map(|size| size.height_mm)),
        sku.unit_scale.to_string(),
        policy,
        word(&json!(sku.tracking)),
        sku.hs_code.clone().unwrap_or_default(),
        sku.origin_country.clone().unwrap_or_default(),
        sku.ships_alone.to_string(),
    ]
}

/// The row of a location.
pub fn location_cells(location: &CreateLocation) -> [String; LOCATION_COLUMNS.len()] {
    let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    let place = &location.place;
    [
        location.code.clone(),
        word(&json!(location.kind)),
        location.name.clone().unwrap_or_default(),
        place.country.clone(),
        place.region.clone().unwrap_or_default(),
        place.postal.clone().unwrap_or_default(),
        location.city.clone().unwrap_or_default(),
        number(place.at.map(|at| at.0.into())),
        number(place.at.map(|at| at.1.into())),
        location.time_zone.clone(),
        number(location.daily_capacity),
    ]
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// How a limit of backorders begins in a cell of CSV.
const BACKORDER: &str = "backorder:";

/// A cell of `column` put where it belongs in a body. Empty cells are absent.
pub fn set_cell(body: &mut Map<String, Value>, column: &str, cell: &str) {
    if cell.is_empty() {
        return;
    }
    // What is no number stays a text, and is refused as such with the field's name.
    let number = || cell.trim().parse::<i64>().map_or(json!(cell), |n| json!(n));
    let value = match column {
        "length_mm" | "width_mm" | "height_mm" => {
            let size = body.entry("dimensions").or_insert_with(|| json!({}));
            size[column] = number();
            return;
        }
        "weight_g" | "unit_scale" | "daily_capacity" | "latitude_e6" | "longitude_e6"
        | "quantity" | "on_hand" | "safety" => number(),
        // As above, what is neither stays a text.
        "ships_alone" => cell
            .trim()
            .to_ascii_lowercase()
            .parse::<bool>()
            .map_or(json!(cell), |is| json!(is)),
        "stock_policy" => match cell.strip_prefix(BACKORDER) {
            Some(limit) => {
                let limit = limit.trim().parse::<i64>();
                json!({"backorder": {"limit": limit.map_or(json!(cell), |n| json!(n))}})
            }
            None => json!(cell),
        },
        _ => json!(cell),
    };
    body.insert(column.to_owned(), value);
}
