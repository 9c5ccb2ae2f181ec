//! Small simulations within the test itself, where a debugger sees them.

use ordo_sim::canary::Canary;
use ordo_sim::episode::{Outcome, Setup, run};

fn simulate(seed: u64, canary: Option<Canary>) -> Outcome {
    run(&Setup {
        seed,
        orders: 24,
        without: Vec::new(),
        canary,
        tells: false,
    })
}

#[test]
fn a_seed_makes_the_same_and_another_one_something_else() {
    let first = simulate(7, None);
    assert!(first.violations.is_empty(), "{:#?}", first.violations);
    assert!(first.events > 100, "{first:?}");
    assert_eq!(simulate(7, None).trace, first.trace);
    assert_ne!(simulate(8, None).trace, first.trace);
}

#[test]
fn a_planted_bug_is_noticed_and_says_which_invariant_it_broke() {
    for canary in [
        Canary::UnitLost,
        Canary::SentTwice,
        Canary::AnsweredNotWritten,
    ] {
        let found = (1..6).map(|seed| simulate(seed, Some(canary)));
        let names_it = |outcome: Outcome| {
            let mut told = outcome.violations.iter();
            told.any(|what| what.starts_with(canary.invariant()))
        };
        assert!(found.into_iter().any(names_it), "{}", canary.name());
    }
}
