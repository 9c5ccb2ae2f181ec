//! Search: orders that have all of some terms, and pass the other filters.
//!
//! Terms are kept in segments of 4,096 orders. A search walks them in the order of the list and reads
//! in each what is rare there first, so that it stops early where much matches and skips quickly where
//! nothing does. What was rarest in one segment is asked first in the next: a word that everybody has
//! costs nothing where the other word is missing.
//!
//! Invariant: one call reads a bounded number of entries, however many orders there are. A search that
//! must read more says how far it came.

use ordo_store::{OrderFilter, OrderSort};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Fault;
use crate::keys::{segment, segment_span};
use crate::orders::{ALL_NEWEST, ALL_OLDEST, Found, Span, Standing, matches, read_run};

/// What one call may read, in index entries: some 15 ms.
pub(crate) const BUDGET: usize = 80_000;
/// What finding the first entry of a range costs, in entries that are read on from there.
const DESCENT: usize = 8;
/// Fewer hits than this in a segment are looked at one by one.
const RARE: usize = 64;
/// More than a segment holds.
const ALL: usize = 1 << 20;

/// The first `wanted` orders that have all terms and, where given, one of these combinations; or as
/// many as are found within `budget`.
pub(crate) fn search(
    conn: &Connection,
    organization: i64,
    filter: &OrderFilter,
    standings: Option<&[Standing]>,
    span: Span,
    wanted: usize,
    budget: usize,
) -> Result<Found, Fault> {
    let mut found = Found::default();
    let Some((first, last)) = ends(conn, span)? else {
        return Ok(found);
    };
    let terms = filter.terms.iter().map(|hash| List::Term(*hash));
    let mut search = Search {
        conn,
        organization,
        filter,
        lists: terms.chain(standings.map(List::Standings)).collect(),
        span,
        read: 0,
    };
    let mut segments: Vec<i64> = (segment(first)..=segment(last)).collect();
    match span.sort {
        OrderSort::Newest => segments.reverse(),
        OrderSort::Oldest => {}
    }
    let last = segments.last().copied();
    for segment in segments {
        found.seqs.extend(search.segment(segment)?);
        if found.seqs.len() >= wanted {
            break;
        }
        if search.read >= budget && Some(segment) != last {
            let (above, below) = segment_span(segment);
            found.rest = Some(match span.sort {
                OrderSort::Newest => above + 1,
                OrderSort::Oldest => below - 1,
            });
            break;
        }
    }
    found.seqs.truncate(wanted);
    Ok(found)
}

/// Orders that a search intersects.
#[derive(Clone, Copy)]
enum List<'a> {
    /// Those that have a term.
    Term(i64),
    /// Those of any of these combinations.
    Standings(&'a [Standing]),
}

struct Search<'a> {
    conn: &'a Connection,
    organization: i64,
    filter: &'a OrderFilter,
    /// First what was rarest in the segment before.
    lists: Vec<List<'a>>,
    span: Span,
    /// Entries that were read so far.
    read: usize,
}

impl Search<'_> {
    /// The matches of one segment, in the order of the span. What is rare there is read first, and the
    /// rest is asked of its few orders only.
    fn segment(&mut self, segment: i64) -> Result<Vec<i64>, Fault> {
        let (above, below) = segment_span(segment);
        let piece = Span {
            above: above.max(self.span.above),
            below: below.min(self.span.below),
            sort: OrderSort::Oldest,
        };
        let mut hits = match self.rare(segment, piece)? {
            Some(candidates) => {
                let mut hits = Vec::with_capacity(candidates.len());
                for seq in candidates {
                    self.read += DESCENT * self.lists.len();
                    if matches(self.conn, self.filter, seq)? {
                        hits.push(seq);
                    }
                }
                hits
            }
            None => {
                let mut hits = None;
                for list in self.lists.clone() {
                    let others = self.read(list, segment, piece, ALL)?;
                    hits = Some(intersect(hits, others));
                }
                hits.unwrap_or_default()
            }
        };
        match self.span.sort {
            OrderSort::Newest => hits.reverse(),
            OrderSort::Oldest => {}
        }
        Ok(hits)
    }

    /// The orders on all lists that are rare in this segment; `None` where every list is long.
    fn rare(&mut self, segment: i64, piece: Span) -> Result<Option<Vec<i64>>, Fault> {
        let mut rare: Option<Vec<i64>> = None;
        let mut rarest = (usize::MAX, 0);
        for (at, list) in self.lists.clone().into_iter().enumerate() {
            match (list, &rare) {
                (_, Some(candidates)) if candidates.is_empty() => break,
                // Few candidates are asked one by one for less than this costs.
                (List::Standings(_), Some(_)) => continue,
                (List::Standings(_) | List::Term(_), _) => {}
            }
            let hits = self.read(list, segment, piece, RARE)?;
            rarest = rarest.min((hits.len(), at));
            if hits.len() < RARE {
                rare = Some(intersect(rare, hits));
            }
        }
        self.lists[..=rarest.1].rotate_right(1);
        Ok(rare)
    }

    /// Entries of a list in a segment in rising order, at most `limit`.
    fn read(
        &mut self,
        list: List<'_>,
        segment: i64,
        piece: Span,
        limit: usize,
    ) -> Result<Vec<i64>, Fault> {
        let (hits, descents) = match list {
            List::Term(hash) => (read_term(self.conn, segment, hash, piece, limit)?, 1),
            List::Standings(standings) => {
                let hits = read_runs(self.conn, self.organization, standings, piece, limit)?;
                (hits, standings.len())
            }
        };
        self.read += hits.len() + descents * DESCENT;
        Ok(hits)
    }
}

/// Orders of any of these combinations in rising order, at most `limit`.
fn read_runs(
    conn: &Connection,
    organization: i64,
    standings: &[Standing],
    piece: Span,
    limit: usize,
) -> Result<Vec<i64>, Fault> {
    let mut found = Vec::new();
    for standing in standings {
        let left = limit - found.len();
        if left == 0 {
            break;
        }
        found.extend(read_run(conn, organization, standing, piece, left)?);
    }
    found.sort_unstable();
    Ok(found)
}

/// What is in both; all are in rising order.
fn intersect(hits: Option<Vec<i64>>, others: Vec<i64>) -> Vec<i64> {
    match hits {
        None => others,
        Some(mut hits) => {
            hits.retain(|seq| others.binary_search(seq).is_ok());
            hits
        }
    }
}

fn read_term(
    conn: &Connection,
    segment: i64,
    hash: i64,
    piece: Span,
    limit: usize,
) -> Result<Vec<i64>, Fault> {
    let mut statement = conn.prepare_cached(TERM)?;
    let rows = statement.query_map(
        params![segment, hash, piece.above, piece.below, limit as i64],
        |row| row.get(0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) const TERM: &str = "SELECT seq FROM terms \
     WHERE segment = ?1 AND hash = ?2 AND seq > ?3 AND seq < ?4 ORDER BY seq LIMIT ?5";

pub(crate) fn has_term(conn: &Connection, seq: i64, hash: i64) -> Result<bool, Fault> {
    let found = conn
        .prepare_cached("SELECT 1 FROM terms WHERE segment = ?1 AND hash = ?2 AND seq = ?3")?
        .exists(params![segment(seq), hash, seq])?;
    Ok(found)
}

/// The first and the last order of the span that are there.
fn ends(conn: &Connection, span: Span) -> Result<Option<(i64, i64)>, Fault> {
    let end = |sql: &'static str| -> Result<Option<i64>, Fault> {
        let found = conn
            .prepare_cached(sql)?
            .query_row(params![span.above, span.below, 1], |row| row.get(0))
            .optional()?;
        Ok(found)
    };
    Ok(end(ALL_OLDEST)?.zip(end(ALL_NEWEST)?))
}

#[cfg(test)]
mod tests {
    use ordo_domain::id::ChannelId;

    use super::*;
    use crate::keys::{number, seq};
    use crate::orders::standings;

    const ORDERS: i64 = 20_000;
    /// The terms of all orders, of the even and the odd, of one in a hundred and in four thousand, and
    /// of none.
    const ALL_OF_THEM: i64 = 1;
    const EVEN: i64 = 2;
    const ODD: i64 = 3;
    const SOME: i64 = 4;
    const FEW: i64 = 5;
    const NO: i64 = 6;

    fn has(number: i64, hash: i64) -> bool {
        match hash {
            ALL_OF_THEM => true,
            EVEN => number % 2 == 0,
            ODD => number % 2 == 1,
            SOME => number % 100 == 7,
            FEW => number % 4_000 == 7,
            _ => false,
        }
    }

    /// One in 500 is held, the newest 1,000 are open.
    fn filled() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_first.sql"))
            .unwrap();
        let channel = crate::keys::Id::of(ChannelId::from_u128(9));
        for number in 1..=ORDERS {
            let seq = seq(1, number);
            let life = if number > ORDERS - 1_000 {
                "open"
            } else {
                "closed"
            };
            let held = number % 500 == 7;
            let id = crate::keys::Id::of(number as u128);
            conn.prepare_cached(
                "INSERT INTO orders VALUES (?1, 1, ?5, 1, ?2, 'O', ?3, 'none', 'none', 'none', ?4, \
                 ?4, 0, 0, 'EUR', 'DE', '{}')",
            )
            .unwrap()
            .execute(params![seq, channel, life, held, id])
            .unwrap();
            for hash in (ALL_OF_THEM..=FEW).filter(|hash| has(number, *hash)) {
                conn.prepare_cached("INSERT INTO terms VALUES (?1, ?2, ?3)")
                    .unwrap()
                    .execute((segment(seq), hash, seq))
                    .unwrap();
            }
        }
        conn
    }

    /// All that is found in calls of this budget, and how many calls it took.
    fn all(
        conn: &Connection,
        filter: &OrderFilter,
        sort: OrderSort,
        budget: usize,
    ) -> (Vec<i64>, usize) {
        let mut span = Span::of(1, sort, None);
        let mut seqs = Vec::new();
        let columns = filter.life.is_some() || filter.held.is_some();
        let runs = columns.then(|| standings(conn, 1, filter).unwrap());
        for calls in 1.. {
            let found = search(conn, 1, filter, runs.as_deref(), span, 1 << 20, budget).unwrap();
            seqs.extend(found.seqs);
            match found.rest {
                Some(rest) => span = span.after(rest),
                None => return (seqs, calls),
            }
        }
        unreachable!("the loop ends by returning")
    }

    fn of(terms: &[i64], life: Option<&str>, held: Option<bool>) -> OrderFilter {
        OrderFilter {
            terms: terms.to_vec(),
            life: life.map(str::to_owned),
            held,
            ..OrderFilter::default()
        }
    }

    #[test]
    fn a_search_that_stops_early_goes_on_where_it_stopped() {
        let conn = filled();
        for terms in [
            &[ALL_OF_THEM][..],
            &[EVEN, ODD],
            &[ALL_OF_THEM, SOME],
            &[FEW, ALL_OF_THEM],
            &[ODD, SOME, ALL_OF_THEM],
            &[NO, ALL_OF_THEM],
        ] {
            for (life, held) in [
                (None, None),
                (Some("open"), None),
                (Some("closed"), Some(true)),
            ] {
                let filter = of(terms, life, held);
                let expected: Vec<i64> = (1..=ORDERS)
                    .filter(|number| terms.iter().all(|hash| has(*number, *hash)))
                    .filter(|number| {
                        life.is_none_or(|life| (life == "open") == (*number > ORDERS - 1_000))
                    })
                    .filter(|number| held.is_none_or(|held| held == (number % 500 == 7)))
                    .collect();
                for budget in [1, 3_000, BUDGET] {
                    let (mut found, _) = all(&conn, &filter, OrderSort::Oldest, budget);
                    assert!(
                        found
                            .iter()
                            .map(|seq| number(*seq))
                            .eq(expected.iter().copied()),
                        "{filter:?}"
                    );
                    found.reverse();
                    assert_eq!(
                        all(&conn, &filter, OrderSort::Newest, budget).0,
                        found,
                        "{filter:?}"
                    );
                }
            }
        }
    }

    /// Goal: what everybody has costs nothing where another word or the filter finds few. Method: the
    /// budget is far below the number of orders that have the common term.
    #[test]
    fn a_word_that_everybody_has_is_not_walked() {
        let conn = filled();
        for filter in [
            of(&[ALL_OF_THEM, FEW], None, None),
            of(&[FEW, ALL_OF_THEM], None, None),
            of(&[ALL_OF_THEM, EVEN, NO], None, None),
            of(&[ALL_OF_THEM], None, Some(true)),
        ] {
            let (_, calls) = all(&conn, &filter, OrderSort::Newest, 3_000);
            assert_eq!(calls, 1, "{filter:?}");
        }
        let (found, calls) = all(
            &conn,
            &of(&[EVEN, ODD], None, None),
            OrderSort::Newest,
            3_000,
        );
        assert!(found.is_empty() && calls > 1, "{calls} calls");
    }
}
