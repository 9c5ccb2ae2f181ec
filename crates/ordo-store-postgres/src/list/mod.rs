//! Lists: pages by key, each a range of an index, never a count in full and never an offset.
//!
mod orders;
#[cfg(test)]
mod plans;
mod search;

use async_trait::async_trait;
use ordo_domain::event::SubjectRef;
use ordo_domain::fulfillment::FulfillmentState;
use ordo_domain::id::{OrganizationId, SkuId};
use ordo_domain::record::RecordKind;
use ordo_domain::stock::CellKey;
use ordo_domain::world::StoredRecord;
use ordo_store::{
    Count, LedgerFilter, LedgerLine, LedgerPlace, LogEntry, OrderFilter, OrderRow, OrderSort, Page,
    Query, Rollup, RollupFilter, RollupKey, RollupMeasure, StockRow, StoreError, WorkFilter,
};
use tokio_postgres::Row;

use self::search::{BUDGET, Show};
use crate::failure::corrupt;
use crate::flight::params;
use crate::records::page;
use crate::rows::{
    cell, cell_columns, get, id, kind_number, log_columns, log_entry, order, record,
};
use crate::store::PostgresStore;
use crate::values::Uuid;

#[async_trait]
impl Query for PostgresStore {
    async fn list_orders(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        sort: OrderSort,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<OrderRow, i64>, StoreError> {
        let Some(orders) = self.orders(organization, filter, sort, after).await? else {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        };
        let (rows, rest) = match orders.terms.is_empty() {
            true => (self.rows_once(&orders.page(one_more(limit))).await?, None),
            false => {
                let found = self.search(&orders, Show::Rows, one_more(limit), BUDGET);
                let found = found.await?;
                (found.rows, found.rest)
            }
        };
        let items = rows.iter().map(order).collect::<Result<Vec<_>, _>>()?;
        let page = cut(items, limit, |item| item.number);
        Ok(Page {
            next: page.next.or(rest),
            ..page
        })
    }

    async fn count_orders(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        most: i64,
    ) -> Result<Count, StoreError> {
        let orders = self.orders(organization, filter, OrderSort::Newest, None);
        let most = most.max(0);
        let (found, rest) = match orders.await? {
            None => (0, None),
            Some(orders) if orders.terms.is_empty() => {
                let rows = self.rows_once(&orders.counted(most)).await?;
                (rows.first().map_or(Ok(0), |row| get(row, 0))?, None)
            }
            Some(orders) => {
                let found = self.search(&orders, Show::Count, most, BUDGET).await?;
                (found.count, found.rest)
            }
        };
        Ok(Count {
            found,
            is_all: found < most && rest.is_none(),
        })
    }

    async fn list_stock(
        &self,
        organization: OrganizationId,
        sku: Option<SkuId>,
        after: Option<CellKey>,
        limit: usize,
    ) -> Result<Page<StockRow, CellKey>, StoreError> {
        let whose = Uuid(organization.to_u128());
        // Nothing has the key zero, so that a page after it is the first.
        let after = after.map_or((Uuid::ZERO, Uuid::ZERO, Uuid::ZERO), |key| {
            let owner = key.owner.map_or(0, |owner| owner.to_u128());
            (
                Uuid(key.sku.to_u128()),
                Uuid(key.location.to_u128()),
                Uuid(owner),
            )
        });
        let more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let rows = match sku {
            Some(sku) => {
                let sql = concat!(
                    "SELECT ",
                    cell_columns!(),
                    " FROM cells WHERE organization = $1 AND sku = $2
                      AND (sku, location, owner) > ($3, $4, $5)
                      ORDER BY sku, location, owner LIMIT $6"
                );
                let sku = Uuid(sku.to_u128());
                self.rows(sql, params![whose, sku, after.0, after.1, after.2, more])
                    .await?
            }
            None => {
                let sql = concat!(
                    "SELECT ",
                    cell_columns!(),
                    " FROM cells WHERE organization = $1
                      AND (sku, location, owner) > ($2, $3, $4)
                      ORDER BY sku, location, owner LIMIT $5"
                );
                self.rows(sql, params![whose, after.0, after.1, after.2, more])
                    .await?
            }
        };
        let items = (rows.iter())
            .map(|row| cell(row).map(|(key, cell)| StockRow { key, cell }))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(cut(items, limit, |item| item.key))
    }

    async fn list_records(
        &self,
        organization: OrganizationId,
        kind: RecordKind,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
        let more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let after = Uuid(after.unwrap_or_default());
        let params = params![Uuid(organization.to_u128()), after, more];
        let rows = self.rows(page(kind), params).await?;
        let items = rows.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        Ok(cut(items, limit, |(id, _)| *id))
    }

    async fn list_fulfillment_orders(
        &self,
        organization: OrganizationId,
        filter: WorkFilter,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
        if filter == WorkFilter::default() {
            let kind = RecordKind::FulfillmentOrder;
            return self.list_records(organization, kind, after, limit).await;
        }
        let whose = Uuid(organization.to_u128());
        let locations: Vec<Uuid> = match filter.location {
            Some(location) => vec![Uuid(location.to_u128())],
            None => {
                let sql = "SELECT id FROM locations WHERE organization = $1";
                let rows = self.rows(sql, params![whose]).await?;
                rows.iter()
                    .map(|row| get(row, 0))
                    .collect::<Result<_, _>>()?
            }
        };
        let states: Vec<&'static str> = match filter.state {
            Some(state) => vec![state.name()],
            None => (FulfillmentState::ALL.iter())
                .map(|state| state.name())
                .collect(),
        };
        let more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let after = Uuid(after.unwrap_or_default());
        let params = params![whose, locations, states, after, more];
        let rows = self.rows(WORK, params).await?;
        let items = rows.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        Ok(cut(items, limit, |(id, _)| *id))
    }

    async fn events_about(
        &self,
        organization: OrganizationId,
        subjects: &[SubjectRef],
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let ids: Vec<Uuid> = subjects.iter().map(|subject| Uuid(subject.id)).collect();
        let kinds: Vec<i16> = (subjects.iter())
            .map(|subject| kind_number(subject.kind))
            .collect();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let params = params![Uuid(organization.to_u128()), ids, kinds, after, limit];
        let rows = self.rows(ABOUT, params).await?;
        rows.iter().map(log_entry).collect()
    }

    async fn list_movements(
        &self,
        organization: OrganizationId,
        filter: LedgerFilter,
        after: Option<LedgerPlace>,
        limit: usize,
    ) -> Result<Page<LedgerLine, LedgerPlace>, StoreError> {
        let after = after.unwrap_or(LedgerPlace {
            position: i64::MAX,
            line: 0,
        });
        let whose = Uuid(organization.to_u128());
        let sku = Uuid(filter.sku.to_u128());
        let rows = match filter.location {
            None => {
                let params = params![whose, sku, after.position, after.line, one_more(limit)];
                self.rows(LEDGER_OF_SKU, params).await?
            }
            Some(at) => {
                let at = Uuid(at.to_u128());
                let more = one_more(limit);
                let params = params![whose, sku, at, after.position, after.line, more];
                self.rows(LEDGER_OF_CELL, params).await?
            }
        };
        let items = (rows.iter())
            .map(|row| {
                Ok(LedgerLine {
                    entry: log_entry(row)?,
                    line: get(row, LEDGER_LINE)?,
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(cut(items, limit, LedgerLine::place))
    }

    async fn list_rollups(
        &self,
        organization: OrganizationId,
        filter: RollupFilter,
        after: Option<RollupKey>,
        limit: usize,
    ) -> Result<Page<Rollup, RollupKey>, StoreError> {
        let whose = Uuid(organization.to_u128());
        // No measure is zero, so that a page after it is the first.
        let (day, channel, measure, currency) = match after {
            Some(key) => (
                key.day,
                Uuid(key.channel.to_u128()),
                i16::from(key.measure.number()),
                key.currency.to_string(),
            ),
            None => (filter.from, Uuid::ZERO, 0, String::new()),
        };
        let only = filter.channel.map(|channel| Uuid(channel.to_u128()));
        let more = one_more(limit);
        let params = params![
            whose, day, channel, measure, currency, filter.to, only, more
        ];
        let rows = self.rows(ROLLUPS, params).await?;
        let items = rows.iter().map(rollup).collect::<Result<Vec<_>, _>>()?;
        Ok(cut(items, limit, Rollup::key))
    }

    async fn list_shortfalls(
        &self,
        organization: OrganizationId,
        after: Option<CellKey>,
        limit: usize,
    ) -> Result<Page<StockRow, CellKey>, StoreError> {
        let (sku, location, owner) = after.map_or((0, 0, 0), |key| {
            let owner = key.owner.map_or(0, |owner| owner.to_u128());
            (key.sku.to_u128(), key.location.to_u128(), owner)
        });
        let whose = Uuid(organization.to_u128());
        let params = params![
            whose,
            Uuid(sku),
            Uuid(location),
            Uuid(owner),
            one_more(limit)
        ];
        let rows = self.rows(SHORTFALLS, params).await?;
        let items = (rows.iter())
            .map(|row| cell(row).map(|(key, cell)| StockRow { key, cell }))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(cut(items, limit, |item| item.key))
    }
}

/// A page of work: each location and state is a run of the index, and the page merges the runs.
const WORK: &str = "
    SELECT f.id, f.version, f.body, NULL::bigint
    FROM (SELECT run.id
          FROM unnest($2::uuid[]) AS l(location) CROSS JOIN unnest($3::text[]) AS s(state)
          CROSS JOIN LATERAL (
              SELECT id FROM fulfillment_orders
              WHERE organization = $1 AND location = l.location AND state = s.state AND id > $4
              ORDER BY id LIMIT $5) AS run
          ORDER BY run.id LIMIT $5) AS page
    JOIN fulfillment_orders AS f ON f.organization = $1 AND f.id = page.id
    ORDER BY f.id";

/// The events about several records: each one's are a run of the index `events_story`, whose kinds
/// are said once more so that the planner knows it.
const ABOUT: &str = concat!(
    "SELECT ",
    log_columns!(),
    " FROM unnest($2::uuid[], $3::smallint[]) AS s(id, kind)
      CROSS JOIN LATERAL (
          SELECT * FROM events
          WHERE organization = $1 AND subject_id = s.id AND subject_kind = s.kind
            AND subject_kind IN (9, 10, 12, 13, 18) AND position > $4
          ORDER BY position LIMIT $5) AS run
      ORDER BY position LIMIT $5"
);

/// The column of the line beside those of the event.
const LEDGER_LINE: usize = 9;

/// A page of the ledger: a range of the index, and the events by their positions.
const LEDGER_OF_SKU: &str = concat!(
    "SELECT ",
    log_columns!(),
    ", line
      FROM (SELECT position AS at, line FROM movements
            WHERE organization = $1 AND sku = $2 AND (position, line) < ($3, $4)
            ORDER BY position DESC, line DESC LIMIT $5) AS page
      JOIN events ON organization = $1 AND position = at
      ORDER BY at DESC, line DESC"
);

const LEDGER_OF_CELL: &str = concat!(
    "SELECT ",
    log_columns!(),
    ", line
      FROM (SELECT position AS at, line FROM movements
            WHERE organization = $1 AND sku = $2 AND location = $3 AND (position, line) < ($4, $5)
            ORDER BY position DESC, line DESC LIMIT $6) AS page
      JOIN events ON organization = $1 AND position = at
      ORDER BY at DESC, line DESC"
);

const ROLLUPS: &str = "
    SELECT day, channel, measure, currency, count, amount FROM rollups
    WHERE organization = $1 AND (day, channel, measure, currency) > ($2, $3, $4, $5)
      AND day <= $6 AND ($7::uuid IS NULL OR channel = $7)
    ORDER BY day, channel, measure, currency LIMIT $8";

fn rollup(row: &Row) -> Result<Rollup, StoreError> {
    let measure: i16 = get(row, 2)?;
    let measure = u8::try_from(measure).ok().and_then(RollupMeasure::numbered);
    let currency: &str = get(row, 3)?;
    Ok(Rollup {
        day: get(row, 0)?,
        channel: id(row, 1)?,
        measure: measure.ok_or_else(|| corrupt("a measure", "it has no such number"))?,
        currency: (currency.parse()).map_err(|_| corrupt("a currency", currency))?,
        count: get(row, 4)?,
        amount: get(row, 5)?,
    })
}

/// Cells that facts left short. The list may name one that is short no longer: whoever covers it
/// takes it off afterwards.
const SHORTFALLS: &str = "
    SELECT c.sku, c.location, c.owner, c.on_hand, c.allocated, c.reserved, c.safety, c.quarantined
    FROM short_cells AS s JOIN cells AS c
        ON c.organization = s.organization AND c.sku = s.sku AND c.location = s.location
        AND c.owner = s.owner
    WHERE s.organization = $1 AND (s.sku, s.location, s.owner) > ($2, $3, $4)
      AND c.on_hand - c.allocated - c.reserved < 0
    ORDER BY s.sku, s.location, s.owner LIMIT $5";

/// One row more than a page shows.
fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// Cuts a page that was read one row longer, to know whether there is another.
pub(crate) fn cut<T, C>(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> C) -> Page<T, C> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(key);
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_starts_only_where_there_is_one() {
        let page = cut(vec![1, 2, 3], 2, |n| *n);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(2)));
        let page = cut(vec![1, 2], 2, |n| *n);
        assert_eq!((page.items, page.next), (vec![1, 2], None));
    }
}
