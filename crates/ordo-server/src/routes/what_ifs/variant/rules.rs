//! Which sourcing rules count: versions of rule sets, or rules that stand here as a whole.

use ordo_domain::rules::Rules;
use ordo_domain::rules::body::{Otherwise, Step};
use ordo_domain::what_if::{RulesNamed, RulesSaid, RulesWish};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::reader::Reader;

/// More rule sets than anybody keeps apart.
const SETS_MAX: usize = 100;

/// Which sourcing rules count.
#[derive(Deserialize, ToSchema, Default)]
#[schema(as = WhatIfRules)]
#[serde(rename_all = "snake_case")]
pub(super) enum RulesBody {
    /// Those that count today.
    #[default]
    AsTheyAre,
    /// None.
    None,
    /// Those that count today, but for these sets.
    Versions(Vec<RulesNamedBody>),
    /// These steps for all orders, in the place of all rule sets.
    Steps(Vec<Step>),
}

/// What a rule set is to say: either a version of it, which may be a draft, or rules.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfRuleVersion)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesNamedBody {
    /// The set's code.
    set: String,
    /// The version's number.
    version: Option<u32>,
    /// Rules that are nowhere yet, in the place of the set's.
    rules: Option<Rules>,
}

impl RulesBody {
    pub(super) fn read(self, reader: &mut Reader, at: &str) -> RulesWish {
        match self {
            Self::AsTheyAre => RulesWish::AsTheyAre,
            Self::None => RulesWish::None,
            Self::Versions(named) => {
                reader.most(&format!("{at}/versions"), named.len(), SETS_MAX);
                let named = named.into_iter().take(SETS_MAX).enumerate();
                let named = named.filter_map(|(index, named)| {
                    named.read(reader, &format!("{at}/versions/{index}"))
                });
                RulesWish::Versions(named.collect())
            }
            Self::Steps(steps) => {
                let rules = Rules {
                    steps,
                    otherwise: Otherwise::Default,
                };
                reader.parsed("", rules.must_be_sound(at));
                RulesWish::Only(Box::new(rules))
            }
        }
    }
}

impl RulesNamedBody {
    fn read(self, reader: &mut Reader, at: &str) -> Option<RulesNamed> {
        let says = match (self.version, self.rules) {
            (Some(version), None) => RulesSaid::Version(version),
            (None, Some(rules)) => {
                reader.parsed("", rules.must_be_sound(&format!("{at}/rules")))?;
                RulesSaid::Rules(Box::new(rules))
            }
            (Some(_), Some(_)) | (None, None) => {
                let message = "must hold either `version` or `rules`";
                reader.check.refuse(at, message);
                return None;
            }
        };
        Some(RulesNamed {
            set: self.set,
            says,
        })
    }
}
