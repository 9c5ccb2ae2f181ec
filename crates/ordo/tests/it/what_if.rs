//! `ordo what-if` over real orders: the Olist set, imported as anybody would, and networks that are
//! imagined for it. What they save was found before by other programs, from the same assumptions.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use ordo_proof::served::{self, KEY, Place, Served, skip};

/// Chance and seed by which an added location has a product.
const SHARE: i64 = 700_000;
const SEED: u64 = 1;

fn data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ORDO_DATA_DIR").map(PathBuf::from);
    if folder.is_none() {
        skip("ORDO_DATA_DIR", test);
    }
    folder
}

fn ordo(arguments: &[&str]) -> Output {
    let mut ordo = Command::new(env!("CARGO_BIN_EXE_ordo"));
    ordo.args(arguments)
        .env("ORDO_LOG", "warn")
        .output()
        .unwrap()
}

/// What standard output says, as JSON.
fn answer(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stdout);
    let heard = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{heard}");
    let last = said.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {said}{heard}"))
}

/// A number of the assumptions in ten-thousandths, as it is written.
fn tenthousandths(number: &Value) -> i64 {
    let text = number.to_string();
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, &text[..]), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(fraction.len() <= 4, "{text}");
    sign * format!("{whole}{fraction:0<4}").parse::<i64>().unwrap()
}

fn rounded(number: &Value, per: i64) -> i64 {
    (tenthousandths(number) + per / 2).div_euclid(per)
}

/// A network of these locations, of which the first has everything, by the assumptions of the set.
fn network(assumed: &Value, codes: &[&str], assortment: &Value) -> Value {
    let days = assumed["transit_days"].as_array().unwrap();
    let edges = assumed["zone_km"].as_array().unwrap();
    let cents = |prices: &Value| -> Vec<i64> {
        let prices = prices.as_array().unwrap().iter();
        prices.map(|price| rounded(price, 100)).collect()
    };
    let zones: Vec<Value> = (days.iter().enumerate())
        .map(|(at, days)| {
            json!({
                "name": (at + 1).to_string(),
                "up_to_m": edges.get(at).map(|km| km.as_i64().unwrap() * 1_000),
                "transit_days": rounded(days, 10_000),
                "prices": cents(&assumed["tariff_reais"][at]),
            })
        })
        .collect();
    let millidays: Vec<i64> = days.iter().map(|days| rounded(days, 10)).collect();
    let places = codes.iter().enumerate().map(|(at, code)| {
        let place = &assumed["locations"][*code];
        json!({
            "location": {
                "code": code,
                "kind": "warehouse",
                "country": "BR",
                "time_zone": "America/Sao_Paulo",
                "latitude_e6": tenthousandths(&place["lat"]) * 100,
                "longitude_e6": tenthousandths(&place["lon"]) * 100,
            },
            "handling": {
                "currency": "BRL",
                "per_order": rounded(&assumed["handling_per_shipment_reais"], 100),
                "per_unit": rounded(&assumed["handling_per_unit_reais"], 100),
            },
            "assortment": if at == 0 { json!("all") } else { assortment.clone() },
        })
    });
    let places: Vec<Value> = places.collect();
    json!({
        "name": codes.join(", "),
        "default_location": codes[0],
        "locations": { "only": codes, "add": places },
        "rates": {
            "replace": true,
            "tables": [{
                "table": {
                    "code": "fitted",
                    "carrier": "Correios",
                    "service": "fitted",
                    "currency": "BRL",
                    "steps_g": assumed["bracket_g"],
                    "zones": zones,
                },
                "usual_millidays": millidays,
            }],
        },
        "settings": {
            "penalties": [{
                "currency": "BRL",
                "split": rounded(&assumed["split_reais_per_extra_shipment"], 100),
                "late_per_day": 0,
            }],
        },
    })
}

/// Millionths of freight and thousandths of a day that a variant saves.
fn saved(variant: &Value) -> (i64, i64) {
    let difference = &variant["difference"];
    let freight = difference["costs"][0]["freight_ppm"].as_i64().unwrap();
    (-freight, -difference["door_days_milli"].as_i64().unwrap())
}

fn write(folder: &Path, name: &str, value: &Value) -> String {
    let path = folder.join(name);
    std::fs::write(&path, value.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn networks_save_what_they_save_on_real_orders() {
    let Some(data) = data("what_if::networks_save_what_they_save_on_real_orders") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop").to_str().unwrap().to_owned();
    let olist = data.join("olist").to_str().unwrap().to_owned();
    let imported = ordo(&[
        "import", "orders", &olist, "--format", "olist", "--data", &shop, "--json",
    ]);
    assert_eq!(answer(&imported)["created"], 12_751);

    let assumed = std::fs::read_to_string(data.join("olist/whatif.json")).unwrap();
    let assumed: Value = serde_json::from_str(&assumed).unwrap();
    let share = json!({ "share": { "ppm": SHARE, "seed": SEED } });
    let top = json!({ "top": { "ppm": 200_000 } });
    let all = json!("all");
    let four = ["SP", "RJ", "CWB", "REC"];
    let eight = ["SP", "RJ", "CWB", "REC", "BH", "POA", "BSB", "SSA"];
    // Locations, assortment, then points of freight and days that are saved, both times 1,000.
    let cases: [(&[&str], &Value, i64, i64); 4] = [
        (&four, &share, 9_800, 1_200),
        (&eight, &share, 16_700, 2_100),
        (&four, &all, 14_100, 1_800),
        (&eight, &top, 10_100, 1_300),
    ];
    let mut networks: Vec<Value> = (cases.iter())
        .map(|(codes, assortment, ..)| network(&assumed, codes, assortment))
        .collect();
    // The last one is a single warehouse far away from most buyers.
    let mut far = network(&assumed, &["SP", "REC"], &all);
    far["locations"]["only"] = json!(["REC"]);
    far["default_location"] = json!("REC");
    networks.push(far);
    let files: Vec<String> = (networks.iter().enumerate())
        .map(|(at, network)| write(folder.path(), &format!("{at}.json"), network))
        .collect();
    let mut words = vec!["what-if", "--data", &shop, "--json", "--orders", "50000"];
    words.extend([
        "--fulfilled-by",
        "supplier",
        "--with-canceled",
        "--known-only",
    ]);
    words.extend(["--baseline", "everything-from=SP", "--changed-most", "3"]);
    words.extend(files.iter().flat_map(|file| ["--variant", file]));
    let report = answer(&ordo(&words));

    let orders = report["orders"].as_i64().unwrap();
    assert!((11_900..12_000).contains(&orders), "{orders}");
    let baseline = &report["baseline"];
    assert_eq!(baseline["shipments"], baseline["orders"]);
    assert_eq!(report["one_warehouse"], Value::Null);
    for (variant, (codes, _, points, millidays)) in
        report["variants"].as_array().unwrap().iter().zip(cases)
    {
        let (ppm, saved_millidays) = saved(variant);
        println!("{codes:?}: {ppm} ppm of freight, {saved_millidays} thousandths of a day");
        assert!((ppm - points * 10).abs() <= 5_000, "{codes:?}: {ppm} ppm");
        let off = (saved_millidays - millidays).abs();
        assert!(
            off <= 500,
            "{codes:?}: {saved_millidays} thousandths of a day"
        );
        assert_eq!(variant["findings"], json!([]), "{codes:?}");
        assert_eq!(variant["run"]["unfilled_units"], 0);
        for order in variant["savings"].as_array().unwrap() {
            assert!(order["saved"]["amount"].as_i64().unwrap() > 0);
            assert!(!order["variant"]["because"].as_array().unwrap().is_empty());
        }
    }

    // It costs more than the one it is held against, and is said to.
    let findings = &report["variants"][cases.len()]["findings"];
    let said = findings[0].as_str().unwrap();
    assert!(
        said.contains(" more than “everything from SP”."),
        "{findings}"
    );
}

#[test]
fn a_wrong_field_is_named_and_a_file_that_is_none_too() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop").to_str().unwrap().to_owned();
    let file = write(
        folder.path(),
        "v.json",
        &json!({ "stock": { "counts": 3 } }),
    );
    let refused = ordo(&["what-if", "--data", &shop, "--variant", &file]);
    assert_eq!(refused.status.code(), Some(2));
    let heard = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        heard.contains("/variants/0/stock/counts: must be an array"),
        "{heard}"
    );
    let missing = ordo(&["what-if", "--data", &shop, "--variant", "nowhere.json"]);
    assert_eq!(missing.status.code(), Some(1));
}

/// What standard output says.
fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let heard = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{heard}");
    said
}

#[test]
fn a_running_ordo_keeps_what_it_answered() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(
        folder.path(),
        "v.json",
        &json!({"name": "none of it", "locations": {"off": ["L0"]}}),
    );
    let (program, place) = (Path::new(env!("CARGO_BIN_EXE_ordo")), Place::folder());
    let server = Served::start(program, &place);
    let mut http = server.http();
    served::set_up(&mut http, "A", &json!("tracked"), 1, 10);
    let order = http.post("/api/v1/orders", &served::order("1", "A", 2));
    assert_eq!(order.unwrap().status, 201);
    let url = format!("http://{}", server.address);
    let asked = said(&ordo(&[
        "what-if",
        "--url",
        &url,
        "--api-key",
        KEY,
        "--variant",
        &file,
    ]));
    let (table, kept) = asked.split_once("\nKept as ").unwrap();
    assert!(table.contains("none of it"), "{table}");
    let (id, page) = kept.trim().split_once(": ").unwrap();
    assert_eq!(page, format!("{url}/what-if/{id}"));
    // A field that cannot be is named over HTTP as well.
    let wrong = write(
        folder.path(),
        "w.json",
        &json!({"rules": {"steps": [{"name": "s", "when": "order.chanel == 'web'"}]}}),
    );
    let refused = ordo(&[
        "what-if",
        "--url",
        &url,
        "--api-key",
        KEY,
        "--variant",
        &wrong,
    ]);
    let heard = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        heard.contains("/variants/0/rules/steps/0/when: "),
        "{heard}"
    );
    let refused = ordo(&[
        "what-if",
        "--data",
        folder.path().to_str().unwrap(),
        "--variant",
        &wrong,
    ]);
    let heard = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        heard.contains("/variants/0/rules/steps/0/when: "),
        "{heard}"
    );
    // After a power failure it reads the same.
    server.kill();
    let server = Served::start(program, &place);
    let url = format!("http://{}", server.address);
    let again = said(&ordo(&[
        "what-if",
        "--url",
        &url,
        "--api-key",
        KEY,
        "--report",
        id,
    ]));
    assert_eq!(again.split_once("\nKept as ").unwrap().0, table);
}
