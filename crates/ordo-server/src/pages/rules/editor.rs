//! Rules as text: a field with numbered lines to write in, and what is wrong with what was written, at
//! its line and character.

use maud::{Markup, html};
use ordo_domain::rejection::{FieldProblem, Rejection};
use ordo_domain::rules::Rules;
use serde::de::IgnoredAny;

use super::place::{Spot, spot};
use crate::body;

/// Lines that a new text has at least, so that there is room to write.
const ROWS_MIN: usize = 16;
/// Numbers beside the field: a text of more lines than this goes on without.
const NUMBERED: usize = 1_500;

/// A text of rules, as it is or as somebody sent it, with what is wrong with it.
pub struct Editor {
    text: String,
    problems: Vec<Trouble>,
}

/// Something wrong.
struct Trouble {
    spot: Option<Spot>,
    field: String,
    message: String,
}

impl Editor {
    /// Rules as they are.
    pub fn of(rules: &Rules) -> Self {
        Self {
            text: as_text(rules),
            problems: Vec::new(),
        }
    }

    /// A text that was sent and refused.
    pub fn refused(text: String, problems: Vec<FieldProblem>) -> Self {
        let problems = problems.into_iter().map(|problem| Trouble {
            spot: spot(&text, &problem.field, character(&problem.message)),
            field: problem.field,
            message: problem.message,
        });
        Self {
            problems: problems.collect(),
            text,
        }
    }

    /// Reads what was sent.
    ///
    /// # Errors
    /// The same text with what is wrong with it.
    pub fn read(text: String) -> Result<(Rules, String), Self> {
        match body::parse::<Rules>(text.as_bytes()) {
            Ok(rules) => Ok((rules, text)),
            Err(rejection) => Err(Self::unreadable(text, rejection)),
        }
    }

    fn unreadable(text: String, rejection: Rejection) -> Self {
        if !rejection.fields.is_empty() {
            return Self::refused(text, rejection.fields);
        }
        // No field is at fault where the text is no JSON at all, but a line is.
        let syntax = serde_json::from_str::<IgnoredAny>(&text).err();
        let spot = syntax.as_ref().map(|error| Spot {
            line: error.line().max(1),
            column: error.column().max(1),
        });
        let says = syntax.map(|error| error.to_string());
        let says = says
            .as_deref()
            .and_then(|says| says.split(" at line ").next());
        let message = match says {
            Some(says) => format!("this is not JSON: {says}"),
            None => rejection.detail,
        };
        Self {
            text,
            problems: vec![Trouble {
                spot,
                field: String::new(),
                message,
            }],
        }
    }

    /// The field to write in.
    pub fn field(&self) -> Markup {
        let rows = self.text.lines().count().max(ROWS_MIN) + 2;
        let is_refused = !self.problems.is_empty();
        html! {
            (self.told())
            label for="rules" { "Rules as text" }
            div.code {
                (numbers(rows.max(self.text.lines().count()), &self.problems))
                textarea #rules name="rules" rows=(rows) spellcheck="false" autocapitalize="off" wrap="off" required
                    aria-describedby=[is_refused.then_some("troubles")] aria-invalid=[is_refused.then_some("true")] {
                    // A browser drops a first line break.
                    "\n" (self.text)
                }
            }
        }
    }

    /// The same to read only.
    pub fn shown(&self) -> Markup {
        html! {
            div.code tabindex="0" role="region" aria-label="Rules as text" {
                (numbers(self.text.lines().count(), &self.problems))
                pre { (self.text) }
            }
        }
    }

    /// What is wrong, each with its line.
    fn told(&self) -> Markup {
        let lines: Vec<&str> = self.text.lines().collect();
        html! {
            @if !self.problems.is_empty() {
                ul.troubles #troubles role="alert" {
                    @for trouble in &self.problems {
                        li {
                            p.refused {
                                @if let Some(spot) = trouble.spot {
                                    strong { "Line " (spot.line) ", character " (spot.column) ". " }
                                }
                                @if !trouble.field.is_empty() { code { (trouble.field) } " " }
                                (trouble.message)
                            }
                            @if let Some((spot, line)) = trouble.spot.and_then(|spot| Some((spot, lines.get(spot.line - 1)?))) {
                                @let (before, from) = cut(line, spot.column);
                                pre.excerpt { (before) mark { (from) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Rules as a text to be edited.
pub fn as_text(rules: &Rules) -> String {
    serde_json::to_string_pretty(rules).expect("rules have string keys and no failing serializers")
}

/// The line up to a character, and from it on.
fn cut(line: &str, column: usize) -> (&str, &str) {
    let at = line.char_indices().nth(column - 1);
    line.split_at(at.map_or(line.len(), |(at, _)| at))
}

/// The numbers of the lines, for the eye alone.
fn numbers(lines: usize, problems: &[Trouble]) -> Markup {
    // A field that grows while somebody writes shows more of them; the rest is cut off.
    let last = (lines + 200).min(NUMBERED).max(lines.min(NUMBERED));
    let is_wrong = |line: usize| {
        let spots = problems.iter().filter_map(|trouble| trouble.spot);
        spots.into_iter().any(|spot| spot.line == line)
    };
    html! {
        div.lines aria-hidden="true" {
            @for line in 1..=last {
                @if is_wrong(line) { b { (line) } } @else { (line) "\n" }
            }
        }
    }
}

/// The character of a condition that a message names.
fn character(message: &str) -> Option<usize> {
    let rest = message.strip_prefix("at character ")?;
    rest.split(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_at_its_line_and_character() {
        let text = "{\"steps\": [\n  {\"name\": \"s\",\n   \"when\": \"order.units > 1 && order.cost == 3\"}]}";
        let (rules, text) = match Editor::read(text.to_owned()) {
            Ok(read) => read,
            Err(_) => panic!("the form is right"),
        };
        let refused = rules.must_be_sound("").unwrap_err();
        let told = Editor::refused(text, refused.fields).field().into_string();
        assert!(told.contains("Line 3, character 37. "), "{told}");
        assert!(told.contains("there is no field cost"), "{told}");
        assert!(told.contains("<mark>.cost == 3&quot;}]}</mark>"), "{told}");
        assert!(told.contains("<b>3</b>"), "{told}");
        for (text, says) in [
            ("{\n \"steps\": [,]}", "Line 2, character 12. "),
            ("", "Line 1, character 1. "),
            ("[]", "must be an object"),
            (
                "{\"steps\": [{\"name\": \"s\",\n \"wen\": \"true\"}]}",
                "<code>/steps/0/wen</code>",
            ),
        ] {
            let refused = Editor::read(text.to_owned()).map(|_| ()).unwrap_err();
            let told = refused.field().into_string();
            assert!(told.contains(says), "{text}: {told}");
        }
    }
}
