//! Evaluates checked expressions.
//!
//! As CEL has it, `&&` and `||` do not mind a side that cannot be computed where the other side
//! settles the answer.

use std::borrow::Cow;
use std::fmt;

use super::Found;
use super::node::{Bool, Compare, Int, Lines, Part, Sum, Text, Texts};
use crate::rules::facts::{LineFacts, Subject};

/// Why an expression could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stumble {
    /// A number became too large.
    Overflow,
    /// Something was divided by zero.
    DivisionByZero,
    /// This version does not know the expression.
    Unreadable,
}

impl fmt::Display for Stumble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overflow => "a number becomes too large",
            Self::DivisionByZero => "it divides by zero",
            Self::Unreadable => "this version does not know it",
        })
    }
}

/// What is asked about, with the line that a condition on all lines is at.
#[derive(Clone, Copy)]
struct At<'s, 'a> {
    subject: &'s Subject<'a>,
    each: Option<&'s LineFacts<'a>>,
}

impl Bool {
    pub(super) fn of(&self, subject: &Subject) -> Found<bool> {
        self.at(At {
            subject,
            each: None,
        })
    }

    fn at(&self, at: At) -> Found<bool> {
        Ok(match self {
            Self::Is(value) => *value,
            Self::Flag(flag) => flag.of(at.subject),
            Self::Not(inner) => !inner.at(at)?,
            Self::And(left, right) => return settle(false, || left.at(at), || right.at(at)),
            Self::Or(left, right) => return settle(true, || left.at(at), || right.at(at)),
            Self::If(parts) => {
                let [test, then, other] = &**parts;
                return if test.at(at)? { then } else { other }.at(at);
            }
            Self::Same(left, right) => left.at(at)? == right.at(at)?,
            Self::CompareInt(how, left, right) => how.holds(&left.at(at)?, &right.at(at)?),
            Self::CompareText(how, left, right) => how.holds(&*left.at(at)?, &*right.at(at)?),
            Self::IntIn(one, list) => {
                let one = one.at(at)?;
                let mut is_there = false;
                // As CEL has it, a list is made before it is looked into.
                for other in list {
                    is_there |= other.at(at)? == one;
                }
                is_there
            }
            Self::TextIn(one, list) => return list.contain(&one.at(at)?, at),
            Self::Part(part, text, inner) => part.holds(&text.at(at)?, &inner.at(at)?),
            Self::Lines(lines, test) => return lines.hold(test, at),
        })
    }
}

impl Int {
    pub(super) fn of(&self, subject: &Subject) -> Found<i64> {
        self.at(At {
            subject,
            each: None,
        })
    }

    fn at(&self, at: At) -> Found<i64> {
        Ok(match self {
            Self::Is(value) => *value,
            Self::Amount(amount) => amount.of(at.subject, at.each),
            Self::LineCount => at.subject.lines.len() as i64,
            Self::LengthOf(text) => text.at(at)?.chars().count() as i64,
            Self::CountOf(Texts::Are(texts)) => texts.len() as i64,
            Self::CountOf(Texts::Labels(labels)) => labels.count(at.subject, at.each) as i64,
            Self::Negative(inner) => inner.at(at)?.checked_neg().ok_or(Stumble::Overflow)?,
            Self::Sum(sum, left, right) => return sum.of(left.at(at)?, right.at(at)?),
            Self::If(parts) => {
                let (test, then, other) = &**parts;
                return if test.at(at)? { then } else { other }.at(at);
            }
        })
    }
}

impl Text {
    fn at<'t>(&'t self, at: At<'t, 't>) -> Found<Cow<'t, str>> {
        Ok(match self {
            Self::Is(text) => Cow::Borrowed(text),
            Self::Label(label) => label.of(at.subject, at.each),
            Self::If(parts) => {
                let (test, then, other) = &**parts;
                return if test.at(at)? { then } else { other }.at(at);
            }
        })
    }
}

impl Texts {
    fn contain(&self, one: &str, at: At) -> Found<bool> {
        match self {
            Self::Labels(labels) => Ok(labels.contains(one, at.subject, at.each)),
            Self::Are(texts) => {
                let mut is_there = false;
                for text in texts {
                    is_there |= text.at(at)? == one;
                }
                Ok(is_there)
            }
        }
    }
}

impl Lines {
    fn hold(self, test: &Bool, at: At) -> Found<bool> {
        let lines = at.subject.lines.iter();
        let mut each = lines.map(|line| {
            test.at(At {
                each: Some(line),
                ..at
            })
        });
        match self {
            Self::Any => over(true, each),
            Self::All => over(false, each),
            // Of one there is no way to be sure while any cannot be computed.
            Self::One => {
                let count = each.try_fold(0, |count, one| one.map(|one| count + i64::from(one)))?;
                Ok(count == 1)
            }
        }
    }
}

impl Compare {
    fn holds<T: Ord + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::More => left > right,
            Self::MoreOrEqual => left >= right,
        }
    }
}

impl Sum {
    fn of(self, left: i64, right: i64) -> Found<i64> {
        let whole = match self {
            Self::Plus => left.checked_add(right),
            Self::Minus => left.checked_sub(right),
            Self::Times => left.checked_mul(right),
            Self::Over | Self::Rest if right == 0 => return Err(Stumble::DivisionByZero),
            // Toward zero, as CEL divides.
            Self::Over => left.checked_div(right),
            Self::Rest => left.checked_rem(right),
        };
        whole.ok_or(Stumble::Overflow)
    }
}

impl Part {
    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Self::Starts => text.starts_with(part),
            Self::Ends => text.ends_with(part),
            Self::Contains => text.contains(part),
        }
    }
}

/// Both sides of an "and" or "or": `strong` on either side settles it.
fn settle(
    strong: bool,
    left: impl FnOnce() -> Found<bool>,
    right: impl FnOnce() -> Found<bool>,
) -> Found<bool> {
    match left() {
        Ok(left) if left == strong => Ok(strong),
        Ok(_) => right(),
        Err(stumble) => match right() {
            Ok(right) if right == strong => Ok(strong),
            Ok(_) | Err(_) => Err(stumble),
        },
    }
}

/// All sides of an "and" or "or": `strong` on any of them settles it.
fn over(strong: bool, sides: impl Iterator<Item = Found<bool>>) -> Found<bool> {
    let mut answer = Ok(!strong);
    for side in sides {
        match side {
            Ok(side) if side == strong => return Ok(strong),
            Ok(_) => {}
            Err(stumble) => answer = Err(stumble),
        }
    }
    answer
}
