//! `ordo what-if`: sources past orders again under other setups, and says what that would have meant.
//!
//! It reads a store as it is at this moment, also while it is being served, and writes nothing; with
//! `--url` a running Ordo answers, and keeps the report. Either way the question is the body of
//! `POST /what-ifs`, and the answer is what that answers.

mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ordo_engine::what_if::{WhatIfError, what_if};
use ordo_engine::{Clock, SystemClock};
use serde_json::{Map, Value, json};

use crate::cmd::import::organization;
use crate::compose::{Failure, StoreArgs};
use crate::remote::{self, RemoteArgs};

/// What one may hold in memory; a server takes fewer.
const ORDERS_MAX: usize = 1_000_000;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    remote: RemoteArgs,
    /// The organization's code, where a store is read.
    #[arg(long, default_value = "main")]
    organization: String,
    /// A setup to try, as JSON; several are set side by side.
    #[arg(
        long = "variant",
        value_name = "FILE",
        required_unless_present = "report"
    )]
    variants: Vec<PathBuf>,
    /// Show a report that a running Ordo has kept, by its id, and ask nothing.
    #[arg(long, value_name = "ID", requires = "url", conflicts_with = "variants")]
    report: Option<String>,
    /// What to hold them against: as-configured, as-happened, everything-from=CODE, or a setup in a
    /// file of the same form.
    #[arg(long, value_name = "WHAT", default_value = "as-configured")]
    baseline: String,
    /// Orders placed on this day (UTC) or at this instant, or later.
    #[arg(long, value_name = "WHEN")]
    from: Option<String>,
    /// Orders placed before this day (UTC) or instant.
    #[arg(long, value_name = "WHEN", alias = "until")]
    to: Option<String>,
    /// The last so many of them.
    #[arg(long, value_name = "N")]
    orders: Option<usize>,
    /// Whose lines, with commas between: us, channel, till, supplier.
    #[arg(long, value_name = "WHO", value_delimiter = ',', default_value = "us")]
    fulfilled_by: Vec<String>,
    /// Count units that were canceled later: the buyer wanted them.
    #[arg(long)]
    with_canceled: bool,
    /// Leave out orders of which the destination's coordinates or a weight is not known.
    #[arg(long)]
    known_only: bool,
    /// The location that everything could ship from, for comparison.
    #[arg(long, value_name = "CODE")]
    one_warehouse: Option<String>,
    /// Write the orders that change most to this file, as NDJSON with both plans and why.
    #[arg(long, value_name = "FILE")]
    changed: Option<PathBuf>,
    /// How many of them per setup: of those that gain, and of those that lose.
    #[arg(long, value_name = "N")]
    changed_most: Option<usize>,
    /// Answer as one line of JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let report = report(&args).await?;
    if let Some(path) = &args.changed {
        std::fs::write(path, changed(&report)).map_err(|error| input(path, error))?;
    }
    match args.json {
        true => println!("{report}"),
        false => print!("{}", table::of(&report)),
    }
    if let (Some(url), Some(id), false) = (&args.remote.url, report["id"].as_str(), args.json) {
        let page = remote::address(url, &format!("/what-if/{id}"));
        println!("\nKept as {id}: {page}");
    }
    Ok(ExitCode::SUCCESS)
}

/// What is shown: a kept report, or the answer to the question.
async fn report(args: &Args) -> Result<Value, Failure> {
    let key = args.remote.api_key.as_deref().unwrap_or_default();
    match (&args.remote.url, &args.report) {
        (Some(url), Some(id)) => remote::get(url, key, &format!("/api/v1/what-ifs/{id}")).await,
        (Some(url), None) => remote::post(url, key, "/api/v1/what-ifs", &question(args)?).await,
        (None, _) => answer(args, &question(args)?).await,
    }
}

/// Answers from a store.
async fn answer(args: &Args, question: &Value) -> Result<Value, Failure> {
    let body = question.to_string();
    let asked = ordo_server::what_if_of_body(body.as_bytes(), ORDERS_MAX).map_err(refused)?;
    let backend = args.store.open_reader().await?;
    let organization = organization(&*backend, &args.organization).await?;
    let report = what_if(&*backend, organization, asked, SystemClock.now()).await;
    let report = report.map_err(|error| match error {
        WhatIfError::Rejected(rejection) => refused(*rejection),
        WhatIfError::Store(error) => Failure::Store(error),
    })?;
    let answer = ordo_server::what_if_answer(&report);
    serde_json::from_str(&answer).map_err(|error| Failure::Io(error.into()))
}

/// The question, as the body of a request.
fn question(args: &Args) -> Result<Value, Failure> {
    let mut question = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            question.insert(name.to_owned(), value);
        }
    };
    put("from", json!(args.from.as_deref().map(instant)));
    put("until", json!(args.to.as_deref().map(instant)));
    put("orders", json!(args.orders));
    put("fulfilled_by", json!(args.fulfilled_by));
    put("with_canceled", json!(args.with_canceled));
    put("known_only", json!(args.known_only));
    put("one_warehouse", json!(args.one_warehouse));
    put("changed", json!(args.changed_most));
    put("baseline", baseline(&args.baseline)?);
    let variants = args.variants.iter().map(|path| read(path));
    put(
        "variants",
        Value::Array(variants.collect::<Result<_, _>>()?),
    );
    Ok(Value::Object(question))
}

fn baseline(what: &str) -> Result<Value, Failure> {
    Ok(match what {
        "as-configured" => json!("as_configured"),
        "as-happened" => json!("as_happened"),
        what => match what.strip_prefix("everything-from=") {
            Some(code) => json!({ "everything_from": code }),
            None => json!({ "variant": read(Path::new(what))? }),
        },
    })
}

/// A day begins at midnight UTC.
fn instant(when: &str) -> String {
    match when.len() {
        10 => format!("{when}T00:00:00Z"),
        _ => when.to_owned(),
    }
}

fn read(path: &Path) -> Result<Value, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| input(path, error))?;
    serde_json::from_str(&text).map_err(|error| input(path, error))
}

/// The orders that change most, a line each.
fn changed(report: &Value) -> String {
    let mut lines = String::new();
    for variant in report["variants"].as_array().into_iter().flatten() {
        for kind in ["savings", "losses"] {
            for order in variant[kind].as_array().into_iter().flatten() {
                let mut line = order.clone();
                line["setup"] = variant["run"]["name"].clone();
                lines.push_str(&format!("{line}\n"));
            }
        }
    }
    lines
}

fn refused(rejection: ordo_domain::Rejection) -> Failure {
    let fields = rejection.fields.iter();
    let fields: Vec<String> = fields
        .map(|problem| format!("{}: {}", problem.field, problem.message))
        .collect();
    Failure::Usage(match fields.is_empty() {
        true => rejection.detail,
        false => fields.join("\n"),
    })
}

/// What is wrong with a file, beginning with its name.
fn input(path: &Path, reason: impl std::fmt::Display) -> Failure {
    Failure::Input(format!("{}: {reason}", path.display()))
}
