//! `ordo import`: takes orders, SKUs, stock, locations and customers in from files.
//!
//! Everything is read as a stream and goes through commands, so an import may be interrupted at any
//! moment and run again: what is there already is counted as unchanged.
//!
//! Read `orders` (the files of orders), `files` (what a path means), `place` (which Ordo they go to),
//! `local` and `remote` (how they get there), `tally` and `rejects` (what is said of it).

mod chunks;
mod done;
mod files;
mod local;
mod orders;
mod place;
mod rejects;
mod remote;
mod tally;

use std::process::ExitCode;

use clap::Subcommand;

pub use place::organization;

use crate::compose::Failure;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Orders, with the channels, locations and SKUs that they name.
    Orders(orders::Args),
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    match args.what {
        What::Orders(args) => orders::run(args).await,
    }
}
