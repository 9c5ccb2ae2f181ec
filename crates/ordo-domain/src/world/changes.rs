//! What a batch of decisions changed, as plain rows in lock order: what a store writes.

use crate::claim::ClaimKind;
use crate::contact::Contact;
use crate::decide::{Attachment, Recorded};
use crate::id::{ApiKeyId, ContactId, DecisionId, OrderId};
use crate::quantity::Quantity;
use crate::record::{Columns, RecordKind};
use crate::signal::SignalKey;
use crate::stock::{Cell, CellKey, Lot, LotKey};
use crate::time::Timestamp;
use crate::world::{CounterKey, LotChange, World};

/// A record that is new or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordWrite {
    /// Its kind.
    pub kind: RecordKind,
    /// Its id.
    pub id: u128,
    /// The version decided on; 0 for a new record.
    pub loaded: u64,
    /// The version after.
    pub version: u64,
    /// Its canonical JSON.
    pub body: String,
    /// What lists filter and sort by.
    pub columns: Columns,
}

/// A record that a decision only read, with the version that must still be in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRead {
    /// Its kind.
    pub kind: RecordKind,
    /// Its id.
    pub id: u128,
    /// The version decided on.
    pub version: u64,
}

/// A claim that must be free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimWrite {
    /// Its kind.
    pub kind: ClaimKind,
    /// Its key.
    pub key: String,
    /// Who takes it.
    pub holder: u128,
}

/// Differences of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellChange {
    /// Which cell.
    pub key: CellKey,
    /// Differences of every counter.
    pub by: Cell,
    /// Whether available must not be negative after the commit.
    pub needs_headroom: bool,
    /// Whether the cell was not there when it was loaded.
    pub is_new: bool,
}

impl CellChange {
    /// Whether less may be there afterwards than was promised: facts that take stock are not asked
    /// for headroom.
    #[must_use]
    pub fn may_leave_short(&self) -> bool {
        !self.needs_headroom && self.by.unpromised() < Quantity::ZERO
    }

    /// Whether units come out of quarantine, which must have been in it.
    #[must_use]
    pub fn ends_quarantine(&self) -> bool {
        self.by.quarantined < Quantity::ZERO
    }
}

/// The difference of one counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterChange {
    /// Which.
    pub key: CounterKey,
    /// By how much.
    pub by: i64,
    /// The most that it may reach.
    pub limit: Option<i64>,
}

/// Sightings to be added to a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalChange {
    /// Which.
    pub key: SignalKey,
    /// How many.
    pub seen: i64,
    /// When the last was.
    pub at: Timestamp,
    /// Hash of the last basket.
    pub basket: u64,
}

/// A stored decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionWrite {
    /// Its id.
    pub id: DecisionId,
    /// Its compact JSON.
    pub body: String,
}

/// Everything that a batch changes, each list in lock order.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The version of the reference that was decided on.
    pub reference_version: i64,
    /// Whether the reference changes.
    pub changes_reference: bool,
    /// Claims to take.
    pub claims: Vec<ClaimWrite>,
    /// New and changed records.
    pub records: Vec<RecordWrite>,
    /// Records that were only read.
    pub reads: Vec<RecordRead>,
    /// Cells.
    pub cells: Vec<CellChange>,
    /// Splits of cells by lot.
    pub lots: Vec<LotChange>,
    /// Counters.
    pub counters: Vec<CounterChange>,
    /// Signals.
    pub signals: Vec<SignalChange>,
    /// Contacts, all new.
    pub contacts: Vec<Contact>,
    /// Contacts to take away.
    pub erased: Vec<ContactId>,
    /// Hashes of search terms that no longer find an order.
    pub lost_terms: Vec<(OrderId, i64)>,
    /// Decisions, all new.
    pub decisions: Vec<DecisionWrite>,
    /// Hashes of API keys' secrets, all new.
    pub api_key_hashes: Vec<(ApiKeyId, [u8; 32])>,
    /// What happened, in order.
    pub events: Vec<Recorded>,
}

impl Changes {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.records.is_empty()
            && self.cells.is_empty()
            && self.lots.is_empty()
            && self.contacts.is_empty()
            && self.signals.is_empty()
            && self.counters.is_empty()
            && self.claims.is_empty()
            && self.erased.is_empty()
            && self.lost_terms.is_empty()
    }
}

impl World {
    /// Takes out what the commands since the world was made have changed.
    #[must_use]
    pub fn into_changes(self) -> Changes {
        let mut changes = self.state_changes();
        changes.reference_version = self.reference.version();
        // A level of safety stock is set against the one that was loaded, as a record is.
        let levels = (changes.cells.iter()).any(|cell| !cell.by.safety.is_zero());
        changes.changes_reference =
            levels || (changes.records.iter()).any(|record| record.kind.is_reference());
        for attachment in self.attachments {
            match attachment {
                Attachment::Contact(contact) => changes.contacts.push(contact),
                Attachment::Decision { id, body } => {
                    changes.decisions.push(DecisionWrite { id, body });
                }
                Attachment::ApiKeyHash { key, secret_hash } => {
                    changes.api_key_hashes.push((key, secret_hash));
                }
                Attachment::Erased { contacts, terms } => {
                    changes.erased.extend(contacts);
                    changes.lost_terms.extend(terms);
                }
                // Folded into the signals as it was attached.
                Attachment::Seen { .. } => {}
            }
        }
        changes.events = self.events;
        changes
    }

    /// Changed rows without events and attachments.
    fn state_changes(&self) -> Changes {
        let mut changes = Changes::default();
        let (writes, reads) = (&mut changes.records, &mut changes.reads);
        self.organizations.changes(writes, reads);
        self.api_keys.changes(writes, reads);
        self.entities.changes(writes, reads);
        self.channels.changes(writes, reads);
        self.locations.changes(writes, reads);
        self.pools.changes(writes, reads);
        self.blocks.changes(writes, reads);
        self.skus.changes(writes, reads);
        self.listings.changes(writes, reads);
        self.orders.changes(writes, reads);
        self.fulfillment_orders.changes(writes, reads);
        self.reservations.changes(writes, reads);
        self.shipments.changes(writes, reads);
        self.returns.changes(writes, reads);
        self.webhooks.changes(writes, reads);
        self.rate_tables.changes(writes, reads);
        self.sourcing_settings.changes(writes, reads);
        self.price_books.changes(writes, reads);
        self.rule_sets.changes(writes, reads);
        changes.claims = (self.claims.new_claims())
            .map(|(kind, key, holder)| ClaimWrite {
                kind,
                key: key.clone(),
                holder,
            })
            .collect();
        for row in self.cells.rows() {
            let loaded = row.loaded.unwrap_or_default();
            let by = Cell {
                on_hand: row.now.on_hand - loaded.on_hand,
                allocated: row.now.allocated - loaded.allocated,
                reserved: row.now.reserved - loaded.reserved,
                safety: row.now.safety - loaded.safety,
                quarantined: row.now.quarantined - loaded.quarantined,
            };
            if by == Cell::default() {
                continue;
            }
            let promises = by.allocated + by.reserved > Quantity::ZERO;
            changes.cells.push(CellChange {
                key: row.key,
                by,
                needs_headroom: row.promised && promises,
                is_new: row.loaded.is_none(),
            });
        }
        changes.lots = self.lots.changes();
        changes.counters = (self.counters.slots.iter())
            .filter(|(_, slot)| slot.now != slot.loaded)
            .map(|(key, slot)| CounterChange {
                key: *key,
                by: slot.now - slot.loaded,
                limit: slot.limit.filter(|_| slot.now > slot.loaded),
            })
            .collect();
        changes.signals = (self.signals.slots.iter())
            .filter(|(_, slot)| slot.seen > 0)
            .map(|(key, slot)| SignalChange {
                key: *key,
                seen: slot.seen,
                at: slot.at,
                basket: slot.now.basket,
            })
            .collect();
        changes
    }

    /// All records of a rebuilt world, in lock order, as (kind, id, version, body).
    #[must_use]
    pub fn all_records(&self) -> Vec<RecordWrite> {
        self.state_changes().records
    }

    /// The records of one kind of a rebuilt world, in the order of their ids, one at a time.
    #[must_use]
    pub fn records_of(&self, kind: RecordKind) -> Box<dyn Iterator<Item = RecordWrite> + '_> {
        match kind {
            RecordKind::Organization => Box::new(self.organizations.new_records()),
            RecordKind::ApiKey => Box::new(self.api_keys.new_records()),
            RecordKind::LegalEntity => Box::new(self.entities.new_records()),
            RecordKind::Channel => Box::new(self.channels.new_records()),
            RecordKind::Location => Box::new(self.locations.new_records()),
            RecordKind::Pool => Box::new(self.pools.new_records()),
            RecordKind::Block => Box::new(self.blocks.new_records()),
            RecordKind::Sku => Box::new(self.skus.new_records()),
            RecordKind::Listing => Box::new(self.listings.new_records()),
            RecordKind::Order => Box::new(self.orders.new_records()),
            RecordKind::FulfillmentOrder => Box::new(self.fulfillment_orders.new_records()),
            RecordKind::Reservation => Box::new(self.reservations.new_records()),
            RecordKind::Shipment => Box::new(self.shipments.new_records()),
            RecordKind::Return => Box::new(self.returns.new_records()),
            RecordKind::Webhook => Box::new(self.webhooks.new_records()),
            RecordKind::RateTable => Box::new(self.rate_tables.new_records()),
            RecordKind::SourcingSettings => Box::new(self.sourcing_settings.new_records()),
            RecordKind::PriceBook => Box::new(self.price_books.new_records()),
            RecordKind::RuleSet => Box::new(self.rule_sets.new_records()),
        }
    }

    /// All cells of a rebuilt world that are not zero, in the order of their keys.
    #[must_use]
    pub fn all_cells(&self) -> Vec<(CellKey, Cell)> {
        self.cells.rows().map(|row| (row.key, row.now)).collect()
    }

    /// All splits of a rebuilt world of which something is left, in the order of their keys.
    #[must_use]
    pub fn all_lots(&self) -> Vec<(LotKey, Lot)> {
        self.lots.all()
    }
}
