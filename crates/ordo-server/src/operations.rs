//! Every operation: its address, who may use it, and what runs. The one place that says so; the
//! contract, the router and the test of permissions are made from this table.

use std::sync::Arc;

use axum::body::Body;
use axum::http::request::Parts;
use ordo_domain::organization::Role;

use crate::app::{App, Ask, Running};
use crate::routes::{
    api_keys, blocks, channels, deliveries, events, fulfillment_orders, legal_entities, listings,
    locations, orders, organizations, persons, pools, promise, rate_tables, reports, reservations,
    returns, rule_sets, shipments, skus, sourcing_prices, sourcing_runs, sourcing_settings, stock,
    system, webhooks, what_ifs,
};

/// How an operation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes something, or lets something happen.
    Post,
    /// Changes fields of a record.
    Patch,
    /// Lets something go that nothing else depends on.
    Delete,
}

/// Who may use an operation, and what runs.
pub enum Access {
    /// Everybody.
    Open(fn(Arc<App>, Parts) -> Running),
    /// Keys of this role and of those above it, to read.
    Read(Role, fn(Ask) -> Running),
    /// The same, to send something.
    Write(Role, fn(Ask, Body) -> Running),
}

/// One operation.
pub struct Operation {
    /// How it is asked for.
    pub method: Method,
    /// Its address, with names in braces where ids go.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
}

macro_rules! access {
    (Get, Open, $($handler:ident)::+) => {
        Access::Open(|app, parts| Box::pin($($handler)::+(app, parts)))
    };
    (Get, $role:ident, $($handler:ident)::+) => {
        Access::Read(Role::$role, |ask| Box::pin($($handler)::+(ask)))
    };
    (Delete, $role:ident, $($handler:ident)::+) => {
        access!(Post, $role, $($handler)::+)
    };
    (Patch, $role:ident, $($handler:ident)::+) => {
        access!(Post, $role, $($handler)::+)
    };
    (Post, $role:ident, $($handler:ident)::+) => {
        Access::Write(Role::$role, |ask, body| Box::pin($($handler)::+(ask, body)))
    };
}

macro_rules! operations {
    ($($method:ident $path:literal, $access:ident => $($handler:ident)::+;)*) => {
        /// The table.
        pub static OPERATIONS: &[Operation] = &[$(
            Operation {
                method: Method::$method,
                path: $path,
                access: access!($method, $access, $($handler)::+),
            },
        )*];

        /// The contract as it stands beside the handlers; [`crate::openapi`] completes it.
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($handler)::+),*))]
        pub struct Described;
    };
}

operations! {
    Post "/api/v1/orders", Operator => orders::capture::capture_order;
    Get "/api/v1/orders", Viewer => orders::list::list_orders;
    Post "/api/v1/orders/import", Operator => orders::import::import_orders;
    Get "/api/v1/orders/{id}", Viewer => orders::read::get_order;
    Get "/api/v1/orders/{id}/events", Viewer => orders::events::list_order_events;
    Post "/api/v1/orders/{id}/cancel", Operator => orders::cancel::cancel_order;
    Post "/api/v1/orders/{id}/holds", Operator => orders::hold::place_hold;
    Post "/api/v1/orders/{id}/holds/{hold}/release", Operator => orders::hold::release_hold;
    Get "/api/v1/orders/{id}/shipments", Viewer => shipments::list::list_order_shipments;
    Post "/api/v1/orders/{id}/returns", Operator => returns::request::request_return;
    Post "/api/v1/orders/{id}/refunds", Manager => returns::refund::refund_order;
    Get "/api/v1/fulfillment-orders", Viewer => fulfillment_orders::list::list_fulfillment_orders;
    Get "/api/v1/fulfillment-orders/{id}", Viewer => fulfillment_orders::read::get_fulfillment_order;
    Get "/api/v1/fulfillment-orders/{id}/decision", Viewer => fulfillment_orders::decision::get_decision;
    Get "/api/v1/fulfillment-orders/{id}/decision/why-not", Viewer => fulfillment_orders::decision::why_not;
    Post "/api/v1/fulfillment-orders/{id}/release", Operator => fulfillment_orders::release::release_work;
    Post "/api/v1/fulfillment-orders/{id}/accept", Operator => fulfillment_orders::accept::accept_work;
    Post "/api/v1/fulfillment-orders/{id}/reject", Operator => fulfillment_orders::reject::reject_work;
    Post "/api/v1/fulfillment-orders/{id}/pin", Operator => fulfillment_orders::pin::pin_work;
    Post "/api/v1/fulfillment-orders/{id}/pick", Operator => fulfillment_orders::pick::pick_units;
    Post "/api/v1/fulfillment-orders/{id}/short", Operator => fulfillment_orders::short::short_units;
    Post "/api/v1/fulfillment-orders/{id}/pack", Operator => fulfillment_orders::pack::pack_units;
    Post "/api/v1/fulfillment-orders/{id}/ship", Operator => fulfillment_orders::ship::ship_work;
    Post "/api/v1/fulfillment-orders/{id}/cancel", Operator => fulfillment_orders::cancel::stop_work;
    Post "/api/v1/fulfillment-orders/{id}/answer-stop", Operator => fulfillment_orders::answer_stop::answer_stop;
    Get "/api/v1/shipments/{id}", Viewer => shipments::read::get_shipment;
    Post "/api/v1/shipments/{id}/label", Operator => shipments::label::label_parcel;
    Get "/api/v1/shipments/{id}/parcels/{parcel}/label", Operator => shipments::label_zpl::get_label;
    Post "/api/v1/shipments/{id}/track", Operator => shipments::track::track_parcel;
    Get "/api/v1/returns", Viewer => returns::list::list_returns;
    Get "/api/v1/returns/{id}", Viewer => returns::read::get_return;
    Post "/api/v1/returns/{id}/approve", Operator => returns::approve::approve_return;
    Post "/api/v1/returns/{id}/decline", Operator => returns::decline::decline_return;
    Post "/api/v1/returns/{id}/receive", Operator => returns::receive::receive_return;
    Post "/api/v1/returns/{id}/refund", Manager => returns::refund::refund_return;
    Post "/api/v1/skus", Manager => skus::create::create_sku;
    Get "/api/v1/skus", Viewer => skus::list::list_skus;
    Get "/api/v1/skus/{id}", Viewer => skus::read::get_sku;
    Patch "/api/v1/skus/{id}", Manager => skus::update::update_sku;
    Post "/api/v1/listings", Manager => listings::create::create_listing;
    Get "/api/v1/listings", Viewer => listings::list::list_listings;
    Get "/api/v1/listings/{id}", Viewer => listings::read::get_listing;
    Patch "/api/v1/listings/{id}", Manager => listings::update::update_listing;
    Get "/api/v1/listings/{id}/availability", Viewer => listings::availability::get_availability;
    Post "/api/v1/locations", Manager => locations::create::create_location;
    Get "/api/v1/locations", Viewer => locations::list::list_locations;
    Get "/api/v1/locations/{id}", Viewer => locations::read::get_location;
    Patch "/api/v1/locations/{id}", Manager => locations::update::update_location;
    Get "/api/v1/locations/{id}/performance", Viewer => locations::performance::get_location_performance;
    Post "/api/v1/channels", Manager => channels::create::create_channel;
    Get "/api/v1/channels", Viewer => channels::list::list_channels;
    Get "/api/v1/channels/{id}", Viewer => channels::read::get_channel;
    Patch "/api/v1/channels/{id}", Manager => channels::update::update_channel;
    Post "/api/v1/pools", Manager => pools::create::create_pool;
    Get "/api/v1/pools", Viewer => pools::list::list_pools;
    Get "/api/v1/pools/{id}", Viewer => pools::read::get_pool;
    Patch "/api/v1/pools/{id}", Manager => pools::update::update_pool;
    Post "/api/v1/rate-tables", Manager => rate_tables::create::create_rate_table;
    Get "/api/v1/rate-tables", Viewer => rate_tables::list::list_rate_tables;
    Get "/api/v1/rate-tables/{id}", Viewer => rate_tables::read::get_rate_table;
    Patch "/api/v1/rate-tables/{id}", Manager => rate_tables::update::update_rate_table;
    Post "/api/v1/rate-tables/{id}/prices", Manager => rate_tables::prices::import_rate_prices;
    Get "/api/v1/sourcing-settings", Viewer => sourcing_settings::read::get_sourcing_settings;
    Patch "/api/v1/sourcing-settings", Manager => sourcing_settings::update::update_sourcing_settings;
    Get "/api/v1/sourcing-prices", Viewer => sourcing_prices::read::get_sourcing_prices;
    Post "/api/v1/sourcing-prices/refresh", Manager => sourcing_prices::refresh::refresh_sourcing_prices;
    Post "/api/v1/rule-sets", Manager => rule_sets::create::create_rule_set;
    Get "/api/v1/rule-sets", Viewer => rule_sets::list::list_rule_sets;
    Get "/api/v1/rule-sets/{id}", Viewer => rule_sets::read::get_rule_set;
    Patch "/api/v1/rule-sets/{id}", Manager => rule_sets::update::update_rule_set;
    Post "/api/v1/rule-sets/{id}/versions", Manager => rule_sets::draft::draft_rules;
    Get "/api/v1/rule-sets/{id}/versions/{number}", Viewer => rule_sets::version::get_rule_version;
    Patch "/api/v1/rule-sets/{id}/versions/{number}", Manager => rule_sets::draft::change_draft;
    Post "/api/v1/rule-sets/{id}/versions/{number}/publish", Manager => rule_sets::publish::publish_rules;
    Post "/api/v1/rule-sets/{id}/versions/{number}/retire", Manager => rule_sets::publish::retire_rules;
    Post "/api/v1/rule-sets/{id}/versions/{number}/shadow", Manager => rule_sets::shadow::shadow_rules;
    Post "/api/v1/rule-sets/{id}/versions/{number}/lint", Viewer => rule_sets::lint::lint_rules;
    Get "/api/v1/rule-presets", Viewer => rule_sets::presets::list_rule_presets;
    Post "/api/v1/sourcing-runs", Operator => sourcing_runs::run_sourcing;
    Get "/api/v1/promise", Viewer => promise::get_promise;
    Post "/api/v1/what-ifs", Manager => what_ifs::ask::ask_what_if;
    Get "/api/v1/what-ifs", Manager => what_ifs::list::list_what_ifs;
    Get "/api/v1/what-ifs/{id}", Manager => what_ifs::read::get_what_if;
    Delete "/api/v1/what-ifs/{id}", Manager => what_ifs::read::delete_what_if;
    Post "/api/v1/blocks", Manager => blocks::place::place_block;
    Get "/api/v1/blocks", Viewer => blocks::list::list_blocks;
    Get "/api/v1/blocks/{id}", Viewer => blocks::read::get_block;
    Post "/api/v1/blocks/{id}/lift", Manager => blocks::lift::lift_block;
    Post "/api/v1/legal-entities", Manager => legal_entities::create::create_legal_entity;
    Get "/api/v1/legal-entities", Viewer => legal_entities::list::list_legal_entities;
    Get "/api/v1/legal-entities/{id}", Viewer => legal_entities::read::get_legal_entity;
    Patch "/api/v1/legal-entities/{id}", Manager => legal_entities::update::update_legal_entity;
    Post "/api/v1/stock/movements", Operator => stock::movement::move_stock;
    Get "/api/v1/stock/movements", Viewer => stock::ledger::list_movements;
    Get "/api/v1/stock/shortfalls", Viewer => stock::shortfalls::list_shortfalls;
    Get "/api/v1/stock/lots", Viewer => stock::lots::list_lots;
    Get "/api/v1/stock", Viewer => stock::list::list_stock;
    Get "/api/v1/reports/daily", Viewer => reports::daily::report_days;
    Post "/api/v1/reservations", Operator => reservations::reserve::reserve_stock;
    Get "/api/v1/reservations/{id}", Viewer => reservations::read::get_reservation;
    Post "/api/v1/reservations/{id}/release", Operator => reservations::release::release_reservation;
    Post "/api/v1/persons/erase", Manager => persons::erase::erase_person;
    Get "/api/v1/events", Viewer => events::feed::list_events;
    Get "/api/v1/events/stream", Viewer => events::stream::stream_events;
    Post "/api/v1/webhooks", Manager => webhooks::create::create_webhook;
    Get "/api/v1/webhooks", Manager => webhooks::list::list_webhooks;
    Get "/api/v1/webhooks/{id}", Manager => webhooks::read::get_webhook;
    Patch "/api/v1/webhooks/{id}", Manager => webhooks::update::update_webhook;
    Get "/api/v1/webhooks/{id}/secret", Manager => webhooks::secret::get_webhook_secret;
    Post "/api/v1/webhooks/{id}/replay", Manager => webhooks::replay::replay_webhook;
    Get "/api/v1/deliveries", Operator => deliveries::list::list_deliveries;
    Get "/api/v1/deliveries/{id}", Operator => deliveries::read::get_delivery;
    Post "/api/v1/deliveries/{id}/retry", Operator => deliveries::retry::retry_delivery;
    Get "/api/v1/jobs", Operator => deliveries::list::list_jobs;
    Post "/api/v1/api-keys", Owner => api_keys::create::create_api_key;
    Get "/api/v1/api-keys", Owner => api_keys::list::list_api_keys;
    Post "/api/v1/api-keys/{id}/revoke", Owner => api_keys::revoke::revoke_api_key;
    Post "/api/v1/organizations", Owner => organizations::found::found_organization;
    Get "/api/v1/organization", Viewer => organizations::read::get_organization;
    Get "/healthz", Open => system::health::health;
    Get "/readyz", Open => system::health::readiness;
    Get "/metrics", Open => system::metrics::metrics;
    Get "/api/openapi.json", Open => system::docs::get_openapi;
    Get "/api/docs", Open => system::docs::get_docs;
    Get "/api/errors/{code}", Open => system::errors::explain_error;
}
