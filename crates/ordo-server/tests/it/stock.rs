//! Stock over HTTP: movements, the list, reservations.

use serde_json::{Value, json};

use crate::test_app::TestApp;

#[tokio::test]
async fn a_movement_answers_with_the_stock_as_it_stands_then() {
    let app = TestApp::with_company().await;
    for (kind, quantity, on_hand) in [
        ("receive", 5, 15),
        ("adjust", -3, 12),
        ("count", 20, 20),
        ("dispose", 1, 19),
        ("quarantine", 4, 15),
    ] {
        let body = json!({"kind": kind, "sku": "A", "location": "BER", "quantity": quantity,
                          "reason": "stocktaking"});
        let stock = app.post("/api/v1/stock/movements", &body).await.expect(201);
        assert_eq!(stock["sku"], "A");
        assert_eq!(stock["location"], "BER");
        assert_eq!(stock["on_hand"], on_hand, "{kind}");
        assert_eq!(stock["available"], on_hand, "{kind}");
    }
    let list = app.get("/api/v1/stock?sku=A").await.expect(200);
    assert_eq!(list["items"][0]["quarantined"], 4);
    for (field, value) in [("sku", "Z"), ("location", "NOWHERE"), ("kind", "ship")] {
        let mut body = json!({"kind": "receive", "sku": "A", "location": "BER", "quantity": 1});
        body[field] = json!(value);
        let refused = app.post("/api/v1/stock/movements", &body).await;
        let found = refused.expect_problem(422, "invalid_input");
        assert_eq!(found, Some(format!("/{field}")));
    }
}

/// Found by requests made from the contract: units that nobody had set aside came into being.
#[tokio::test]
async fn no_more_leaves_quarantine_than_is_in_it() {
    let app = TestApp::with_company().await;
    for (kind, quantity, status) in [
        ("unquarantine", 1, 409),
        ("quarantine", 4, 201),
        ("unquarantine", 5, 409),
        ("unquarantine", 4, 201),
    ] {
        let body = json!({"kind": kind, "sku": "A", "location": "BER", "quantity": quantity});
        let answer = app.post("/api/v1/stock/movements", &body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        if status == 409 {
            let field = answer.expect_problem(409, "quantity_exceeded");
            assert_eq!(field.as_deref(), Some("/quantity"));
        }
    }
    let list = app.get("/api/v1/stock?sku=A").await.expect(200);
    assert_eq!(list["items"][0]["on_hand"], 10);
    assert_eq!(list["items"][0]["quarantined"], 0);
}

#[tokio::test]
async fn safety_stock_is_kept_back_from_orders() {
    let app = TestApp::with_company().await;
    let body = json!({"kind": "safety", "sku": "A", "location": "BER", "quantity": 4});
    let stock = app.post("/api/v1/stock/movements", &body).await.expect(201);
    assert_eq!(
        (&stock["on_hand"], &stock["safety"], &stock["available"]),
        (&json!(10), &json!(4), &json!(6))
    );
    let cart = json!({"lines": [{"sku": "A", "quantity": 7}]});
    let refused = app.post("/api/v1/reservations", &cart).await;
    refused.expect_problem(409, "out_of_stock");
}

#[tokio::test]
async fn a_code_with_quotes_is_shown_as_it_is() {
    let app = TestApp::with_company().await;
    let code = r#"8" "sku":null \"#;
    app.post("/api/v1/skus", &json!({ "code": code }))
        .await
        .expect(201);
    let body = json!({"kind": "receive", "sku": code, "location": "BER", "quantity": 1});
    let stock = app.post("/api/v1/stock/movements", &body).await.expect(201);
    assert_eq!(stock["sku"], code);
}

#[tokio::test]
async fn the_list_shows_every_cell_in_pages() {
    let app = TestApp::with_company().await;
    app.post("/api/v1/skus", &json!({"code": "B"}))
        .await
        .expect(201);
    let body = json!({"code": "HAM", "kind": "store", "country": "DE"});
    app.post("/api/v1/locations", &body).await.expect(201);
    for (sku, location) in [("A", "HAM"), ("B", "BER"), ("B", "HAM")] {
        let body = json!({"kind": "receive", "sku": sku, "location": location, "quantity": 1});
        app.post("/api/v1/stock/movements", &body).await.expect(201);
    }
    let mut cells = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app
            .get(&format!("/api/v1/stock?limit=3{cursor}"))
            .await
            .expect(200);
        for item in page["items"].as_array().unwrap() {
            let text = |field: &str| item[field].as_str().unwrap().to_owned();
            cells.push((text("sku"), text("location")));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    cells.sort();
    let expected = [("A", "BER"), ("A", "HAM"), ("B", "BER"), ("B", "HAM")];
    assert_eq!(
        cells,
        expected.map(|(sku, at)| (sku.to_owned(), at.to_owned()))
    );
    let none = app.get("/api/v1/stock?sku=Z").await.expect(200);
    assert_eq!(none, json!({"items": [], "next_cursor": null}));
}

#[tokio::test]
async fn a_reservation_binds_stock_until_it_is_released() {
    let app = TestApp::with_company().await;
    let body = json!({"lines": [{"sku": "A", "quantity": 7}], "seconds": 600});
    let reserved = app.post("/api/v1/reservations", &body).await.expect(201);
    assert_eq!(reserved["state"], "held");
    assert_eq!(reserved["units"][0]["location"], "BER");
    assert_eq!(reserved["units"][0]["quantity"], 7);
    let path = format!("/api/v1/reservations/{}", reserved["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.expect(200), reserved);

    let refused = app.post("/api/v1/reservations", &body).await;
    let field = refused.expect_problem(409, "out_of_stock");
    assert_eq!(field.as_deref(), Some("/lines/0/quantity"));

    let release = format!("{path}/release");
    let released = app.post(&release, &json!({})).await;
    assert_eq!(released.header("ordo-outcome"), Some("updated"));
    assert_eq!(released.expect(200)["state"], "released");
    let again = app.post(&release, &json!({})).await;
    assert_eq!(again.header("ordo-outcome"), Some("unchanged"));
    let stock = app.get("/api/v1/stock?sku=A").await.expect(200);
    assert_eq!(stock["items"][0]["reserved"], json!(0));
    app.post("/api/v1/reservations", &body).await.expect(201);
}

#[tokio::test]
async fn an_order_takes_the_place_of_a_reservation() {
    let app = TestApp::with_company().await;
    let body = json!({"lines": [{"sku": "A", "quantity": 10}]});
    let reserved = app.post("/api/v1/reservations", &body).await.expect(201);
    let mut order = crate::test_app::order("1001", 10);
    order["reservation_id"] = reserved["id"].clone();
    let order = app.post("/api/v1/orders", &order).await.expect(201);
    assert_eq!(order["lines"][0]["allocated"], 10, "{order}");
    let path = format!("/api/v1/reservations/{}", reserved["id"].as_str().unwrap());
    let consumed: Value = app.get(&path).await.expect(200);
    assert_eq!(consumed["state"], "consumed");
    let late = app.post(&format!("{path}/release"), &json!({})).await;
    late.expect_problem(409, "reservation_ended");
}

#[tokio::test]
async fn lots_are_told_with_their_dates_and_the_books_agree() {
    let app = TestApp::with_company().await;
    let body = json!({"code": "MILK", "tracking": "lot"});
    app.post("/api/v1/skus", &body).await.expect(201);
    let receive = |lot: Value, more: Value| {
        let mut body = json!({"kind": "receive", "sku": "MILK", "location": "BER", "quantity": 4});
        body["lot"] = lot;
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        body
    };
    for body in [
        receive(json!("L2"), json!({"expires_on": "2027-01-31"})),
        receive(json!("L1"), json!({})),
        receive(json!("L1"), json!({"condition": "used", "quantity": 1})),
        receive(json!("L2"), json!({"kind": "quarantine", "quantity": 3})),
    ] {
        app.post("/api/v1/stock/movements", &body).await.expect(201);
    }
    let lots = app.get("/api/v1/stock/lots?sku=MILK").await.expect(200);
    let told: Vec<Value> = (lots["items"].as_array().unwrap().iter())
        .map(|lot| {
            json!([
                lot["lot"],
                lot["condition"],
                lot["expires_on"],
                lot["on_hand"],
                lot["quarantined"]
            ])
        })
        .collect();
    let expected = json!([
        ["L1", "new", null, 4, 0],
        ["L1", "used", null, 1, 0],
        ["L2", "new", "2027-01-31", 1, 3]
    ]);
    assert_eq!(json!(told), expected);
    for (body, field) in [
        (receive(json!(null), json!({})), "/lot"),
        (receive(json!(null), json!({"condition": "used"})), "/lot"),
        (
            receive(json!("L1"), json!({"expires_on": "soon"})),
            "/expires_on",
        ),
        (receive(json!("L1"), json!({"sku": "A"})), "/lot"),
    ] {
        let refused = app.post("/api/v1/stock/movements", &body).await;
        let found = refused.expect_problem(422, "invalid_input");
        assert_eq!(found.as_deref(), Some(field), "{body}");
    }
    let none = app
        .get("/api/v1/stock/lots?sku=MILK&location=XXX")
        .await
        .expect(200);
    assert_eq!(none["items"], json!([]));
    let organization = app.get("/api/v1/organization").await.expect(200);
    let organization = organization["id"].as_str().unwrap().parse().unwrap();
    let backend = &**app.engine.backend();
    let now = app.engine.clock().now();
    let report = ordo_engine::check(backend, organization, now)
        .await
        .unwrap();
    assert!(report.is_ok(), "{report:?}");
}
