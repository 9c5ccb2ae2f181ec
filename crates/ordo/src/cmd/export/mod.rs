//! `ordo export`: orders, SKUs, stock or locations of an organization on standard output, as NDJSON
//! or CSV, also while the store is served.
//!
//! With `--plain` two stores that went through the same say the same, byte for byte: ids, numbers and
//! times of recording are left out, and rows come in the order of their codes.

mod order_csv;
mod orders;
mod plain;
mod records;
mod stock;

use std::io::{BufWriter, ErrorKind, StdoutLock, Write};
use std::process::ExitCode;
use std::sync::Arc;

use ordo_domain::id::OrganizationId;
use ordo_domain::reference::Reference;
use ordo_engine::Backend;

use crate::cmd::import::organization;
use crate::compose::{Failure, StoreArgs};

#[derive(clap::Args)]
pub struct Args {
    /// What to export.
    #[arg(value_enum)]
    what: What,
    #[command(flatten)]
    store: StoreArgs,
    /// The organization's code.
    #[arg(long, default_value = "main")]
    organization: String,
    /// The form of a line.
    #[arg(long, value_enum, default_value = "ndjson")]
    format: Format,
    /// Leave out ids, numbers and times of recording, and sort by code.
    #[arg(long)]
    plain: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    Orders,
    Skus,
    Stock,
    Locations,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Ndjson,
    Csv,
}

/// Rows that are read at once.
const PAGE: usize = 200;

/// What an export reads from, how it writes, and where to.
struct Export {
    backend: Arc<dyn Backend>,
    organization: OrganizationId,
    reference: Reference,
    format: Format,
    plain: bool,
    out: BufWriter<StdoutLock<'static>>,
}

impl Export {
    /// Writes a line, or several, as they are.
    fn write(&mut self, lines: &str) -> Result<(), Failure> {
        self.out.write_all(lines.as_bytes()).map_err(Failure::Io)
    }
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let backend = args.store.open_reader().await?;
    let organization = organization(&*backend, &args.organization).await?;
    let mut export = Export {
        reference: backend.load_reference(organization).await?,
        backend,
        organization,
        format: args.format,
        plain: args.plain,
        out: BufWriter::new(std::io::stdout().lock()),
    };
    let written = match args.what {
        What::Orders => orders::export(&mut export).await,
        What::Skus => records::skus(&mut export).await,
        What::Stock => stock::export(&mut export).await,
        What::Locations => records::locations(&mut export),
    };
    match written.and_then(|()| Ok(export.out.flush()?)) {
        // Whoever reads has seen enough, as `head` does.
        Err(Failure::Io(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(failure) => Err(failure),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}
