//! Functions that take any bytes, one per parser and one for the command layer. A coverage-guided
//! fuzzer drives them from the folder `fuzz`; on stable, a test replays the saved corpus through the
//! very same functions, and the part `fuzz` of the proof changes its files at random.
//!
//! A harness panics where what must hold does not.

pub mod bytes;
pub mod commands;
mod imports;
mod mutate;
pub mod part;
mod requests;
mod rules;
mod scalars;
mod sourcing;
mod stored;

use std::path::PathBuf;

/// One harness.
#[derive(Debug, Clone, Copy)]
pub struct Harness {
    /// Its name, which its corpus and its fuzz target carry.
    pub name: &'static str,
    /// What it takes apart, in a few words.
    pub what: &'static str,
    /// Takes any bytes.
    pub run: fn(&[u8]),
}

macro_rules! harnesses {
    ($($name:ident $what:literal => $run:path;)*) => {
        /// All of them.
        pub const ALL: &[Harness] = &[$(
            Harness { name: stringify!($name), what: $what, run: $run },
        )*];
    };
}

harnesses! {
    commands "bytes as commands, decided one after another" => commands::play;
    requests "HTTP requests: address, parameters, headers, cursor, body, lines of an import" => requests::send;
    imports "files of orders in every format" => imports::read;
    rules "expressions of rules, and whole rule sets" => rules::check;
    routing "documents of sourcing problems" => sourcing::document;
    decisions "stored decisions, replayed" => sourcing::decision;
    records "stored records and events" => stored::read;
    scalars "ids, instants, money, texts, addresses of webhooks, search terms" => scalars::read;
    geography "tables and lines of places" => scalars::geography;
    calendars "time zones, days and cut-offs" => scalars::calendar;
}

/// The harness with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Harness> {
    ALL.iter().find(|harness| harness.name == name)
}

/// The saved inputs of a harness, by file name.
///
/// # Panics
/// Where they cannot be read.
#[must_use]
pub fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = folder().join("corpus").join(name);
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            (file, std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// The folder of fuzz targets and corpora.
#[must_use]
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}
