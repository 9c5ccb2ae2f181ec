//! Whether a statement stays within one organization, as far as its text tells.
//!
//! Row-level security would say so for each row (docs/decisions/0011). This says so for each text, when
//! it is prepared for the first time in a build that has debug assertions, as all tests are.
//!
//! Invariant: a statement names the organization of every table that it touches, or says that it is
//! about all of them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What stands in a statement that is meant to see every organization.
const ALL: &str = "/* all organizations */";

/// Tables that belong to organizations.
static TABLES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    let made = include_str!("../migrations/0001_first.sql").split("CREATE TABLE ");
    made.skip(1)
        .filter_map(|rest| rest.split(' ').next())
        .collect()
});

/// Whether a statement stays within one organization or says that it does not.
///
/// It counts: every mention of a table needs a condition on its organization, or, where rows are
/// written, their organization as the first column. Rows found by their place on disk were found by
/// a part of the statement that is counted itself.
pub fn is_kept(sql: &str) -> bool {
    if sql.starts_with(ALL) {
        return true;
    }
    let spaced = sql.replace('(', " ( ").replace([')', ','], " ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut open = 0_usize;
    let mut kept = 0_usize;
    for (at, word) in words.iter().enumerate() {
        let after = |n: usize| words.get(at + n).copied().unwrap_or_default();
        match *word {
            "FROM" | "JOIN" | "UPDATE" | "USING" if TABLES.contains(after(1)) => open += 1,
            "INTO" if TABLES.contains(after(1)) => {
                let columns = if after(2) == "AS" { 4 } else { 2 };
                if (after(columns), after(columns + 1)) != ("(", "organization") {
                    open += 1;
                }
            }
            "ctid" if after(1) == "=" => kept += 1,
            name if after(1) == "=" && is_organization(name) => kept += 1,
            _ => {}
        }
    }
    kept >= open
}

/// Whether a column is the organization, with or without the name of its table.
fn is_organization(name: &str) -> bool {
    name.rsplit('.').next() == Some("organization")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_forgets_the_organization_is_noticed() {
        assert!(TABLES.contains("orders") && TABLES.contains("document_numbers"));
        for (sql, expected) in [
            (
                "SELECT body FROM orders WHERE organization = $1 AND id = $2",
                true,
            ),
            ("SELECT body FROM orders WHERE id = $2", false),
            ("SELECT body FROM orders", false),
            ("/* all organizations */ SELECT body FROM orders", true),
            ("SELECT n FROM unnest($1::uuid[]) AS k (n)", true),
            ("DELETE FROM waits WHERE key = $1", false),
            ("UPDATE tasks SET error = NULL WHERE id = $1", false),
            (
                "UPDATE tasks AS t SET error = NULL WHERE t.organization = $2",
                true,
            ),
            (
                "INSERT INTO terms (organization, hash) VALUES ($1, $2)",
                true,
            ),
            ("INSERT INTO terms AS t (hash) VALUES ($2)", false),
            (
                "INSERT INTO events (organization, position)
                 SELECT $1, h.position FROM heads AS h",
                false,
            ),
            (
                "SELECT o.id FROM orders AS o JOIN heads AS h ON h.organization = o.organization",
                false,
            ),
            (
                "SELECT o.id FROM orders AS o JOIN heads AS h ON h.organization = o.organization
                 WHERE o.organization=$1",
                false,
            ),
            (
                "DELETE FROM terms WHERE ctid = ANY(ARRAY(
                     SELECT ctid FROM terms WHERE organization = $1))",
                true,
            ),
            (
                "DELETE FROM terms WHERE ctid = ANY(ARRAY(SELECT ctid FROM terms WHERE hash = $2))",
                false,
            ),
        ] {
            assert_eq!(is_kept(sql), expected, "{sql}");
        }
    }
}
