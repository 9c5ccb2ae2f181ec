//! The operations, one folder per thing and one file per verb; wire types live beside their routes.

pub mod api_keys;
pub mod blocks;
pub mod channels;
pub mod deliveries;
pub mod events;
pub mod fulfillment_orders;
pub mod legal_entities;
pub mod listings;
pub mod locations;
mod named;
pub mod orders;
pub mod organizations;
pub mod persons;
pub mod pools;
pub mod promise;
pub mod rate_tables;
pub mod reports;
pub mod reservations;
pub mod returns;
pub mod rule_sets;
pub mod shipments;
pub mod skus;
pub mod sourcing_prices;
pub mod sourcing_settings;
pub mod stock;
pub mod system;
pub mod webhooks;
