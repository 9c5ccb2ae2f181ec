//! The operations, one folder per thing and one file per verb; wire types live beside their routes.

pub mod api_keys;
pub mod channels;
pub mod locations;
pub mod orders;
pub mod organizations;
pub mod reservations;
pub mod skus;
pub mod stock;
pub mod system;
