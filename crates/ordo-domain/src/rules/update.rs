//! Changes for which orders a rule set is, and what it is called. Its code stays.

use crate::decide::{Context, Decided, Refusal};
use crate::edit::{Edit, must_be_at};
use crate::event::Event;
use crate::id::RuleSetId;
use crate::rejection::{Code, Rejection};
use crate::rules::create::ScopeDraft;
use crate::world::World;

/// Changes a rule set, but not its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateRuleSet {
    /// Which.
    pub rule_set: RuleSetId,
    /// The version that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// The name shown to people.
    pub name: Edit<String>,
    /// The orders that it is for.
    pub scope: Option<ScopeDraft>,
    /// Of several that fit equally well, the smallest counts.
    pub priority: Option<i64>,
}

impl UpdateRuleSet {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.rule_set_record(self.rule_set)? else {
            return Err(Rejection::new(Code::NotFound, "no such rule set").into());
        };
        must_be_at(self.expected, found.version)?;
        let mut name = found.name.clone();
        self.name.apply(&mut name);
        let scope = match &self.scope {
            Some(scope) => scope.find(world.reference())?,
            None => found.scope.clone(),
        };
        let priority = self.priority.unwrap_or(found.priority);
        if (&name, &scope, priority) == (&found.name, &found.scope, found.priority) {
            return Ok(Decided::unchanged(found.id));
        }
        let updated = Event::RuleSetUpdated {
            rule_set: found.id,
            name,
            scope,
            priority,
        };
        Ok(Decided::changed(vec![updated], found.id))
    }
}
