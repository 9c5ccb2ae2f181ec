//! Drives the harness `requests` of `ordo_proof`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ordo_fuzz::run("requests", input));
