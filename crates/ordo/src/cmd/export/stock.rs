//! Stock: what lies where. The columns beside `on_hand` and `safety` are for people; an import passes
//! over them.

use std::collections::BTreeMap;

use ordo_domain::catalog::Sku;
use ordo_domain::id::SkuId;
use ordo_domain::record::RecordKind;
use ordo_domain::world::{Key, Row};
use ordo_store::{StockRow, StoreError};
use serde_json::{Map, Value};

use super::{Export, Format, PAGE};
use crate::cmd::csv;
use crate::compose::Failure;

/// The columns.
const COLUMNS: [&str; 8] = [
    "sku",
    "location",
    "on_hand",
    "allocated",
    "reserved",
    "safety",
    "quarantined",
    "available",
];

pub(super) async fn export(export: &mut Export) -> Result<(), Failure> {
    if export.format == Format::Csv {
        export.write(&csv::row(COLUMNS))?;
    }
    let mut sorted: Vec<([String; 2], String)> = Vec::new();
    let mut after = None;
    loop {
        let page = export
            .backend
            .list_stock(export.organization, None, after, PAGE)
            .await?;
        let codes = sku_codes(export, &page.items).await?;
        for row in &page.items {
            let location = export.reference.location(row.key.location);
            let names = [
                codes.get(&row.key.sku).cloned().unwrap_or_default(),
                location.map_or_else(String::new, |location| location.code.clone()),
            ];
            let line = line(export.format, &names, row);
            if export.plain {
                sorted.push((names, line));
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

fn line(format: Format, names: &[String; 2], row: &StockRow) -> String {
    let cell = &row.cell;
    let counts = [
        cell.on_hand,
        cell.allocated,
        cell.reserved,
        cell.safety,
        cell.quarantined,
        cell.available(),
    ];
    match format {
        Format::Csv => {
            let counts = counts.iter().map(ToString::to_string);
            csv::row(names.iter().cloned().chain(counts))
        }
        Format::Ndjson => {
            let names = names.iter().map(|name| Value::from(name.as_str()));
            let counts = counts.iter().map(|count| Value::from(count.get()));
            let fields: Map<String, Value> = (COLUMNS.iter().map(|column| (*column).to_owned()))
                .zip(names.chain(counts))
                .collect();
            Value::Object(fields).to_string() + "\n"
        }
    }
}

/// The codes of the SKUs of a page.
async fn sku_codes(
    export: &Export,
    page: &[StockRow],
) -> Result<BTreeMap<SkuId, String>, StoreError> {
    let mut ids: Vec<SkuId> = page.iter().map(|row| row.key.sku).collect();
    ids.dedup();
    let keys: Vec<Key> = (ids.iter())
        .map(|id| Key::Record {
            kind: RecordKind::Sku,
            id: id.to_u128(),
        })
        .collect();
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut codes = BTreeMap::new();
    for row in export.backend.load(export.organization, &keys).await? {
        if let Row::Record {
            found: Some(record),
            ..
        } = row
        {
            let sku: Sku = serde_json::from_str(&record.body)
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            codes.insert(sku.id, sku.code);
        }
    }
    Ok(codes)
}
