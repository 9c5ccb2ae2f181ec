//! Locations that refuse: the order goes elsewhere at once, never back, never late, and after five
//! refusals to a person. On every store.

use ordo_domain::time::DAY;
use ordo_engine::Clock;
use serde_json::{Value, json};

use crate::test_app::{TestApp, order};

/// Beside Berlin seven locations that have the SKU `A`; the last one is cheap, and slow.
async fn company(app: &TestApp) {
    for (nth, postal) in [
        "80331", "20095", "50667", "60311", "70173", "04109", "28195",
    ]
    .into_iter()
    .enumerate()
    {
        let code = format!("L{nth}");
        let body = json!({"code": code, "kind": "store", "country": "DE", "postal_code": postal,
                          "time_zone": "Europe/Berlin"});
        app.post("/api/v1/locations", &body).await.expect(201);
        let body = json!({"kind": "receive", "sku": "A", "location": code, "quantity": 9});
        app.post("/api/v1/stock/movements", &body).await.expect(201);
        let (days, price) = if nth == 6 {
            (9, 100)
        } else {
            (1, 400 + 10 * nth)
        };
        rates(app, &code, days, price).await;
    }
    rates(app, "BER", 1, 390).await;
    let settings = json!({"promise": "hard"});
    app.patch("/api/v1/sourcing-settings", None, &settings)
        .await
        .expect(200);
}

async fn rates(app: &TestApp, origin: &str, days: u16, price: usize) {
    let table = json!({
        "code": format!("parcel-{origin}"), "carrier": "house", "service": "parcel",
        "currency": "EUR", "origins": [origin], "steps_g": [5_000],
        "zones": [{"name": "DE", "areas": [{"country": "DE"}],
                   "transit_days": days, "prices": [price]}],
    });
    app.post("/api/v1/rate-tables", &table).await.expect(201);
}

fn open_work(order: &Value) -> Vec<&Value> {
    let work = order["fulfillment_orders"].as_array().unwrap().iter();
    work.filter(|work| work["state"] == "open").collect()
}

#[tokio::test]
async fn an_order_that_locations_refuse_goes_on_at_once_and_ends_with_a_person() {
    for app in TestApp::company_on_each_store("refused").await {
        company(&app).await;
        let mut body = order("REFUSED", 1);
        let by = Clock::now(&*app.clock).plus_micros(6 * DAY);
        body["lines"][0]["deliver_by"] = json!(by.to_string());
        let mut placed = app.post("/api/v1/orders", &body).await.expect(201);
        let id = placed["id"].as_str().unwrap().to_owned();
        let mut asked: Vec<String> = Vec::new();
        while let [work] = open_work(&placed).as_slice() {
            let location = work["location"].as_str().unwrap().to_owned();
            assert!(
                !asked.contains(&location),
                "{}: back to {location}",
                app.store
            );
            assert_ne!(location, "L6", "{}: too late for the promise", app.store);
            assert_eq!(work["carriage"]["late_days"], 0);
            asked.push(location);
            let work = work["id"].as_str().unwrap().to_owned();
            let path = format!("/api/v1/fulfillment-orders/{work}/reject");
            let why = json!({"reason_code": "no_capacity"});
            app.post(&path, &why).await.expect(200);
            // The commit that takes the refusal has given the work to the next location already.
            placed = app.get(&format!("/api/v1/orders/{id}")).await.expect(200);
        }
        assert_eq!(asked.len(), 5, "{}: {asked:?} {placed:#}", app.store);
        assert_eq!(asked[0], "BER", "the cheapest that is in time");
        let holds = placed["holds"].as_array().unwrap();
        assert_eq!(holds.len(), 1, "{placed:#}");
        assert_eq!(holds[0]["kind"], "no_location");
        assert_eq!(placed["lines"][0]["open"], 1);
        // A person lets it try the rest.
        let hold = holds[0]["id"].as_str().unwrap();
        let path = format!("/api/v1/orders/{id}/holds/{hold}/release");
        let freed = app.post(&path, &json!({})).await.expect(200);
        let [work] = open_work(&freed)[..] else {
            panic!("{freed:#}")
        };
        let location = work["location"].as_str().unwrap();
        assert!(location != "L6" && !asked.iter().any(|asked| asked == location));
    }
}
