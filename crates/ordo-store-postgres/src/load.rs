//! Loads rows by key: at most one statement for each kind of key, all in one flight.

use std::collections::{BTreeMap, HashMap};

use ordo_domain::claim::ClaimKind;
use ordo_domain::id::{OrganizationId, SkuId};
use ordo_domain::record::RecordKind;
use ordo_domain::signal::{Signal, SignalKey};
use ordo_domain::stock::{Lot, LotKey};
use ordo_domain::world::{CounterKey, Key, Row, StoredRecord};
use ordo_store::StoreError;

use crate::connection::Step;
use crate::flight::{Answer, params};
use crate::known::Cells;
use crate::records::{each, find};
use crate::rows::{cell, cell_columns, get, id, instant, lot, lot_columns, record, version};
use crate::values::Uuid;

/// What is asked for, sorted by the statement that answers it.
#[derive(Default)]
pub struct Request<'a> {
    records: BTreeMap<RecordKind, Vec<Uuid>>,
    claims: Vec<(ClaimKind, &'a str)>,
    codes: Vec<&'a str>,
    /// SKUs whose cells are read.
    skus: Vec<Uuid>,
    /// Whether cells are asked for at all, also where all of them are known.
    asks_for_cells: bool,
    lots: Vec<Uuid>,
    signals: Vec<SignalKey>,
    counters: Vec<CounterKey>,
}

/// What was found. What was asked for and is not here is not stored.
#[derive(Default)]
pub struct Found {
    records: HashMap<(RecordKind, u128), StoredRecord>,
    claims: HashMap<(ClaimKind, String), u128>,
    skus: HashMap<String, (u128, StoredRecord)>,
    cells: HashMap<SkuId, Cells>,
    /// The log's position when the cells were read.
    position: i64,
    lots: HashMap<SkuId, Vec<(LotKey, Lot)>>,
    signals: HashMap<SignalKey, Signal>,
    counters: HashMap<CounterKey, i64>,
}

impl<'a> Request<'a> {
    /// Sorts `keys`; of SKUs that are `known` only the position is asked for.
    pub fn of(keys: &'a [Key], known: &BTreeMap<SkuId, Cells>) -> Self {
        let mut request = Self::default();
        for key in keys {
            match key {
                Key::Record { kind, id } => {
                    request.records.entry(*kind).or_default().push(Uuid(*id));
                }
                Key::Claim { kind, key } => request.claims.push((*kind, key)),
                Key::SkuByCode(code) => request.codes.push(code),
                Key::Cells(sku) => {
                    request.asks_for_cells = true;
                    if !known.contains_key(sku) {
                        request.skus.push(Uuid(sku.to_u128()));
                    }
                }
                Key::Lots(sku) => request.lots.push(Uuid(sku.to_u128())),
                Key::Signal(key) => request.signals.push(*key),
                Key::Counter(key) => request.counters.push(*key),
            }
        }
        // A SKU that is asked for twice is read once.
        request.skus.sort_unstable();
        request.skus.dedup();
        request
    }

    /// The statements that answer it, in the order in which [`Request::read`] expects them.
    pub fn steps(&self, organization: OrganizationId) -> Vec<Step> {
        let whose = Uuid(organization.to_u128());
        let mut steps = Vec::new();
        for (kind, ids) in &self.records {
            steps.push(Step {
                sql: find(*kind),
                params: params![whose, ids.clone()],
            });
        }
        if !self.claims.is_empty() {
            // The offset keeps the planner from joining in any other way than key by key.
            steps.push(Step {
                sql: "SELECT k.n, c.holder
                      FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY
                          AS k (organization, kind, key, n)
                      CROSS JOIN LATERAL (
                          SELECT holder FROM claims
                          WHERE organization = k.organization AND kind = k.kind AND key = k.key
                          OFFSET 0) AS c",
                params: params![
                    each(&self.claims, |(kind, _)| scope(whose, *kind)),
                    each(&self.claims, |(kind, _)| kind.name()),
                    each(&self.claims, |(_, key)| (*key).to_owned()),
                ],
            });
        }
        if !self.codes.is_empty() {
            steps.push(Step {
                sql: "SELECT s.id, s.version, s.body, NULL::bigint, k.n
                      FROM unnest($3::text[]) WITH ORDINALITY AS k (code, n)
                      CROSS JOIN LATERAL (
                          SELECT holder FROM claims
                          WHERE organization = $1 AND kind = $2 AND key = k.code
                          OFFSET 0) AS c
                      CROSS JOIN LATERAL (
                          SELECT id, version, body FROM skus
                          WHERE organization = $1 AND id = c.holder
                          OFFSET 0) AS s",
                params: params![
                    whose,
                    ClaimKind::SkuCode.name(),
                    each(&self.codes, |code| (*code).to_owned()),
                ],
            });
        }
        if self.asks_for_cells {
            steps.push(cells(whose, self.skus.clone()));
        }
        if !self.lots.is_empty() {
            steps.push(Step {
                sql: concat!(
                    "SELECT ",
                    lot_columns!(),
                    " FROM cell_lots WHERE organization = $1 AND sku = ANY($2)
                      AND (on_hand <> 0 OR quarantined <> 0 OR picked <> 0)"
                ),
                params: params![whose, self.lots.clone()],
            });
        }
        if !self.signals.is_empty() {
            steps.push(Step {
                sql: "SELECT k.n, s.count, s.since, s.basket
                      FROM unnest($2::smallint[], $3::uuid[]) WITH ORDINALITY AS k (kind, hash, n)
                      CROSS JOIN LATERAL (
                          SELECT count, since, basket FROM signals
                          WHERE organization = $1 AND kind = k.kind AND hash = k.hash
                          OFFSET 0) AS s",
                params: params![
                    whose,
                    each(&self.signals, |key| i16::from(key.kind.number())),
                    each(&self.signals, |key| Uuid(key.hash)),
                ],
            });
        }
        if !self.counters.is_empty() {
            steps.push(Step {
                sql: "SELECT k.n, c.value
                      FROM unnest($2::smallint[], $3::uuid[], $4::integer[]) WITH ORDINALITY
                          AS k (kind, id, day, n)
                      CROSS JOIN LATERAL (
                          SELECT value FROM counters
                          WHERE organization = $1 AND kind = k.kind AND id = k.id AND day = k.day
                          OFFSET 0) AS c",
                params: params![
                    whose,
                    each(&self.counters, |key| i16::from(key.kind.number())),
                    each(&self.counters, |key| Uuid(key.id)),
                    each(&self.counters, |key| key.day),
                ],
            });
        }
        steps
    }

    /// Reads the answers to [`Request::steps`].
    ///
    /// # Errors
    /// Where a row cannot be read.
    pub fn read(&self, answers: Vec<Answer>) -> Result<Found, StoreError> {
        let mut found = Found::default();
        let mut answers = answers.into_iter().map(|answer| answer.rows);
        let mut next = || answers.next().unwrap_or_default();
        for kind in self.records.keys() {
            for row in next() {
                let (id, record) = record(&row)?;
                found.records.insert((*kind, id), record);
            }
        }
        if !self.claims.is_empty() {
            for row in next() {
                let (kind, key) = self.claims[nth(&row, 0)?];
                found.claims.insert((kind, key.to_owned()), id(&row, 1)?);
            }
        }
        if !self.codes.is_empty() {
            for row in next() {
                let code = self.codes[nth(&row, 4)?];
                found.skus.insert(code.to_owned(), record(&row)?);
            }
        }
        if self.asks_for_cells {
            found.add_cells(&self.skus, next())?;
        }
        if !self.lots.is_empty() {
            for row in next() {
                let (key, lot) = lot(&row)?;
                found.lots.entry(key.cell.sku).or_default().push((key, lot));
            }
        }
        if !self.signals.is_empty() {
            for row in next() {
                let basket: i64 = get(&row, 3)?;
                let signal = Signal {
                    count: get(&row, 1)?,
                    since: instant(&row, 2)?,
                    basket: basket.cast_unsigned(),
                };
                found.signals.insert(self.signals[nth(&row, 0)?], signal);
            }
        }
        if !self.counters.is_empty() {
            for row in next() {
                found
                    .counters
                    .insert(self.counters[nth(&row, 0)?], get(&row, 1)?);
            }
        }
        Ok(found)
    }
}

/// Reads the log's position and the cells of SKUs, from one snapshot. The position comes with every
/// cell, and alone where there is none. The offset keeps the planner from joining in any other way
/// than SKU by SKU.
fn cells(whose: Uuid, skus: Vec<Uuid>) -> Step {
    Step {
        sql: concat!(
            "SELECT ",
            cell_columns!(),
            ", h.position
             FROM heads AS h
             LEFT JOIN LATERAL (
                 SELECT c.* FROM unnest($2::uuid[]) AS k (id)
                 CROSS JOIN LATERAL (
                     SELECT ",
            cell_columns!(),
            " FROM cells WHERE organization = $1 AND sku = k.id OFFSET 0) AS c
             ) AS c ON true
             WHERE h.organization = $1"
        ),
        params: params![whose, skus],
    }
}

impl Found {
    /// Takes in the rows of [`cells`].
    fn add_cells(
        &mut self,
        skus: &[Uuid],
        rows: Vec<tokio_postgres::Row>,
    ) -> Result<(), StoreError> {
        for sku in skus {
            self.cells.entry(SkuId::from_u128(sku.0)).or_default();
        }
        for row in rows {
            self.position = get(&row, 8)?;
            if get::<Option<Uuid>>(&row, 0)?.is_some() {
                let (key, cell) = cell(&row)?;
                self.cells.entry(key.sku).or_default().push((key, cell));
            }
        }
        Ok(())
    }

    /// The log's position when the cells were read; 0 where there is no log.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// The cells that were read, by SKU.
    pub fn cells(&self) -> impl Iterator<Item = (SkuId, Cells)> {
        self.cells.iter().map(|(sku, cells)| (*sku, cells.clone()))
    }

    /// Adds what was known.
    pub fn know(&mut self, known: BTreeMap<SkuId, Cells>) {
        self.cells.extend(known);
    }

    /// One row for every key, in their order.
    pub fn rows(&self, keys: &[Key]) -> Vec<Row> {
        each(keys, |key| match key {
            Key::Record { kind, id } => Row::Record {
                kind: *kind,
                id: *id,
                found: self.records.get(&(*kind, *id)).cloned(),
            },
            Key::Claim { kind, key } => Row::Claim {
                kind: *kind,
                key: key.clone(),
                holder: self.claims.get(&(*kind, key.clone())).copied(),
            },
            Key::SkuByCode(code) => Row::SkuByCode {
                code: code.clone(),
                found: self.skus.get(code).cloned(),
            },
            Key::Cells(sku) => Row::Cells {
                sku: *sku,
                cells: self.cells.get(sku).cloned().unwrap_or_default(),
            },
            Key::Lots(sku) => Row::Lots {
                sku: *sku,
                lots: self.lots.get(sku).cloned().unwrap_or_default(),
            },
            Key::Signal(key) => Row::Signal {
                key: *key,
                found: self.signals.get(key).copied().unwrap_or_default(),
            },
            Key::Counter(key) => Row::Counter {
                key: *key,
                value: self.counters.get(key).copied().unwrap_or_default(),
            },
        })
    }
}

/// The organization that a claim stands under.
fn scope(whose: Uuid, kind: ClaimKind) -> Uuid {
    if kind.is_global() { Uuid::ZERO } else { whose }
}

/// An ordinal of SQL, which counts from 1, as an index.
fn nth(row: &tokio_postgres::Row, column: usize) -> Result<usize, StoreError> {
    let n = version(row, column)?;
    Ok(usize::try_from(n).unwrap_or(usize::MAX) - 1)
}
