//! `ordo import`: takes orders, SKUs, stock, locations and customers in from files.
//!
//! Everything is read as a stream and goes through commands, so an import may be interrupted at any
//! moment and run again: what is there already is counted as unchanged.
//!
//! Read `orders` (the files of orders), `files` (what a path means), `place` (which Ordo they go to),
//! `local` and `remote` (how they get there), `tally` and `rejects` (what is said of it).

mod chunks;
mod coded;
mod customers;
mod done;
mod files;
mod local;
mod orders;
mod place;
mod records;
mod rejects;
mod remote;
mod stock;
mod table;
mod tally;

use std::process::ExitCode;

use clap::Subcommand;

pub use place::organization;

use crate::compose::Failure;
use records::Kind;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Orders, with the channels, locations and SKUs that they name.
    Orders(orders::Args),
    /// SKUs; the columns are the fields of `POST /skus`.
    Skus(records::Args),
    /// Locations; the columns are the fields of `POST /locations`.
    Locations(records::Args),
    /// Customers; the columns are the fields of an order's `ship_to`.
    Customers(records::Args),
    /// What was counted: sku, location, quantity.
    Stock(records::Args),
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    match args.what {
        What::Orders(args) => orders::run(args).await,
        What::Skus(args) => records::run(Kind::Skus, args).await,
        What::Locations(args) => records::run(Kind::Locations, args).await,
        What::Customers(args) => records::run(Kind::Customers, args).await,
        What::Stock(args) => records::run(Kind::Stock, args).await,
    }
}
