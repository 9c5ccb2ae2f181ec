//! A batch as statements in lock order, each with what its answer must say.
//!
//! The steps: the batch's id; keys that must be free; records, at the version decided on; cells and
//! other counters, by differences; the organization's head; what carries a position or a number.
//! Within a step rows come by kind and key, so that two batches that meet wait for each other in one
//! direction only.

use std::collections::BTreeMap;

use ordo_domain::id::OrganizationId;
use ordo_domain::record::RecordKind;
use ordo_domain::time::DAY;
use ordo_domain::world::{CellChange, Changes, ClaimWrite, RecordWrite};
use ordo_store::log::{FIRST_ORDER_NUMBER, event_text};
use ordo_store::{AnswerWrite, Commit, Conflict};

use crate::commit::Check;
use crate::connection::Step;
use crate::flight::params;
use crate::records::{change, each, insert, lock, signed};
use crate::rows::kind_number;
use crate::values::Uuid;

/// Adds differences to cells; answers what is available, quarantined and unpromised in each
/// afterwards.
macro_rules! change_cells {
    () => {
        "INSERT INTO cells AS c
             (organization, sku, location, owner,
              on_hand, allocated, reserved, safety, quarantined)
         SELECT $1::uuid, unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::uuid[]),
                unnest($5::bigint[]), unnest($6::bigint[]), unnest($7::bigint[]),
                unnest($8::bigint[]), unnest($9::bigint[])
         ON CONFLICT (organization, sku, location, owner) DO UPDATE SET
             on_hand = c.on_hand + excluded.on_hand,
             allocated = c.allocated + excluded.allocated,
             reserved = c.reserved + excluded.reserved,
             safety = c.safety + excluded.safety,
             quarantined = c.quarantined + excluded.quarantined
         RETURNING sku, location, owner,
             on_hand - allocated - reserved - safety AS available, c.quarantined,
             on_hand - allocated - reserved AS unpromised"
    };
}

/// The statements of a commit, from BEGIN on and without COMMIT.
pub struct Plan {
    /// The statements.
    pub steps: Vec<Step>,
    /// For each, what it must answer.
    pub checks: Vec<Check>,
}

impl Plan {
    /// Everything that `commit` writes.
    pub fn of(commit: &Commit) -> Self {
        let changes = &commit.changes;
        let mut plan = Self {
            steps: Vec::with_capacity(20),
            checks: Vec::with_capacity(20),
        };
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
        plan.add(begin, params![], Check::Nothing);
        plan.add(
            "INSERT INTO batches (organization, id, at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            params![
                organization(commit),
                Uuid(commit.batch.to_u128()),
                commit.at.as_micros()
            ],
            Check::Rows(1, Conflict::Claimed),
        );
        plan.keys(commit);
        plan.records(commit.organization, changes);
        plan.attachments(commit);
        plan.differences(commit);
        plan.head(commit);
        plan.positioned(commit);
        plan
    }

    fn add(&mut self, sql: &'static str, params: crate::flight::Params, check: Check) {
        self.push(Step { sql, params }, check);
    }

    fn push(&mut self, step: Step, check: Check) {
        self.steps.push(step);
        self.checks.push(check);
    }

    fn keys(&mut self, commit: &Commit) {
        let claims = &commit.changes.claims;
        if !claims.is_empty() {
            self.add(
                "INSERT INTO claims (organization, kind, key, holder)
                 SELECT unnest($1::uuid[]), unnest($2::text[]), unnest($3::text[]),
                        unnest($4::uuid[])
                 ON CONFLICT DO NOTHING",
                params![
                    each(claims, |claim| scope(commit.organization, claim)),
                    each(claims, |claim| claim.kind.name()),
                    each(claims, |claim| claim.key.clone()),
                    each(claims, |claim| Uuid(claim.holder)),
                ],
                all(claims, Conflict::Claimed),
            );
        }
        let hashes = &commit.changes.api_key_hashes;
        if !hashes.is_empty() {
            self.add(
                "INSERT INTO api_key_hashes (organization, key, hash)
                 SELECT $1::uuid, unnest($2::uuid[]), unnest($3::bytea[])
                 ON CONFLICT DO NOTHING",
                params![
                    organization(commit),
                    each(hashes, |(key, _)| Uuid(key.to_u128())),
                    each(hashes, |(_, hash)| hash.to_vec()),
                ],
                all(hashes, Conflict::Claimed),
            );
        }
        if !commit.answers.is_empty() {
            self.answers(commit);
        }
    }

    fn answers(&mut self, commit: &Commit) {
        let mut answers: Vec<&AnswerWrite> = commit.answers.iter().collect();
        answers.sort_by_key(|answer| answer.key);
        self.add(
            "INSERT INTO answers
                 (organization, batch, at, key, request_hash, status, body, order_id, events_upto)
             SELECT $1::uuid, $2::uuid, $3::bigint, unnest($4::uuid[]), unnest($5::uuid[]), unnest($6::smallint[]),
                    unnest($7::text[]), unnest($8::uuid[]), unnest($9::bigint[])
             ON CONFLICT DO NOTHING",
            params![
                organization(commit),
                Uuid(commit.batch.to_u128()),
                commit.at.as_micros(),
                each(&answers, |answer| Uuid::of_bytes(answer.key.0)),
                each(&answers, |answer| Uuid::of_bytes(answer.request_hash)),
                each(&answers, |answer| answer.status.cast_signed()),
                each(&answers, |answer| answer.body.clone()),
                each(&answers, |answer| answer
                    .order
                    .map(|id| Uuid(id.to_u128()))),
                each(&answers, |answer| count(answer.events_upto)),
            ],
            all(&answers, Conflict::Claimed),
        );
    }

    fn records(&mut self, organization: OrganizationId, changes: &Changes) {
        for kind in RecordKind::ALL.iter().copied() {
            let of_kind = || changes.records.iter().filter(|write| write.kind == kind);
            let mut new: Vec<&RecordWrite> = of_kind().filter(|write| write.loaded == 0).collect();
            let mut old: Vec<&RecordWrite> = of_kind().filter(|write| write.loaded > 0).collect();
            new.sort_by_key(|write| write.id);
            old.sort_by_key(|write| write.id);
            self.locks(kind, organization, changes, &old);
            if !old.is_empty() {
                let step = change(kind, organization, &old);
                self.push(step, all(&old, Conflict::Stale));
            }
            // New orders carry a number, which only the head row can give.
            if !new.is_empty() && kind != RecordKind::Order {
                let step = insert(kind, organization, &new);
                self.push(step, all(&new, Conflict::Stale));
            }
        }
    }

    /// Locks what was only read, together with what changes, so that all of a kind is locked in the
    /// order of ids. What changes needs no lock of its own where nothing was only read.
    fn locks(
        &mut self,
        kind: RecordKind,
        organization: OrganizationId,
        changes: &Changes,
        old: &[&RecordWrite],
    ) {
        let reads = changes.reads.iter().filter(|read| read.kind == kind);
        let mut versions: BTreeMap<Uuid, i64> = reads
            .map(|read| (Uuid(read.id), signed(read.version)))
            .collect();
        if versions.is_empty() {
            return;
        }
        versions.extend((old.iter()).map(|write| (Uuid(write.id), signed(write.loaded))));
        let ids: Vec<Uuid> = versions.keys().copied().collect();
        self.add(
            lock(kind, !old.is_empty()),
            params![Uuid(organization.to_u128()), ids],
            Check::Versions(versions),
        );
    }

    fn attachments(&mut self, commit: &Commit) {
        let contacts = &commit.changes.contacts;
        if !contacts.is_empty() {
            self.add(
                "INSERT INTO contacts (organization, id, body)
                 SELECT $1::uuid, unnest($2::uuid[]), unnest($3::text[])",
                params![
                    organization(commit),
                    each(contacts, |contact| Uuid(contact.id.to_u128())),
                    each(contacts, |contact| serde_json::to_string(contact).expect(
                        "contacts have string keys and no failing serializers"
                    )),
                ],
                Check::Nothing,
            );
        }
        let erased = &commit.changes.erased;
        if !erased.is_empty() {
            self.add(
                "DELETE FROM contacts WHERE organization = $1 AND id = ANY($2)",
                params![organization(commit), each(erased, |id| Uuid(id.to_u128())),],
                Check::Nothing,
            );
        }
        if !erased.is_empty() {
            self.add(
                "DELETE FROM payloads WHERE organization = $1 AND contact = ANY($2)",
                params![organization(commit), each(erased, |id| Uuid(id.to_u128())),],
                Check::Nothing,
            );
        }
        let lost = &commit.changes.lost_terms;
        if !lost.is_empty() {
            // The offsets keep the planner from joining in any other way than row by row.
            self.add(
                "DELETE FROM terms WHERE ctid = ANY(ARRAY(
                     SELECT t.ctid FROM unnest($2::uuid[], $3::bigint[]) AS lost (id, hash)
                     CROSS JOIN LATERAL (
                         SELECT number FROM orders
                         WHERE organization = $1 AND id = lost.id OFFSET 0) AS o
                     CROSS JOIN LATERAL (
                         SELECT ctid FROM terms
                         WHERE organization = $1 AND hash = lost.hash AND number = o.number
                         OFFSET 0) AS t))",
                params![
                    organization(commit),
                    each(lost, |(order, _)| Uuid(order.to_u128())),
                    each(lost, |(_, hash)| *hash),
                ],
                Check::Nothing,
            );
        }
        let decisions = &commit.changes.decisions;
        if !decisions.is_empty() {
            self.add(
                "INSERT INTO decisions (organization, id, body)
                 SELECT $1::uuid, unnest($2::uuid[]), unnest($3::text[])",
                params![
                    organization(commit),
                    each(decisions, |decision| Uuid(decision.id.to_u128())),
                    each(decisions, |decision| decision.body.clone()),
                ],
                Check::Nothing,
            );
        }
    }

    fn differences(&mut self, commit: &Commit) {
        if !commit.changes.cells.is_empty() {
            self.cells(commit);
        }
        if !commit.changes.lots.is_empty() {
            self.lots(commit);
        }
        let counters = &commit.changes.counters;
        if !counters.is_empty() {
            self.add(
                "INSERT INTO counters AS c (organization, kind, id, day, value)
                 SELECT $1::uuid, unnest($2::smallint[]), unnest($3::uuid[]), unnest($4::integer[]),
                        unnest($5::bigint[])
                 ON CONFLICT (organization, kind, id, day)
                 DO UPDATE SET value = c.value + excluded.value
                 RETURNING kind, id, day, value",
                params![
                    organization(commit),
                    each(counters, |counter| i16::from(counter.key.kind.number())),
                    each(counters, |counter| Uuid(counter.key.id)),
                    each(counters, |counter| counter.key.day),
                    each(counters, |counter| counter.by),
                ],
                Check::Limits(
                    (counters.iter())
                        .filter_map(|counter| {
                            let kind = i16::from(counter.key.kind.number());
                            let key = (kind, Uuid(counter.key.id), counter.key.day);
                            counter.limit.map(|limit| (key, limit))
                        })
                        .collect(),
                ),
            );
        }
        let signals = &commit.changes.signals;
        if !signals.is_empty() {
            self.add(
                "INSERT INTO signals AS s (organization, kind, hash, count, since, basket)
                 SELECT $1::uuid, unnest($2::smallint[]), unnest($3::uuid[]), unnest($4::bigint[]),
                        unnest($5::bigint[]), unnest($6::bigint[])
                 ON CONFLICT (organization, kind, hash) DO UPDATE SET
                     count = CASE WHEN s.count > 0 AND excluded.since - s.since < $7
                                  THEN s.count + excluded.count ELSE excluded.count END,
                     since = CASE WHEN s.count > 0 AND excluded.since - s.since < $7
                                  THEN s.since ELSE excluded.since END,
                     basket = excluded.basket",
                params![
                    organization(commit),
                    each(signals, |signal| i16::from(signal.key.kind.number())),
                    each(signals, |signal| Uuid(signal.key.hash)),
                    each(signals, |signal| signal.seen),
                    each(signals, |signal| signal.at.as_micros()),
                    each(signals, |signal| signal.basket.cast_signed()),
                    DAY,
                ],
                Check::Nothing,
            );
        }
    }

    /// Adds the differences to the cells as they stand now, whatever was loaded. Whether a promise
    /// still has headroom is then read from the locked rows, before COMMIT is sent.
    fn cells(&mut self, commit: &Commit) {
        let cells = &commit.changes.cells;
        let owner = |owner: Option<ordo_domain::id::EntityId>| {
            owner.map_or(Uuid::ZERO, |owner| Uuid(owner.to_u128()))
        };
        let keys = |asks: fn(&CellChange) -> bool| {
            let asking = cells.iter().filter(|cell| asks(cell));
            asking
                .map(|cell| {
                    let (sku, location) = (cell.key.sku, cell.key.location);
                    let owner = owner(cell.key.owner);
                    (Uuid(sku.to_u128()), Uuid(location.to_u128()), owner)
                })
                .collect()
        };
        let sql = if cells.iter().any(CellChange::may_leave_short) {
            concat!(
                "WITH changed AS (",
                change_cells!(),
                "),
                 short AS (
                     INSERT INTO short_cells (organization, sku, location, owner)
                     SELECT $1::uuid, sku, location, owner FROM changed WHERE unpromised < 0
                     ON CONFLICT DO NOTHING)
                 SELECT sku, location, owner, available, quarantined FROM changed"
            )
        } else {
            change_cells!()
        };
        self.add(
            sql,
            params![
                organization(commit),
                each(cells, |cell| Uuid(cell.key.sku.to_u128())),
                each(cells, |cell| Uuid(cell.key.location.to_u128())),
                each(cells, |cell| owner(cell.key.owner)),
                each(cells, |cell| cell.by.on_hand.get()),
                each(cells, |cell| cell.by.allocated.get()),
                each(cells, |cell| cell.by.reserved.get()),
                each(cells, |cell| cell.by.safety.get()),
                each(cells, |cell| cell.by.quarantined.get()),
            ],
            Check::Headroom {
                promised: keys(|cell| cell.needs_headroom),
                unquarantined: keys(CellChange::ends_quarantine),
            },
        );
    }

    /// Adds differences to splits of cells, which are facts: nothing is asked of them.
    fn lots(&mut self, commit: &Commit) {
        let lots = &commit.changes.lots;
        self.add(
            "INSERT INTO cell_lots AS l
                 (organization, sku, location, owner, lot, condition,
                  on_hand, quarantined, picked, expires_on)
             SELECT $1::uuid, unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::uuid[]),
                    unnest($5::text[]), unnest($6::text[]), unnest($7::bigint[]),
                    unnest($8::bigint[]), unnest($9::bigint[]), unnest($10::bigint[])
             ON CONFLICT (organization, sku, location, owner, lot, condition) DO UPDATE SET
                 on_hand = l.on_hand + excluded.on_hand,
                 quarantined = l.quarantined + excluded.quarantined,
                 picked = l.picked + excluded.picked,
                 expires_on = coalesce(excluded.expires_on, l.expires_on)",
            params![
                organization(commit),
                each(lots, |lot| Uuid(lot.key.cell.sku.to_u128())),
                each(lots, |lot| Uuid(lot.key.cell.location.to_u128())),
                each(lots, |lot| (lot.key.cell.owner)
                    .map_or(Uuid::ZERO, |owner| Uuid(owner.to_u128()))),
                each(lots, |lot| lot.key.name.clone()),
                each(lots, |lot| lot.key.condition.name()),
                each(lots, |lot| lot.on_hand.get()),
                each(lots, |lot| lot.quarantined.get()),
                each(lots, |lot| lot.picked.get()),
                each(lots, |lot| lot
                    .expires_on
                    .map(|date| i64::from(date.days_since_epoch()))),
            ],
            Check::Nothing,
        );
    }

    fn head(&mut self, commit: &Commit) {
        let changes = &commit.changes;
        let orders = count(new_orders(changes).count());
        // Numbers begin with the first order, not with the first commit.
        let numbers_from = if orders > 0 {
            FIRST_ORDER_NUMBER - 1
        } else {
            0
        };
        self.add(
            "INSERT INTO heads AS h
                 (organization, position, order_number, last_at, reference_version)
             VALUES ($1, $2, $3::bigint + $4::bigint, $5, $6)
             ON CONFLICT (organization) DO UPDATE SET
                 position = h.position + $2,
                 order_number = greatest(h.order_number, $3) + $4,
                 last_at = greatest(h.last_at, $5),
                 reference_version = h.reference_version + $6
             RETURNING position, order_number, last_at, reference_version",
            params![
                organization(commit),
                count(changes.events.len()),
                numbers_from,
                orders,
                commit.at.as_micros(),
                i64::from(changes.changes_reference),
            ],
            Check::Head {
                reference_version: changes.reference_version + i64::from(changes.changes_reference),
            },
        );
    }

    fn positioned(&mut self, commit: &Commit) {
        let new: Vec<&RecordWrite> = new_orders(&commit.changes).collect();
        if !new.is_empty() {
            let step = insert(RecordKind::Order, commit.organization, &new);
            self.push(step, all(&new, Conflict::Stale));
        }
        if !commit.changes.events.is_empty() {
            self.events(commit);
        }
        self.add(
            "UPDATE batches AS b
             SET first_position = h.position - $3 + 1, events = $3, recorded_at = h.last_at,
                 first_number = greatest(h.order_number - $4 + 1, $5)
             FROM heads AS h
             WHERE h.organization = $1 AND b.organization = $1 AND b.id = $2",
            params![
                organization(commit),
                Uuid(commit.batch.to_u128()),
                count(commit.changes.events.len()),
                count(new.len()),
                FIRST_ORDER_NUMBER,
            ],
            Check::Nothing,
        );
    }

    fn events(&mut self, commit: &Commit) {
        let events = &commit.changes.events;
        let subjects = each(events, |recorded| recorded.event.subject());
        self.add(
            "INSERT INTO events (organization, position, recorded_at, effective_at, command, actor,
                 name, form, subject_kind, subject_id, subject_version, body)
             SELECT $1::uuid, generate_series(h.position - cardinality($2::bigint[]) + 1, h.position), h.last_at,
                 unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::text[]), unnest($5::text[]),
                 unnest($6::smallint[]), unnest($7::smallint[]), unnest($8::uuid[]),
                 unnest($9::bigint[]), unnest($10::text[])
             FROM heads AS h WHERE h.organization = $1",
            params![
                organization(commit),
                each(events, |recorded| recorded.effective_at.as_micros()),
                each(events, |recorded| Uuid(recorded.command.to_u128())),
                each(events, |recorded| recorded.actor.to_string()),
                each(events, |recorded| recorded.event.name()),
                each(events, |recorded| recorded.event.form().cast_signed()),
                each(&subjects, |subject| subject
                    .map(|about| kind_number(about.kind))),
                each(&subjects, |subject| subject.map(|about| Uuid(about.id))),
                each(events, |recorded| signed(recorded.subject_version)),
                each(events, |recorded| event_text(&recorded.event)),
            ],
            all(events, Conflict::Busy),
        );
    }
}

fn organization(commit: &Commit) -> Uuid {
    Uuid(commit.organization.to_u128())
}

/// The organization that a claim stands under.
fn scope(organization: OrganizationId, claim: &ClaimWrite) -> Uuid {
    if claim.kind.is_global() {
        Uuid::ZERO
    } else {
        Uuid(organization.to_u128())
    }
}

/// New orders, in the order in which they get their numbers.
fn new_orders(changes: &Changes) -> impl Iterator<Item = &RecordWrite> {
    (changes.records.iter()).filter(|write| write.kind == RecordKind::Order && write.loaded == 0)
}

/// As many rows as were given.
fn all<T>(rows: &[T], otherwise: Conflict) -> Check {
    Check::Rows(rows.len() as u64, otherwise)
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).expect("a batch has fewer than 2^63 rows")
}
