//! Keeps the shape of crates and files: every file says what it is for, stays short enough to read,
//! and each crate has one program of integration tests.

use super::{File, manifest};

/// From here on a file is told about.
const LINES_WARN: usize = 600;
/// From here on it is refused.
const LINES_MAX: usize = 900;

/// What people write and read; data, locks and licences are not.
const WRITTEN: &[&str] = &["rs", "ts", "tsx", "css", "sql", "sh", "md"];

/// Histories grow for ever, and nobody reads them from end to end.
const UNBOUNDED: &[&str] = &["CHANGELOG.md"];

/// Every Rust file of a crate opens with `//!`: what it is for.
#[must_use]
pub fn headers(files: &[File]) -> Vec<String> {
    let source = |file: &&File| {
        let in_crate = file.path.starts_with("crates/") && file.path.contains("/src/");
        (in_crate || file.path.starts_with("xtask/src/")) && file.path.ends_with(".rs")
    };
    files
        .iter()
        .filter(source)
        .filter(|file| {
            let first = file.text.lines().next().unwrap_or_default();
            first
                .strip_prefix("//!")
                .is_none_or(|sentence| sentence.trim().len() < MEANING_MIN)
        })
        .map(|file| {
            format!(
                "{}:1: must open with `//!` and what the file is for",
                file.path
            )
        })
        .collect()
}

/// A shorter header cannot say what a file is for.
const MEANING_MIN: usize = 15;

/// At most one program of integration tests per crate, `tests/it/main.rs`: each further one links
/// the whole crate again.
#[must_use]
pub fn integration_tests(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files {
        if file.path.ends_with("Cargo.toml") && manifest::declares_tests(&file.text) {
            problems.push(format!(
                "{}: [[test]] is not needed for tests/it/main.rs",
                file.path
            ));
        }
        let Some((_, path)) = file
            .path
            .split_once("/tests/")
            .filter(|_| is_ours(&file.path))
        else {
            continue;
        };
        let is_program = match path.split_once('/') {
            None => path.ends_with(".rs"),
            Some((folder, rest)) => rest == "main.rs" && folder != "it",
        };
        if is_program {
            problems.push(format!(
                "{}: integration tests live in one program per crate, tests/it/main.rs; make this a module of it",
                file.path
            ));
        }
    }
    problems
}

fn is_ours(path: &str) -> bool {
    path.starts_with("xtask/tests/")
        || path
            .strip_prefix("crates/")
            .is_some_and(|path| path.split('/').nth(1) == Some("tests"))
}

/// Files that are too long, as problems, and those that soon will be, as warnings.
#[must_use]
pub fn lengths(files: &[File]) -> (Vec<String>, Vec<String>) {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    for file in files.iter().filter(|file| is_written(file)) {
        let lines = file.text.lines().count();
        let sentence = |max| format!("{}: {lines} lines, where {max} are many", file.path);
        if lines > LINES_MAX {
            problems.push(sentence(LINES_MAX));
        } else if lines > LINES_WARN {
            warnings.push(sentence(LINES_WARN));
        }
    }
    (problems, warnings)
}

/// Whether people write it: generated files lie in a folder of that name or say so at their top.
fn is_written(file: &File) -> bool {
    let extension = file
        .path
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension);
    let generated = file.path.contains("/generated/")
        || file
            .text
            .lines()
            .take(5)
            .any(|line| line.contains("@generated"));
    WRITTEN.contains(&extension) && !UNBOUNDED.contains(&file.path.as_str()) && !generated
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_source_file_without_a_header_is_refused() {
        let good = "//! Cancels an order, or what remains of it.\n\npub struct CancelOrder;\n";
        let check = |path: &str, text: &str| headers(&[file(path, text)]).len();
        assert_eq!(check("crates/ordo-domain/src/order/cancel.rs", good), 0);
        assert_eq!(
            check(
                "crates/ordo-domain/src/order/cancel.rs",
                &format!("\n{good}")
            ),
            1
        );
        assert_eq!(check("crates/ordo-domain/src/order/cancel.rs", ""), 1);
        assert_eq!(
            check("crates/ordo-domain/src/order/cancel.rs", "//!\nmod a;\n"),
            1
        );
        assert_eq!(
            check(
                "crates/ordo-domain/src/order/cancel.rs",
                "//! placeholder\n"
            ),
            1
        );
        assert_eq!(check("xtask/src/main.rs", "fn main() {}\n"), 1);
        assert_eq!(check("crates/ordo-domain/tests/it/main.rs", "mod a;\n"), 0);
        assert_eq!(check("crates/ordo-domain/src/order/scenario.txt", "a\n"), 0);
    }

    #[test]
    fn one_program_of_integration_tests_per_crate() {
        let check = |path: &str| integration_tests(&[file(path, "")]).len();
        assert_eq!(check("crates/ordo-server/tests/it/main.rs"), 0);
        assert_eq!(check("crates/ordo-server/tests/it/routes/main.rs"), 0);
        assert_eq!(check("crates/ordo-server/tests/it/orders.rs"), 0);
        assert_eq!(check("crates/ordo-server/tests/fixtures/order.json"), 0);
        assert_eq!(check("crates/ordo-server/src/tests/orders.rs"), 0);
        assert_eq!(check("crates/ordo-server/tests/orders.rs"), 1);
        assert_eq!(check("crates/ordo-server/tests/slow/main.rs"), 1);
        let declared = file("crates/ordo/Cargo.toml", "[[test]]\nname = \"slow\"\n");
        assert_eq!(integration_tests(&[declared]).len(), 1);
    }

    #[test]
    fn long_files_are_told_then_refused_unless_generated() {
        let check = |path: &str, lines: usize, top: &str| {
            let (problems, warnings) =
                lengths(&[file(path, &(top.to_owned() + &"x\n".repeat(lines)))]);
            (problems.len(), warnings.len())
        };
        assert_eq!(check("crates/ordo/src/main.rs", 600, ""), (0, 0));
        assert_eq!(check("crates/ordo/src/main.rs", 601, ""), (0, 1));
        assert_eq!(check("crates/ordo/src/main.rs", 900, ""), (0, 1));
        assert_eq!(check("crates/ordo/src/main.rs", 901, ""), (1, 0));
        assert_eq!(
            check(
                "crates/ordo/src/main.rs",
                901,
                "//! @generated from openapi.json\n"
            ),
            (0, 0)
        );
        assert_eq!(check("docs/generated/cli.md", 901, ""), (0, 0));
        assert_eq!(check("CHANGELOG.md", 901, ""), (0, 0));
        assert_eq!(check("Cargo.lock", 9_000, ""), (0, 0));
    }
}
