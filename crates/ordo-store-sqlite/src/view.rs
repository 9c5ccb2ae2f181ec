//! Writes what the view consumer found, with its cursor, in one transaction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use ordo_domain::id::OrderId;
use ordo_store::{LedgerTerm, Rollup, ViewWrite};
use rusqlite::{Connection, OptionalExtension, params};

use crate::agenda;
use crate::error::Fault;
use crate::keys::{Id, segment};
use crate::log;
use crate::writer::Writer;

/// Writes it, unless the cursor is no longer where it must be; answers whether it did.
pub(crate) fn save(writer: &mut Writer, write: &ViewWrite) -> Result<bool, Fault> {
    let is_new = writer.number(write.organization) < 0;
    let saved = writer.within(|writer| {
        let organization = writer.number_or_new(write.organization)?;
        let conn = &writer.conn;
        if log::cursor(conn, organization, write.consumer)? != write.after {
            return Ok(false);
        }
        save_cursor(conn, organization, write.consumer, write.upto)?;
        insert_terms(conn, organization, write)?;
        insert_movements(conn, organization, &write.movements)?;
        add_rollups(conn, organization, &write.rollups)?;
        agenda::insert_waits(conn, organization, &write.waits)?;
        agenda::insert_tasks(conn, organization, write.at, &write.tasks)?;
        Ok(true)
    })?;
    if is_new {
        writer.read_heads()?;
    }
    Ok(saved)
}

fn save_cursor(
    conn: &Connection,
    organization: i64,
    consumer: &str,
    upto: i64,
) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO cursors (organization, consumer, position) VALUES (?1, ?2, ?3) \
         ON CONFLICT DO UPDATE SET position = excluded.position",
    )?
    .execute(params![organization, consumer, upto])?;
    Ok(())
}

/// Adds terms in the order of their key, so that each page is met once.
fn insert_terms(conn: &Connection, organization: i64, write: &ViewWrite) -> Result<(), Fault> {
    let mut seqs: HashMap<OrderId, Option<i64>> = HashMap::new();
    let mut rows = Vec::with_capacity(write.terms.len());
    for term in &write.terms {
        let seq = match seqs.entry(term.order) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(slot) => *slot.insert(order_seq(conn, organization, term.order)?),
        };
        // An order that is not there is found by nothing.
        rows.extend(seq.map(|seq| (segment(seq), term.hash, seq)));
    }
    rows.sort_unstable();
    rows.dedup();
    let mut statement = conn.prepare_cached(
        "INSERT INTO terms (segment, hash, seq) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    for row in rows {
        statement.execute(row)?;
    }
    Ok(())
}

fn insert_movements(
    conn: &Connection,
    organization: i64,
    movements: &[LedgerTerm],
) -> Result<(), Fault> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO movements (organization, sku, position, line, location) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    )?;
    for movement in movements {
        statement.execute(params![
            organization,
            Id::of(movement.sku),
            movement.place.position,
            movement.place.line,
            Id::of(movement.location)
        ])?;
    }
    Ok(())
}

pub(crate) fn order_seq(
    conn: &Connection,
    organization: i64,
    order: OrderId,
) -> Result<Option<i64>, Fault> {
    let found = conn
        .prepare_cached("SELECT seq FROM orders WHERE organization = ?1 AND id = ?2")?
        .query_row(params![organization, Id::of(order)], |row| row.get(0))
        .optional()?;
    Ok(found)
}

fn add_rollups(conn: &Connection, organization: i64, rollups: &[Rollup]) -> Result<(), Fault> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO rollups (organization, day, channel, measure, currency, count, amount) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE \
         SET count = count + excluded.count, amount = amount + excluded.amount",
    )?;
    for rollup in rollups {
        statement.execute(params![
            organization,
            rollup.day,
            Id::of(rollup.channel),
            rollup.measure.number(),
            rollup.currency.code(),
            rollup.count,
            rollup.amount
        ])?;
    }
    Ok(())
}
