//! `ordo-sim --seed N --orders M`: simulates that many orders under faults; ends with how many
//! violations there were and with the hash of everything that happened.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use ordo_sim::campaign::{Campaign, ORDERS_EACH, smallest};
use ordo_sim::canary::Canary;
use ordo_sim::episode::{Outcome, Setup};
use ordo_sim::swarm::Trait;

/// The one that the server runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Violations that are printed of one simulation.
const TOLD_MAX: usize = 10;

#[derive(Parser)]
#[command(
    name = "ordo-sim",
    about = "A company, its people and its nodes, from one seed"
)]
struct Cli {
    /// All chance; the same seed and the same program do the same.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many orders, over all simulations.
    #[arg(long, default_value_t = 1_000)]
    orders: u64,
    /// Orders of one simulation.
    #[arg(long, default_value_t = ORDERS_EACH)]
    orders_each: u64,
    /// Parts to leave out, by name.
    #[arg(long, value_delimiter = ',', value_parser = part)]
    without: Vec<Trait>,
    /// Stops after so many seconds, with what was done until then.
    #[arg(long)]
    seconds: Option<u64>,
    /// Simulations at the same time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Plants a bug, which must be noticed.
    #[arg(long, value_parser = canary)]
    canary: Option<Canary>,
    /// Prints the names of the bugs that can be planted.
    #[arg(long)]
    list_canaries: bool,
    /// Prints a line for every simulation.
    #[arg(long)]
    verbose: bool,
    /// Prints every event of the simulation that this seed is of, and nothing else.
    #[arg(long)]
    log: bool,
    /// Does not look for the smallest simulation that breaks the same.
    #[arg(long)]
    keep_large: bool,
}

fn part(name: &str) -> Result<Trait, String> {
    Trait::named(name).ok_or_else(|| {
        let names: Vec<&str> = Trait::ALL.iter().map(|of| of.name()).collect();
        format!("there are {}", names.join(", "))
    })
}

fn canary(name: &str) -> Result<Canary, String> {
    Canary::named(name).ok_or_else(|| "--list-canaries prints their names".to_owned())
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Ok(filter) = std::env::var("ORDO_LOG") {
        // What nodes say, for whoever looks for the reason of a violation.
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .without_time()
            .init();
    }
    if cli.list_canaries {
        for canary in Canary::ALL {
            println!("{}", canary.name());
        }
        return ExitCode::SUCCESS;
    }
    let campaign = Campaign {
        seed: cli.seed,
        orders: cli.orders,
        orders_each: cli.orders_each,
        without: cli.without,
        canary: cli.canary,
        most: cli.seconds.map(Duration::from_secs),
        threads: cli.threads,
    };
    if cli.log {
        let setup = Setup {
            tells: true,
            ..campaign.setup(0)
        };
        for line in ordo_sim::episode::run(&setup).log {
            println!("{line}");
        }
        return ExitCode::SUCCESS;
    }
    let verbose = cli.verbose;
    let result = campaign.run(&|n, setup, outcome| {
        if verbose {
            let (seed, events, broken) = (setup.seed, outcome.events, outcome.violations.len());
            println!(
                "{n}: seed {seed}, {events} events, {broken} broken: {}",
                outcome.made_of
            );
            for violation in outcome.violations.iter().take(TOLD_MAX) {
                println!("{n}:   {violation}");
            }
        }
    });
    if let Some((setup, outcome)) = &result.first {
        tell("the first that broke", setup, outcome);
        if !cli.keep_large && cli.canary.is_none() {
            let (setup, outcome) = smallest(setup, outcome);
            tell("the smallest that breaks the same", &setup, &outcome);
        }
    }
    let sum = &result.sum;
    println!("simulations {}", result.simulations);
    println!("orders {}", sum.orders);
    println!("commands {}", sum.commands);
    println!("refused {}", sum.refused);
    println!("events {}", sum.events);
    println!("messages {}", sum.messages);
    println!("blows {}", sum.blows);
    println!("broken {}", result.broken);
    println!("violations {}", sum.violations.len());
    let hex: String = sum.trace.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("trace {hex}");
    match sum.violations.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn tell(what: &str, setup: &Setup, outcome: &Outcome) {
    let without: Vec<&str> = setup.without.iter().map(|of| of.name()).collect();
    let without = match without.is_empty() {
        true => String::new(),
        false => format!(" --without {}", without.join(",")),
    };
    let (seed, orders) = (setup.seed, setup.orders);
    println!("{what}: ordo-sim --seed {seed} --orders {orders} --orders-each {orders}{without}");
    println!("  made of {}", outcome.made_of);
    for violation in outcome.violations.iter().take(TOLD_MAX) {
        println!("  {violation}");
    }
}
