//! Lets a draft count, at once or from an instant on, and takes versions back.

use crate::decide::{Context, Decided, Refusal};
use crate::edit::must_be_at;
use crate::event::Event;
use crate::id::RuleSetId;
use crate::rejection::{Code, Rejection};
use crate::rules::set::VersionState;
use crate::time::Timestamp;
use crate::world::World;

/// Lets a draft count. The version that counts until then is over by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishRules {
    /// The set.
    pub rule_set: RuleSetId,
    /// The version of the set that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// The draft.
    pub number: u32,
    /// From when; at once where absent or past.
    pub from: Option<Timestamp>,
}

/// Takes a version back: a live one counts no more, a scheduled one never will, a draft is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetireRules {
    /// The set.
    pub rule_set: RuleSetId,
    /// The version of the set that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// The version of the rules.
    pub number: u32,
}

impl PublishRules {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.rule_set_record(self.rule_set)? else {
            return Err(Rejection::new(Code::NotFound, "no such rule set").into());
        };
        let (number, from) = (self.number, self.from.unwrap_or(ctx.now).max(ctx.now));
        match found.state(number, ctx.now) {
            Some(VersionState::Draft | VersionState::Scheduled) => {}
            // Asking twice is not a mistake.
            Some(VersionState::Live) if from == ctx.now => return Ok(Decided::unchanged(found.id)),
            Some(VersionState::Live | VersionState::Retired) => {
                let detail = "it has begun; make a new draft of it";
                return Err(Rejection::new(Code::RuleVersionState, detail).into());
            }
            None => return Err(Rejection::new(Code::NotFound, "no such version").into()),
        }
        must_be_at(self.expected, found.version)?;
        if let Some(version) = found.numbered(number) {
            // What was a draft of an older version may not be read by this one.
            version.rules.must_be_sound("/rules")?;
            if version.live_from == Some(from) {
                return Ok(Decided::unchanged(found.id));
            }
        }
        let published = Event::RulesPublished {
            rule_set: found.id,
            number,
            from,
        };
        Ok(Decided::changed(vec![published], found.id))
    }
}

impl RetireRules {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.rule_set_record(self.rule_set)? else {
            return Err(Rejection::new(Code::NotFound, "no such rule set").into());
        };
        match found.state(self.number, ctx.now) {
            Some(VersionState::Draft | VersionState::Scheduled | VersionState::Live) => {}
            Some(VersionState::Retired) => return Ok(Decided::unchanged(found.id)),
            None => return Err(Rejection::new(Code::NotFound, "no such version").into()),
        }
        must_be_at(self.expected, found.version)?;
        let retired = Event::RulesRetired {
            rule_set: found.id,
            number: self.number,
            at: ctx.now,
        };
        Ok(Decided::changed(vec![retired], found.id))
    }
}
