//! Suites that start the release build, one after another: crashes, races, repeated requests.

mod crash;
mod idempotency;
mod import;
mod import_records;
mod race;
