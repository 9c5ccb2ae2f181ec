//! Signals: how often a hash was seen, written without touching a page per sighting.
//!
//! Hashes fall anywhere in their table. At a million orders writing each to its row costs more than
//! all the rest of a capture, since every sighting dirties a page of its own. So a batch appends its
//! sightings to a journal, as one row, and their newest state is kept in memory. Once enough have
//! gathered they are merged into the table in the order of its key, a piece with every batch.
//!
//! Invariant: the state of a signal is what memory says; where it says nothing, what the table says.
//! Invariant: everything in memory is in the journal until it is in the table.

use std::collections::HashMap;

use ordo_domain::signal::{Signal, SignalKey};
use ordo_domain::time::{DAY, Timestamp};
use ordo_domain::world::SignalChange;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Fault;
use crate::keys::Id;

/// Journal entries that are merged together. More would spread a merge over the same pages for less,
/// and take more memory: this many are 3 MB while they gather and as much while they are merged.
const GATHER: usize = if cfg!(test) { 2_000 } else { 57_344 };

/// Rows that are merged for each that comes in, so that a merge ends before the next begins.
const MERGE_RATE: usize = 2;

/// Journal rows that are dropped at once after a merge.
const DROP_ROWS: i64 = 32;

/// Signals that are not in their table yet.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    fresh: HashMap<Key, Signal>,
    merging: Option<Merging>,
    /// Journal entries since the last merge began.
    gathered: usize,
    last_seq: i64,
    /// What the transaction at hand replaced in `fresh`.
    undo: Vec<(Key, Option<Signal>)>,
}

/// Organization, kind and hash, in the order of the table's key.
pub(crate) type Key = (u32, u8, [u8; 16]);

/// A merge that is under way.
#[derive(Debug)]
struct Merging {
    /// In the order of their keys.
    rows: Vec<(Key, Signal)>,
    merged: usize,
    /// The last journal row that holds any of them.
    upto: i64,
    /// Whether that part of the journal was dropped.
    is_dropped: bool,
}

/// A point to which changes can be taken back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    undo: usize,
    merged: usize,
    is_dropped: bool,
    gathered: usize,
    last_seq: i64,
}

impl Signals {
    /// What the journal holds, and how far its merge is.
    pub(crate) fn read(conn: &Connection) -> Result<Self, Fault> {
        let mut signals = Self::default();
        let (upto, merged_upto) = last_merge(conn)?;
        let mut merging: HashMap<Key, Signal> = HashMap::new();
        let mut statement =
            conn.prepare_cached("SELECT seq, organization, body FROM signal_journal ORDER BY seq")?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            signals.last_seq = row.get(0)?;
            let organization: u32 = row.get(1)?;
            let body = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
            for (kind, hash, signal) in unpack(body) {
                if signals.last_seq <= upto {
                    merging.insert((organization, kind, hash), signal);
                } else {
                    signals.fresh.insert((organization, kind, hash), signal);
                    signals.gathered += 1;
                }
            }
        }
        if !merging.is_empty() {
            let rows = sorted(merging);
            signals.merging = Some(Merging {
                merged: rows.partition_point(|(key, _)| {
                    key_bytes(*key).as_slice() <= merged_upto.as_slice()
                }),
                rows,
                upto,
                is_dropped: false,
            });
        }
        Ok(signals)
    }

    /// The state of a signal; all zero where it was never seen.
    pub(crate) fn get(
        &self,
        conn: &Connection,
        organization: i64,
        key: SignalKey,
    ) -> Result<Signal, Fault> {
        match self.known(short(organization, key)) {
            Some(signal) => Ok(signal),
            None => find_row(conn, organization, key),
        }
    }

    fn known(&self, key: Key) -> Option<Signal> {
        let fresh = self.fresh.get(&key).copied();
        fresh.or_else(|| {
            let rows = &self.merging.as_ref()?.rows;
            let at = rows.binary_search_by_key(&key, |(key, _)| *key).ok()?;
            Some(rows[at].1)
        })
    }

    /// Adds sightings within the transaction at hand, and merges a piece.
    pub(crate) fn add(
        &mut self,
        conn: &Connection,
        organization: i64,
        changes: &[SignalChange],
    ) -> Result<(), Fault> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut body = Vec::with_capacity(changes.len() * ENTRY_BYTES);
        for change in changes {
            let after = seen(self.get(conn, organization, change.key)?, change);
            let key = short(organization, change.key);
            pack(&mut body, key, after);
            let before = self.fresh.insert(key, after);
            self.undo.push((key, before));
        }
        self.gathered += changes.len();
        self.merge(conn, MERGE_RATE * changes.len())?;
        self.last_seq += 1;
        let (upto, merged) = match &self.merging {
            Some(merging) if !merging.is_dropped => (merging.upto, merging.merged_key()),
            Some(_) | None => (0, Vec::new()),
        };
        append(conn, self.last_seq, organization, (upto, &merged), &body)
    }

    /// Goes on with a merge.
    fn merge(&mut self, conn: &Connection, rows: usize) -> Result<(), Fault> {
        let Some(merging) = &mut self.merging else {
            return Ok(());
        };
        let upto = merging.rows.len().min(merging.merged + rows);
        if merging.merged == upto {
            merging.is_dropped = drop_journal(conn, merging.upto)? == 0;
            return Ok(());
        }
        let mut statement = conn.prepare_cached(
            "INSERT INTO signals (organization, kind, hash, count, since, basket) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE \
             SET count = excluded.count, since = excluded.since, basket = excluded.basket",
        )?;
        for ((organization, kind, hash), signal) in &merging.rows[merging.merged..upto] {
            statement.execute(params![
                organization,
                kind,
                hash,
                signal.count,
                signal.since.as_micros(),
                signal.basket as i64
            ])?;
        }
        merging.merged = upto;
        Ok(())
    }

    /// A point to come back to within the transaction at hand.
    pub(crate) fn mark(&self) -> Mark {
        let merging = self.merging.as_ref();
        Mark {
            undo: self.undo.len(),
            merged: merging.map_or(0, |merging| merging.merged),
            is_dropped: merging.is_some_and(|merging| merging.is_dropped),
            gathered: self.gathered,
            last_seq: self.last_seq,
        }
    }

    /// Takes back what was added after `mark`, as the database did.
    pub(crate) fn undo_to(&mut self, mark: Mark) {
        for (key, before) in self.undo.drain(mark.undo..).rev() {
            match before {
                Some(before) => self.fresh.insert(key, before),
                None => self.fresh.remove(&key),
            };
        }
        if let Some(merging) = &mut self.merging {
            merging.merged = mark.merged;
            merging.is_dropped = mark.is_dropped;
        }
        self.gathered = mark.gathered;
        self.last_seq = mark.last_seq;
    }

    /// Takes note that the transaction was committed.
    pub(crate) fn keep(&mut self) {
        self.undo.clear();
        if self
            .merging
            .as_ref()
            .is_some_and(|merging| merging.is_dropped)
        {
            self.merging = None;
        }
        if self.merging.is_none() && self.gathered >= GATHER {
            let mut rows: Vec<(Key, Signal)> =
                std::mem::take(&mut self.fresh).into_iter().collect();
            rows.sort_unstable_by_key(|(key, _)| *key);
            self.merging = Some(Merging {
                rows,
                merged: 0,
                upto: self.last_seq,
                is_dropped: false,
            });
            self.gathered = 0;
        }
    }
}

impl Merging {
    /// The last key that is in the table; empty where none is.
    fn merged_key(&self) -> Vec<u8> {
        match self.rows[..self.merged].last() {
            Some((key, _)) => key_bytes(*key).to_vec(),
            None => Vec::new(),
        }
    }
}

fn sorted(signals: HashMap<Key, Signal>) -> Vec<(Key, Signal)> {
    let mut rows: Vec<(Key, Signal)> = signals.into_iter().collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    rows
}

/// A key as bytes that sort like it.
fn key_bytes((organization, kind, hash): Key) -> [u8; 21] {
    let mut bytes = [0; 21];
    bytes[..4].copy_from_slice(&organization.to_be_bytes());
    bytes[4] = kind;
    bytes[5..].copy_from_slice(&hash);
    bytes
}

/// The state of a signal as the tables alone say: slower, for those who only read.
pub(crate) fn find(conn: &Connection, organization: i64, key: SignalKey) -> Result<Signal, Fault> {
    let wanted = short(organization, key);
    let mut statement = conn.prepare_cached(
        "SELECT body FROM signal_journal WHERE organization = ?1 ORDER BY seq DESC",
    )?;
    let mut rows = statement.query(params![organization])?;
    while let Some(row) = rows.next()? {
        let body = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        // A batch names each signal once.
        let found = unpack(body).find(|(kind, hash, _)| (*kind, *hash) == (wanted.1, wanted.2));
        if let Some((_, _, signal)) = found {
            return Ok(signal);
        }
    }
    find_row(conn, organization, key)
}

/// The newest state of each signal that is in the journal.
pub(crate) fn journal(conn: &Connection) -> Result<HashMap<Key, Signal>, Fault> {
    let mut found = HashMap::new();
    let mut statement =
        conn.prepare("SELECT organization, body FROM signal_journal ORDER BY seq")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let organization: u32 = row.get(0)?;
        let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        for (kind, hash, signal) in unpack(body) {
            found.insert((organization, kind, hash), signal);
        }
    }
    Ok(found)
}

/// A signal after more sightings: they count together within a day of the first.
fn seen(now: Signal, change: &SignalChange) -> Signal {
    let age = change.at.as_micros().saturating_sub(now.since.as_micros());
    let (count, since) = if now.count > 0 && age < DAY {
        (now.count.saturating_add(change.seen), now.since)
    } else {
        (change.seen, change.at)
    };
    Signal {
        count,
        since,
        basket: change.basket,
    }
}

fn short(organization: i64, key: SignalKey) -> Key {
    // An organization without a number has no signals; none has the greatest number.
    let organization = u32::try_from(organization).unwrap_or(u32::MAX);
    (organization, key.kind.number(), Id::of(key.hash).0)
}

const ENTRY_BYTES: usize = 1 + 16 + 8 + 8 + 8;

fn pack(body: &mut Vec<u8>, (_, kind, hash): Key, signal: Signal) {
    body.push(kind);
    body.extend(hash);
    body.extend(signal.count.to_be_bytes());
    body.extend(signal.since.as_micros().to_be_bytes());
    body.extend(signal.basket.to_be_bytes());
}

fn unpack(body: &[u8]) -> impl Iterator<Item = (u8, [u8; 16], Signal)> {
    let (entries, _) = body.as_chunks::<ENTRY_BYTES>();
    entries.iter().map(|entry| {
        let number = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&entry[at..at + 8]);
            u64::from_be_bytes(bytes)
        };
        let mut hash = [0; 16];
        hash.copy_from_slice(&entry[1..17]);
        let signal = Signal {
            count: number(17) as i64,
            since: Timestamp::from_micros(number(25) as i64),
            basket: number(33),
        };
        (entry[0], hash, signal)
    })
}

fn find_row(conn: &Connection, organization: i64, key: SignalKey) -> Result<Signal, Fault> {
    let found = conn
        .prepare_cached(
            "SELECT count, since, basket FROM signals \
             WHERE organization = ?1 AND kind = ?2 AND hash = ?3",
        )?
        .query_row(
            params![organization, key.kind.number(), Id::of(key.hash)],
            |row| {
                Ok(Signal {
                    count: row.get(0)?,
                    since: Timestamp::from_micros(row.get(1)?),
                    basket: row.get::<_, i64>(2)? as u64,
                })
            },
        )
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Up to which journal row a merge was under way, and its last merged key.
fn last_merge(conn: &Connection) -> Result<(i64, Vec<u8>), Fault> {
    let found = conn
        .prepare_cached("SELECT merging, merged FROM signal_journal ORDER BY seq DESC LIMIT 1")?
        .query_row((), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn append(
    conn: &Connection,
    seq: i64,
    organization: i64,
    (merging, merged): (i64, &[u8]),
    body: &[u8],
) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO signal_journal (seq, organization, merging, merged, body) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![seq, organization, merging, merged, body])?;
    Ok(())
}

/// Drops some of the journal up to `upto`; answers how much.
fn drop_journal(conn: &Connection, upto: i64) -> Result<usize, Fault> {
    let dropped = conn
        .prepare_cached(
            "DELETE FROM signal_journal WHERE seq IN \
             (SELECT seq FROM signal_journal WHERE seq <= ?1 ORDER BY seq LIMIT ?2)",
        )?
        .execute(params![upto, DROP_ROWS])?;
    Ok(dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    use ordo_domain::signal::SignalKind;

    fn database() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_first.sql"))
            .unwrap();
        conn
    }

    fn sighting(hash: u128, seen: i64) -> SignalChange {
        SignalChange {
            key: SignalKey {
                kind: SignalKind::Phone,
                hash,
            },
            seen,
            at: Timestamp::from_micros(1),
            basket: u64::MAX,
        }
    }

    fn count(signals: &Signals, conn: &Connection, hash: u128) -> i64 {
        let key = sighting(hash, 0).key;
        let known = signals.get(conn, 1, key).unwrap();
        assert_eq!(find(conn, 1, key).unwrap(), known, "readers see the same");
        known.count
    }

    fn rows(conn: &Connection, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        conn.query_row(&sql, (), |row| row.get(0)).unwrap()
    }

    /// Goal: every sighting is counted before, during and after a merge, and by whoever opens the
    /// database at any of these moments. Method: more batches than are merged at once, each with new
    /// hashes and one that comes back; every so often the state is read anew from the journal.
    #[test]
    fn nothing_is_lost_while_signals_are_merged() {
        let conn = database();
        let mut signals = Signals::default();
        let batch = 50_u128;
        let batches = 4 * GATHER as u128 / batch;
        let mut merged = 0;
        for n in 0..batches {
            let mut changes: Vec<_> = (1..batch).map(|i| sighting(n * batch + i, 1)).collect();
            changes.push(sighting(u128::MAX, 2));
            signals.add(&conn, 1, &changes).unwrap();
            let was_merging = signals.merging.is_some();
            signals.keep();
            merged += i32::from(was_merging && signals.merging.is_none());
            if n % 7 == 0 {
                signals = Signals::read(&conn).unwrap();
            }
            assert_eq!(count(&signals, &conn, u128::MAX), 2 * (n as i64 + 1));
            assert_eq!(count(&signals, &conn, n * batch + 1), 1);
            assert_eq!(count(&signals, &conn, 1), 1);
        }
        assert!(merged >= 2, "{merged} merges came to their end");
        assert!(rows(&conn, "signals") > GATHER as i64);
        assert!((rows(&conn, "signal_journal") as u128) < batches);
    }

    #[test]
    fn what_the_database_takes_back_is_taken_back_here() {
        let conn = database();
        let mut signals = Signals::default();
        signals.add(&conn, 1, &[sighting(1, 1)]).unwrap();
        signals.keep();
        conn.execute_batch("SAVEPOINT batch").unwrap();
        let mark = signals.mark();
        let changes = [sighting(1, 5), sighting(2, 5)];
        signals.add(&conn, 1, &changes).unwrap();
        assert_eq!(count(&signals, &conn, 1), 6);
        conn.execute_batch("ROLLBACK TO batch; RELEASE batch")
            .unwrap();
        signals.undo_to(mark);
        assert_eq!(count(&signals, &conn, 1), 1);
        assert_eq!(count(&signals, &conn, 2), 0);
        signals.add(&conn, 1, &[sighting(2, 1)]).unwrap();
        assert_eq!(count(&signals, &conn, 2), 1);
    }

    #[test]
    fn sightings_after_a_day_start_anew() {
        let first = Signal {
            count: 3,
            since: Timestamp::from_micros(0),
            basket: 1,
        };
        let mut change = sighting(1, 2);
        change.at = Timestamp::from_micros(DAY - 1);
        assert_eq!(seen(first, &change).count, 5);
        change.at = Timestamp::from_micros(DAY);
        let anew = seen(first, &change);
        assert_eq!((anew.count, anew.since), (2, change.at));
    }
}
