//! Batches and streams: the public instances against their references, and others that nobody has
//! seen, all priced and checked by an evaluator of our own.

use ordo_sourcing::Effort;
use serde_json::Value;

use crate::evaluate;
use crate::network::{Family, ONLINE};
use crate::replay::{one_by_one, stream_figures, together, written};
use crate::support::{folder, read_json};

#[test]
fn batch6_costs_no_more_than_the_best_known() {
    batch_meets_the_reference("batch6", "batch6_costs_no_more_than_the_best_known");
}

#[test]
fn batch6cap_costs_no_more_than_the_best_known() {
    batch_meets_the_reference("batch6cap", "batch6cap_costs_no_more_than_the_best_known");
}

#[test]
fn online10_closes_its_share_of_the_gap() {
    let test = "online10_closes_its_share_of_the_gap";
    stream_closes("online10", test, (1_229_273.0, 1_375_284.0), 45.0);
}

#[test]
fn online10cap_closes_its_share_of_the_gap() {
    let test = "online10cap_closes_its_share_of_the_gap";
    stream_closes("online10cap", test, (1_076_979.0, 1_434_120.0), 70.0);
}

#[test]
fn unseen_batches_come_close_to_their_bound() {
    let mut sum = [0.0; 3];
    for seed in 1..=2 {
        for (nth, (locations, capacity, stock)) in [(6, 1.3, 1.5), (10, 1.3, 1.5), (10, 1.0, 2.0)]
            .into_iter()
            .enumerate()
        {
            let family = Family {
                locations,
                skus: 60,
                orders_per_day: 250,
                days: 1,
                history_days: 0,
                stock,
                capacity,
                small: false,
            };
            let instance = family.instance(seed);
            let answer = written(&together(&instance, Effort::FULL));
            let cost_c = evaluate::total_c(&instance, &answer).expect("allowed plans");
            let bound_c = answer["lower_bound_c"].as_f64().expect("a bound");
            assert!(bound_c <= cost_c + 0.001);
            sum[nth] += (cost_c / bound_c - 1.0) * 50.0;
        }
    }
    // Percent, mean of two. Most of it is no fault of the plans: half an order fits, a whole does not.
    assert!(sum[0] < 0.9 && sum[1] < 0.6 && sum[2] < 0.5, "{sum:?}");
}

#[test]
fn unseen_streams_are_cheaper_with_prices_from_the_past() {
    let mut sum = 0.0;
    for (name, family) in ONLINE {
        let family = Family {
            skus: 40,
            orders_per_day: 60,
            ..family
        };
        let instance = family.instance(1);
        let stream = stream_figures(&instance);
        let ((cost_c, unfilled), (alone_c, unfilled_alone)) = (stream.priced, stream.alone);
        let bound_c = stream.bound_c;
        // Holding back for later orders must not leave more of them without.
        assert!(
            unfilled <= unfilled_alone + 2,
            "{name}: {unfilled} units unfilled against {unfilled_alone}"
        );
        assert!(
            cost_c <= 1.005 * alone_c,
            "{name}: {cost_c} against {alone_c}"
        );
        assert!(cost_c >= bound_c, "{name}");
        sum += (alone_c - cost_c) / (alone_c - bound_c) * 100.0;
    }
    let mean = sum / ONLINE.len() as f64;
    assert!(mean >= 35.0, "closed {mean} percent");
}

fn batch_meets_the_reference(name: &str, test: &str) {
    let Some((instance, reference)) = given(name, test) else {
        return;
    };
    let answer = written(&together(&instance, Effort::FULL));
    let cost_c = evaluate::total_c(&instance, &answer).expect("allowed plans");
    let best_known_c = reference["integer_c"].as_f64().expect("a cost");
    assert!(cost_c <= best_known_c * 1.000_5, "{cost_c}");
    let bound_c = answer["lower_bound_c"].as_f64().expect("a bound");
    let reference_c = reference["lower_bound_c"].as_f64().expect("a bound");
    assert!(
        bound_c <= cost_c && (bound_c - reference_c).abs() < 1.0,
        "{bound_c}"
    );
}

/// The share of the way from each order's own optimum to the clairvoyant's bound, in percent.
fn stream_closes(name: &str, test: &str, (bound_c, alone_c): (f64, f64), least: f64) {
    let Some((instance, _)) = given(name, test) else {
        return;
    };
    let cost_c = evaluate::total_c(&instance, &written(&one_by_one(&instance))).expect("allowed");
    let closed = (alone_c - cost_c) / (alone_c - bound_c) * 100.0;
    assert!(closed >= least, "closed {closed} percent");
}

fn given(name: &str, test: &str) -> Option<(Value, Value)> {
    let folder = folder("ORDO_DATA_DIR", test)?.join("sourcing");
    let reference = read_json(&folder.join(format!("{name}.ref.json.gz")));
    Some((
        read_json(&folder.join(format!("{name}.json.gz"))),
        reference,
    ))
}
