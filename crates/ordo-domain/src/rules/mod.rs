//! Sourcing rules: which locations may ship an order, what counts in choosing among them, and what
//! becomes of what none of them takes.
//!
//! A rule set is for some orders and has versions; at most one of them counts at any time. Rules are
//! data: conditions in CEL over the order, its lines, the customer, a location and the time.
//! Invariant: without rule sets, sourcing does nothing for them.

pub mod body;
mod check;
mod create;
mod draft;
pub mod expr;
pub mod facts;
pub mod lint;
pub mod preset;
mod publish;
mod reason;
mod set;
mod shadow;
mod update;

pub use body::Rules;
pub use check::{
    AMOUNT_MAX, FILTERS_MAX, NAME_MAX, RANKED_MAX, RETRY_MINUTES_MAX, STEPS_MAX, TERMS_MAX,
    TIERS_MAX,
};
pub use create::{CreateRuleSet, ScopeDraft};
pub use draft::DraftRules;
pub use publish::{PublishRules, RetireRules};
pub use reason::RuleReason;
pub use set::{RuleScope, RuleSet, RuleSubject, RuleVersion, VERSIONS_MAX, VersionState};
pub use shadow::{SHADOWS_MAX, ShadowRules};
pub use update::UpdateRuleSet;
