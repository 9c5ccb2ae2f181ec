//! The one tool behind `make`: runs Ordo, tests it, measures it and keeps the tree in order.
//!
//! It uses the standard library alone, so that the first `make` of a fresh clone starts at once.
//! Reading order: [`tidy`] says what a well-kept tree is, [`mod@test`] is the list of steps that prove a
//! change, [`tools`] finds what those steps need, [`process`] runs commands, [`summary`] counts
//! tests, [`leftovers`] makes sure that nothing keeps running, [`geo`] renews the table of
//! coordinates.

pub mod front;
pub mod geo;
pub mod leftovers;
pub mod process;
pub mod summary;
pub mod test;
pub mod tidy;
pub mod tools;

use std::fmt;
use std::path::{Path, PathBuf};

/// One clear sentence about what stopped the tool, as shown to whoever called it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(pub String);

impl Failure {
    /// A failure with this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// The folder of the repository: the parent of this crate's own.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies one folder below the root")
        .to_path_buf()
}

/// Where Cargo builds, absolute.
#[must_use]
pub fn target_dir(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root.join(dir),
        None => root.join("target"),
    }
}

/// The release build of one of the workspace's programs.
#[must_use]
pub fn release_binary(root: &Path, name: &str) -> PathBuf {
    target_dir(root).join("release").join(name)
}
