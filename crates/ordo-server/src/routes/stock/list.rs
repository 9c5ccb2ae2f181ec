//! `GET /stock`: what lies where, of one SKU or of all.

use std::collections::BTreeMap;

use ordo_domain::catalog::Sku;
use ordo_domain::id::SkuId;
use ordo_domain::record::RecordKind;
use ordo_domain::world::{Key, Row};
use ordo_store::StockRow;

use super::StockAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::cursor;
use crate::params::{PageParams, Params};
use crate::problem::Problem;
use crate::reach;
use crate::read;
use crate::wire::Page;

/// Lists stock.
#[utoipa::path(
    get,
    path = "/api/v1/stock",
    tag = "Stock",
    params(("sku" = Option<String>, Query, description = "A SKU's code; all where absent."), PageParams),
    responses((status = 200, description = "A page of stock, by SKU and location.", body = Page<StockAnswer>)),
)]
pub async fn list_stock(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let code = params.text("sku", 128);
    let (limit, after) = (params.limit(), params.cursor(cursor::cell));
    params.finish()?;
    let (backend, organization) = (ask.backend(), ask.organization());
    let sku = match &code {
        None => None,
        Some(code) => match sku_id(&ask, code).await? {
            Some(id) => Some(id),
            None => {
                return Ok(answer::to_read(&Page::<StockAnswer<'_>> {
                    items: Vec::new(),
                    next_cursor: None,
                }));
            }
        },
    };
    let page = reach::page(
        limit,
        after,
        |after| backend.list_stock(organization, sku, after, limit),
        |row: &StockRow| ask.caller.scope.has_location(row.key.location),
        |row| row.key,
    );
    let page = page.await?;
    let codes = codes(&ask, page.items.iter().map(|row| row.key.sku)).await?;
    let reference = ask.reference().await?;
    let show = |row: &StockRow| {
        let code = codes.get(&row.key.sku).map(String::as_str);
        // An entry without a code would be of no use; the id stands beside it.
        StockAnswer::of(&reference, code, row.key, &row.cell)
    };
    Ok(answer::to_read(&Page {
        items: page.items.iter().map(show).collect(),
        next_cursor: page.next.map(cursor::of_cell),
    }))
}

/// The id of the SKU with this code.
pub async fn sku_id(ask: &Ask, code: &str) -> Result<Option<SkuId>, Problem> {
    let key = Key::SkuByCode(code.to_owned());
    let rows = ask.backend().load(ask.organization(), &[key]).await?;
    Ok(rows.into_iter().find_map(|row| match row {
        Row::SkuByCode { found, .. } => found.map(|(id, _)| SkuId::from_u128(id)),
        Row::Sku { sku, .. } => Some(sku.id),
        Row::Record { .. }
        | Row::Claim { .. }
        | Row::Cells { .. }
        | Row::Lots { .. }
        | Row::Signal { .. }
        | Row::Counter { .. } => None,
    }))
}

/// The codes of SKUs.
pub async fn codes(
    ask: &Ask,
    skus: impl Iterator<Item = SkuId>,
) -> Result<BTreeMap<SkuId, String>, Problem> {
    let mut ids: Vec<SkuId> = skus.collect();
    ids.dedup();
    let kind = RecordKind::Sku;
    let keys: Vec<Key> = (ids.iter())
        .map(|id| Key::Record {
            kind,
            id: id.to_u128(),
        })
        .collect();
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = ask.backend().load(ask.organization(), &keys).await?;
    let mut codes = BTreeMap::new();
    for stored in rows.into_iter().filter_map(read::found) {
        let sku: Sku = read::decode(&stored)?;
        codes.insert(sku.id, sku.code);
    }
    Ok(codes)
}
