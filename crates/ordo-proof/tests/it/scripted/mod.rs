//! Suites that start the release build, one after another: every part of the proof, races, and
//! repeated requests.

mod canaries;
mod parts;
mod race;
