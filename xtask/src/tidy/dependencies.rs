//! Keeps the domain small: everything it is built from stands in a committed list.
//!
//! Names only: versions move with `Cargo.lock`, and that is not what this guards.

use std::collections::BTreeSet;
use std::path::Path;

use super::{File, find};
use crate::{Failure, process};

const CRATE: &str = "ordo-domain";
const LIST: &str = "crates/ordo-domain/dependencies.txt";

/// Asks Cargo for everything the domain is built from.
///
/// # Errors
/// When Cargo cannot tell.
pub fn tree(root: &Path) -> Result<String, Failure> {
    let arguments = [
        "tree",
        "--package",
        CRATE,
        "--edges",
        "normal",
        "--prefix",
        "none",
    ];
    process::output(process::cargo(root).args(arguments))
}

/// Compares the committed list with Cargo's answer.
#[must_use]
pub fn check(files: &[File], tree: &str) -> Vec<String> {
    let Some(list) = find(files, LIST) else {
        return vec![format!("{LIST}: missing")];
    };
    let first_words = |text: &'_ str| -> BTreeSet<String> {
        let names = text
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        names.map(str::to_owned).collect()
    };
    let listed = first_words(&list.text)
        .into_iter()
        .filter(|name| !name.starts_with('#'))
        .collect();
    let mut real = first_words(tree);
    real.remove(CRATE);

    let new = real.difference(&listed).map(|name| {
        format!(
            "{LIST}: {CRATE} is now built from {name} too; list it with what it buys, or drop it"
        )
    });
    let gone = listed.difference(&real).map(|name| {
        format!("{LIST}: {CRATE} is no longer built from {name}; take it off the list")
    });
    new.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const TREE: &str = "ordo-domain v0.1.0 (/somewhere)\nserde v1.0.2\nsyn v3.0.1 (proc-macro)\nserde v1.0.2 (*)\n";

    #[test]
    fn the_list_and_the_tree_must_agree() {
        let check = |list: &str| check(&[file(LIST, list)], TREE);
        assert_eq!(check("# why\n\nserde # wire form\nsyn\n"), [""; 0]);
        assert!(check("serde\n")[0].contains("built from syn too"));
        assert!(check("serde\nsyn\nrand\n")[0].contains("no longer built from rand"));
    }

    #[test]
    fn a_missing_list_is_refused() {
        assert_eq!(check(&[], TREE).len(), 1);
    }
}
