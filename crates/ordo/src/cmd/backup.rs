//! `ordo backup`: everything that is stored at this moment, in one file, proved to be readable.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ordo_store::portable;

use crate::archive;
use crate::cmd::carry::{say, show};
use crate::cmd::check;
use crate::compose::{Failure, StoreArgs};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// The file to write, which may not be there yet.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Leave out the proof, which restores the file beside it and replays the books.
    #[arg(long)]
    no_check: bool,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let mut source = args.store.dump().await?;
    let target = archive::create(&args.to)?;
    let tally = portable::carry(&mut *source, target, &mut say).await?;
    drop(source);
    show(&tally);
    let (size, hash) = archive::fingerprint(&args.to)?;
    println!("  sha-256 {hash}");
    println!("  {size} bytes in {}", args.to.display());
    if args.no_check {
        println!("Written, and read again. It was not checked.");
        return Ok(ExitCode::SUCCESS);
    }
    prove(&args.to).await
}

/// Restores the file into a folder beside it, looks for damage, replays the books, and removes it.
async fn prove(path: &Path) -> Result<ExitCode, Failure> {
    let mut folder = path.as_os_str().to_owned();
    folder.push(".checking");
    let folder = PathBuf::from(folder);
    let proved = replay(path, &folder).await;
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let report = proved?;
    if !report.is_ok() {
        check::show(&report);
        println!("Written and whole, but the books in it do not balance: see above.");
        return Ok(ExitCode::FAILURE);
    }
    println!("Checked: restored beside it, no damage, and the books balance.");
    Ok(ExitCode::SUCCESS)
}

async fn replay(path: &Path, folder: &Path) -> Result<ordo_engine::Report, Failure> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let copy = StoreArgs::of(Some(folder.to_owned()), None);
    let mut source = archive::open(path)?;
    // Looks for damage before it gives the database its name.
    let target = copy.fill(false).await?;
    portable::carry(&mut *source, target, &mut |_, _| {}).await?;
    let backend = copy.open_reader().await?;
    // At the time of the backup: what was due later was not overdue then.
    check::all(&*backend, check::At::LastEvent).await
}
