//! How orders, batches and streams of many unseen instances fare: a line per instance with its gap
//! or the share of the gap that was closed, and the time it took. For people who change the solver.
//!
//! `cargo run --release -p ordo-routing-format --example families -- single|batch|online [SEEDS [NAME]]`
//!
//! Where `ORDO_FAMILIES` names a folder, instances and answers of batches and single orders are
//! written there, for other programs to check.

#![allow(clippy::float_arithmetic)] // Figures for people.

#[path = "../tests/it/evaluate.rs"]
#[allow(dead_code)] // The tests use more of it.
mod evaluate;
#[path = "../tests/it/network.rs"]
mod network;
#[path = "../tests/it/replay.rs"]
mod replay;

use std::fs;
use std::path::Path;
use std::time::Instant;

use network::{Family, ONLINE};
use ordo_routing_format::Network;
use ordo_routing_format::family::{self, Lines, Rule};
use ordo_sourcing::{Effort, StepBudget, solve};
use serde_json::{Value, json};

fn main() {
    let mut args = std::env::args().skip(1);
    let kind = args.next();
    let seeds = args
        .next()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(3);
    match kind.as_deref() {
        Some("single") => singles(seeds, &args.next().unwrap_or_default()),
        Some("batch") => batches(seeds, &args.next().unwrap_or_default()),
        Some("online") => streams(seeds, &args.next().unwrap_or_default()),
        Some(_) | None => eprintln!("single, batch or online, then a number of seeds"),
    }
}

/// Families of single orders, two of them harder than any goal.
const SINGLES: [(&str, usize, Lines); 6] = [
    ("general x 10", 10, Lines::General),
    ("general x 200", 200, Lines::General),
    ("basket 12 x 50", 50, Lines::Basket(11)),
    ("basket 20 x 200", 200, Lines::Basket(19)),
    ("13 to 20 x 50", 50, Lines::Between(13, 20)),
    ("13 to 20 x 200", 200, Lines::Between(13, 20)),
];

/// Of those families whose name begins so.
fn singles(seeds: u64, beginning: &str) {
    for (name, locations, lines) in SINGLES {
        if !name.starts_with(beginning) {
            continue;
        }
        let (mut took_us, mut unproven, mut gap) = (Vec::new(), 0, 0.0);
        for seed in 1..=seeds {
            let family = family::Family {
                name,
                locations,
                skus: 400,
                orders: 100,
                lines,
                rule: Rule::Free,
            };
            let document = family.document(seed);
            let network = Network::new(&document).expect("it fits together");
            let orders = document.orders.iter();
            let instances: Vec<_> = orders.map(|order| network.instance(order)).collect();
            let mut found = Vec::with_capacity(instances.len());
            for instance in &instances {
                let mut least_us = f64::INFINITY;
                for _ in 0..2 {
                    let begun = Instant::now();
                    solve(instance, StepBudget::FULL).expect("sound");
                    least_us = least_us.min(begun.elapsed().as_secs_f64() * 1e6);
                }
                let solution = solve(instance, StepBudget::FULL).expect("sound");
                took_us.push(least_us);
                unproven += u32::from(!solution.proven);
                gap += solution.gap.money_uc as f64 / solution.cost.money_uc.max(1) as f64;
                found.push(solution);
            }
            keep(&format!("{name} {seed}"), &json!(instances), &json!(found));
        }
        took_us.sort_by(f64::total_cmp);
        let at = |part: f64| took_us[((took_us.len() - 1) as f64 * part) as usize];
        println!(
            "{name}: {unproven} of {} not proven, mean gap {:.4}%, p50 {:.1} us, p95 {:.0} us, \
             p99 {:.0} us, longest {:.0} us",
            took_us.len(),
            gap / took_us.len() as f64 * 100.0,
            at(0.5),
            at(0.95),
            at(0.99),
            at(1.0),
        );
    }
}

/// Writes an instance and its answer where somebody wants them.
fn keep(name: &str, instance: &Value, answer: &Value) {
    let Some(folder) = std::env::var_os("ORDO_FAMILIES") else {
        return;
    };
    let folder = Path::new(&folder);
    let name = name.replace(' ', "_");
    for (kind, value) in [("instance", instance), ("answer", answer)] {
        let path = folder.join(format!("{name}.{kind}.json"));
        fs::write(path, value.to_string()).expect("the folder can be written");
    }
}

/// Of those families whose name begins so.
fn batches(seeds: u64, beginning: &str) {
    for (locations, capacity, stock) in
        [(6, 1.3, 1.5), (6, 1.0, 2.0), (10, 1.3, 1.5), (10, 1.0, 2.0)]
    {
        for orders_per_day in [120, 300, 1_000] {
            let family = Family {
                locations,
                skus: if orders_per_day < 300 { 50 } else { 100 },
                orders_per_day,
                days: 1,
                history_days: 0,
                stock,
                capacity,
                small: false,
            };
            let name =
                format!("{locations} locations, capacity {capacity}, {orders_per_day} orders");
            if !name.starts_with(beginning) {
                continue;
            }
            let (mut sum, mut most) = (0.0, 0.0_f64);
            for seed in 1..=seeds {
                let instance = family.instance(seed);
                let begun = Instant::now();
                let answer = replay::together(&instance, Effort::FULL);
                let took = begun.elapsed();
                let answer = replay::written(&answer);
                let cost_c = evaluate::total_c(&instance, &answer).expect("allowed plans");
                let bound_c = answer["lower_bound_c"].as_f64().expect("a bound");
                let gap = (cost_c / bound_c - 1.0) * 100.0;
                println!("{name}, seed {seed}: {gap:.3}% in {took:.1?}");
                keep(&format!("{name} {seed}"), &instance, &answer);
                sum += gap;
                most = most.max(gap);
            }
            println!("{name}: mean {:.3}%, most {most:.3}%", sum / seeds as f64);
        }
    }
}

/// Of those families whose name begins so.
fn streams(seeds: u64, beginning: &str) {
    let (mut sum, mut count) = (0.0, 0.0);
    let chosen = ONLINE
        .into_iter()
        .filter(|(name, _)| name.starts_with(beginning));
    for (name, family) in chosen {
        for seed in 1..=seeds {
            let instance = family.instance(seed);
            let begun = Instant::now();
            replay::one_by_one(&instance);
            let took = begun.elapsed();
            let stream = replay::stream_figures(&instance);
            let ((cost_c, unfilled), (alone_c, unfilled_alone)) = (stream.priced, stream.alone);
            let bound_c = stream.bound_c;
            let closed = (alone_c - cost_c) / (alone_c - bound_c) * 100.0;
            println!(
                "{name}, seed {seed}: bound {bound_c:.0}, alone {alone_c:.0}, priced {cost_c:.0}: \
                 {closed:.1}% in {took:.1?}, unfilled {unfilled} against {unfilled_alone}"
            );
            sum += closed;
            count += 1.0;
        }
    }
    println!("mean {:.1}%", sum / count);
}
