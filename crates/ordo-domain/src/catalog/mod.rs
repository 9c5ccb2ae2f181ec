//! What is sold and stocked: SKUs, listings that name them on a channel, and bundles of them.

pub mod availability;
pub mod create_listing;
pub mod listing;
pub mod sku;
pub mod update_listing;
pub mod update_sku;

pub use create_listing::{ComponentDraft, CreateListing};
pub use listing::{Component, Listing};
pub use sku::{CreateSku, Dimensions, Sku, StockPolicy, Tracking};
pub use update_listing::UpdateListing;
pub use update_sku::{SkuChange, UpdateSku};
