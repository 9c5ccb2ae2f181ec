//! Listings: a channel's own name for one SKU, or for a bundle of several.

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, ListingId, SkuId};
use crate::quantity::Quantity;
use crate::record::record;

/// One SKU in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// The SKU that is taken from stock.
    pub sku: SkuId,
    /// How many of it one bundle takes.
    pub quantity: Quantity,
    /// Its part of the bundle's price, relative to the other components'.
    pub price_weight: i64,
}

/// A code under which something is sold: on one channel, or on all where `channel` is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Its id.
    pub id: ListingId,
    /// How many events have touched it.
    pub version: u64,
    /// The channel; `None` for every channel (a bundle's own code).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// The code as it comes in on order lines.
    pub code: String,
    /// What it takes from stock: one component of quantity 1 is a plain listing.
    pub components: Vec<Component>,
    /// Whether the components must leave in one shipment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ships_together: bool,
}
record!(Listing, ListingId, Listing);

impl Listing {
    /// The claim that makes its code unique: per channel, or among those of every channel.
    #[must_use]
    pub fn key(&self) -> String {
        let channel = self.channel.map(|id| id.to_string()).unwrap_or_default();
        format!("{channel}:{}", self.code)
    }
}
