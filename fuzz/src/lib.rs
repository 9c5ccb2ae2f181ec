//! Finds the harness that a target drives.

/// Runs the harness `name`.
///
/// # Panics
/// Where there is none of this name, or what it asserts does not hold.
pub fn run(name: &str, input: &[u8]) {
    let harness = ordo_proof::harness::named(name).expect("a harness of this name");
    (harness.run)(input);
}
