//! Pages of stock, work and records. Each asks for one row more than the page holds, to know whether there
//! is a next one.

use ordo_domain::fulfillment::FulfillmentState;
use ordo_domain::id::SkuId;
use ordo_domain::record::RecordKind;
use ordo_domain::stock::CellKey;
use ordo_domain::world::StoredRecord;
use ordo_store::{Page, Rollup, RollupFilter, RollupKey, RollupMeasure, StockRow, WorkFilter};
use rusqlite::types::Type;
use rusqlite::{Connection, params};

use crate::error::Fault;
use crate::keys::{Id, Owner, id};
use crate::load::cell;
use crate::rows;

/// Cells of one SKU or of all, in the order of SKU, location and owner.
pub(crate) fn stock(
    conn: &Connection,
    organization: i64,
    sku: Option<SkuId>,
    after: Option<CellKey>,
    limit: usize,
) -> Result<Page<StockRow, CellKey>, Fault> {
    let (from, location, owner) = match after {
        Some(key) => (Id::of(key.sku), Id::of(key.location), Owner::of(key.owner)),
        // Nothing lies at the location zero, so a first page may start after it.
        None => (ZERO, ZERO, Owner::of(None)),
    };
    let mut statement = conn.prepare_cached(match sku {
        Some(_) => STOCK_OF_SKU,
        None => STOCK,
    })?;
    let from = sku.map_or(from, Id::of);
    let rows = statement.query_map(
        params![
            organization,
            from,
            location,
            owner,
            limit.saturating_add(1) as i64
        ],
        cell,
    )?;
    let cells = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let items = cells
        .into_iter()
        .map(|(key, cell)| StockRow { key, cell })
        .collect();
    Ok(page(items, limit, |row: &StockRow| row.key))
}

pub(crate) const STOCK: &str = "SELECT sku, location, owner, on_hand, allocated, reserved, safety, \
     quarantined FROM cells \
     WHERE organization = ?1 AND (sku, location, owner) > (?2, ?3, ?4) \
     ORDER BY sku, location, owner LIMIT ?5";

pub(crate) const STOCK_OF_SKU: &str = "SELECT sku, location, owner, on_hand, allocated, reserved, \
     safety, quarantined FROM cells \
     WHERE organization = ?1 AND sku = ?2 AND (location, owner) > (?3, ?4) \
     ORDER BY location, owner LIMIT ?5";

const ZERO: Id = Id([0; 16]);

/// Cells of which facts left less than was promised, in the order of SKU, location and owner.
pub(crate) fn shortfalls(
    conn: &Connection,
    organization: i64,
    after: Option<CellKey>,
    limit: usize,
) -> Result<Page<StockRow, CellKey>, Fault> {
    let (sku, location, owner) = match after {
        Some(key) => (Id::of(key.sku), Id::of(key.location), Owner::of(key.owner)),
        None => (ZERO, ZERO, Owner::of(None)),
    };
    let more = limit.saturating_add(1) as i64;
    let mut statement = conn.prepare_cached(SHORTFALLS)?;
    let rows = statement.query_map(params![organization, sku, location, owner, more], cell)?;
    let cells = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let items = (cells.into_iter())
        .map(|(key, cell)| StockRow { key, cell })
        .collect();
    Ok(page(items, limit, |row: &StockRow| row.key))
}

// The list may name a cell that is no longer short: whoever covers it takes it off afterwards.
pub(crate) const SHORTFALLS: &str = "SELECT c.sku, c.location, c.owner, c.on_hand, c.allocated, \
     c.reserved, c.safety, c.quarantined FROM short_cells AS s \
     CROSS JOIN cells AS c ON c.organization = s.organization AND c.sku = s.sku \
     AND c.location = s.location AND c.owner = s.owner \
     WHERE s.organization = ?1 AND (s.sku, s.location, s.owner) > (?2, ?3, ?4) \
     AND c.on_hand - c.allocated - c.reserved < 0 \
     ORDER BY s.sku, s.location, s.owner LIMIT ?5";

/// The sums of the days, in the order of their keys.
pub(crate) fn rollups(
    conn: &Connection,
    organization: i64,
    filter: RollupFilter,
    after: Option<RollupKey>,
    limit: usize,
) -> Result<Page<Rollup, RollupKey>, Fault> {
    // No measure is zero, so a first page may start after it.
    let (day, channel, measure, currency) = match &after {
        Some(key) => (
            key.day,
            Id::of(key.channel),
            key.measure.number(),
            key.currency.code(),
        ),
        None => (filter.from, ZERO, 0, ""),
    };
    let mut statement = conn.prepare_cached(ROLLUPS)?;
    let mut rows = statement.query(params![
        organization,
        day,
        channel,
        measure,
        currency,
        filter.to,
        filter.channel.map(Id::of),
        limit.saturating_add(1) as i64
    ])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        let measure = RollupMeasure::numbered(row.get(2)?);
        let measure = measure.ok_or_else(|| unread(2, Type::Integer, "no measure"))?;
        let currency = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
        let currency = currency
            .parse()
            .map_err(|_| unread(3, Type::Text, "no currency"))?;
        items.push(Rollup {
            day: row.get(0)?,
            channel: id(row, 1)?,
            measure,
            currency,
            count: row.get(4)?,
            amount: row.get(5)?,
        });
    }
    Ok(page(items, limit, Rollup::key))
}

fn unread(column: usize, of: Type, reason: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, of, reason.into())
}

pub(crate) const ROLLUPS: &str = "SELECT day, channel, measure, currency, count, amount \
     FROM rollups WHERE organization = ?1 \
     AND (day, channel, measure, currency) > (?2, ?3, ?4, ?5) AND day <= ?6 \
     AND (?7 IS NULL OR channel = ?7) ORDER BY day, channel, measure, currency LIMIT ?8";

/// Records of a kind in the order of their ids.
pub(crate) fn records(
    conn: &Connection,
    organization: i64,
    kind: RecordKind,
    after: Option<u128>,
    limit: usize,
) -> Result<Page<(u128, StoredRecord), u128>, Fault> {
    let rows = rows::list(conn, organization, kind, after, limit.saturating_add(1))?;
    Ok(page(rows, limit, |(id, _)| *id))
}

/// Fulfillment orders of a location or state, or of all, in the order of their ids.
pub(crate) fn work(
    conn: &Connection,
    organization: i64,
    filter: WorkFilter,
    after: Option<u128>,
    limit: usize,
) -> Result<Page<(u128, StoredRecord), u128>, Fault> {
    let kind = RecordKind::FulfillmentOrder;
    if filter == WorkFilter::default() {
        return records(conn, organization, kind, after, limit);
    }
    let locations: Vec<Id> = match filter.location {
        Some(location) => vec![Id::of(location)],
        None => {
            let mut statement = conn.prepare_cached(LOCATIONS)?;
            let rows = statement.query_map(params![organization], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        }
    };
    let one: [FulfillmentState; 1];
    let states = match filter.state {
        Some(state) => {
            one = [state];
            &one[..]
        }
        None => FulfillmentState::ALL,
    };
    let after = Id::of(after.unwrap_or(0));
    let more = limit.saturating_add(1);
    // Each location and state is a run in the order of ids; a page merges the runs.
    let mut ids: Vec<u128> = Vec::new();
    let mut statement = conn.prepare_cached(WORK_RUN)?;
    for location in &locations {
        for state in states {
            let run = params![organization, location, state.name(), after, more as i64];
            let rows = statement.query_map(run, |row| row.get::<_, Id>(0))?;
            for id in rows {
                ids.push(id?.get());
            }
        }
    }
    ids.sort_unstable();
    ids.truncate(more);
    let mut items = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(record) = rows::find(conn, organization, kind, id)? {
            items.push((id, record));
        }
    }
    Ok(page(items, limit, |(id, _)| *id))
}

pub(crate) const LOCATIONS: &str = "SELECT id FROM locations WHERE organization = ?1";

pub(crate) const WORK_RUN: &str = "SELECT id FROM fulfillment_orders \
     WHERE organization = ?1 AND location = ?2 AND state = ?3 AND id > ?4 ORDER BY id LIMIT ?5";

/// The page that the first `limit` of `items` make.
pub(crate) fn page<T, C>(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> C) -> Page<T, C> {
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| has_more).map(key);
    Page { items, next }
}
