//! Plans of the lists over 20,000 orders of two organizations: each page is a range of an index,
//! read in the order in which it is shown, and nothing is sorted but the ranges that a page merges.

use ordo_domain::id::{ChannelId, OrganizationId};
use ordo_store::{OrderFilter, OrderSort};

use super::{ABOUT, LEDGER_OF_CELL, LEDGER_OF_SKU, WORK};
use crate::cluster::{Cluster, Durability};
use crate::store::{Options, PostgresStore};

/// Of each organization nine in ten orders are closed, captured and full; the channel 2 and what is
/// held, refunded or partial are rare.
const ORDERS: &str = "
    INSERT INTO orders (organization, id, number, version, channel, external_id, life, payment,
        fulfillment, returns, holds, placed_at, total, currency, country, body)
    SELECT lpad(o::text, 32, '0')::uuid, md5(o || '-' || n)::uuid, n, 1,
        lpad(CASE WHEN n % 500 = 0 THEN '2' ELSE '1' END, 32, '0')::uuid, n::text,
        CASE WHEN n % 10 = 0 THEN 'open' ELSE 'closed' END,
        CASE WHEN n % 400 = 0 THEN 'refunded' ELSE 'captured' END,
        CASE WHEN n % 300 = 0 THEN 'partial' WHEN n % 10 = 0 THEN 'none' ELSE 'full' END,
        'none', CASE WHEN n % 200 = 0 THEN 1 ELSE 0 END, n, n, 'EUR', 'DE', '{}'
    FROM generate_series(1, 2) AS o, generate_series(1, 10000) AS n;
    ANALYZE;";

#[tokio::test]
async fn a_page_of_orders_is_a_range_of_an_index() {
    let Some(cluster) = Cluster::for_test("list::plans", Durability::Off, None) else {
        return;
    };
    let url = cluster.create_database("plans").await.unwrap();
    let store = PostgresStore::connect(&url, &Options::default())
        .await
        .unwrap();
    let lease = store.writers.lease().await.unwrap();
    lease.client().batch_execute(ORDERS).await.unwrap();
    lease.give_back();

    let named = |name: &str| Some(name.to_owned());
    let of = |change: fn(&mut OrderFilter)| {
        let mut filter = OrderFilter::default();
        change(&mut filter);
        filter
    };
    let payment = |name| OrderFilter {
        payment: named(name),
        ..OrderFilter::default()
    };
    let channel = OrderFilter {
        channel: Some(ChannelId::from_u128(2)),
        ..OrderFilter::default()
    };
    for (filter, index) in [
        (OrderFilter::default(), "orders_number"),
        (
            of(|filter| filter.life = Some("open".to_owned())),
            "orders_life",
        ),
        (
            of(|filter| filter.life = Some("closed".to_owned())),
            "orders_number",
        ),
        (of(|filter| filter.held = Some(true)), "orders_held"),
        (of(|filter| filter.held = Some(false)), "orders_number"),
        (payment("refunded"), "orders_payment"),
        (payment("captured"), "orders_number"),
        (
            of(|filter| filter.fulfillment = Some("partial".to_owned())),
            "orders_fulfillment",
        ),
        (channel, "orders_channel"),
    ] {
        for sort in [OrderSort::Newest, OrderSort::Oldest] {
            for after in [None, Some(5_000)] {
                let plan = plan(&store, &filter, sort, after).await;
                let uses = format!(" {index} on ");
                let case = format!("{filter:?} {sort:?} after {after:?}\n{plan}");
                assert!(plan.contains(&uses), "{case}");
                assert!(
                    !plan.contains("Sort") && !plan.contains("Seq Scan"),
                    "{case}"
                );
            }
        }
    }
}

/// Of each organization 10,000 fulfillment orders at four locations, most of them shipped; three
/// events of each, and as many of records that belong to no order; and as many movements of fifty SKUs.
const WORK_AND_EVENTS: &str = "
    INSERT INTO fulfillment_orders (organization, id, version, order_id, location, state, body)
    SELECT lpad(o::text, 32, '0')::uuid, md5(o || '-' || n)::uuid, 1, md5(n::text)::uuid,
        lpad((n % 4)::text, 32, '0')::uuid, CASE WHEN n % 20 = 0 THEN 'open' ELSE 'shipped' END, '{}'
    FROM generate_series(1, 2) AS o, generate_series(1, 10000) AS n;
    INSERT INTO events (organization, position, recorded_at, effective_at, command, actor, name, form,
        subject_kind, subject_id, subject_version, body)
    SELECT lpad(o::text, 32, '0')::uuid, n, n, n, md5(n::text)::uuid, 'system', 'x', 1,
        CASE WHEN n % 2 = 0 THEN 10 ELSE 8 END, md5(o || '-' || n % 10000)::uuid, 1, '{}'
    FROM generate_series(1, 2) AS o, generate_series(1, 60000) AS n;
    INSERT INTO movements (organization, sku, position, line, location)
    SELECT lpad(o::text, 32, '0')::uuid, lpad((n % 50)::text, 32, '0')::uuid, n, 0,
        lpad((n % 4)::text, 32, '0')::uuid
    FROM generate_series(1, 2) AS o, generate_series(1, 10000) AS n;
    ANALYZE;";

/// Goal: neither a page of work nor the story of an order nor a page of the ledger costs more where
/// there is more. Method: of each range an index is read up to a limit, and no table is walked through.
#[tokio::test]
async fn pages_of_work_and_events_merge_ranges_of_an_index() {
    let Some(cluster) = Cluster::for_test("list::plans::work", Durability::Off, None) else {
        return;
    };
    let url = cluster.create_database("plans").await.unwrap();
    let store = PostgresStore::connect(&url, &Options::default())
        .await
        .unwrap();
    let lease = store.writers.lease().await.unwrap();
    lease.client().batch_execute(WORK_AND_EVENTS).await.unwrap();
    lease.give_back();

    let whose = "'00000000000000000000000000000001'::uuid";
    let at = "'00000000000000000000000000000002'::uuid";
    let (one, four) = (
        format!("ARRAY[{at}]"),
        format!("ARRAY[{whose}, {at}, md5('3')::uuid, md5('4')::uuid]"),
    );
    for (sql, values, index) in [
        (
            WORK,
            vec![whose, &one, "ARRAY['open']", at, "51"],
            "fulfillment_orders_place",
        ),
        (
            WORK,
            vec![whose, &four, "ARRAY['open', 'released']", at, "51"],
            "fulfillment_orders_place",
        ),
        (
            ABOUT,
            vec![whose, &four, "ARRAY[9, 10, 10, 13]::smallint[]", "0", "51"],
            "events_story",
        ),
        (
            ABOUT,
            vec![whose, &one, "ARRAY[10]::smallint[]", "30000", "51"],
            "events_story",
        ),
        (
            LEDGER_OF_SKU,
            vec![whose, at, "5000", "0", "51"],
            "movements_pkey",
        ),
        (
            LEDGER_OF_CELL,
            vec![whose, at, at, "5000", "0", "51"],
            "movements_by_cell",
        ),
    ] {
        let mut written = sql.to_owned();
        for (n, value) in values.iter().enumerate() {
            written = written.replace(&format!("${}", n + 1), value);
        }
        let plan = explain(&store, &written).await;
        assert!(!plan.contains("Seq Scan"), "{sql}\n{plan}");
        let lines: Vec<&str> = plan.lines().map(str::trim).collect();
        let run = lines
            .iter()
            .position(|line| line.contains(&format!(" {index} on ")));
        let run = run.unwrap_or_else(|| panic!("{index} is not used: {sql}\n{plan}"));
        assert!(lines[run - 1].ends_with("Limit"), "{sql}\n{plan}");
    }
}

async fn plan(
    store: &PostgresStore,
    filter: &OrderFilter,
    sort: OrderSort,
    after: Option<i64>,
) -> String {
    let organization = OrganizationId::from_u128(1);
    let orders = store.orders(organization, filter, sort, after).await;
    explain(store, &orders.unwrap().unwrap().page(51)).await
}

async fn explain(store: &PostgresStore, sql: &str) -> String {
    let rows = store.rows_once(&format!("EXPLAIN (COSTS off) {sql}")).await;
    let lines: Vec<String> = (rows.unwrap().iter()).map(|row| row.get(0)).collect();
    lines.join("\n")
}
