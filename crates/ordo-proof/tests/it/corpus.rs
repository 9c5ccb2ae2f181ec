//! Every saved input of every harness, replayed.

use ordo_proof::harness::part::try_one;
use ordo_proof::harness::{ALL, corpus, folder};

/// What a saved input may hold: they are kept small, so that everybody can read them.
const SIZE_MAX: usize = 4_096;

/// The most that all inputs together may add to the memory in use.
const MEMORY_MAX_KIB: u64 = 1_024 * 1_024;

#[test]
fn every_saved_input_passes_through_its_harness() {
    let before = ordo_proof::process::Memory::of_self().peak_kib;
    let mut flaws = Vec::new();
    for harness in ALL {
        let saved = corpus(harness.name);
        assert!(
            saved.len() >= 5,
            "{} has {} inputs",
            harness.name,
            saved.len()
        );
        for (file, input) in saved {
            assert!(input.len() < SIZE_MAX, "{}/{file}", harness.name);
            if let Err(flaw) = try_one(harness, &input) {
                flaws.push(format!("{}/{file}: {flaw}", harness.name));
            }
        }
    }
    assert!(flaws.is_empty(), "{flaws:#?}");
    let peak = ordo_proof::process::Memory::of_self().peak_kib;
    assert!(peak - before < MEMORY_MAX_KIB, "{before} KiB became {peak}");
}

/// A target that nobody added is a harness that no fuzzer drives.
#[test]
fn every_harness_has_its_fuzz_target() {
    for harness in ALL {
        let target = folder().join(format!("fuzz_targets/{}.rs", harness.name));
        let text = std::fs::read_to_string(&target).unwrap_or_default();
        let call = format!("\"{}\"", harness.name);
        assert!(text.contains(&call), "{}", target.display());
    }
}
