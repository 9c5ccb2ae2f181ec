//! Ordo's HTTP interface: wire types beside their routes, parsed into commands at the border and
//! rendered from what came of them.
//!
//! Read `operations` (every operation with its address and permission), `app` (what every request
//! passes), `body` and `params` (how input is read), `routes` (one file per verb), `render` and
//! `problem` (how answers and refusals look), `openapi` (the contract), `pages` (what
//! people open in a browser).

mod answer;
mod app;
mod body;
mod crowd;
mod cursor;
mod docs_page;
mod edit;
mod error_pages;
mod idempotency;
mod openapi;
mod operations;
mod pages;
mod params;
mod problem;
mod rate_limit;
mod reach;
mod read;
mod render;
mod routes;
mod secret;
mod serve;
mod traffic;
mod why;
mod wire;

pub use app::{router, router_with};
pub use error_pages::error_page;
pub use openapi::to_json as openapi_json;
pub use rate_limit::RateLimit;
pub use routes::locations::create::location_of_body;
pub use routes::orders::order_answers;
pub use routes::skus::create::sku_of_body;
pub use routes::stock::movement::movement_of_body;
pub use routes::what_ifs::{tell_shadow, what_if_answer, what_if_of_body};
pub use serve::serve;
