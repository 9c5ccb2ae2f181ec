//! Imports of stock: each row is what somebody counted of a SKU at a location, and becomes a `count`
//! movement, unless it is so already.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use ordo_domain::quantity::Quantity;
use ordo_domain::stock::MoveStock;
use ordo_domain::world::{Key, Row};
use ordo_domain::{Command, Outcome};
use serde_json::{Map, Value, json};

use super::coded;
use super::done::{Came, Done, Refused};
use super::local::Local;
use super::place::To;
use super::remote::Remote;
use super::table::{Columns, TableRow};
use crate::compose::Failure;

const PATH: &str = "/api/v1/stock";
/// Movements that are decided at once.
const MOVES_MAX: usize = 1_024;

/// Columns of a file of stock. `on_hand` is what an export calls the quantity.
pub const COLUMNS: Columns = Columns {
    read: &["sku", "location", "quantity", "on_hand", "reason"],
    ignored: &[
        "allocated",
        "reserved",
        "safety",
        "quarantined",
        "available",
        "sku_id",
        "location_id",
    ],
};

/// On hand by SKU and location, as codes.
pub type Stock = BTreeMap<(String, String), Quantity>;

/// Takes rows in; answers what became of each, in their order. `listed` keeps what a server has.
///
/// # Errors
/// The store or server does not answer.
pub async fn take(
    to: &To,
    listed: &mut Option<Stock>,
    rows: Vec<TableRow>,
) -> Result<Vec<Came>, Failure> {
    let counts: Vec<Result<MoveStock, Refused>> = rows.iter().map(count_of).collect();
    let mut stock = match to {
        To::Store(local) => in_store(local, &counts).await?,
        To::Server(remote) => match listed.take() {
            Some(stock) => stock,
            None => on_server(remote).await?,
        },
    };
    let mut planned = Vec::with_capacity(rows.len());
    let mut counted: BTreeSet<(String, String)> = BTreeSet::new();
    for (row, count) in rows.into_iter().zip(counts) {
        let plan = count.map(|count| {
            let cell = (count.sku.clone(), count.location.clone());
            let before = stock.get(&cell).copied();
            // A cell that two rows of a chunk count is counted twice, in their order.
            let again = !counted.insert(cell);
            let same = !again && before.unwrap_or_default() == count.quantity;
            (count, before.is_some() || again, same)
        });
        planned.push((row, plan));
    }
    let takes = stream::iter(planned).map(|(row, plan)| async move {
        let (count, known, same) = match plan {
            Ok(plan) => plan,
            Err(refused) => return Ok((row, Done::Refused(refused), None)),
        };
        if same {
            return Ok((row, Done::Took(Outcome::Unchanged), None));
        }
        let done = match record(to, &count, row.raw.len()).await? {
            Done::Took(_) if known => Done::Took(Outcome::Updated),
            done => done,
        };
        let now = ((count.sku, count.location), count.quantity);
        Ok::<_, Failure>((row, done, Some(now)))
    });
    // A server sees requests side by side, so there they go one after the other.
    let at_once = match to {
        To::Store(_) => MOVES_MAX,
        To::Server(_) => 1,
    };
    let takes: Vec<Result<_, Failure>> = takes.buffered(at_once).collect().await;
    let mut came = Vec::with_capacity(takes.len());
    for take in takes {
        let (row, done, now) = take?;
        if let (Done::Took(_), Some((cell, quantity))) = (&done, now) {
            stock.insert(cell, quantity);
        }
        came.push(done.of_row(&row.source, row.row, row.raw));
    }
    if matches!(to, To::Server(_)) {
        *listed = Some(stock);
    }
    Ok(came)
}

/// The movement that a row asks for.
fn count_of(row: &TableRow) -> Result<MoveStock, Refused> {
    let mut body = row.body.clone();
    if let Some(on_hand) = body.remove("on_hand") {
        body.entry("quantity").or_insert(on_hand);
    }
    body.insert("kind".to_owned(), json!("count"));
    let body = Value::Object(body).to_string();
    ordo_server::movement_of_body(body.as_bytes()).map_err(|rejection| Refused::of(&rejection))
}

async fn record(to: &To, count: &MoveStock, size: usize) -> Result<Done, Failure> {
    match to {
        To::Store(local) => {
            let give = local.give(size, || Ok(Command::MoveStock(count.clone())));
            give.await
        }
        To::Server(remote) => {
            let mut body = Map::new();
            for (name, value) in [
                ("kind", json!("count")),
                ("sku", json!(count.sku)),
                ("location", json!(count.location)),
                ("quantity", json!(count.quantity)),
                ("reason", json!(count.reason)),
            ] {
                body.insert(name.to_owned(), value);
            }
            remote.make("/api/v1/stock/movements", &body).await
        }
    }
}

/// What a store has of the SKUs that are counted.
async fn in_store(local: &Local, counts: &[Result<MoveStock, Refused>]) -> Result<Stock, Failure> {
    let codes: Vec<String> = counts
        .iter()
        .flatten()
        .map(|count| count.sku.clone())
        .collect();
    let skus = coded::skus(local, &codes).await?;
    let codes: BTreeMap<_, _> = skus.into_iter().map(|sku| (sku.id, sku.code)).collect();
    let keys: Vec<Key> = codes.keys().copied().map(Key::Cells).collect();
    let reference = local.reference().await?;
    let (store, organization) = local.store();
    let mut stock = Stock::new();
    for row in store.load(organization, &keys).await? {
        let Row::Cells { cells, .. } = row else {
            continue;
        };
        // Stock of others is not counted here.
        for (key, cell) in cells.into_iter().filter(|(key, _)| key.owner.is_none()) {
            if let (Some(sku), Some(location)) =
                (codes.get(&key.sku), reference.location(key.location))
            {
                stock.insert((sku.clone(), location.code.clone()), cell.on_hand);
            }
        }
    }
    Ok(stock)
}

/// All that a server has.
async fn on_server(remote: &Remote) -> Result<Stock, Failure> {
    let mut stock = Stock::new();
    for row in remote.list(PATH).await? {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        let on_hand = row["on_hand"].as_i64().and_then(Quantity::signed);
        if let (Some(sku), Some(location), Some(on_hand)) = (text("sku"), text("location"), on_hand)
        {
            stock.insert((sku, location), on_hand);
        }
    }
    Ok(stock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_count_and_may_call_the_quantity_as_exports_do() {
        let row = |body: Value| TableRow {
            source: "stock.csv".into(),
            row: 2,
            raw: String::new(),
            body: body.as_object().unwrap().clone(),
        };
        for name in ["quantity", "on_hand"] {
            let count = count_of(&row(json!({"sku": "A", "location": "BER", name: 0}))).unwrap();
            assert_eq!(count.quantity, Quantity::ZERO);
        }
        let refused = count_of(&row(json!({"sku": "A", "location": "BER", "quantity": -1})));
        assert_eq!(refused.unwrap_err().field, "/quantity");
        let missing = count_of(&row(json!({"sku": "A", "location": "BER"})));
        assert_eq!(missing.unwrap_err().code, "invalid_input");
    }
}
