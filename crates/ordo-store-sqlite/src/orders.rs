//! Lists of orders, by number, filtered in any combination.
//!
//! One index keeps the orders of an organization by channel, life, payment, fulfillment and whether
//! they are held. Few different combinations of these exist; each is a run in the order of numbers.
//! A page finds the combinations that match and merges their runs, so that it reads little more than
//! it shows, however rare the match.

use std::collections::{BinaryHeap, VecDeque};

use ordo_domain::claim::ClaimKind;
use ordo_domain::id::ChannelId;
use ordo_domain::order::capture::external_key;
use ordo_store::{Count, OrderFilter, OrderRow, OrderSort, Page};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::Fault;
use crate::keys::{Id, NUMBER_MAX, id, number, seq};
use crate::lists::page;
use crate::search::{BUDGET, has_term, search};

/// One page of the list.
pub(crate) fn list(
    conn: &Connection,
    organization: i64,
    filter: &OrderFilter,
    sort: OrderSort,
    after: Option<i64>,
    limit: usize,
) -> Result<Page<OrderRow, i64>, Fault> {
    let span = Span::of(organization, sort, after);
    let found = find(conn, organization, filter, span, limit.saturating_add(1))?;
    let mut rows = Vec::with_capacity(found.seqs.len());
    for seq in found.seqs {
        rows.extend(order_row(conn, seq)?);
    }
    let shown = page(rows, limit, |row| row.number);
    Ok(Page {
        next: shown.next.or(found.rest.map(number)),
        ..shown
    })
}

/// How many orders match, counted up to `most`.
pub(crate) fn count(
    conn: &Connection,
    organization: i64,
    filter: &OrderFilter,
    most: i64,
) -> Result<Count, Fault> {
    let most = most.max(0);
    let up_to = |found: i64| Count {
        found,
        is_all: found < most,
    };
    let is_search = !filter.terms.is_empty() || filter.external_id.is_some();
    if is_search {
        let span = Span::of(organization, OrderSort::Newest, None);
        let wanted = usize::try_from(most).unwrap_or(usize::MAX);
        let found = find(conn, organization, filter, span, wanted)?;
        let count = up_to(found.seqs.len() as i64);
        return Ok(Count {
            is_all: count.is_all && found.rest.is_none(),
            ..count
        });
    }
    if !has_columns(filter) {
        return Ok(up_to(count_all(conn, organization, most)?));
    }
    let mut counted = 0;
    for standing in standings(conn, organization, filter)? {
        if counted >= most {
            break;
        }
        counted += count_run(conn, organization, &standing, most - counted)?;
    }
    Ok(up_to(counted))
}

/// What was found of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The orders, in the order of the list.
    pub(crate) seqs: Vec<i64>,
    /// Where to go on after, where the search stopped before it had enough.
    pub(crate) rest: Option<i64>,
}

impl From<Vec<i64>> for Found {
    /// All that was wanted, or all that is there.
    fn from(seqs: Vec<i64>) -> Self {
        Self { seqs, rest: None }
    }
}

/// Orders between two ends, which are left out, in one direction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) above: i64,
    pub(crate) below: i64,
    pub(crate) sort: OrderSort,
}

impl Span {
    pub(crate) fn of(organization: i64, sort: OrderSort, after: Option<i64>) -> Self {
        let whole = Self {
            above: seq(organization, 0),
            below: seq(organization, NUMBER_MAX - 1),
            sort,
        };
        match after {
            Some(after) => whole.after(seq(organization, after.clamp(0, NUMBER_MAX - 1))),
            None => whole,
        }
    }

    /// What is left of it after the order at `seq`.
    pub(crate) fn after(self, seq: i64) -> Self {
        match self.sort {
            OrderSort::Newest => Self { below: seq, ..self },
            OrderSort::Oldest => Self { above: seq, ..self },
        }
    }

    fn has(self, seq: i64) -> bool {
        self.above < seq && seq < self.below
    }

    /// Greater for what comes first.
    fn rank(self, seq: i64) -> i64 {
        match self.sort {
            OrderSort::Newest => seq,
            OrderSort::Oldest => -seq,
        }
    }
}

/// The first `wanted` matches in the span.
fn find(
    conn: &Connection,
    organization: i64,
    filter: &OrderFilter,
    span: Span,
    wanted: usize,
) -> Result<Found, Fault> {
    if let Some(external_id) = &filter.external_id {
        let found = find_external(conn, organization, filter, external_id, span, wanted)?;
        return Ok(found.into());
    }
    if !has_columns(filter) && filter.terms.is_empty() {
        return Ok(all(conn, span, wanted)?.into());
    }
    let standings = if has_columns(filter) {
        Some(standings(conn, organization, filter)?)
    } else {
        None
    };
    if standings.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Found::default());
    }
    if filter.terms.is_empty() {
        let found = merge(
            conn,
            organization,
            standings.unwrap_or_default(),
            span,
            wanted,
        )?;
        return Ok(found.into());
    }
    search(
        conn,
        organization,
        filter,
        standings.as_deref(),
        span,
        wanted,
        BUDGET,
    )
}

fn has_columns(filter: &OrderFilter) -> bool {
    filter.life.is_some()
        || filter.channel.is_some()
        || filter.held.is_some()
        || filter.payment.is_some()
        || filter.fulfillment.is_some()
}

/// A combination of what orders are filtered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    channel: ChannelId,
    life: String,
    payment: String,
    fulfillment: String,
    held: bool,
}

impl Standing {
    fn of(row: OrderRow) -> Self {
        let [payment, fulfillment, _] = row.standings;
        Self {
            channel: row.channel,
            life: row.life,
            payment,
            fulfillment,
            held: row.holds > 0,
        }
    }

    fn matches(&self, filter: &OrderFilter) -> bool {
        fn is<T: PartialEq + ?Sized>(wanted: Option<&T>, found: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == found)
        }
        is(filter.channel.as_ref(), &self.channel)
            && is(filter.life.as_deref(), &self.life)
            && is(filter.payment.as_deref(), &self.payment)
            && is(filter.fulfillment.as_deref(), &self.fulfillment)
            && is(filter.held.as_ref(), &self.held)
    }
}

/// The combinations that exist and match: one step in the index for each that exists.
pub(crate) fn standings(
    conn: &Connection,
    organization: i64,
    filter: &OrderFilter,
) -> Result<Vec<Standing>, Fault> {
    let mut found = Vec::new();
    // Smaller than any that exists.
    let mut last = Standing {
        channel: filter.channel.unwrap_or(ChannelId::from_u128(0)),
        life: String::new(),
        payment: String::new(),
        fulfillment: String::new(),
        held: false,
    };
    while let Some(standing) = next_standing(conn, organization, &last)? {
        if filter
            .channel
            .is_some_and(|channel| channel != standing.channel)
        {
            break;
        }
        if standing.matches(filter) {
            found.push(standing.clone());
        }
        last = standing;
    }
    Ok(found)
}

fn next_standing(
    conn: &Connection,
    organization: i64,
    last: &Standing,
) -> Result<Option<Standing>, Fault> {
    let found = conn
        .prepare_cached(NEXT_STANDING)?
        .query_row(
            params![
                organization,
                Id::of(last.channel),
                last.life,
                last.payment,
                last.fulfillment,
                i64::from(last.held) + 1
            ],
            |row| {
                Ok(Standing {
                    channel: id(row, 0)?,
                    life: row.get(1)?,
                    payment: row.get(2)?,
                    fulfillment: row.get(3)?,
                    held: row.get(4)?,
                })
            },
        )
        .optional()?;
    Ok(found)
}

/// "At least the next that could exist" rather than "greater than the last": SQLite looks for the
/// first row that is not smaller, and would walk over all that are equal to the last.
pub(crate) const NEXT_STANDING: &str = "SELECT channel, life, payment, fulfillment, held \
     FROM orders WHERE organization = ?1 \
     AND (channel, life, payment, fulfillment, held) >= (?2, ?3, ?4, ?5, ?6) \
     ORDER BY channel, life, payment, fulfillment, held LIMIT 1";

/// At most this much of a run is read ahead.
const PIECE_MAX: usize = 1_000;

/// The orders of one combination, read piece by piece.
struct Run {
    standing: Standing,
    ahead: VecDeque<i64>,
    rest: Span,
    is_over: bool,
}

/// The first `wanted` orders of all these combinations together.
fn merge(
    conn: &Connection,
    organization: i64,
    standings: Vec<Standing>,
    span: Span,
    wanted: usize,
) -> Result<Vec<i64>, Fault> {
    let piece = (wanted.saturating_mul(2) / standings.len()).clamp(8, PIECE_MAX);
    let mut runs: Vec<Run> = (standings.into_iter())
        .map(|standing| Run {
            standing,
            ahead: VecDeque::new(),
            rest: span,
            is_over: false,
        })
        .collect();
    let mut heads = BinaryHeap::with_capacity(runs.len());
    for (index, run) in runs.iter_mut().enumerate() {
        let next = run.next(conn, organization, piece)?;
        heads.extend(next.map(|seq| (span.rank(seq), seq, index)));
    }
    let mut found = Vec::new();
    while found.len() < wanted
        && let Some((_, seq, index)) = heads.pop()
    {
        found.push(seq);
        let next = runs[index].next(conn, organization, piece)?;
        heads.extend(next.map(|seq| (span.rank(seq), seq, index)));
    }
    Ok(found)
}

impl Run {
    fn next(
        &mut self,
        conn: &Connection,
        organization: i64,
        piece: usize,
    ) -> Result<Option<i64>, Fault> {
        if self.ahead.is_empty() && !self.is_over {
            let read = read_run(conn, organization, &self.standing, self.rest, piece)?;
            self.is_over = read.len() < piece;
            if let Some(last) = read.last() {
                self.rest = self.rest.after(*last);
            }
            self.ahead = read.into();
        }
        Ok(self.ahead.pop_front())
    }
}

pub(crate) fn read_run(
    conn: &Connection,
    organization: i64,
    standing: &Standing,
    span: Span,
    limit: usize,
) -> Result<Vec<i64>, Fault> {
    let mut statement = conn.prepare_cached(match span.sort {
        OrderSort::Newest => RUN_NEWEST,
        OrderSort::Oldest => RUN_OLDEST,
    })?;
    let rows = statement.query_map(
        params![
            organization,
            Id::of(standing.channel),
            standing.life,
            standing.payment,
            standing.fulfillment,
            standing.held,
            span.above,
            span.below,
            limit as i64
        ],
        |row| row.get(0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) const RUN_NEWEST: &str = "SELECT seq FROM orders WHERE organization = ?1 \
     AND channel = ?2 AND life = ?3 AND payment = ?4 AND fulfillment = ?5 AND held = ?6 \
     AND seq > ?7 AND seq < ?8 ORDER BY seq DESC LIMIT ?9";

pub(crate) const RUN_OLDEST: &str = "SELECT seq FROM orders WHERE organization = ?1 \
     AND channel = ?2 AND life = ?3 AND payment = ?4 AND fulfillment = ?5 AND held = ?6 \
     AND seq > ?7 AND seq < ?8 ORDER BY seq LIMIT ?9";

fn count_run(
    conn: &Connection,
    organization: i64,
    standing: &Standing,
    most: i64,
) -> Result<i64, Fault> {
    let counted = conn.prepare_cached(COUNT_RUN)?.query_row(
        params![
            organization,
            Id::of(standing.channel),
            standing.life,
            standing.payment,
            standing.fulfillment,
            standing.held,
            most
        ],
        |row| row.get(0),
    )?;
    Ok(counted)
}

pub(crate) const COUNT_RUN: &str = "SELECT count(*) FROM (SELECT 1 FROM orders \
     WHERE organization = ?1 AND channel = ?2 AND life = ?3 AND payment = ?4 \
     AND fulfillment = ?5 AND held = ?6 LIMIT ?7)";

fn count_all(conn: &Connection, organization: i64, most: i64) -> Result<i64, Fault> {
    let counted = conn
        .prepare_cached(COUNT_ALL)?
        .query_row(params![organization, most], |row| row.get(0))?;
    Ok(counted)
}

/// By the narrow index: the table itself holds the documents.
pub(crate) const COUNT_ALL: &str = "SELECT count(*) FROM (SELECT 1 FROM orders \
     INDEXED BY orders_by_id WHERE organization = ?1 LIMIT ?2)";

fn all(conn: &Connection, span: Span, limit: usize) -> Result<Vec<i64>, Fault> {
    let mut statement = conn.prepare_cached(match span.sort {
        OrderSort::Newest => ALL_NEWEST,
        OrderSort::Oldest => ALL_OLDEST,
    })?;
    let rows = statement.query_map(params![span.above, span.below, limit as i64], |row| {
        row.get(0)
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) const ALL_NEWEST: &str =
    "SELECT seq FROM orders WHERE seq > ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";

pub(crate) const ALL_OLDEST: &str =
    "SELECT seq FROM orders WHERE seq > ?1 AND seq < ?2 ORDER BY seq LIMIT ?3";

/// Whether the order at `seq` passes the whole filter.
pub(crate) fn matches(conn: &Connection, filter: &OrderFilter, seq: i64) -> Result<bool, Fault> {
    for hash in &filter.terms {
        if !has_term(conn, seq, *hash)? {
            return Ok(false);
        }
    }
    if !has_columns(filter) {
        return Ok(true);
    }
    let standing = order_row(conn, seq)?.map(Standing::of);
    Ok(standing.is_some_and(|standing| standing.matches(filter)))
}

/// An order's external id is claimed per channel, so it is looked up there, once for each channel.
fn find_external(
    conn: &Connection,
    organization: i64,
    filter: &OrderFilter,
    external_id: &str,
    span: Span,
    wanted: usize,
) -> Result<Vec<i64>, Fault> {
    let channels = match filter.channel {
        Some(channel) => vec![channel],
        None => channels(conn, organization)?,
    };
    let mut found = Vec::new();
    for channel in channels {
        let key = external_key(channel, external_id);
        let Some(seq) = seq_of_claim(conn, organization, &key)? else {
            continue;
        };
        if span.has(seq) && matches(conn, filter, seq)? {
            found.push(seq);
        }
    }
    found.sort_by_key(|seq| -span.rank(*seq));
    found.truncate(wanted);
    Ok(found)
}

fn channels(conn: &Connection, organization: i64) -> Result<Vec<ChannelId>, Fault> {
    let mut statement =
        conn.prepare_cached("SELECT id FROM channels WHERE organization = ?1 ORDER BY id")?;
    let rows = statement.query_map(params![organization], |row| id(row, 0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn seq_of_claim(conn: &Connection, organization: i64, key: &str) -> Result<Option<i64>, Fault> {
    let found = conn
        .prepare_cached(SEQ_OF_CLAIM)?
        .query_row(
            params![organization, ClaimKind::OrderExternal.name(), key],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found)
}

pub(crate) const SEQ_OF_CLAIM: &str = "SELECT seq FROM claims \
     JOIN orders ON orders.organization = claims.organization AND orders.id = claims.holder \
     WHERE claims.organization = ?1 AND kind = ?2 AND key = ?3";

fn order_row(conn: &Connection, seq: i64) -> Result<Option<OrderRow>, Fault> {
    let found = conn
        .prepare_cached(ORDER_ROW)?
        .query_row(params![seq], order_row_from)
        .optional()?;
    Ok(found)
}

pub(crate) const ORDER_ROW: &str = "SELECT seq, id, version, channel, external_id, life, payment, \
     fulfillment, returns, holds, placed_at, total, currency, country FROM orders WHERE seq = ?1";

fn order_row_from(row: &Row<'_>) -> rusqlite::Result<OrderRow> {
    Ok(OrderRow {
        number: number(row.get(0)?),
        id: id(row, 1)?,
        version: row.get::<_, i64>(2)? as u64,
        channel: id(row, 3)?,
        external_id: row.get(4)?,
        life: row.get(5)?,
        standings: [row.get(6)?, row.get(7)?, row.get(8)?],
        holds: row.get(9)?,
        placed_at: row.get(10)?,
        total: row.get(11)?,
        currency: row.get(12)?,
        country: row.get(13)?,
    })
}
