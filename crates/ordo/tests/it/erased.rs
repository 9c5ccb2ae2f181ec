//! A person is erased, and nothing of them can be read anywhere any more (I12).

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use ordo_store_postgres::cluster::{Cluster, Durability};
use serde_json::{Value, json};

use ordo_proof::http::Http;
use ordo_proof::served::{self, KEY, Place, Served};

/// Everything that tells of the person; found nowhere else.
const WORDS: [&str; 9] = [
    "Quendolina",
    "Xaverstein",
    "Zwetschgenpfad",
    "quendolina.x@example.org",
    "Hinterhaus-Qx7",
    "0049301555927",
    "klingeln-bei-Wyzowski",
    "Herzlichst-Tantchen-Zyx",
    "Gravur-QXW",
];

fn theirs(external_id: &str) -> Value {
    let mut order = served::order(external_id, "A", 1);
    order["ship_to"] = json!({
        "name": "Quendolina Xaverstein", "line1": "Zwetschgenpfad 9", "line2": "Hinterhaus-Qx7",
        "postal_code": "10117", "city": "Berlin", "country": "DE",
        "email": "quendolina.x@example.org", "phone": "0049301555927",
    });
    order["note"] = "klingeln-bei-Wyzowski".into();
    order["gift_text"] = "Herzlichst-Tantchen-Zyx".into();
    order["lines"][0]["personalization"] = "Gravur-QXW".into();
    order
}

fn ordo(place: &Place, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ordo"))
        .args(arguments)
        .args(place.arguments())
        .env("ORDO_LOG", "debug")
        .output()
        .unwrap()
}

fn texts(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn assert_silent(what: &str, bytes: &[u8]) {
    for word in WORDS {
        let found = bytes
            .windows(word.len())
            .any(|piece| piece == word.as_bytes());
        assert!(!found, "{what} still holds {word}");
    }
}

/// Every file of the folder, or every row of the database.
async fn assert_forgotten(place: &Place) {
    match place {
        Place::Folder(folder) => {
            for file in std::fs::read_dir(folder.path()).unwrap() {
                let path = file.unwrap().path();
                assert_silent(&path.display().to_string(), &std::fs::read(&path).unwrap());
            }
        }
        Place::Cluster(cluster) => {
            let url = cluster.url("postgres");
            let mut dump = ordo_store_postgres::portable::dump(&url, false)
                .await
                .unwrap();
            for table in ordo_store::portable::TABLES {
                dump.begin(table).await.unwrap();
                loop {
                    let rows = dump.next().await.unwrap();
                    if rows.is_empty() {
                        break;
                    }
                    assert_silent(table.name, format!("{rows:?}").as_bytes());
                }
            }
        }
    }
}

fn wait_for(what: &str, mut is_true: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_true() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn found(http: &mut Http, word: &str) -> usize {
    let answer = http.get(&format!("/api/v1/orders?q={word}")).unwrap();
    answer.json()["items"].as_array().unwrap().len()
}

/// Goal: after an erasure over HTTP, and one more with nobody serving, no word of the person is
/// anywhere, and everything else is as it was. Method: their orders lie among hundreds of others, so
/// that pages were split and merged around them; one has two versions.
async fn erase_a_person(place: Place) {
    let program = Path::new(env!("CARGO_BIN_EXE_ordo"));
    let server = Served::start(program, &place);
    let mut http = server.http();
    served::set_up(&mut http, "A", &json!("tracked"), 1, 1_000);
    let capture = |http: &mut Http, order: &Value| {
        let answer = http.post("/api/v1/orders", order).unwrap();
        assert!(answer.status < 300, "{answer:?}");
        answer.json()["id"].as_str().unwrap().to_owned()
    };
    let mut ids = Vec::new();
    for n in 0..300 {
        let external_id = format!("E{n}");
        let order = if n % 60 == 7 {
            theirs(&external_id)
        } else {
            served::order(&external_id, "A", 1)
        };
        ids.push(capture(&mut http, &order));
    }
    // A newer version without their address: the older one must go as well.
    let mut newer = served::order("E7", "A", 1);
    newer["source_version"] = 2.into();
    newer["ship_to"]["email"] = "quendolina.x@example.org".into();
    capture(&mut http, &newer);
    wait_for("the search finds them", || {
        found(&mut http, "Quendolina") == 5
    });

    let person = json!({"email": "Quendolina.X@example.org"});
    let mut dry = person.clone();
    dry["dry_run"] = true.into();
    let would = http.post("/api/v1/persons/erase", &dry).unwrap().json();
    assert_eq!(
        (&would["contacts"], &would["orders"]),
        (&json!(6), &json!(5)),
        "{would}"
    );
    assert_eq!(
        found(&mut http, "Quendolina"),
        5,
        "a dry run changes nothing"
    );
    let busy = ordo(&place, &["erase", "--phone", "0049 30 1555927"]);
    if matches!(place, Place::Folder(_)) {
        assert_eq!(busy.status.code(), Some(75), "{}", texts(&busy));
        assert!(texts(&busy).contains("--url"), "{}", texts(&busy));
    } else {
        assert!(busy.status.success(), "{}", texts(&busy));
        assert_silent("what erase says", &busy.stdout);
    }
    let url = format!("http://{}", server.address);
    let erase = Command::new(env!("CARGO_BIN_EXE_ordo"))
        .args(["erase", "--email", "quendolina.x@example.org", "--json"])
        .args(["--url", &url, "--api-key", KEY])
        .output()
        .unwrap();
    assert!(erase.status.success(), "{}", texts(&erase));
    let erased: Value = serde_json::from_slice(&erase.stdout).unwrap();
    assert_eq!(erased["complete"], true);
    if matches!(place, Place::Folder(_)) {
        assert_eq!(
            (&erased["contacts"], &erased["orders"]),
            (&json!(6), &json!(5))
        );
        assert_eq!(erased["open_orders"], 5);
    }

    // Also while it is being served.
    assert_forgotten(&place).await;
    for word in ["Quendolina", "Xaverstein", "0049301555927", "10117"] {
        assert_eq!(found(&mut http, word), 0, "{word}");
    }
    assert_eq!(
        found(&mut http, "E67"),
        1,
        "the order is still found by its own id"
    );
    let order = http.get(&format!("/api/v1/orders/{}", ids[67])).unwrap();
    assert_eq!(order.status, 200);
    assert_eq!(order.json()["lines"][0]["allocated"], 1);
    assert_silent("the order", order.body.as_bytes());
    let timeline = http
        .get(&format!("/api/v1/orders/{}/events", ids[7]))
        .unwrap();
    assert_silent("the timeline", timeline.body.as_bytes());
    // Others are untouched.
    let other = http
        .get(&format!("/api/v1/orders?q={}", "e8@example.com"))
        .unwrap();
    assert_eq!(other.json()["items"].as_array().unwrap().len(), 1);
    let again = http.post("/api/v1/persons/erase", &person).unwrap().json();
    assert_eq!(
        (&again["contacts"], &again["orders"]),
        (&json!(0), &json!(0))
    );
    server.kill();

    let exported = ordo(&place, &["export", "orders"]);
    assert!(exported.status.success(), "{}", texts(&exported));
    assert_eq!(
        exported
            .stdout
            .iter()
            .filter(|byte| **byte == b'\n')
            .count(),
        300
    );
    assert_silent("the export", texts(&exported).as_bytes());
    let checked = ordo(&place, &["check"]);
    assert!(checked.status.success(), "{}", texts(&checked));
    assert_forgotten(&place).await;
    let one = ordo(&place, &["erase", "--order", &ids[8]]);
    assert!(
        texts(&one).contains("erased 1 contacts of 1 orders"),
        "{}",
        texts(&one)
    );
    let nobody = ordo(&place, &["erase", "--order", "nothing"]);
    assert_eq!(nobody.status.code(), Some(2), "{}", texts(&nobody));
    if let Place::Folder(folder) = &place {
        let street = b"Street E8\"";
        let data = std::fs::read(Path::new(folder.path()).join("ordo.db")).unwrap();
        assert!(!data.windows(street.len()).any(|piece| piece == street));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_a_person_in_sqlite() {
    erase_a_person(Place::folder()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_a_person_in_postgres() {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let test = "erased::nothing_is_left_of_a_person_in_postgres";
    if let Some(cluster) = Cluster::for_test(test, Durability::Off, Some(cache)) {
        erase_a_person(Place::Cluster(cluster)).await;
    }
}
