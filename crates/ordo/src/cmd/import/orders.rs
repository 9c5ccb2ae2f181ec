//! `ordo import orders`: files of orders in any of the known formats.
//!
//! A thread reads and parses ahead by chunks. What the orders of a chunk name is made before they
//! are captured, and they are captured many at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use futures_util::{Stream, StreamExt, stream};
use ordo_connectors::import::{Format, Items, Options, Source, read_orders};
use ordo_domain::network::AddLocations;
use ordo_domain::order::Origin;
use ordo_domain::{Code, Command};
use tokio::sync::Semaphore;

use super::chunks::{CHUNK, Chunk, Row, read_ahead};
use super::done::{Came, Done};
use super::files;
use super::local::Local;
use super::place::{PlaceArgs, To};
use super::rejects::Rejects;
use super::remote::Remote;
use super::tally::Tally;
use crate::compose::Failure;
use crate::stop::stop_asked;

/// Orders that are captured at once: two full batches.
const ORDERS_MAX: usize = 2_048;
/// Bytes of orders that are captured at once.
const BYTES_MAX: usize = 16 << 20;

#[derive(clap::Args)]
pub struct Args {
    /// A file, or a folder of files; gzip is recognized.
    path: PathBuf,
    /// The form of the files.
    #[arg(long, value_parser = formats())]
    format: Format,
    #[command(flatten)]
    place: PlaceArgs,
    /// The channel's code, where the files do not name it or are to be taken otherwise.
    #[arg(long, value_name = "CODE")]
    channel: Option<String>,
    /// Whether the orders are to be worked on or are past; as the files say where absent.
    #[arg(long, value_enum)]
    origin: Option<OriginArg>,
    /// For ordo-csv: which column of the file stands for which of the template.
    #[arg(long = "column", value_name = "TEMPLATE=FILE", value_parser = column)]
    columns: Vec<(String, String)>,
    /// Where rejected rows go; a file of this folder named after PATH where absent.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// End with one line of JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum OriginArg {
    Live,
    History,
}

fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| name.parse::<Format>())
}

fn column(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=');
    pair.map(|(template, file)| (template.to_owned(), file.to_owned()))
        .ok_or_else(|| "must be TEMPLATE=FILE".to_owned())
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let inputs = files::find(&args.path, endings(args.format))?;
    let sources = (inputs.iter())
        .map(|input| Source::new(input.name.clone(), input.reader()))
        .collect();
    let options = Options {
        channel: args.channel.clone(),
        origin: args.origin.map(|origin| match origin {
            OriginArg::Live => Origin::Live,
            OriginArg::History => Origin::History,
        }),
        columns: BTreeMap::from_iter(args.columns.iter().cloned()),
    };
    let items = read_orders(args.format, sources, &options)
        .map_err(|error| Failure::Input(error.to_string()))?;
    let mut tally = Tally::new("orders", Rejects::new(args.rejects.clone(), &args.path)?);
    let interrupted = match args.place.to().await? {
        To::Store(local) => {
            let done = into_store(&local, items, &mut tally).await;
            local.close().await;
            done?
        }
        To::Server(remote) => into_server(&remote, items, &mut tally).await?,
    };
    tally.finish(args.json, interrupted)
}

/// How files of a format are called in a folder. Formats in JSON end in the word; the others are CSV.
fn endings(format: Format) -> &'static [&'static str] {
    if format.name().ends_with("json") {
        &[".json", ".ndjson", ".jsonl"]
    } else {
        &[".csv"]
    }
}

/// Captures every order in a store of this process; answers whether it was interrupted.
async fn into_store(local: &Local, items: Items, tally: &mut Tally) -> Result<bool, Failure> {
    let interrupted = AtomicBool::new(false);
    let room = Arc::new(Semaphore::new(BYTES_MAX));
    let work = chunks(items, &interrupted)
        .then(|chunk| async { prepare(local, chunk?).await })
        .flat_map(|rows| match rows {
            Ok(rows) => stream::iter(rows.into_iter().map(Ok)).left_stream(),
            Err(failure) => stream::iter([Err(failure)]).right_stream(),
        })
        .then(|row| async {
            let size = match &row {
                Ok(Row::Order(order)) => u32::try_from(order.raw.len()).unwrap_or(u32::MAX),
                Ok(Row::Rejected(_)) | Err(_) => 0,
            };
            // Nobody closes the semaphore, and no row is larger than all of the room.
            (Arc::clone(&room).acquire_many_owned(size).await.ok(), row)
        })
        .map(|(permit, row)| async {
            let came = capture(local, row?).await;
            drop(permit);
            came
        })
        .buffered(ORDERS_MAX);
    count(work, &interrupted, tally).await
}

/// Sends every order to a running Ordo; answers whether it was interrupted.
async fn into_server(remote: &Remote, items: Items, tally: &mut Tally) -> Result<bool, Failure> {
    let interrupted = AtomicBool::new(false);
    let work = chunks(items, &interrupted)
        .then(|chunk| async {
            let chunk = chunk?;
            remote.prepare(&chunk).await?;
            remote.capture(chunk.rows).await
        })
        .flat_map(|rows| match rows {
            Ok(rows) => stream::iter(rows.into_iter().map(Ok)).left_stream(),
            Err(failure) => stream::iter([Err(failure)]).right_stream(),
        });
    count(work, &interrupted, tally).await
}

/// Chunks until the end, or until it is interrupted: what is in flight is finished then, and nothing
/// more is begun.
fn chunks(
    items: Items,
    interrupted: &AtomicBool,
) -> impl Stream<Item = Result<Chunk, Failure>> + use<'_> {
    stream::unfold(read_ahead(items), |mut ready| async {
        if interrupted.load(Relaxed) {
            return None;
        }
        Some((ready.recv().await?, ready))
    })
}

/// Counts what becomes of the rows; answers whether it was interrupted before the end.
async fn count(
    work: impl Stream<Item = Result<Came, Failure>>,
    interrupted: &AtomicBool,
    tally: &mut Tally,
) -> Result<bool, Failure> {
    let mut work = std::pin::pin!(work);
    let mut stop = std::pin::pin!(stop_asked());
    loop {
        let came = tokio::select! {
            came = work.next() => came,
            () = &mut stop, if !interrupted.load(Relaxed) => {
                interrupted.store(true, Relaxed);
                continue;
            }
        };
        match came {
            None => return Ok(interrupted.load(Relaxed)),
            Some(came) => tally.count(came?)?,
        }
    }
}

/// Makes what the orders of a chunk name; answers the orders.
async fn prepare(local: &Local, chunk: Chunk) -> Result<Vec<Row>, Failure> {
    let mut commands: Vec<(String, Command)> = Vec::new();
    for channel in chunk.channels {
        let what = format!("channel {}", channel.code);
        commands.push((what, Command::CreateChannel(channel)));
    }
    if !chunk.locations.is_empty() {
        let locations = chunk.locations;
        let what = format!("{} locations", locations.len());
        commands.push((what, Command::AddLocations(AddLocations { locations })));
    }
    for sku in chunk.skus {
        commands.push((format!("SKU {}", sku.code), Command::CreateSku(sku)));
    }
    let made = stream::iter(commands)
        .map(|(what, command)| async move {
            let done = local.give(256, || Ok(command.clone())).await?;
            Ok::<_, Failure>((what, done))
        })
        .buffered(CHUNK);
    let mut made = std::pin::pin!(made);
    while let Some(made) = made.next().await {
        if let (what, Done::Refused(refused)) = made?
            && refused.code != Code::CodeTaken.slug()
        {
            tracing::warn!("{what} was not made: {} {}", refused.field, refused.reason);
        }
    }
    Ok(chunk.rows)
}

/// Captures the order of a row.
async fn capture(local: &Local, row: Row) -> Result<Came, Failure> {
    let order = match row {
        Row::Order(order) => *order,
        Row::Rejected(reject) => return Ok(Came::Rejected(reject.into())),
    };
    let mut parsed = Some(order.capture);
    let (input, size) = (order.input, order.raw.len());
    let done = local.give(size, || {
        let capture = match parsed.take() {
            Some(capture) => capture,
            None => input.parse()?,
        };
        Ok(Command::CaptureOrder(Box::new(capture)))
    });
    Ok(done
        .await?
        .of_row(&order.origin.source, order.origin.row, order.raw))
}
