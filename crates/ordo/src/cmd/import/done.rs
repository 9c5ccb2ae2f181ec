//! What came of a command, and of the row that it was made from.

use ordo_connectors::import::Reject;
use ordo_domain::{Outcome, Rejection};
use serde::{Deserialize, Serialize};

use super::rejects::Rejected;

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It was applied.
    Took(Outcome),
    /// It was refused.
    Refused(Refused),
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The code's slug.
    pub code: String,
    /// The field at fault; empty where none is.
    pub field: String,
    /// What is wrong.
    pub reason: String,
}

impl Refused {
    /// What is said of a rejection in a file of rejects.
    pub fn of(rejection: &Rejection) -> Self {
        let mut fields = rejection.fields.iter();
        let (field, reason) = match fields.next() {
            None => (String::new(), rejection.detail.clone()),
            Some(first) => {
                let rest = fields.map(|more| format!("; {}: {}", more.field, more.message));
                let reason = first.message.clone() + &rest.collect::<String>();
                (first.field.clone(), reason)
            }
        };
        Self {
            code: rejection.code.slug().to_owned(),
            field,
            reason,
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// It was taken in.
    Took(Outcome),
    /// It was not.
    Rejected(Rejected),
}

impl Done {
    /// What the row became whose command came to this.
    pub fn of_row(self, source: &str, row: u64, raw: String) -> Came {
        match self {
            Self::Took(outcome) => Came::Took(outcome),
            Self::Refused(refused) => Came::Rejected(Rejected {
                source: source.to_owned(),
                row,
                field: refused.field,
                reason: refused.reason,
                raw,
            }),
        }
    }
}

impl From<Reject> for Rejected {
    fn from(reject: Reject) -> Self {
        Self {
            source: reject.origin.source.to_string(),
            row: reject.origin.row,
            field: reject.field,
            reason: reject.reason,
            raw: reject.raw,
        }
    }
}
