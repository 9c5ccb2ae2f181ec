//! `ordo restore`: a store as a backup holds it.

use std::path::PathBuf;
use std::process::ExitCode;

use ordo_store::portable;

use crate::archive;
use crate::cmd::carry::{say, show};
use crate::cmd::held::{self, Held};
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
    /// Send the deliveries that waited when the backup was made as soon as the store is served. Without
    /// it they are parked until a person has them sent.
    #[arg(long)]
    resume_deliveries: bool,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let mut source = archive::open(&args.from)?;
    let target = args.store.fill(args.force).await?;
    if args.resume_deliveries {
        let tally = portable::carry(&mut *source, target, &mut say).await?;
        show(&tally);
    } else {
        let mut source = Held::new(source);
        let tally = portable::carry(&mut source, target, &mut say).await?;
        show(&tally);
        let held = source.held() + held::hold_last(&args.store).await?;
        if held > 0 {
            println!(
                "{held} deliveries that waited are parked: they may have been made since. \
                 GET /api/v1/deliveries lists them, POST /api/v1/deliveries/ID/retry sends one."
            );
        }
    }
    println!("Restored: every row was read again and compared. The logs end where it says above.");
    Ok(ExitCode::SUCCESS)
}
