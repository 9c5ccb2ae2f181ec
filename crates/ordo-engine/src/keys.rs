//! Who may ask: secrets are compared by hash, and looked up at most once a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ordo_domain::id::{ApiKeyId, OrganizationId};
use ordo_domain::organization::{Role, Scope};
use ordo_domain::time::{SECOND, Timestamp};
use ordo_store::{Store, StoreError};
use sha2::{Digest, Sha256};

/// Secrets kept; past this the cache starts anew.
const KEYS_MAX: usize = 10_000;

/// Whom a secret belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The organization.
    pub organization: OrganizationId,
    /// The key.
    pub key: ApiKeyId,
    /// What it may do.
    pub role: Role,
    /// What it reaches.
    pub scope: Arc<Scope>,
}

/// SHA-256 of a secret. Secrets are long and random, so a plain hash is enough.
#[must_use]
pub fn hash_secret(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[derive(Debug, Default)]
pub(crate) struct KeyCache {
    known: Mutex<HashMap<[u8; 32], (Caller, Timestamp)>>,
}

impl KeyCache {
    /// Whom `secret` belongs to; only hits are kept, so that a new key works at once.
    pub(crate) async fn find(
        &self,
        store: &dyn Store,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<Caller>, StoreError> {
        let hash = hash_secret(secret);
        if let Some((caller, found_at)) = self.lock().get(&hash)
            && now.as_micros() - found_at.as_micros() < SECOND
        {
            return Ok(Some(caller.clone()));
        }
        let Some(found) = store.find_key(&hash).await? else {
            return Ok(None);
        };
        let caller = Caller {
            organization: found.organization,
            key: found.key,
            role: found.role,
            scope: Arc::new(found.scope),
        };
        let mut known = self.lock();
        if known.len() >= KEYS_MAX {
            known.clear();
        }
        known.insert(hash, (caller.clone(), now));
        Ok(Some(caller))
    }

    /// Forgets everything, so that a withdrawn key ends at once on this node.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], (Caller, Timestamp)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
