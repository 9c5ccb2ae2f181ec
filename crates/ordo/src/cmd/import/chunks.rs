//! Items of files of orders, read and parsed ahead on a thread of their own, by chunks.
//!
//! Memory holds a few chunks, and hashes of the codes that came before.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use ordo_connectors::import::{Item, Items, OrderItem, Reject};
use ordo_domain::catalog::CreateSku;
use ordo_domain::network::{ChannelKind, CreateChannel, CreateLocation};
use tokio::sync::mpsc;

use crate::compose::Failure;

/// Items of a chunk.
pub const CHUNK: usize = 1_024;
/// Bytes of orders after which a chunk ends.
const CHUNK_BYTES: usize = 2 << 20;
/// Chunks that are read ahead.
const CHUNKS_AHEAD: usize = 2;
/// Codes that are remembered as made; past this the memory starts anew.
const KNOWN_MAX: usize = 1 << 20;

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
