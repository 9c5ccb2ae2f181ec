//! `ordo restore`: a store as a backup holds it.

use std::path::PathBuf;
use std::process::ExitCode;

use ordo_store::portable;

use crate::archive;
use crate::cmd::carry::{say, show};
use crate::compose::{Failure, StoreArgs};

#[derive(clap::Args)]
pub struct Args {
    /// The file that `ordo backup` wrote.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
    /// Throw away the database that is in the folder.
    #[arg(long, conflicts_with = "database_url")]
    force: bool,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let mut source = archive::open(&args.from)?;
    let target = args.store.fill(args.force).await?;
    let tally = portable::carry(&mut *source, target, &mut say).await?;
    show(&tally);
    println!("Restored: every row was read again and compared. The logs end where it says above.");
    Ok(ExitCode::SUCCESS)
}
