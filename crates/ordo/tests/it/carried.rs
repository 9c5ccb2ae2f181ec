//! Everything that is stored, carried between stores and through a backup.

use std::path::Path;
use std::process::Output;

use ordo_domain::Command;
use ordo_domain::id::WhatIfId;
use ordo_domain::organization::Role;
use ordo_domain::rate::{CreateRateTable, RateTableDraft};
use ordo_domain::rules::preset::fewest_splits;
use ordo_domain::rules::{CreateRuleSet, ScopeDraft};
use ordo_domain::sourcing::{Prices, PromiseKind, RenewPrices, UpdateSourcingSettings};
use ordo_domain::time::{DAY, Timestamp};
use ordo_domain::webhook::CreateWebhook;
use ordo_geo::writer::Writer;
use ordo_store::contract::fixture::{
    Shop, adjust, cancel, capture, create_key, order, receive, reserve,
};
use ordo_store::portable::{self, Dump, Tally, tally};
use ordo_store::{
    Agenda, LedgerPlace, LedgerTerm, Report, ReportHead, ReportKind, Reports, Rollup,
    RollupMeasure, Store, TaskDraft, TaskEnd, TaskState, Term, ViewWrite, Wait, WaitFor, WaitKind,
    points,
};
use ordo_store_postgres::PostgresStore;
use ordo_store_postgres::cluster::{Cluster, Durability};
use ordo_store_sqlite::SqliteStore;

/// A store of each kind.
enum Place<'a> {
    Folder(&'a Path),
    Database(&'a str),
}

impl Place<'_> {
    async fn dump(&self) -> Box<dyn Dump> {
        match self {
            Self::Folder(dir) => ordo_store_sqlite::portable::dump_locked(dir).unwrap(),
            Self::Database(url) => ordo_store_postgres::portable::dump(url, true)
                .await
                .unwrap(),
        }
    }

    async fn carry(&self, to: &Self) -> Tally {
        let fill = match to {
            Self::Folder(dir) => ordo_store_sqlite::portable::fill(dir, false).unwrap(),
            Self::Database(url) => ordo_store_postgres::portable::fill(url).await.unwrap(),
        };
        let mut dump = self.dump().await;
        let carried = portable::carry(&mut *dump, fill, &mut |_, _| {}).await;
        carried.unwrap()
    }
}

/// Rows in every table: two organizations, orders that were canceled, reservations, answers, terms.
async fn furnish(store: &SqliteStore) -> Vec<(Term, i64)> {
    let mut terms = Vec::new();
    for n in 1..=2 {
        let mut shop = Shop::open(store, n).await;
        let everything = shop.everything().await;
        shop.commits(&everything).await;
        shop.give(receive("A", "BER", 1_000)).await;
        shop.give(reserve("A", 3, 60)).await;
        shop.give(create_key("other", Role::Viewer, [n + 100; 32]))
            .await;
        // A table without zones serves nobody.
        shop.give(Command::CreateRateTable(CreateRateTable {
            table: Box::new(RateTableDraft {
                code: "parcel".to_owned(),
                carrier: "house".to_owned(),
                service: "parcel".to_owned(),
                currency: "EUR".parse().unwrap(),
                origins: Vec::new(),
                zones: Vec::new(),
                steps_g: vec![1_000],
                mm3_per_g: Some(5_000),
                surcharges: Vec::new(),
                takes: None,
                valid_from: None,
                valid_until: None,
            }),
        }))
        .await;
        shop.give(Command::UpdateSourcingSettings(UpdateSourcingSettings {
            promise: Some(PromiseKind::Hard),
            ..UpdateSourcingSettings::default()
        }))
        .await;
        // A draft says nothing yet.
        shop.give(Command::CreateRuleSet(CreateRuleSet {
            code: "rules".to_owned(),
            name: None,
            scope: ScopeDraft::default(),
            priority: 0,
            note: None,
            rules: Box::new(fewest_splits()),
        }))
        .await;
        // A book without prices is a book all the same.
        shop.give(Command::RenewPrices(Box::new(RenewPrices {
            after: 0,
            prices: Prices {
                made_at: Timestamp::from_micros(0),
                currency: None,
                horizon_days: 3,
                orders_seen: 0,
                orders_expected: 0,
                locations: Vec::new(),
                stock: Vec::new(),
                shipments: Vec::new(),
                declines: Vec::new(),
            },
        })))
        .await;
        for i in 0..40 {
            let external = format!("carried-{i}-ü\\\t\n");
            let given = shop
                .give(capture(&order(&external, &[("A", 1), ("B", 2)])))
                .await;
            let id = given.order().id;
            terms.push((
                Term {
                    hash: i64::MIN + i,
                    order: id,
                },
                i64::from(n),
            ));
            if i % 7 == 0 {
                shop.give(cancel(&given)).await;
            }
        }
        let head = store.head(shop.organization).await.unwrap();
        let own = terms.iter().filter(|(_, whose)| *whose == i64::from(n));
        let reference = store.load_reference(shop.organization).await.unwrap();
        let channel = reference.channel_by_code("web").unwrap().id;
        shop.give(adjust("A", "BER", -1_000)).await;
        let waiting = own.clone().next().unwrap().0.order;
        let write = ViewWrite {
            organization: shop.organization,
            consumer: "view",
            after: 0,
            upto: head.position,
            terms: own.map(|(term, _)| *term).collect(),
            movements: vec![LedgerTerm {
                place: LedgerPlace {
                    position: 1,
                    line: 0,
                },
                sku: shop.sku("A").await,
                location: shop.location("BER").await,
            }],
            rollups: vec![Rollup {
                day: 20_000,
                channel,
                measure: RollupMeasure::Placed,
                currency: "EUR".parse().unwrap(),
                count: 40,
                amount: 4_000,
            }],
            waits: vec![Wait {
                what: WaitFor {
                    kind: WaitKind::Stock,
                    key: 7,
                },
                order: waiting,
            }],
            tasks: vec![TaskDraft {
                id: 1,
                kind: "retry_waiting".to_owned(),
                queue: "stock:7".to_owned(),
                position: 1,
                due_at: Timestamp::from_micros(1),
                body: "{}".to_owned(),
            }],
            at: Timestamp::from_micros(2),
        };
        assert!(store.save_view(&write).await.unwrap());
        let report = Report {
            head: ReportHead {
                id: WhatIfId::from_u128(1),
                kind: ReportKind::Shadow,
                series: "rules".to_owned(),
                created_at: Timestamp::from_micros(3),
                head: "{}".to_owned(),
            },
            body: "{\"orders\":1}".to_owned(),
        };
        let kept = store.keep_report(shop.organization, &report, 1).await;
        kept.unwrap();
        let mut own = Writer::default();
        own.postal(*b"DE", b"10115", (52_530_000, 13_380_000));
        let parts = points::to_parts(&own.finish());
        store.save_points(shop.organization, &parts).await.unwrap();
    }
    terms
}

/// Goal: what arrives is what left, whatever stores lie between, also of what only one of them
/// writes differently. Method: SQLite, PostgreSQL, PostgreSQL, SQLite, SQLite; each step compares
/// row by row by itself, and at the end the first is compared with the last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_arrives_on_every_way() {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let Some(cluster) = Cluster::for_test(
        "carried::everything_arrives_on_every_way",
        Durability::Off,
        Some(cache),
    ) else {
        return;
    };
    let folders = tempfile::tempdir().unwrap();
    let folder = |n: usize| folders.path().join(n.to_string());
    let first = SqliteStore::open(&folder(0), ordo_store_sqlite::Options::default()).unwrap();
    furnish(&first).await;
    let answers = first.drop_answers(Timestamp::from_micros(-DAY), 1).await;
    assert_eq!(answers.unwrap(), 0);
    drop(first);
    let one = cluster.create_database("one").await.unwrap();
    let two = cluster.create_database("two").await.unwrap();
    let (zero_dir, three_dir, four_dir) = (folder(0), folder(3), folder(4));
    let ways = [
        Place::Folder(&zero_dir),
        Place::Database(&one),
        Place::Database(&two),
        Place::Folder(&three_dir),
        Place::Folder(&four_dir),
    ];
    let before = tally(&mut *ways[0].dump().await).await.unwrap();
    let empty = [
        "legal_entities",
        "pools",
        "blocks",
        "listings",
        "shipments",
        "returns",
        "cell_lots",
        "webhooks",
        "payloads",
        "documents",
        "document_numbers",
    ];
    for table in portable::TABLES {
        let rows = before.rows(table.name);
        assert!(
            rows > 0 || empty.contains(&table.name),
            "{} is empty",
            table.name
        );
    }
    for way in ways.windows(2) {
        assert_eq!(way[0].carry(&way[1]).await, before);
    }
    let last = tally(&mut *ways[4].dump().await).await.unwrap();
    assert_eq!(last, before);
    // Both go on from there.
    let options = ordo_store_postgres::Options::default();
    let postgres = PostgresStore::connect(&two, &options).await.unwrap();
    let sqlite = SqliteStore::open(&folder(4), ordo_store_sqlite::Options::default()).unwrap();
    let organizations = sqlite.organizations().await.unwrap();
    assert_eq!(organizations, postgres.organizations().await.unwrap());
    assert_eq!(organizations.len(), 2);
}

fn ordo(arguments: &[&str]) -> Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_ordo"))
        .args(arguments)
        .env("ORDO_LOG", "warn")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn done(arguments: &[&str]) -> String {
    let output = ordo(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with the demo company and some orders.
pub async fn demo_folder(dir: &Path) {
    let store = SqliteStore::open(dir, ordo_store_sqlite::Options::default()).unwrap();
    let mut shop = Shop::open(&store, 1).await;
    shop.give(receive("A", "BER", 1_000)).await;
    for i in 0..25 {
        let given = shop
            .give(capture(&order(&i.to_string(), &[("A", 2)])))
            .await;
        if i % 5 == 0 {
            shop.give(cancel(&given)).await;
        }
    }
}

/// Goal: a user moves a shop to PostgreSQL and back, and its orders read the same everywhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_moves_to_postgres_and_back() {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let test = "carried::a_shop_moves_to_postgres_and_back";
    let Some(cluster) = Cluster::for_test(test, Durability::Off, Some(cache)) else {
        return;
    };
    let folders = tempfile::tempdir().unwrap();
    let (here, back) = (folders.path().join("here"), folders.path().join("back"));
    let (here, back) = (here.to_str().unwrap(), back.to_str().unwrap());
    demo_folder(Path::new(here)).await;
    let url = cluster.create_database("moved").await.unwrap();
    let export = |place: [&str; 2]| {
        done(&[
            "export",
            "orders",
            place[0],
            place[1],
            "--organization",
            "shop-1",
        ])
    };
    let before = export(["--data", here]);
    assert_eq!(before.lines().count(), 25);

    let moved = done(&["move", "--from-data", here, "--to-database-url", &url]);
    assert!(
        moved.contains("orders                           25 rows"),
        "{moved}"
    );
    assert_eq!(export(["--database-url", &url]), before);
    done(&["check", "--database-url", &url]);

    let again = ordo(&["move", "--from-data", here, "--to-database-url", &url]);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert!(said(&again).contains("not empty"), "{}", said(&again));

    done(&["move", "--from-database-url", &url, "--to-data", back]);
    assert_eq!(export(["--data", back]), before);
    done(&["check", "--data", back]);
}

/// Goal: a backup of a folder that is being served is proved, restores elsewhere, and replaces
/// nothing that was not given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_served_folder_restores() {
    let folders = tempfile::tempdir().unwrap();
    let (here, there) = (folders.path().join("here"), folders.path().join("there"));
    let file = folders.path().join("backup.gz");
    let (here, there, file) = (
        here.to_str().unwrap(),
        there.to_str().unwrap(),
        file.to_str().unwrap(),
    );
    demo_folder(Path::new(here)).await;
    let serving = SqliteStore::open(Path::new(here), ordo_store_sqlite::Options::default());
    let serving = serving.unwrap();
    let wrote = done(&["backup", "--data", here, "--to", file]);
    assert!(wrote.contains("the books balance"), "{wrote}");
    assert!(wrote.contains("sha-256 "), "{wrote}");
    let twice = ordo(&["backup", "--data", here, "--to", file]);
    assert_eq!(twice.status.code(), Some(1), "{}", said(&twice));

    done(&["restore", "--from", file, "--data", there]);
    let export = |dir: &str| {
        done(&[
            "export",
            "orders",
            "--data",
            dir,
            "--organization",
            "shop-1",
        ])
    };
    assert_eq!(export(there), export(here));
    done(&["check", "--data", there]);

    // There is something there now, and here somebody is at work.
    assert_eq!(
        ordo(&["restore", "--from", file, "--data", there])
            .status
            .code(),
        Some(1)
    );
    done(&["restore", "--from", file, "--data", there, "--force"]);
    let busy = ["restore", "--from", file, "--data", here, "--force"];
    assert_eq!(ordo(&busy).status.code(), Some(75));
    let busy = ["move", "--from-data", here, "--to-data", "unused"];
    assert_eq!(ordo(&busy).status.code(), Some(75));
    drop(serving);
}

/// Goal: a restored shop calls nobody by itself, whether the delivery waited or the view had not come
/// to its event yet. Method: one delivery that waits, one that is done, and a log that no view has
/// followed, restored both ways.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_of_a_backup_are_held_unless_they_are_to_go_on() {
    let folders = tempfile::tempdir().unwrap();
    let (here, file) = (
        folders.path().join("here"),
        folders.path().join("backup.gz"),
    );
    let options = ordo_store_sqlite::Options::default();
    let store = SqliteStore::open(&here, options).unwrap();
    let mut shop = Shop::open(&store, 1).await;
    shop.give(Command::CreateWebhook(CreateWebhook {
        url: "https://example.com/hook".to_owned(),
        events: vec!["order.placed".to_owned()],
        description: None,
    }))
    .await;
    shop.give(capture(&order("not seen yet", &[("A", 1)])))
        .await;
    let task = |id| TaskDraft {
        id,
        kind: "webhook".to_owned(),
        queue: id.to_string(),
        position: 1,
        due_at: Timestamp::from_micros(1),
        body: "{}".to_owned(),
    };
    let (organization, now) = (shop.organization, shop.now);
    let added = store
        .add_tasks(organization, now, &[task(1), task(2)])
        .await;
    added.unwrap();
    let lease = std::time::Duration::from_secs(1);
    let leased = store
        .lease_tasks(&["webhook"], now, lease, 1)
        .await
        .unwrap();
    let (id, fence) = (leased[0].id, leased[0].fence);
    let ended = store
        .end_task(organization, id, fence, &TaskEnd::Done)
        .await;
    assert!(ended.unwrap());
    drop(store);
    let (here, file) = (here.to_str().unwrap(), file.to_str().unwrap());
    done(&["backup", "--data", here, "--to", file]);
    for (flag, parked, waiting) in [(None, 2, 0), (Some("--resume-deliveries"), 0, 1)] {
        let there = folders.path().join(flag.unwrap_or("held"));
        let mut words = vec!["restore", "--from", file, "--data", there.to_str().unwrap()];
        words.extend(flag);
        let said = done(&words);
        assert_eq!(
            said.contains("2 deliveries that waited are parked"),
            parked > 0,
            "{said}"
        );
        let store = SqliteStore::open(&there, options).unwrap();
        for (state, count) in [
            (TaskState::Parked, parked),
            (TaskState::Waiting, waiting),
            (TaskState::Done, 1),
        ] {
            let page = store.list_tasks(organization, &["webhook"], state, None, 10);
            assert_eq!(page.await.unwrap().items.len(), count, "{flag:?} {state:?}");
        }
    }
}
