//! Drops what nobody asks for any more, a bounded piece at a time.

use ordo_domain::time::Timestamp;
use ordo_store::SignalPlace;
use rusqlite::{Connection, params};

use crate::error::Fault;
use crate::keys::Id;

/// Drops batches from before `until`; answers how many.
pub(crate) fn batches(conn: &Connection, until: Timestamp, limit: usize) -> Result<usize, Fault> {
    let dropped = conn
        .prepare_cached(
            "DELETE FROM batches WHERE (organization, id) IN \
             (SELECT organization, id FROM batches WHERE recorded_at < ?1 \
              ORDER BY recorded_at LIMIT ?2)",
        )?
        .execute(params![until.as_micros(), limit as i64])?;
    Ok(dropped)
}

/// Looks at the next signals of the table and drops those from before `until`. What is newer of them
/// in the journal stays: it is written to the table anew.
pub(crate) fn signals(
    conn: &Connection,
    until: Timestamp,
    from: Option<SignalPlace>,
    limit: usize,
) -> Result<Option<SignalPlace>, Fault> {
    // Here organizations are numbered, so their numbers stand in for them.
    let from = from.map_or((-1, 0, 0), |from| {
        let number = i64::try_from(from.organization).unwrap_or(i64::MAX);
        (number, from.kind, from.hash)
    });
    let mut statement = conn.prepare_cached(
        "SELECT organization, kind, hash, since FROM signals \
         WHERE (organization, kind, hash) > (?1, ?2, ?3) \
         ORDER BY organization, kind, hash LIMIT ?4",
    )?;
    let rows = statement.query_map(
        params![from.0, from.1, Id::of(from.2), limit as i64],
        |row| {
            let found: (i64, u8, Id, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(found)
        },
    )?;
    let page: Vec<(i64, u8, Id, i64)> = rows.collect::<rusqlite::Result<_>>()?;
    let mut delete = conn.prepare_cached(
        "DELETE FROM signals WHERE organization = ?1 AND kind = ?2 AND hash = ?3",
    )?;
    for (organization, kind, hash, since) in &page {
        if *since < until.as_micros() {
            delete.execute(params![organization, kind, hash])?;
        }
    }
    let last = page.last().filter(|_| page.len() == limit);
    Ok(last.map(|(organization, kind, hash, _)| SignalPlace {
        organization: organization.unsigned_abs().into(),
        kind: *kind,
        hash: hash.get(),
    }))
}
