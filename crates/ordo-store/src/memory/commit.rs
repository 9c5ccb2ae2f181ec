//! Writes a batch in memory: first everything that could stand against it, then every row.

use std::collections::{BTreeMap, BTreeSet};

use ordo_domain::claim::ClaimKind;
use ordo_domain::id::{OrganizationId, ReservationId};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::{Columns, RecordKind};
use ordo_domain::signal::Signal;
use ordo_domain::stock::Cell;
use ordo_domain::time::Timestamp;
use ordo_domain::world::{CellChange, RecordWrite, SignalChange, StoredRecord};

use super::state::{Books, KeptAnswer, State};
use crate::commit::{Commit, Committed, Conflict};
use crate::log::LogEntry;

impl State {
    pub(super) fn commit(&mut self, commit: &Commit) -> Result<Committed, Conflict> {
        self.books.entry(commit.organization).or_default();
        self.check(commit)?;
        self.write_shared(commit);
        let books = self.books.entry(commit.organization).or_default();
        let committed = Committed {
            first_position: books.head.position + 1,
            first_number: books.next_number(),
            recorded_at: commit.at.max(books.head.last_at),
        };
        books.write(commit, committed);
        Ok(committed)
    }

    fn check(&self, commit: &Commit) -> Result<(), Conflict> {
        let books = &self.books[&commit.organization];
        let changes = &commit.changes;
        if books.batches.contains_key(&commit.batch) {
            return Err(Conflict::Claimed);
        }
        let mut new_claims = BTreeSet::new();
        for claim in &changes.claims {
            let key = (claim.kind, claim.key.clone());
            let taken = self
                .claims_of(commit.organization, claim.kind)
                .contains_key(&key);
            if taken || !new_claims.insert(key) {
                return Err(Conflict::Claimed);
            }
        }
        let mut new_answers = BTreeSet::new();
        for answer in &commit.answers {
            if books.answers.contains_key(&answer.key) || !new_answers.insert(answer.key) {
                return Err(Conflict::Claimed);
            }
        }
        if changes
            .api_key_hashes
            .iter()
            .any(|(_, hash)| self.secrets.contains_key(hash))
        {
            return Err(Conflict::Claimed);
        }
        books.check(commit)
    }

    /// The claims of the space that `kind` lives in. Without books an organization holds none, and
    /// the shared space, given in their place, has none of its kinds either.
    pub(super) fn claims_of(
        &self,
        organization: OrganizationId,
        kind: ClaimKind,
    ) -> &BTreeMap<(ClaimKind, String), u128> {
        match self.books.get(&organization) {
            Some(books) if !kind.is_global() => &books.claims,
            _ => &self.claims,
        }
    }

    /// Rows that all organizations share.
    fn write_shared(&mut self, commit: &Commit) {
        for claim in commit
            .changes
            .claims
            .iter()
            .filter(|claim| claim.kind.is_global())
        {
            self.claims
                .insert((claim.kind, claim.key.clone()), claim.holder);
        }
        for (key, hash) in &commit.changes.api_key_hashes {
            self.secrets.insert(*hash, (commit.organization, *key));
        }
        for record in &commit.changes.records {
            if record.kind != RecordKind::Organization {
                continue;
            }
            if let Columns::Code { code } = &record.columns {
                let id = OrganizationId::from_u128(record.id);
                match self.founded.iter_mut().find(|(known, _)| *known == id) {
                    Some((_, known)) => known.clone_from(code),
                    None => self.founded.push((id, code.clone())),
                }
            }
        }
    }
}

impl Books {
    fn check(&self, commit: &Commit) -> Result<(), Conflict> {
        let changes = &commit.changes;
        let version = |kind, id| self.record(kind, id).map_or(0, |record| record.version);
        let stale_write =
            (changes.records.iter()).any(|write| version(write.kind, write.id) != write.loaded);
        let stale_read =
            (changes.reads.iter()).any(|read| version(read.kind, read.id) != read.version);
        if stale_write || stale_read {
            return Err(Conflict::Stale);
        }
        let short = (changes.cells.iter()).any(|change| {
            let after = self.after(change);
            (change.needs_headroom && after.available() < Quantity::ZERO)
                || (change.ends_quarantine() && after.quarantined < Quantity::ZERO)
        });
        let full = changes.counters.iter().any(|change| {
            let now = self.counters.get(&change.key).copied().unwrap_or_default();
            change
                .limit
                .is_some_and(|limit| now.saturating_add(change.by) > limit)
        });
        if short || full {
            return Err(Conflict::Headroom);
        }
        if self.head.reference_version != changes.reference_version {
            return Err(Conflict::Reference);
        }
        Ok(())
    }

    /// A cell as it will stand; differences go on top of what is there now, not of what was loaded.
    fn after(&self, change: &CellChange) -> Cell {
        let now = self.cells.get(&change.key).copied().unwrap_or_default();
        Cell {
            on_hand: now.on_hand + change.by.on_hand,
            allocated: now.allocated + change.by.allocated,
            reserved: now.reserved + change.by.reserved,
            safety: now.safety + change.by.safety,
            quarantined: now.quarantined + change.by.quarantined,
        }
    }

    /// Writes every row of a commit that was checked.
    fn write(&mut self, commit: &Commit, committed: Committed) {
        let changes = &commit.changes;
        self.batches
            .insert(commit.batch, (committed.recorded_at, Some(committed)));
        for claim in changes
            .claims
            .iter()
            .filter(|claim| !claim.kind.is_global())
        {
            self.claims
                .insert((claim.kind, claim.key.clone()), claim.holder);
        }
        let mut next_number = committed.first_number;
        for record in &changes.records {
            self.write_record(record, &mut next_number);
        }
        for change in &changes.cells {
            let after = self.after(change);
            self.cells.insert(change.key, after);
            if change.may_leave_short() && after.unpromised() < Quantity::ZERO {
                self.short.insert(change.key);
            }
        }
        for change in &changes.lots {
            let lot = self.lots.entry(change.key.clone()).or_default();
            lot.on_hand += change.on_hand;
            lot.quarantined += change.quarantined;
            lot.picked += change.picked;
            lot.expires_on = change.expires_on.or(lot.expires_on);
        }
        for change in &changes.counters {
            *self.counters.entry(change.key).or_default() += change.by;
        }
        for change in &changes.signals {
            self.write_signal(change);
        }
        let contacts = changes.contacts.iter();
        self.contacts
            .extend(contacts.map(|contact| (contact.id, contact.clone())));
        for id in &changes.erased {
            self.contacts.remove(id);
        }
        let decisions = changes.decisions.iter();
        self.decisions
            .extend(decisions.map(|decision| (decision.id, decision.body.clone())));
        self.write_events(commit, committed);
        self.write_answers(commit, committed);
        self.head.last_at = committed.recorded_at;
        if next_number > committed.first_number {
            self.head.order_number = next_number - 1;
        }
        if changes.changes_reference {
            self.head.reference_version += 1;
        }
    }

    fn write_record(&mut self, write: &RecordWrite, next_number: &mut i64) {
        let number = match (write.kind, self.record(write.kind, write.id)) {
            (_, Some(before)) => before.number,
            (RecordKind::Order, None) => {
                *next_number += 1;
                Some(*next_number - 1)
            }
            (_, None) => None,
        };
        let stored = StoredRecord {
            version: write.version,
            body: write.body.clone(),
            number,
        };
        self.records.insert((write.kind, write.id), stored);
        if let Columns::Reservation { expires_at } = write.columns {
            self.set_due(
                ReservationId::from_u128(write.id),
                expires_at.map(Timestamp::from_micros),
            );
        }
    }

    fn write_signal(&mut self, change: &SignalChange) {
        let signal = self.signals.entry(change.key).or_default();
        let (count, since) = if signal.is_current(change.at) {
            (signal.count + change.seen, signal.since)
        } else {
            (change.seen, change.at)
        };
        *signal = Signal {
            count,
            since,
            basket: change.basket,
        };
    }

    fn write_events(&mut self, commit: &Commit, committed: Committed) {
        for recorded in &commit.changes.events {
            let position = self.head.position + 1;
            let entry = LogEntry::of(recorded, position, committed.recorded_at);
            if let Some(subject) = entry.subject {
                self.by_subject.entry(subject).or_default().push(position);
            }
            self.log.push(entry);
            self.head.position = position;
        }
    }

    fn write_answers(&mut self, commit: &Commit, committed: Committed) {
        for answer in &commit.answers {
            let position = match i64::try_from(answer.events_upto) {
                Ok(upto @ 1..) => committed.first_position - 1 + upto,
                _ => self.head.position,
            };
            let kept = KeptAnswer {
                request_hash: answer.request_hash,
                status: answer.status,
                body: answer.body.clone(),
                order: answer.order,
                position,
                at: committed.recorded_at,
            };
            self.answers.insert(answer.key, kept);
        }
    }
}
