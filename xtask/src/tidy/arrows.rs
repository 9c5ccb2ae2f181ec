//! Keeps the layers: the table in `docs/architecture.md` says which crate may depend on which, and
//! the manifests obey it.
//!
//! Only normal dependencies count; a test may use what it likes. Cargo itself sees to it that an
//! arrow which is not in a manifest cannot be used in code.

use super::{File, find, manifest};

const TABLE: &str = "docs/architecture.md";
const ROOT: &str = "Cargo.toml";

/// Compares the table with the manifests of all crates.
#[must_use]
pub fn check(files: &[File]) -> Vec<String> {
    let Some(page) = find(files, TABLE) else {
        return vec![format!("{TABLE}: missing, and with it the table of arrows")];
    };
    let rows = parse(&page.text);
    if rows.is_empty() {
        return vec![format!(
            "{TABLE}: has no table with the columns `Crate` and `May depend on`"
        )];
    }

    let manifests: Vec<(String, &File)> = files
        .iter()
        .filter(|file| file.path.ends_with("/Cargo.toml"))
        // A workspace of its own, such as the fuzz targets, builds nothing of this one.
        .filter(|file| !file.text.lines().any(|line| line.trim() == "[workspace]"))
        .filter_map(|file| Some((manifest::name(&file.text)?, file)))
        .collect();
    let is_ours = |name: &str| manifests.iter().any(|(ours, _)| ours == name);
    let mut problems = renamed(files);
    for (name, file) in &manifests {
        let Some((_, allowed)) = rows.iter().find(|(row, _)| row == name) else {
            problems.push(format!(
                "{TABLE}: the table of arrows has no row for {name}"
            ));
            continue;
        };
        for dependency in manifest::dependencies(&file.text) {
            let place = format!("{}:{}", file.path, dependency.line);
            if !dependency.inherited {
                problems.push(format!(
                    "{place}: {} must be written `{0}.workspace = true`, with its version in the root \
                     manifest, so that no crate is built twice",
                    dependency.name
                ));
            }
            if is_ours(&dependency.name) && !allowed.contains(&dependency.name) {
                problems.push(format!(
                    "{place}: {name} may not depend on {}; the table in {TABLE} names what it may",
                    dependency.name
                ));
            }
        }
    }
    problems
}

/// A crate of ours under another name would slip past the table.
fn renamed(files: &[File]) -> Vec<String> {
    let Some(root) = find(files, ROOT) else {
        return Vec::new();
    };
    let lines = root.text.lines().enumerate();
    lines
        .filter_map(|(index, line)| {
            let (key, value) = line.split_once('=')?;
            let (_, path) = value.split_once("path = \"crates/")?;
            let folder = path.split('"').next()?;
            (key.trim() != folder || value.contains("package ="))
                .then(|| format!("{ROOT}:{}: {folder} must keep its own name", index + 1))
        })
        .collect()
}

/// What a crate may depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Allowed {
    Only(Vec<String>),
    AllBut(Vec<String>),
}

impl Allowed {
    fn contains(&self, name: &str) -> bool {
        match self {
            Self::Only(names) => names.iter().any(|known| known == name),
            Self::AllBut(names) => !names.iter().any(|known| known == name),
        }
    }
}

/// Reads the table: one or several crates in the first column; `nothing`, `all`, `all but A, B` or
/// a list in the second.
fn parse(page: &str) -> Vec<(String, Allowed)> {
    let mut rows = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        let Some((first, second)) = cells(line) else {
            inside = false;
            continue;
        };
        if first == "Crate" && second == "May depend on" {
            inside = true;
            continue;
        }
        if !inside || first.starts_with('-') {
            continue;
        }
        let allowed = match second.strip_prefix("all but ") {
            Some(names) => Allowed::AllBut(list(names)),
            None if second == "all" => Allowed::AllBut(Vec::new()),
            None if second == "nothing" => Allowed::Only(Vec::new()),
            None => Allowed::Only(list(&second)),
        };
        rows.extend(list(&first).into_iter().map(|name| (name, allowed.clone())));
    }
    rows
}

/// The first two cells of a line of a table, without the marks of code.
fn cells(line: &str) -> Option<(String, String)> {
    let line = line.trim().strip_prefix('|')?.replace('`', "");
    let mut cells = line.split('|').map(|cell| cell.trim().to_owned());
    Some((cells.next()?, cells.next()?))
}

fn list(names: &str) -> Vec<String> {
    names
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const PAGE: &str = "\
# Architecture
| Name | Age |
| --- | --- |
| low | high |

| Crate | May depend on | Why |
| --- | --- | --- |
| `low` | nothing | pure |
| `left`, `right` | `low` | adapters |
| `top` | all | binary |
| `bench` | all but `top` | |
";

    fn manifest(name: &str, dependencies: &str) -> File {
        let text = format!("[package]\nname = \"{name}\"\n[dependencies]\n{dependencies}\n");
        file(&format!("crates/{name}/Cargo.toml"), &text)
    }

    /// Checks one manifest beside those of `low` and `top`, and returns the sentences about it.
    fn check_one(name: &str, dependencies: &str) -> Vec<String> {
        let files = [
            file(TABLE, PAGE),
            manifest("low", ""),
            manifest("top", "low.workspace = true"),
            manifest(name, dependencies),
        ];
        check(&files)
    }

    #[test]
    fn what_the_table_allows_passes() {
        assert_eq!(
            check_one("left", "low.workspace = true\nserde.workspace = true"),
            [""; 0]
        );
        assert_eq!(check_one("right", "low.workspace = true"), [""; 0]);
        assert_eq!(check_one("bench", "low.workspace = true"), [""; 0]);
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_named_with_its_line() {
        for (name, dependency) in [("left", "top"), ("bench", "top")] {
            let problems = check_one(name, &format!("{dependency}.workspace = true"));
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(
                problems[0].starts_with(&format!("crates/{name}/Cargo.toml:4: ")),
                "{problems:?}"
            );
        }
        let upward = [
            file(TABLE, PAGE),
            manifest("low", "left.workspace = true"),
            manifest("left", ""),
        ];
        assert_eq!(check(&upward).len(), 1);
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        assert!(check_one("stranger", "")[0].contains("no row for stranger"));
    }

    #[test]
    fn a_row_without_a_crate_is_a_plan_and_passes() {
        assert_eq!(check(&[file(TABLE, PAGE), manifest("low", "")]), [""; 0]);
    }

    #[test]
    fn a_version_outside_the_root_manifest_is_refused() {
        assert!(check_one("left", "serde = \"1\"")[0].contains("serde.workspace = true"));
    }

    #[test]
    fn no_crate_of_ours_goes_under_another_name() {
        let root = "[workspace.dependencies]\nlow = { path = \"crates/low\" }\nsly = { path = \"crates/top\" }\n";
        let files = [
            file(TABLE, PAGE),
            file(ROOT, root),
            manifest("low", ""),
            manifest("top", ""),
        ];
        assert_eq!(check(&files), ["Cargo.toml:3: top must keep its own name"]);
    }

    #[test]
    fn a_page_without_the_table_is_refused() {
        assert_eq!(check(&[]).len(), 1);
        assert_eq!(check(&[file(TABLE, "# Architecture\n")]).len(), 1);
    }
}
