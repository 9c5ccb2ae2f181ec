//! Rate tables over HTTP, and orders that they decide: on both stores.

use axum::body::Body;
use serde_json::{Value, json};

use crate::test_app::{OWNER, TestApp, order, request};

/// Beside Berlin a location in Munich, far from the buyer, with plenty of `A`.
async fn with_munich(app: &TestApp) {
    let body = json!({"code": "MUC", "kind": "warehouse", "country": "DE",
                      "postal_code": "80331", "time_zone": "Europe/Berlin"});
    app.post("/api/v1/locations", &body).await.expect(201);
    let body = json!({"kind": "receive", "sku": "A", "location": "MUC", "quantity": 50});
    app.post("/api/v1/stock/movements", &body).await.expect(201);
}

/// A table of one zone that a file gives its prices.
async fn rates(app: &TestApp, origin: &str, days: u16, list: &str) -> String {
    let body = json!({"code": format!("parcel-{origin}"), "carrier": "house", "service": "parcel",
                      "currency": "EUR", "origins": [origin],
                      "zones": [{"name": "DE", "areas": [{"country": "DE"}],
                                 "transit_days": days}]});
    let made = app.post("/api/v1/rate-tables", &body).await.expect(201);
    let path = format!("/api/v1/rate-tables/{}", made["id"].as_str().unwrap());
    prices(app, &path, list).await.expect(200);
    path
}

async fn prices(app: &TestApp, path: &str, list: &str) -> crate::test_app::Answer {
    let path = format!("{path}/prices");
    let headers = [("content-type", "text/csv")];
    let body = Body::from(list.to_owned());
    app.send(request("POST", &path, OWNER, &headers, body))
        .await
}

/// The address of a location.
async fn location(app: &TestApp, code: &str) -> String {
    let page = app.get("/api/v1/locations").await.expect(200);
    let found = (page["items"].as_array().unwrap().iter())
        .find(|location| location["code"] == code)
        .unwrap();
    format!("/api/v1/locations/{}", found["id"].as_str().unwrap())
}

/// The only fulfillment order of an order of one `A`, by when it is wanted.
async fn work(app: &TestApp, name: &str, deliver_by: Option<&str>) -> Value {
    let mut body = order(name, 1);
    body["lines"][0]["deliver_by"] = json!(deliver_by);
    let placed = app.post("/api/v1/orders", &body).await.expect(201);
    let work = placed["fulfillment_orders"].as_array().unwrap();
    assert_eq!(work.len(), 1, "{placed}");
    let path = format!(
        "/api/v1/fulfillment-orders/{}",
        work[0]["id"].as_str().unwrap()
    );
    app.get(&path).await.expect(200)
}

/// The address of the decision that opened a fulfillment order.
fn decision(work: &Value) -> String {
    let id = work["id"].as_str().unwrap();
    format!("/api/v1/fulfillment-orders/{id}/decision")
}

async fn why(app: &TestApp, work: &Value) -> Value {
    app.get(&decision(work)).await.expect(200)
}

/// Whoever packs and says nothing packs for whom sourcing planned with.
#[tokio::test]
async fn work_is_packed_for_the_carrier_that_it_was_planned_with() {
    for app in TestApp::company_on_each_store("packed_as_planned").await {
        let body = json!({"code": "dhl", "carrier": "dhl", "service": "overnight",
                          "currency": "EUR", "steps_g": [5000],
                          "zones": [{"name": "all", "transit_days": 1, "prices": [790]}]});
        app.post("/api/v1/rate-tables", &body).await.expect(201);
        for (units, said, carried) in [
            (1, json!({}), ["dhl", "overnight"]),
            (2, json!({"service": "air"}), ["dhl", "air"]),
            (3, json!({"carrier": "house"}), ["house", "standard"]),
        ] {
            // Another basket each time, so that nobody is suspected of ordering twice.
            let body = order(&units.to_string(), units);
            let placed = app.post("/api/v1/orders", &body).await.expect(201);
            let work = &placed["fulfillment_orders"][0];
            let path = format!(
                "/api/v1/fulfillment-orders/{}",
                work["id"].as_str().unwrap()
            );
            for (step, body) in [
                ("release", json!({})),
                ("accept", json!({})),
                ("pick", json!({})),
                ("pack", said),
            ] {
                let to = format!("{path}/{step}");
                app.post(&to, &body).await.expect(200);
            }
            let packed = app.get(&path).await.expect(200);
            let shipment = format!(
                "/api/v1/shipments/{}",
                packed["shipment_id"].as_str().unwrap()
            );
            let shipment = app.get(&shipment).await.expect(200);
            let told = [&shipment["carrier"], &shipment["service"]];
            assert_eq!(told, carried.map(Value::from).each_ref(), "{}", app.store);
        }
    }
}

/// What a service takes is written as rules are, and what is wrong with it is named.
#[tokio::test]
async fn what_a_service_takes_is_a_condition() {
    for app in TestApp::company_on_each_store("takes").await {
        with_munich(&app).await;
        let path = rates(&app, "BER", 1, "max_kg,DE\n5,2.90\n").await;
        rates(&app, "MUC", 2, "max_kg,DE\n5,4.90\n").await;
        let wrong = json!({"takes": "order.contry == 'DE'"});
        let refused = app.patch(&path, None, &wrong).await;
        let field = refused.expect_problem(422, "invalid_input");
        assert_eq!(field.as_deref(), Some("/takes"));
        let prepaid = json!({"takes": "order.units < 2 && order.terms == 'prepaid'"});
        let changed = app.patch(&path, None, &prepaid).await.expect(200);
        assert_eq!(changed["takes"], prepaid["takes"]);
        let one = work(&app, "1", None).await;
        assert_eq!(one["location"], "BER", "{}", app.store);
        let two = app.post("/api/v1/orders", &order("2", 2)).await.expect(201);
        let two = &two["fulfillment_orders"][0];
        assert_eq!(two["location"], "MUC", "{}", app.store);
        let told = why(&app, two).await;
        assert_eq!(told["excluded"][0]["reason"], "restricted_item", "{told}");
        let asked = format!("{}/why-not?location=BER", decision(two));
        let would = app.get(&asked).await.expect(200);
        assert_eq!(would["would_save"]["amount"], 200, "{would}");
        let cleared = app.patch(&path, None, &json!({"takes": null})).await;
        assert_eq!(cleared.expect(200)["takes"], Value::Null);
    }
}

#[tokio::test]
async fn rates_decide_and_say_so() {
    for app in TestApp::company_on_each_store("rates_decide_and_say_so").await {
        with_munich(&app).await;
        let near = work(&app, "1", None).await;
        assert_eq!(
            (&near["location"], &near["carriage"]),
            (&json!("BER"), &json!(null))
        );
        rates(&app, "BER", 1, "max_kg,DE\n1,5.90\n5,7.90\n").await;
        rates(&app, "MUC", 2, "max_kg,DE\n1,4.90\n5,6.90\n").await;

        let far = work(&app, "2", None).await;
        assert_eq!(far["location"], "MUC", "{}", app.store);
        let carriage = &far["carriage"];
        assert_eq!(carriage["service"], "parcel");
        assert_eq!(carriage["price"], json!({"amount": 490, "currency": "EUR"}));
        assert_eq!(
            (&carriage["zone"], &carriage["weight_g"]),
            (&json!("DE"), &json!(100))
        );

        let told = why(&app, &far).await;
        assert_eq!(told["cost"], json!({"amount": 490, "currency": "EUR"}));
        let cost = &told["shipments"][0]["cost"];
        let parts = ["carrier", "handling", "decline_risk", "duties"];
        assert_eq!(
            parts.map(|part| cost[part]["amount"].as_i64()),
            [490, 0, 0, 0].map(Some)
        );

        // Work in Munich costs more than the difference.
        let munich = location(&app, "MUC").await;
        let handling = json!({"currency": "EUR", "per_order": 90, "per_unit": 20});
        let body = json!({ "handling": handling });
        let changed = app.patch(&munich, None, &body).await.expect(200);
        assert_eq!(changed["handling"], handling);
        let third = work(&app, "3", None).await;
        assert_eq!(third["location"], "BER");
        let told = why(&app, &third).await;
        assert_eq!(told["shipments"][0]["cost"]["carrier"]["amount"], 590);
        let because = told["shipments"][0]["because"].as_str().unwrap();
        assert!(because.contains(", for 5.90 EUR. "), "{because}");
        // 4.90 for the parcel, 0.90 for the shipment and 0.20 for the unit.
        assert!(
            because.ends_with("The next best is MUC: 0.10 EUR more."),
            "{because}"
        );
        let asked = format!("{}/why-not?location=MUC", decision(&third));
        let munich_lacks = app.get(&asked).await.expect(200);
        assert_eq!(
            munich_lacks["dearer_by"],
            json!({"amount": 10, "currency": "EUR"})
        );
        let wrong = json!({"handling": {"currency": "EUR", "per_order": -1}});
        let field = app.patch(&munich, None, &wrong).await;
        let field = field.expect_problem(422, "invalid_input");
        assert_eq!(field.as_deref(), Some("/handling/per_order"));
    }
}

#[tokio::test]
async fn a_passed_cut_off_and_a_full_day_count_against_the_promise() {
    for app in TestApp::company_on_each_store("rates_cut_off").await {
        with_munich(&app).await;
        rates(&app, "BER", 0, "max_kg,DE\n5,3.00\n").await;
        rates(&app, "MUC", 0, "max_kg,DE\n5,9.00\n").await;
        let settings = "/api/v1/sourcing-settings";
        let unsaid = app.get(settings).await;
        assert_eq!(unsaid.header("etag"), Some("\"0\""));
        assert_eq!(unsaid.expect(200)["promise"], "soft");
        let body = json!({"promise": "hard",
                          "penalties": [{"currency": "EUR", "split": 100}]});
        let said = app.patch(settings, Some("\"0\""), &body).await.expect(200);
        assert_eq!(said["penalties"][0]["late_per_day"], 250);
        assert_eq!(app.get(settings).await.expect(200), said);
        let late = app.patch(settings, Some("\"0\""), &body).await;
        late.expect_problem(409, "version_conflict");

        let today = app.now();
        assert_eq!(work(&app, "1", Some(&today)).await["location"], "BER");
        let berlin = location(&app, "BER").await;
        let body = json!({"cut_offs": [{"service": null, "at": "00:00"}]});
        app.patch(&berlin, None, &body).await.expect(200);
        assert_eq!(work(&app, "2", Some(&today)).await["location"], "MUC");
        let tomorrow = work(&app, "3", None).await;
        assert_eq!(tomorrow["location"], "BER");

        // Two a day: the first two of the cut-off's next day, then the day after.
        let body = json!({"cut_offs": [], "daily_capacity": 1});
        app.patch(&berlin, None, &body).await.expect(200);
        let first = work(&app, "4", None).await;
        let second = work(&app, "5", None).await;
        assert_eq!(
            (&first["location"], &second["location"]),
            (&json!("BER"), &json!("BER"))
        );
        let leaves = |work: &Value| work["carriage"]["leaves_on"].as_str().unwrap().to_owned();
        assert!(leaves(&first) < leaves(&second), "{}", app.store);
        assert_eq!(leaves(&second), leaves(&tomorrow));
        assert_eq!(work(&app, "6", Some(&today)).await["location"], "MUC");
    }
}

#[tokio::test]
async fn what_would_have_to_change_is_told_with_its_price() {
    for app in TestApp::company_on_each_store("rates_would").await {
        with_munich(&app).await;
        rates(&app, "BER", 1, "max_kg,DE\n5,5.90\n").await;
        rates(&app, "MUC", 2, "max_kg,DE\n5,4.90\n").await;
        let munich = location(&app, "MUC").await;
        let asked = |work: &Value| format!("{}/why-not?location=MUC", decision(work));
        let full = json!({"daily_capacity": 0});
        app.patch(&munich, None, &full).await.expect(200);
        let near = work(&app, "1", None).await;
        assert_eq!(near["location"], "BER");
        let told = app.get(&asked(&near)).await.expect(200);
        assert_eq!(told["reason"], "over_capacity", "{}", app.store);
        assert_eq!(
            told["would_save"],
            json!({"amount": 100, "currency": "EUR"})
        );
        let because = told["because"].as_str().unwrap();
        let end = " Had it had room that day, the plan would have cost 1.00 EUR less.";
        assert!(because.ends_with(end), "{because}");
        // Without stock there, and with it dearer than Berlin.
        let body = json!({"kind": "adjust", "sku": "A", "location": "MUC", "quantity": -50});
        app.post("/api/v1/stock/movements", &body).await.expect(201);
        let handling = json!({"handling": {"currency": "EUR", "per_order": 200, "per_unit": 0},
                              "daily_capacity": null});
        app.patch(&munich, None, &handling).await.expect(200);
        let near = work(&app, "2", None).await;
        let told = app.get(&asked(&near)).await.expect(200);
        assert_eq!(told["would_save"], json!(null));
        let because = told["because"].as_str().unwrap();
        let end = " Had it had all of it, the plan would have been the same.";
        assert!(because.ends_with(end), "{because}");
    }
}

#[tokio::test]
async fn a_promise_names_the_options_and_takes_nothing() {
    for app in TestApp::company_on_each_store("rates_promise").await {
        with_munich(&app).await;
        let path = "/api/v1/promise?sku=A:2&country=de&postal_code=10115&channel=web";
        let plain = app.get(path).await.expect(200);
        assert_eq!(plain["options"][0]["shipments"][0]["location"], "BER");
        assert_eq!(plain["options"][0]["cost"], json!(null));

        rates(&app, "BER", 1, "max_kg,DE\n5,5.90\n").await;
        let body = json!({"code": "slow", "carrier": "house", "service": "slow",
                          "currency": "EUR", "steps_g": [5000],
                          "zones": [{"name": "all", "transit_days": 5, "prices": [350]}]});
        app.post("/api/v1/rate-tables", &body).await.expect(201);
        let before = app.get("/api/v1/stock?sku=A").await.text;
        let found = app.get(path).await.expect(200);
        let options = found["options"].as_array().unwrap();
        let told: Vec<(&str, i64)> = (options.iter())
            .map(|option| {
                let cost = option["cost"]["amount"].as_i64().unwrap();
                (option["service"].as_str().unwrap(), cost)
            })
            .collect();
        assert_eq!(told, [("slow", 350), ("parcel", 590)], "{found}");
        let arrives = |option: &Value| option["arrives_on"].as_str().unwrap().to_owned();
        assert!(arrives(&options[0]) > arrives(&options[1]));
        assert_eq!(
            options[1]["shipments"][0]["units"],
            json!([{"sku": "A", "quantity": 2}])
        );
        assert_eq!(app.get("/api/v1/stock?sku=A").await.text, before);

        let none = app.get("/api/v1/promise?sku=A:99&country=DE").await;
        none.expect_problem(409, "out_of_stock");
        for (query, field) in [
            ("country=DE", "/sku"),
            ("sku=A:0&country=DE", "/sku/0"),
            ("sku=A&sku=Z&country=DE", "/sku/1"),
            ("sku=A", "/country"),
            ("sku=A&country=DE&channel=none", "/channel"),
            ("sku=A&country=DE&currency=euro", "/currency"),
        ] {
            let answer = app.get(&format!("/api/v1/promise?{query}")).await;
            let found = answer.expect_problem(422, "invalid_input");
            assert_eq!(found.as_deref(), Some(field), "{query}");
        }
    }
}

/// Four shirts of 100 g: two parcels of two cost less than one, and whoever packs is told.
#[tokio::test]
async fn parcels_are_said_to_whoever_packs_and_told_in_the_decision() {
    for app in TestApp::company_on_each_store("parcels_are_said").await {
        rates(&app, "BER", 1, "max_g,DE\n250,3.05\n1000,9.00\n").await;
        let ordered = async |name: &str, units: i64| {
            let body = order(name, units);
            let placed = app.post("/api/v1/orders", &body).await.expect(201);
            placed["fulfillment_orders"][0].clone()
        };
        let work = ordered("1", 4).await;
        let euro = |amount: i64| json!({"amount": amount, "currency": "EUR"});
        let carriage = &work["carriage"];
        assert_eq!(carriage["price"], euro(610), "{} {work}", app.store);
        let parcel = json!({"weight_g": 200, "price": euro(305),
                            "units": [{"sku": "A", "quantity": 2}]});
        assert_eq!(carriage["parcels"], json!([parcel, parcel]));
        let told = why(&app, &work).await;
        let shipment = &told["shipments"][0];
        assert_eq!(shipment["cost"]["carrier"], euro(610));
        let parcel = json!({"weight_g": 200, "units": 2, "price": euro(305)});
        assert_eq!(shipment["parcels"], json!([parcel, parcel]));
        let because = shipment["because"].as_str().unwrap();
        assert!(because.contains("in 2 parcels (0.2 kg for"), "{because}");
        let path = "/api/v1/promise?sku=A:4&country=DE";
        let promised = app.get(path).await.expect(200);
        let option = &promised["options"][0];
        assert_eq!(option["cost"], euro(610));
        let carriage = &option["shipments"][0]["carriage"];
        assert_eq!(carriage["parcels"][1]["units"][0]["sku"], "A");

        // Two are one parcel, until each has a box of its own.
        let work = ordered("2", 2).await;
        assert_eq!(work["carriage"]["price"], euro(305));
        assert_eq!(work["carriage"]["parcels"], json!([]));
        let skus = app.get("/api/v1/skus").await.expect(200);
        let sku = skus["items"].as_array().unwrap();
        let sku = sku.iter().find(|sku| sku["code"] == "A").unwrap();
        assert_eq!(sku["ships_alone"], false);
        let path = format!("/api/v1/skus/{}", sku["id"].as_str().unwrap());
        let body = json!({"ships_alone": true});
        let changed = app.patch(&path, None, &body).await.expect(200);
        assert_eq!(changed["ships_alone"], true);
        let work = ordered("3", 2).await;
        assert_eq!(work["carriage"]["price"], euro(610));
        assert_eq!(work["carriage"]["parcels"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_table_is_made_changed_and_read_as_it_was_told() {
    let app = TestApp::with_company().await;
    let path = rates(&app, "BER", 1, "max_lb;DE\n1;4.50\n10;9.00\n").await;
    let table = app.get(&path).await.expect(200);
    assert_eq!(table["steps_g"], json!([453, 4535]));
    assert_eq!(table["zones"][0]["prices"], json!([450, 900]));
    assert_eq!(table["origins"], json!(["BER"]));
    // A zone without prices keeps its own.
    let body = json!({"zones": [{"name": "DE", "transit_days": 3}], "mm3_per_g": 5000,
                      "surcharges": [{"name": "fuel", "ppm": 62500},
                                     {"name": "oversize", "flat": 2400, "over_g": 3000}],
                      "valid_until": "2027-01-31"});
    let changed = app.patch(&path, Some("\"2\""), &body).await.expect(200);
    assert_eq!(changed["zones"][0]["prices"], json!([450, 900]));
    assert_eq!(changed["zones"][0]["transit_days"], 3);
    assert_eq!(
        changed["surcharges"],
        json!([{"name": "fuel", "flat": 0, "ppm": 62500, "per_parcel": false},
               {"name": "oversize", "flat": 2400, "ppm": 0, "per_parcel": false, "over_g": 3000}])
    );
    assert_eq!(changed["valid_until"], "2027-01-31");
    assert_eq!(app.get(&path).await.expect(200), changed);
    let list = app.get("/api/v1/rate-tables").await.expect(200);
    assert_eq!(list["items"], json!([changed]));

    let late = app.patch(&path, Some("\"2\""), &body).await;
    late.expect_problem(409, "version_conflict");
    assert_eq!(late.json()["current"], changed);
    for (body, field) in [
        (json!({"steps_g": [1]}), "/zones/0/prices"),
        (
            json!({"surcharges": [{"name": "big", "over_g": 0}]}),
            "/surcharges/0/over_g",
        ),
        (json!({"steps_g": [5, 5]}), "/steps_g/1"),
        (json!({"origins": ["XXX"]}), "/origins/0"),
        (json!({"valid_from": "2027-02-01"}), "/valid_until"),
    ] {
        let refused = app.patch(&path, None, &body).await;
        let found = refused.expect_problem(422, "invalid_input");
        assert_eq!(found.as_deref(), Some(field), "{body}");
    }
    let refused = prices(&app, &path, "max_kg,DE\n1,x\n").await;
    let found = refused.expect_problem(422, "invalid_input");
    assert_eq!(found.as_deref(), Some("/2/2"));
    let twice = json!({"code": "parcel-BER", "carrier": "c", "service": "s", "currency": "EUR",
                       "zones": []});
    let twice = app.post("/api/v1/rate-tables", &twice).await;
    twice.expect_problem(409, "code_taken");
}

#[tokio::test]
async fn closed_days_and_duties_count_too() {
    for app in TestApp::company_on_each_store("rates_closed_days").await {
        with_munich(&app).await;
        rates(&app, "BER", 0, "max_kg,DE\n5,3.00\n").await;
        rates(&app, "MUC", 0, "max_kg,DE\n5,4.00\n").await;
        let (berlin, munich) = (location(&app, "BER").await, location(&app, "MUC").await);
        let today = app.now();
        let closed = json!({"closures": [{"from": &today[..10], "until": "2099-12-31",
                                          "reason": "rebuilding"}]});
        app.patch(&berlin, None, &closed).await.expect(200);
        assert_eq!(
            work(&app, "1", None).await["location"],
            "MUC",
            "{}",
            app.store
        );
        let open = json!({"closures": []});
        app.patch(&berlin, None, &open).await.expect(200);
        assert_eq!(work(&app, "2", None).await["location"], "BER");

        // Berlin's stock lies abroad from now on: 15 % of 12.99 are more than the difference.
        let settings = "/api/v1/sourcing-settings";
        let body = json!({"duties": [{"area": "EU", "ppm": 150_000}]});
        let said = app.patch(settings, None, &body).await.expect(200);
        assert_eq!(said["duties"], body["duties"]);
        let abroad = json!({"country": "CH", "postal_code": "8001"});
        app.patch(&berlin, None, &abroad).await.expect(200);
        assert_eq!(work(&app, "3", None).await["location"], "MUC");
        app.patch(&munich, None, &abroad).await.expect(200);
        let taxed = work(&app, "4", None).await;
        assert_eq!(taxed["location"], "BER");
        let promise = "/api/v1/promise?sku=A&country=DE&postal_code=10559&currency=EUR";
        let cost = async |query: &str| {
            let found = app.get(&format!("{promise}{query}")).await.expect(200);
            found["options"][0]["cost"]["amount"].as_i64().unwrap()
        };
        assert_eq!((cost("").await, cost("&unit_price=1299").await), (300, 495));
        let wrong = app
            .get(&format!("{promise}&unit_price=1&unit_price=2"))
            .await;
        let field = wrong.expect_problem(422, "invalid_input");
        assert_eq!(field.as_deref(), Some("/unit_price"));
        // 15 % of 12.99, rounded.
        let duty = json!({"amount": 195, "currency": "EUR"});
        assert_eq!(taxed["carriage"]["duty"], duty);
        for (area, field) in [("DE", "/duties/0/area"), ("Europe", "/duties/0/area")] {
            let body = json!({"duties": [{"area": area, "ppm": 1}]});
            let refused = app.patch(settings, None, &body).await;
            let found = refused.expect_problem(422, "invalid_input");
            assert_eq!(found.as_deref(), Some(field), "{area}");
        }
    }
}
