//! Every part of the proof, as often as continuous integration has time for.

use ordo_proof::failover::lossy;
use ordo_proof::part::{Asked, part};
use ordo_proof::served::{program, skip};

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

#[test]
fn failovers_lose_nothing() {
    prove("failover");
}

#[test]
fn lost_nodes_leave_nothing_undone() {
    prove("node-loss");
}

/// The proof of the proof: a primary that waits for no standby loses what it acknowledged last.
#[test]
fn a_failover_that_loses_acknowledged_writes_is_noticed() {
    let Some(program) = program("a_failover_that_loses_acknowledged_writes_is_noticed") else {
        return;
    };
    let asked = Asked {
        count: 1,
        seed: 1,
        program,
    };
    let figures = lossy(&asked);
    assert!(figures.counted("lost") > 0, "{figures:#?}");
    assert!(figures.violations() > 0, "{figures:#?}");
}

#[test]
fn requests_made_from_the_contract_are_answered_by_it() {
    if !ordo_proof::api_fuzz::is_installed() {
        skip(
            "ORDO_SCHEMATHESIS",
            "requests_made_from_the_contract_are_answered_by_it",
        );
        return;
    }
    prove("api-fuzz");
}

#[test]
fn each_key_has_one_effect_and_one_answer_on_sqlite() {
    prove("idempotency-sqlite");
}

#[test]
fn each_key_has_one_effect_and_one_answer_through_three_servers_on_postgres() {
    prove("idempotency-postgres");
}

#[test]
fn sqlite_turns_away_what_it_cannot_do() {
    prove("overload-sqlite");
}

#[test]
fn postgres_turns_away_what_it_cannot_do() {
    prove("overload-postgres");
}

#[test]
fn nothing_grows_on_sqlite() {
    prove("soak-sqlite");
}

#[test]
fn nothing_grows_on_postgres() {
    prove("soak-postgres");
}

#[test]
fn three_stores_mean_the_same_on_postgres_sqlite_and_in_memory() {
    prove("differential");
}
