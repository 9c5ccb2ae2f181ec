//! Imports of stock: each row is what somebody counted of a SKU at a location and how much of it is to
//! be kept back. It becomes a `count` and a `safety` movement, as far as it is not so already.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use ordo_domain::quantity::Quantity;
use ordo_domain::stock::{MoveStock, MovementKind};
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
    read: &["sku", "location", "quantity", "on_hand", "safety", "reason"],
    ignored: &[
        "allocated",
        "reserved",
        "quarantined",
        "available",
        "sku_id",
        "location_id",
    ],
};

/// What there is by SKU and location, as codes.
pub type Stock = BTreeMap<(String, String), Levels>;

/// Units of a cell that an import can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Levels {
    on_hand: Quantity,
    safety: Quantity,
}

impl Levels {
    fn of(&mut self, kind: MovementKind) -> &mut Quantity {
        match kind {
            MovementKind::Safety => &mut self.safety,
            _ => &mut self.on_hand,
        }
    }
}

/// Takes rows in; answers what became of each, in their order. `listed` keeps what a server has.
///
/// # Errors
/// The store or server does not answer.
pub async fn take(
    to: &To,
    listed: &mut Option<Stock>,
    rows: Vec<TableRow>,
) -> Result<Vec<Came>, Failure> {
    let asked: Vec<Result<Vec<MoveStock>, Refused>> = rows.iter().map(moves_of).collect();
    let mut stock = match to {
        To::Store(local) => in_store(local, &asked).await?,
        To::Server(remote) => match listed.take() {
            Some(stock) => stock,
            None => on_server(remote).await?,
        },
    };
    let mut planned = Vec::with_capacity(rows.len());
    let mut met: BTreeSet<(String, String)> = BTreeSet::new();
    for (row, moves) in rows.into_iter().zip(asked) {
        let plan = moves.map(|mut moves| {
            let cell = cell_of(&moves);
            let before = stock.get(&cell).copied();
            // A cell that two rows of a chunk name is moved twice, in their order.
            let again = !met.insert(cell.clone());
            let mut now = before.unwrap_or_default();
            if !again {
                moves.retain(|one| *now.of(one.kind) != one.quantity);
            }
            (cell, moves, before.is_some() || again)
        });
        planned.push((row, plan));
    }
    let takes = stream::iter(planned).map(|(row, plan)| async move {
        let (cell, moves, known) = match plan {
            Ok(plan) => plan,
            Err(refused) => return Ok((row, Done::Refused(refused), None)),
        };
        let mut done = Done::Took(Outcome::Unchanged);
        let mut moved = Vec::with_capacity(moves.len());
        for one in moves {
            done = match record(to, &one, row.raw.len()).await? {
                Done::Took(_) if known || !moved.is_empty() => Done::Took(Outcome::Updated),
                done => done,
            };
            if matches!(done, Done::Refused(_)) {
                break;
            }
            moved.push((one.kind, one.quantity));
        }
        if let (Done::Took(outcome), false) = (&mut done, known || moved.is_empty()) {
            *outcome = Outcome::Created;
        }
        Ok::<_, Failure>((row, done, Some((cell, moved))))
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
        if let Some((cell, moved)) = now.filter(|(_, moved)| !moved.is_empty()) {
            let levels = stock.entry(cell).or_default();
            for (kind, quantity) in moved {
                *levels.of(kind) = quantity;
            }
        }
        came.push(done.of_row(&row.source, row.row, row.raw));
    }
    if matches!(to, To::Server(_)) {
        *listed = Some(stock);
    }
    Ok(came)
}

/// The movements that a row asks for, at least one: what was counted first.
fn moves_of(row: &TableRow) -> Result<Vec<MoveStock>, Refused> {
    let mut body = row.body.clone();
    if let Some(on_hand) = body.remove("on_hand") {
        body.entry("quantity").or_insert(on_hand);
    }
    let safety = body.remove("safety");
    let mut moves = Vec::with_capacity(2);
    if safety.is_none() || body.contains_key("quantity") {
        moves.push(move_of(&body, "count")?);
    }
    if let Some(safety) = safety {
        body.insert("quantity".to_owned(), safety);
        moves.push(
            move_of(&body, "safety").map_err(|refused| match refused.field.as_str() {
                "/quantity" => Refused {
                    field: "/safety".to_owned(),
                    ..refused
                },
                _ => refused,
            })?,
        );
    }
    Ok(moves)
}

fn move_of(body: &Map<String, Value>, kind: &str) -> Result<MoveStock, Refused> {
    let mut body = body.clone();
    body.insert("kind".to_owned(), json!(kind));
    let body = Value::Object(body).to_string();
    ordo_server::movement_of_body(body.as_bytes()).map_err(|rejection| Refused::of(&rejection))
}

/// SKU and location of the movements of a row.
fn cell_of(moves: &[MoveStock]) -> (String, String) {
    let first = moves.first();
    first.map_or_else(Default::default, |one| {
        (one.sku.clone(), one.location.clone())
    })
}

async fn record(to: &To, one: &MoveStock, size: usize) -> Result<Done, Failure> {
    match to {
        To::Store(local) => {
            let give = local.give(size, || Ok(Command::MoveStock(one.clone())));
            give.await
        }
        To::Server(remote) => {
            let mut body = Map::new();
            for (name, value) in [
                ("kind", json!(one.kind)),
                ("sku", json!(one.sku)),
                ("location", json!(one.location)),
                ("quantity", json!(one.quantity)),
                ("reason", json!(one.reason)),
            ] {
                body.insert(name.to_owned(), value);
            }
            remote.make("/api/v1/stock/movements", &body).await
        }
    }
}

/// What a store has of the SKUs that are counted.
async fn in_store(
    local: &Local,
    asked: &[Result<Vec<MoveStock>, Refused>],
) -> Result<Stock, Failure> {
    let codes: Vec<String> = (asked.iter().flatten())
        .map(|moves| cell_of(moves).0)
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
                let levels = Levels {
                    on_hand: cell.on_hand,
                    safety: cell.safety,
                };
                stock.insert((sku.clone(), location.code.clone()), levels);
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
        let units = |name: &str| row[name].as_i64().and_then(Quantity::signed);
        if let (Some(sku), Some(location), Some(on_hand), Some(safety)) = (
            text("sku"),
            text("location"),
            units("on_hand"),
            units("safety"),
        ) {
            stock.insert((sku, location), Levels { on_hand, safety });
        }
    }
    Ok(stock)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(body: &Value) -> TableRow {
        TableRow {
            source: "stock.csv".into(),
            row: 2,
            raw: String::new(),
            body: body.as_object().unwrap().clone(),
        }
    }

    #[test]
    fn a_row_is_a_count_and_may_call_the_quantity_as_exports_do() {
        for name in ["quantity", "on_hand"] {
            let moves = moves_of(&row(&json!({"sku": "A", "location": "BER", name: 0}))).unwrap();
            assert_eq!(moves.len(), 1);
            assert_eq!(moves[0].kind, MovementKind::Count);
            assert_eq!(moves[0].quantity, Quantity::ZERO);
        }
        let refused = moves_of(&row(
            &json!({"sku": "A", "location": "BER", "quantity": -1}),
        ));
        assert_eq!(refused.unwrap_err().field, "/quantity");
        let missing = moves_of(&row(&json!({"sku": "A", "location": "BER"})));
        assert_eq!(missing.unwrap_err().code, "invalid_input");
    }

    #[test]
    fn safety_stock_is_a_movement_of_its_own_with_or_without_a_count() {
        let kinds = |body: Value| -> Vec<(MovementKind, i64)> {
            let moves = moves_of(&row(&body)).unwrap();
            let told = moves.iter().map(|one| (one.kind, one.quantity.get()));
            told.collect()
        };
        let cell = json!({"sku": "A", "location": "BER", "safety": 2});
        assert_eq!(kinds(cell.clone()), [(MovementKind::Safety, 2)]);
        let mut both = cell;
        both["on_hand"] = json!(7);
        let told = [(MovementKind::Count, 7), (MovementKind::Safety, 2)];
        assert_eq!(kinds(both), told);
        let refused = moves_of(&row(&json!({"sku": "A", "location": "BER", "safety": -1})));
        assert_eq!(refused.unwrap_err().field, "/safety");
    }
}
