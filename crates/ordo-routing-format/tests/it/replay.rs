//! Runs batches and streams that are given as JSON.

use ordo_routing_format::{Answer, Document, Network, Shared};
use ordo_sourcing::Effort;
use serde_json::{Value, json};

use crate::evaluate;

/// How a stream fared.
pub struct Stream {
    /// Cents and units unfilled, with prices from the past.
    pub priced: (f64, i64),
    /// The same without prices, each order at its own optimum.
    pub alone: (f64, i64),
    /// Cents under all plans, also of those who know all orders: as many shipments as on all days
    /// together, whatever the day, so it is a little below the true bound.
    pub bound_c: f64,
}

pub fn stream_figures(instance: &Value) -> Stream {
    let figures = |answer: &Answer| {
        let total_c = evaluate::total_c(instance, &written(answer)).expect("allowed");
        (total_c, wanted(instance) - shipped(answer))
    };
    let priced = figures(&one_by_one(instance));
    let mut forgetful = instance.clone();
    forgetful["history"] = json!([]);
    let alone = figures(&one_by_one(&forgetful));
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
        knots: 0,
        ..Effort::FULL
    };
    let bound_c = written(&together(&all, bound_only))["lower_bound_c"].as_f64();
    Stream {
        priced,
        alone,
        bound_c: bound_c.expect("a bound"),
    }
}

fn wanted(instance: &Value) -> i64 {
    let orders = instance["orders"].as_array().expect("orders").iter();
    let lines = orders.flat_map(|order| order["lines"].as_array().expect("lines"));
    lines.map(|line| line["qty"].as_i64().expect("units")).sum()
}

fn shipped(answer: &Answer) -> i64 {
    let shipments = answer.orders.iter().flat_map(|order| &order.plan);
    let lines = shipments.flat_map(|shipment| &shipment.lines);
    lines.map(|line| line.qty).sum()
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
