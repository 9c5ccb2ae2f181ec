//! Everything that a commit could have changed, read back through the port: equal before and after
//! where nothing may be written.

use ordo_domain::claim::ClaimKind;
use ordo_domain::contact::Contact;
use ordo_domain::id::{ContactId, OrganizationId, ReservationId};
use ordo_domain::reference::Reference;
use ordo_domain::time::Timestamp;
use ordo_domain::world::{Changes, Key, Row};

use super::fixture::{Shop, conflict};
use crate::commit::{Commit, Conflict};
use crate::log::{Head, LogEntry};
use crate::port::{AnswerKey, FoundKey, Store, StoredAnswer};

/// What an organization holds under the keys that a commit names.
#[derive(Debug, PartialEq)]
pub(super) struct Snapshot {
    rows: Vec<Row>,
    reference: Reference,
    head: Head,
    log: Vec<LogEntry>,
    answers: Vec<Option<StoredAnswer>>,
    contacts: Vec<Contact>,
    decisions: Vec<Option<String>>,
    keys: Vec<Option<FoundKey>>,
    due: Vec<(ReservationId, Timestamp)>,
    organizations: Vec<(OrganizationId, String)>,
}

impl Snapshot {
    /// Reads what `organization` holds under the keys of `commit`, whoever's that is.
    pub(super) async fn of(
        store: &dyn Store,
        organization: OrganizationId,
        commit: &Commit,
    ) -> Self {
        let keys = keys_of(&commit.changes);
        let mut rows = store
            .load(organization, &keys)
            .await
            .expect("rows are loaded");
        for row in &mut rows {
            if let Row::Cells { cells, .. } = row {
                cells.sort_by_key(|(key, _)| *key);
            }
            if let Row::Lots { lots, .. } = row {
                lots.sort_by(|(a, _), (b, _)| a.cmp(b));
            }
        }
        let names: Vec<AnswerKey> = commit.answers.iter().map(|answer| answer.key).collect();
        let ids: Vec<ContactId> = commit
            .changes
            .contacts
            .iter()
            .map(|contact| contact.id)
            .collect();
        let contacts = store.contacts(organization, &ids).await;
        let mut contacts = contacts.expect("contacts are read");
        contacts.sort_by_key(|contact| contact.id);
        let mut decisions = Vec::new();
        for decision in &commit.changes.decisions {
            let found = store.decision(organization, decision.id).await;
            decisions.push(found.expect("a decision is read"));
        }
        let mut found_keys = Vec::new();
        for (_, hash) in &commit.changes.api_key_hashes {
            found_keys.push(store.find_key(hash).await.expect("a key is looked up"));
        }
        let end = Timestamp::from_micros(i64::MAX);
        let due = store.due_reservations(organization, end, 1_000).await;
        let reference = store.load_reference(organization).await;
        let answers = store.answers(organization, &names).await;
        Self {
            rows,
            reference: reference.expect("the reference is loaded"),
            head: store.head(organization).await.expect("there is a head"),
            log: store
                .read_log(organization, 0, 100_000)
                .await
                .expect("the log is read"),
            answers: answers.expect("answers are read"),
            contacts,
            decisions,
            keys: found_keys,
            due: due.expect("reservations are read"),
            organizations: store.organizations().await.expect("organizations are read"),
        }
    }

    /// The same without what organizations see of each other.
    pub(super) fn without_organizations(mut self) -> Self {
        self.organizations.clear();
        self
    }

    /// Whether nothing of the commit's organization-owned rows is there.
    pub(super) fn is_blank(&self) -> bool {
        let absent = |row: &Row| match row {
            Row::Record { found, .. } => found.is_none(),
            // An organization's code is unique over all of them, so its claim is seen by all.
            Row::Claim {
                kind: ClaimKind::OrganizationCode,
                ..
            } => true,
            Row::Claim { holder, .. } => holder.is_none(),
            Row::SkuByCode { found, .. } => found.is_none(),
            Row::Sku { .. } => false,
            Row::Cells { cells, .. } => cells.is_empty(),
            Row::Lots { lots, .. } => lots.is_empty(),
            Row::Signal { found, .. } => found.count == 0,
            Row::Counter { value, .. } => *value == 0,
        };
        self.rows.iter().all(absent)
            && self.reference == Reference::empty(0)
            && self.head == Head::default()
            && self.log.is_empty()
            && self.answers.iter().all(Option::is_none)
            && self.contacts.is_empty()
            && self.decisions.iter().all(Option::is_none)
            && self.due.is_empty()
    }
}

/// Expects that `commit` is refused because of `reason`, and that nothing of it is there then.
pub(super) async fn refuses(shop: &Shop<'_>, commit: &Commit, reason: Conflict) {
    let before = Snapshot::of(shop.store, shop.organization, commit).await;
    assert_eq!(conflict(shop.store.commit(commit).await), reason);
    let after = Snapshot::of(shop.store, shop.organization, commit).await;
    assert_eq!(before, after, "a refused commit writes nothing");
}

/// The keys of all rows that `changes` writes or reads.
pub(super) fn keys_of(changes: &Changes) -> Vec<Key> {
    let mut keys = Vec::new();
    for claim in &changes.claims {
        keys.push(Key::Claim {
            kind: claim.kind,
            key: claim.key.clone(),
        });
        if claim.kind == ClaimKind::SkuCode {
            keys.push(Key::SkuByCode(claim.key.clone()));
        }
    }
    let records = changes
        .records
        .iter()
        .map(|record| (record.kind, record.id));
    let reads = changes.reads.iter().map(|read| (read.kind, read.id));
    keys.extend(
        records
            .chain(reads)
            .map(|(kind, id)| Key::Record { kind, id }),
    );
    keys.extend(
        changes
            .cells
            .iter()
            .map(|change| Key::Cells(change.key.sku)),
    );
    keys.extend(
        changes
            .lots
            .iter()
            .map(|change| Key::Lots(change.key.cell.sku)),
    );
    keys.extend(
        changes
            .counters
            .iter()
            .map(|change| Key::Counter(change.key)),
    );
    keys.extend(changes.signals.iter().map(|change| Key::Signal(change.key)));
    keys
}
