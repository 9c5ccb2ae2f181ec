//! Orders, in the answer form on a line each, or as a table.

use ordo_domain::order::Order;
use ordo_domain::record::RecordKind;
use ordo_domain::world::{Key, Row, StoredRecord};
use ordo_store::{OrderFilter, OrderSort, StoreError};

use super::{Export, Format, PAGE, order_csv, plain};
use crate::cmd::csv;
use crate::compose::Failure;

pub(super) async fn export(export: &mut Export) -> Result<(), Failure> {
    if export.format == Format::Csv {
        export.write(&csv::row(order_csv::COLUMNS))?;
    }
    if export.plain {
        return by_name(export).await;
    }
    let (kind, mut after) = (RecordKind::Order, None);
    loop {
        let page = export
            .backend
            .list_records(export.organization, kind, after, PAGE)
            .await?;
        for line in lines(export, page.items).await? {
            export.write(&line)?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Orders by channel and the channel's own id. The names of all of them are held in memory, about
/// 100 bytes each; the orders are not.
async fn by_name(export: &mut Export) -> Result<(), Failure> {
    let mut names: Vec<(String, String, u128)> = Vec::new();
    let mut after = None;
    loop {
        let filter = OrderFilter::default();
        let page = export
            .backend
            .list_orders(export.organization, &filter, OrderSort::Oldest, after, PAGE)
            .await?;
        names.extend(page.items.into_iter().map(|row| {
            let channel = export.reference.channel(row.channel);
            let channel = channel.map(|channel| channel.code.clone());
            (
                channel.unwrap_or_default(),
                row.external_id,
                row.id.to_u128(),
            )
        }));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    names.sort_unstable();
    for page in names.chunks(PAGE) {
        let keys: Vec<Key> = (page.iter())
            .map(|(.., id)| Key::Record {
                kind: RecordKind::Order,
                id: *id,
            })
            .collect();
        let mut records = Vec::with_capacity(page.len());
        for row in export.backend.load(export.organization, &keys).await? {
            // One that was there a moment ago may have been moved elsewhere meanwhile.
            if let Row::Record {
                id,
                found: Some(record),
                ..
            } = row
            {
                records.push((id, record));
            }
        }
        for line in lines(export, records).await? {
            export.write(&line)?;
        }
    }
    Ok(())
}

/// What is written of these orders.
async fn lines(export: &Export, orders: Vec<(u128, StoredRecord)>) -> Result<Vec<String>, Failure> {
    if export.format == Format::Csv {
        let rows = orders.iter().map(|(_, stored)| {
            let order: Order = serde_json::from_str(&stored.body)
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            Ok(order_csv::rows(&order, &export.reference))
        });
        return rows.collect();
    }
    let backend = &*export.backend;
    let answers =
        ordo_server::order_answers(backend, export.organization, &export.reference, orders).await?;
    (answers.into_iter())
        .map(|answer| {
            let line = match export.plain {
                true => plain::order(&answer).map_err(std::io::Error::from)?,
                false => answer,
            };
            Ok(line + "\n")
        })
        .collect()
}
