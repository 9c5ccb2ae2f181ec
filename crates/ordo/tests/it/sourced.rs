//! `ordo source solve` reads plain and packed files, writes what its output's name asks for, and
//! says what is wrong with a file.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

#[test]
fn plain_and_packed_files_give_the_same_plans() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("in.json"), folder.path().join("in"));
    fs::write(&plain, instance().to_string()).unwrap();
    let mut file = GzEncoder::new(File::create(&packed).unwrap(), Compression::fast());
    file.write_all(instance().to_string().as_bytes()).unwrap();
    file.finish().unwrap();

    let (out, out_gz) = (folder.path().join("out"), folder.path().join("out.json.gz"));
    assert!(solve(&packed, &out).status.success());
    assert!(solve(&plain, &out_gz).status.success());
    let mut unpacked = String::new();
    let mut reader = GzDecoder::new(File::open(out_gz).unwrap());
    reader.read_to_string(&mut unpacked).unwrap();
    for text in [fs::read_to_string(out).unwrap(), unpacked] {
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        let order = answer["orders"][0].as_object_mut().unwrap();
        assert!(order.remove("solve_us").unwrap().as_f64().unwrap() > 0.0);
        assert!(order.remove("steps").unwrap().as_u64().unwrap() > 0);
        let plan = json!([{"location": "B", "lines": [{"line": 0, "qty": 2}]}]);
        let expected = json!({
            "orders": [{"id": "O1", "plan": plan, "claimed_cost_c": 527.5, "proven": true, "gap_c": 0}]
        });
        assert_eq!(answer, expected);
    }
}

#[test]
fn a_batch_shares_stock_and_says_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("in.json"), folder.path().join("out"));
    fs::write(&file, two_orders("batch").to_string()).unwrap();
    assert!(solve(&file, &out).status.success());
    let answer: Value = serde_json::from_str(&fs::read_to_string(out).unwrap()).unwrap();
    // B, which is cheaper, has only two: one order has both, at 527.5, and A ships the other's.
    let places = ["0", "1"].map(|at| answer.pointer(&format!("/orders/{at}/plan/0/location")));
    let mut places = places.map(|place| place.unwrap().as_str().unwrap());
    places.sort_unstable();
    assert_eq!(places, ["A", "B"]);
    let costs = answer["orders"].as_array().unwrap().iter();
    let costs: f64 = costs
        .map(|order| order["claimed_cost_c"].as_f64().unwrap())
        .sum();
    assert_eq!(costs, 527.5 + 577.5);
    assert!(answer["lower_bound_c"].as_f64().unwrap() <= costs);
    assert!(answer["orders"][1]["solve_us"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_stream_takes_orders_as_they_come_and_days_bring_new_capacity() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("in.json"), folder.path().join("out"));
    let mut instance = two_orders("online");
    instance["stock"]["B"]["X"] = 9.into();
    instance["locations"][1]["capacity_shipments_per_day"] = 1.into();
    instance["meta"] = json!({"days": 3, "history_days": 1});
    let places = |instance: &Value| {
        fs::write(&file, instance.to_string()).unwrap();
        assert!(solve(&file, &out).status.success());
        let answer: Value = serde_json::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
        let orders = answer["orders"].as_array().unwrap().iter();
        let place = |order: &Value| order["plan"][0]["location"].as_str().unwrap().to_owned();
        orders.map(place).collect::<Vec<_>>()
    };
    assert_eq!(places(&instance), ["B", "A"]);
    instance["orders"][1]["day"] = 1.into();
    assert_eq!(places(&instance), ["B", "B"]);
}

#[test]
fn a_file_that_cannot_be_solved_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (
        folder.path().join("in.json"),
        folder.path().join("out.json"),
    );
    let told = || {
        let output = solve(&file, &out);
        assert_eq!(output.status.code(), Some(1));
        assert!(!out.exists());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(told().contains("in.json"));
    fs::write(&file, "[]").unwrap();
    assert!(told().contains("ordo-routing/1"));
    let mut holed = instance();
    holed["services"][0]["price_c"][0]
        .as_array_mut()
        .unwrap()
        .clear();
    fs::write(&file, holed.to_string()).unwrap();
    assert!(told().contains("service GROUND"));
}

fn solve(instance: &Path, out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ordo"))
        .args(["source", "solve", "--instance"])
        .arg(instance)
        .arg("--out")
        .arg(out)
        .env("ORDO_LOG", "warn")
        .output()
        .unwrap()
}

/// The same order twice, under two names.
fn two_orders(kind: &str) -> Value {
    let mut instance = instance();
    instance["kind"] = kind.into();
    let mut other = instance["orders"][0].clone();
    other["id"] = "O2".into();
    instance["orders"].as_array_mut().unwrap().push(other);
    instance
}

/// One order and two locations in its zone; the second has cheaper hands.
fn instance() -> Value {
    let location = |id: &str, handling_order_c: u32| {
        json!({
            "id": id, "kind": "dc", "lat": 1.0, "lon": 2.0, "handling_order_c": handling_order_c,
            "handling_unit_c": 10, "ready_days": 0, "reject_prob": 0.0075,
            "capacity_shipments_per_day": null,
        })
    };
    json!({
        "schema": "ordo-routing/1", "kind": "single", "zone_miles": [50],
        "services": [{"id": "GROUND", "transit_days": [2, 3], "brackets_g": [1000],
                      "price_c": [[400], [700]]}],
        "locations": [location("A", 150), location("B", 100)],
        "stock": {"A": {"X": 5}, "B": {"X": 2}},
        "orders": [{"id": "O1", "day": 0, "lat": 1.0, "lon": 2.0, "promise_days": 2,
                    "promise_hard": false, "max_shipments": null, "allow_line_split": true,
                    "lines": [{"sku": "X", "qty": 2, "unit_g": 500}]}],
        "penalties": {"split_c": 60, "late_c_per_day": 250, "reject_c_per_line": 1000,
                      "unfilled_c_per_unit": 4000},
    })
}
