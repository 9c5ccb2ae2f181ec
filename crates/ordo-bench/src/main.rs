//! How fast Ordo is on this machine, against a floor measured in the same run.
//!
//! Each bench starts what it needs (a folder, or a PostgreSQL cluster of its own), measures, and
//! leaves nothing behind. The last line of `--json` is one object.

// Figures of speed are neither money nor quantities.
#![allow(clippy::float_arithmetic)]

mod bench;
mod company;
mod figures;
mod floor;
mod load;
mod target;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::figures::Figures;

/// The one that the server runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bench {
    /// Orders captured over HTTP, one per request.
    Capture,
    /// Many buyers of one SKU.
    HotSku,
    /// Orders in bulk: NDJSON over HTTP, and past orders from CSV.
    Import,
    /// Pages of orders, filtered and sorted, over HTTP.
    List,
    /// What could be promised for a basket, over HTTP and fifty locations.
    Promise,
    /// Pages of orders that a search finds, over HTTP.
    Search,
    /// The cheapest plan of an order, in process and without a store.
    Sourcing,
    /// Orders that wait for each other, sourced over HTTP in runs of a thousand.
    SourceRun,
    /// From the start of the program to its first answer, and the memory that it takes idle.
    Start,
    /// A what-if over 10,000 past orders.
    WhatIf,
}

/// On which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StoreKind {
    /// The embedded one.
    Sqlite,
    /// A cluster of its own, with every durability setting on.
    Postgres,
}

impl StoreKind {
    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

#[derive(Parser)]
#[command(
    name = "ordo-bench",
    about = "How fast Ordo is, against a floor of the same run"
)]
struct Cli {
    /// What is measured.
    #[arg(value_enum)]
    bench: Bench,
    /// On which store.
    #[arg(long, value_enum, default_value = "sqlite")]
    store: StoreKind,
    /// End with one line of JSON.
    #[arg(long)]
    json: bool,
    /// Connections of the load generator.
    #[arg(long, default_value_t = 128)]
    connections: usize,
    /// Seconds of the measured part.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Orders that are there, for lists, searches and starts.
    #[arg(long, default_value_t = 100_000)]
    orders: usize,
    /// Past orders that are there before captures begin.
    #[arg(long, default_value_t = 0)]
    past: usize,
    /// Captures are sourced by the prices of two carriers.
    #[arg(long)]
    rates: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let measured: Result<Figures, String> = match cli.bench {
        Bench::Capture => {
            bench::capture::run(cli.store, cli.connections, cli.seconds, cli.past, cli.rates)
        }
        Bench::HotSku => bench::hot_sku::run(cli.store),
        Bench::Import => bench::import::run(cli.store, cli.seconds),
        Bench::List => {
            bench::lists::run(cli.store, bench::lists::What::List, cli.orders, cli.seconds)
        }
        Bench::Promise => bench::promise::run(cli.store, cli.seconds),
        Bench::Sourcing => bench::sourcing::run(),
        Bench::SourceRun => bench::source_run::run(cli.store),
        Bench::Search => bench::lists::run(
            cli.store,
            bench::lists::What::Search,
            cli.orders,
            cli.seconds,
        ),
        Bench::Start => bench::start::run(cli.store, cli.orders),
        Bench::WhatIf => bench::what_if::run(cli.store),
    };
    match measured {
        Ok(figures) => {
            figures.print(cli.json);
            if figures.is_sound() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(reason) => {
            eprintln!("ordo-bench: {reason}");
            ExitCode::FAILURE
        }
    }
}
