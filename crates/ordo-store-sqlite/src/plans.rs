//! How SQLite answers the statements that pages and look-ups are made of: always by a search in an
//! index, never by a walk over a table that grows.

use rusqlite::Connection;

use crate::{lists, load, log, lots, orders, reports, search};

/// The plan of a statement, step by step.
fn plan(conn: &Connection, sql: &str) -> Vec<String> {
    let mut statement = conn
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let nulls = vec![rusqlite::types::Null; statement.parameter_count()];
    let rows = statement.query_map(rusqlite::params_from_iter(nulls), |row| row.get(3));
    rows.unwrap().map(Result::unwrap).collect()
}

const STANDING: &str = "SEARCH orders USING COVERING INDEX orders_by_standing (organization=? AND \
     channel=? AND life=? AND payment=? AND fulfillment=? AND held=?";

#[test]
fn every_page_is_a_search_in_an_index() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(include_str!("../migrations/0001_first.sql"))
        .unwrap();
    let run = format!("{STANDING} AND rowid>? AND rowid<?)");
    let counted = format!("{STANDING})");
    let expected: &[(&str, &[&str])] = &[
        (
            orders::NEXT_STANDING,
            &[
                "SEARCH orders USING COVERING INDEX orders_by_standing (organization=? AND \
               (channel,life,payment,fulfillment,held)>(?,?,?,?,?))",
            ],
        ),
        (orders::RUN_NEWEST, &[&run]),
        (orders::RUN_OLDEST, &[&run]),
        (
            orders::COUNT_RUN,
            &["CO-ROUTINE (subquery-1)", &counted, "SCAN (subquery-1)"],
        ),
        (
            orders::COUNT_ALL,
            &[
                "CO-ROUTINE (subquery-1)",
                "SEARCH orders USING COVERING INDEX orders_by_id (organization=?)",
                "SCAN (subquery-1)",
            ],
        ),
        (
            orders::ALL_NEWEST,
            &["SEARCH orders USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
        ),
        (
            orders::ALL_OLDEST,
            &["SEARCH orders USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
        ),
        (
            orders::SEQ_OF_CLAIM,
            &[
                "SEARCH claims USING PRIMARY KEY (organization=? AND kind=? AND key=?)",
                "SEARCH orders USING COVERING INDEX orders_by_id (organization=? AND id=?)",
            ],
        ),
        (
            orders::ORDER_ROW,
            &["SEARCH orders USING INTEGER PRIMARY KEY (rowid=?)"],
        ),
        (
            search::TERM,
            &["SEARCH terms USING PRIMARY KEY (segment=? AND hash=? AND seq>? AND seq<?)"],
        ),
        (
            lists::STOCK,
            &["SEARCH cells USING PRIMARY KEY (organization=? AND \
               (sku,location,owner)>(?,?,?))"],
        ),
        (
            lists::STOCK_OF_SKU,
            &[
                "SEARCH cells USING PRIMARY KEY (organization=? AND sku=? AND \
               (location,owner)>(?,?))",
            ],
        ),
        (
            log::READ,
            &["SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
        ),
        (
            lists::WORK_RUN,
            &[
                "SEARCH fulfillment_orders USING COVERING INDEX fulfillment_orders_by_place \
               (organization=? AND location=? AND state=? AND id>?)",
            ],
        ),
        (
            lists::LOCATIONS,
            &["SEARCH locations USING PRIMARY KEY (organization=?)"],
        ),
        (
            log::ABOUT,
            &["SEARCH events USING INDEX events_by_subject (subject_id=? AND rowid>? AND rowid<?)"],
        ),
        (
            log::LEDGER_OF_SKU,
            &[
                "SEARCH m USING PRIMARY KEY (organization=? AND sku=? AND \
                 (position,line)<(?,?))",
                "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
            ],
        ),
        (
            log::LEDGER_OF_CELL,
            &[
                "SEARCH m USING COVERING INDEX movements_by_cell (organization=? AND sku=? AND \
                 location=? AND (position,line)<(?,?))",
                "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
            ],
        ),
        (
            lists::ROLLUPS,
            &["SEARCH rollups USING PRIMARY KEY (organization=? AND \
                 (day,channel,measure,currency)>(?,?,?,?) AND day<?)"],
        ),
        (
            lists::SHORTFALLS,
            &[
                "SEARCH s USING PRIMARY KEY (organization=? AND (sku,location,owner)>(?,?,?))",
                "SEARCH c USING PRIMARY KEY (organization=? AND sku=? AND location=? AND owner=?)",
            ],
        ),
        (
            log::DUE_RESERVATIONS,
            &[
                "SEARCH reservations USING COVERING INDEX reservations_by_expiry \
               (organization=? AND expires_at<?)",
            ],
        ),
        (
            log::FIND_KEY,
            &[
                "SEARCH hashes USING PRIMARY KEY (hash=?)",
                "SEARCH heads USING INTEGER PRIMARY KEY (rowid=?)",
                "SEARCH api_keys USING PRIMARY KEY (organization=? AND id=?)",
            ],
        ),
        (
            reports::ALL,
            &["SEARCH what_ifs USING INDEX sqlite_autoindex_what_ifs_1 (organization=? AND id<?)"],
        ),
        (
            reports::OF_KIND,
            &["SEARCH what_ifs USING INDEX what_ifs_by_kind (organization=? AND kind=? AND id<?)"],
        ),
        (
            reports::OF_SERIES,
            &[
                "SEARCH what_ifs USING INDEX what_ifs_by_series (organization=? AND series=? AND id<?)",
            ],
        ),
        (
            reports::SURPLUS,
            &["SEARCH what_ifs USING COVERING INDEX what_ifs_by_kind (organization=? AND kind=?)"],
        ),
        (
            load::CELLS,
            &["SEARCH cells USING PRIMARY KEY (organization=? AND sku=?)"],
        ),
        (
            lots::LOTS,
            &["SEARCH cell_lots USING PRIMARY KEY (organization=? AND sku=?)"],
        ),
        (
            load::ANSWER,
            &[
                "SEARCH answers USING INDEX answers_by_key (organization=? AND key=?)",
                "SEARCH orders USING COVERING INDEX orders_by_id (organization=? AND id=?) LEFT-JOIN",
            ],
        ),
        (
            load::DROP_ANSWERS,
            &[
                "SEARCH answers USING INTEGER PRIMARY KEY (rowid=?)",
                "LIST SUBQUERY 1",
                "SEARCH answers USING COVERING INDEX answers_by_time (at<?)",
            ],
        ),
    ];
    for (sql, steps) in expected {
        assert_eq!(plan(&conn, sql), *steps, "{sql}");
    }
}
