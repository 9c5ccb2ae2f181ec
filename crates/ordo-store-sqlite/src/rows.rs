//! Statements on records, one set per kind: the same three for all kinds but orders, fulfillment
//! orders and reservations, which have columns of their own.

use ordo_domain::record::{Columns, OrderColumns, RecordKind};
use ordo_domain::world::{RecordWrite, StoredRecord};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Fault;
use crate::keys::{Id, number, seq};

/// The same statement on the table of every kind.
macro_rules! per_kind {
    ($kind:expr, $before:literal, $after:literal) => {
        match $kind {
            RecordKind::Organization => concat!($before, "organizations", $after),
            RecordKind::ApiKey => concat!($before, "api_keys", $after),
            RecordKind::LegalEntity => concat!($before, "legal_entities", $after),
            RecordKind::Channel => concat!($before, "channels", $after),
            RecordKind::Location => concat!($before, "locations", $after),
            RecordKind::Pool => concat!($before, "pools", $after),
            RecordKind::Block => concat!($before, "blocks", $after),
            RecordKind::Sku => concat!($before, "skus", $after),
            RecordKind::Listing => concat!($before, "listings", $after),
            RecordKind::Order => concat!($before, "orders", $after),
            RecordKind::FulfillmentOrder => concat!($before, "fulfillment_orders", $after),
            RecordKind::Reservation => concat!($before, "reservations", $after),
            RecordKind::Shipment => concat!($before, "shipments", $after),
            RecordKind::Return => concat!($before, "returns", $after),
            RecordKind::Webhook => concat!($before, "webhooks", $after),
            RecordKind::RateTable => concat!($before, "rate_tables", $after),
            RecordKind::SourcingSettings => concat!($before, "sourcing_settings", $after),
            RecordKind::PriceBook => concat!($before, "price_books", $after),
            RecordKind::RuleSet => concat!($before, "rule_sets", $after),
        }
    };
}

/// The record with this id, if there is one.
pub(crate) fn find(
    conn: &Connection,
    organization: i64,
    kind: RecordKind,
    id: u128,
) -> Result<Option<StoredRecord>, Fault> {
    if kind == RecordKind::Order {
        return find_order(conn, organization, id);
    }
    let sql = per_kind!(
        kind,
        "SELECT version, body FROM ",
        " WHERE organization = ?1 AND id = ?2"
    );
    let found = conn
        .prepare_cached(sql)?
        .query_row(params![organization, Id::of(id)], |row| {
            Ok(StoredRecord {
                version: row.get::<_, i64>(0)? as u64,
                body: row.get(1)?,
                number: None,
            })
        })
        .optional()?;
    Ok(found)
}

fn find_order(
    conn: &Connection,
    organization: i64,
    id: u128,
) -> Result<Option<StoredRecord>, Fault> {
    let sql = "SELECT version, body, seq FROM orders WHERE organization = ?1 AND id = ?2";
    let found = conn
        .prepare_cached(sql)?
        .query_row(params![organization, Id::of(id)], |row| {
            Ok(StoredRecord {
                version: row.get::<_, i64>(0)? as u64,
                body: row.get(1)?,
                number: Some(number(row.get(2)?)),
            })
        })
        .optional()?;
    Ok(found)
}

/// The version of a record; 0 where there is none.
pub(crate) fn version(
    conn: &Connection,
    organization: i64,
    kind: RecordKind,
    id: u128,
) -> Result<u64, Fault> {
    let sql = per_kind!(
        kind,
        "SELECT version FROM ",
        " WHERE organization = ?1 AND id = ?2"
    );
    let found: Option<i64> = conn
        .prepare_cached(sql)?
        .query_row(params![organization, Id::of(id)], |row| row.get(0))
        .optional()?;
    Ok(found.map_or(0, |version| version as u64))
}

/// Records of a kind in the order of their ids, after `after`.
pub(crate) fn list(
    conn: &Connection,
    organization: i64,
    kind: RecordKind,
    after: Option<u128>,
    limit: usize,
) -> Result<Vec<(u128, StoredRecord)>, Fault> {
    let (sql, has_number) = match kind {
        RecordKind::Order => (
            "SELECT id, version, body, seq FROM orders \
             WHERE organization = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
            true,
        ),
        _ => (
            per_kind!(
                kind,
                "SELECT id, version, body FROM ",
                " WHERE organization = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
            ),
            false,
        ),
    };
    // The id zero is nobody's, so a first page may start after it.
    let after = Id::of(after.unwrap_or(0));
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params![organization, after, limit as i64], |row| {
        let record = StoredRecord {
            version: row.get::<_, i64>(1)? as u64,
            body: row.get(2)?,
            number: if has_number {
                Some(number(row.get(3)?))
            } else {
                None
            },
        };
        Ok((crate::keys::id(row, 0)?, record))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Adds a record that must not be there. Answers `false` where it is.
pub(crate) fn insert(
    conn: &Connection,
    organization: i64,
    write: &RecordWrite,
    order_number: i64,
) -> Result<bool, Fault> {
    let (id, version, body) = (Id::of(write.id), write.version as i64, &write.body);
    let done = match &write.columns {
        Columns::Order(columns) => insert_order(conn, organization, write, columns, order_number),
        Columns::FulfillmentOrder {
            order,
            location,
            state,
        } => conn
            .prepare_cached(
                "INSERT INTO fulfillment_orders \
                 (organization, id, version, order_id, location, state, body) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                organization,
                id,
                version,
                Id::of(*order),
                Id::of(*location),
                state,
                body
            ]),
        Columns::Reservation { expires_at } => conn
            .prepare_cached(
                "INSERT INTO reservations (organization, id, version, expires_at, body) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![organization, id, version, expires_at, body]),
        Columns::None | Columns::Code { .. } => {
            let sql = per_kind!(
                write.kind,
                "INSERT INTO ",
                " (organization, id, version, code, body) VALUES (?1, ?2, ?3, ?4, ?5)"
            );
            conn.prepare_cached(sql)?.execute(params![
                organization,
                id,
                version,
                code(&write.columns),
                body
            ])
        }
    };
    match done {
        Ok(_) => Ok(true),
        Err(error) if Fault::is_duplicate(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn insert_order(
    conn: &Connection,
    organization: i64,
    write: &RecordWrite,
    columns: &OrderColumns,
    order_number: i64,
) -> rusqlite::Result<usize> {
    conn.prepare_cached(
        "INSERT INTO orders (seq, organization, id, version, channel, external_id, life, payment, \
         fulfillment, returns, held, holds, placed_at, total, currency, country, body) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?
    .execute(params![
        seq(organization, order_number),
        organization,
        Id::of(write.id),
        write.version as i64,
        Id::of(columns.channel),
        columns.external_id,
        columns.life,
        columns.payment,
        columns.fulfillment,
        columns.returns,
        columns.holds > 0,
        columns.holds,
        columns.placed_at,
        columns.total,
        columns.currency,
        columns.country,
        write.body,
    ])
}

/// Replaces a record that must be at the version that was loaded. Answers `false` where it is not.
pub(crate) fn update(
    conn: &Connection,
    organization: i64,
    write: &RecordWrite,
) -> Result<bool, Fault> {
    let (id, loaded) = (Id::of(write.id), write.loaded as i64);
    let (version, body) = (write.version as i64, &write.body);
    let changed = match &write.columns {
        Columns::Order(columns) => update_order(conn, organization, write, columns)?,
        Columns::FulfillmentOrder {
            order,
            location,
            state,
        } => conn
            .prepare_cached(
                "UPDATE fulfillment_orders \
                 SET version = ?4, order_id = ?5, location = ?6, state = ?7, body = ?8 \
                 WHERE organization = ?1 AND id = ?2 AND version = ?3",
            )?
            .execute(params![
                organization,
                id,
                loaded,
                version,
                Id::of(*order),
                Id::of(*location),
                state,
                body
            ])?,
        Columns::Reservation { expires_at } => conn
            .prepare_cached(
                "UPDATE reservations SET version = ?4, expires_at = ?5, body = ?6 \
                 WHERE organization = ?1 AND id = ?2 AND version = ?3",
            )?
            .execute(params![organization, id, loaded, version, expires_at, body])?,
        Columns::None | Columns::Code { .. } => {
            let sql = per_kind!(
                write.kind,
                "UPDATE ",
                " SET version = ?4, code = ?5, body = ?6 \
                 WHERE organization = ?1 AND id = ?2 AND version = ?3"
            );
            conn.prepare_cached(sql)?.execute(params![
                organization,
                id,
                loaded,
                version,
                code(&write.columns),
                body
            ])?
        }
    };
    Ok(changed == 1)
}

fn update_order(
    conn: &Connection,
    organization: i64,
    write: &RecordWrite,
    columns: &OrderColumns,
) -> rusqlite::Result<usize> {
    conn.prepare_cached(
        "UPDATE orders SET version = ?4, channel = ?5, external_id = ?6, life = ?7, payment = ?8, \
         fulfillment = ?9, returns = ?10, held = ?11, holds = ?12, placed_at = ?13, total = ?14, \
         currency = ?15, country = ?16, body = ?17 \
         WHERE organization = ?1 AND id = ?2 AND version = ?3",
    )?
    .execute(params![
        organization,
        Id::of(write.id),
        write.loaded as i64,
        write.version as i64,
        Id::of(columns.channel),
        columns.external_id,
        columns.life,
        columns.payment,
        columns.fulfillment,
        columns.returns,
        columns.holds > 0,
        columns.holds,
        columns.placed_at,
        columns.total,
        columns.currency,
        columns.country,
        write.body,
    ])
}

fn code(columns: &Columns) -> Option<&str> {
    match columns {
        Columns::Code { code } => Some(code),
        Columns::None
        | Columns::Order(_)
        | Columns::FulfillmentOrder { .. }
        | Columns::Reservation { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_kept_in_the_table_of_its_name() {
        for kind in RecordKind::ALL {
            assert_eq!(per_kind!(kind, "", ""), kind.table());
        }
    }
}
