//! Makes a rule set with its first draft.

use std::collections::BTreeMap;

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{ChannelId, PoolId};
use crate::reference::Reference;
use crate::rejection::{Code, Rejection};
use crate::rules::body::Rules;
use crate::rules::set::{RuleScope, RuleSet, RuleVersion};
use crate::world::World;

/// More sets than any merchant has; all of them are in memory.
const SETS_MAX: usize = 200;

/// The orders that a rule set is for, as they are named from outside; empty lists for any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScopeDraft {
    /// The codes of channels.
    pub channels: Vec<String>,
    /// The codes of pools.
    pub pools: Vec<String>,
    /// Customers' tiers.
    pub tiers: Vec<String>,
}

/// Makes a rule set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRuleSet {
    /// The merchant's short name for it.
    pub code: String,
    /// The name shown to people.
    pub name: Option<String>,
    /// The orders that it is for.
    pub scope: ScopeDraft,
    /// Of several that fit equally well, the smallest counts.
    pub priority: i64,
    /// What the first draft is about.
    pub note: Option<String>,
    /// What the first draft says.
    pub rules: Box<Rules>,
}

impl CreateRuleSet {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let reference = world.reference();
        if (reference.rule_sets()).any(|set| set.code == self.code) {
            let detail = format!("a rule set with the code {} exists", self.code);
            return Err(Rejection::new(Code::CodeTaken, detail).at("/code").into());
        }
        if reference.rule_sets().count() >= SETS_MAX {
            let detail = format!("there are {SETS_MAX} rule sets already");
            return Err(Rejection::new(Code::InvalidInput, detail).into());
        }
        self.rules.must_be_sound("/rules")?;
        let rule_set = RuleSet {
            id: ctx.ids.make(),
            version: 0,
            code: self.code.clone(),
            name: self.name.clone(),
            scope: self.scope.find(reference)?,
            priority: self.priority,
            versions: vec![RuleVersion {
                number: 1,
                note: self.note.clone(),
                rules: Rules::clone(&self.rules),
                live_from: None,
                ended_at: None,
            }],
            shadows: BTreeMap::new(),
        };
        let id = rule_set.id;
        Ok(Decided::created(
            vec![Event::RuleSetCreated { rule_set }],
            id,
        ))
    }
}

impl ScopeDraft {
    /// The same with ids.
    pub(super) fn find(&self, reference: &Reference) -> Result<RuleScope, Refusal> {
        let channel = |code: &String| reference.channel_by_code(code).map(|found| found.id);
        let pool = |code: &String| reference.pool_by_code(code).map(|found| found.id);
        let channels: Vec<ChannelId> = find("channels", "channel", &self.channels, channel)?;
        let pools: Vec<PoolId> = find("pools", "pool", &self.pools, pool)?;
        let mut tiers = self.tiers.clone();
        tiers.sort_unstable();
        tiers.dedup();
        Ok(RuleScope {
            channels,
            pools,
            tiers,
        })
    }
}

/// What these codes stand for, each once.
fn find<T: Ord>(
    field: &str,
    what: &str,
    codes: &[String],
    known: impl Fn(&String) -> Option<T>,
) -> Result<Vec<T>, Refusal> {
    let mut found = Vec::with_capacity(codes.len());
    for (index, code) in codes.iter().enumerate() {
        let Some(id) = known(code) else {
            let message = format!("no {what} has the code {code}");
            return Err(Rejection::field(format!("/scope/{field}/{index}"), message).into());
        };
        found.push(id);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
