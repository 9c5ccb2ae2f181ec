//! SKUs and locations, in the form that makes them: what comes out can be imported again.

use ordo_domain::catalog::Sku;
use ordo_domain::record::RecordKind;
use ordo_store::StoreError;
use serde_json::{Map, Value, json};

use super::{Export, Format, PAGE};
use crate::cmd::csv;
use crate::cmd::forms::{self, LOCATION_COLUMNS, SKU_COLUMNS};
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
            let made = [("id", json!(sku.id)), ("version", json!(sku.version))];
            let form = forms::of_sku(sku);
            let line = match export.format {
                Format::Csv => csv::row(forms::sku_cells(&form)),
                Format::Ndjson => export.json(forms::sku_body(&form), made),
            };
            if export.plain {
                sorted.push((form.code, line));
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
            let form = forms::of_location(location);
            let made = [
                ("id", json!(location.id)),
                ("version", json!(location.version)),
                ("state", json!(location.state)),
            ];
            let line = match export.format {
                Format::Csv => csv::row(forms::location_cells(&form)),
                Format::Ndjson => export.json(forms::location_body(&form), made),
            };
            (form.code, line)
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

impl Export {
    /// A line of `form`; unless the export is plain, with what Ordo `made` of it, which an import
    /// passes over.
    fn json<const N: usize>(
        &self,
        mut form: Map<String, Value>,
        made: [(&str, Value); N],
    ) -> String {
        if !self.plain {
            form.extend(made.map(|(name, value)| (name.to_owned(), value)));
        }
        Value::Object(form).to_string() + "\n"
    }
}
