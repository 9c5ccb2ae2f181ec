//! Orders, in the answer form: one JSON object per line.

use ordo_domain::record::RecordKind;
use ordo_domain::world::{Key, Row};
use ordo_store::{OrderFilter, OrderSort};

use super::{Export, Format, PAGE, plain};
use crate::compose::Failure;

pub(super) async fn export(export: &mut Export) -> Result<(), Failure> {
    if export.format == Format::Csv {
        return Err(Failure::Usage(
            "orders are exported as ndjson, the form that they are imported from".to_owned(),
        ));
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
        let lines = ordo_server::order_answers(
            &*export.backend,
            export.organization,
            &export.reference,
            page.items,
        );
        for line in lines.await? {
            export.write(&(line + "\n"))?;
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
        let lines = ordo_server::order_answers(
            &*export.backend,
            export.organization,
            &export.reference,
            records,
        );
        for line in lines.await? {
            let line = plain::order(&line).map_err(std::io::Error::from)?;
            export.write(&(line + "\n"))?;
        }
    }
    Ok(())
}
