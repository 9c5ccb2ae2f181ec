//! `ordo move`: carries everything from one store to another and proves that it arrived.

use std::path::PathBuf;
use std::process::ExitCode;

use ordo_store::portable::{self, Tally};

use crate::compose::{Failure, StoreArgs};

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("from").required(true)))]
#[command(group(clap::ArgGroup::new("to").required(true)))]
pub struct Args {
    /// The folder to move from. Nobody may be serving it.
    #[arg(long, value_name = "DIR", group = "from")]
    from_data: Option<PathBuf>,
    /// The PostgreSQL database to move from. Nodes cannot commit to it meanwhile.
    #[arg(long, value_name = "URL", group = "from")]
    from_database_url: Option<String>,
    /// The folder to move to, without a database yet.
    #[arg(long, value_name = "DIR", group = "to")]
    to_data: Option<PathBuf>,
    /// The PostgreSQL database to move to, without an organization yet.
    #[arg(long, value_name = "URL", group = "to")]
    to_database_url: Option<String>,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let from = StoreArgs::of(args.from_data, args.from_database_url);
    let to = StoreArgs::of(args.to_data, args.to_database_url);
    let mut source = from.dump_locked().await?;
    let target = to.fill(false).await?;
    let tally = portable::carry(&mut *source, target, &mut say).await?;
    show(&tally);
    println!("Moved: both stores hold the same. What was read from is as it was; serve only one.");
    Ok(ExitCode::SUCCESS)
}

/// Says that a table was carried.
pub fn say(table: &'static str, rows: u64) {
    if rows > 0 {
        tracing::info!(table, rows, "carried the table {table}");
    }
}

/// Prints what was carried.
pub fn show(tally: &Tally) {
    print!("{tally}");
}
