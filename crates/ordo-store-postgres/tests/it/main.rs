//! The contract of all stores on PostgreSQL, and what only this store promises.

// Tests may fail loudly.
#![allow(clippy::unwrap_used)]

mod encrypted;
mod nodes;
mod open;
mod outage;
mod proxy;
mod server;
mod silence;

mod contract {
    use super::server;

    ordo_store::contract_tests!(server::store);
    ordo_store::contract_list_tests!(server::store);
    ordo_store::contract_agenda_tests!(server::store);
}
