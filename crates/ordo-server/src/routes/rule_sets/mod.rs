//! Rule sets: sourcing rules for some of the orders, in versions of which at most one counts.

pub mod create;
pub mod draft;
pub mod lint;
pub mod list;
pub mod presets;
pub mod publish;
pub mod read;
pub mod shadow;
pub mod update;
pub mod version;

use std::borrow::Cow;

use ordo_domain::check::Check;
use ordo_domain::id::RuleSetId;
use ordo_domain::reference::Reference;
use ordo_domain::rules::lint::Warning;
use ordo_domain::rules::{RuleSet, ScopeDraft};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::{Instant, Show, channel_code};

/// More names than any scope needs.
const SCOPE_MAX: usize = 200;
/// The largest priority, either way.
const PRIORITY_MAX: i64 = 1_000_000;

/// A rule set. What its versions say is read version by version.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleSet)]
pub struct RuleSetAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: RuleSetId,
    /// How many events have touched it.
    version: u64,
    /// The merchant's short name for it, unique.
    code: &'a str,
    /// The name shown to people.
    name: Option<&'a str>,
    /// The orders that it is for.
    scope: ScopeAnswer<'a>,
    /// Of several that fit an order equally well, the smallest counts.
    priority: i64,
    /// By number, rising.
    versions: Vec<VersionHead<'a>>,
}

/// The orders that a rule set is for; empty lists for any. Of several that fit an order, the one that
/// names most of channel, pool and tier counts.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleScope)]
struct ScopeAnswer<'a> {
    /// The codes of channels.
    channels: Vec<Cow<'a, str>>,
    /// The codes of pools that the order's channel sells from.
    pools: Vec<Cow<'a, str>>,
    /// Customers' tiers.
    tiers: &'a [String],
}

/// A version without what it says.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleVersionHead)]
struct VersionHead<'a> {
    /// Counted from 1 within its set.
    number: u32,
    /// What it is about, for people.
    note: Option<&'a str>,
    /// Whether it can still be changed.
    draft: bool,
    /// From when it counts; `null` for a draft and for what was taken back before it began.
    live_from: Option<Instant>,
    /// Since when it runs in the shadow of what counts, until it counts itself; `null` where it does
    /// not.
    shadow_since: Option<Instant>,
    /// Until when it counts, where another one takes its place or it was taken back.
    live_until: Option<Instant>,
    /// What is odd about a draft, whatever the orders are; `lint` looks at those of late too.
    warnings: Vec<Warning>,
}

/// The orders that a rule set is for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = RuleScopeInput)]
#[serde(deny_unknown_fields)]
pub struct ScopeInput {
    /// The codes of channels; any where there are none.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub channels: Vec<String>,
    /// The codes of pools that the order's channel sells from; any where there are none.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub pools: Vec<String>,
    /// Customers' tiers; any where there are none.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub tiers: Vec<String>,
}

impl ScopeInput {
    /// Refuses what no scope can be.
    pub fn read(self, check: &mut Check) -> ScopeDraft {
        for (field, names) in [
            ("/scope/channels", &self.channels),
            ("/scope/pools", &self.pools),
            ("/scope/tiers", &self.tiers),
        ] {
            if names.len() > SCOPE_MAX {
                check.refuse(field, format!("holds more than {SCOPE_MAX}"));
            }
        }
        let tiers = (self.tiers.iter().take(SCOPE_MAX).enumerate())
            .map(|(index, tier)| check.text(&format!("/scope/tiers/{index}"), tier, 64))
            .collect();
        ScopeDraft {
            channels: self.channels,
            pools: self.pools,
            tiers,
        }
    }
}

/// Reads a priority.
pub fn priority(check: &mut Check, value: i64) -> i64 {
    if !(-PRIORITY_MAX..=PRIORITY_MAX).contains(&value) {
        let message = format!("must be from -{PRIORITY_MAX} to {PRIORITY_MAX}");
        check.refuse("/priority", message);
    }
    value
}

impl Show for RuleSet {
    type Answer<'a> = RuleSetAnswer<'a>;

    fn show<'a>(&'a self, reference: &'a Reference) -> RuleSetAnswer<'a> {
        let pool_code = |id| match reference.pool(id) {
            Some(pool) => Cow::Borrowed(pool.code.as_str()),
            None => Cow::Owned(id.to_string()),
        };
        RuleSetAnswer {
            id: self.id,
            version: self.version,
            code: &self.code,
            name: self.name.as_deref(),
            scope: ScopeAnswer {
                channels: (self.scope.channels.iter())
                    .map(|id| channel_code(reference, *id))
                    .collect(),
                pools: self.scope.pools.iter().map(|id| pool_code(*id)).collect(),
                tiers: &self.scope.tiers,
            },
            priority: self.priority,
            versions: (self.versions.iter())
                .map(|version| VersionHead {
                    number: version.number,
                    note: version.note.as_deref(),
                    draft: version.is_draft(),
                    live_from: Instant::of(version.live_from),
                    shadow_since: Instant::of(self.shadows.get(&version.number).copied()),
                    live_until: Instant::of(self.live_until(version)),
                    warnings: match version.is_draft() {
                        true => ordo_domain::rules::lint::lint(&version.rules, reference),
                        false => Vec::new(),
                    },
                })
                .collect(),
        }
    }
}
