//! Runs batches and streams that are given as JSON.

use ordo_routing_format::{Answer, Document, Network, Shared};
use ordo_sourcing::Effort;
use serde_json::{Value, json};

use crate::evaluate;

/// Cents with prices from the past and without, and a bound for those who know all orders: as many
/// shipments as on all days together, whatever the day, so it is a little below the true one.
pub fn stream_figures(instance: &Value) -> (f64, f64, f64) {
    let total = |answer: &Answer| evaluate::total_c(instance, &written(answer)).expect("allowed");
    let cost_c = total(&one_by_one(instance));
    let mut forgetful = instance.clone();
    forgetful["history"] = json!([]);
    let alone_c = total(&one_by_one(&forgetful));
    let mut all = instance.clone();
    let days = |name: &str| instance["meta"][name].as_i64().expect("days");
    let days = days("days") - days("history_days");
    for location in all["locations"].as_array_mut().expect("locations") {
        let most = &mut location["capacity_shipments_per_day"];
        *most = json!(most.as_i64().expect("a limit") * days);
    }
    all["history"] = json!([]);
    let bound_only = Effort {
        exchanges: 0,
        ..Effort::FULL
    };
    let bound_c = written(&together(&all, bound_only))["lower_bound_c"].as_f64();
    (cost_c, alone_c, bound_c.expect("a bound"))
}

pub fn together(instance: &Value, effort: Effort) -> Answer {
    let document = Document::read(instance.to_string().as_bytes()).expect("a sound file");
    let network = Network::new(&document).expect("it fits together");
    Shared::new(&network).solve(effort).expect("sound")
}

pub fn one_by_one(instance: &Value) -> Answer {
    let document = Document::read(instance.to_string().as_bytes()).expect("a sound file");
    let network = Network::new(&document).expect("it fits together");
    let shared = Shared::new(&network);
    let past = shared.past();
    let mut stream = shared.stream(&past).expect("sound");
    let orders = document.orders.iter();
    Answer {
        orders: orders
            .map(|order| stream.source(order).expect("sound"))
            .collect(),
        lower_bound_c: None,
    }
}

pub fn written(answer: &Answer) -> Value {
    serde_json::to_value(answer).expect("serializable")
}
