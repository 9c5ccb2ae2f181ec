//! What a node keeps in memory between batches: the reference, and SKUs for at most a second.
//!
//! The reference is checked at every commit, so an old one costs a second round, never a wrong
//! answer. SKUs may be a second old by design.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ordo_domain::catalog::Sku;
use ordo_domain::id::OrganizationId;
use ordo_domain::reference::Reference;
use ordo_domain::time::{SECOND, Timestamp};
use ordo_domain::world::Row;
use ordo_store::{Store, StoreError};

/// SKUs kept over all organizations; past this the cache starts anew.
const SKUS_MAX: usize = 200_000;

/// SKUs by code, with when each was loaded.
type SkusByCode = HashMap<String, (Arc<Sku>, Timestamp)>;

/// The caches of a node.
#[derive(Debug, Default)]
pub struct Caches {
    references: Mutex<HashMap<OrganizationId, Arc<Reference>>>,
    skus: Mutex<HashMap<OrganizationId, SkusByCode>>,
}

impl Caches {
    /// The reference, from memory where it is there.
    ///
    /// # Errors
    /// Where it must be loaded and the store fails.
    pub async fn reference(
        &self,
        store: &dyn Store,
        organization: OrganizationId,
    ) -> Result<Arc<Reference>, StoreError> {
        if let Some(reference) = lock(&self.references).get(&organization) {
            return Ok(Arc::clone(reference));
        }
        let loaded = Arc::new(store.load_reference(organization).await?);
        let mut references = lock(&self.references);
        let kept = references
            .entry(organization)
            .or_insert_with(|| Arc::clone(&loaded));
        // Somebody else may have put a newer one in meanwhile.
        if kept.version() < loaded.version() {
            *kept = Arc::clone(&loaded);
        }
        Ok(Arc::clone(kept))
    }

    /// Forgets the reference: the next batch loads it.
    pub fn forget_reference(&self, organization: OrganizationId) {
        lock(&self.references).remove(&organization);
    }

    /// The SKUs with these codes that are known and fresh at `now`, as rows for a world.
    pub fn skus<'a>(
        &self,
        organization: OrganizationId,
        codes: impl Iterator<Item = &'a str>,
        now: Timestamp,
    ) -> Vec<Row> {
        let skus = lock(&self.skus);
        let Some(skus) = skus.get(&organization) else {
            return Vec::new();
        };
        codes
            .filter_map(|code| {
                let (sku, loaded_at) = skus.get(code)?;
                let fresh = now.as_micros() - loaded_at.as_micros() < SECOND;
                fresh.then(|| Row::Sku {
                    code: code.to_owned(),
                    sku: Arc::clone(sku),
                })
            })
            .collect()
    }

    /// Forgets SKUs that this node has just changed, so that whoever changed one sees it at work.
    pub fn forget_skus(&self, organization: OrganizationId) {
        lock(&self.skus).remove(&organization);
    }

    /// Keeps the SKUs among rows that were loaded at `now`.
    ///
    /// # Errors
    /// Where a stored SKU cannot be read.
    pub fn keep_skus(
        &self,
        organization: OrganizationId,
        rows: &mut [Row],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut kept = lock(&self.skus);
        for row in rows {
            let Row::SkuByCode {
                code,
                found: Some((_, record)),
            } = row
            else {
                continue;
            };
            let sku: Sku = serde_json::from_str(&record.body)
                .map_err(|error| StoreError::Corrupt(format!("SKU {code}: {error}")))?;
            let sku = Arc::new(sku);
            if kept.values().map(HashMap::len).sum::<usize>() >= SKUS_MAX {
                kept.clear();
            }
            let skus = kept.entry(organization).or_default();
            skus.insert(code.clone(), (Arc::clone(&sku), now));
            *row = Row::Sku {
                code: std::mem::take(code),
                sku,
            };
        }
        Ok(())
    }
}

/// Locks, also after a panic elsewhere: every critical section here leaves the map whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
