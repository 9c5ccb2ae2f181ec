//! Reads the log, and the other things that are read by id: contacts, decisions, due reservations,
//! keys, organizations.

use ordo_domain::contact::Contact;
use ordo_domain::event::{Event, SubjectRef};
use ordo_domain::id::{ContactId, DecisionId, OrganizationId, ReservationId};
use ordo_domain::organization::ApiKey;
use ordo_domain::time::Timestamp;
use ordo_store::{FoundKey, Head, LedgerFilter, LedgerLine, LedgerPlace, LogEntry, Page};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::Fault;
use crate::keys::{Id, NUMBER_MAX, id, number, seq};
use crate::lists::page;

/// At most `limit` entries after `after`, in order.
pub(crate) fn read(
    conn: &Connection,
    organization: i64,
    after: i64,
    limit: usize,
) -> Result<Vec<LogEntry>, Fault> {
    let mut statement = conn.prepare_cached(READ)?;
    let rows = statement.query(params![
        seq(organization, after.max(0)),
        seq(organization, NUMBER_MAX - 1),
        limit as i64
    ])?;
    entries(rows)
}

pub(crate) const READ: &str = "SELECT seq, recorded_at, effective_at, command, actor, \
     subject_version, body FROM events WHERE seq > ?1 AND seq < ?2 ORDER BY seq LIMIT ?3";

/// The events about any of some records after position `after`, oldest first.
pub(crate) fn about(
    conn: &Connection,
    organization: i64,
    subjects: &[SubjectRef],
    after: i64,
    limit: usize,
) -> Result<Vec<LogEntry>, Fault> {
    let mut statement = conn.prepare_cached(ABOUT)?;
    let mut found = Vec::new();
    // Each record's events are a run in the order of positions; a page merges the runs.
    for subject in subjects {
        let rows = statement.query(params![
            Id::of(subject.id),
            seq(organization, after.max(0)),
            seq(organization, NUMBER_MAX - 1),
            subject.kind as u8,
            limit as i64
        ])?;
        found.extend(entries(rows)?);
    }
    found.sort_by_key(|entry| entry.position);
    found.truncate(limit);
    Ok(found)
}

pub(crate) const ABOUT: &str = "SELECT seq, recorded_at, effective_at, command, actor, \
     subject_version, body FROM events \
     WHERE subject_id = ?1 AND seq > ?2 AND seq < ?3 AND subject_kind = ?4 ORDER BY seq LIMIT ?5";

/// Lines of the stock ledger, newest first.
pub(crate) fn ledger(
    conn: &Connection,
    organization: i64,
    filter: LedgerFilter,
    after: Option<LedgerPlace>,
    limit: usize,
) -> Result<Page<LedgerLine, LedgerPlace>, Fault> {
    let after = after.unwrap_or(LedgerPlace {
        position: NUMBER_MAX,
        line: 0,
    });
    let (sku, more) = (Id::of(filter.sku), limit.saturating_add(1) as i64);
    let mut lines = Vec::new();
    let mut take = |mut rows: rusqlite::Rows<'_>| -> Result<(), Fault> {
        while let Some(row) = rows.next()? {
            lines.push(LedgerLine {
                entry: entry(row)?,
                line: row.get(7)?,
            });
        }
        Ok(())
    };
    match filter.location {
        None => take(conn.prepare_cached(LEDGER_OF_SKU)?.query(params![
            organization,
            sku,
            after.position,
            after.line,
            more
        ])?)?,
        Some(location) => take(conn.prepare_cached(LEDGER_OF_CELL)?.query(params![
            organization,
            sku,
            Id::of(location),
            after.position,
            after.line,
            more
        ])?)?,
    }
    Ok(page(lines, limit, LedgerLine::place))
}

pub(crate) const LEDGER_OF_SKU: &str = "SELECT e.seq, e.recorded_at, e.effective_at, e.command, \
     e.actor, e.subject_version, e.body, m.line FROM movements AS m \
     CROSS JOIN events AS e ON e.seq = (m.organization << 40) + m.position \
     WHERE m.organization = ?1 AND m.sku = ?2 AND (m.position, m.line) < (?3, ?4) \
     ORDER BY m.position DESC, m.line DESC LIMIT ?5";

pub(crate) const LEDGER_OF_CELL: &str = "SELECT e.seq, e.recorded_at, e.effective_at, e.command, \
     e.actor, e.subject_version, e.body, m.line FROM movements AS m \
     CROSS JOIN events AS e ON e.seq = (m.organization << 40) + m.position \
     WHERE m.organization = ?1 AND m.sku = ?2 AND m.location = ?3 \
     AND (m.position, m.line) < (?4, ?5) ORDER BY m.position DESC, m.line DESC LIMIT ?6";

fn entries(mut rows: rusqlite::Rows<'_>) -> Result<Vec<LogEntry>, Fault> {
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

fn entry(row: &Row<'_>) -> Result<LogEntry, Fault> {
    let body = row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?;
    let event: Event = serde_json::from_str(body).map_err(Fault::text("an event"))?;
    Ok(LogEntry {
        position: number(row.get(0)?),
        recorded_at: Timestamp::from_micros(row.get(1)?),
        effective_at: Timestamp::from_micros(row.get(2)?),
        command: id(row, 3)?,
        actor: row.get(4)?,
        subject: event.subject(),
        subject_version: row.get::<_, i64>(5)? as u64,
        event,
    })
}

/// Where the log ends; all zero where there is none.
pub(crate) fn head(conn: &Connection, organization: i64) -> Result<Head, Fault> {
    let head = conn
        .prepare_cached(
            "SELECT position, order_number, last_at, reference_version FROM heads \
             WHERE organization = ?1",
        )?
        .query_row(params![organization], |row| head_from(row, 0))
        .optional()?;
    Ok(head.unwrap_or_default())
}

/// A head from the columns position, order_number, last_at and reference_version, from `first` on.
pub(crate) fn head_from(row: &Row<'_>, first: usize) -> rusqlite::Result<Head> {
    Ok(Head {
        position: row.get(first)?,
        order_number: row.get(first + 1)?,
        last_at: Timestamp::from_micros(row.get(first + 2)?),
        reference_version: row.get(first + 3)?,
    })
}

/// How far a consumer has come.
pub(crate) fn cursor(conn: &Connection, organization: i64, consumer: &str) -> Result<i64, Fault> {
    let position: Option<i64> = conn
        .prepare_cached("SELECT position FROM cursors WHERE organization = ?1 AND consumer = ?2")?
        .query_row(params![organization, consumer], |row| row.get(0))
        .optional()?;
    Ok(position.unwrap_or(0))
}

/// The contacts that are there.
pub(crate) fn contacts(
    conn: &Connection,
    organization: i64,
    ids: &[ContactId],
) -> Result<Vec<Contact>, Fault> {
    let mut statement =
        conn.prepare_cached("SELECT body FROM contacts WHERE organization = ?1 AND id = ?2")?;
    let mut contacts = Vec::with_capacity(ids.len());
    for id in ids {
        let body: Option<String> = statement
            .query_row(params![organization, Id::of(*id)], |row| row.get(0))
            .optional()?;
        if let Some(body) = body {
            contacts.push(serde_json::from_str(&body).map_err(Fault::text("a contact"))?);
        }
    }
    Ok(contacts)
}

/// A decision's text.
pub(crate) fn decision(
    conn: &Connection,
    organization: i64,
    id: DecisionId,
) -> Result<Option<String>, Fault> {
    let body = conn
        .prepare_cached("SELECT body FROM decisions WHERE organization = ?1 AND id = ?2")?
        .query_row(params![organization, Id::of(id)], |row| row.get(0))
        .optional()?;
    Ok(body)
}

/// Reservations that end at or before `until`, soonest first.
pub(crate) fn due_reservations(
    conn: &Connection,
    organization: i64,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<(ReservationId, Timestamp)>, Fault> {
    let mut statement = conn.prepare_cached(DUE_RESERVATIONS)?;
    let rows = statement.query_map(
        params![organization, until.as_micros(), limit as i64],
        |row| Ok((id(row, 0)?, Timestamp::from_micros(row.get(1)?))),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) const DUE_RESERVATIONS: &str = "SELECT id, expires_at FROM reservations \
     WHERE organization = ?1 AND expires_at <= ?2 ORDER BY expires_at, id LIMIT ?3";

/// The key that a secret belongs to, unless it was withdrawn.
pub(crate) fn find_key(
    conn: &Connection,
    secret_hash: &[u8; 32],
) -> Result<Option<FoundKey>, Fault> {
    let found: Option<(Id, String)> = conn
        .prepare_cached(FIND_KEY)?
        .query_row(params![secret_hash], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((organization, body)) = found else {
        return Ok(None);
    };
    let key: ApiKey = serde_json::from_str(&body).map_err(Fault::text("an API key"))?;
    Ok((!key.revoked).then(|| FoundKey {
        organization: organization.get(),
        key: key.id,
        role: key.role,
        scope: key.scope,
    }))
}

pub(crate) const FIND_KEY: &str = "SELECT heads.id, api_keys.body FROM api_key_hashes AS hashes \
     JOIN heads ON heads.organization = hashes.organization \
     JOIN api_keys ON api_keys.organization = hashes.organization AND api_keys.id = hashes.id \
     WHERE hash = ?1";

/// All organizations with their codes, in the order in which they were founded.
pub(crate) fn organizations(conn: &Connection) -> Result<Vec<(OrganizationId, String)>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT heads.id, organizations.code FROM organizations \
         JOIN heads ON heads.organization = organizations.organization \
         WHERE code IS NOT NULL ORDER BY organizations.organization LIMIT 10000",
    )?;
    let rows = statement.query_map((), |row| Ok((id(row, 0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
