//! How everything that is stored is carried from one store to another, or to a file and back.
//!
//! [`TABLES`] says once what there is, in words that no store owns: organizations and ids as 128 bits,
//! numbers, texts. A store reads its tables in this form ([`Dump`]) and takes them in ([`Fill`]);
//! whatever only one store has, such as a journal, is its own business. Each store's tests compare
//! the list with its schema, so that a table or column that is added there and not here is noticed.
//!
//! Invariant: what is carried is read from one moment, written whole or not at all, and then read
//! again and compared row by row before it counts as carried.

mod tally;

use async_trait::async_trait;

use crate::port::StoreError;
pub use tally::{TableTally, Tally};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The organization's id.
    Organization,
    /// An id or another 128 bits.
    Id,
    /// The same, or nothing.
    OptionalId,
    /// Whose stock lies in a cell; zero for the organization itself.
    Owner,
    /// A number.
    Integer,
    /// A number, or nothing.
    OptionalInteger,
    /// Text, kept byte by byte.
    Text,
    /// The same, or nothing.
    OptionalText,
    /// A SHA-256.
    Hash,
}

/// One field of a row. Which of them a column may hold follows from its [`Kind`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    None,
    /// An organization, id or owner.
    Id(u128),
    /// A number.
    Integer(i64),
    /// Text.
    Text(String),
    /// A hash.
    Hash([u8; 32]),
}

/// One row, in the order of its table's columns.
pub type Row = Vec<Value>;

/// One table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in every store.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [(&'static str, Kind)],
    /// How many of the columns, from the first on, are the key.
    pub key: usize,
}

impl Table {
    /// Where a column stands.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(column, _)| *column == name)
    }

    /// The table of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }
}

/// A store that is read from one moment, table by table in the order of [`TABLES`].
#[async_trait]
pub trait Dump: Send {
    /// Goes to the first row of a table.
    async fn begin(&mut self, table: &'static Table) -> Result<(), StoreError>;

    /// The next rows of the table; none at its end.
    async fn next(&mut self) -> Result<Vec<Row>, StoreError>;
}

/// A new store that is being written. What is not finished never counts: it is gone, or is found
/// and thrown away the next time.
#[async_trait]
pub trait Fill: Send {
    /// Adds rows of a table. Tables come in the order of [`TABLES`].
    async fn add(&mut self, table: &'static Table, rows: &[Row]) -> Result<(), StoreError>;

    /// What was written so far, to be compared with where it came from.
    async fn written(&mut self) -> Result<Box<dyn Dump + '_>, StoreError>;

    /// Makes it count, durably.
    async fn finish(self: Box<Self>) -> Result<(), StoreError>;
}

/// Carries every table from one store to the other and compares both; `said` hears of each table
/// that was written. Blocks its thread where a store does.
///
/// # Errors
/// Either store fails, or what was written is not what was read; the target does not count then.
pub async fn carry(
    from: &mut dyn Dump,
    mut to: Box<dyn Fill>,
    said: &mut (dyn FnMut(&'static str, u64) + Send),
) -> Result<Tally, StoreError> {
    let mut read = Tally::default();
    for table in TABLES {
        from.begin(table).await?;
        loop {
            let rows = from.next().await?;
            if rows.is_empty() {
                break;
            }
            read.count(table, &rows);
            to.add(table, &rows).await?;
        }
        said(table.name, read.rows(table.name));
    }
    let written = {
        let mut back = to.written().await?;
        tally(&mut *back).await?
    };
    if let Some(difference) = read.difference(&written) {
        return Err(StoreError::Corrupt(format!(
            "what was written is not what was read: {difference}"
        )));
    }
    to.finish().await?;
    Ok(read)
}

/// Counts everything that a store holds.
///
/// # Errors
/// It cannot be read.
pub async fn tally(from: &mut dyn Dump) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    for table in TABLES {
        from.begin(table).await?;
        loop {
            let rows = from.next().await?;
            if rows.is_empty() {
                break;
            }
            tally.count(table, &rows);
        }
    }
    Ok(tally)
}

macro_rules! tables {
    ($($name:literal by $key:literal { $($column:literal: $kind:ident,)* })*) => {
        /// Everything that stores hold, in the order in which it is carried: heads first, since with
        /// them an organization begins.
        pub static TABLES: &[Table] = &[$(Table {
            name: $name,
            columns: &[$(($column, Kind::$kind),)*],
            key: $key,
        },)*];
    };
}

tables! {
    "heads" by 1 {
        "organization": Organization,
        "position": Integer,
        "order_number": Integer,
        "last_at": Integer,
        "reference_version": Integer,
    }
    "organizations" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "api_keys" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "legal_entities" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "channels" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "locations" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "pools" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "blocks" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "points" by 2 {
        "organization": Organization, "part": Integer, "body": Text,
    }
    "skus" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "listings" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "shipments" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "returns" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "webhooks" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "rate_tables" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "sourcing_settings" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "price_books" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "rule_sets" by 2 {
        "organization": Organization, "id": Id,
        "version": Integer, "code": OptionalText, "body": Text,
    }
    "orders" by 2 {
        "organization": Organization,
        "number": Integer,
        "id": Id,
        "version": Integer,
        "channel": Id,
        "external_id": Text,
        "life": Text,
        "payment": Text,
        "fulfillment": Text,
        "returns": Text,
        "holds": Integer,
        "placed_at": Integer,
        "total": Integer,
        "currency": Text,
        "country": Text,
        "body": Text,
    }
    "fulfillment_orders" by 2 {
        "organization": Organization,
        "id": Id,
        "version": Integer,
        "order_id": Id,
        "location": Id,
        "state": Text,
        "body": Text,
    }
    "reservations" by 2 {
        "organization": Organization,
        "id": Id,
        "version": Integer,
        "expires_at": OptionalInteger,
        "body": Text,
    }
    "claims" by 3 {
        "organization": Organization,
        "kind": Text,
        "key": Text,
        "holder": Id,
    }
    "cells" by 4 {
        "organization": Organization,
        "sku": Id,
        "location": Id,
        "owner": Owner,
        "on_hand": Integer,
        "allocated": Integer,
        "reserved": Integer,
        "safety": Integer,
        "quarantined": Integer,
    }
    "cell_lots" by 6 {
        "organization": Organization,
        "sku": Id,
        "location": Id,
        "owner": Owner,
        "lot": Text,
        "condition": Text,
        "on_hand": Integer,
        "quarantined": Integer,
        "picked": Integer,
        "expires_on": OptionalInteger,
    }
    "counters" by 4 {
        "organization": Organization,
        "kind": Integer,
        "id": Id,
        "day": Integer,
        "value": Integer,
    }
    "signals" by 3 {
        "organization": Organization,
        "kind": Integer,
        "hash": Id,
        "count": Integer,
        "since": Integer,
        "basket": Integer,
    }
    "contacts" by 2 {
        "organization": Organization,
        "id": Id,
        "body": Text,
    }
    "decisions" by 2 {
        "organization": Organization,
        "id": Id,
        "body": Text,
    }
    "api_key_hashes" by 2 {
        "organization": Organization,
        "hash": Hash,
        "id": Id,
    }
    "answers" by 2 {
        "organization": Organization,
        "key": Id,
        "request_hash": Id,
        "status": Integer,
        "order_id": OptionalId,
        "position": Integer,
        "at": Integer,
        "body": Text,
    }
    "events" by 2 {
        "organization": Organization,
        "position": Integer,
        "recorded_at": Integer,
        "effective_at": Integer,
        "command": Id,
        "actor": Text,
        "name": Text,
        "form": Integer,
        "subject_kind": OptionalInteger,
        "subject_id": OptionalId,
        "subject_version": Integer,
        "body": Text,
    }
    "cursors" by 2 {
        "organization": Organization,
        "consumer": Text,
        "position": Integer,
    }
    "terms" by 3 {
        "organization": Organization,
        "hash": Integer,
        "number": Integer,
    }
    "movements" by 4 {
        "organization": Organization,
        "sku": Id,
        "position": Integer,
        "line": Integer,
        "location": Id,
    }
    "payloads" by 2 {
        "organization": Organization,
        "id": Id,
        "kind": Text,
        "contact": OptionalId,
        "created_at": Integer,
        "body": Text,
    }
    "documents" by 2 {
        "organization": Organization,
        "id": Id,
        "entity": Id,
        "kind": Text,
        "series": Text,
        "number": Integer,
        "order_id": OptionalId,
        "corrects": OptionalId,
        "issued_at": Integer,
        "body": Text,
    }
    "document_numbers" by 3 {
        "organization": Organization,
        "entity": Id,
        "series": Text,
        "number": Integer,
    }
    "tasks" by 2 {
        "organization": Organization,
        "id": Id,
        "kind": Text,
        "queue": Text,
        "position": Integer,
        "state": Text,
        "attempts": Integer,
        "fence": Integer,
        "due_at": Integer,
        "created_at": Integer,
        "error": OptionalText,
        "body": Text,
    }
    "what_ifs" by 2 {
        "organization": Organization,
        "id": Id,
        "kind": Text,
        "series": Text,
        "created_at": Integer,
        "head": Text,
        "body": Text,
    }
    "waits" by 4 {
        "organization": Organization,
        "kind": Integer,
        "key": Id,
        "number": Integer,
        "order_id": Id,
    }
    "short_cells" by 4 {
        "organization": Organization,
        "sku": Id,
        "location": Id,
        "owner": Owner,
    }
    "rollups" by 5 {
        "organization": Organization,
        "day": Integer,
        "channel": Id,
        "measure": Integer,
        "currency": Text,
        "count": Integer,
        "amount": Integer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordo_domain::record::RecordKind;

    #[test]
    fn every_kind_of_record_is_carried() {
        for kind in RecordKind::ALL {
            assert!(Table::named(kind.table()).is_some(), "{}", kind.table());
        }
    }

    #[test]
    fn every_table_leads_with_the_organization() {
        for table in TABLES {
            let (_, first) = table.columns[0];
            assert_eq!(first, Kind::Organization, "{}", table.name);
            assert!(table.key <= table.columns.len());
        }
    }
}
