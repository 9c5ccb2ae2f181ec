//! Search: orders that have all of some terms, and pass the other filters.
//!
//! First each list of hits is read for a few hundred entries from where the page starts: the one that
//! ends, or reaches furthest with them, is the thinnest. That one is walked in the order of the page,
//! and each order on it is looked up in the others by its key. The statements leave the planner no
//! choice, since its statistics know nothing of how often a single term occurs.
//!
//! Invariant: one call reads a bounded number of entries, however many orders there are. A search that
//! must read more says how far it came.

use std::fmt::Write as _;

use ordo_store::{OrderSort, StoreError};
use tokio_postgres::Row;

use super::orders::Orders;
use crate::rows::{ORDER_COLUMNS, get};
use crate::store::PostgresStore;

/// Entries that are read of each list to find the thinnest. A list with fewer is walked in full.
const FIRST: i64 = 512;
/// Entries of the thinnest list that one call may walk on after those: some 15 ms with two terms.
pub(super) const BUDGET: i64 = 8_192;

/// What is wanted of the orders found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// The rows of a list.
    Rows,
    /// How many there are.
    Count,
}

/// What a search found.
#[derive(Default)]
pub(super) struct Found {
    /// With [`Show::Rows`].
    pub(super) rows: Vec<Row>,
    /// How many orders.
    pub(super) count: i64,
    /// The number of the order to go on after, where the search stopped before it had enough.
    pub(super) rest: Option<i64>,
}

/// A list of orders that a search intersects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    /// Those with a term.
    Term(i64),
    /// Those that pass the other filters.
    Columns,
}

/// How far some entries of a list reach.
#[derive(Debug, Clone, Copy)]
struct Reach {
    count: i64,
    /// The number of the last of them.
    last: Option<i64>,
}

/// A piece of a walk.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// The number that it starts after.
    after: Option<i64>,
    /// The number that it ends with.
    last: Option<i64>,
}

impl PostgresStore {
    /// The first `wanted` of the orders, or as many as are found within `budget`.
    pub(super) async fn search(
        &self,
        orders: &Orders,
        show: Show,
        wanted: i64,
        budget: i64,
    ) -> Result<Found, StoreError> {
        let (list, mut last) = self.thinnest(orders).await?;
        let mut found = Found::default();
        let mut after = orders.after;
        let mut is_spent = false;
        loop {
            let piece = Piece { after, last };
            let more = wanted - found.count;
            let rows = self
                .rows_once(&orders.walk(list, piece, show, more))
                .await?;
            match show {
                Show::Rows => {
                    found.count += i64::try_from(rows.len()).unwrap_or(i64::MAX);
                    found.rows.extend(rows);
                }
                Show::Count => found.count += rows.first().map_or(Ok(0), |row| get(row, 0))?,
            }
            if found.count >= wanted || last.is_none() {
                return Ok(found);
            }
            if is_spent {
                found.rest = last;
                return Ok(found);
            }
            after = last;
            let reach = self.reach(orders, &[list], after, budget).await?;
            last = reach.first().and_then(|reach| reach.end(budget));
            is_spent = true;
        }
    }

    /// The list to walk, and the number up to which, where that is not its end.
    async fn thinnest(&self, orders: &Orders) -> Result<(List, Option<i64>), StoreError> {
        let has_columns = orders.conditions.len() > 1;
        if orders.are_named {
            return Ok((List::Columns, None));
        }
        let mut lists: Vec<List> = orders.terms.iter().copied().map(List::Term).collect();
        if let ([only], false) = (lists.as_slice(), has_columns) {
            return Ok((*only, None));
        }
        let mut reaches = self.reach(orders, &lists, orders.after, FIRST).await?;
        // Few orders of a term are looked up one by one for less than the other filters may cost.
        if has_columns && reaches.iter().all(|reach| reach.count >= FIRST) {
            lists.push(List::Columns);
            let columns = self.reach(orders, &[List::Columns], orders.after, FIRST);
            reaches.extend(columns.await?);
        }
        let rank = |(_, reach): &(List, Reach)| {
            let last = reach.last.unwrap_or_default();
            match orders.sort {
                OrderSort::Newest => (reach.count, last),
                OrderSort::Oldest => (reach.count, -last),
            }
        };
        let thinnest = lists.into_iter().zip(reaches).min_by_key(rank);
        Ok(thinnest.map_or((List::Columns, None), |(list, reach)| {
            (list, reach.end(FIRST))
        }))
    }

    /// How far the first `most` entries of each list reach.
    async fn reach(
        &self,
        orders: &Orders,
        lists: &[List],
        after: Option<i64>,
        most: i64,
    ) -> Result<Vec<Reach>, StoreError> {
        let piece = Piece { after, last: None };
        let reaches: Vec<String> = (lists.iter().enumerate())
            .map(|(n, list)| orders.reach(n, *list, piece, most))
            .collect();
        let sql = format!("{} ORDER BY 1", reaches.join(" UNION ALL "));
        let rows = self.rows_once(&sql).await?;
        rows.iter()
            .map(|row| {
                Ok(Reach {
                    count: get(row, 1)?,
                    last: get(row, 2)?,
                })
            })
            .collect()
    }
}

impl Reach {
    /// The number of the last entry, where there may be others after the `most` that were read.
    fn end(self, most: i64) -> Option<i64> {
        self.last.filter(|_| self.count >= most)
    }
}

impl Orders {
    /// Counts up to `most` entries of a list and names the last.
    fn reach(&self, n: usize, list: List, piece: Piece, most: i64) -> String {
        let entries = self.entries(list, piece);
        let (last, direction) = match self.sort {
            OrderSort::Newest => ("min", "DESC"),
            OrderSort::Oldest => ("max", "ASC"),
        };
        format!(
            "SELECT {n}, count(*), {last}(number) FROM \
             (SELECT number {entries} ORDER BY number {direction} LIMIT {most}) AS l{n}"
        )
    }

    /// Walks a piece of a list and keeps what all other lists have too.
    fn walk(&self, list: List, piece: Piece, show: Show, most: i64) -> String {
        let (whose, direction) = (&self.whose, self.direction());
        let mut hits = format!("SELECT number {}", self.entries(list, piece));
        let number = match list {
            List::Term(_) => "t.number",
            List::Columns => "o.number",
        };
        // With OFFSET the planner looks each order up, instead of joining with all that have the term.
        for (n, hash) in self.terms.iter().enumerate() {
            if list == List::Term(*hash) {
                continue;
            }
            // Written into a String, which cannot fail.
            let _ = write!(
                hits,
                " AND EXISTS (SELECT FROM terms AS t{n} WHERE t{n}.organization = {whose} \
                 AND t{n}.hash = '{hash}'::bigint AND t{n}.number = {number} OFFSET 0)"
            );
        }
        match list {
            List::Term(_) if self.conditions.len() > 1 => {
                let conditions = self.conditions.join(" AND ");
                let _ = write!(
                    hits,
                    " AND EXISTS (SELECT FROM orders AS o \
                     WHERE o.number = t.number AND {conditions} OFFSET 0)"
                );
            }
            List::Term(_) | List::Columns => {}
        }
        let _ = write!(hits, " ORDER BY number {direction} LIMIT {most}");
        match show {
            Show::Count => format!("SELECT count(*) FROM ({hits}) AS hits"),
            Show::Rows => format!(
                "SELECT {ORDER_COLUMNS} FROM ({hits}) AS hits JOIN orders AS o \
                 ON o.organization = {whose} AND o.number = hits.number \
                 ORDER BY hits.number {direction}"
            ),
        }
    }

    /// FROM and WHERE of a piece of a list.
    fn entries(&self, list: List, piece: Piece) -> String {
        let (alias, mut entries) = match list {
            List::Term(hash) => {
                let whose = &self.whose;
                let term = format!("t.organization = {whose} AND t.hash = '{hash}'::bigint");
                ("t", format!("FROM terms AS t WHERE {term}"))
            }
            List::Columns => {
                let conditions = self.conditions.join(" AND ");
                ("o", format!("FROM orders AS o WHERE {conditions}"))
            }
        };
        if let Some(after) = piece.after {
            let _ = write!(entries, " AND {alias}.number {} {after}", self.sign());
        }
        if let Some(last) = piece.last {
            let sign = match self.sort {
                OrderSort::Newest => ">=",
                OrderSort::Oldest => "<=",
            };
            let _ = write!(entries, " AND {alias}.number {sign} {last}");
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use ordo_domain::id::OrganizationId;
    use ordo_store::OrderFilter;

    use super::*;
    use crate::cluster::{Cluster, Durability};
    use crate::store::Options;

    const ORDERS: i64 = 20_000;
    /// The terms of all orders, of the even and the odd, of one in a hundred and in four thousand, and
    /// of none.
    const ALL: i64 = 1;
    const EVEN: i64 = 2;
    const ODD: i64 = 3;
    const SOME: i64 = 4;
    const FEW: i64 = 5;
    const NO: i64 = 6;

    fn has(number: i64, hash: i64) -> bool {
        match hash {
            ALL => true,
            EVEN => number % 2 == 0,
            ODD => number % 2 == 1,
            SOME => number % 100 == 7,
            FEW => number % 4_000 == 7,
            _ => false,
        }
    }

    /// One in 500 is held, the newest 1,000 are open. Nothing is known of how often a term occurs.
    const FILL: &str = "
        INSERT INTO orders (organization, id, number, version, channel, external_id, life, payment,
            fulfillment, returns, holds, placed_at, total, currency, country, body)
        SELECT lpad('1', 32, '0')::uuid, md5(n::text)::uuid, n, 1, md5('c')::uuid, n::text,
            CASE WHEN n > 19000 THEN 'open' ELSE 'closed' END, 'captured', 'full', 'none',
            CASE WHEN n % 500 = 7 THEN 1 ELSE 0 END, n, n, 'EUR', 'DE', '{}'
        FROM generate_series(1, 20000) AS n;
        INSERT INTO terms (organization, hash, number)
        SELECT organization, hash, number FROM orders, LATERAL (VALUES (1), (2 + number % 2),
            (CASE WHEN number % 100 = 7 THEN 4 END), (CASE WHEN number % 4000 = 7 THEN 5 END)) AS h(hash)
        WHERE hash IS NOT NULL;
        ANALYZE orders;";

    struct Case {
        filter: OrderFilter,
        expected: Vec<i64>,
    }

    fn case(terms: &[i64], life: Option<&str>, held: Option<bool>) -> Case {
        let matches = |number: &i64| {
            terms.iter().all(|hash| has(*number, *hash))
                && life.is_none_or(|life| (life == "open") == (*number > ORDERS - 1_000))
                && held.is_none_or(|held| held == (*number % 500 == 7))
        };
        Case {
            filter: OrderFilter {
                terms: terms.to_vec(),
                life: life.map(str::to_owned),
                held,
                ..OrderFilter::default()
            },
            expected: (1..=ORDERS).filter(matches).collect(),
        }
    }

    /// The numbers of all that is found in calls of this budget, and how many calls it took.
    async fn all(
        store: &PostgresStore,
        case: &Case,
        sort: OrderSort,
        wanted: i64,
        budget: i64,
    ) -> (Vec<i64>, usize) {
        let (mut numbers, mut after) = (Vec::new(), None);
        for calls in 1.. {
            let whose = OrganizationId::from_u128(1);
            let orders = store.orders(whose, &case.filter, sort, after).await;
            let orders = orders.unwrap().unwrap();
            let found = store.search(&orders, Show::Rows, wanted, budget).await;
            let found = found.unwrap();
            let is_full = found.count == wanted;
            numbers.extend(found.rows.iter().map(|row| row.get::<_, i64>(1)));
            after = match found.rest {
                None if is_full => numbers.last().copied(),
                None => return (numbers, calls),
                rest => rest,
            };
        }
        unreachable!("the loop ends by returning")
    }

    /// Goal: every search finds exactly what matches, in calls that each read a bounded number of
    /// entries, and what everybody has costs nothing where another word or the filter finds few.
    #[tokio::test]
    async fn a_search_reads_a_bounded_number_of_entries() {
        let Some(cluster) = Cluster::for_test("list::search", Durability::Off, None) else {
            return;
        };
        let url = cluster.create_database("search").await.unwrap();
        let store = PostgresStore::connect(&url, &Options::default())
            .await
            .unwrap();
        let lease = store.writers.lease().await.unwrap();
        lease.client().batch_execute(FILL).await.unwrap();
        lease.give_back();
        for terms in [
            &[ALL][..],
            &[EVEN, ODD],
            &[ALL, SOME],
            &[FEW, ALL],
            &[ODD, SOME, ALL],
            &[NO, ALL],
        ] {
            for (life, held) in [
                (None, None),
                (Some("open"), None),
                (Some("closed"), Some(true)),
            ] {
                let case = case(terms, life, held);
                for (wanted, budget) in [(51, 700), (700, BUDGET), (ORDERS + 1, BUDGET)] {
                    let found = all(&store, &case, OrderSort::Oldest, wanted, budget).await;
                    assert_eq!(found.0, case.expected, "{:?}", case.filter);
                    let mut found = all(&store, &case, OrderSort::Newest, wanted, budget).await;
                    found.0.reverse();
                    assert_eq!(found.0, case.expected, "{:?}", case.filter);
                }
                for budget in [700, BUDGET] {
                    let (orders, most) = (store.orders_of(&case).await, ORDERS + 1);
                    let count = store.search(&orders, Show::Count, most, budget).await;
                    let count = count.unwrap();
                    let found = case.expected.len() as i64;
                    let is_right = match count.rest {
                        None => count.count == found,
                        Some(_) => count.count <= found,
                    };
                    assert!(is_right, "{:?}: {}", case.filter, count.count);
                }
            }
        }
        for (case, is_once) in [
            (case(&[ALL, FEW], None, None), true),
            (case(&[FEW, ALL], None, None), true),
            (case(&[ALL, EVEN, NO], None, None), true),
            (case(&[ALL], None, Some(true)), true),
            (case(&[EVEN, ODD], None, None), false),
        ] {
            let (_, calls) = all(&store, &case, OrderSort::Newest, 51, 700).await;
            assert_eq!(calls == 1, is_once, "{:?}: {calls} calls", case.filter);
        }
        plans(&store).await;
        drop(store);
    }

    /// Each list that is walked is a range of an index, in the order of the page, and each look-up
    /// finds one entry.
    async fn plans(store: &PostgresStore) {
        for (case, list) in [
            (case(&[ALL, EVEN, SOME], None, None), List::Term(EVEN)),
            (case(&[ALL, EVEN], Some("closed"), None), List::Term(ALL)),
            (case(&[ALL, EVEN], Some("open"), None), List::Columns),
            (case(&[ALL], None, Some(true)), List::Columns),
        ] {
            let orders = store.orders_of(&case).await;
            for (after, last) in [(None, None), (Some(15_000), Some(9_000))] {
                let sql = orders.walk(list, Piece { after, last }, Show::Rows, 51);
                let rows = store.rows_once(&format!("EXPLAIN (COSTS off) {sql}")).await;
                let lines: Vec<String> = (rows.unwrap().iter()).map(|row| row.get(0)).collect();
                let plan = lines.join("\n");
                assert!(
                    plan.contains("SubPlan 1") && plan.contains("Limit"),
                    "{sql}\n{plan}"
                );
                let walks = ["Seq Scan", "Sort", "Merge Join", "Hash"];
                assert!(
                    !walks.iter().any(|walk| plan.contains(walk)),
                    "{sql}\n{plan}"
                );
            }
        }
    }

    impl PostgresStore {
        async fn orders_of(&self, case: &Case) -> Orders {
            let whose = OrganizationId::from_u128(1);
            let orders = self.orders(whose, &case.filter, OrderSort::Newest, None);
            orders.await.unwrap().unwrap()
        }
    }
}
