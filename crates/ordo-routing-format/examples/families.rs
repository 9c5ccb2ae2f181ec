//! How batches and streams of many unseen instances fare: a line per instance with its gap or the
//! share of the gap that was closed, and the time it took. For people who change the solver.
//!
//! `cargo run --release -p ordo-routing-format --example families -- batch|online [SEEDS [NAME]]`

#![allow(clippy::float_arithmetic)] // Figures for people.

#[path = "../tests/it/evaluate.rs"]
#[allow(dead_code)] // The tests use more of it.
mod evaluate;
#[path = "../tests/it/network.rs"]
mod network;
#[path = "../tests/it/replay.rs"]
mod replay;

use std::time::Instant;

use network::{Family, ONLINE};
use ordo_sourcing::Effort;

fn main() {
    let mut args = std::env::args().skip(1);
    let kind = args.next();
    let seeds = args
        .next()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(3);
    match kind.as_deref() {
        Some("batch") => batches(seeds),
        Some("online") => streams(seeds, &args.next().unwrap_or_default()),
        Some(_) | None => eprintln!("batch or online, then a number of seeds"),
    }
}

fn batches(seeds: u64) {
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
            for seed in 1..=seeds {
                let instance = family.instance(seed);
                let begun = Instant::now();
                let answer = replay::together(&instance, Effort::FULL);
                let took = begun.elapsed();
                let answer = replay::written(&answer);
                let cost_c = evaluate::total_c(&instance, &answer).expect("allowed plans");
                let bound_c = answer["lower_bound_c"].as_f64().expect("a bound");
                let gap = (cost_c / bound_c - 1.0) * 100.0;
                println!(
                    "{locations} locations, capacity {capacity}, stock {stock}, {orders_per_day} orders, \
                     seed {seed}: {gap:.3}% in {took:.1?}"
                );
            }
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
            let (cost_c, alone_c, bound_c) = replay::stream_figures(&instance);
            let closed = (alone_c - cost_c) / (alone_c - bound_c) * 100.0;
            println!(
                "{name}, seed {seed}: bound {bound_c:.0}, alone {alone_c:.0}, priced {cost_c:.0}: \
                 {closed:.1}% in {took:.1?}"
            );
            sum += closed;
            count += 1.0;
        }
    }
    println!("mean {:.1}%", sum / count);
}
