//! Ordo, an order management system: one program that holds every order from the moment it is placed
//! to the moment it is delivered or returned.

mod archive;
mod cmd;
mod compose;
mod demo;
mod remote;
mod secret;
mod stop;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A batch makes and drops thousands of small strings on one thread and frees them on others, where
/// the allocator of the C library takes an eighth of all processor time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "ordo", version, about = "Ordo, an order management system")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API.
    Serve(cmd::serve::Args),
    /// Serve a demo company with a stream of orders.
    Demo(cmd::demo::Args),
    /// Prove that the books balance.
    Check(cmd::check::Args),
    /// Take data in from files.
    Import(cmd::import::Args),
    /// Export data to standard output.
    Export(cmd::export::Args),
    /// Write everything that is stored to one file, also while it is being served.
    Backup(cmd::backup::Args),
    /// Make a store from a backup.
    Restore(cmd::restore::Args),
    /// Carry everything to another store.
    Move(cmd::carry::Args),
    /// Look at a store and say what is wrong and what to do.
    Doctor(cmd::doctor::Args),
    /// Forget a person.
    Erase(cmd::erase::Args),
    /// Say what an error code means and what to do.
    Explain(cmd::explain::Args),
    /// Say where the coordinates come from, or where an address is.
    Geo(cmd::geo::Args),
    /// Solve sourcing problems from a file.
    Source(cmd::source::Args),
    /// Source past orders again under another setup, and compare.
    WhatIf(cmd::what_if::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    init_logs();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ordo: the runtime could not be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => cmd::serve::run(args).await,
            Command::Demo(args) => cmd::demo::run(args).await,
            Command::Check(args) => cmd::check::run(args).await,
            Command::Import(args) => cmd::import::run(args).await,
            Command::Export(args) => cmd::export::run(args).await,
            Command::Backup(args) => cmd::backup::run(args).await,
            Command::Restore(args) => cmd::restore::run(args).await,
            Command::Move(args) => cmd::carry::run(args).await,
            Command::Doctor(args) => cmd::doctor::run(args).await,
            Command::Erase(args) => cmd::erase::run(args).await,
            Command::Explain(args) => cmd::explain::run(&args),
            Command::Geo(args) => cmd::geo::run(&args).await,
            Command::Source(args) => cmd::source::run(&args),
            Command::WhatIf(args) => cmd::what_if::run(args).await,
        }
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ordo: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// Logs go to standard error; `ORDO_LOG` sets what is shown (`info` where unset).
fn init_logs() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ORDO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,tokio_postgres=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
