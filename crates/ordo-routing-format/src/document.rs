//! A file as it was read, field for field. What the schema does not name is passed over.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use crate::number::{Money, Share};

/// What the field `schema` must say.
pub const SCHEMA: &str = "ordo-routing/1";

/// A sourcing problem: a network of locations, and orders to be served from it.
#[derive(Debug, Clone, Deserialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// How the orders belong together.
    pub kind: Kind,
    /// Distances in miles; a buyer is in the zone that counts how many of them are exceeded.
    pub zone_miles: Vec<f64>,
    /// Carriers' services, open to every location.
    pub services: Vec<Service>,
    /// Where goods are.
    pub locations: Vec<Location>,
    /// Units available to promise, by location and SKU.
    pub stock: BTreeMap<String, BTreeMap<String, i64>>,
    /// What is to be sourced; of kind online, in the order of arrival.
    pub orders: Vec<Order>,
    /// Orders of the past, of kind online.
    #[serde(default)]
    pub history: Vec<Order>,
    /// What a plan pays for what it does badly.
    pub penalties: Penalties,
    /// Whatever else is said about the file.
    #[serde(default)]
    pub meta: serde_json::Value,
}

/// How the orders of a file belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Each alone, against all of the stock and without capacity.
    Single,
    /// All share stock and capacity.
    Batch,
    /// The same, but each is decided before the next is seen.
    Online,
}

/// A service of a carrier.
#[derive(Debug, Clone, Deserialize)]
pub struct Service {
    /// Its name.
    pub id: String,
    /// Days from hand-over to the door, by zone.
    pub transit_days: Vec<i64>,
    /// Upper ends of the weight brackets in grams.
    pub brackets_g: Vec<i64>,
    /// Prices by zone and bracket.
    pub price_c: Vec<Vec<Money>>,
}

/// A place that can ship.
#[derive(Debug, Clone, Deserialize)]
pub struct Location {
    /// Its name.
    pub id: String,
    /// What it is.
    #[serde(default)]
    pub kind: LocationKind,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Per shipment.
    pub handling_order_c: Money,
    /// Per unit.
    pub handling_unit_c: Money,
    /// Days until hand-over.
    #[serde(default)]
    pub ready_days: i64,
    /// How likely it declines a line.
    #[serde(default)]
    pub reject_prob: Share,
    /// The most shipments in a day, if there is a limit.
    #[serde(default)]
    pub capacity_shipments_per_day: Option<u32>,
}

/// What a location is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LocationKind {
    /// A distribution center.
    #[default]
    Dc,
    /// A store.
    Store,
    /// Another company's warehouse.
    #[serde(rename = "3pl")]
    ThirdParty,
    /// A supplier that ships for us.
    Dropship,
    /// Something newer than this code.
    #[serde(untagged)]
    Other(String),
}

/// An order.
#[derive(Debug, Clone, Deserialize)]
pub struct Order {
    /// Its name.
    pub id: String,
    /// The day it arrives.
    #[serde(default)]
    pub day: i64,
    /// Degrees north of the buyer.
    pub lat: f64,
    /// Degrees east of the buyer.
    pub lon: f64,
    /// Days to the door that were promised.
    pub promise_days: i64,
    /// Whether a service that would be late may not be used.
    #[serde(default)]
    pub promise_hard: bool,
    /// The most shipments, if there is a limit.
    #[serde(default)]
    pub max_shipments: Option<u32>,
    /// Whether units of one line may come from several locations, or stay behind.
    #[serde(default = "yes")]
    pub allow_line_split: bool,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
}

/// A line of an order.
#[derive(Debug, Clone, Deserialize)]
pub struct OrderLine {
    /// What is wanted.
    pub sku: String,
    /// How many.
    pub qty: i64,
    /// Grams of one.
    pub unit_g: i64,
}

/// What a plan pays for what it does badly.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Penalties {
    /// Per shipment after the first.
    pub split_c: Money,
    /// Per day after the promise.
    pub late_c_per_day: Money,
    /// Per line that is declined.
    pub reject_c_per_line: Money,
    /// Per unit that is not shipped.
    pub unfilled_c_per_unit: Money,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It begins like gzip, and is not.
    #[error("the file is damaged: {0}")]
    Gzip(#[from] std::io::Error),
    /// It is not the JSON that the schema asks for.
    #[error("the file is not of the form {SCHEMA}: {0}")]
    Json(#[from] serde_json::Error),
    /// It says that it follows another schema.
    #[error("the file is of the form {0}, not {SCHEMA}")]
    Schema(String),
}

impl Document {
    /// Reads a file; whether it is under gzip is seen by its first bytes.
    ///
    /// # Errors
    /// It is damaged, or does not follow the schema.
    pub fn read(bytes: &[u8]) -> Result<Document, ReadError> {
        let mut unpacked = Vec::new();
        let text = if bytes.starts_with(&[0x1f, 0x8b]) {
            MultiGzDecoder::new(bytes).read_to_end(&mut unpacked)?;
            &unpacked[..]
        } else {
            bytes
        };
        let document: Document = serde_json::from_slice(text)?;
        if document.schema != SCHEMA {
            return Err(ReadError::Schema(document.schema));
        }
        Ok(document)
    }
}

fn yes() -> bool {
    true
}
