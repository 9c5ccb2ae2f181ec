//! Takes a person's rows away, and what SQLite leaves of them in its files.
//!
//! `secure_delete` overwrites rows and pages that are given up. Two places it does not reach: the WAL,
//! which keeps older pages until it is started anew, and copies of rows that stay in the gap of a page
//! when its rows are spread over others. So the WAL is emptied, and the table of contacts, the only
//! one with persons in it, is written anew.

use ordo_domain::id::{ContactId, OrderId};
use rusqlite::{Connection, params};

use crate::error::Fault;
use crate::keys::{Id, segment};
use crate::view;

/// Deletes contacts, the raw bodies they came in, and search terms within the transaction at hand.
pub(crate) fn delete(
    conn: &Connection,
    organization: i64,
    contacts: &[ContactId],
    terms: &[(OrderId, i64)],
) -> Result<(), Fault> {
    for contact in contacts {
        conn.prepare_cached("DELETE FROM contacts WHERE organization = ?1 AND id = ?2")?
            .execute(params![organization, Id::of(*contact)])?;
        conn.prepare_cached("DELETE FROM payloads WHERE organization = ?1 AND contact = ?2")?
            .execute(params![organization, Id::of(*contact)])?;
    }
    for (order, hash) in terms {
        if let Some(seq) = view::order_seq(conn, organization, *order)? {
            conn.prepare_cached("DELETE FROM terms WHERE segment = ?1 AND hash = ?2 AND seq = ?3")?
                .execute(params![segment(seq), hash, seq])?;
        }
    }
    Ok(())
}

/// Writes the table of contacts anew within the transaction at hand: the pages of the old one are
/// overwritten as they are given up.
pub(crate) fn rewrite_contacts(conn: &Connection) -> Result<(), Fault> {
    let sql: String = conn.query_row(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'contacts'",
        (),
        |row| row.get(0),
    )?;
    let columns = sql.split_once('(').map(|(_, columns)| columns);
    let columns = columns.ok_or(Fault::Full("the table of contacts has no columns"))?;
    conn.execute_batch(&format!(
        "CREATE TABLE contacts_anew ({columns};
         INSERT INTO contacts_anew SELECT * FROM contacts ORDER BY organization, id;
         DROP TABLE contacts;
         ALTER TABLE contacts_anew RENAME TO contacts;"
    ))?;
    Ok(())
}

/// Writes within the transaction at hand, whose commit flushes that the WAL was cut: SQLite does not,
/// so that a power loss would bring back the WAL as it was.
pub(crate) fn keep_cut(conn: &Connection) -> Result<(), Fault> {
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    conn.pragma_update(None, "user_version", version)?;
    Ok(())
}

/// Copies the whole WAL into the database and cuts it to nothing. Waits for readers of older pages.
pub(crate) fn empty_wal(conn: &Connection) -> Result<(), Fault> {
    let is_busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    if is_busy == 0 {
        return Ok(());
    }
    Err(Fault::Full(
        "somebody still reads what was erased (a backup or export?): ask again once it is done",
    ))
}
