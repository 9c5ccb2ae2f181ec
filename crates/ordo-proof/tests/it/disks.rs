//! Disks that lie: the proof of power losses must notice what they lost.

use ordo_disk::Lie;
use ordo_proof::disk_faults::DISK_FAULTS;
use ordo_proof::part::Asked;
use ordo_proof::power;

fn asked(count: u64) -> Asked {
    Asked {
        count,
        seed: 7,
        program: std::env::var_os("ORDO_BIN").unwrap_or_default().into(),
    }
}

#[test]
fn power_losses_are_survived() {
    (power::POWER_LOSS.run)(&asked(20)).assert_clean();
}

#[test]
fn a_disk_that_keeps_no_log_is_noticed() {
    let figures = power::lose_power_on_a_liar(&asked(40), Lie::Logs);
    println!("{:?}", figures.json());
    assert!(figures.violations() > 0, "{:?}", figures.json());
}

#[test]
fn a_disk_that_keeps_no_database_is_noticed() {
    let figures = power::lose_power_on_a_liar(&asked(80), Lie::Databases);
    println!("{:?}", figures.json());
    assert!(figures.violations() > 0, "{:?}", figures.json());
}

#[test]
fn disks_that_fail_are_survived() {
    (DISK_FAULTS.run)(&asked(20)).assert_clean();
}
