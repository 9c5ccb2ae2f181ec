//! `GET /returns/{id}`: one return with its refunds.

use ordo_domain::order::Order;
use ordo_domain::returns::Return;

use super::ReturnAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::read;
use crate::wire;

/// Reads a return.
#[utoipa::path(
    get,
    path = "/api/v1/returns/{id}",
    tag = "Returns",
    params(("id" = String, Path, description = "The return's id.")),
    responses((status = 200, description = "The return; `ETag` is its version.", body = ReturnAnswer)),
)]
pub async fn get_return(ask: Ask) -> Answer {
    Params::of(&ask.parts.uri)?.finish()?;
    let found: Return = read::find(&ask, ask.id("{id}")?).await?;
    let order: Order = read::find(&ask, found.order).await?;
    let reference = ask.reference().await?;
    let json = wire::to_json(&ReturnAnswer::of(&reference, &order, &found));
    Ok(answer::to_read_versioned(json, found.version))
}
