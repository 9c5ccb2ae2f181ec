//! One order from capture to refund, with everything that can happen on the way: a hold, a split over
//! two locations, a partial cancel, a short pick sourced elsewhere, late and repeated tracking, a
//! partial return received at another location.

use serde_json::{Value, json};

use super::*;
use crate::test_app::TestApp;

#[tokio::test]
async fn an_order_walks_through_all_seven_stages() {
    for app in companies("an_order_walks_through_all_seven_stages").await {
        let order = capture_held_and_freed(&app).await;
        let order = cancel_one_unit(&app, &order).await;
        let order = pick_short(&app, &order).await;
        ship_and_track_from_hamburg(&app, &order).await;
        ship_two_parcels_from_berlin(&app, &order).await;
        deliver_the_rest_and_close(&app, &order).await;
        take_two_back(&app, &order).await;
        pay_everything_back(&app, &order).await;
        assert_story(&app, &order).await;
        assert_books_balance(&app).await;
    }
}

/// Capture, validation, allocation and sourcing: 5 A and 2 B from Berlin and Hamburg.
async fn capture_held_and_freed(app: &TestApp) -> String {
    let mut lines = json!([line("1", "A", 5), line("2", "B", 2)]);
    lines[0]["discount"] = json!({"amount": 501, "currency": "EUR"});
    lines[0]["taxes"] = json!([{"rate_ppm": 190_000, "amount": 718}]);
    lines[1]["unit_price"] = json!({"amount": 749, "currency": "EUR"});
    lines[1]["taxes"] = json!([{"rate_ppm": 190_000, "amount": 239}]);
    let captured = create(app, "orders", order("W1", lines)).await;
    assert_eq!(captured["totals"]["total"]["amount"], 6_487);
    assert_standings(&captured, "captured", "none", "none");
    assert_line(&captured, "A", &[("ordered", 5), ("allocated", 5)]);
    assert_line(&captured, "B", &[("ordered", 2), ("allocated", 2)]);
    let units = |location: &str| -> Vec<(String, i64)> {
        let lines = work_at(&captured, location)["lines"]
            .as_array()
            .unwrap()
            .clone();
        (lines.iter())
            .map(|line| {
                let quantity = line["quantity"].as_i64().unwrap();
                (line["sku"].as_str().unwrap().to_owned(), quantity)
            })
            .collect()
    };
    assert_eq!(units("BER"), [("A".to_owned(), 3), ("B".to_owned(), 2)]);
    assert_eq!(units("HAM"), [("A".to_owned(), 2)]);
    assert_stock(
        app,
        "A",
        &[("BER", [3, 3, 0]), ("HAM", [4, 2, 0]), ("MUC", [4, 0, 0])],
    )
    .await;
    assert_stock(app, "B", &[("BER", [4, 2, 0])]).await;

    let order = id(&captured).to_owned();
    let held = step(
        app,
        &format!("orders/{order}/holds"),
        json!({"reason": "call"}),
    )
    .await;
    let release = format!(
        "fulfillment-orders/{}/release",
        id(work_at(&captured, "BER"))
    );
    let field = refused(app, &release, json!({}), 409, "held_at_stage").await;
    assert_eq!(field.as_deref(), Some("/id"));
    let hold = id(&held["holds"][0]);
    let free = step(
        app,
        &format!("orders/{order}/holds/{hold}/release"),
        json!({}),
    )
    .await;
    assert_eq!(free["holds"], json!([]));
    order
}

/// One B less; the work in Berlin, which nobody has begun, is opened again without it.
async fn cancel_one_unit(app: &TestApp, order: &str) -> String {
    let body = json!({"lines": [{"line": "B", "quantity": 1}], "fault": "buyer"});
    let canceled = step(app, &format!("orders/{order}/cancel"), body).await;
    assert_eq!(canceled["life"], "open");
    assert_line(&canceled, "A", &[("ordered", 5), ("allocated", 5)]);
    assert_line(
        &canceled,
        "B",
        &[("ordered", 2), ("allocated", 1), ("canceled", 1)],
    );
    assert_stock(
        app,
        "A",
        &[("BER", [3, 3, 0]), ("HAM", [4, 2, 0]), ("MUC", [4, 0, 0])],
    )
    .await;
    assert_stock(app, "B", &[("BER", [4, 1, 0])]).await;
    order.to_owned()
}

/// Hamburg finds one of its two; the other one is sourced in Munich, in the same commit.
async fn pick_short(app: &TestApp, order: &str) -> String {
    let known = read(app, &format!("orders/{order}")).await;
    let path = format!("fulfillment-orders/{}", id(work_at(&known, "HAM")));
    assert_eq!(
        state(&step(app, &format!("{path}/release"), json!({})).await),
        "released"
    );
    idle(app, &format!("{path}/release"), json!({})).await;
    let body = json!({"lines": [{"sku": "A", "quantity": 1}]});
    let picking = step(app, &format!("{path}/pick"), body).await;
    assert_eq!(state(&picking), "picking");
    assert_eq!(picking["lines"][0]["picked"], 1);
    let body = json!({"reason_code": "not_on_shelf"});
    let shorted = step(app, &format!("{path}/short"), body).await;
    assert_eq!(state(&shorted), "picked");
    assert_eq!(shorted["lines"][0]["quantity"], 1);
    let known = read(app, &format!("orders/{order}")).await;
    assert_line(&known, "A", &[("ordered", 5), ("allocated", 5)]);
    assert_eq!(work_at(&known, "MUC")["lines"][0]["quantity"], 1);
    assert_stock(
        app,
        "A",
        &[("BER", [3, 3, 0]), ("HAM", [3, 1, 0]), ("MUC", [4, 1, 0])],
    )
    .await;
    order.to_owned()
}

/// Pack, label by the house courier, ship, and reports that come twice and late.
async fn ship_and_track_from_hamburg(app: &TestApp, order: &str) {
    let known = read(app, &format!("orders/{order}")).await;
    let path = format!("fulfillment-orders/{}", id(work_at(&known, "HAM")));
    let field = refused(
        app,
        &format!("{path}/ship"),
        json!({}),
        409,
        "fulfillment_state",
    )
    .await;
    assert_eq!(field.as_deref(), Some("/id"));
    let packed = step(app, &format!("{path}/pack"), json!({"weight_g": 250})).await;
    assert_eq!(state(&packed), "packed");
    let shipment = format!("shipments/{}", packed["shipment_id"].as_str().unwrap());
    let parcel = &read(app, &shipment).await["parcels"][0];
    assert_eq!((state(parcel), &parcel["weight_g"]), ("draft", &json!(250)));
    let labelled = step(app, &format!("{shipment}/label"), json!({})).await;
    assert_eq!(state(&labelled["parcels"][0]), "labelled");
    assert_eq!(labelled["carrier"], "house");
    let number = labelled["parcels"][0]["tracking_number"].as_str().unwrap();
    assert_eq!(number.len(), 26);
    let parcel = id(&labelled["parcels"][0]);
    let label = app
        .get(&format!("/api/v1/{shipment}/parcels/{parcel}/label"))
        .await;
    assert_eq!(label.status, 200, "{}", label.text);
    for text in [number, "HAM", "PARCEL 1/1", "0.250 KG", "^BCN"] {
        assert!(label.text.contains(text), "{text}\n{}", label.text);
    }
    idle(app, &format!("{shipment}/label"), json!({})).await;
    let shipped = step(app, &format!("{path}/ship"), json!({})).await;
    assert_eq!(state(&shipped), "shipped");
    idle(app, &format!("{path}/ship"), json!({})).await;
    let known = read(app, &format!("orders/{order}")).await;
    assert_line(
        &known,
        "A",
        &[("ordered", 5), ("allocated", 4), ("shipped", 1)],
    );
    assert_standings(&known, "captured", "partial", "none");
    assert_stock(
        app,
        "A",
        &[("BER", [3, 3, 0]), ("HAM", [2, 0, 0]), ("MUC", [4, 1, 0])],
    )
    .await;

    let track = format!("{shipment}/track");
    let report = |state: &str, at: &str| json!({"state": state, "at": format!("2026-11-02T{at}Z")});
    let at = |parcel: &Value, name: &str| parcel[name].as_str().map(str::to_owned);
    let out = step(app, &track, report("out_for_delivery", "08:00:00")).await;
    assert_eq!(state(&out["parcels"][0]), "out_for_delivery");
    let delivered = step(app, &track, report("delivered", "12:00:00")).await;
    assert_eq!(state(&delivered["parcels"][0]), "delivered");
    // The same again says nothing new.
    idle(app, &track, report("delivered", "12:00:00")).await;
    // A report of the day before is kept as the first scan, and takes nothing back.
    let late = step(
        app,
        &track,
        json!({"state": "in_transit", "at": "2026-11-01T20:00:00Z"}),
    )
    .await;
    let parcel = &late["parcels"][0];
    assert_eq!(state(parcel), "delivered");
    assert_eq!(
        at(parcel, "first_scan_at").as_deref(),
        Some("2026-11-01T20:00:00Z")
    );
    assert_eq!(
        at(parcel, "delivered_at").as_deref(),
        Some("2026-11-02T12:00:00Z")
    );
    idle(app, &track, report("in_transit", "23:00:00")).await;
    assert_eq!(read(app, &format!("orders/{order}")).await["life"], "open");
}

/// Accept, pick scan by scan, two parcels of another carrier.
async fn ship_two_parcels_from_berlin(app: &TestApp, order: &str) {
    let known = read(app, &format!("orders/{order}")).await;
    let work = work_at(&known, "BER");
    let line = work["lines"][0]["line"].clone();
    let path = format!("fulfillment-orders/{}", id(work));
    step(app, &format!("{path}/release"), json!({})).await;
    assert_eq!(
        state(&step(app, &format!("{path}/accept"), json!({})).await),
        "accepted"
    );
    let body = json!({"lines": [{"line": line, "quantity": 2}]});
    assert_eq!(
        state(&step(app, &format!("{path}/pick"), body).await),
        "picking"
    );
    assert_eq!(
        state(&step(app, &format!("{path}/pick"), json!({})).await),
        "picked"
    );
    let body = json!({"carrier": "dhl", "parcels": [
        {"lines": [{"line": line, "quantity": 2}], "weight_g": 300},
        {"lines": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}]},
    ]});
    let packed = step(app, &format!("{path}/pack"), body).await;
    let shipment = format!("shipments/{}", packed["shipment_id"].as_str().unwrap());
    // Only the house courier's numbers are made here.
    let label = format!("{shipment}/label");
    let field = refused(app, &label, json!({}), 422, "invalid_input").await;
    assert_eq!(field.as_deref(), Some("/tracking_number"));
    let field = refused(
        app,
        &label,
        json!({"tracking_number": "1Z1"}),
        422,
        "invalid_input",
    )
    .await;
    assert_eq!(field.as_deref(), Some("/parcel"));
    let parcels = read(app, &shipment).await["parcels"].clone();
    for (parcel, number) in [(0, "00340434161094000001"), (1, "00340434161094000002")] {
        let body = json!({"parcel": id(&parcels[parcel]), "tracking_number": number});
        step(app, &label, body).await;
    }
    let body = json!({"lines": [{"sku": "A", "quantity": 3}, {"sku": "B", "quantity": 1}]});
    assert_eq!(
        state(&step(app, &format!("{path}/ship"), body).await),
        "shipped"
    );
    let known = read(app, &format!("orders/{order}")).await;
    assert_line(
        &known,
        "A",
        &[("ordered", 5), ("allocated", 1), ("shipped", 4)],
    );
    assert_line(
        &known,
        "B",
        &[("ordered", 2), ("shipped", 1), ("canceled", 1)],
    );
    assert_stock(
        app,
        "A",
        &[("BER", [0, 0, 0]), ("HAM", [2, 0, 0]), ("MUC", [4, 1, 0])],
    )
    .await;
    assert_stock(app, "B", &[("BER", [3, 0, 0])]).await;
    let numbers: Vec<&Value> = (known["shipments"].as_array().unwrap().iter())
        .flat_map(|shipment| shipment["parcels"].as_array().unwrap())
        .map(|parcel| &parcel["tracking_number"])
        .collect();
    assert!(
        numbers.contains(&&json!("00340434161094000002")),
        "{numbers:?}"
    );
    let shipments = read(app, &format!("orders/{order}/shipments")).await;
    assert_eq!(shipments["items"].as_array().unwrap().len(), 2);
    for parcel in parcels.as_array().unwrap() {
        let body = json!({"parcel": id(parcel), "state": "delivered"});
        step(app, &format!("{shipment}/track"), body).await;
    }
    assert_eq!(read(app, &format!("orders/{order}")).await["life"], "open");
}

/// The last delivery closes the order.
async fn deliver_the_rest_and_close(app: &TestApp, order: &str) {
    let known = read(app, &format!("orders/{order}")).await;
    let path = format!("fulfillment-orders/{}", id(work_at(&known, "MUC")));
    let mut shipment = String::new();
    for name in ["release", "pick", "pack", "ship"] {
        let work = step(app, &format!("{path}/{name}"), json!({})).await;
        shipment = work["shipment_id"].as_str().unwrap_or_default().to_owned();
    }
    let body = json!({"state": "delivered"});
    step(app, &format!("shipments/{shipment}/track"), body).await;
    let closed = read(app, &format!("orders/{order}")).await;
    assert_eq!(closed["life"], "closed");
    assert_standings(&closed, "captured", "full", "none");
    assert_line(&closed, "A", &[("ordered", 5), ("shipped", 5)]);
    assert_stock(
        app,
        "A",
        &[("BER", [0, 0, 0]), ("HAM", [2, 0, 0]), ("MUC", [3, 0, 0])],
    )
    .await;
}

/// Two of the five come back: one is restocked in Munich, one set aside in Berlin.
async fn take_two_back(app: &TestApp, order: &str) {
    let body = json!({"lines": [{"line": "A", "quantity": 2}], "reason_code": "too_small"});
    let requested = create(app, &format!("orders/{order}/returns"), body).await;
    assert_eq!(state(&requested), "requested");
    assert_eq!(requested["lines"][0]["reason_code"], "too_small");
    let path = format!("returns/{}", id(&requested));
    let known = read(app, &format!("orders/{order}")).await;
    assert_standings(&known, "captured", "full", "requested");
    assert_eq!(known["returns"][0]["id"], requested["id"]);
    assert_eq!(
        state(&step(app, &format!("{path}/approve"), json!({})).await),
        "approved"
    );
    idle(app, &format!("{path}/approve"), json!({})).await;
    // Three locations had sent the goods, so one must be named.
    let receive = format!("{path}/receive");
    let field = refused(app, &receive, json!({}), 422, "invalid_input").await;
    assert_eq!(field.as_deref(), Some("/location"));
    let body = json!({"location": "MUC", "lines": [{"line": "A", "quantity": 1}]});
    assert_eq!(state(&step(app, &receive, body).await), "partly_received");
    let body = json!({"location": "BER", "disposition": "quarantine"});
    assert_eq!(state(&step(app, &receive, body).await), "received");
    let field = refused(
        app,
        &receive,
        json!({"location": "BER"}),
        409,
        "return_state",
    )
    .await;
    assert_eq!(field.as_deref(), Some("/id"));
    let known = read(app, &format!("orders/{order}")).await;
    assert_line(
        &known,
        "A",
        &[("ordered", 5), ("shipped", 5), ("received", 2)],
    );
    assert_standings(&known, "captured", "full", "part");
    assert_stock(
        app,
        "A",
        &[("BER", [0, 0, 1]), ("HAM", [2, 0, 0]), ("MUC", [4, 0, 0])],
    )
    .await;
}

/// What came back, what was canceled, and at last the rest: together exactly what was captured.
async fn pay_everything_back(app: &TestApp, order: &str) {
    let known = read(app, &format!("orders/{order}")).await;
    let path = format!("returns/{}/refund", id(&known["returns"][0]));
    let returned = step(app, &path, json!({"reason_code": "returned"})).await;
    let refund = &returned["refunds"][0];
    // Two of five units of 44.99: 17.99, of which 2.87 tax; they had carried 2.00 of the discount.
    assert_eq!(refund["total"], json!({"amount": 1_799, "currency": "EUR"}));
    assert_eq!(refund["lines"][0]["tax"]["amount"], 287);
    assert_eq!(refund["lines"][0]["discount"]["amount"], 200);
    idle(app, &path, json!({})).await;

    let path = format!("orders/{order}/refunds");
    let known = step(app, &path, json!({})).await;
    assert_eq!(known["refunds"][1]["total"]["amount"], 749);
    assert_line(
        &known,
        "B",
        &[
            ("ordered", 2),
            ("shipped", 1),
            ("canceled", 1),
            ("refunded", 1),
        ],
    );
    idle(app, &path, json!({})).await;
    let euro = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    let field = refused(
        app,
        &path,
        json!({"shipping": euro(491)}),
        422,
        "invalid_input",
    )
    .await;
    assert_eq!(field.as_deref(), Some("/shipping/amount"));
    let all = json!({"lines": [{"sku": "A", "quantity": 3}, {"sku": "B", "quantity": 1}],
                     "shipping": euro(490), "goodwill": euro(1)});
    let field = refused(app, &path, all.clone(), 409, "refund_exceeds_captured").await;
    assert_eq!(field.as_deref(), Some("/goodwill/amount"));
    let mut rest = all;
    rest["goodwill"] = Value::Null;
    let known = step(app, &path, rest).await;
    assert_standings(&known, "refunded", "full", "part");
    let amounts: Vec<i64> = (known["refunds"].as_array().unwrap().iter())
        .map(|refund| refund["total"]["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(amounts, [1_799, 749, 2_700 + 749 + 490]);
    assert_eq!(
        amounts.iter().sum::<i64>(),
        known["totals"]["total"]["amount"]
    );
    let field = refused(
        app,
        &path,
        json!({"goodwill": euro(1)}),
        409,
        "refund_exceeds_captured",
    );
    assert_eq!(field.await.as_deref(), Some("/goodwill/amount"));
}

/// The timeline has the events of all that served the order, in the order of the log.
async fn assert_story(app: &TestApp, order: &str) {
    let events = read(app, &format!("orders/{order}/events?limit=200")).await;
    let events = events["items"].as_array().unwrap();
    let positions: Vec<i64> = (events.iter())
        .map(|event| event["position"].as_i64().unwrap())
        .collect();
    assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
    let types: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    let expected = [
        "order.placed",
        "order.confirmed",
        "fulfillment_order.opened",
        "fulfillment_order.opened",
        "hold.placed",
        "hold.released",
        "fulfillment_order.canceled",
        "order.lines_canceled",
        "fulfillment_order.opened",
        "fulfillment_order.released",
        "fulfillment_order.picked",
        "fulfillment_order.shorted",
        "fulfillment_order.opened",
        "fulfillment_order.packed",
        "parcel.labelled",
        "fulfillment_order.shipped",
        "parcel.tracked",
        "parcel.tracked",
        "parcel.tracked",
        "fulfillment_order.released",
        "fulfillment_order.accepted",
        "fulfillment_order.picked",
        "fulfillment_order.picked",
        "fulfillment_order.packed",
        "parcel.labelled",
        "parcel.labelled",
        "fulfillment_order.shipped",
        "parcel.tracked",
        "parcel.tracked",
        "fulfillment_order.released",
        "fulfillment_order.picked",
        "fulfillment_order.packed",
        "fulfillment_order.shipped",
        "parcel.tracked",
        "order.closed",
        "return.requested",
        "return.approved",
        "return.received",
        "return.received",
        "refund.recorded",
        "refund.recorded",
        "refund.recorded",
    ];
    assert_eq!(types, expected);
    let subjects: Vec<&str> = (events.iter())
        .map(|event| &event["subject"].as_str().unwrap()[..4])
        .collect();
    for prefix in ["ord_", "ful_", "shp_", "rma_"] {
        assert!(subjects.contains(&prefix), "{prefix} in {subjects:?}");
    }
}
