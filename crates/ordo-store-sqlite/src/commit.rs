//! Writes the changes of one batch, in the order that all stores share: the batch's id, unique keys,
//! versioned rows, shared counters, the head, rows that carry a position.

use std::sync::Arc;

use ordo_domain::id::{BatchId, ContactId, OrderId, OrganizationId};
use ordo_domain::record::RecordKind;
use ordo_domain::time::Timestamp;
use ordo_domain::world::{
    CellChange, ClaimWrite, CounterChange, DecisionWrite, LotChange, RecordRead, RecordWrite,
    SignalChange,
};
use ordo_store::log::{FIRST_ORDER_NUMBER, event_text};
use ordo_store::{AnswerWrite, Commit, Committed, Conflict, Head};
use rusqlite::{Connection, params};

use crate::erase;
use crate::error::Fault;
use crate::keys::{EVERYONE, Id, NUMBER_MAX, ORGANIZATIONS_MAX, Owner, seq};
use crate::lots;
use crate::rows;
use crate::signals::Signals;

/// A commit as the writing thread takes it: texts are made by the caller's thread.
pub(crate) struct Batch {
    pub(crate) organization: OrganizationId,
    pub(crate) id: BatchId,
    at: Timestamp,
    reference_version: i64,
    changes_reference: bool,
    answers: Vec<AnswerWrite>,
    claims: Vec<ClaimWrite>,
    records: Vec<RecordWrite>,
    reads: Vec<RecordRead>,
    pub(crate) cells: Vec<CellChange>,
    pub(crate) lots: Vec<LotChange>,
    counters: Vec<CounterChange>,
    signals: Vec<SignalChange>,
    contacts: Vec<(Id, String)>,
    erased: Vec<ContactId>,
    lost_terms: Vec<(OrderId, i64)>,
    decisions: Vec<DecisionWrite>,
    api_key_hashes: Vec<(Id, [u8; 32])>,
    events: Vec<EventRow>,
}

struct EventRow {
    effective_at: i64,
    command: Id,
    actor: Arc<str>,
    name: &'static str,
    form: u16,
    subject: Option<(u8, Id)>,
    subject_version: i64,
    body: String,
}

impl Batch {
    pub(crate) fn of(commit: &Commit) -> Result<Self, Fault> {
        let changes = &commit.changes;
        let contacts = changes.contacts.iter().map(|contact| {
            let body = serde_json::to_string(contact).map_err(Fault::text("a contact"))?;
            Ok((Id::of(contact.id), body))
        });
        let events = changes.events.iter().map(|recorded| EventRow {
            effective_at: recorded.effective_at.as_micros(),
            command: Id::of(recorded.command),
            actor: Arc::clone(&recorded.actor),
            name: recorded.event.name(),
            form: recorded.event.form(),
            subject: (recorded.event.subject())
                .map(|subject| (subject.kind as u8, Id::of(subject.id))),
            subject_version: recorded.subject_version as i64,
            body: event_text(&recorded.event),
        });
        let hashes = changes.api_key_hashes.iter();
        Ok(Self {
            organization: commit.organization,
            id: commit.batch,
            at: commit.at,
            reference_version: changes.reference_version,
            changes_reference: changes.changes_reference,
            answers: commit.answers.clone(),
            claims: changes.claims.clone(),
            records: changes.records.clone(),
            reads: changes.reads.clone(),
            cells: changes.cells.clone(),
            lots: changes.lots.clone(),
            counters: changes.counters.clone(),
            signals: changes.signals.clone(),
            contacts: contacts.collect::<Result<_, Fault>>()?,
            erased: changes.erased.clone(),
            lost_terms: changes.lost_terms.clone(),
            decisions: changes.decisions.clone(),
            api_key_hashes: hashes.map(|(key, hash)| (Id::of(*key), *hash)).collect(),
            events: events.collect(),
        })
    }
}

/// Why nothing of a batch was written.
pub(crate) enum Undone {
    Conflict(Conflict),
    Fault(Fault),
}

impl From<Fault> for Undone {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<rusqlite::Error> for Undone {
    fn from(error: rusqlite::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Writes `batch` within the transaction at hand, and answers the head after it.
pub(crate) fn write(
    conn: &Connection,
    signals: &mut Signals,
    organization: i64,
    head: Head,
    batch: &Batch,
) -> Result<(Committed, Head), Undone> {
    let new_orders = (batch.records.iter())
        .filter(|write| write.kind == RecordKind::Order && write.loaded == 0)
        .count() as i64;
    let committed = Committed {
        first_position: head.position + 1,
        first_number: first_number(head),
        recorded_at: batch.at.max(head.last_at),
    };
    let after = Head {
        position: head.position + batch.events.len() as i64,
        order_number: match new_orders {
            0 => head.order_number,
            _ => committed.first_number + new_orders - 1,
        },
        last_at: committed.recorded_at,
        reference_version: head.reference_version + i64::from(batch.changes_reference),
    };
    if after.position >= NUMBER_MAX || after.order_number >= NUMBER_MAX {
        return Err(Fault::Full("the organization's log is full").into());
    }
    if organization >= ORGANIZATIONS_MAX {
        return Err(Fault::Full("the database has no room for another organization").into());
    }
    insert_batch(conn, organization, batch.id, committed)?;
    insert_answers(conn, organization, batch, committed, after)?;
    insert_claims(conn, organization, &batch.claims)?;
    insert_api_key_hashes(conn, organization, &batch.api_key_hashes)?;
    write_records(conn, organization, &batch.records, committed.first_number)?;
    check_reads(conn, organization, &batch.reads)?;
    change_cells(conn, organization, &batch.cells)?;
    lots::change(conn, organization, &batch.lots)?;
    change_counters(conn, organization, &batch.counters)?;
    signals.add(conn, organization, &batch.signals)?;
    if head.reference_version != batch.reference_version {
        return Err(Undone::Conflict(Conflict::Reference));
    }
    save_head(conn, organization, batch.organization, after)?;
    insert_contacts(conn, organization, &batch.contacts)?;
    erase::delete(conn, organization, &batch.erased, &batch.lost_terms)?;
    insert_decisions(conn, organization, &batch.decisions)?;
    insert_events(conn, organization, &batch.events, committed)?;
    Ok((committed, after))
}

/// The number that the next new order gets.
fn first_number(head: Head) -> i64 {
    (head.order_number + 1).max(FIRST_ORDER_NUMBER)
}

fn insert_batch(
    conn: &Connection,
    organization: i64,
    id: BatchId,
    committed: Committed,
) -> Result<(), Undone> {
    let done = conn
        .prepare_cached(
            "INSERT INTO batches (organization, id, first_position, first_number, recorded_at) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            organization,
            Id::of(id),
            committed.first_position,
            committed.first_number,
            committed.recorded_at.as_micros()
        ]);
    or_claimed(done)
}

/// Takes a duplicate key for a lost claim.
fn or_claimed(done: rusqlite::Result<usize>) -> Result<(), Undone> {
    match done {
        Ok(_) => Ok(()),
        Err(error) if Fault::is_duplicate(&error) => Err(Undone::Conflict(Conflict::Claimed)),
        Err(error) => Err(error.into()),
    }
}

fn insert_answers(
    conn: &Connection,
    organization: i64,
    batch: &Batch,
    committed: Committed,
    after: Head,
) -> Result<(), Undone> {
    if batch.answers.is_empty() {
        return Ok(());
    }
    let mut statement = conn.prepare_cached(
        "INSERT INTO answers \
         (organization, key, request_hash, status, order_id, position, at, body) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for answer in &batch.answers {
        let position = match answer.events_upto {
            0 => after.position,
            upto => committed.first_position - 1 + upto as i64,
        };
        or_claimed(statement.execute(params![
            organization,
            answer.key.0,
            answer.request_hash,
            answer.status,
            answer.order.map(Id::of),
            position,
            committed.recorded_at.as_micros(),
            answer.body
        ]))?;
    }
    Ok(())
}

fn insert_claims(
    conn: &Connection,
    organization: i64,
    claims: &[ClaimWrite],
) -> Result<(), Undone> {
    if claims.is_empty() {
        return Ok(());
    }
    let mut statement = conn.prepare_cached(
        "INSERT INTO claims (organization, kind, key, holder) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for claim in claims {
        let owner = if claim.kind.is_global() {
            EVERYONE
        } else {
            organization
        };
        or_claimed(statement.execute(params![
            owner,
            claim.kind.name(),
            claim.key,
            Id::of(claim.holder)
        ]))?;
    }
    Ok(())
}

fn insert_api_key_hashes(
    conn: &Connection,
    organization: i64,
    hashes: &[(Id, [u8; 32])],
) -> Result<(), Undone> {
    for (key, hash) in hashes {
        let done = conn
            .prepare_cached(
                "INSERT INTO api_key_hashes (hash, organization, id) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![hash, organization, key]);
        or_claimed(done)?;
    }
    Ok(())
}

fn write_records(
    conn: &Connection,
    organization: i64,
    writes: &[RecordWrite],
    first_number: i64,
) -> Result<(), Undone> {
    let mut order_number = first_number;
    for write in writes {
        let stands = if write.loaded == 0 {
            let inserted = rows::insert(conn, organization, write, order_number)?;
            order_number += i64::from(write.kind == RecordKind::Order);
            inserted
        } else {
            rows::update(conn, organization, write)?
        };
        if !stands {
            return Err(Undone::Conflict(Conflict::Stale));
        }
    }
    Ok(())
}

fn check_reads(conn: &Connection, organization: i64, reads: &[RecordRead]) -> Result<(), Undone> {
    for read in reads {
        if rows::version(conn, organization, read.kind, read.id)? != read.version {
            return Err(Undone::Conflict(Conflict::Stale));
        }
    }
    Ok(())
}

fn change_cells(conn: &Connection, organization: i64, cells: &[CellChange]) -> Result<(), Undone> {
    if cells.is_empty() {
        return Ok(());
    }
    let mut update = conn.prepare_cached(
        "UPDATE cells SET on_hand = on_hand + ?5, allocated = allocated + ?6, \
         reserved = reserved + ?7, safety = safety + ?8, quarantined = quarantined + ?9 \
         WHERE organization = ?1 AND sku = ?2 AND location = ?3 AND owner = ?4 AND (?10 \
         OR on_hand + ?5 - allocated - ?6 - reserved - ?7 - safety - ?8 >= 0) \
         AND (?9 >= 0 OR quarantined + ?9 >= 0)",
    )?;
    let mut insert = conn.prepare_cached(
        "INSERT INTO cells (organization, sku, location, owner, on_hand, allocated, reserved, \
         safety, quarantined) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
    )?;
    for change in cells {
        let (key, by) = (change.key, change.by);
        let owner = Owner::of(key.owner);
        let (sku, location) = (Id::of(key.sku), Id::of(key.location));
        let changed = update.execute(params![
            organization,
            sku,
            location,
            owner,
            by.on_hand.get(),
            by.allocated.get(),
            by.reserved.get(),
            by.safety.get(),
            by.quarantined.get(),
            !change.needs_headroom
        ])?;
        if changed == 1 {
            if change.may_leave_short() {
                note_short(conn, organization, change)?;
            }
            continue;
        }
        // A cell that is there and was not changed has too little; one that is new starts at zero.
        let inserted = insert.execute(params![
            organization,
            sku,
            location,
            owner,
            by.on_hand.get(),
            by.allocated.get(),
            by.reserved.get(),
            by.safety.get(),
            by.quarantined.get()
        ])?;
        let lacks = (change.needs_headroom && by.available().get() < 0) || change.ends_quarantine();
        if inserted == 0 || lacks {
            return Err(Undone::Conflict(Conflict::Headroom));
        }
        if change.may_leave_short() {
            note_short(conn, organization, change)?;
        }
    }
    Ok(())
}

/// Names a cell of which facts left less than was promised.
fn note_short(conn: &Connection, organization: i64, change: &CellChange) -> Result<(), Undone> {
    let key = change.key;
    conn.prepare_cached(
        "INSERT INTO short_cells (organization, sku, location, owner) \
         SELECT organization, sku, location, owner FROM cells WHERE organization = ?1 \
         AND sku = ?2 AND location = ?3 AND owner = ?4 \
         AND on_hand - allocated - reserved < 0 ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        organization,
        Id::of(key.sku),
        Id::of(key.location),
        Owner::of(key.owner)
    ])?;
    Ok(())
}

fn change_counters(
    conn: &Connection,
    organization: i64,
    counters: &[CounterChange],
) -> Result<(), Undone> {
    if counters.is_empty() {
        return Ok(());
    }
    let mut update = conn.prepare_cached(
        "UPDATE counters SET value = value + ?5 \
         WHERE organization = ?1 AND kind = ?2 AND id = ?3 AND day = ?4 \
         AND (?6 IS NULL OR value + ?5 <= ?6)",
    )?;
    let mut insert = conn.prepare_cached(
        "INSERT INTO counters (organization, kind, id, day, value) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT DO NOTHING",
    )?;
    for change in counters {
        let (kind, id) = (change.key.kind.number(), Id::of(change.key.id));
        let (day, by) = (change.key.day, change.by);
        if update.execute(params![organization, kind, id, day, by, change.limit])? == 1 {
            continue;
        }
        // As with cells: there and not changed means full.
        let inserted = insert.execute(params![organization, kind, id, day, by])?;
        if inserted == 0 || change.limit.is_some_and(|limit| by > limit) {
            return Err(Undone::Conflict(Conflict::Headroom));
        }
    }
    Ok(())
}

/// Writes the head of an organization, also its first.
pub(crate) fn save_head(
    conn: &Connection,
    organization: i64,
    id: OrganizationId,
    head: Head,
) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO heads (organization, id, position, order_number, last_at, reference_version) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (organization) DO UPDATE SET position = excluded.position, \
         order_number = excluded.order_number, last_at = excluded.last_at, \
         reference_version = excluded.reference_version",
    )?
    .execute(params![
        organization,
        Id::of(id),
        head.position,
        head.order_number,
        head.last_at.as_micros(),
        head.reference_version
    ])?;
    Ok(())
}

fn insert_contacts(
    conn: &Connection,
    organization: i64,
    contacts: &[(Id, String)],
) -> Result<(), Undone> {
    if contacts.is_empty() {
        return Ok(());
    }
    let mut statement =
        conn.prepare_cached("INSERT INTO contacts (organization, id, body) VALUES (?1, ?2, ?3)")?;
    for (id, body) in contacts {
        statement.execute(params![organization, id, body])?;
    }
    Ok(())
}

fn insert_decisions(
    conn: &Connection,
    organization: i64,
    decisions: &[DecisionWrite],
) -> Result<(), Undone> {
    if decisions.is_empty() {
        return Ok(());
    }
    let mut statement =
        conn.prepare_cached("INSERT INTO decisions (organization, id, body) VALUES (?1, ?2, ?3)")?;
    for decision in decisions {
        statement.execute(params![organization, Id::of(decision.id), decision.body])?;
    }
    Ok(())
}

fn insert_events(
    conn: &Connection,
    organization: i64,
    events: &[EventRow],
    committed: Committed,
) -> Result<(), Undone> {
    if events.is_empty() {
        return Ok(());
    }
    let mut statement = conn.prepare_cached(
        "INSERT INTO events (seq, recorded_at, effective_at, command, actor, name, form, \
         subject_kind, subject_id, subject_version, body) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let recorded_at = committed.recorded_at.as_micros();
    for (position, event) in (committed.first_position..).zip(events) {
        statement.execute(params![
            seq(organization, position),
            recorded_at,
            event.effective_at,
            event.command,
            event.actor,
            event.name,
            event.form,
            event.subject.map(|(kind, _)| kind),
            event.subject.map(|(_, id)| id),
            event.subject_version,
            event.body
        ])?;
    }
    Ok(())
}
