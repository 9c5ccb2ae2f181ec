//! `ordo check`: replays every log and compares it with what is stored.

use std::process::ExitCode;

use ordo_engine::{Clock, Report, SystemClock};
use serde::Serialize;

use crate::compose::{Failure, StoreArgs};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// Answer as one line of JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    ok: bool,
    invariants: Vec<Invariant<'a>>,
}

#[derive(Serialize)]
struct Invariant<'a> {
    id: &'a str,
    checked: u64,
    violations: &'a [String],
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let backend = args.store.open_reader().await?;
    let mut report = Report::default();
    for (organization, _) in backend.organizations().await? {
        let now = SystemClock.now();
        report.merge(ordo_engine::check(&*backend, organization, now).await?);
    }
    if args.json {
        let invariants = (report.findings.iter())
            .map(|(id, finding)| Invariant {
                id,
                checked: finding.checked,
                violations: &finding.violations,
            })
            .collect();
        let answer = Answer {
            ok: report.is_ok(),
            invariants,
        };
        let text = serde_json::to_string(&answer).map_err(std::io::Error::from)?;
        println!("{text}");
    } else {
        for (id, finding) in &report.findings {
            let mark = if finding.violated == 0 { "ok " } else { "BAD" };
            println!(
                "{mark} {id:4} {} checked, {} wrong",
                finding.checked, finding.violated
            );
            for violation in &finding.violations {
                println!("      {violation}");
            }
        }
    }
    Ok(if report.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
