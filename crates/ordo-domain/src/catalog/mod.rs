//! What is sold and stocked: SKUs, listings that name them on a channel, and bundles of them.

pub mod listing;
pub mod sku;

pub use listing::{Component, Listing};
pub use sku::{CreateSku, Dimensions, Sku, StockPolicy, Tracking};
