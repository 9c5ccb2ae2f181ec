//! Drives the harness `rules` of `ordo_proof`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ordo_fuzz::run("rules", input));
