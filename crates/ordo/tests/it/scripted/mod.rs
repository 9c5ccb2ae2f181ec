//! Suites that start the release build, one after another.

mod import;
mod import_records;
