//! The nearest location ships, by the addresses that merchants and buyers write: nobody enters
//! coordinates.

use ordo_geo::writer::Writer;
use ordo_store::points;
use serde_json::{Value, json};

use crate::test_app::{TestApp, order};

/// A company with stores in five cities, each with plenty of the SKU `A`.
async fn stores() -> TestApp {
    let app = TestApp::with_company().await;
    for (code, country, postal, city) in [
        ("MUC", "DE", "80331", "München"),
        ("LYS", "FR", "69001", "Lyon"),
        ("LON", "GB", "EC1A 1BB", "London"),
        // A country without a table of postal codes, and a city in its own script.
        ("OSA", "JP", "530-0001", "大阪"),
        ("NYC", "US", "10001-2062", "New York"),
    ] {
        let body = json!({"code": code, "kind": "store", "country": country,
                          "postal_code": postal, "city": city});
        app.post("/api/v1/locations", &body).await.expect(201);
        let body = json!({"kind": "receive", "sku": "A", "location": code, "quantity": 50});
        app.post("/api/v1/stock/movements", &body).await.expect(201);
    }
    app
}

/// Where an order to that address is shipped from, and where it goes.
async fn shipped_from(app: &TestApp, nth: usize, to: Value) -> (String, Value) {
    let mut body = order(&format!("to-{nth}"), 1);
    for (field, value) in to.as_object().unwrap() {
        body["ship_to"][field] = value.clone();
    }
    let placed = app.post("/api/v1/orders", &body).await.expect(201);
    let work = placed["fulfillment_orders"].as_array().unwrap();
    assert_eq!(work.len(), 1, "{placed}");
    let location = work[0]["location"].as_str().unwrap().to_owned();
    (location, placed["ship_to"].clone())
}

#[tokio::test]
async fn the_nearest_store_ships_whatever_borders_lie_between() {
    let app = stores().await;
    for (nth, (country, postal, city, location, precision)) in [
        ("DE", "10559", "Berlin", "BER", "postal_code"),
        ("DE", "86150", "Augsburg", "MUC", "postal_code"),
        ("AT", "5020", "Salzburg", "MUC", "postal_code"),
        ("PL", "70-001", "Szczecin", "BER", "postal_code"),
        ("CH", "1201", "Genève", "LYS", "postal_code"),
        ("GB", "M1 1AE", "Manchester", "LON", "postal_prefix"),
        ("BE", "8400", "Oostende", "LON", "postal_code"),
        ("JP", "100-0001", "Tokyo", "OSA", "city"),
        ("US", "90001", "Los Angeles", "NYC", "postal_code"),
        ("MX", "06000", "Ciudad de México", "NYC", "city"),
        ("KR", "x", "Seoul", "OSA", "city"),
    ]
    .into_iter()
    .enumerate()
    {
        let to = json!({"country": country, "postal_code": postal, "city": city});
        let (from, place) = shipped_from(&app, nth, to).await;
        assert_eq!(from, location, "{country} {postal} {city}: {place}");
        assert_eq!(place["precision"], precision, "{country} {postal} {city}");
        assert!(place["latitude_e6"].is_i64() && place["longitude_e6"].is_i64());
    }
}

#[tokio::test]
async fn coordinates_that_come_in_go_before_the_address() {
    let app = stores().await;
    let to = json!({"latitude_e6": 48_137_000, "longitude_e6": 11_575_000});
    let (from, place) = shipped_from(&app, 0, to).await;
    assert_eq!(from, "MUC");
    assert_eq!(place["precision"], Value::Null);
    assert_eq!(place["latitude_e6"], 48_137_000);
}

#[tokio::test]
async fn an_address_of_which_nothing_is_known_has_no_coordinates() {
    let app = stores().await;
    let (_, place) = shipped_from(&app, 0, json!({"country": "ZZ"})).await;
    assert_eq!(place["latitude_e6"], Value::Null);
    assert_eq!(place["precision"], Value::Null);
}

#[tokio::test]
async fn a_location_is_looked_up_again_when_its_address_changes() {
    let app = stores().await;
    let listed = app.get("/api/v1/locations").await.expect(200);
    let found = listed["items"].as_array().unwrap();
    let munich = found
        .iter()
        .find(|location| location["code"] == "MUC")
        .unwrap();
    assert_eq!(munich["precision"], "postal_code");
    let path = format!("/api/v1/locations/{}", munich["id"].as_str().unwrap());

    let same = app
        .patch(&path, None, &json!({"name": "Marienplatz"}))
        .await
        .expect(200);
    assert_eq!(same["latitude_e6"], munich["latitude_e6"]);

    let moved = json!({"country": "PL", "postal_code": "00-950", "city": "Warszawa"});
    let moved = app.patch(&path, None, &moved).await.expect(200);
    let latitude = moved["latitude_e6"].as_i64().unwrap();
    assert!((52_000_000..52_500_000).contains(&latitude), "{moved}");

    let given = json!({"latitude_e6": 50_000_000, "longitude_e6": 20_000_000});
    let given = app.patch(&path, None, &given).await.expect(200);
    assert_eq!(given["precision"], Value::Null);
    let kept = app
        .patch(&path, None, &json!({"city": "Kraków"}))
        .await
        .expect(200);
    assert_eq!(kept["latitude_e6"], 50_000_000);

    let cleared = json!({"latitude_e6": null, "longitude_e6": null, "postal_code": null});
    let cleared = app.patch(&path, None, &cleared).await.expect(200);
    assert_eq!(cleared["precision"], "city");
    assert_ne!(cleared["latitude_e6"], 50_000_000);
}

/// A node that is serving while the operator's points are put into its database decides by them from
/// the next order on.
#[tokio::test]
async fn points_of_the_operators_own_count_from_the_next_order_on() {
    for app in TestApp::company_on_each_store("own_points").await {
        let to = || json!({"country": "JP", "postal_code": "100-0001", "city": "Nowhere"});
        let (_, before) = shipped_from(&app, 0, to()).await;
        assert_eq!(before["precision"], "country", "{}", app.store);

        let mut writer = Writer::default();
        writer.postal(*b"JP", b"1000001", (35_685_000, 139_751_400));
        let parts = points::to_parts(&writer.finish());
        let backend = app.engine.backend();
        let organizations = backend.organizations().await.unwrap();
        backend
            .save_points(organizations[0].0, &parts)
            .await
            .unwrap();

        let (_, after) = shipped_from(&app, 1, to()).await;
        assert_eq!(after["precision"], "postal_code", "{}", app.store);
        assert_eq!(after["latitude_e6"], 35_690_000, "{}", app.store);
    }
}
