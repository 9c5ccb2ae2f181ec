//! The floor: the very rows of a run, written again with bulk statements into a fresh database by one
//! connection that does nothing else, in transactions of the run's median size, equally durable.
//!
//! Rows are read back from the run's own database, whatever its schema, so the floor has the same
//! tables, indexes and bytes. Rows of tables whose keys fall anywhere are shuffled, since they were
//! not written in the order of their keys. Cells are changed rather than inserted.

mod postgres;
mod sqlite;

use crate::StoreKind;
use crate::target::Place;

/// Tables that the view consumer or the set-up writes, and that are no part of a capture.
const NOT_CAPTURE: [&str; 34] = [
    "schema",
    "schema_version",
    "terms",
    "movements",
    "rollups",
    "cursors",
    "heads",
    "organizations",
    "api_keys",
    "api_key_hashes",
    "legal_entities",
    "channels",
    "locations",
    "pools",
    "blocks",
    "points",
    "webhooks",
    "rate_tables",
    "sourcing_settings",
    "price_books",
    "rule_sets",
    "payloads",
    "documents",
    "document_numbers",
    "tasks",
    "what_ifs",
    "waits",
    "short_cells",
    "skus",
    "listings",
    "cells",
    "counters",
    "reservations",
    "answers",
];
/// Tables whose keys fall anywhere.
const SHUFFLED: [&str; 2] = ["claims", "signals"];
/// Cells that a capture changes: one per line.
const CELLS_PER_ORDER: usize = 3;
/// Orders that are written at most.
const ORDERS_MAX: usize = 20_000;

/// What the floor is.
pub struct Floor {
    /// Orders a second.
    pub orders_per_s: f64,
    /// Rows written per order, changed cells included.
    pub rows_per_order: f64,
    /// Bytes of the run's database per order.
    pub bytes_per_order: f64,
}

/// Measures the floor for what lies in `place`, in transactions of `batch` orders.
pub fn measure(
    kind: StoreKind,
    runtime: &tokio::runtime::Runtime,
    place: &Place,
    batch: usize,
) -> Result<Floor, String> {
    match (kind, place) {
        (StoreKind::Sqlite, Place::Folder(folder)) => sqlite::measure(runtime, folder, batch),
        (StoreKind::Postgres, Place::Cluster(cluster)) => {
            runtime.block_on(postgres::measure(cluster, batch))
        }
        _ => Err("the place does not fit the store".into()),
    }
}

/// The part of `rows` that transaction `n` of `of` writes.
fn part(rows: usize, n: usize, of: usize) -> std::ops::Range<usize> {
    rows * n / of..rows * (n + 1) / of
}

/// Puts rows out of order, the same way every time.
fn shuffle<T>(rows: &mut [T]) {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for index in (1..rows.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        rows.swap(index, (state % (index as u64 + 1)) as usize);
    }
}
