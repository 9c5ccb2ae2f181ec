//! Finds what a JSON pointer names in a text as somebody wrote it, so that an error can be shown at its
//! line and character.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// A place in a text, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    pub line: usize,
    pub column: usize,
}

/// Where the value that `pointer` names begins, or the nearest one around it that is there; `None`
/// where the text is no JSON. With `character`, that character of the text that the value is, counted
/// from 1.
pub fn spot(text: &str, pointer: &str, character: Option<usize>) -> Option<Spot> {
    let value = find(text, pointer)?;
    // What was found is a part of the text, so that it ends at its place there.
    let start = value.as_ptr() as usize - text.as_ptr() as usize;
    let start = start + (value.len() - value.trim_start().len());
    let within = character.map_or(0, |nth| offset(value.trim_start(), nth));
    Some(Spot::at(text, start + within))
}

impl Spot {
    fn at(text: &str, offset: usize) -> Self {
        let before = &text[..offset.min(text.len())];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

fn find<'a>(text: &'a str, pointer: &str) -> Option<&'a str> {
    let mut here: &str = serde_json::from_str::<&RawValue>(text).ok()?.get();
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let next = match here.trim_start().as_bytes().first() {
            Some(b'{') => {
                let fields: HashMap<String, &RawValue> = serde_json::from_str(here).ok()?;
                fields.get(&token).copied()
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(here).ok()?;
                let index = token.parse::<usize>().ok();
                index.and_then(|index| items.get(index).copied())
            }
            Some(_) | None => None,
        };
        match next {
            Some(found) => here = found.get(),
            None => break,
        }
    }
    Some(here)
}

/// Bytes from the beginning of a literal to its `nth` character, escapes being one character each;
/// none where it is no text.
fn offset(literal: &str, nth: usize) -> usize {
    let Some(inner) = literal.strip_prefix('"') else {
        return 0;
    };
    let mut rest = inner;
    for _ in 1..nth {
        let length = match rest.as_bytes() {
            [] | [b'"', ..] => break,
            [b'\\', b'u', ..] => 6,
            [b'\\', ..] => 2,
            _ => rest.chars().next().map_or(0, char::len_utf8),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    literal.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "{\n  \"steps\": [\n    {\"name\": \"ä\", \"when\":\n      \"a\\n\\\"b == c\"}\n  ]\n}";

    #[test]
    fn what_a_pointer_names_is_found_where_it_was_written() {
        for (pointer, character, line, column) in [
            ("", None, 1, 1),
            ("/steps", None, 2, 12),
            ("/steps/0", None, 3, 5),
            ("/steps/0/name", None, 3, 14),
            ("/steps/0/name", Some(1), 3, 15),
            ("/steps/0/when", Some(1), 4, 8),
            ("/steps/0/when", Some(3), 4, 11),
            ("/steps/0/when", Some(4), 4, 13),
            ("/steps/0/when", Some(900), 4, 19),
            // What is not there is looked for around it.
            ("/steps/0/filters/3", None, 3, 5),
            ("/steps/7", None, 2, 12),
        ] {
            let expected = Some(Spot { line, column });
            assert_eq!(spot(TEXT, pointer, character), expected, "{pointer}");
        }
        assert_eq!(spot("{", "/steps", None), None);
    }
}
