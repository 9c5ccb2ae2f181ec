//! The pages on sourcing: what counts, price lists, locations, promises, and why work went where it went.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::pages::{cookie, page};
use crate::test_app::{Answer, OWNER, TestApp, order};

/// Sends a form as a browser does.
async fn send(app: &TestApp, cookie: &str, path: &str, form: &str, from: &str) -> Answer {
    let sent = Request::builder()
        .method("POST")
        .uri(path)
        .header("cookie", cookie)
        .header("sec-fetch-site", from)
        .body(Body::from(form.to_owned()));
    app.send(sent.unwrap()).await
}

/// Berlin and, farther away, Munich, each with a price list of its own.
async fn company(app: &TestApp) -> Value {
    let munich = json!({"code": "MUC", "kind": "warehouse", "country": "DE",
                        "postal_code": "80331", "time_zone": "Europe/Berlin"});
    app.post("/api/v1/locations", &munich).await.expect(201);
    let goods = json!({"kind": "receive", "sku": "A", "location": "MUC", "quantity": 50});
    app.post("/api/v1/stock/movements", &goods)
        .await
        .expect(201);
    let mut last = Value::Null;
    for (origin, price) in [("BER", 590), ("MUC", 490)] {
        let table = json!({"code": format!("list-{origin}"), "carrier": "dhl", "service": "parcel",
                           "currency": "EUR", "origins": [origin], "steps_g": [5_000],
                           "zones": [{"name": "DE", "transit_days": 1, "prices": [price]}]});
        last = app.post("/api/v1/rate-tables", &table).await.expect(201);
    }
    last
}

#[tokio::test]
async fn what_counts_is_changed_by_managers_on_the_page_itself() {
    for app in TestApp::company_on_each_store("sourcing_page").await {
        company(&app).await;
        let owner = cookie(&app, OWNER).await;
        let shown = page(&app, &owner, "/sourcing").await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        for says in ["list-MUC", "MUC", "What counts", "Nobody has asked"] {
            assert!(shown.text.contains(says), "{says}: {}", shown.text);
        }
        let form = "promise=hard&currencies=EUR&EUR.split=0.60&EUR.late_per_day=3&horizon_days=2\
                    &default_weight_g=700&together_s=0&look_again_min=0&refusals_max=";
        let foreign = send(&app, &owner, "/sourcing", form, "cross-site").await;
        assert_eq!(foreign.status, 403);
        let saved = send(&app, &owner, "/sourcing", form, "same-origin").await;
        assert_eq!(
            saved.header("location"),
            Some("/sourcing"),
            "{}",
            saved.text
        );
        let said = app.get("/api/v1/sourcing-settings").await.expect(200);
        assert_eq!(said["promise"], "hard");
        assert_eq!(said["penalties"][0]["split"], 60);
        assert_eq!(said["penalties"][0]["late_per_day"], 300);
        assert_eq!(said["prices"]["horizon_days"], 2);

        let wrong = form.replace("EUR.split=0.60", "EUR.split=-1");
        let refused = send(&app, &owner, "/sourcing", &wrong, "same-origin").await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.text.contains("penalties 0 split"),
            "{}",
            refused.text
        );
        let unchanged = app.get("/api/v1/sourcing-settings").await.expect(200);
        assert_eq!(unchanged, said);

        let found = send(&app, &owner, "/sourcing/prices", "", "same-origin").await;
        assert_eq!(
            found.header("location"),
            Some("/sourcing"),
            "{}",
            found.text
        );
        let shown = page(&app, &owner, "/sourcing").await;
        assert!(
            shown.text.contains("of the last two weeks"),
            "{}",
            shown.text
        );

        let body = json!({"name": "desk", "role": "viewer"});
        let key = app.post("/api/v1/api-keys", &body).await.expect(201);
        let viewer = cookie(&app, key["secret"].as_str().unwrap()).await;
        let shown = page(&app, &viewer, "/sourcing").await;
        assert!(shown.text.contains("Managers can change this"));
        let refused = send(&app, &viewer, "/sourcing", form, "same-origin").await;
        assert_eq!(refused.status, 403);
    }
}

#[tokio::test]
async fn a_price_list_is_replaced_by_what_is_pasted() {
    for app in TestApp::company_on_each_store("rates_page").await {
        let table = company(&app).await;
        let id = table["id"].as_str().unwrap();
        let owner = cookie(&app, OWNER).await;
        let path = format!("/sourcing/rates/{id}");
        let shown = page(&app, &owner, &path).await;
        assert!(shown.text.contains("4.90 EUR"), "{}", shown.text);
        assert!(shown.text.contains("max_g,DE\n5000,4.90"), "{}", shown.text);
        let wrong = send(
            &app,
            &owner,
            &path,
            "prices=max_kg%2CDE%0D%0A2%2Cx",
            "same-origin",
        )
        .await;
        assert_eq!(wrong.status, 422);
        assert!(
            wrong.text.contains("Row 2, column 2: must be a price"),
            "{}",
            wrong.text
        );
        assert!(wrong.text.contains("2,x"), "what was pasted is still there");
        let list = "prices=max_kg%2CDE%0D%0A2%2C3.50%0D%0A10%2C5";
        let taken = send(&app, &owner, &path, list, "same-origin").await;
        assert_eq!(
            taken.header("location"),
            Some(path.as_str()),
            "{}",
            taken.text
        );
        let shown = page(&app, &owner, &path).await;
        assert!(shown.text.contains("10 kg") && shown.text.contains("3.50 EUR"));
        let nobody = page(
            &app,
            &owner,
            "/sourcing/rates/rat_00000000000000000000000000",
        )
        .await;
        assert_eq!(nobody.status, 404);
    }
}

#[tokio::test]
async fn a_page_says_why_work_went_where_it_went_and_what_others_would_have_cost() {
    for app in TestApp::company_on_each_store("why_page").await {
        company(&app).await;
        let paused = json!({"code": "HAM", "kind": "warehouse", "country": "DE",
                            "postal_code": "20095", "time_zone": "Europe/Berlin"});
        app.post("/api/v1/locations", &paused).await.expect(201);
        let placed = app.post("/api/v1/orders", &order("1", 1)).await.expect(201);
        let work = &placed["fulfillment_orders"][0];
        assert_eq!(work["location"], "MUC");
        let id = work["id"].as_str().unwrap();
        let owner = cookie(&app, OWNER).await;
        let of_order = format!("/orders/{}", placed["id"].as_str().unwrap());
        let linked = page(&app, &owner, &of_order).await;
        assert!(linked.text.contains(&format!("/fulfillment/{id}/why")));
        let shown = page(&app, &owner, &format!("/fulfillment/{id}/why")).await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        for says in [
            "Why MUC",
            "No cheaper plan exists",
            "The plan: 4.90 EUR",
            "The best plan with it is BER: 1.00 EUR more.",
            "It had nothing on offer: none there, 1 unit wanted.",
        ] {
            assert!(shown.text.contains(says), "{says}: {}", shown.text);
        }
        let asked = page(&app, &owner, &format!("/fulfillment/{id}/why?location=HAM")).await;
        assert!(
            asked.text.contains("Had it had all of it"),
            "{}",
            asked.text
        );
        let nobody = page(
            &app,
            &owner,
            "/fulfillment/ful_00000000000000000000000000/why",
        )
        .await;
        assert_eq!(nobody.status, 404);
        // The same over the API.
        let path = format!("/api/v1/fulfillment-orders/{id}/decision");
        let plain = app.get(&path).await.expect(200);
        assert_eq!(plain.get("others"), None);
        let told = app.get(&format!("{path}?others=true")).await.expect(200);
        assert_eq!(told["others"][0]["location"], "BER");
        assert_eq!(told["others"][0]["dearer_by"]["amount"], 100);
    }
}

#[tokio::test]
async fn a_basket_is_promised_without_reserving_it_and_locations_tell_what_they_did() {
    for app in TestApp::company_on_each_store("promise_page").await {
        company(&app).await;
        let owner = cookie(&app, OWNER).await;
        let path = "/sourcing/promise?basket=A%3A2&country=DE&postal_code=10115";
        let shown = page(&app, &owner, path).await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        for says in ["dhl parcel", "MUC", "2 × A"] {
            assert!(shown.text.contains(says), "{says}: {}", shown.text);
        }
        let refused = page(&app, &owner, "/sourcing/promise?basket=A&country=Q").await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("country"), "{}", refused.text);
        let list = app.get("/api/v1/locations").await.expect(200);
        let id = list["items"][0]["id"].as_str().unwrap();
        let shown = page(&app, &owner, &format!("/sourcing/locations/{id}")).await;
        assert!(
            shown.text.contains("is expected to come back"),
            "{}",
            shown.text
        );
    }
}
