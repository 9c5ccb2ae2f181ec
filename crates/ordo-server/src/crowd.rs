//! How many requests of an organization are at work at once. Whoever comes on top is sent away before
//! anything of the request is read: under a flood the time goes into waiting for the machine, before a
//! command has its place in the queue, and each request at work holds memory.
//!
//! Invariant: one organization's crowd takes no place of another's.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ordo_domain::id::OrganizationId;
use ordo_engine::Overloaded;

/// Requests of one organization at work at once: what a batch holds, and a fraction of a second of work.
const AT_WORK_MAX: usize = 1_024;

/// Who is at work.
#[derive(Debug, Default)]
pub struct Crowd {
    at_work: Mutex<HashMap<OrganizationId, usize>>,
}

/// The place of one request, until it is answered.
#[derive(Debug)]
pub struct Place<'a> {
    crowd: &'a Crowd,
    organization: OrganizationId,
}

impl Crowd {
    /// Lets a request in.
    ///
    /// # Errors
    /// Too many of its organization are at work.
    pub fn enter(&self, organization: OrganizationId) -> Result<Place<'_>, Overloaded> {
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        let count = at_work.entry(organization).or_default();
        if *count >= AT_WORK_MAX {
            return Err(Overloaded);
        }
        *count += 1;
        Ok(Place {
            crowd: self,
            organization,
        })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut at_work = (self.crowd.at_work.lock()).unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = at_work.get_mut(&self.organization) {
            *count -= 1;
            if *count == 0 {
                at_work.remove(&self.organization);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_bounded_and_keeps_nobody_else_out() {
        let crowd = Crowd::default();
        let [one, other] = [1, 2].map(OrganizationId::from_u128);
        let mut places: Vec<_> = (0..AT_WORK_MAX).map(|_| crowd.enter(one)).collect();
        assert!(places.iter().all(Result::is_ok));
        assert!(crowd.enter(one).is_err());
        assert!(crowd.enter(other).is_ok());
        places.pop();
        assert!(crowd.enter(one).is_ok());
        drop(places);
        assert!(crowd.at_work.lock().unwrap().is_empty());
    }
}
