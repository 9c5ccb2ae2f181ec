//! Lists: pages by key, each a range of an index, never a count in full and never an offset.
//!
//! A list of orders is written out with its values: they come from closed sets or are numbers, and
//! the planner must see them to know which partial index holds them.

#[cfg(test)]
mod plans;

use std::fmt::Write as _;

use async_trait::async_trait;
use ordo_domain::claim::ClaimKind;
use ordo_domain::event::SubjectRef;
use ordo_domain::fulfillment::FulfillmentState;
use ordo_domain::id::{ChannelId, OrganizationId, SkuId};
use ordo_domain::record::RecordKind;
use ordo_domain::stock::CellKey;
use ordo_domain::world::StoredRecord;
use ordo_store::{
    LogEntry, OrderFilter, OrderRow, OrderSort, Page, Query, StockRow, StoreError, WorkFilter,
};

use crate::flight::params;
use crate::records::page;
use crate::rows::{
    ORDER_COLUMNS, cell, cell_columns, get, id, kind_number, log_columns, log_entry, order, record,
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
        let nothing = Page {
            items: Vec::new(),
            next: None,
        };
        let Some(matching) = self.matching(organization, filter, sort, after).await? else {
            return Ok(nothing);
        };
        let rows = self.rows_once(&matching.page(sort, limit)).await?;
        let items = rows.iter().map(order).collect::<Result<Vec<_>, _>>()?;
        Ok(cut(items, limit, |item| item.number))
    }

    async fn count_orders(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        most: i64,
    ) -> Result<i64, StoreError> {
        let matching = self.matching(organization, filter, OrderSort::Newest, None);
        let Some(matching) = matching.await? else {
            return Ok(0);
        };
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 {matching} LIMIT {}) AS matching",
            most.max(0)
        );
        let rows = self.rows_once(&sql).await?;
        rows.first().map_or(Ok(0), |row| get(row, 0))
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
            AND subject_kind IN (9, 10, 12, 13) AND position > $4
          ORDER BY position LIMIT $5) AS run
      ORDER BY position LIMIT $5"
);

/// Cuts a page that was read one row longer, to know whether there is another.
pub(crate) fn cut<T, C>(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> C) -> Page<T, C> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(key);
    Page { items, next }
}

/// FROM and WHERE of a list of orders.
struct Matching {
    from: String,
    conditions: Vec<String>,
    /// The column that orders the list: of the first search term, where there is one.
    number: &'static str,
}

impl Matching {
    /// The statement of a page, one row longer than it shows.
    fn page(&self, sort: OrderSort, limit: usize) -> String {
        let direction = match sort {
            OrderSort::Newest => "DESC",
            OrderSort::Oldest => "ASC",
        };
        format!(
            "SELECT {ORDER_COLUMNS} {self} ORDER BY {} {direction} LIMIT {}",
            self.number,
            limit.saturating_add(1)
        )
    }
}

impl std::fmt::Display for Matching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FROM {}", self.from)?;
        for (n, condition) in self.conditions.iter().enumerate() {
            write!(f, " {} {condition}", if n == 0 { "WHERE" } else { "AND" })?;
        }
        Ok(())
    }
}

impl PostgresStore {
    /// What `filter` says, or `None` where nothing can match it.
    async fn matching(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        sort: OrderSort,
        after: Option<i64>,
    ) -> Result<Option<Matching>, StoreError> {
        let whose = uuid_text(organization.to_u128());
        let mut from = String::from("orders AS o");
        let mut conditions = Vec::new();
        let mut number = "o.number";
        // Terms are kept in the order of numbers, so that the list follows them and stops early.
        for (n, hash) in filter.terms.iter().enumerate() {
            if n == 0 {
                from = "terms AS t0 JOIN orders AS o
                    ON o.organization = t0.organization AND o.number = t0.number"
                    .to_owned();
                number = "t0.number";
                conditions.push(format!(
                    "t0.organization = {whose} AND t0.hash = '{hash}'::bigint"
                ));
            } else {
                // Written into a String, which cannot fail.
                let _ = write!(
                    from,
                    " JOIN terms AS t{n} ON t{n}.organization = {whose} AND t{n}.hash = '{hash}'::bigint \
                     AND t{n}.number = t0.number"
                );
            }
        }
        conditions.push(format!("o.organization = {whose}"));
        if let Some(after) = after {
            let sign = match sort {
                OrderSort::Newest => '<',
                OrderSort::Oldest => '>',
            };
            // Said of every table, so that each is entered where the page starts.
            conditions.push(format!("o.number {sign} {after}"));
            for n in 0..filter.terms.len() {
                conditions.push(format!("t{n}.number {sign} {after}"));
            }
        }
        for (column, name) in [
            ("life", &filter.life),
            ("payment", &filter.payment),
            ("fulfillment", &filter.fulfillment),
        ] {
            match name {
                None => {}
                Some(name) if is_name(name) => conditions.push(format!("o.{column} = '{name}'")),
                Some(_) => return Ok(None),
            }
        }
        if let Some(channel) = filter.channel {
            conditions.push(format!("o.channel = {}", uuid_text(channel.to_u128())));
        }
        match filter.held {
            None => {}
            Some(true) => conditions.push("o.holds > 0".to_owned()),
            Some(false) => conditions.push("o.holds = 0".to_owned()),
        }
        if let Some(external_id) = &filter.external_id {
            let orders = self
                .with_external_id(organization, filter.channel, external_id)
                .await?;
            if orders.is_empty() {
                return Ok(None);
            }
            let orders: Vec<String> = orders.into_iter().map(uuid_text).collect();
            conditions.push(format!("o.id IN ({})", orders.join(", ")));
        }
        Ok(Some(Matching {
            from,
            conditions,
            number,
        }))
    }

    /// The orders that channels call so, found by the claims on their names.
    async fn with_external_id(
        &self,
        organization: OrganizationId,
        channel: Option<ChannelId>,
        external_id: &str,
    ) -> Result<Vec<u128>, StoreError> {
        let whose = Uuid(organization.to_u128());
        let channels: Vec<ChannelId> = match channel {
            Some(channel) => vec![channel],
            None => {
                let sql = "SELECT id FROM channels WHERE organization = $1";
                let rows = self.rows(sql, params![whose]).await?;
                rows.iter()
                    .map(|row| id(row, 0))
                    .collect::<Result<_, StoreError>>()?
            }
        };
        let keys: Vec<String> = (channels.iter())
            .map(|channel| format!("{channel}:{external_id}"))
            .collect();
        let sql = "SELECT holder FROM claims
                   WHERE organization = $1 AND kind = $2 AND key = ANY($3)";
        let kind = ClaimKind::OrderExternal.name();
        let rows = self.rows(sql, params![whose, kind, keys]).await?;
        rows.iter().map(|row| id(row, 0)).collect()
    }
}

/// Whether a text is made like the names of lives and standings, and so can be written into SQL.
fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// An id as a literal.
fn uuid_text(bits: u128) -> String {
    format!("'{bits:032x}'::uuid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_written_into_sql() {
        assert!(is_name("part_authorized"));
        for text in ["o'brien", "open;", "Open", "1"] {
            assert!(!is_name(text), "{text}");
        }
    }

    #[test]
    fn a_page_says_where_the_next_one_starts_only_where_there_is_one() {
        let page = cut(vec![1, 2, 3], 2, |n| *n);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(2)));
        let page = cut(vec![1, 2], 2, |n| *n);
        assert_eq!((page.items, page.next), (vec![1, 2], None));
    }
}
