//! Goal: whatever is imported is there to the cent, once, on both stores, however often and however
//! rudely the import is run.
//! Method: the program imports public data sets and small files of every kind; what it exports and
//! proves is compared with the source, with the other store, and with an import that nobody disturbed.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use ordo_proof::served::{KEY, Place, Served, check, program, skip};

/// Orders of the Olist set, and those of them that have items.
const OLIST_ORDERS: u64 = 12_751;
const OLIST_WITH_ITEMS: usize = 11_976;

/// The folder that a variable names; the test ends quietly where it is not set.
fn folder(variable: &str, test: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        skip(variable, test);
    }
    found
}

/// Runs `ordo` with these words.
pub(super) fn ordo(program: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(words).env("ORDO_LOG", "error");
    command.output().unwrap()
}

/// The exit code and the last line on standard output.
pub(super) fn end_of(output: &Output) -> (i32, String) {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = said.lines().last().unwrap_or_default().to_owned();
    (output.status.code().unwrap(), last)
}

/// An exit code, and the counts: read, created, updated, unchanged, rejected.
pub(super) type Ran = (i32, [u64; 5]);

/// Imports with `--json`.
pub(super) fn import(program: &Path, place: &Place, words: &[&str]) -> Ran {
    let place = place.arguments();
    let mut all = vec!["import"];
    all.extend_from_slice(words);
    all.extend(place.iter().map(String::as_str));
    all.push("--json");
    let output = ordo(program, &all);
    let (code, last) = end_of(&output);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let counts: Value =
        serde_json::from_str(&last).unwrap_or_else(|_| panic!("{code} {last} {said}"));
    let names = ["read", "created", "updated", "unchanged", "rejected"];
    assert_eq!(counts.as_object().unwrap().len(), names.len(), "{last}");
    (code, names.map(|name| counts[name].as_u64().unwrap()))
}

/// What a plain export says.
pub(super) fn plain(program: &Path, place: &Place, what: &str, format: &str) -> String {
    let place = place.arguments();
    let words = [
        "export", what, &place[0], &place[1], "--format", format, "--plain",
    ];
    let output = ordo(program, &words);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

pub(super) fn assert_green(program: &Path, place: &Place) {
    let (green, said) = check(program, place);
    assert!(green, "{said}");
}

/// Writes a file into a temporary folder; answers its path.
pub(super) fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn euro(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// A past order on one line of NDJSON.
fn past(name: &str, version: i64, quantity: i64) -> String {
    json!({
        "channel": "old", "external_id": name, "source_version": version, "origin": "history",
        "placed_at": "2018-03-01T12:00:00Z", "currency": "EUR",
        "payment": {"status": "paid"}, "ship_to": {"name": "Anna B", "country": "DE"},
        "lines": [{"external_id": "1", "sku": "A", "quantity": quantity, "shipped": quantity,
                   "unit_price": euro(999)}],
    })
    .to_string()
        + "\n"
}

/// The rows of a gzipped CSV without quotes, as maps from its header.
fn csv(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    let mut plain = flate2::read::MultiGzDecoder::new(file);
    plain.read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let cells = line.split(',').map(str::to_owned);
            header
                .iter()
                .map(|name| (*name).to_owned())
                .zip(cells)
                .collect()
        })
        .collect()
}

/// `12.3` as 1230, whatever the number of decimals up to two.
fn cents(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 2, "{text}");
    let part = format!("{part:0<2}");
    whole.parse::<i64>().unwrap() * 100 + part.parse::<i64>().unwrap()
}

#[test]
fn the_olist_set_is_the_same_on_both_stores_and_agrees_with_its_source_to_the_cent() {
    let test = "the_olist_set_is_the_same_on_both_stores_and_agrees_with_its_source_to_the_cent";
    let Some(program) = program(test) else { return };
    let Some(data) = folder("ORDO_DATA_DIR", test) else {
        return;
    };
    let olist = data.join("olist");
    let words = ["orders", olist.to_str().unwrap(), "--format", "olist"];
    let places = [Place::folder(), Place::cluster()];
    let mut books = Vec::new();
    for place in &places {
        let first = import(&program, place, &words);
        assert_eq!(first, (0, [OLIST_ORDERS, OLIST_ORDERS, 0, 0, 0]));
        let second = import(&program, place, &words);
        assert_eq!(second, (0, [OLIST_ORDERS, 0, 0, OLIST_ORDERS, 0]));
        assert_green(&program, place);
        books.push(
            ["orders", "skus", "locations", "stock"]
                .map(|what| plain(&program, place, what, "ndjson")),
        );
    }
    let sqlite = books.remove(0);
    for (what, (sqlite, postgres)) in sqlite.iter().zip(&books[0]).enumerate() {
        assert!(sqlite == postgres, "book {what} differs between the stores");
    }

    // The source, added up without any of the program's code.
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    for item in csv(&olist.join("order_items.csv.gz")) {
        *wanted.entry(item["order_id"].clone()).or_default() +=
            cents(&item["price"]) + cents(&item["freight_value"]);
    }
    assert_eq!(wanted.len(), OLIST_WITH_ITEMS);
    let statuses: BTreeMap<String, String> = (csv(&olist.join("orders.csv.gz")).into_iter())
        .map(|mut order| {
            let status = order.remove("order_status").unwrap();
            (order.remove("order_id").unwrap(), status)
        })
        .collect();
    let mut seen = 0;
    for line in sqlite[0].lines() {
        let order: Value = serde_json::from_str(line).unwrap();
        let name = order["external_id"].as_str().unwrap();
        let total = wanted.remove(name).unwrap_or(0);
        assert_eq!(order["totals"]["total"]["amount"], total, "{name}");
        assert_eq!(order["origin"], "history");
        let left = order["fulfillment_standing"] != "none";
        let life = match (statuses[name].as_str(), left) {
            (_, true) => "closed",
            ("canceled", false) => "canceled",
            // Nothing is known of what was ordered, or nothing of it ever left.
            (_, false) if order["lines"] == json!([]) => order["life"].as_str().unwrap(),
            (_, false) => "canceled",
        };
        assert_eq!(order["life"], life, "{name} {order}");
        for line in order["lines"].as_array().unwrap() {
            let nothing_open = line["open"] == 0 && line["allocated"] == 0;
            assert!(nothing_open, "{name} {line}");
        }
        seen += 1;
    }
    assert_eq!(seen, OLIST_ORDERS);
    assert!(wanted.is_empty(), "orders are missing: {wanted:?}");
}

/// Every object below `value` that has all of `fields`.
fn with_fields(value: &Value, fields: &[&str], found: &mut Vec<Value>) {
    match value {
        Value::Object(object) => {
            if fields.iter().all(|field| object.contains_key(*field)) {
                found.push(value.clone());
                return;
            }
            for inner in object.values() {
                with_fields(inner, fields, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                with_fields(item, fields, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn recorded_orders_of_shopify_and_woocommerce_import_once() {
    let test = "recorded_orders_of_shopify_and_woocommerce_import_once";
    let Some(program) = program(test) else { return };
    let Some(vendor) = folder("ORDO_VENDOR_DIR", test) else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let cases: [(&str, &[&str], &[&str]); 2] = [
        (
            "shopify-json",
            &[
                "shopify/rest-exchanges-2026-07",
                "shopify/python-sdk-fixtures",
            ],
            &[
                "line_items",
                "financial_status",
                "total_price",
                "processed_at",
            ],
        ),
        (
            "woocommerce-json",
            &["woocommerce/recorded"],
            &[
                "line_items",
                "order_key",
                "prices_include_tax",
                "shipping_lines",
            ],
        ),
    ];
    let place = Place::folder();
    for (format, folders, fields) in cases {
        let mut orders = Vec::new();
        for folder in folders {
            for entry in std::fs::read_dir(vendor.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|ending| ending == "json") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    with_fields(&serde_json::from_str(&text).unwrap(), fields, &mut orders);
                }
            }
        }
        assert!(
            orders.len() >= 10,
            "only {} orders of {format}",
            orders.len()
        );
        let read = orders.len() as u64;
        let path = file(&scratch, format, &Value::Array(orders).to_string());
        let rejects = scratch.path().join(format!("{format}.csv"));
        let rejects = rejects.to_str().unwrap();
        let words = ["orders", &path, "--format", format, "--rejects", rejects];
        let (_, first) = import(&program, &place, &words);
        let reasons = std::fs::read_to_string(rejects).unwrap();
        assert_eq!(first[0], read);
        assert_eq!(first[1] + first[2] + first[3], read, "{format}: {reasons}");
        let (_, second) = import(&program, &place, &words);
        assert_eq!((second[1], second[2], second[4]), (0, 0, 0), "{format}");
    }
    assert_green(&program, &place);
}

#[test]
fn rejected_rows_are_kept_with_field_and_reason_and_the_rest_goes_on() {
    let Some(program) =
        program("rejected_rows_are_kept_with_field_and_reason_and_the_rest_goes_on")
    else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let place = Place::folder();
    let bad = past("bad", 1, 0);
    let text = format!("{}{bad}nonsense\n\n{}", past("1", 1, 2), past("2", 1, 1));
    let path = file(&scratch, "orders.ndjson", &text);
    let rejects = file(&scratch, "rejects.csv", "from an earlier run");
    let words = ["orders", &path, "--format", "ndjson", "--rejects", &rejects];
    assert_eq!(import(&program, &place, &words), (3, [4, 2, 0, 0, 2]));
    let kept = std::fs::read_to_string(&rejects).unwrap();
    let lines: Vec<&str> = kept.lines().collect();
    assert_eq!(lines.len(), 3, "{kept}");
    assert!(lines[0].starts_with("row,field,reason,raw"));
    assert!(
        lines[1].starts_with("2,/lines/0/quantity,must be from 1 to 1000000000,"),
        "{kept}"
    );
    let raw = bad.trim_end().replace('"', "\"\"");
    assert!(lines[1].contains(&raw), "{kept}");
    assert!(lines[2].starts_with("3,,"), "{kept}");

    // For people the last line names the file; without one that was chosen it is made here.
    let place = place.arguments();
    let output = Command::new(&program)
        .args(["import", "orders", &path, "--format", "ndjson"])
        .args(place)
        .current_dir(scratch.path())
        .output()
        .unwrap();
    let (code, last) = end_of(&output);
    assert_eq!(code, 3);
    assert!(last.contains("orders.ndjson.rejects.csv"), "{last}");
    let own = std::fs::read_to_string(scratch.path().join("orders.ndjson.rejects.csv")).unwrap();
    assert_eq!(own, kept);
}

#[test]
fn newer_versions_update_and_folders_and_gzip_are_read() {
    let Some(program) = program("newer_versions_update_and_folders_and_gzip_are_read") else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let place = Place::folder();
    file(&scratch, "1.ndjson", &(past("a", 1, 1) + &past("b", 1, 1)));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, past("c", 1, 1).as_bytes()).unwrap();
    std::fs::write(scratch.path().join("2.ndjson.gz"), packed.finish().unwrap()).unwrap();
    file(&scratch, "README.md", "not an order");
    let path = scratch.path().to_str().unwrap();
    let words = ["orders", path, "--format", "ndjson"];
    assert_eq!(import(&program, &place, &words), (0, [3, 3, 0, 0, 0]));
    // The same order twice in one file: the second is newer, and older ones change nothing.
    file(
        &scratch,
        "1.ndjson",
        &(past("a", 1, 1) + &past("a", 2, 3) + &past("b", 0, 1)),
    );
    assert_eq!(import(&program, &place, &words), (0, [4, 0, 1, 3, 0]));
    let said = plain(&program, &place, "orders", "ndjson");
    let a: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&a["external_id"], &a["totals"]["total"]["amount"]),
        (&json!("a"), &json!(2_997))
    );
    assert_green(&program, &place);

    // The table that is exported is one that can be imported, and says the same there.
    let table = plain(&program, &place, "orders", "csv");
    let path = file(&scratch, "orders.csv", &table);
    let other = Place::folder();
    let words = ["orders", path.as_str(), "--format", "ordo-csv"];
    assert_eq!(import(&program, &other, &words), (0, [3, 3, 0, 0, 0]));
    assert_eq!(plain(&program, &other, "orders", "csv"), table);
}

#[test]
fn an_import_that_was_killed_goes_on_to_the_same_end() {
    let Some(program) = program("an_import_that_was_killed_goes_on_to_the_same_end") else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let orders = 8_000;
    let text: String = (0..orders)
        .map(|n| past(&n.to_string(), 1, 1 + n % 3))
        .collect();
    let path = file(&scratch, "orders.ndjson", &text);
    let words = ["orders", path.as_str(), "--format", "ndjson"];
    let calm = Place::folder();
    assert_eq!(import(&program, &calm, &words).1[1], orders as u64);
    let wanted = plain(&program, &calm, "orders", "ndjson");
    for (place, kills) in [(Place::folder(), 3), (Place::cluster(), 2)] {
        for kill in 0..kills {
            let mut child = Command::new(&program)
                .arg("import")
                .args(words)
                .args(place.arguments())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // Somewhere on the way: as soon as there is anything, and then a little later each time.
            let until = Instant::now() + Duration::from_secs(20);
            while plain_or_nothing(&program, &place).is_empty()
                && child.try_wait().unwrap().is_none()
            {
                assert!(Instant::now() < until, "nothing was imported");
            }
            std::thread::sleep(Duration::from_millis(40 * kill));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let (code, [read, created, updated, unchanged, rejected]) =
            import(&program, &place, &words);
        assert_eq!((code, read, updated, rejected), (0, orders as u64, 0, 0));
        assert_eq!(created + unchanged, orders as u64);
        assert!(unchanged > 0, "nothing was left of what was killed");
        assert!(plain(&program, &place, "orders", "ndjson") == wanted);
        assert_green(&program, &place);
    }
}

/// The first SKUs that are there; nothing also where the store is not yet made.
fn plain_or_nothing(program: &Path, place: &Place) -> Vec<u8> {
    let place = place.arguments();
    ordo(program, &["export", "orders", &place[0], &place[1]]).stdout
}

#[test]
fn a_served_folder_is_left_alone_and_its_server_takes_the_import() {
    let Some(program) = program("a_served_folder_is_left_alone_and_its_server_takes_the_import")
    else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let text: String = (0..3_000).map(|n| past(&n.to_string(), 1, 1)).collect();
    let orders = file(&scratch, "orders.ndjson", &(text + "nonsense\n"));
    let skus = file(
        &scratch,
        "skus.csv",
        "code,weight_g,stock_policy\nA,250,backorder:5\nB,,\n",
    );
    let locations = file(
        &scratch,
        "locations.csv",
        "code,kind,country\nBER,warehouse,DE\n",
    );
    let stock = file(
        &scratch,
        "stock.csv",
        "sku,location,quantity\nA,BER,7\nB,BER,0\nC,BER,1\n",
    );
    let rejects = scratch.path().join("rejects.csv");
    let rejects = rejects.to_str().unwrap();
    let all: [(&[&str], Ran, Ran); 4] = [
        (&["skus", &skus], (0, [2, 2, 0, 0, 0]), (0, [2, 0, 0, 2, 0])),
        (
            &["locations", &locations],
            (0, [1, 1, 0, 0, 0]),
            (0, [1, 0, 0, 1, 0]),
        ),
        (
            &["stock", &stock],
            (3, [3, 1, 0, 1, 1]),
            (3, [3, 0, 0, 2, 1]),
        ),
        (
            &["orders", &orders, "--format", "ndjson"],
            (3, [3_001, 3_000, 0, 0, 1]),
            (3, [3_001, 0, 0, 3_000, 1]),
        ),
    ];
    let served_place = Place::folder();
    let served = Served::start(&program, &served_place);
    let place = served_place.arguments();
    let output = ordo(&program, &["import", "skus", &skus, &place[0], &place[1]]);
    assert_eq!(output.status.code(), Some(75));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--url"));

    let url = format!("http://{}/", served.address);
    let own = Place::folder();
    for run in 0..2 {
        for (words, first, second) in &all {
            let wanted = if run == 0 { first } else { second };
            let words: Vec<&str> = words
                .iter()
                .copied()
                .chain(["--rejects", rejects])
                .collect();
            assert_eq!(import(&program, &own, &words), *wanted, "{words:?}");
            let mut remote = vec!["import"];
            remote.extend_from_slice(&words);
            remote.extend(["--url", &url, "--api-key", KEY, "--json"]);
            let (code, last) = end_of(&ordo(&program, &remote));
            let counts: Value = serde_json::from_str(&last).unwrap();
            let names = ["read", "created", "updated", "unchanged", "rejected"];
            let counts = names.map(|name| counts[name].as_u64().unwrap());
            assert_eq!((code, counts), *wanted, "{words:?} by HTTP");
        }
    }
    let changed = file(&scratch, "changed.csv", "code,weight_g\nA,300\nB,\n");
    let wanted = (0, [2, 0, 1, 1, 0]);
    assert_eq!(import(&program, &own, &["skus", &changed]), wanted);
    let words = [
        "import",
        "skus",
        &changed,
        "--url",
        &url,
        "--api-key",
        KEY,
        "--json",
    ];
    let (code, last) = end_of(&ordo(&program, &words));
    assert_eq!(code, 0, "{last}");
    assert!(last.contains("\"updated\":1,\"unchanged\":1"), "{last}");
    // A key that nobody knows is told before anything is read.
    let words = [
        "import",
        "skus",
        &skus,
        "--url",
        &url,
        "--api-key",
        "nobody's",
    ];
    assert_eq!(ordo(&program, &words).status.code(), Some(1));
    for (what, format) in [("orders", "ndjson"), ("skus", "csv"), ("stock", "csv")] {
        let (own, theirs) = (
            plain(&program, &own, what, format),
            plain(&program, &served_place, what, format),
        );
        assert!(own == theirs, "{what} differ: {own} {theirs}");
    }
    drop(served);
    assert_green(&program, &served_place);
}

#[test]
fn words_that_do_not_fit_are_told_and_nothing_is_made() {
    let Some(program) = program("words_that_do_not_fit_are_told_and_nothing_is_made") else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().join("data");
    let data = data.to_str().unwrap();
    let orders = file(&scratch, "orders.ndjson", &past("1", 1, 1));
    let cases: [(&[&str], i32); 4] = [
        (&["orders", &orders, "--format", "xml"], 2),
        (&["orders", "nowhere.ndjson", "--format", "ndjson"], 1),
        (
            &[
                "orders",
                &orders,
                "--format",
                "ndjson",
                "--organization",
                "other",
            ],
            2,
        ),
        (
            &[
                "orders",
                &orders,
                "--format",
                "ndjson",
                "--url",
                "http://127.0.0.1:9",
            ],
            2,
        ),
    ];
    for (words, wanted) in cases {
        let mut all = vec!["import"];
        all.extend_from_slice(words);
        if !words.contains(&"--url") {
            all.extend(["--data", data]);
        }
        let output = ordo(&program, &all);
        assert_eq!(output.status.code(), Some(wanted), "{words:?} {output:?}");
    }
}
