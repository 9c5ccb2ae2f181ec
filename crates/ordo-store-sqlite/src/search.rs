//! Search: orders that have all of some terms, and pass the other filters.
//!
//! Terms are kept in segments of 4,096 orders. A search walks them in the order of the list and reads
//! in each what is rare there first, so that it stops early where much matches and skips quickly where
//! nothing does.

use ordo_store::{OrderFilter, OrderSort};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Fault;
use crate::keys::{segment, segment_span};
use crate::orders::{ALL_NEWEST, ALL_OLDEST, Span, Standing, matches, read_run};

/// Orders that have all terms and, where given, one of these combinations.
pub(crate) fn search(
    conn: &Connection,
    organization: i64,
    filter: &OrderFilter,
    standings: Option<&[Standing]>,
    span: Span,
    wanted: usize,
) -> Result<Vec<i64>, Fault> {
    let mut found = Vec::new();
    let Some((first, last)) = ends(conn, span)? else {
        return Ok(found);
    };
    let segments = segment(first)..=segment(last);
    let mut visit = |segment: i64| -> Result<bool, Fault> {
        let matches = search_segment(conn, organization, filter, standings, span, segment)?;
        found.extend(matches);
        Ok(found.len() >= wanted)
    };
    match span.sort {
        OrderSort::Newest => {
            for segment in segments.rev() {
                if visit(segment)? {
                    break;
                }
            }
        }
        OrderSort::Oldest => {
            for segment in segments {
                if visit(segment)? {
                    break;
                }
            }
        }
    }
    found.truncate(wanted);
    Ok(found)
}

/// The matches of one segment, in the order of the span. What is rare there is read first, and the
/// rest is asked of its few orders only.
fn search_segment(
    conn: &Connection,
    organization: i64,
    filter: &OrderFilter,
    standings: Option<&[Standing]>,
    span: Span,
    segment: i64,
) -> Result<Vec<i64>, Fault> {
    let (above, below) = segment_span(segment);
    let piece = Span {
        above: above.max(span.above),
        below: below.min(span.below),
        sort: OrderSort::Oldest,
    };
    let rare = match with_rare_terms(conn, filter, piece, segment)? {
        None => read_runs(conn, organization, standings, piece, RARE)?
            .filter(|found| found.len() < RARE),
        rare => rare,
    };
    let mut hits = match rare {
        Some(candidates) => {
            let mut hits = Vec::with_capacity(candidates.len());
            for seq in candidates {
                if matches(conn, filter, seq)? {
                    hits.push(seq);
                }
            }
            hits
        }
        None => {
            let mut hits = read_runs(conn, organization, standings, piece, ALL)?;
            for hash in &filter.terms {
                hits = Some(intersect(
                    hits,
                    read_term(conn, segment, *hash, piece, ALL)?,
                ));
            }
            hits.unwrap_or_default()
        }
    };
    match span.sort {
        OrderSort::Newest => hits.reverse(),
        OrderSort::Oldest => {}
    }
    Ok(hits)
}

/// Fewer hits than this in a segment are looked at one by one.
const RARE: usize = 64;
/// More than a segment holds.
const ALL: usize = 1 << 20;

/// The orders that have all terms that are rare in this segment; none where every term is common.
fn with_rare_terms(
    conn: &Connection,
    filter: &OrderFilter,
    piece: Span,
    segment: i64,
) -> Result<Option<Vec<i64>>, Fault> {
    let mut rare: Option<Vec<i64>> = None;
    for hash in &filter.terms {
        if rare.as_ref().is_some_and(Vec::is_empty) {
            break;
        }
        let hits = read_term(conn, segment, *hash, piece, RARE)?;
        if hits.len() < RARE {
            rare = Some(intersect(rare, hits));
        }
    }
    Ok(rare)
}

/// Orders of any of these combinations in rising order, at most `limit`; none where there is no such
/// filter.
fn read_runs(
    conn: &Connection,
    organization: i64,
    standings: Option<&[Standing]>,
    piece: Span,
    limit: usize,
) -> Result<Option<Vec<i64>>, Fault> {
    let Some(standings) = standings else {
        return Ok(None);
    };
    let mut found = Vec::new();
    for standing in standings {
        let left = limit - found.len();
        if left == 0 {
            break;
        }
        found.extend(read_run(conn, organization, standing, piece, left)?);
    }
    found.sort_unstable();
    Ok(Some(found))
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
