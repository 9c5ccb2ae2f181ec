//! Every part of the proof, as often as continuous integration has time for.

use ordo_proof::part::{Asked, part};
use ordo_proof::served::program;

/// Runs a part; the test ends quietly where the release build is not there.
fn prove(name: &str) {
    let Some(program) = program(name) else {
        return;
    };
    let part = part(name).expect("there is such a part");
    let asked = Asked {
        count: part.in_ci,
        seed: 1,
        program,
    };
    (part.run)(&asked).assert_clean();
}

#[test]
fn sqlite_survives_kills() {
    prove("kills-sqlite");
}

#[test]
fn postgres_survives_kills() {
    prove("kills-postgres");
}

#[test]
fn sqlite_survives_power_losses() {
    prove("power-loss");
}

#[test]
fn sqlite_survives_disks_that_fail() {
    prove("disk-faults");
}

#[test]
fn backups_hold_what_was_acknowledged_and_send_nothing_again() {
    prove("backups");
}
