//! Everything that a what-if may ask to be different, each with what it comes to: the same three orders
//! under one setup after the other, reckoned by hand.

use serde_json::{Value, json};

use crate::test_app::{TestApp, order};

/// Berlin has A and carries for 5.00 within a day, Vienna has B and carries for 9.00 within three;
/// Hamburg has both and carries for 1.00, but takes no work. Three orders go to Berlin: 2 A that are
/// promised for the next day, an A and a B, and a B.
async fn shop() -> TestApp {
    let app = TestApp::with_company().await;
    for (code, country, postal_code) in [("WIE", "AT", "1010"), ("HAM", "DE", "20095")] {
        let body = json!({"code": code, "kind": "warehouse", "country": country,
                          "postal_code": postal_code, "time_zone": "Europe/Berlin"});
        app.post("/api/v1/locations", &body).await.expect(201);
    }
    let page = app.get("/api/v1/locations").await.expect(200);
    let mut locations = page["items"].as_array().unwrap().iter();
    let hamburg = locations
        .find(|location| location["code"] == "HAM")
        .unwrap();
    let path = format!("/api/v1/locations/{}", hamburg["id"].as_str().unwrap());
    let closed = app.patch(&path, None, &json!({"state": "draining"})).await;
    closed.expect(200);
    let body = json!({"code": "B", "weight_g": 100, "stock_policy": "tracked"});
    app.post("/api/v1/skus", &body).await.expect(201);
    for (sku, location) in [("B", "WIE"), ("A", "HAM"), ("B", "HAM")] {
        let body = json!({"kind": "receive", "sku": sku, "location": location, "quantity": 10});
        app.post("/api/v1/stock/movements", &body).await.expect(201);
    }
    for (origin, days, price) in [("BER", 1, 500), ("WIE", 3, 900), ("HAM", 1, 100)] {
        let body = table(origin, days, price);
        app.post("/api/v1/rate-tables", &body).await.expect(201);
    }
    let mut both = order("2", 1);
    let mut line = both["lines"][0].clone();
    (line["external_id"], line["sku"]) = (json!("2"), json!("B"));
    both["lines"].as_array_mut().unwrap().push(line);
    let mut other = order("3", 1);
    other["lines"][0]["sku"] = json!("B");
    let mut promised = order("1", 2);
    promised["lines"][0]["deliver_by"] = json!("2026-11-03T22:00:00Z");
    for (minute, mut order) in [promised, both, other].into_iter().enumerate() {
        // A Monday morning.
        order["placed_at"] = json!(format!("2026-11-02T08:0{minute}:00Z"));
        app.post("/api/v1/orders", &order).await.expect(201);
    }
    app
}

fn table(origin: &str, days: u16, price: i64) -> Value {
    json!({"code": format!("from-{origin}"), "carrier": "house", "service": "parcel",
           "currency": "EUR", "origins": [origin], "steps_g": [5000],
           "zones": [{"name": "all", "transit_days": days, "prices": [price]}]})
}

/// Freight in cents, orders split, orders late, units unfilled, and shipments by location.
fn told(run: &Value) -> (i64, i64, i64, i64, Vec<(String, i64)>) {
    let number = |name: &str| run[name].as_i64().unwrap();
    let loads = run["loads"].as_array().unwrap().iter().filter_map(|load| {
        let shipments = load["shipments"].as_i64().filter(|many| *many > 0)?;
        Some((load["location"].as_str().unwrap().to_owned(), shipments))
    });
    let mut loads: Vec<_> = loads.collect();
    loads.sort();
    let freight = run["costs"][0]["freight"].as_i64().unwrap_or(0);
    (
        freight,
        number("split_orders"),
        number("late_orders"),
        number("unfilled_units"),
        loads,
    )
}

#[tokio::test]
async fn every_part_of_a_setup_can_be_asked_for() {
    let app = shop().await;
    let new = |assortment: Value| {
        json!({"locations": {"add": [{"assortment": assortment, "location": {
                   "code": "NEW", "kind": "store", "country": "DE", "postal_code": "10115",
                   "time_zone": "Europe/Berlin"}}]},
               "rates": {"tables": [{"table": table("NEW", 1, 300)}]}})
    };
    let only_vienna =
        json!([{"name": "v", "filters": [{"name": "f", "keep": "location.code == 'WIE'"}]}]);
    type Told<'a> = (i64, i64, i64, i64, &'a [(&'a str, i64)]);
    let cases: &[(&str, Value, Told)] = &[
        (
            "nothing",
            json!({}),
            (2_800, 1, 0, 0, &[("BER", 2), ("WIE", 2)]),
        ),
        (
            "a location off",
            json!({"locations": {"off": ["WIE"]}}),
            (1_000, 0, 0, 2, &[("BER", 2)]),
        ),
        (
            "a promised one off",
            json!({"locations": {"off": ["BER"]}}),
            (1_800, 0, 1, 3, &[("WIE", 2)]),
        ),
        (
            "a location on",
            json!({"locations": {"on": ["HAM"]}}),
            (300, 0, 0, 0, &[("HAM", 3)]),
        ),
        (
            "these alone",
            json!({"locations": {"only": ["HAM", "WIE"]}}),
            (300, 0, 0, 0, &[("HAM", 3)]),
        ),
        (
            "one that is not there, with a list of what it has",
            new(json!({"skus": ["B"]})),
            (1_600, 1, 0, 0, &[("BER", 2), ("NEW", 2)]),
        ),
        (
            "the same with everything",
            new(json!("all")),
            (900, 0, 0, 0, &[("NEW", 3)]),
        ),
        (
            "the same with the half that is asked for most",
            new(json!({"top": {"ppm": 500_000}})),
            // Of A three units are wanted, of B two.
            (2_400, 1, 0, 0, &[("NEW", 2), ("WIE", 2)]),
        ),
        (
            "the same with a share",
            new(json!({"share": {"ppm": 1_000_000}})),
            (900, 0, 0, 0, &[("NEW", 3)]),
        ),
        (
            "other rates",
            json!({"rates": {"tables": [{"table": table("BER", 1, 700)}]}}),
            (3_200, 1, 0, 0, &[("BER", 2), ("WIE", 2)]),
        ),
        (
            "slower ones",
            json!({"rates": {"tables": [{"table": table("BER", 2, 500)}]}}),
            (2_800, 1, 1, 0, &[("BER", 2), ("WIE", 2)]),
        ),
        (
            "no other rates than these",
            json!({"rates": {"replace": true, "tables": [{"table": table("BER", 1, 500)}]}}),
            // Where nobody has a price, the nearest ships, as ever.
            (1_000, 0, 0, 1, &[("BER", 2), ("WIE", 1)]),
        ),
        (
            "other counts",
            json!({"stock": {"counts": [{"sku": "A", "location": "WIE", "quantity": 5}]}}),
            (2_300, 0, 0, 0, &[("BER", 1), ("WIE", 2)]),
        ),
        (
            "stock without limit",
            json!({"stock": "unlimited", "safety_stock": 10}),
            (2_800, 1, 0, 0, &[("BER", 2), ("WIE", 2)]),
        ),
        (
            "safety stock",
            json!({"safety_stock": 10}),
            (0, 0, 1, 5, &[]),
        ),
        (
            "less of it",
            json!({"safety_stock": 8}),
            (2_300, 0, 0, 1, &[("BER", 1), ("WIE", 2)]),
        ),
        (
            "a capacity",
            json!({"locations": {"change": [{"code": "BER", "daily_capacity": 0}]}}),
            (1_800, 0, 1, 3, &[("WIE", 2)]),
        ),
        (
            "an assortment in the place of stock",
            json!({"locations": {"change": [{"code": "WIE", "assortment": "all"}]}}),
            (2_300, 0, 0, 0, &[("BER", 1), ("WIE", 2)]),
        ),
        (
            "another default",
            json!({"default_location": "BER"}),
            (1_500, 0, 0, 0, &[("BER", 3)]),
        ),
        (
            "rules",
            json!({"rules": {"steps": only_vienna}}),
            (1_800, 0, 1, 3, &[("WIE", 2)]),
        ),
        (
            "a default weight",
            json!({"settings": {"default_weight_g": 1, "promise": "hard"}}),
            (2_800, 1, 0, 0, &[("BER", 2), ("WIE", 2)]),
        ),
    ];
    let put_back = json!({"variant": {"name": "before", "stock": "put_back"}});
    for (name, variant, expected) in cases {
        let mut variant = variant.clone();
        if variant["stock"].is_null() {
            variant["stock"] = json!("put_back");
        }
        let question = json!({"baseline": put_back, "variants": [variant]});
        let report = app.post("/api/v1/what-ifs", &question).await.expect(200);
        let run = &report["variants"][0]["run"];
        let (freight, split, late, unfilled, loads) = told(run);
        let loads: Vec<(&str, i64)> = loads
            .iter()
            .map(|(code, many)| (code.as_str(), *many))
            .collect();
        assert_eq!(
            (freight, split, late, unfilled, &loads[..]),
            *expected,
            "{name}: {run}"
        );
    }
}

#[tokio::test]
async fn a_report_tells_of_cost_time_load_and_reasons() {
    let app = shop().await;
    let question = json!({
        "baseline": {"variant": {"name": "before", "stock": "put_back"}},
        "variants": [{"name": "after", "stock": "put_back", "locations": {"off": ["BER"], "on": ["HAM"],
            "change": [{"code": "HAM", "handling": {"currency": "EUR", "per_order": 50, "per_unit": 0}}]}}],
    });
    let report = app.post("/api/v1/what-ifs", &question).await.expect(200);
    let before = &report["baseline"];
    let costs = &before["costs"][0];
    for (name, expected) in [
        ("freight", 2_800),
        ("freight_per_order", 933),
        ("handling", 0),
    ] {
        assert_eq!(costs[name], expected, "{name}: {costs}");
    }
    let parts = [
        "freight", "handling", "split", "late", "decline", "duty", "unfilled", "other",
    ];
    let sum: i64 = parts.iter().map(|part| costs[part].as_i64().unwrap()).sum();
    assert_eq!(costs["total"], sum);
    // A day, three, and three to the door; the only promise is kept.
    for (name, expected) in [
        ("orders", 3),
        ("units", 5),
        ("fill_ppm", 1_000_000),
        ("shipments", 4),
        ("split_ppm", 333_333),
        ("promised_orders", 1),
        ("on_time_ppm", 1_000_000),
        ("door_days_milli", 2_333),
    ] {
        assert_eq!(before[name], expected, "{name}: {before}");
    }
    let load = &before["loads"][0];
    for (name, expected) in [
        ("location", json!("BER")),
        ("shipments", json!(2)),
        ("units", json!(3)),
        ("share_ppm", json!(500_000)),
        ("peak_day", json!("2026-11-02")),
        ("peak_shipments", json!(2)),
        ("hypothetical", json!(false)),
    ] {
        assert_eq!(load[name], expected, "{name}: {load}");
    }
    let variant = &report["variants"][0];
    let difference = &variant["difference"];
    assert_eq!(difference["costs"][0]["freight"], -2_500);
    for (name, expected) in [
        ("shipments", -1),
        ("split_orders", -1),
        ("door_days_milli", -1_333),
    ] {
        assert_eq!(difference[name], expected, "{name}: {difference}");
    }
    assert_eq!(variant["run"]["costs"][0]["handling"], 150);
    assert_eq!(variant["changed_orders"], 3);
    let changed = variant["savings"].as_array().unwrap();
    assert_eq!(changed.len(), 3);
    for order in changed {
        for (side, location) in [("baseline", ""), ("variant", "HAM ships")] {
            let because = order[side]["because"][0].as_str().unwrap();
            assert!(
                because.contains(" ships ") && because.starts_with(location),
                "{because}"
            );
        }
    }
    assert_eq!(changed[0]["external_id"], "2", "it saves most");
    assert_eq!(
        changed[0]["baseline"]["shipments"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
