//! `PATCH /pools/{id}`: changes a pool.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::id::PoolId;
use ordo_domain::network::{Pool, UpdatePool};
use serde::Deserialize;
use utoipa::ToSchema;

use super::create::members;
use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};

/// What is to change: an absent field stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PoolPatch {
    /// The codes of all locations in it.
    #[schema(max_items = 1000)]
    locations: Option<Vec<String>>,
    /// The codes of all channels that sell from it.
    #[schema(max_items = 1000)]
    channels: Option<Vec<String>>,
}

/// Changes a pool.
///
/// What has been allocated stays where it is.
#[utoipa::path(
    patch,
    path = "/api/v1/pools/{id}",
    tag = "Network",
    params(("id" = String, Path, description = "The pool's id.")),
    request_body = PoolPatch,
    responses((status = 200, description = "The pool as it stands then.", body = super::PoolAnswer)),
)]
pub async fn update_pool(ask: Ask, body: Body) -> Answer {
    let pool: PoolId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: PoolPatch = body::parse(&body)?;
    let mut check = Check::default();
    members(
        &mut check,
        "/locations",
        input.locations.as_deref().unwrap_or_default(),
    );
    members(
        &mut check,
        "/channels",
        input.channels.as_deref().unwrap_or_default(),
    );
    let command = UpdatePool {
        pool,
        expected: expected(&ask.parts)?,
        locations: input.locations,
        channels: input.channels,
    };
    let command = Command::UpdatePool(check.finish(command)?);
    edit::<Pool>(&ask, command, &body).await
}
