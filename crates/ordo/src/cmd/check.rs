//! `ordo check`: replays every log and compares it with what is stored.

use std::process::ExitCode;

use ordo_engine::{Backend, Clock, Report, SystemClock};
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

/// At which time what is due counts as overdue.
#[derive(Clone, Copy)]
pub enum At {
    /// Now: somebody serves the store, or should.
    Now,
    /// When the last event was recorded.
    LastEvent,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let backend = args.store.open_reader().await?;
    let report = all(&*backend, At::Now).await?;
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
        show(&report);
    }
    Ok(if report.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Checks every organization.
pub async fn all(backend: &dyn Backend, at: At) -> Result<Report, Failure> {
    let mut report = Report::default();
    for (organization, _) in backend.organizations().await? {
        let at = match at {
            At::Now => SystemClock.now(),
            At::LastEvent => backend.head(organization).await?.last_at,
        };
        report.merge(ordo_engine::check(backend, organization, at).await?);
    }
    Ok(report)
}

/// Prints what was found, a line for each invariant.
pub fn show(report: &Report) {
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
