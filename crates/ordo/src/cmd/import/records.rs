//! `ordo import skus|stock|locations|customers`: files of rows, as CSV or NDJSON.

use std::path::PathBuf;
use std::process::ExitCode;

use ordo_domain::catalog::CreateSku;
use ordo_domain::network::CreateLocation;

use super::coded::{self, Coded};
use super::customers;
use super::done::Came;
use super::files;
use super::place::{PlaceArgs, To};
use super::rejects::Rejects;
use super::stock;
use super::table::{Columns, Table, TableRow};
use super::tally::Tally;
use crate::compose::Failure;
use crate::stop::stop_asked;

/// Rows that are looked up and taken in together.
const CHUNK: usize = 1_000;

#[derive(clap::Args)]
pub struct Args {
    /// A file, or a folder of files: CSV with a header, or NDJSON; gzip is recognized.
    path: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
    /// Where rejected rows go; a file of this folder named after PATH where absent.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// End with one line of JSON.
    #[arg(long)]
    json: bool,
}

/// What the rows are.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Skus,
    Locations,
    Stock,
    Customers,
}

/// What is known of a server's things, by kind; nothing for a store, which is asked by chunk.
#[derive(Default)]
struct Listed {
    skus: coded::Listed<CreateSku>,
    locations: coded::Listed<CreateLocation>,
    stock: Option<stock::Stock>,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Skus => CreateSku::WHAT,
            Self::Locations => CreateLocation::WHAT,
            Self::Stock => "counts",
            Self::Customers => "customers",
        }
    }

    fn columns(self) -> Columns {
        match self {
            Self::Skus => CreateSku::COLUMNS,
            Self::Locations => CreateLocation::COLUMNS,
            Self::Stock => stock::COLUMNS,
            Self::Customers => customers::COLUMNS,
        }
    }

    async fn take(
        self,
        to: &To,
        listed: &mut Listed,
        rows: Vec<TableRow>,
    ) -> Result<Vec<Came>, Failure> {
        match self {
            Self::Skus => coded::take(to, &mut listed.skus, rows).await,
            Self::Locations => coded::take(to, &mut listed.locations, rows).await,
            Self::Stock => stock::take(to, &mut listed.stock, rows).await,
            Self::Customers => customers::take(to, rows).await,
        }
    }
}

pub async fn run(kind: Kind, args: Args) -> Result<ExitCode, Failure> {
    let inputs = files::find(&args.path, &[".csv", ".ndjson", ".jsonl"])?;
    let mut tally = Tally::new(kind.name(), Rejects::new(args.rejects.clone(), &args.path)?);
    let to = args.place.to().await?;
    let mut stop = std::pin::pin!(stop_asked());
    let mut listed = Listed::default();
    let mut interrupted = false;
    let mut done = Ok(());
    'files: for input in &inputs {
        let mut table = Table::new(input.reader(), &input.name, kind.columns());
        loop {
            // A chunk is taken in whole: nothing is lost by waiting for its end.
            let chunk = tokio::select! {
                biased;
                () = &mut stop => {
                    interrupted = true;
                    break 'files;
                }
                chunk = next_chunk(kind, &to, &mut listed, &mut table, &mut tally) => chunk,
            };
            match chunk {
                Ok(true) => {}
                Ok(false) => break,
                Err(failure) => {
                    done = Err(failure);
                    break 'files;
                }
            }
        }
    }
    if let To::Store(local) = &to {
        local.close().await;
    }
    done?;
    tally.finish(args.json, interrupted)
}

/// Takes the next rows in; answers whether there were any.
async fn next_chunk<R: std::io::BufRead>(
    kind: Kind,
    to: &To,
    listed: &mut Listed,
    table: &mut Table<R>,
    tally: &mut Tally,
) -> Result<bool, Failure> {
    let mut rows = Vec::new();
    let mut any = false;
    while rows.len() < CHUNK {
        match table.next_row()? {
            None => break,
            Some(Ok(row)) => rows.push(row),
            Some(Err(rejected)) => tally.count(Came::Rejected(rejected))?,
        }
        any = true;
    }
    for came in kind.take(to, listed, rows).await? {
        tally.count(came)?;
    }
    Ok(any)
}
