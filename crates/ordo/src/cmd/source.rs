//! `ordo source solve`: reads sourcing problems of the form `ordo-routing/1` and writes the plans.
//!
//! It needs no store: the file says what there is. Input under gzip is known by its content; output
//! is plain unless its name ends in `.gz`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use ordo_routing_format::{Answer, Document, Kind, Network, Order, OrderAnswer, Shared};
use ordo_sourcing::{BatchFlaw, Effort, Flaw, StepBudget, solve};

use crate::compose::Failure;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Find the cheapest plan of every order in a file.
    Solve(SolveArgs),
}

#[derive(clap::Args)]
struct SolveArgs {
    /// The problems, as JSON of the form ordo-routing/1, plain or under gzip.
    #[arg(long, value_name = "FILE")]
    instance: PathBuf,
    /// Where the plans are written; under gzip where the name ends in .gz.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.command {
        Command::Solve(args) => run_solve(args),
    }
}

fn run_solve(args: &SolveArgs) -> Result<ExitCode, Failure> {
    let bytes = fs::read(&args.instance).map_err(|error| input(&args.instance, error))?;
    let document = Document::read(&bytes).map_err(|error| input(&args.instance, error))?;
    let network = Network::new(&document).map_err(|error| input(&args.instance, error))?;
    let answer = match document.kind {
        Kind::Single => each_alone(&network).map_err(|error| input(&args.instance, error))?,
        Kind::Batch => together(&network).map_err(|error| input(&args.instance, error))?,
        Kind::Online => one_by_one(&network).map_err(|error| input(&args.instance, error))?,
    };
    write(&args.out, &answer).map_err(|error| input(&args.out, error))?;
    Ok(ExitCode::SUCCESS)
}

/// Every order against all of the stock, as if it were the only one.
fn each_alone(network: &Network) -> Result<Answer, String> {
    let orders = network.document().orders.iter();
    let orders = orders.map(|order| {
        answer_one(network, order).map_err(|flaw| format!("order {}: {flaw}", order.id))
    });
    Ok(Answer {
        orders: orders.collect::<Result<_, _>>()?,
        lower_bound_c: None,
    })
}

/// All orders over the same stock and one day's shipments. Each is said to have taken its part of
/// the time.
fn together(network: &Network) -> Result<Answer, BatchFlaw> {
    let begun = Instant::now();
    let mut answer = Shared::new(network).solve(Effort::FULL)?;
    let count = answer.orders.len().max(1) as u64;
    let each_ns = elapsed_ns(begun) / count;
    for order in &mut answer.orders {
        order.solve_ns = each_ns;
    }
    Ok(answer)
}

/// Each order as it comes, with an eye on those that are to be expected.
fn one_by_one(network: &Network) -> Result<Answer, BatchFlaw> {
    let shared = Shared::new(network);
    let past = shared.past();
    let mut stream = shared.stream(&past)?;
    let mut answer = Answer::default();
    for order in &network.document().orders {
        let begun = Instant::now();
        let mut sourced = stream.source(order)?;
        sourced.solve_ns = elapsed_ns(begun);
        answer.orders.push(sourced);
    }
    Ok(answer)
}

fn answer_one(network: &Network, order: &Order) -> Result<OrderAnswer, Flaw> {
    let instance = network.instance(order);
    let begun = Instant::now();
    let solution = solve(&instance, StepBudget::FULL)?;
    let solve_ns = elapsed_ns(begun);
    Ok(OrderAnswer::new(
        network, order, &instance, &solution, solve_ns,
    ))
}

fn elapsed_ns(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

fn write(path: &Path, answer: &Answer) -> io::Result<()> {
    let file = BufWriter::new(File::create(path)?);
    if path.extension().is_some_and(|end| end == "gz") {
        let mut packed = GzEncoder::new(file, Compression::default());
        serde_json::to_writer(&mut packed, answer)?;
        packed.finish()?.flush()
    } else {
        let mut file = file;
        serde_json::to_writer(&mut file, answer)?;
        file.flush()
    }
}

/// What is wrong with a file, beginning with its name.
fn input(path: &Path, reason: impl std::fmt::Display) -> Failure {
    Failure::Input(format!("{}: {reason}", path.display()))
}
