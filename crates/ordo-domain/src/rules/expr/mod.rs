//! Expressions of sourcing rules: CEL, checked when they are read, then evaluated without allocating.
//!
//! The grammar is that of the crate `cel`. What a name stands for, which type it has and how it is
//! computed is decided here, so that an expression which was accepted cannot fail but by overflow or
//! division by zero, and costs no more than its length (times the lines of the order, where it asks
//! all of them).
//! Invariant: a stored expression that this version does not accept is kept with its text and counts
//! as false; it is never saved anew.

mod compile;
mod eval;
mod field;
mod node;

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::rules::facts::Subject;

pub use eval::Stumble;
pub use field::{VariableDoc, variables};

use node::{Bool, Int};

/// The longest expression, in bytes.
pub const LENGTH_MAX: usize = 1_000;

/// What an expression may speak of beside the order, its lines, the customer and the time.
pub trait Scope: Copy + fmt::Debug + PartialEq + Eq + Default {
    /// Whether there is a location.
    const LOCATION: bool;
    /// Whether there is one line.
    const LINE: bool;
}

/// About the order alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OfOrder;

/// About the order and a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OfLocation;

/// About the order and one of its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OfLine;

impl Scope for OfOrder {
    const LOCATION: bool = false;
    const LINE: bool = false;
}

impl Scope for OfLocation {
    const LOCATION: bool = true;
    const LINE: bool = false;
}

impl Scope for OfLine {
    const LOCATION: bool = false;
    const LINE: bool = true;
}

/// Why a text is not an expression, or not one of the kind that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionFlaw {
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// Where it begins, counted from 1.
    pub line: u32,
    /// The character of that line, counted from 1.
    pub column: u32,
}

impl fmt::Display for ExpressionFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            message,
            line,
            column,
        } = self;
        match line {
            1 => write!(f, "at character {column}: {message}"),
            _ => write!(f, "at line {line}, character {column}: {message}"),
        }
    }
}

/// What an expression came to; a stumble where it could not be computed.
pub type Found<T> = Result<T, Stumble>;

macro_rules! expression {
    ($(#[$doc:meta])* $name:ident, $node:ident, $compile:ident, $answer:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name<S> {
            text: String,
            program: Result<$node, ExpressionFlaw>,
            scope: PhantomData<S>,
        }

        impl<S: Scope> $name<S> {
            /// Reads `text`; what is wrong with it is told by [`Self::flaw`].
            #[must_use]
            pub fn read(text: &str) -> Self {
                Self {
                    text: text.to_owned(),
                    program: compile::$compile::<S>(text),
                    scope: PhantomData,
                }
            }

            /// As it was written.
            #[must_use]
            pub fn text(&self) -> &str {
                &self.text
            }

            /// Why it cannot be saved, if it cannot.
            #[must_use]
            pub fn flaw(&self) -> Option<&ExpressionFlaw> {
                self.program.as_ref().err()
            }

            /// What it comes to.
            ///
            /// # Errors
            /// Where it cannot be computed.
            pub fn of(&self, subject: &Subject) -> Found<$answer> {
                match &self.program {
                    Ok(program) => program.of(subject),
                    Err(_) => Err(Stumble::Unreadable),
                }
            }
        }

        impl<S> PartialEq for $name<S> {
            /// The same text is the same expression.
            fn eq(&self, other: &Self) -> bool {
                self.text == other.text
            }
        }

        impl<S> Eq for $name<S> {}

        #[cfg(feature = "openapi")]
        impl<S> utoipa::PartialSchema for $name<S> {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                String::schema()
            }
        }

        #[cfg(feature = "openapi")]
        impl<S> utoipa::ToSchema for $name<S> {}

        impl<S> Serialize for $name<S> {
            fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                serializer.serialize_str(&self.text)
            }
        }

        impl<'de, S: Scope> Deserialize<'de> for $name<S> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(|text| Self::read(&text))
            }
        }
    };
}

expression! {
    /// An expression that is true or false.
    Condition, Bool, condition, bool
}

expression! {
    /// An expression that is a whole number.
    Number, Int, number, i64
}

/// A whole number of a location.
pub type LocationNumber = Number<OfLocation>;

impl<S: Scope> Condition<S> {
    /// Whether it is true. What cannot be computed counts as false.
    #[must_use]
    pub fn holds(&self, subject: &Subject) -> bool {
        self.of(subject).unwrap_or(false)
    }

    /// Its value where it is the same of everything.
    #[must_use]
    pub fn constant(&self) -> Option<bool> {
        match &self.program {
            Ok(Bool::Is(value)) => Some(*value),
            Ok(_) | Err(_) => None,
        }
    }
}
