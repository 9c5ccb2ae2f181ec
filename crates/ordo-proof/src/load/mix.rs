//! What a client does: orders that walk through their stages, some of them canceled, held, refused or
//! sent back; movements, reservations and imports.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::ledger::{SET_UP, Stock};
use crate::http::Http;
use crate::served::order;

/// The SKUs that are sold.
pub const SKUS: [&str; 3] = ["A", "B", "C"];
/// The locations that ship.
const LOCATIONS: [&str; 3] = ["L0", "L1", "L2"];
/// Units of each SKU at each location before the load begins: more than are ever sold.
const UNITS: i64 = 1_000_000;
/// Units of each SKU over all locations.
pub const UNITS_OF_SKU: i64 = UNITS * LOCATIONS.len() as i64;
/// Orders of an import.
const LINES: u64 = 15;
/// Orders and reservations that a client keeps in mind.
const KEPT_MAX: usize = 20;

/// Channel, locations, SKUs and stock for the load.
pub fn set_up(http: &mut Http) {
    let mut made = |path: &str, body: Value| {
        let answer = http.post(path, &body).unwrap();
        assert!(answer.status < 300, "{answer:?}");
    };
    made("/api/v1/channels", json!({"code": "web", "kind": "web"}));
    for code in LOCATIONS {
        made(
            "/api/v1/locations",
            json!({"code": code, "kind": "warehouse", "country": "DE",
                   "postal_code": "10115", "time_zone": "Europe/Berlin"}),
        );
    }
    for sku in SKUS {
        made(
            "/api/v1/skus",
            json!({"code": sku, "weight_g": 100, "stock_policy": "tracked"}),
        );
        for location in LOCATIONS {
            made(
                "/api/v1/stock/movements",
                json!({"kind": "receive", "sku": sku, "location": location,
                       "quantity": UNITS, "reason": SET_UP}),
            );
        }
    }
}

/// An order on its way.
struct Walking {
    id: String,
    work: String,
    sku: &'static str,
    quantity: i64,
    at: At,
}

/// How far it has come.
enum At {
    Captured,
    Held { hold: String },
    Released,
    Picked,
    Packed,
    Shipped,
    Requested { back: String },
    Approved { back: String },
    Received { back: String },
}

/// What a client keeps in mind.
#[derive(Default)]
struct Kept {
    orders: Vec<Walking>,
    reservations: Vec<(String, &'static str, i64)>,
}

/// Does one thing after the other until the load is to end.
pub fn run(client: &mut Client, pause: Duration) {
    let mut kept = Kept::default();
    while !client.is_stopped() {
        match client.random.below(100) {
            0..25 => capture(client, &mut kept),
            25..40 => move_stock(client),
            40..48 => reserve(client, &mut kept),
            48..52 => release_reservation(client, &mut kept),
            52..54 => import(client),
            _ => walk(client, &mut kept),
        }
        std::thread::sleep(pause);
    }
}

fn sku_and_quantity(client: &mut Client) -> (&'static str, i64) {
    let sku = *client.random.pick(&SKUS);
    (sku, 1 + i64::from(client.random.chance(30)))
}

fn capture(client: &mut Client, kept: &mut Kept) {
    let (sku, quantity) = sku_and_quantity(client);
    let name = client.next_name();
    let body = order(&name, sku, quantity);
    let mark = ("order.placed", name.clone());
    let stock = allocates(sku, quantity);
    let Some(answer) = client.ask(&name, "/api/v1/orders", &body, mark, stock) else {
        return;
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let work = text(&answer["fulfillment_orders"][0]["id"]);
    if let (Some(id), Some(work)) = (text(&answer["id"]), work)
        && kept.orders.len() < KEPT_MAX
    {
        let at = At::Captured;
        kept.orders.push(Walking {
            id,
            work,
            sku,
            quantity,
            at,
        });
    }
}

fn import(client: &mut Client) {
    let orders: Vec<(String, Value, Stock)> = (0..LINES)
        .map(|_| {
            let (sku, quantity) = sku_and_quantity(client);
            let name = client.next_name();
            let body = order(&name, sku, quantity);
            (name, body, allocates(sku, quantity))
        })
        .collect();
    client.import(&orders);
}

fn move_stock(client: &mut Client) {
    let sku = *client.random.pick(&SKUS);
    let location = *client.random.pick(&LOCATIONS);
    let (kind, quantity) = match client.random.below(3) {
        0 => ("adjust", -1),
        1 => ("adjust", 2),
        _ => ("receive", 3),
    };
    let name = client.next_name();
    let body = json!({"kind": kind, "sku": sku, "location": location, "quantity": quantity,
                      "reason": name});
    let stock = Stock {
        sku,
        on_hand: quantity,
        ..Stock::default()
    };
    let mark = ("stock.moved", name.clone());
    client.ask(&name, "/api/v1/stock/movements", &body, mark, stock);
}

fn reserve(client: &mut Client, kept: &mut Kept) {
    let (sku, quantity) = sku_and_quantity(client);
    let name = client.next_name();
    let body = json!({"lines": [{"sku": sku, "quantity": quantity}], "seconds": 604_800});
    let stock = reserves(sku, quantity);
    let mark = ("reservation.made", String::new());
    let answer = client.ask(&name, "/api/v1/reservations", &body, mark, stock);
    if let Some(id) = answer.as_ref().and_then(|made| made["id"].as_str())
        && kept.reservations.len() < KEPT_MAX
    {
        kept.reservations.push((id.to_owned(), sku, quantity));
    }
}

fn release_reservation(client: &mut Client, kept: &mut Kept) {
    let Some((id, sku, quantity)) = kept.reservations.pop() else {
        return;
    };
    let path = format!("/api/v1/reservations/{id}/release");
    let name = client.next_name();
    let mark = ("reservation.released", id);
    client.ask(&name, &path, &json!({}), mark, reserves(sku, -quantity));
}

fn allocates(sku: &'static str, quantity: i64) -> Stock {
    Stock {
        sku,
        allocated: quantity,
        ..Stock::default()
    }
}

fn reserves(sku: &'static str, quantity: i64) -> Stock {
    Stock {
        sku,
        reserved: quantity,
        ..Stock::default()
    }
}

/// The next step of one of the orders that are kept in mind.
fn walk(client: &mut Client, kept: &mut Kept) {
    if kept.orders.is_empty() {
        return;
    }
    let place = client.random.below(kept.orders.len() as u64);
    let order = kept
        .orders
        .swap_remove(usize::try_from(place).expect("a place in a short list fits"));
    kept.orders.extend(step(client, order));
}

/// One step of an order; `None` where nothing more is to be done with it, or where nobody knows how far
/// it has come.
fn step(client: &mut Client, order: Walking) -> Option<Walking> {
    let Walking {
        id,
        work,
        sku,
        quantity,
        at,
    } = order;
    let of_order = |step: &str| format!("/api/v1/orders/{id}/{step}");
    let of_work = |step: &str| format!("/api/v1/fulfillment-orders/{work}/{step}");
    let name = client.next_name();
    let none = Stock::default();
    let nothing = json!({});
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let at = match at {
        At::Captured => match client.random.below(10) {
            0 => {
                let mark = ("order.canceled", id.clone());
                let stock = allocates(sku, -quantity);
                client.ask(&name, &of_order("cancel"), &nothing, mark, stock);
                return None;
            }
            1 => {
                // Its units are sourced again elsewhere, as other work.
                let mark = ("fulfillment_order.rejected", work.clone());
                client.ask(&name, &of_work("reject"), &nothing, mark, none);
                return None;
            }
            2 => {
                let mark = ("hold.placed", name.clone());
                let body = json!({"reason": name});
                let answer = client.ask(&name, &of_order("holds"), &body, mark, none)?;
                let hold = text(&answer["holds"][0]["id"])?;
                At::Held { hold }
            }
            _ => {
                let mark = ("fulfillment_order.released", work.clone());
                client.ask(&name, &of_work("release"), &nothing, mark, none)?;
                At::Released
            }
        },
        At::Held { hold } => {
            let path = of_order(&format!("holds/{hold}/release"));
            client.ask(&name, &path, &nothing, ("hold.released", hold), none)?;
            At::Captured
        }
        At::Released => {
            let mark = ("fulfillment_order.picked", work.clone());
            client.ask(&name, &of_work("pick"), &nothing, mark, none)?;
            At::Picked
        }
        At::Picked => {
            let mark = ("fulfillment_order.packed", work.clone());
            client.ask(&name, &of_work("pack"), &nothing, mark, none)?;
            At::Packed
        }
        At::Packed => {
            let mark = ("fulfillment_order.shipped", work.clone());
            let stock = Stock {
                sku,
                on_hand: -quantity,
                allocated: -quantity,
                reserved: 0,
            };
            client.ask(&name, &of_work("ship"), &nothing, mark, stock)?;
            At::Shipped
        }
        At::Shipped => {
            let mark = ("return.requested", id.clone());
            let body = json!({"lines": [{"sku": sku, "quantity": quantity}],
                              "reason_code": "too_small"});
            let answer = client.ask(&name, &of_order("returns"), &body, mark, none)?;
            let back = text(&answer["id"])?;
            At::Requested { back }
        }
        At::Requested { back } => {
            let path = format!("/api/v1/returns/{back}/approve");
            let mark = ("return.approved", back.clone());
            client.ask(&name, &path, &nothing, mark, none)?;
            At::Approved { back }
        }
        At::Approved { back } => {
            let path = format!("/api/v1/returns/{back}/receive");
            let mark = ("return.received", back.clone());
            let stock = Stock {
                sku,
                on_hand: quantity,
                ..Stock::default()
            };
            client.ask(&name, &path, &nothing, mark, stock)?;
            At::Received { back }
        }
        At::Received { back } => {
            let path = format!("/api/v1/returns/{back}/refund");
            let mark = ("refund.recorded", id.clone());
            client.ask(&name, &path, &nothing, mark, none);
            return None;
        }
    };
    Some(Walking {
        id,
        work,
        sku,
        quantity,
        at,
    })
}
