//! Reads what decisions need: rows by key, the reference, stored answers.

use ordo_domain::claim::ClaimKind;
use ordo_domain::id::SkuId;
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::time::Timestamp;
use ordo_domain::world::{CounterKey, Key, Row};
use ordo_store::{AnswerKey, StoredAnswer};
use rusqlite::{Connection, OptionalExtension, params};

use crate::cells::Cells;
use crate::error::Fault;
use crate::keys::{EVERYONE, Id, Owner, id, number};
use crate::lots;
use crate::rows;
use crate::signals::{self, Signals};

/// One row for every key, in their order. The thread that writes passes what it keeps.
pub(crate) fn load(
    conn: &Connection,
    mut kept: Option<Kept<'_>>,
    organization: i64,
    keys: Vec<Key>,
) -> Result<Vec<Row>, Fault> {
    keys.into_iter()
        .map(|key| load_one(conn, kept.as_mut(), organization, key))
        .collect()
}

/// Rows that the thread that writes keeps in memory.
pub(crate) struct Kept<'a> {
    pub(crate) signals: &'a Signals,
    pub(crate) cells: &'a mut Cells,
}

fn load_one(
    conn: &Connection,
    kept: Option<&mut Kept<'_>>,
    organization: i64,
    key: Key,
) -> Result<Row, Fault> {
    Ok(match key {
        Key::Record { kind, id } => Row::Record {
            kind,
            id,
            found: rows::find(conn, organization, kind, id)?,
        },
        Key::Claim { kind, key } => Row::Claim {
            kind,
            holder: holder(conn, organization, kind, &key)?,
            key,
        },
        Key::SkuByCode(code) => {
            let found = match holder(conn, organization, ClaimKind::SkuCode, &code)? {
                None => None,
                Some(id) => {
                    rows::find(conn, organization, RecordKind::Sku, id)?.map(|record| (id, record))
                }
            };
            Row::SkuByCode { code, found }
        }
        Key::Cells(sku) => Row::Cells {
            sku,
            cells: match kept {
                Some(kept) => kept.cells.of(conn, organization, sku)?,
                None => cells(conn, organization, sku)?,
            },
        },
        Key::Lots(sku) => Row::Lots {
            sku,
            lots: lots::of(conn, organization, sku)?,
        },
        Key::Signal(key) => Row::Signal {
            key,
            found: match kept {
                Some(kept) => kept.signals.get(conn, organization, key)?,
                None => signals::find(conn, organization, key)?,
            },
        },
        Key::Counter(key) => Row::Counter {
            key,
            value: counter(conn, organization, key)?,
        },
    })
}

fn holder(
    conn: &Connection,
    organization: i64,
    kind: ClaimKind,
    key: &str,
) -> Result<Option<u128>, Fault> {
    let owner = if kind.is_global() {
        EVERYONE
    } else {
        organization
    };
    let found = conn
        .prepare_cached(
            "SELECT holder FROM claims WHERE organization = ?1 AND kind = ?2 AND key = ?3",
        )?
        .query_row(params![owner, kind.name(), key], |row| id(row, 0))
        .optional()?;
    Ok(found)
}

/// All cells of a SKU.
pub(crate) fn cells(
    conn: &Connection,
    organization: i64,
    sku: SkuId,
) -> Result<Vec<(CellKey, Cell)>, Fault> {
    let mut statement = conn.prepare_cached(CELLS)?;
    let rows = statement.query_map(params![organization, Id::of(sku)], cell)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) const CELLS: &str = "SELECT sku, location, owner, on_hand, allocated, reserved, safety, \
     quarantined FROM cells WHERE organization = ?1 AND sku = ?2";

/// A cell from the columns sku, location, owner and the five counters.
pub(crate) fn cell(row: &rusqlite::Row<'_>) -> rusqlite::Result<(CellKey, Cell)> {
    let key = CellKey {
        sku: id(row, 0)?,
        location: id(row, 1)?,
        owner: row.get::<_, Owner>(2)?.get(),
    };
    let quantity = |column| row.get(column).map(Quantity::stored);
    let cell = Cell {
        on_hand: quantity(3)?,
        allocated: quantity(4)?,
        reserved: quantity(5)?,
        safety: quantity(6)?,
        quarantined: quantity(7)?,
    };
    Ok((key, cell))
}

fn counter(conn: &Connection, organization: i64, key: CounterKey) -> Result<i64, Fault> {
    let found: Option<i64> = conn
        .prepare_cached(
            "SELECT value FROM counters \
             WHERE organization = ?1 AND kind = ?2 AND id = ?3 AND day = ?4",
        )?
        .query_row(
            params![organization, key.kind.number(), Id::of(key.id), key.day],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.unwrap_or(0))
}

/// The reference; version and records are of one moment where the caller holds a snapshot.
pub(crate) fn reference(
    conn: &Connection,
    organization: i64,
) -> Result<(Reference, Vec<String>), Fault> {
    let version: Option<i64> = conn
        .prepare_cached("SELECT reference_version FROM heads WHERE organization = ?1")?
        .query_row(params![organization], |row| row.get(0))
        .optional()?;
    let mut reference = Reference::empty(version.unwrap_or(0));
    for kind in RecordKind::ALL.iter().filter(|kind| kind.is_reference()) {
        let mut after = None;
        loop {
            let records = rows::list(conn, organization, *kind, after, REFERENCE_PAGE)?;
            for (_, record) in &records {
                reference
                    .supply(*kind, &record.body)
                    .map_err(Fault::text("a record of the reference"))?;
            }
            match records.last() {
                Some((last, _)) if records.len() == REFERENCE_PAGE => after = Some(*last),
                Some(_) | None => break,
            }
        }
    }
    let parts = conn
        .prepare_cached("SELECT body FROM points WHERE organization = ?1 ORDER BY part")?
        .query_map(params![organization], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    Ok((reference, parts))
}

const REFERENCE_PAGE: usize = 1_000;

/// The stored answers, in the order of `keys`.
pub(crate) fn answers(
    conn: &Connection,
    organization: i64,
    keys: &[AnswerKey],
) -> Result<Vec<Option<StoredAnswer>>, Fault> {
    let mut statement = conn.prepare_cached(ANSWER)?;
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        let answer = statement
            .query_row(params![organization, key.0], |row| {
                Ok(StoredAnswer {
                    request_hash: row.get(0)?,
                    status: row.get(1)?,
                    body: row.get(2)?,
                    order: row.get::<_, Option<Id>>(3)?.map(Id::get),
                    number: row.get::<_, Option<i64>>(5)?.map(number),
                    position: row.get(4)?,
                })
            })
            .optional()?;
        found.push(answer);
    }
    Ok(found)
}

pub(crate) const ANSWER: &str = "SELECT request_hash, status, answers.body, order_id, position, \
     orders.seq FROM answers \
     LEFT JOIN orders ON orders.organization = answers.organization AND orders.id = order_id \
     WHERE answers.organization = ?1 AND key = ?2";

/// Drops at most `limit` answers from before `until`, oldest first.
pub(crate) fn drop_answers(
    conn: &Connection,
    until: Timestamp,
    limit: usize,
) -> Result<usize, Fault> {
    let dropped = conn
        .prepare_cached(DROP_ANSWERS)?
        .execute(params![until.as_micros(), limit as i64])?;
    Ok(dropped)
}

pub(crate) const DROP_ANSWERS: &str = "DELETE FROM answers WHERE seq IN \
     (SELECT seq FROM answers WHERE at < ?1 ORDER BY at LIMIT ?2)";
