//! Sees to it that the list of edge cases names tests that are there.

use std::collections::BTreeSet;

use super::{File, find};

const LIST: &str = "docs/sourcing-edge-cases.md";

/// Finds rows of the list that name no test, and tests that no Rust file has.
#[must_use]
pub fn check(files: &[File]) -> Vec<String> {
    let Some(list) = find(files, LIST) else {
        return Vec::new();
    };
    let known: BTreeSet<&str> = (files.iter())
        .filter(|file| file.path.ends_with(".rs"))
        .flat_map(|file| functions(&file.text))
        .collect();
    let mut problems = Vec::new();
    for row in list.text.lines().filter(|line| is_case(line)) {
        let tests: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        if tests.is_empty() {
            problems.push(format!("{LIST}: no test is named in: {row}"));
        }
        problems.extend(
            (tests.iter())
                .filter(|test| !known.contains(*test))
                .map(|test| format!("{LIST}: there is no test {test}")),
        );
    }
    problems
}

/// A row of a table that is neither its head nor the line below.
fn is_case(line: &str) -> bool {
    line.starts_with("| ") && !line.starts_with("| --") && !line.starts_with("| case ")
}

fn functions(source: &str) -> impl Iterator<Item = &str> {
    (source.lines()).filter_map(|line| {
        let rest = line.trim_start();
        let rest = rest.strip_prefix("pub ").unwrap_or(rest);
        let rest = rest.strip_prefix("async ").unwrap_or(rest);
        let name = rest.strip_prefix("fn ")?;
        name.split(['(', '<']).next()
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn every_case_has_a_test_that_is_there() {
        let list = |row: &str| file(LIST, &format!("| case | tests |\n| --- | --- |\n{row}\n"));
        let source = file(
            "crates/a/tests/it/b.rs",
            "fn one() {}\nasync fn two<T>() {}\npub async fn three() {}\n",
        );
        for (row, problems) in [
            ("| all tie | `one`, `two`, `three` |", 0),
            ("| all tie | `one`, `four` |", 1),
            ("| all tie | later |", 1),
            ("Words about `four`.", 0),
        ] {
            assert_eq!(check(&[list(row), source.clone()]).len(), problems, "{row}");
        }
        assert_eq!(check(&[source]), [""; 0]);
    }
}
