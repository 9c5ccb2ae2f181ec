//! Reads the database as rows that every store understands, and fills an empty one from them.
//!
//! Both are one transaction each: what is read is one moment, and what is written is there as a whole
//! or not at all. Answers are kept with the place of their batch's first event; carried ones share a
//! batch that stands before the first event of all.

use async_trait::async_trait;
use ordo_store::StoreError;
use ordo_store::portable::{Dump, Fill, Kind, Row, TABLES, Table, Value};
use tokio_postgres::types::ToSql;

use crate::connection::Connection;
use crate::failure::{self, OpenError};
use crate::rows::get;
use crate::store;
use crate::target::Target;
use crate::values::Uuid;

/// Tables that are not carried, and why.
#[cfg(test)]
const LEFT: &[(&str, &str)] = &[
    ("schema", "the target has its own"),
    (
        "batches",
        "they settle commits that are under way, of which there are none",
    ),
    ("indexed", "follows from the terms"),
];

/// Rows that are read at once.
const FETCH: &str = "FETCH 1000 FROM carried";

/// One transaction may take an hour, and its client think for minutes.
const SETUP: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
     SET jit = off; SET lock_timeout = '60s'; SET client_min_messages = warning;";

/// Reads a database as it is at this moment. `locks` keeps every node from committing meanwhile.
///
/// # Errors
/// Where it cannot be reached, or a newer program wrote it.
pub async fn dump(url: &str, locks: bool) -> Result<Box<dyn Dump>, OpenError> {
    let connection = connect(url).await?;
    let begin = if locks {
        "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE heads IN SHARE MODE"
    } else {
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    };
    execute(&connection, begin).await?;
    Ok(Box::new(Reading {
        connection,
        at: None,
    }))
}

/// Fills a database that has no organization yet.
///
/// # Errors
/// `NotEmpty` where it has one; otherwise as with [`dump`].
pub async fn fill(url: &str) -> Result<Box<dyn Fill>, OpenError> {
    let connection = connect(url).await?;
    execute(&connection, "BEGIN; LOCK TABLE heads IN EXCLUSIVE MODE").await?;
    let sql = "SELECT EXISTS (SELECT FROM heads) OR EXISTS (SELECT FROM organizations)";
    let row = connection.client().query_one(sql, &[]).await;
    if row.map_err(unreachable)?.get::<_, bool>(0) {
        return Err(OpenError::NotEmpty);
    }
    Ok(Box::new(Filling(Reading {
        connection,
        at: None,
    })))
}

async fn connect(url: &str) -> Result<Connection, OpenError> {
    let target = Target::parse(url)?;
    store::prepare(&target).await?;
    let opened = Connection::open(&target, SETUP).await;
    opened.map_err(|error| error.opening())
}

async fn execute(connection: &Connection, sql: &str) -> Result<(), OpenError> {
    let done = connection.client().batch_execute(sql).await;
    done.map_err(unreachable)
}

fn unreachable(error: tokio_postgres::Error) -> OpenError {
    failure::opening(&error)
}

/// A database within one transaction, read table by table.
struct Reading {
    connection: Connection,
    at: Option<&'static Table>,
}

impl Reading {
    async fn batch(&self, sql: &str) -> Result<(), StoreError> {
        let done = self.connection.client().batch_execute(sql).await;
        done.map_err(|error| failure::reading(&error))
    }

    async fn begin(&mut self, table: &'static Table) -> Result<(), StoreError> {
        if self.at.is_some() {
            self.batch("CLOSE carried").await?;
        }
        let sql = format!("DECLARE carried NO SCROLL CURSOR FOR {}", select(table));
        self.batch(&sql).await?;
        self.at = Some(table);
        Ok(())
    }

    async fn next(&mut self) -> Result<Vec<Row>, StoreError> {
        let Some(table) = self.at else {
            return Ok(Vec::new());
        };
        let rows = self.connection.client().query(FETCH, &[]).await;
        let rows = rows.map_err(|error| failure::reading(&error))?;
        rows.iter().map(|row| read(row, table)).collect()
    }
}

/// What a table's rows are read with.
fn select(table: &Table) -> String {
    let columns: Vec<String> = (table.columns.iter())
        .map(|(name, kind)| {
            let name = native(table, name);
            match kind {
                Kind::Integer | Kind::OptionalInteger => format!("t.{name}::bigint"),
                Kind::Organization
                | Kind::Id
                | Kind::OptionalId
                | Kind::Owner
                | Kind::Text
                | Kind::OptionalText
                | Kind::Hash => format!("t.{name}"),
            }
        })
        .collect();
    let (columns, name) = (columns.join(", "), table.name);
    match name {
        // In the order in which they were founded.
        "heads" => format!(
            "SELECT {columns} FROM heads AS t LEFT JOIN events AS e
                 ON e.organization = t.organization AND e.position = 1
             ORDER BY e.recorded_at, t.organization"
        ),
        "answers" => {
            let position = "b.first_position - 1 + CASE WHEN t.events_upto > 0
                                THEN t.events_upto ELSE b.events END";
            let columns = columns.replace("t.position::bigint", position);
            format!(
                "SELECT {columns} FROM answers AS t JOIN batches AS b
                     ON b.organization = t.organization AND b.id = t.batch
                 ORDER BY t.at, t.organization, t.key"
            )
        }
        // As SQLite keeps them, which takes them in far quicker so.
        "terms" => format!(
            "SELECT {columns} FROM terms AS t
             ORDER BY t.organization, t.number >> 12, t.hash, t.number"
        ),
        _ => {
            let keys: Vec<String> = (table.columns[..table.key].iter())
                .map(|(key, _)| format!("t.{}", native(table, key)))
                .collect();
            format!(
                "SELECT {columns} FROM {name} AS t ORDER BY {}",
                keys.join(", ")
            )
        }
    }
}

/// What a column is called here.
fn native(table: &Table, column: &'static str) -> &'static str {
    match (table.name, column) {
        ("api_key_hashes", "id") => "key",
        (_, column) => column,
    }
}

fn read(row: &tokio_postgres::Row, table: &Table) -> Result<Row, StoreError> {
    (table.columns.iter().enumerate())
        .map(|(column, (_, kind))| {
            Ok(match kind {
                Kind::Organization | Kind::Id | Kind::Owner => {
                    Value::Id(get::<Uuid>(row, column)?.0)
                }
                Kind::OptionalId => {
                    get::<Option<Uuid>>(row, column)?.map_or(Value::None, |id| Value::Id(id.0))
                }
                Kind::Integer => Value::Integer(get(row, column)?),
                Kind::OptionalInteger => {
                    get::<Option<i64>>(row, column)?.map_or(Value::None, Value::Integer)
                }
                Kind::Text => Value::Text(get(row, column)?),
                Kind::OptionalText => {
                    get::<Option<String>>(row, column)?.map_or(Value::None, Value::Text)
                }
                Kind::Hash => {
                    let bytes: &[u8] = get(row, column)?;
                    let hash = bytes.try_into();
                    Value::Hash(hash.map_err(|_| failure::corrupt("a hash", bytes.len()))?)
                }
            })
        })
        .collect()
}

#[async_trait]
impl Dump for Reading {
    async fn begin(&mut self, table: &'static Table) -> Result<(), StoreError> {
        Self::begin(self, table).await
    }

    async fn next(&mut self) -> Result<Vec<Row>, StoreError> {
        Self::next(self).await
    }
}

/// A database that is being filled.
struct Filling(Reading);

/// One column of many rows.
type Column = Box<dyn ToSql + Sync + Send>;

impl Filling {
    async fn add(&mut self, table: &'static Table, rows: &[Row]) -> Result<(), StoreError> {
        let (sql, columns) = insert(table, rows)?;
        let client = self.0.connection.client();
        let params: Vec<&(dyn ToSql + Sync)> = columns
            .iter()
            .map(|column| &**column as &(dyn ToSql + Sync))
            .collect();
        let added = client.execute(&sql, &params).await;
        added.map_err(|error| failure::reading(&error))?;
        if table.name == "heads" {
            // Before the first event, so that an answer's position counts from there.
            self.0
                .batch(
                    "INSERT INTO batches (organization, id, at, first_position, first_number,
                                          recorded_at, events)
                     SELECT organization, '00000000-0000-0000-0000-000000000000', last_at, 1, 0,
                            last_at, 0
                     FROM heads ON CONFLICT DO NOTHING",
                )
                .await?;
        }
        Ok(())
    }
}

/// The statement that adds rows, with its values column by column.
fn insert(table: &Table, rows: &[Row]) -> Result<(String, Vec<Column>), StoreError> {
    let (mut names, mut arrays, mut values) = (Vec::new(), Vec::new(), Vec::<Column>::new());
    for (column, (name, kind)) in table.columns.iter().enumerate() {
        let cells = rows.iter().map(|row| &row[column]);
        let array = match kind {
            Kind::Organization | Kind::Id | Kind::OptionalId | Kind::Owner => {
                values.push(Box::new(each(cells, |value| match value {
                    Value::Id(id) => Some(Some(Uuid(*id))),
                    Value::None => Some(None),
                    Value::Integer(_) | Value::Text(_) | Value::Hash(_) => None,
                })?));
                "uuid"
            }
            Kind::Integer | Kind::OptionalInteger => {
                values.push(Box::new(each(cells, |value| match value {
                    Value::Integer(number) => Some(Some(*number)),
                    Value::None => Some(None),
                    Value::Id(_) | Value::Text(_) | Value::Hash(_) => None,
                })?));
                "bigint"
            }
            Kind::Text | Kind::OptionalText => {
                values.push(Box::new(each(cells, |value| match value {
                    Value::Text(text) => Some(Some(text.clone())),
                    Value::None => Some(None),
                    Value::Id(_) | Value::Integer(_) | Value::Hash(_) => None,
                })?));
                "text"
            }
            Kind::Hash => {
                values.push(Box::new(each(cells, |value| match value {
                    Value::Hash(hash) => Some(hash.to_vec()),
                    Value::None | Value::Id(_) | Value::Integer(_) | Value::Text(_) => None,
                })?));
                "bytea"
            }
        };
        names.push(match (table.name, *name) {
            ("answers", "position") => "events_upto",
            (_, name) => native(table, name),
        });
        arrays.push(format!("${}::{array}[]", values.len()));
    }
    let (name, names, arrays) = (table.name, names.join(", "), arrays.join(", "));
    let sql = if table.name == "answers" {
        format!(
            "INSERT INTO answers ({names}, batch)
             SELECT *, '00000000-0000-0000-0000-000000000000'::uuid FROM unnest({arrays})"
        )
    } else {
        format!("INSERT INTO {name} ({names}) SELECT * FROM unnest({arrays})")
    };
    Ok((sql, values))
}

fn each<'a, T>(
    cells: impl Iterator<Item = &'a Value>,
    take: impl Fn(&Value) -> Option<T>,
) -> Result<Vec<T>, StoreError> {
    cells
        .map(|cell| take(cell).ok_or_else(|| failure::corrupt("a value", "of another kind")))
        .collect()
}

#[async_trait]
impl Fill for Filling {
    async fn add(&mut self, table: &'static Table, rows: &[Row]) -> Result<(), StoreError> {
        Self::add(self, table, rows).await
    }

    async fn written(&mut self) -> Result<Box<dyn Dump + '_>, StoreError> {
        let sql = "INSERT INTO indexed (organization, number)
                   SELECT organization, max(number) FROM terms GROUP BY organization
                   ON CONFLICT DO NOTHING";
        self.0.batch(sql).await?;
        Ok(Box::new(Back(&mut self.0)))
    }

    async fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        self.0.batch("COMMIT").await?;
        // What the planner knows of the tables comes with time; this is now.
        let tables: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        let analyzed = self
            .0
            .batch(&format!("ANALYZE {}", tables.join(", ")))
            .await;
        if let Err(error) = analyzed {
            tracing::warn!(error = %error, "the tables were filled but not analyzed");
        }
        Ok(())
    }
}

/// A database that is being filled, read again.
struct Back<'a>(&'a mut Reading);

#[async_trait]
impl Dump for Back<'_> {
    async fn begin(&mut self, table: &'static Table) -> Result<(), StoreError> {
        self.0.begin(table).await
    }

    async fn next(&mut self) -> Result<Vec<Row>, StoreError> {
        self.0.next().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The columns of each table that the migrations make.
    fn schema() -> Vec<(String, BTreeSet<String>)> {
        let sql = include_str!("../migrations/0001_first.sql");
        let mut tables: Vec<(String, BTreeSet<String>)> = Vec::new();
        let mut open = false;
        for line in sql.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["CREATE", "TABLE", name, "(LIKE", like, ..] => {
                    let columns = tables.iter().find(|(name, _)| name == like).unwrap();
                    tables.push(((*name).to_owned(), columns.1.clone()));
                }
                ["CREATE", "TABLE", name, ..] => {
                    tables.push(((*name).to_owned(), BTreeSet::new()));
                    open = true;
                }
                [first, ..] if first.starts_with(')') => open = false,
                [name, _, ..] if open && *name == name.to_lowercase() => {
                    let last = tables.last_mut().unwrap();
                    last.1.insert((*name).to_owned());
                }
                _ => {}
            }
        }
        tables
    }

    /// A table or column that is added to the schema must be carried, or be said not to be.
    #[test]
    fn every_table_and_column_of_the_schema_is_carried() {
        let mut left: BTreeSet<&str> = LEFT.iter().map(|(name, _)| *name).collect();
        left.remove("schema");
        for (name, columns) in schema() {
            if left.remove(name.as_str()) {
                continue;
            }
            let table = Table::named(&name);
            let table = table.unwrap_or_else(|| panic!("{name} is not carried"));
            let mut written: BTreeSet<String> = (table.columns.iter())
                .map(|(column, _)| native(table, column).to_owned())
                .collect();
            if name == "answers" {
                written.remove("position");
                written.extend(["batch".to_owned(), "events_upto".to_owned()]);
            }
            assert_eq!(columns, written, "{name}");
        }
        assert!(left.is_empty(), "{left:?} are not in the schema");
    }
}
