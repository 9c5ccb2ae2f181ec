//! What a decision may ask for, and what a store answers.

use std::sync::Arc;

use crate::catalog::Sku;
use crate::claim::ClaimKind;
use crate::id::SkuId;
use crate::record::RecordKind;
use crate::signal::{Signal, SignalKey};
use crate::stock::{Cell, CellKey, Lot, LotKey};
use crate::world::CounterKey;

/// What must be loaded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A record by its id.
    Record {
        /// Its kind.
        kind: RecordKind,
        /// Its id.
        id: u128,
    },
    /// Who holds a claim.
    Claim {
        /// Its kind.
        kind: ClaimKind,
        /// Its key.
        key: String,
    },
    /// A SKU with the claim on its code.
    SkuByCode(String),
    /// All cells of a SKU.
    Cells(SkuId),
    /// All splits of a SKU's cells by lot, of which something is left.
    Lots(SkuId),
    /// How often something was seen.
    Signal(SignalKey),
    /// A counter.
    Counter(CounterKey),
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// How many events have touched it.
    pub version: u64,
    /// Its canonical JSON.
    pub body: String,
    /// The order's number, for orders.
    pub number: Option<i64>,
}

/// What was found under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A record by its id.
    Record {
        /// Its kind.
        kind: RecordKind,
        /// Its id.
        id: u128,
        /// `None` where there is none.
        found: Option<StoredRecord>,
    },
    /// Who holds a claim.
    Claim {
        /// Its kind.
        kind: ClaimKind,
        /// Its key.
        key: String,
        /// `None` where nobody does.
        holder: Option<u128>,
    },
    /// A SKU with the claim on its code.
    SkuByCode {
        /// The code.
        code: String,
        /// Id and record; `None` where nothing has the code.
        found: Option<(u128, StoredRecord)>,
    },
    /// The same from a cache, already read.
    Sku {
        /// The code.
        code: String,
        /// The SKU.
        sku: Arc<Sku>,
    },
    /// All cells of a SKU.
    Cells {
        /// The SKU.
        sku: SkuId,
        /// The cells that exist, in any order.
        cells: Vec<(CellKey, Cell)>,
    },
    /// The splits of a SKU's cells, of which something is left.
    Lots {
        /// The SKU.
        sku: SkuId,
        /// Its splits.
        lots: Vec<(LotKey, Lot)>,
    },
    /// How often something was seen.
    Signal {
        /// What.
        key: SignalKey,
        /// All zero where it never was.
        found: Signal,
    },
    /// A counter.
    Counter {
        /// Which.
        key: CounterKey,
        /// Zero where it was never counted.
        value: i64,
    },
}
