//! Where the public data is, and how it is read.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

/// The folder that `variable` names; the test is counted as skipped where it names none.
pub fn folder(variable: &str, test: &str) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(variable) {
        return Some(PathBuf::from(folder));
    }
    println!("skipped: {test} needs {variable}");
    if let Some(file) = std::env::var_os("ORDO_SKIPPED_FILE") {
        let mut file = (fs::OpenOptions::new().create(true).append(true).open(file))
            .expect("the runner's file can be written");
        writeln!(file, "{variable} {test}").expect("the runner's file can be written");
    }
    None
}

/// A JSON file under gzip.
pub fn read_json(path: &Path) -> Value {
    let mut text = String::new();
    let file = fs::File::open(path).expect("the file is there");
    GzDecoder::new(file)
        .read_to_string(&mut text)
        .expect("gzip");
    serde_json::from_str(&text).expect("JSON")
}
