//! Lets a version that does not count yet run in the shadow of what counts: each day's orders are
//! sourced by it as well, and the difference is reported. Nothing is shipped by it.

use crate::decide::{Context, Decided, Refusal};
use crate::edit::must_be_at;
use crate::event::Event;
use crate::id::RuleSetId;
use crate::rejection::{Code, Rejection};
use crate::rules::set::{RuleSet, VersionState};
use crate::time::Timestamp;
use crate::world::World;

/// Versions of one set that may run in the shadow at once: each sources every day's orders again.
pub const SHADOWS_MAX: usize = 3;

/// Lets a version run in the shadow from now on, or no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowRules {
    /// The set.
    pub rule_set: RuleSetId,
    /// The version of the set that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// The draft or scheduled version.
    pub number: u32,
    /// Whether it is to run.
    pub on: bool,
}

impl ShadowRules {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.rule_set_record(self.rule_set)? else {
            return Err(Rejection::new(Code::NotFound, "no such rule set").into());
        };
        let Some(state) = found.state(self.number, ctx.now) else {
            return Err(Rejection::new(Code::NotFound, "no such version").into());
        };
        if found.shadows.contains_key(&self.number) == self.on {
            return Ok(Decided::unchanged(found.id));
        }
        must_be_at(self.expected, found.version)?;
        if self.on {
            match state {
                VersionState::Draft | VersionState::Scheduled => {}
                VersionState::Live | VersionState::Retired => {
                    let detail = "only a version that does not count yet runs in the shadow";
                    return Err(Rejection::new(Code::RuleVersionState, detail).into());
                }
            }
            if found.in_shadow(ctx.now).count() >= SHADOWS_MAX {
                let detail = format!(
                    "{SHADOWS_MAX} versions of the set run in the shadow already; end one of them"
                );
                return Err(Rejection::new(Code::InvalidInput, detail).into());
            }
        }
        let shadowed = Event::RulesShadowed {
            rule_set: found.id,
            number: self.number,
            since: self.on.then_some(ctx.now),
        };
        Ok(Decided::changed(vec![shadowed], found.id))
    }
}

impl RuleSet {
    /// The versions that run in the shadow at `now`, and since when. One that counts by then has left
    /// the shadow by itself.
    pub fn in_shadow(&self, now: Timestamp) -> impl Iterator<Item = (u32, Timestamp)> + '_ {
        let waits = move |number: u32| match self.state(number, now) {
            Some(VersionState::Draft | VersionState::Scheduled) => true,
            Some(VersionState::Live | VersionState::Retired) | None => false,
        };
        let shadows = self.shadows.iter().map(|(number, since)| (*number, *since));
        shadows.filter(move |(number, _)| waits(*number))
    }

    /// Lets a version run in the shadow since an instant, or no more.
    pub(crate) fn shadow(&mut self, number: u32, since: Option<Timestamp>) {
        match since {
            Some(since) => self.shadows.insert(number, since),
            None => self.shadows.remove(&number),
        };
        // Those of versions that are forgotten go with the next change.
        let versions = &self.versions;
        self.shadows
            .retain(|number, _| versions.iter().any(|version| version.number == *number));
    }
}
