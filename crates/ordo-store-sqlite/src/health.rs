//! Whether what the store writes can still be trusted to reach the disk.
//!
//! After a flush that failed nobody knows what is on the disk, and the system does not try again: a
//! second flush succeeds without having written what the first one could not. So a store whose flush
//! failed writes nothing more, copies no WAL and does not empty it when it is closed. What was
//! answered is in the WAL, which was flushed before; the next start copies all of it anew.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use crate::error::Fault;

/// What all threads of a store know of its disk.
#[derive(Debug, Default)]
pub(crate) struct Health {
    failed: OnceLock<String>,
    /// Held by whoever copies the WAL, so that no second copy ends well before the first one's failure
    /// is known.
    copying: Mutex<()>,
}

impl Health {
    /// Takes note where a flush failed, and hands the failure on.
    pub(crate) fn note(&self, fault: Fault) -> Fault {
        if fault.is_flush() && self.failed.set(fault.to_string()).is_ok() {
            tracing::error!(
                error = %fault,
                "the disk did not keep what was written: nothing more is written until Ordo is \
                 started again; look at the disk first"
            );
        }
        fault
    }

    /// Fails where a flush has failed.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        match self.failed.get() {
            Some(_) => Err(Fault::Broken),
            None => Ok(()),
        }
    }

    /// Copies the WAL once nobody else does.
    pub(crate) fn copy<T>(&self, copy: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        let copying = self.copying.lock();
        self.copy_within(copying.unwrap_or_else(PoisonError::into_inner), copy)
    }

    /// The same unless somebody else does: `None` then.
    pub(crate) fn try_copy<T>(
        &self,
        copy: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let copying = match self.copying.try_lock() {
            Ok(copying) => copying,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        self.copy_within(copying, copy).map(Some)
    }

    fn copy_within<T>(
        &self,
        _copying: MutexGuard<'_, ()>,
        copy: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.check()?;
        copy().map_err(|fault| self.note(fault))
    }

    /// Whether no flush has failed.
    pub(crate) fn is_good(&self) -> bool {
        self.failed.get().is_none()
    }
}
