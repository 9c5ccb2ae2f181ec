//! Goal: whatever call to the store fails, and however, nothing acknowledged is lost and nothing is
//! done twice. Method: the same requests once per call and fault; what was answered with 5xx is sent
//! again, as a client would; then the books must be those of a run without faults.

use ordo_store::Conflict;
use ordo_store::contract::fixture::{capture, order};
use ordo_store::faulty::{Fault, FaultPlan, FaultRates};

use crate::shop::Shop;

const ORDERS: usize = 3;
const UNITS: i64 = 2;

/// Sends every order until it is answered for good; answers how often something was sent again.
fn send(shop: &Shop) -> usize {
    let mut sent_again = 0;
    for n in 0..ORDERS {
        let input = order(&format!("O{n}"), &[("A", 1)]);
        let key = Some(n as u8 + 1);
        let mut answer = shop.run(vec![shop.admit(capture(&input), key)]).remove(0);
        while answer.status >= 500 {
            sent_again += 1;
            assert!(sent_again < 100, "an order is never taken");
            answer = shop.run(vec![shop.admit(capture(&input), key)]).remove(0);
        }
        // With the same key the repeated request gets the first answer; a commit whose answer was
        // lost has left one too.
        assert_eq!(answer.status, 201, "{answer:?}");
        assert!(answer.number.is_some(), "{answer:?}");
    }
    sent_again
}

fn assert_books(shop: &Shop, what: &str) {
    assert_eq!(shop.allocated(), UNITS, "{what}");
    shop.assert_sound();
}

#[test]
fn every_call_may_fail_in_every_way() {
    let quiet = Shop::open(UNITS);
    let before = quiet.store.calls();
    assert_eq!(send(&quiet), 0);
    assert_books(&quiet, "no fault");
    let calls = quiet.store.calls() - before;
    assert!(calls >= 3 * ORDERS as u64, "{calls} calls");
    let faults = [
        Fault::Refuse,
        Fault::LoseRequest,
        Fault::LoseAnswer,
        Fault::ArriveLate,
        Fault::Conflict(Conflict::Claimed),
        Fault::Conflict(Conflict::Stale),
        Fault::Conflict(Conflict::Headroom),
        Fault::Conflict(Conflict::Reference),
        Fault::Conflict(Conflict::Busy),
        Fault::Delay(3),
        Fault::DelayAnswer(3),
    ];
    for fault in faults {
        for call in 1..=calls {
            let shop = Shop::open(UNITS);
            shop.store.begin(FaultPlan::at(call, fault));
            send(&shop);
            shop.store.begin(FaultPlan::Never);
            assert_books(&shop, &format!("{fault:?} at call {call}"));
        }
    }
}

#[test]
fn many_faults_at_once_change_nothing_either() {
    let rates = FaultRates {
        refused: 80,
        answers_lost: 80,
        delayed: 50,
        answers_delayed: 50,
        requests_lost: 60,
        late: 60,
        conflicts: 150,
    };
    for seed in 0..200 {
        let shop = Shop::open(UNITS);
        shop.store.begin(FaultPlan::Seeded { seed, rates });
        send(&shop);
        shop.store.begin(FaultPlan::Never);
        assert_books(&shop, &format!("seed {seed}"));
    }
}
