//! What the wire types of several routes share: instants, pages, and records that show themselves.

use std::borrow::Cow;
use std::fmt;

use ordo_domain::id::{ChannelId, LocationId};
use ordo_domain::record::Record;
use ordo_domain::reference::Reference;
use ordo_domain::time::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// An instant as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-01T10:00:00Z")]
pub struct Instant(pub Timestamp);

impl Instant {
    /// The instant, where there is one.
    pub fn of(at: Option<Timestamp>) -> Option<Self> {
        at.map(Self)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the next page starts, to be given as `cursor`; `null` on the last.
    pub next_cursor: Option<String>,
}

/// A record that the API shows.
pub trait Show: Record {
    /// What is shown of it.
    type Answer<'a>: Serialize
    where
        Self: 'a;

    /// What is shown of it; `reference` gives ids their codes.
    fn show<'a>(&'a self, reference: &'a Reference) -> Self::Answer<'a>;
}

/// JSON of an answer.
pub fn to_json(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).expect("answers have string keys and no failing serializers")
}

/// A channel's code; its id where the snapshot does not know it yet.
pub fn channel_code(reference: &Reference, id: ChannelId) -> Cow<'_, str> {
    match reference.channel(id) {
        Some(channel) => Cow::Borrowed(&channel.code),
        None => Cow::Owned(id.to_string()),
    }
}

/// A location's code; its id where the snapshot does not know it yet.
pub fn location_code(reference: &Reference, id: LocationId) -> Cow<'_, str> {
    match reference.location(id) {
        Some(location) => Cow::Borrowed(&location.code),
        None => Cow::Owned(id.to_string()),
    }
}
