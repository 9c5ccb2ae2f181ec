//! Drafts: rules that are being written. What counts or will count never changes; whoever wants it
//! otherwise makes a draft and publishes it.

use crate::decide::{Context, Decided, Refusal};
use crate::edit::must_be_at;
use crate::event::Event;
use crate::id::RuleSetId;
use crate::rejection::{Code, Rejection};
use crate::rules::body::Rules;
use crate::rules::set::{RuleVersion, VERSIONS_MAX, VersionState};
use crate::world::World;

/// Makes a draft, or changes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRules {
    /// The set.
    pub rule_set: RuleSetId,
    /// The version of the set that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// The draft to change; `None` for a new one.
    pub number: Option<u32>,
    /// What it is about, for people.
    pub note: Option<String>,
    /// What it says.
    pub rules: Box<Rules>,
}

impl DraftRules {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.rule_set_record(self.rule_set)? else {
            return Err(Rejection::new(Code::NotFound, "no such rule set").into());
        };
        let number = match self.number {
            Some(number) => match found.state(number, ctx.now) {
                Some(VersionState::Draft) => number,
                Some(VersionState::Scheduled | VersionState::Live | VersionState::Retired) => {
                    let detail = "only a draft can be changed; make a new one";
                    return Err(Rejection::new(Code::RuleVersionState, detail).into());
                }
                None => return Err(Rejection::new(Code::NotFound, "no such version").into()),
            },
            None => {
                found
                    .versions
                    .iter()
                    .map(|one| one.number)
                    .max()
                    .unwrap_or(0)
                    + 1
            }
        };
        must_be_at(self.expected, found.version)?;
        self.rules.must_be_sound("/rules")?;
        let is_open = |version: &&RuleVersion| {
            found.state(version.number, ctx.now) == Some(VersionState::Draft)
        };
        if self.number.is_none()
            && found.versions.iter().filter(is_open).count() >= VERSIONS_MAX / 2
        {
            let detail = "there are too many drafts; retire some";
            return Err(Rejection::new(Code::InvalidInput, detail).into());
        }
        let draft = RuleVersion {
            number,
            note: self.note.clone(),
            rules: Rules::clone(&self.rules),
            live_from: None,
            ended_at: None,
        };
        if found.numbered(number) == Some(&draft) {
            return Ok(Decided::unchanged(found.id));
        }
        let drafted = Event::RulesDrafted {
            rule_set: found.id,
            draft,
        };
        Ok(Decided::changed(vec![drafted], found.id))
    }
}
