//! `POST /pools`: makes a pool.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::network::CreatePool;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// More members than any pool needs.
const MEMBERS_MAX: usize = 1_000;

/// A pool to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PoolInput {
    /// The merchant's short name for it, unique.
    #[schema(min_length = 1, max_length = 128)]
    code: String,
    /// The codes of the locations in it.
    #[schema(max_items = 1000)]
    locations: Vec<String>,
    /// The codes of the channels that sell from it, and from no location that is in none of their
    /// pools.
    #[serde(default)]
    #[schema(max_items = 1000)]
    channels: Vec<String>,
}

/// Refuses a list that is too long.
pub fn members(check: &mut Check, field: &str, codes: &[String]) {
    if codes.len() > MEMBERS_MAX {
        check.refuse(field, format!("holds more than {MEMBERS_MAX}"));
    }
}

/// Makes a pool.
///
/// A channel that is in no pool sells from every live location; one that is in pools sells from
/// theirs alone.
#[utoipa::path(
    post,
    path = "/api/v1/pools",
    tag = "Network",
    request_body = PoolInput,
    responses((status = 201, description = "It was made.", body = super::PoolAnswer)),
)]
pub async fn create_pool(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: PoolInput = body::parse(&body)?;
    let mut check = Check::default();
    members(&mut check, "/locations", &input.locations);
    members(&mut check, "/channels", &input.channels);
    let pool = CreatePool {
        code: check.code("/code", &input.code),
        locations: input.locations,
        channels: input.channels,
    };
    let command = Command::CreatePool(check.finish(pool)?);
    ask.write(command, &body, render).await
}
