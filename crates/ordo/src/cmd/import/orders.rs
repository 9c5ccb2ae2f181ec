//! `ordo import orders`: files of orders in any of the known formats.
//!
//! A thread reads and parses ahead by chunks. What the orders of a chunk name is made before they
//! are captured, and they are captured many at a time.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use futures_util::{StreamExt, stream};
use ordo_connectors::import::{
    Format, Item, Items, Options, OrderItem, Reject, Source, read_orders,
};
use ordo_domain::Command;
use ordo_domain::catalog::CreateSku;
use ordo_domain::network::{AddLocations, ChannelKind, CreateChannel, CreateLocation};
use ordo_domain::order::Origin;
use tokio::sync::{Semaphore, mpsc};

use super::files;
use super::local::{Done, Local};
use super::place::PlaceArgs;
use super::rejects::{Rejected, Rejects};
use super::tally::Tally;
use crate::compose::Failure;
use crate::stop::stop_asked;

/// Items of a chunk.
const CHUNK: usize = 1_024;
/// Bytes of orders after which a chunk ends.
const CHUNK_BYTES: usize = 2 << 20;
/// Chunks that are read ahead.
const CHUNKS_AHEAD: usize = 2;
/// Orders that are captured at once: two full batches.
const ORDERS_MAX: usize = 2_048;
/// Bytes of orders that are captured at once.
const BYTES_MAX: usize = 16 << 20;
/// Codes that are remembered as made; past this the memory starts anew.
const KNOWN_MAX: usize = 1 << 20;

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
    let opened = args.place.open().await?;
    let local = Local::new(Arc::clone(&opened.engine), opened.organization);
    let done = capture_all(&local, items, &mut tally).await;
    opened.engine.shutdown().await;
    let interrupted = done?;
    tally.finish(args.json, interrupted)
}

/// How files of a format are called in a folder.
fn endings(format: Format) -> &'static [&'static str] {
    match format {
        Format::Ndjson => &[".ndjson", ".jsonl", ".json"],
    }
}

/// What was read together: what the orders name, and the orders.
#[derive(Default)]
pub struct Chunk {
    /// Channels that are to be there.
    pub channels: Vec<CreateChannel>,
    /// Locations that are to be there.
    pub locations: Vec<CreateLocation>,
    /// SKUs that are to be there.
    pub skus: Vec<CreateSku>,
    /// Orders and rejected rows, as they came.
    pub rows: Vec<Row>,
    bytes: usize,
}

/// A row of a file.
pub enum Row {
    /// An order.
    Order(Box<OrderItem>),
    /// Not an order.
    Rejected(Reject),
}

/// Reads ahead on a thread of its own, until the items end or nobody wants them.
pub fn read_ahead(items: Items) -> mpsc::Receiver<Result<Chunk, Failure>> {
    let (chunks, ready) = mpsc::channel(CHUNKS_AHEAD);
    std::thread::spawn(move || {
        let mut known = Known::default();
        let mut chunk = Chunk::default();
        for item in items {
            match item {
                Ok(item) => chunk.add(item, &mut known),
                Err(error) => {
                    let failure = Failure::Input(error.to_string());
                    // Whoever listened has ended for a reason of their own.
                    let _ = chunks.blocking_send(Ok(chunk));
                    let _ = chunks.blocking_send(Err(failure));
                    return;
                }
            }
            let full = chunk.len() >= CHUNK || chunk.bytes >= CHUNK_BYTES;
            if full && (chunks.blocking_send(Ok(std::mem::take(&mut chunk)))).is_err() {
                return;
            }
        }
        let _ = chunks.blocking_send(Ok(chunk));
    });
    ready
}

impl Chunk {
    fn len(&self) -> usize {
        self.channels.len() + self.locations.len() + self.skus.len() + self.rows.len()
    }

    fn add(&mut self, item: Item, known: &mut Known) {
        match item {
            Item::Channel(channel) => {
                if known.is_new(("channel", &channel.code)) {
                    self.channels.push(channel);
                }
            }
            Item::Location(location) => {
                if known.is_new(("location", &location.code)) {
                    self.locations.push(location);
                }
            }
            Item::Sku(sku) => {
                if known.is_new(("sku", &sku.code)) {
                    self.skus.push(sku);
                }
            }
            Item::Order(order) => {
                // A format that does not tell its channels may still be the first to name one.
                if known.is_new(("channel", &order.capture.channel)) {
                    self.channels.push(CreateChannel {
                        code: order.capture.channel.clone(),
                        kind: ChannelKind::Web,
                        name: None,
                    });
                }
                self.bytes += order.raw.len();
                self.rows.push(Row::Order(order));
            }
            Item::Rejected(reject) => {
                self.bytes += reject.raw.len();
                self.rows.push(Row::Rejected(reject));
            }
        }
    }
}

/// Hashes of codes that came before. One that is met again for want of memory, or one that is taken
/// for another by its hash of 64 bits, costs a command or a mapping, never an order.
#[derive(Default)]
struct Known {
    hashes: HashSet<u64>,
}

impl Known {
    fn is_new(&mut self, code: impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        code.hash(&mut hasher);
        if self.hashes.len() >= KNOWN_MAX {
            self.hashes.clear();
        }
        self.hashes.insert(hasher.finish())
    }
}

/// What became of a row.
enum Came {
    Took(ordo_domain::Outcome),
    Rejected(Rejected),
}

/// Captures every order; answers whether it was interrupted before the end.
async fn capture_all(local: &Local, items: Items, tally: &mut Tally) -> Result<bool, Failure> {
    let interrupted = AtomicBool::new(false);
    let room = Arc::new(Semaphore::new(BYTES_MAX));
    let chunks = stream::unfold(read_ahead(items), |mut ready| async {
        // Whatever is in flight is finished, nothing more is begun.
        if interrupted.load(Relaxed) {
            return None;
        }
        Some((ready.recv().await?, ready))
    });
    let work = chunks
        .then(|chunk| async {
            match chunk {
                Ok(chunk) => prepare(local, chunk).await,
                Err(failure) => Err(failure),
            }
        })
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
            Some(Ok(Came::Took(outcome))) => tally.took(outcome),
            Some(Ok(Came::Rejected(rejected))) => tally.rejected(&rejected)?,
            Some(Err(failure)) => return Err(failure),
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
        .buffer_unordered(CHUNK);
    let mut made = std::pin::pin!(made);
    while let Some(made) = made.next().await {
        if let (what, Done::Refused(refused)) = made?
            && refused.code != ordo_domain::Code::CodeTaken.slug()
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
        Row::Rejected(reject) => return Ok(Came::Rejected(rejected(reject))),
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
    Ok(match done.await? {
        Done::Took(outcome) => Came::Took(outcome),
        Done::Refused(refused) => Came::Rejected(Rejected {
            source: order.origin.source.to_string(),
            row: order.origin.row,
            field: refused.field,
            reason: refused.reason,
            raw: order.raw,
        }),
    })
}

fn rejected(reject: Reject) -> Rejected {
    Rejected {
        source: reject.origin.source.to_string(),
        row: reject.origin.row,
        field: reject.field,
        reason: reject.reason,
        raw: reject.raw,
    }
}
