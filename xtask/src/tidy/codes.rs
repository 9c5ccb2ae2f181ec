//! Sees to it that every refusal is explained: each code of the domain has a page in `docs/errors`.

use std::collections::BTreeSet;

use super::{File, find};

const SOURCE: &str = "crates/ordo-domain/src/rejection.rs";
const PAGES: &str = "docs/errors";

/// Finds codes without a page, and pages that say nothing.
#[must_use]
pub fn check(files: &[File]) -> Vec<String> {
    let Some(source) = find(files, SOURCE) else {
        return Vec::new();
    };
    let codes = codes(&source.text);
    if codes.is_empty() {
        return vec![format!(
            "{SOURCE}: no codes are found; is the table still in the known form?"
        )];
    }
    codes
        .iter()
        .filter_map(|code| {
            let path = format!("{PAGES}/{code}.md");
            match find(files, &path) {
                None => Some(format!(
                    "{path}: missing, though {SOURCE} has the code {code}"
                )),
                Some(page) if page.text.trim().is_empty() => Some(format!("{path}: empty")),
                Some(_) => None,
            }
        })
        .collect()
}

/// Reads the codes: the first string of every line that starts with a variant and assigns a slug,
/// as `OutOfStock = "out_of_stock", …` in a table or `Self::OutOfStock => "out_of_stock"` in a match.
fn codes(source: &str) -> BTreeSet<String> {
    let before_tests = source.split("#[cfg(test)]").next().unwrap_or_default();
    before_tests
        .lines()
        .filter_map(|line| {
            let (variant, rest) = line.trim_start().split_once('=')?;
            if !variant.starts_with(|first: char| first.is_ascii_uppercase()) {
                return None;
            }
            let slug = rest
                .trim_start_matches('>')
                .trim_start()
                .strip_prefix('"')?
                .split('"')
                .next()?;
            is_slug(slug).then(|| slug.to_owned())
        })
        .collect()
}

fn is_slug(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn codes_are_read_from_a_table_and_from_a_match() {
        let check = |source: &str, expected: &[&str]| {
            assert_eq!(
                codes(source).iter().map(String::as_str).collect::<Vec<_>>(),
                expected
            );
        };
        check(
            "rejections! {\n    /// Gone = \"gone\"\n    OutOfStock = \"out_of_stock\", 409, \"Not enough\";\n}",
            &["out_of_stock"],
        );
        check(
            "match self {\n  Self::Busy => \"busy\",\n  Code::A1 { .. } => \"a1\",\n}",
            &["a1", "busy"],
        );
        check(
            "Self::Busy => \"A sentence, not a code\",\nlet code = \"local\";\n",
            &[],
        );
        check("#[cfg(test)]\nmod tests {\n  Busy = \"busy\"\n}", &[]);
    }

    #[test]
    fn a_code_without_a_page_is_named() {
        let source = file(
            SOURCE,
            "    OutOfStock = \"out_of_stock\", 409, \"Not enough\";\n",
        );
        let page = |text| file("docs/errors/out_of_stock.md", text);
        assert_eq!(check(&[source.clone(), page("# Out of stock\n")]), [""; 0]);
        assert_eq!(
            check(&[source.clone(), page("\n")]),
            ["docs/errors/out_of_stock.md: empty"]
        );
        assert_eq!(check(std::slice::from_ref(&source)).len(), 1);
        assert_eq!(check(&[]), [""; 0]);
    }

    #[test]
    fn a_source_in_an_unknown_form_is_not_passed_over() {
        assert_eq!(check(&[file(SOURCE, "pub struct Codes;\n")]).len(), 1);
    }
}
