//! What a well-kept tree is, checked in a second and on every test run.
//!
//! Each rule is a function over the text of the project's files, so that its tests need no disk:
//! [`arrows`] keeps the layers, [`layout`] the shape of crates and files, [`words`] what must not be
//! written, [`dependencies`] what the domain is built from, [`codes`] that every refusal is explained,
//! [`listed`] that the tests which the documents name are there.

pub mod arrows;
pub mod codes;
pub mod dependencies;
pub mod layout;
pub mod listed;
pub mod manifest;
pub mod words;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Failure, process, root};

/// A file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path from the root of the repository, with forward slashes.
    pub path: String,
    /// Its text; bytes that are not text are replaced.
    pub text: String,
}

/// What was found: problems fail the run, warnings are only told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Sentences that start with the path at fault.
    pub problems: Vec<String>,
    /// The same, for what will become a problem.
    pub warnings: Vec<String>,
}

/// Prints what is out of order. The flag tells whether all is well.
///
/// # Errors
/// When the tree cannot be read.
pub fn run() -> Result<bool, Failure> {
    let findings = check(&root())?;
    for warning in &findings.warnings {
        println!("warning: {warning}");
    }
    for problem in &findings.problems {
        println!("{problem}");
    }
    println!(
        "{} problems, {} warnings",
        findings.problems.len(),
        findings.warnings.len()
    );
    Ok(findings.problems.is_empty())
}

/// Applies every rule to the repository.
///
/// # Errors
/// When Git or Cargo cannot tell what the tree holds.
pub fn check(root: &Path) -> Result<Findings, Failure> {
    let files = read(root)?;
    let tree = dependencies::tree(root)?;
    let (problems, warnings) = layout::lengths(&files);
    let mut findings = Findings { problems, warnings };
    findings.problems.extend(arrows::check(&files));
    findings.problems.extend(layout::headers(&files));
    findings.problems.extend(layout::integration_tests(&files));
    findings.problems.extend(words::check(&files));
    findings.problems.extend(dependencies::check(&files, &tree));
    findings.problems.extend(codes::check(&files));
    findings.problems.extend(listed::check(&files));
    Ok(findings)
}

/// Reads what Git tracks, and what it would track if asked now, so that a new file is judged before
/// it is committed.
fn read(root: &Path) -> Result<Vec<File>, Failure> {
    let mut git = Command::new("git");
    git.current_dir(root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let mut paths: Vec<String> = process::output(&mut git)?
        .split_terminator('\0')
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    let files = paths.into_iter().filter_map(|path| {
        // A path that Git lists and the disk lacks was just deleted.
        let bytes = fs::read(root.join(&path)).ok()?;
        Some(File {
            path,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    });
    Ok(files.collect())
}

fn find<'a>(files: &'a [File], path: &str) -> Option<&'a File> {
    files.iter().find(|file| file.path == path)
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let findings = check(&root()).unwrap();
        assert!(
            findings.problems.is_empty(),
            "\n{}",
            findings.problems.join("\n")
        );
    }
}
