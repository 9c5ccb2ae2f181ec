//! What-ifs over HTTP, on every kind of store: what came in is sourced again, and nothing is written.

use serde_json::{Value, json};

use crate::pages::{cookie, page};
use crate::test_app::{OWNER, TestApp, order};

async fn ask(app: &TestApp, question: &Value) -> Value {
    app.post("/api/v1/what-ifs", question).await.expect(200)
}

/// Shipments by location of a run.
fn loads(run: &Value) -> Vec<(String, i64)> {
    let loads = run["loads"].as_array().unwrap().iter();
    let loads = loads.map(|load| {
        let location = load["location"].as_str().unwrap().to_owned();
        (location, load["shipments"].as_i64().unwrap())
    });
    let mut loads: Vec<_> = loads.filter(|(_, shipments)| *shipments > 0).collect();
    loads.sort();
    loads
}

#[tokio::test]
async fn orders_are_sourced_again_in_the_order_of_placing() {
    for app in TestApp::company_on_each_store("what_ifs").await {
        let body =
            json!({"code": "WIE", "kind": "warehouse", "country": "AT", "postal_code": "1010"});
        app.post("/api/v1/locations", &body).await.expect(201);
        for location in ["BER", "WIE"] {
            let body = json!({"kind": "count", "sku": "A", "location": location, "quantity": 10});
            app.post("/api/v1/stock/movements", &body).await.expect(201);
        }
        // The later one comes in first; a past one came in last.
        for (name, placed_at, origin) in [
            ("late", "2026-11-02T10:00:00Z", "live"),
            ("early", "2026-11-01T10:00:00Z", "live"),
            ("past", "2026-10-01T10:00:00Z", "history"),
        ] {
            let mut order = order(name, 2);
            order["placed_at"] = json!(placed_at);
            order["origin"] = json!(origin);
            if origin == "history" {
                order["lines"][0]["shipped"] = json!(2);
                order["lines"][0]["shipped_from"] = json!("WIE");
            }
            app.post("/api/v1/orders", &order).await.expect(201);
        }
        let position = app.get("/api/v1/events?limit=200").await.expect(200);

        // Six units for three orders, but only five that count: the last one placed gets one.
        let counts = json!([
            {"sku": "A", "location": "BER", "quantity": 3},
            {"sku": "A", "location": "WIE", "quantity": 2},
        ]);
        let report = ask(
            &app,
            &json!({"variants": [
                {"name": "scarce", "stock": {"counts": counts}},
                {"name": "without BER", "locations": {"off": ["BER"]}},
            ]}),
        )
        .await;
        assert_eq!(report["orders"], 3);
        assert_eq!(report["first_placed_at"], "2026-10-01T10:00:00Z");
        assert_eq!(report["last_placed_at"], "2026-11-02T10:00:00Z");
        assert_eq!(loads(&report["baseline"]), [("BER".to_owned(), 3)]);
        let scarce = &report["variants"][0];
        assert_eq!(scarce["run"]["unfilled_units"], 1, "{scarce}");
        assert_eq!(scarce["losses"][0]["external_id"], "late");
        assert_eq!(scarce["losses"][0]["variant"]["unfilled_units"], 1);
        let without = &report["variants"][1];
        assert_eq!(loads(&without["run"]), [("WIE".to_owned(), 3)]);
        assert_eq!(without["changed_orders"], 3);
        let because = without["losses"][0]["baseline"]["because"][0]
            .as_str()
            .unwrap();
        assert!(because.starts_with("BER ships 2 units"), "{because}");

        // Of the period that is asked for, and the last so many of it.
        let report = ask(
            &app,
            &json!({"from": "2026-11-01T00:00:00Z", "variants": [{}]}),
        )
        .await;
        assert_eq!(
            (&report["orders"], &report["variants"][0]["changed_orders"]),
            (&json!(2), &json!(0))
        );
        let report = ask(&app, &json!({"orders": 1, "variants": [{}]})).await;
        assert_eq!(report["first_placed_at"], "2026-11-02T10:00:00Z");

        // What happened is known of the past one alone.
        let report = ask(&app, &json!({"baseline": "as_happened", "variants": [{}]})).await;
        assert_eq!(
            (&report["orders"], &report["left_out"]["not_shipped"]),
            (&json!(1), &json!(2))
        );
        assert_eq!(loads(&report["baseline"]), [("WIE".to_owned(), 1)]);
        assert_eq!(
            loads(&report["variants"][0]["run"]),
            [("BER".to_owned(), 1)]
        );

        assert_eq!(
            app.get("/api/v1/events?limit=200").await.expect(200),
            position
        );
    }
}

#[tokio::test]
async fn a_field_that_cannot_be_is_named() {
    let app = TestApp::with_company().await;
    for (question, field) in [
        (json!({"variants": []}), "/variants"),
        (
            json!({"variants": [{"locations": {"off": ["X"]}}]}),
            "/variants/0/locations/off/0",
        ),
        (
            json!({"baseline": {"everything_from": "X"}, "variants": [{}]}),
            "/baseline/everything_from",
        ),
        (
            json!({"one_warehouse": "X", "variants": [{}]}),
            "/one_warehouse",
        ),
        (json!({"orders": 50_001, "variants": [{}]}), "/orders"),
    ] {
        let answer = app.post("/api/v1/what-ifs", &question).await;
        let named = answer.expect_problem(422, "invalid_input");
        let named = named.or_else(|| {
            answer.json()["fields"][0]["field"]
                .as_str()
                .map(str::to_owned)
        });
        assert_eq!(named.as_deref(), Some(field), "{question}");
    }
}

#[tokio::test]
async fn the_page_asks_and_shows_what_came_of_it() {
    let app = TestApp::with_company().await;
    let body = json!({"code": "WIE", "kind": "warehouse", "country": "AT", "postal_code": "1010"});
    app.post("/api/v1/locations", &body).await.expect(201);
    let body = json!({"kind": "count", "sku": "A", "location": "WIE", "quantity": 10});
    app.post("/api/v1/stock/movements", &body).await.expect(201);
    app.capture("1", 2).await;
    let owner = cookie(&app, OWNER).await;
    let form = page(&app, &owner, "/what-if").await;
    assert_eq!(form.status, 200, "{}", form.text);
    assert!(form.text.contains("name=\"capacity.WIE\"") && !form.text.contains("otherwise"));
    let asked =
        "/what-if?run=1&from=&until=&orders=&off=BER&stock=now&safety=&capacity.WIE=5&default=";
    let shown = page(&app, &owner, asked).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    for words in [
        "1 order ships otherwise",
        "BER ships 2 units",
        "WIE ships 2 units",
        "1 of 5",
        "checked",
    ] {
        assert!(shown.text.contains(words), "{words}: {}", shown.text);
    }
    // What cannot be is told, and nothing of the address comes out unescaped.
    for (query, says) in [
        ("run=1&orders=x", "/orders: must be a whole number"),
        ("run=1&from=%3Cb%3E", "/from: expected an instant"),
        ("run=1&off=X", "no location has the code X"),
        (
            "run=1&capacity.WIE=many",
            "/variants/0/locations/change/0/daily_capacity",
        ),
    ] {
        let shown = page(&app, &owner, &format!("/what-if?{query}")).await;
        assert_eq!(shown.status, 200, "{query}");
        assert!(shown.text.contains(says), "{query}: {}", shown.text);
        assert!(!shown.text.contains("<b>"), "{query}");
    }
    let operator = cookie(&app, &app.key("operator").await).await;
    assert_eq!(page(&app, &operator, "/what-if").await.status, 403);
    assert_eq!(page(&app, "", "/what-if").await.status, 303);
}
