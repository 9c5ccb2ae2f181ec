//! `ordo export orders`: every order of an organization as NDJSON, one answer form per line.

use std::io::Write;
use std::process::ExitCode;

use ordo_domain::id::OrganizationId;
use ordo_domain::record::RecordKind;
use ordo_engine::Backend;

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
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    Orders,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Ndjson,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let backend = args.store.open_reader().await?;
    let organizations = backend.organizations().await?;
    let Some((id, _)) = organizations
        .into_iter()
        .find(|(_, code)| *code == args.organization)
    else {
        return Err(Failure::Usage(format!(
            "there is no organization {}",
            args.organization
        )));
    };
    match (args.what, args.format) {
        (What::Orders, Format::Ndjson) => orders(&*backend, id).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn orders(backend: &dyn Backend, organization: OrganizationId) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let reference = backend.load_reference(organization).await?;
    let mut after = None;
    loop {
        let page = backend
            .list_records(organization, RecordKind::Order, after, 200)
            .await?;
        let lines =
            ordo_server::order_answers(backend, organization, &reference, page.items).await?;
        for line in lines {
            writeln!(out, "{line}")?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    out.flush()?;
    Ok(())
}
