//! SKUs and locations, in the form that makes them: what comes out can be imported again.

use ordo_domain::catalog::{Sku, StockPolicy};
use ordo_domain::network::Location;
use ordo_domain::record::RecordKind;
use ordo_store::StoreError;
use serde_json::{Map, Value, json};

use super::{Export, Format, PAGE};
use crate::cmd::csv;
use crate::cmd::import::columns::{LOCATION_COLUMNS, SKU_COLUMNS};
use crate::compose::Failure;

pub(super) async fn skus(export: &mut Export) -> Result<(), Failure> {
    if export.format == Format::Csv {
        export.write(&csv::row(SKU_COLUMNS))?;
    }
    let mut sorted: Vec<(String, String)> = Vec::new();
    let mut after = None;
    loop {
        let page = export
            .backend
            .list_records(export.organization, RecordKind::Sku, after, PAGE)
            .await?;
        for (_, stored) in &page.items {
            let sku: Sku = serde_json::from_str(&stored.body)
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            let line = match export.format {
                Format::Csv => csv::row(sku_cells(&sku)),
                Format::Ndjson => sku_json(&sku, export.plain).to_string() + "\n",
            };
            if export.plain {
                sorted.push((sku.code, line));
            } else {
                export.write(&line)?;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    sorted.sort_unstable();
    for (_, line) in sorted {
        export.write(&line)?;
    }
    Ok(())
}

pub(super) fn locations(export: &mut Export) -> Result<(), Failure> {
    if export.format == Format::Csv {
        export.write(&csv::row(LOCATION_COLUMNS))?;
    }
    let mut lines: Vec<(String, String)> = (export.reference.locations())
        .map(|location| {
            let line = match export.format {
                Format::Csv => csv::row(location_cells(location)),
                Format::Ndjson => location_json(location, export.plain).to_string() + "\n",
            };
            (location.code.clone(), line)
        })
        .collect();
    if export.plain {
        lines.sort_unstable();
    }
    for (_, line) in lines {
        export.write(&line)?;
    }
    Ok(())
}

/// What `POST /skus` takes; with id and version, which an import passes over, unless `plain`.
fn sku_json(sku: &Sku, plain: bool) -> Value {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    if !plain {
        set("id", json!(sku.id));
        set("version", json!(sku.version));
    }
    set("code", json!(sku.code));
    set("name", json!(sku.name));
    set("barcode", json!(sku.barcode));
    set("weight_g", json!(sku.weight_g));
    set("dimensions", json!(sku.dimensions));
    set("unit_scale", json!(sku.unit_scale));
    set("stock_policy", json!(sku.stock_policy));
    set("tracking", json!(sku.tracking));
    set("hs_code", json!(sku.hs_code));
    set("origin_country", json!(sku.origin_country));
    Value::Object(fields)
}

fn sku_cells(sku: &Sku) -> [String; SKU_COLUMNS.len()] {
    let edge = |edge: Option<i64>| edge.map(|mm| mm.to_string()).unwrap_or_default();
    let size = sku.dimensions;
    let policy = match sku.stock_policy {
        StockPolicy::Tracked => "tracked".to_owned(),
        StockPolicy::Untracked => "untracked".to_owned(),
        StockPolicy::Backorder { limit } => format!("backorder:{limit}"),
    };
    let name_of = |value: Value| value.as_str().unwrap_or_default().to_owned();
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
        name_of(json!(sku.tracking)),
        sku.hs_code.clone().unwrap_or_default(),
        sku.origin_country.clone().unwrap_or_default(),
    ]
}

/// What `POST /locations` takes; with id, version and state, which an import passes over, unless
/// `plain`.
fn location_json(location: &Location, plain: bool) -> Value {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    if !plain {
        set("id", json!(location.id));
        set("version", json!(location.version));
        set("state", json!(location.state));
    }
    set("code", json!(location.code));
    set("kind", json!(location.kind));
    set("name", json!(location.name));
    set("country", json!(location.place.country));
    set("region", json!(location.place.region));
    set("postal_code", json!(location.place.postal));
    set("city", json!(location.city));
    set("latitude_e6", json!(location.place.at.map(|at| at.0)));
    set("longitude_e6", json!(location.place.at.map(|at| at.1)));
    set("time_zone", json!(location.time_zone));
    set("daily_capacity", json!(location.daily_capacity));
    Value::Object(fields)
}

fn location_cells(location: &Location) -> [String; LOCATION_COLUMNS.len()] {
    let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    let place = &location.place;
    [
        location.code.clone(),
        json!(location.kind).as_str().unwrap_or_default().to_owned(),
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
