//! The floor on PostgreSQL: rows go as binary arrays through `unnest`, without a look at what they say.

use std::error::Error;
use std::time::Instant;

use ordo_store_postgres::PostgresStore;
use ordo_store_postgres::cluster::Cluster;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type};
use tokio_postgres::{Client, NoTls};

use super::{CELLS_PER_ORDER, Floor, NOT_CAPTURE, ORDERS_MAX, SHUFFLED, part, shuffle};

/// A value as it is on the wire.
#[derive(Clone)]
struct Raw(Option<Vec<u8>>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw.to_vec())))
    }
    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A column of wire values, sent as a one-dimensional array.
#[derive(Debug)]
struct Column<'a>(Vec<Option<&'a [u8]>>);

impl ToSql for Column<'_> {
    fn to_sql(
        &self,
        array: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Kind::Array(element) = array.kind() else {
            return Err("not an array".into());
        };
        let nulls = i32::from(self.0.iter().any(Option::is_none));
        for head in [1, nulls] {
            out.extend_from_slice(&head.to_be_bytes());
        }
        out.extend_from_slice(&element.oid().to_be_bytes());
        out.extend_from_slice(&i32::try_from(self.0.len())?.to_be_bytes());
        out.extend_from_slice(&1_i32.to_be_bytes());
        for value in &self.0 {
            match value {
                None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
                Some(bytes) => {
                    out.extend_from_slice(&i32::try_from(bytes.len())?.to_be_bytes());
                    out.extend_from_slice(bytes);
                }
            }
        }
        Ok(IsNull::No)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    tokio_postgres::types::to_sql_checked!();
}

struct Rows {
    insert: tokio_postgres::Statement,
    width: usize,
    rows: Vec<Vec<Raw>>,
}

pub(super) async fn measure(cluster: &Cluster, batch: usize) -> Result<Floor, String> {
    let source = connect(&cluster.url("postgres")).await?;
    let text = |error: tokio_postgres::Error| error.to_string();
    source
        .batch_execute("CREATE DATABASE floor")
        .await
        .map_err(text)?;
    let url = cluster.url("floor");
    let options = ordo_store_postgres::Options::default();
    // The store makes the schema; the floor writes with a plain connection.
    drop(
        PostgresStore::connect(&url, &options)
            .await
            .map_err(|error| error.to_string())?,
    );
    let target = connect(&url).await?;

    let count = source
        .query_one("SELECT count(*) FROM orders", &[])
        .await
        .map_err(text)?;
    let total = usize::try_from(count.get::<_, i64>(0)).unwrap_or(0);
    let orders = total.min(ORDERS_MAX);
    let bytes = source
        .query_one("SELECT pg_database_size(current_database())", &[])
        .await
        .map_err(text)?
        .get::<_, i64>(0);
    let tables = read_tables(&source, &target, orders, total)
        .await
        .map_err(text)?;
    let mut cells = read_cells(&source).await.map_err(text)?;
    shuffle(&mut cells);
    insert_cells(&target, &cells).await.map_err(text)?;

    let update = target
        .prepare(
            "UPDATE cells c SET allocated = c.allocated + 1 \
             FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS d (o, s, l, w) \
             WHERE c.organization = d.o AND c.sku = d.s AND c.location = d.l AND c.owner = d.w",
        )
        .await
        .map_err(text)?;
    let transactions = (orders / batch).max(1);
    let started = Instant::now();
    let mut rows_written = 0;
    for n in 0..transactions {
        target.batch_execute("BEGIN").await.map_err(text)?;
        for table in &tables {
            let rows = &table.rows[part(table.rows.len(), n, transactions)];
            send(&target, &table.insert, rows, table.width)
                .await
                .map_err(text)?;
            rows_written += rows.len();
        }
        let lines = part(orders, n, transactions).len() * CELLS_PER_ORDER;
        let changed = lines.min(cells.len());
        let start = (n * 37) % cells.len();
        let chosen: Vec<Vec<Raw>> = cells
            .iter()
            .cycle()
            .skip(start)
            .take(changed)
            .cloned()
            .collect();
        send(&target, &update, &chosen, 4).await.map_err(text)?;
        rows_written += changed;
        target.batch_execute("COMMIT").await.map_err(text)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(Floor {
        orders_per_s: orders as f64 / seconds,
        rows_per_order: rows_written as f64 / orders as f64,
        bytes_per_order: bytes as f64 / total as f64,
    })
}

async fn connect(url: &str) -> Result<Client, String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .map_err(|error| error.to_string())?;
    // Its end is the client's end.
    tokio::spawn(connection);
    Ok(client)
}

/// The first `orders` of `total` orders' rows of every table that captures write.
async fn read_tables(
    source: &Client,
    target: &Client,
    orders: usize,
    total: usize,
) -> Result<Vec<Rows>, tokio_postgres::Error> {
    let names = source
        .query(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'",
            &[],
        )
        .await?;
    let mut tables = Vec::new();
    for name in names.iter().map(|row| row.get::<_, String>(0)) {
        if NOT_CAPTURE.contains(&name.as_str()) {
            continue;
        }
        let count = source
            .query_one(&format!("SELECT count(*) FROM {name}"), &[])
            .await?;
        let count = usize::try_from(count.get::<_, i64>(0)).unwrap_or(0);
        let wanted = count * orders / total.max(1);
        let select = source
            .prepare(&format!("SELECT * FROM {name} LIMIT {wanted}"))
            .await?;
        let width = select.columns().len();
        let found = source.query(&select, &[]).await?;
        let mut rows: Vec<Vec<Raw>> = found
            .iter()
            .map(|row| (0..width).map(|column| row.get(column)).collect())
            .collect();
        if SHUFFLED.contains(&name.as_str()) {
            shuffle(&mut rows);
        }
        let columns: Vec<&str> = select
            .columns()
            .iter()
            .map(|column| column.name())
            .collect();
        let arrays: Vec<String> = (select.columns().iter().enumerate())
            .map(|(index, column)| format!("${}::{}[]", index + 1, column.type_().name()))
            .collect();
        let insert = format!(
            "INSERT INTO {name} ({}) SELECT * FROM unnest({})",
            columns.join(", "),
            arrays.join(", ")
        );
        tables.push(Rows {
            insert: target.prepare(&insert).await?,
            width,
            rows,
        });
    }
    Ok(tables)
}

async fn read_cells(source: &Client) -> Result<Vec<Vec<Raw>>, tokio_postgres::Error> {
    let select = "SELECT organization, sku, location, owner FROM cells WHERE allocated > 0";
    let found = source.query(select, &[]).await?;
    Ok(found
        .iter()
        .map(|row| (0..4).map(|column| row.get(column)).collect())
        .collect())
}

async fn insert_cells(target: &Client, cells: &[Vec<Raw>]) -> Result<(), tokio_postgres::Error> {
    let insert = target
        .prepare(
            "INSERT INTO cells (organization, sku, location, owner, on_hand, allocated, reserved, \
             safety, quarantined) SELECT o, s, l, w, 1000000, 0, 0, 0, 0 \
             FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS d (o, s, l, w)",
        )
        .await?;
    send(target, &insert, cells, 4).await
}

async fn send(
    target: &Client,
    statement: &tokio_postgres::Statement,
    rows: &[Vec<Raw>],
    width: usize,
) -> Result<(), tokio_postgres::Error> {
    let columns: Vec<Column<'_>> = (0..width)
        .map(|column| Column(rows.iter().map(|row| row[column].0.as_deref()).collect()))
        .collect();
    let arguments: Vec<&(dyn ToSql + Sync)> = columns
        .iter()
        .map(|column| column as &(dyn ToSql + Sync))
        .collect();
    target.execute(statement, &arguments).await.map(|_| ())
}
