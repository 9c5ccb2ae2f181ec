//! The floor on SQLite.

use std::path::Path;
use std::time::Instant;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::{CELLS_PER_ORDER, Floor, NOT_CAPTURE, ORDERS_MAX, SHUFFLED, part, shuffle};
use crate::StoreKind;
use crate::target::Place;

struct Rows {
    insert: String,
    rows: Vec<Vec<Value>>,
}

pub(super) fn measure(
    runtime: &tokio::runtime::Runtime,
    folder: &Path,
    batch: usize,
) -> Result<Floor, String> {
    let text = |error: rusqlite::Error| error.to_string();
    let source = Connection::open(folder.join("ordo.db")).map_err(text)?;
    let total = count(&source, "orders").map_err(text)?;
    let orders = total.min(ORDERS_MAX);
    let tables = read_tables(&source, orders, total).map_err(text)?;
    let mut cells = read_cells(&source).map_err(text)?;
    shuffle(&mut cells);
    let bytes = std::fs::metadata(folder.join("ordo.db"))
        .map_err(|error| error.to_string())?
        .len();
    drop(source);

    // The store makes the schema; the floor writes with a plain connection.
    let place = Place::make(StoreKind::Sqlite, "floor")?;
    drop(runtime.block_on(place.open())?);
    let Place::Folder(target) = &place else {
        return Err("a folder was asked for".into());
    };
    let mut conn = Connection::open(target.join("ordo.db")).map_err(text)?;
    conn.pragma_update(None, "synchronous", "FULL")
        .map_err(text)?;
    conn.pragma_update(None, "cache_size", -32 * 1024)
        .map_err(text)?;
    conn.set_prepared_statement_cache_capacity(64);
    insert_cells(&mut conn, &cells).map_err(text)?;

    let transactions = (orders / batch).max(1);
    let started = Instant::now();
    let mut rows_written = 0;
    for n in 0..transactions {
        rows_written += write(&mut conn, &tables, &cells, n, transactions, orders).map_err(text)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(Floor {
        orders_per_s: orders as f64 / seconds,
        rows_per_order: rows_written as f64 / orders as f64,
        bytes_per_order: bytes as f64 / total as f64,
    })
}

fn count(source: &Connection, table: &str) -> rusqlite::Result<usize> {
    let count = format!("SELECT count(*) FROM {table}");
    source.query_row(&count, (), |row| {
        row.get(0).map(|count: i64| count.unsigned_abs() as usize)
    })
}

/// The first `orders` of `total` orders' rows of every table that captures write.
fn read_tables(source: &Connection, orders: usize, total: usize) -> rusqlite::Result<Vec<Rows>> {
    let names: Vec<String> = source
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )?
        .query_map((), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut tables = Vec::new();
    for name in names
        .into_iter()
        .filter(|name| !NOT_CAPTURE.contains(&name.as_str()))
    {
        let wanted = count(source, &name)? * orders / total.max(1);
        let mut statement = source.prepare(&format!("SELECT * FROM {name} LIMIT {wanted}"))?;
        let columns: Vec<&str> = statement.column_names().collect();
        let columns = columns.join(", ");
        let width = statement.column_count();
        let mut rows: Vec<Vec<Value>> = statement
            .query_map((), |row| (0..width).map(|column| row.get(column)).collect())?
            .collect::<Result<_, _>>()?;
        if SHUFFLED.contains(&name.as_str()) {
            shuffle(&mut rows);
        }
        let places = vec!["?"; width].join(", ");
        let insert = format!("INSERT INTO {name} ({columns}) VALUES ({places})");
        tables.push(Rows { insert, rows });
    }
    Ok(tables)
}

fn read_cells(source: &Connection) -> rusqlite::Result<Vec<Vec<Value>>> {
    let mut statement = source
        .prepare("SELECT organization, sku, location, owner FROM cells WHERE allocated > 0")?;
    let rows = statement.query_map((), |row| (0..4).map(|column| row.get(column)).collect())?;
    rows.collect()
}

fn insert_cells(conn: &mut Connection, cells: &[Vec<Value>]) -> rusqlite::Result<()> {
    let transaction = conn.transaction()?;
    for cell in cells {
        transaction
            .prepare_cached("INSERT INTO cells VALUES (?, ?, ?, ?, 1000000, 0, 0, 0, 0)")?
            .execute(params_from_iter(cell))?;
    }
    transaction.commit()
}

/// One transaction; answers how many rows it wrote.
fn write(
    conn: &mut Connection,
    tables: &[Rows],
    cells: &[Vec<Value>],
    n: usize,
    of: usize,
    orders: usize,
) -> rusqlite::Result<usize> {
    let transaction = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut written = 0;
    for table in tables {
        let mut insert = transaction.prepare_cached(&table.insert)?;
        for row in &table.rows[part(table.rows.len(), n, of)] {
            insert.execute(params_from_iter(row))?;
            written += 1;
        }
    }
    // The cells that a batch changes are fewer than its lines, since lines share them.
    let lines = part(orders, n, of).len() * CELLS_PER_ORDER;
    let changed = lines.min(cells.len());
    let mut update = transaction.prepare_cached(
        "UPDATE cells SET allocated = allocated + 1 \
         WHERE organization = ? AND sku = ? AND location = ? AND owner = ?",
    )?;
    for index in 0..changed {
        update.execute(params_from_iter(&cells[(n * 37 + index) % cells.len()]))?;
        written += 1;
    }
    drop(update);
    transaction.commit()?;
    Ok(written)
}
