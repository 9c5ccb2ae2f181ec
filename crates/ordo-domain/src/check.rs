//! Parses input once: collects every refused field with its pointer, so that a client sees all of
//! them at once.

use crate::money::{Currency, Minor};
use crate::quantity::Quantity;
use crate::rejection::{Code, FieldProblem, Rejection};
use crate::text::{self, TextFault};
use crate::time::Timestamp;

/// An amount as it stands in input: minor units and a currency code.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MoneyInput {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

impl MoneyInput {
    /// `amount` in `currency`, as input.
    #[must_use]
    pub fn of(amount: Minor, currency: Currency) -> Self {
        Self {
            amount: amount.get(),
            currency: currency.code().to_owned(),
        }
    }
}

/// Collects refused fields.
#[derive(Debug, Default)]
pub struct Check {
    problems: Vec<FieldProblem>,
}

impl Check {
    /// Refuses `field` because of `message`.
    pub fn refuse(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.problems.push(FieldProblem {
            field: field.into(),
            message: message.into(),
        });
    }

    /// `value` where nothing was refused.
    ///
    /// # Errors
    /// `invalid_input` with every refused field.
    pub fn finish<T>(self, value: T) -> Result<T, Rejection> {
        let Some(first) = self.problems.first() else {
            return Ok(value);
        };
        let detail = match self.problems.len() {
            1 => format!("{}: {}", first.field, first.message),
            n => format!(
                "{}: {} (and {} more fields)",
                first.field,
                first.message,
                n - 1
            ),
        };
        Err(Rejection {
            code: Code::InvalidInput,
            detail,
            fields: self.problems,
            current: None,
        })
    }

    /// A text that must not be empty.
    pub fn text(&mut self, field: &str, value: &str, max: usize) -> String {
        self.keep(field, text::required(value, max))
    }

    /// A text that may be absent; empty counts as absent.
    pub fn optional_text(
        &mut self,
        field: &str,
        value: Option<&String>,
        max: usize,
    ) -> Option<String> {
        let kept = self.keep(field, text::clean(value?, max));
        (!kept.is_empty()).then_some(kept)
    }

    fn keep(&mut self, field: &str, result: Result<String, TextFault>) -> String {
        match result {
            Ok(text) => text,
            Err(fault) => {
                let message = match fault {
                    TextFault::Empty => "is required".to_owned(),
                    TextFault::TooLong(max) => format!("is longer than {max} characters"),
                    TextFault::Control => "holds a control character".to_owned(),
                };
                self.refuse(field, message);
                String::new()
            }
        }
    }

    /// A code: 1 to 128 printable characters without spaces at the ends.
    pub fn code(&mut self, field: &str, value: &str) -> String {
        self.text(field, value, 128)
    }

    /// A quantity of 1 to [`crate::quantity::QUANTITY_MAX`].
    pub fn quantity(&mut self, field: &str, value: i64) -> Quantity {
        Quantity::positive(value).unwrap_or_else(|| {
            self.refuse(field, "must be from 1 to 1000000000");
            Quantity::ZERO
        })
    }

    /// An amount in `currency`; negative only where `signed`.
    pub fn money(
        &mut self,
        field: &str,
        value: &MoneyInput,
        currency: Option<Currency>,
        signed: bool,
    ) -> Minor {
        if let Some(currency) = currency
            && value.currency != currency.code()
        {
            self.refuse(
                format!("{field}/currency"),
                format!("must be {currency}, as the order"),
            );
        }
        match Minor::new(value.amount) {
            Some(amount) if signed || amount >= Minor::ZERO => amount,
            Some(_) => {
                self.refuse(format!("{field}/amount"), "must not be negative");
                Minor::ZERO
            }
            None => {
                self.refuse(
                    format!("{field}/amount"),
                    "is larger than 10^15 minor units",
                );
                Minor::ZERO
            }
        }
    }

    /// A currency code.
    pub fn currency(&mut self, field: &str, value: &str) -> Option<Currency> {
        value
            .parse()
            .map_err(|error| self.refuse(field, format!("{error}")))
            .ok()
    }

    /// An RFC 3339 instant.
    pub fn instant(&mut self, field: &str, value: &str) -> Timestamp {
        value.parse().unwrap_or_else(|error| {
            self.refuse(field, format!("{error}"));
            Timestamp::default()
        })
    }

    /// An RFC 3339 instant that may be absent.
    pub fn optional_instant(&mut self, field: &str, value: Option<&String>) -> Option<Timestamp> {
        value.map(|value| self.instant(field, value))
    }

    /// A country code of two letters; lower case is taken as upper.
    pub fn country(&mut self, field: &str, value: &str) -> String {
        let upper = value.trim().to_ascii_uppercase();
        if upper.len() == 2 && upper.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return upper;
        }
        self.refuse(field, "must be a country code of two letters (ISO 3166-1)");
        String::new()
    }
}
