//! Reads files of orders, in the forms that Ordo and other systems write them, as a stream of items.
//!
//! Every order of a file comes out as exactly one item: an [`Item::Order`] that the domain's parser
//! has accepted, or an [`Item::Rejected`] that names row, field and reason. What must exist before an
//! order can be captured (channel, locations, SKUs) comes before it. A bad row never stops a file.
//!
//! Memory does not grow with the file; where a format needs side tables, its module says how much.

mod csv;
mod decimal;
mod foreign;
mod groups;
mod json;
mod lines;
mod ndjson;
mod olist;
mod ordo_csv;
mod shopify_csv;
mod shopify_json;
mod values;
mod woocommerce_json;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io::{self, BufRead};
use std::str::FromStr;
use std::sync::Arc;

use ordo_domain::catalog::CreateSku;
use ordo_domain::network::{CreateChannel, CreateLocation};
use ordo_domain::order::{CaptureOrder, OrderInput, Origin};
use ordo_domain::rejection::Rejection;

/// The largest row (a line of NDJSON, an order in JSON, the rows of one order in CSV) in bytes.
pub const ROW_BYTES_MAX: usize = 4 << 20;

/// A form in which orders are written to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Ordo's own table: a row per line, as in `docs/how-to/ordo-orders.csv`.
    OrdoCsv,
    /// Ordo's input form as JSON, an order on each line.
    Ndjson,
    /// Orders of Shopify's Admin REST interface, or bodies of its order webhooks.
    ShopifyJson,
    /// The file of orders that Shopify's admin exports.
    ShopifyCsv,
    /// Orders of WooCommerce's REST interface, or bodies of its order webhooks.
    WoocommerceJson,
    /// The CSV files of the Olist data set: real orders of a Brazilian marketplace.
    Olist,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::OrdoCsv,
        Self::Ndjson,
        Self::ShopifyJson,
        Self::ShopifyCsv,
        Self::WoocommerceJson,
        Self::Olist,
    ];

    /// The name that people type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrdoCsv => "ordo-csv",
            Self::Ndjson => "ndjson",
            Self::ShopifyJson => "shopify-json",
            Self::ShopifyCsv => "shopify-csv",
            Self::WoocommerceJson => "woocommerce-json",
            Self::Olist => "olist",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = ImportError;

    fn from_str(text: &str) -> Result<Self, ImportError> {
        (Self::ALL.into_iter())
            .find(|format| format.name() == text)
            .ok_or_else(|| ImportError::UnknownFormat(text.to_owned()))
    }
}

/// What the one who imports decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The code of the channel that all orders go to. Where absent, what the rows say, else the
    /// format's usual code, such as `shopify`.
    pub channel: Option<String>,
    /// How all orders count as having come to be known. Where absent, what the rows say, else
    /// whether there is anything left to do: an order that its system calls finished is history.
    pub origin: Option<Origin>,
    /// For Ordo's CSV: the file's name of a column, by Ordo's name of it.
    pub columns: BTreeMap<String, String>,
}

/// A named input that somebody else opened and, where needed, decompresses.
pub struct Source {
    /// Its file name, for messages, and for formats of several files to tell them apart.
    pub name: String,
    /// Its bytes.
    pub read: Box<dyn BufRead + Send>,
}

impl Source {
    /// An input called `name`.
    pub fn new(name: impl Into<String>, read: impl BufRead + Send + 'static) -> Self {
        Self {
            name: name.into(),
            read: Box::new(read),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish()
    }
}

/// One thing that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A channel that the orders after it name. The same code may come again.
    Channel(CreateChannel),
    /// A location that the orders after it name. The same code may come again.
    Location(CreateLocation),
    /// A SKU that the orders after it name. The same code may come again.
    Sku(CreateSku),
    /// An order.
    Order(Box<OrderItem>),
    /// A row that is not an order, or an order that cannot be one of ours.
    Rejected(Reject),
}

/// An order that was read, in both of its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderItem {
    /// Where it stood.
    pub origin: RowOrigin,
    /// The row as it stood there; rows of CSV end with a line break each.
    pub raw: String,
    /// The input form, as one would post it.
    pub input: OrderInput,
    /// The parsed form.
    pub capture: CaptureOrder,
}

impl OrderItem {
    /// The reject that this order becomes, where it is refused later.
    #[must_use]
    pub fn refused(self, rejection: &Rejection) -> Reject {
        Reject::of(
            self.origin,
            Some(self.input.external_id),
            rejection,
            self.raw,
        )
    }
}

/// Where a row stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowOrigin {
    /// The name of the source.
    pub source: Arc<str>,
    /// The line from 1 where the row begins; for a JSON array its element from 1.
    pub row: u64,
}

/// A row that did not become an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Where it stood.
    pub origin: RowOrigin,
    /// The order's id at its channel, where that much could be read.
    pub external_id: Option<String>,
    /// A pointer into the input form, such as `/lines/0/quantity`, or the name of a column; empty
    /// where the row as a whole is meant.
    pub field: String,
    /// What is wrong, as a sentence without a full stop.
    pub reason: String,
    /// The row as it stood there; what was not UTF-8 is replaced, and of a row that is too long only
    /// the beginning is kept.
    pub raw: String,
}

impl Reject {
    /// A reject of the row as a whole.
    fn row(origin: RowOrigin, reason: impl Into<String>, raw: String) -> Self {
        Self {
            origin,
            external_id: None,
            field: String::new(),
            reason: reason.into(),
            raw,
        }
    }

    fn of(
        origin: RowOrigin,
        external_id: Option<String>,
        rejection: &Rejection,
        raw: String,
    ) -> Self {
        let (field, reason) = match rejection.fields.as_slice() {
            [] => (String::new(), rejection.detail.clone()),
            [only] => (only.field.clone(), only.message.clone()),
            [first, rest @ ..] => {
                let mut reason = first.message.clone();
                for problem in rest {
                    reason.push_str(&format!("; {}: {}", problem.field, problem.message));
                }
                (first.field.clone(), reason)
            }
        };
        Self {
            origin,
            external_id,
            field,
            reason,
            raw,
        }
    }
}

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No format is called so.
    #[error("no format is called {0}")]
    UnknownFormat(String),
    /// There is nothing to read.
    #[error("no input was given")]
    NoSource,
    /// A table has no usable names of columns.
    #[error("{source_name}: {reason}")]
    Header {
        /// The name of the source.
        source_name: Arc<str>,
        /// What is missing or wrong.
        reason: String,
    },
    /// The mapping names a column that Ordo's table does not have.
    #[error("there is no column {0} in Ordo's table of orders")]
    UnknownColumn(String),
    /// A file that the format cannot do without was not given.
    #[error("there is no file of {0}")]
    MissingFile(&'static str),
    /// An input cannot be read from the start.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// An input broke off.
#[derive(Debug, thiserror::Error)]
#[error("{source_name}: {error}")]
pub struct ReadError {
    /// The name of the source.
    pub source_name: Arc<str>,
    /// What the reader said.
    pub error: io::Error,
}

/// The items of some sources, in their order.
pub type Items = Box<dyn Iterator<Item = Result<Item, ReadError>> + Send>;

/// Reads `sources`, which are in `format`. After a [`ReadError`] nothing more comes.
///
/// # Errors
/// Where the options or sources cannot be right for the format.
pub fn read_orders(
    format: Format,
    sources: Vec<Source>,
    options: &Options,
) -> Result<Items, ImportError> {
    if sources.is_empty() {
        return Err(ImportError::NoSource);
    }
    let options = options.clone();
    Ok(match format {
        Format::OrdoCsv => {
            let readers: Result<Vec<_>, _> = (sources.into_iter())
                .map(|source| ordo_csv::reader(source, options.clone()))
                .collect();
            Box::new(all(readers?))
        }
        Format::ShopifyCsv => {
            let readers: Result<Vec<_>, _> = (sources.into_iter())
                .map(|source| shopify_csv::reader(source, &options))
                .collect();
            Box::new(all(readers?))
        }
        Format::Ndjson => Box::new(each(sources, move |source| {
            ndjson::reader(source, options.clone())
        })),
        Format::ShopifyJson => Box::new(each(sources, move |source| {
            foreign::json_reader(source, shopify_json::FORMAT, &options)
        })),
        Format::WoocommerceJson => Box::new(each(sources, move |source| {
            foreign::json_reader(source, woocommerce_json::FORMAT, &options)
        })),
        Format::Olist => Box::new(rows(olist::reader(sources, options)?)),
    })
}

/// What reads one source: adds the items of its next row, and says whether there was one.
trait ReadRows {
    fn read_row(&mut self, ready: &mut VecDeque<Item>) -> Result<bool, ReadError>;
}

/// The rows of each source, one source after the other.
fn each<R: ReadRows>(
    sources: Vec<Source>,
    open: impl FnMut(Source) -> R,
) -> impl Iterator<Item = Result<Item, ReadError>> {
    all(sources.into_iter().map(open))
}

/// The rows of each reader, one after the other; the first failure is the end.
fn all<R: ReadRows>(
    readers: impl IntoIterator<Item = R>,
) -> impl Iterator<Item = Result<Item, ReadError>> {
    let mut failed = false;
    let items = readers.into_iter().flat_map(rows);
    items.take_while(move |item| !std::mem::replace(&mut failed, item.is_err()))
}

/// The rows of one reader.
fn rows<R: ReadRows>(reader: R) -> impl Iterator<Item = Result<Item, ReadError>> {
    let mut ready = VecDeque::new();
    let mut reader = Some(reader);
    std::iter::from_fn(move || {
        loop {
            if let Some(item) = ready.pop_front() {
                return Some(Ok(item));
            }
            match reader.as_mut()?.read_row(&mut ready) {
                Ok(true) => {}
                Ok(false) => reader = None,
                Err(error) => {
                    reader = None;
                    return Some(Err(error));
                }
            }
        }
    })
}

/// The item that `input` becomes: an order where the domain's parser accepts it.
fn parsed(origin: RowOrigin, mut input: OrderInput, raw: String, options: &Options) -> Item {
    if let Some(channel) = &options.channel {
        input.channel.clone_from(channel);
    }
    if options.origin.is_some() {
        input.origin = options.origin;
    }
    match input.parse() {
        Ok(capture) => Item::Order(Box::new(OrderItem {
            origin,
            raw,
            input,
            capture,
        })),
        Err(rejection) => {
            let external_id = Some(input.external_id).filter(|id| !id.is_empty());
            Item::Rejected(Reject::of(origin, external_id, &rejection, raw))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_their_names() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse::<Format>().ok(), Some(format));
        }
        assert!("csv".parse::<Format>().is_err());
    }
}
