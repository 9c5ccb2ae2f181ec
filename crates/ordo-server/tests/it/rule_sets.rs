//! Rule sets over HTTP: drafts, versions, presets, lint, and orders that they decide; on both stores.

use serde_json::{Value, json};

use crate::test_app::{TestApp, order};

const PATH: &str = "/api/v1/rule-sets";

/// A second location, nearer to the buyer than none, with plenty of `A`.
async fn with_munich(app: &TestApp) {
    let body = json!({"code": "MUC", "kind": "store", "country": "DE",
                      "postal_code": "80331", "time_zone": "Europe/Berlin"});
    app.post("/api/v1/locations", &body).await.expect(201);
    let body = json!({"kind": "receive", "sku": "A", "location": "MUC", "quantity": 50});
    app.post("/api/v1/stock/movements", &body).await.expect(201);
}

fn not_berlin() -> Value {
    json!({"steps": [{"name": "elsewhere",
                      "filters": [{"name": "not Berlin", "drop": "location.code == 'BER'"}]}]})
}

/// A set whose first version counts.
async fn publish(app: &TestApp, code: &str, rules: &Value) -> String {
    let made = app
        .post(PATH, &json!({"code": code, "rules": rules}))
        .await
        .expect(201);
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    app.post(&format!("{path}/versions/1/publish"), &json!({}))
        .await
        .expect(200);
    path
}

/// Where an order of one `A` is shipped from, and why.
async fn source(app: &TestApp, name: &str) -> (Value, Value) {
    let placed = app
        .post("/api/v1/orders", &order(name, 1))
        .await
        .expect(201);
    let work = &placed["fulfillment_orders"][0];
    let path = format!(
        "/api/v1/fulfillment-orders/{}/decision",
        work["id"].as_str().unwrap()
    );
    (work["location"].clone(), app.get(&path).await.expect(200))
}

#[tokio::test]
async fn published_rules_decide_and_are_named_in_the_explanation() {
    for app in TestApp::company_on_each_store("published_rules_decide_and_are_named").await {
        with_munich(&app).await;
        let (location, why) = source(&app, "1").await;
        assert_eq!((location, &why["rules"]), (json!("BER"), &json!(null)));

        let path = publish(&app, "web", &not_berlin()).await;
        let (location, why) = source(&app, "2").await;
        assert_eq!(location, "MUC", "{}", app.store);
        let rules = &why["rules"];
        assert_eq!(
            (
                &rules["code"],
                &rules["version"],
                &rules["step"],
                &rules["name"]
            ),
            (&json!("web"), &json!(1), &json!(1), &json!("elsewhere"))
        );
        assert_eq!(
            why["excluded"],
            json!([{"location": "BER", "reason": "rule",
                    "because": "The rule “not Berlin” keeps it out."}])
        );

        // Taken back, they count no more, and what they decided is still explained.
        app.post(&format!("{path}/versions/1/retire"), &json!({}))
            .await
            .expect(200);
        let version = app.get(&format!("{path}/versions/1")).await.expect(200);
        assert_eq!(version["state"], "retired");
        let (location, _) = source(&app, "3").await;
        assert_eq!(location, "BER");
    }
}

#[tokio::test]
async fn versions_are_drafted_published_and_scheduled() {
    for app in TestApp::company_on_each_store("versions_are_drafted").await {
        let rules = json!({"steps": [{"name": "any"}]});
        let body = json!({"code": "web", "name": "Web", "priority": 3,
                          "scope": {"channels": ["web"], "tiers": ["gold"]},
                          "note": "first", "rules": rules});
        let made = app.post(PATH, &body).await.expect(201);
        assert_eq!(
            made["scope"],
            json!({"channels": ["web"], "pools": [], "tiers": ["gold"]})
        );
        let head = &made["versions"][0];
        assert_eq!(
            (&head["draft"], &head["note"]),
            (&json!(true), &json!("first"))
        );
        app.post(PATH, &body)
            .await
            .expect_problem(409, "code_taken");
        let path = format!("{PATH}/{}", made["id"].as_str().unwrap());

        // A draft is changed in place, at the version that its author knows.
        let changed = json!({"rules": {"steps": [{"name": "near", "max_distance_m": 5000}]}});
        let draft = format!("{path}/versions/1");
        let fresh = app.patch(&draft, Some("\"1\""), &changed).await.expect(200);
        assert_eq!(fresh["version"], 2);
        let conflict = app.patch(&draft, Some("\"1\""), &changed).await;
        assert_eq!(conflict.status, 409, "{}", conflict.text);
        assert_eq!(
            app.get(&draft).await.expect(200)["rules"]["steps"][0]["name"],
            "near"
        );

        let later = json!({"from": "2126-11-27T00:00:00Z"});
        app.post(&format!("{draft}/publish"), &later)
            .await
            .expect(200);
        assert_eq!(app.get(&draft).await.expect(200)["state"], "scheduled");
        app.patch(&draft, None, &changed)
            .await
            .expect_problem(409, "rule_version_state");
        let second = app
            .post(&format!("{path}/versions"), &changed)
            .await
            .expect(200);
        assert_eq!(second["versions"][1]["number"], 2);
        app.post(&format!("{path}/versions/2/publish"), &json!({}))
            .await
            .expect(200);
        let second = app.get(&format!("{path}/versions/2")).await.expect(200);
        assert_eq!(
            (&second["state"], &second["live_until"]),
            (&json!("live"), &json!("2126-11-27T00:00:00Z"))
        );

        let patch = json!({"scope": {}, "priority": -1, "name": null});
        let changed = app.patch(&path, None, &patch).await.expect(200);
        assert_eq!(
            (
                &changed["scope"]["tiers"],
                &changed["priority"],
                &changed["name"]
            ),
            (&json!([]), &json!(-1), &json!(null))
        );
        app.get(&format!("{path}/versions/9"))
            .await
            .expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn what_is_wrong_with_rules_is_told_by_field_and_character() {
    let app = TestApp::with_company().await;
    let body = json!({"code": "x", "rules": {"steps": [
        {"name": "s", "when": "order.units > 1 && order.cost == 3",
         "filters": [{"name": "f", "keep": "location.kind = 'store'"}]}]}});
    let refused = app.post(PATH, &body).await.expect(422);
    let fields = refused["fields"].as_array().unwrap();
    assert_eq!(fields[0]["field"], "/rules/steps/0/when");
    let message = fields[0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("at character 25: there is no field cost"),
        "{message}"
    );
    assert_eq!(fields[1]["field"], "/rules/steps/0/filters/0/keep");
    let body = json!({"code": "x", "rules": {"steps": [], "otherwise": "wish"}});
    app.post(PATH, &body).await.expect(422);
}

#[tokio::test]
async fn drafts_are_warned_of_and_looked_at_with_orders_of_late() {
    for app in TestApp::company_on_each_store("drafts_are_warned_of").await {
        with_munich(&app).await;
        for name in ["1", "2", "3"] {
            app.post("/api/v1/orders", &order(name, 1))
                .await
                .expect(201);
        }
        let rules = json!({"steps": [
            {"name": "first", "then": "backorder",
             "filters": [{"name": "France", "keep": "location.country == 'FR'"},
                         {"name": "not France", "drop": "location.country == 'FR'"},
                         {"name": "Antarctica", "drop": "location.country == 'AQ'"}]},
            {"name": "second"}]});
        let made = app
            .post(PATH, &json!({"code": "odd", "rules": rules}))
            .await
            .expect(201);
        let kinds = |warnings: &Value| -> Vec<(String, String)> {
            (warnings.as_array().unwrap().iter())
                .map(|one| {
                    let text = |name: &str| one[name].as_str().unwrap().to_owned();
                    (text("kind"), text("at"))
                })
                .collect()
        };
        let pair = |kind: &str, at: &str| (kind.to_owned(), at.to_owned());
        let always = [
            pair("contradictory", "/steps/0/filters/1"),
            pair("unreachable", "/steps/1"),
        ];
        assert_eq!(kinds(&made["versions"][0]["warnings"]), always);
        let path = format!("{PATH}/{}/versions/1/lint", made["id"].as_str().unwrap());
        let lint = app.post(&path, &json!({})).await.expect(200);
        assert_eq!(lint["orders"], 3);
        let found = kinds(&lint["warnings"]);
        assert_eq!(found[..2], always);
        assert_eq!(
            found[2..],
            [
                pair("matches_nothing", "/steps/0/filters/1"),
                pair("matches_nothing", "/steps/0/filters/2"),
                pair("excludes_all", "/steps/0"),
            ],
            "{}",
            lint["warnings"]
        );
    }
}

#[tokio::test]
async fn every_preset_makes_a_set() {
    let app = TestApp::with_company().await;
    let presets = app
        .get("/api/v1/rule-presets?ranked=BER,%20MUC")
        .await
        .expect(200);
    let presets = presets["items"].as_array().unwrap();
    assert!(presets.len() >= 8);
    for preset in presets {
        let body = json!({"code": preset["code"], "rules": preset["rules"]});
        app.post(PATH, &body).await.expect(201);
    }
    let page = app.get(&format!("{PATH}?limit=3")).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    assert!(page["next_cursor"].is_string());
}

#[tokio::test]
async fn the_example_of_the_manual_can_be_published() {
    let app = TestApp::with_company().await;
    let manual = include_str!("../../../../docs/how-to/sourcing-rules.md");
    let (_, example) = manual.split_once("    POST /api/v1/rule-sets\n").unwrap();
    let lines = example.lines().take_while(|line| line.starts_with("    "));
    let body: Value = serde_json::from_str(&lines.collect::<String>()).unwrap();
    let made = app.post(PATH, &body).await.expect(201);
    assert_eq!(made["versions"][0]["warnings"], json!([]));
    let path = format!("{PATH}/{}/versions/1/publish", made["id"].as_str().unwrap());
    app.post(&path, &json!({"from": "2026-11-27T00:00:00Z"}))
        .await
        .expect(200);
}

/// Location, SKU and units of each shipment, sorted.
fn plan_of(shipments: &Value, lines: &str, units: &str) -> Vec<(String, String, i64)> {
    let mut plan = Vec::new();
    for shipment in shipments.as_array().unwrap() {
        for line in shipment[lines].as_array().unwrap() {
            plan.push((
                shipment["location"].as_str().unwrap().to_owned(),
                line["sku"].as_str().unwrap().to_owned(),
                line[units].as_i64().unwrap(),
            ));
        }
    }
    plan.sort();
    plan
}

#[tokio::test]
async fn what_is_promised_to_a_tier_is_what_its_order_gets() {
    for app in TestApp::company_on_each_store("promised_by_tier").await {
        with_munich(&app).await;
        // By several steps for anybody, otherwise for two tiers.
        let anybody = json!({"steps": [
            {"name": "first", "keep_stock": 2, "filters": [{"name": "Berlin", "keep": "location.code == 'BER'"}]},
            {"name": "then", "filters": [{"name": "the others", "drop": "location.code == 'BER'"}]}]});
        let gold = json!({"steps": [{"name": "shops", "when": "customer.tier == 'gold' && order.units > 1",
            "filters": [{"name": "shops", "keep": "location.kind == 'store'"}]}, {"name": "any"}]});
        let express = json!({"steps": [{"name": "by choice", "when": "order.service == 'standard'",
            "tiers": [{"ranked": ["MUC", "BER"]}]}, {"name": "any"}]});
        publish(&app, "all", &anybody).await;
        for (code, rules) in [("gold", &gold), ("silver", &express)] {
            let body = json!({"code": code, "scope": {"tiers": [code]}, "rules": rules});
            let made = app.post(PATH, &body).await.expect(201);
            let path = format!("{PATH}/{}/versions/1/publish", made["id"].as_str().unwrap());
            app.post(&path, &json!({})).await.expect(200);
        }
        for with_rates in [false, true] {
            if with_rates {
                for (code, service, cents) in [("f", "slow", 300), ("g", "fast", 900)] {
                    let body = json!({"code": code, "carrier": "post", "service": service, "currency": "EUR",
                        "steps_g": [500, 30000],
                        "zones": [{"name": "all", "transit_days": 2, "prices": [cents, cents * 2]}]});
                    app.post("/api/v1/rate-tables", &body).await.expect(201);
                }
            }
            for (nth, (tier, quantity, expected)) in [
                ("", 4, vec![("BER", 4)]),
                ("", 9, vec![("BER", 8), ("MUC", 1)]),
                ("gold", 3, vec![("MUC", 3)]),
                ("gold", 1, vec![("BER", 1)]),
                ("silver", 2, vec![("MUC", 2)]),
            ]
            .into_iter()
            .enumerate()
            {
                let tier_asked = if tier.is_empty() {
                    String::new()
                } else {
                    format!("&customer_tier={tier}")
                };
                let path = format!(
                    "/api/v1/promise?sku=A:{quantity}&unit_price=1299&country=DE&postal_code=10559&city=Berlin\
                     &channel=web&currency=EUR&service=standard{tier_asked}"
                );
                let promised = app.get(&path).await.expect(200);
                let sourced: Vec<&Value> = (promised["options"].as_array().unwrap().iter())
                    .filter(|option| option["sourced"] == true)
                    .collect();
                assert_eq!(sourced.len(), 1, "{promised}");
                let mut body = order(&format!("{with_rates}-{nth}"), quantity);
                if !tier.is_empty() {
                    body["customer_tier"] = json!(tier);
                }
                let placed = app.post("/api/v1/orders", &body).await.expect(201);
                let plan = plan_of(&placed["fulfillment_orders"], "lines", "quantity");
                assert_eq!(
                    plan_of(&sourced[0]["shipments"], "units", "quantity"),
                    plan,
                    "{tier} {quantity}"
                );
                let expected: Vec<_> = (expected.iter())
                    .map(|(code, units)| ((*code).to_owned(), "A".to_owned(), *units))
                    .collect();
                assert_eq!(plan, expected, "{tier} {quantity}");
                // What was taken is given back, so that every basket meets the same stock.
                let cancel = format!("/api/v1/orders/{}/cancel", placed["id"].as_str().unwrap());
                app.post(
                    &cancel,
                    &json!({"reason_code": "changed_mind", "fault": "buyer"}),
                )
                .await
                .expect(200);
            }
        }
    }
}

#[tokio::test]
async fn money_terms_are_a_line_of_their_own_and_all_adds_up_to_the_cent() {
    for app in TestApp::company_on_each_store("rule_terms").await {
        let table = json!({"code": "t", "carrier": "post", "service": "parcel", "currency": "EUR",
            "steps_g": [30000], "zones": [{"name": "all", "transit_days": 2, "prices": [595]}]});
        app.post("/api/v1/rate-tables", &table).await.expect(201);
        let berlin = app.get("/api/v1/locations").await.expect(200)["items"][0].clone();
        let path = format!("/api/v1/locations/{}", berlin["id"].as_str().unwrap());
        let handling = json!({"handling": {"per_order": 120, "per_unit": 25, "currency": "EUR"}});
        app.patch(&path, None, &handling).await.expect(200);
        let money = |amount: i64| json!({"amount": amount, "currency": "EUR"});
        // Terms of two units at Berlin: what is added, and what the sentence says of it.
        for (nth, (terms, added, says)) in [
            (json!([]), 0, ""),
            (
                json!([{"name": "fee", "amount": 150, "currency": "EUR", "per": "shipment"}]),
                150,
                "Of that, 1.50 EUR is by “fee”. ",
            ),
            (
                json!([{"name": "each", "amount": 33, "currency": "EUR", "per": "unit", "lines": "line.sku == 'A'"},
                       {"name": "line", "amount": 10, "currency": "EUR", "per": "line", "at": "location.code == 'BER'"},
                       {"name": "elsewhere", "amount": 999, "currency": "EUR", "per": "shipment", "at": "location.code == 'MUC'"},
                       {"name": "dollars", "amount": 999, "currency": "USD", "per": "shipment"},
                       {"name": "late", "amount": 999, "currency": "EUR", "per": "late_day"}]),
                76,
                "Of that, 0.76 EUR is by “each” and “line”. ",
            ),
            // A bonus takes off handling first, then carriage.
            (
                json!([{"name": "ours", "amount": -200, "currency": "EUR", "per": "shipment"}]),
                -200,
                "That is 2.00 EUR less by “ours”. ",
            ),
            // It never takes off more than there is: handling of units is not the shipment's.
            (
                json!([{"name": "ours", "amount": -9000, "currency": "EUR", "per": "shipment"}]),
                -715,
                "That is 7.15 EUR less by “ours”. ",
            ),
            (
                json!([{"name": "units", "amount": -9000, "currency": "EUR", "per": "unit"}]),
                -50,
                "That is 0.50 EUR less by “units”. ",
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let rules = json!({"steps": [{"name": "any", "terms": terms}]});
            let body = json!({"code": format!("terms-{nth}"), "priority": -(nth as i64), "rules": rules});
            let made = app.post(PATH, &body).await.expect(201);
            let path = format!("{PATH}/{}/versions/1/publish", made["id"].as_str().unwrap());
            app.post(&path, &json!({})).await.expect(200);
            let placed = app.post("/api/v1/orders", &order(&nth.to_string(), 1 + (nth > 0) as i64)).await;
            let placed = placed.expect(201);
            let work = placed["fulfillment_orders"][0]["id"].as_str().unwrap();
            let why = app.get(&format!("/api/v1/fulfillment-orders/{work}/decision")).await;
            let why = why.expect(200);
            let units = 1 + i64::from(nth > 0);
            let cost = &why["shipments"][0]["cost"];
            let expected = json!({
                "carrier": money(595), "lateness": money(0), "handling": money(120 + 25 * units),
                "decline_risk": money(0), "duties": money(0), "rule_terms": money(added),
                "stock_price": money(0), "shipment_price": money(0),
            });
            assert_eq!(*cost, expected, "{terms}");
            assert_eq!(why["cost"], money(595 + 120 + 25 * units + added), "{terms}");
            let because = why["shipments"][0]["because"].as_str().unwrap();
            assert!(because.contains(says), "{because}");
            assert_eq!(because.contains(" by “"), !says.is_empty(), "{because}");
            let cancel = format!("/api/v1/orders/{}/cancel", placed["id"].as_str().unwrap());
            app.post(&cancel, &json!({})).await.expect(200);
        }
    }
}

#[tokio::test]
async fn rules_ask_whether_it_goes_to_a_post_office_box() {
    let app = TestApp::with_company().await;
    with_munich(&app).await;
    let rules = json!({"steps": [{"name": "boxes", "when": "order.po_box",
        "filters": [{"name": "who goes there", "keep": "location.code == 'MUC'"}]}, {"name": "any"}]});
    publish(&app, "boxes", &rules).await;
    for (nth, (street, location)) in [("Turmstraße 1", "BER"), ("Postfach 10 01", "MUC")]
        .into_iter()
        .enumerate()
    {
        let mut body = order(&nth.to_string(), 1);
        body["ship_to"]["line1"] = json!(street);
        let placed = app.post("/api/v1/orders", &body).await.expect(201);
        assert_eq!(placed["fulfillment_orders"][0]["location"], location);
        let promise = format!(
            "/api/v1/promise?sku=A&country=DE&postal_code=10559&channel=web&po_box={}",
            location == "MUC"
        );
        let promised = app.get(&promise).await.expect(200);
        assert_eq!(promised["options"][0]["shipments"][0]["location"], location);
    }
}
