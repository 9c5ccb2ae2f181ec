//! A rule set: versions of sourcing rules for some of the orders, of which at most one counts.
//!
//! Which version counts follows from the time alone: none is switched on or off by a job.
//! Invariant: the rules of a version that has a beginning never change; a change is a new draft.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, PoolId, RuleSetId};
use crate::order::Order;
use crate::record::{Columns, record};
use crate::reference::Reference;
use crate::rules::body::Rules;
use crate::time::Timestamp;

/// Versions that a rule set keeps; beyond that the oldest that count no more are forgotten.
pub const VERSIONS_MAX: usize = 100;

/// Sourcing rules for some of the orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSet {
    /// Its id.
    pub id: RuleSetId,
    /// How many events have touched it.
    pub version: u64,
    /// The merchant's short name for it, unique.
    pub code: String,
    /// The name shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The orders that it is for.
    #[serde(default, skip_serializing_if = "RuleScope::is_all")]
    pub scope: RuleScope,
    /// Of several that fit an order equally well, the smallest counts.
    #[serde(default)]
    pub priority: i64,
    /// By number, rising.
    pub versions: Vec<RuleVersion>,
    /// Numbers of versions that run in the shadow of what counts, and since when. They are not of the
    /// version, which a draft replaces as a whole.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shadows: BTreeMap<u32, Timestamp>,
}
record!(RuleSet, RuleSetId, RuleSet, self => Columns::Code { code: self.code.clone() });

/// The orders that a rule set is for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleScope {
    /// From one of these channels; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelId>,
    /// From a channel that sells from one of these pools; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<PoolId>,
    /// Of customers of one of these tiers; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<String>,
}

/// A version of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleVersion {
    /// Counted from 1 within its set.
    pub number: u32,
    /// What it is about, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What it says.
    pub rules: Rules,
    /// From when it counts; `None` for a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_from: Option<Timestamp>,
    /// When it was taken back before another one took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// How a version stands at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// It can be changed, and counts for nothing.
    Draft,
    /// It will count from an instant on.
    Scheduled,
    /// It counts.
    Live,
    /// It counts no more, or never did.
    Retired,
}

/// What of an order decides which rule set it gets.
#[derive(Debug, Clone, Copy)]
pub struct RuleSubject<'a> {
    /// The channel; `None` where any may sell.
    pub channel: Option<ChannelId>,
    /// The customer's tier; empty where unknown.
    pub tier: &'a str,
}

impl RuleScope {
    /// Whether it is for all orders.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.specificity() == 0
    }

    /// How many of channel, pool and tier it names.
    #[must_use]
    pub fn specificity(&self) -> usize {
        let named = [
            !self.channels.is_empty(),
            !self.pools.is_empty(),
            !self.tiers.is_empty(),
        ];
        named.into_iter().filter(|named| *named).count()
    }

    /// Whether it is for such an order, where `sells_from` says which pools its channel sells from.
    #[must_use]
    pub fn fits(
        &self,
        subject: RuleSubject,
        sells_from: impl Fn(ChannelId, PoolId) -> bool,
    ) -> bool {
        let channel = |fits: &dyn Fn(ChannelId) -> bool| subject.channel.is_some_and(fits);
        (self.channels.is_empty() || channel(&|id| self.channels.contains(&id)))
            && (self.pools.is_empty()
                || channel(&|id| self.pools.iter().any(|pool| sells_from(id, *pool))))
            && (self.tiers.is_empty() || self.tiers.iter().any(|tier| tier == subject.tier))
    }
}

impl RuleScope {
    /// Whether it is for this order.
    #[must_use]
    pub fn fits_order(&self, order: &Order, reference: &Reference) -> bool {
        let subject = RuleSubject {
            channel: Some(order.channel),
            tier: order.customer_tier.as_deref().unwrap_or(""),
        };
        self.fits(subject, |channel, pool| reference.sells_from(channel, pool))
    }
}

impl RuleVersion {
    /// Whether it can still be changed.
    #[must_use]
    pub fn is_draft(&self) -> bool {
        self.live_from.is_none() && self.ended_at.is_none()
    }
}

impl RuleSet {
    /// Until when a version counts, where that is known: it was taken back, or another one begins.
    #[must_use]
    pub fn live_until(&self, version: &RuleVersion) -> Option<Timestamp> {
        let began = (version.live_from?, version.number);
        let next = (self.versions.iter())
            .filter_map(|other| Some((other.live_from?, other.number)))
            .filter(|other| *other > began)
            .min();
        (version.ended_at.into_iter())
            .chain(next.map(|(from, _)| from))
            .min()
    }

    /// How the version of this number stands at `now`; `None` where there is none.
    #[must_use]
    pub fn state(&self, number: u32, now: Timestamp) -> Option<VersionState> {
        let version = self.numbered(number)?;
        Some(match version.live_from {
            _ if version.ended_at.is_some_and(|at| at <= now) => VersionState::Retired,
            None => VersionState::Draft,
            Some(from) if from > now => VersionState::Scheduled,
            Some(_) if self.latest(now).is_some_and(|last| last.number == number) => {
                VersionState::Live
            }
            Some(_) => VersionState::Retired,
        })
    }

    /// The version that counts at `now`.
    #[must_use]
    pub fn live(&self, now: Timestamp) -> Option<&RuleVersion> {
        let latest = self.latest(now)?;
        let is_over = latest.ended_at.is_some_and(|at| at <= now);
        (!is_over).then_some(latest)
    }

    /// The version with this number.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Option<&RuleVersion> {
        self.versions
            .iter()
            .find(|version| version.number == number)
    }

    /// The same set, with one of its versions in force from the beginning of time: for questions of
    /// what would be.
    #[must_use]
    pub fn as_if_live(&self, number: u32) -> Self {
        let mut set = self.clone();
        set.versions.retain(|version| version.number == number);
        for version in &mut set.versions {
            version.live_from = Some(Timestamp::from_micros(0));
            version.ended_at = None;
        }
        set
    }

    /// The order in which sets that fit are preferred: the most specific, then by priority and code.
    #[must_use]
    pub fn preference(&self) -> (Reverse<usize>, i64, &str) {
        (Reverse(self.scope.specificity()), self.priority, &self.code)
    }

    /// The version that began last, whether it was taken back or not.
    fn latest(&self, now: Timestamp) -> Option<&RuleVersion> {
        (self.versions.iter())
            .filter(|version| version.live_from.is_some_and(|from| from <= now))
            .max_by_key(|version| (version.live_from, version.number))
    }

    /// Adds a draft, or puts it in the place of the draft of its number.
    pub(crate) fn draft(&mut self, draft: &RuleVersion) {
        match (self.versions.iter_mut()).find(|version| version.number == draft.number) {
            Some(version) => version.clone_from(draft),
            None => self.versions.push(draft.clone()),
        }
    }

    /// Lets a version count from an instant on.
    pub(crate) fn publish(&mut self, number: u32, from: Timestamp) {
        if let Some(version) = self.numbered_mut(number) {
            version.live_from = Some(from);
        }
    }

    /// Takes a version back. One that has not begun never will, so that it does not shadow the one
    /// that counts.
    pub(crate) fn retire(&mut self, number: u32, at: Timestamp) {
        if let Some(version) = self.numbered_mut(number) {
            version.ended_at = Some(at);
            version.live_from = version.live_from.filter(|from| *from <= at);
        }
    }

    fn numbered_mut(&mut self, number: u32) -> Option<&mut RuleVersion> {
        (self.versions.iter_mut()).find(|version| version.number == number)
    }

    /// Forgets the oldest versions that count no more, beyond as many as are kept.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        while self.versions.len() > VERSIONS_MAX {
            let latest = self.latest(now).map(|latest| latest.number);
            // The latest stays though it was taken back, or the one before it would count again.
            let is_over = |version: &RuleVersion| {
                Some(version.number) != latest
                    && self.state(version.number, now) == Some(VersionState::Retired)
            };
            let Some(oldest) = self.versions.iter().position(is_over) else {
                return;
            };
            self.versions.remove(oldest);
        }
    }
}
