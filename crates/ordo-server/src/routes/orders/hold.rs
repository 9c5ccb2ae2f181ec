//! `POST /orders/{id}/holds` and `…/release`: stops an order, and lets it go on.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::id::{HoldId, OrderId};
use ordo_domain::order::{HoldKind, PlaceHold, ReleaseHold, Stage};
use ordo_domain::text::mask_card_numbers;
use serde::Deserialize;
use utoipa::ToSchema;

use super::render::OrderAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// What is to stop an order.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
struct HoldInput {
    /// Why; `manual` where absent.
    kind: Option<HoldKind>,
    /// The id of the line that it is about; the whole order where absent.
    line: Option<String>,
    /// The steps that it stops; those usual for the kind where absent or empty.
    #[serde(default)]
    blocks: Vec<Stage>,
    /// Words about it; no person's data.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl HoldInput {
    fn parse(self, order: OrderId) -> Result<PlaceHold, ordo_domain::Rejection> {
        let mut check = Check::default();
        let mut blocks = self.blocks;
        blocks.sort_unstable();
        blocks.dedup();
        let line = self.line.and_then(|text| {
            (text.parse())
                .map_err(|error: ordo_domain::id::ParseIdError| {
                    check.refuse("/line", error.to_string());
                })
                .ok()
        });
        let reason = check.optional_text("/reason", self.reason.as_ref(), 500);
        check.finish(PlaceHold {
            order,
            kind: self.kind.unwrap_or(HoldKind::Manual),
            line,
            blocks,
            reason: reason.map(|reason| mask_card_numbers(&reason).into_owned()),
        })
    }
}

/// Holds an order.
#[utoipa::path(
    post,
    path = "/api/v1/orders/{id}/holds",
    tag = "Orders",
    request_body(content = HoldInput, description = "May be empty."),
    params(
        ("id" = String, Path, description = "The order's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses(
        (status = 200, description = "The order as it stands then.", body = OrderAnswer),
    ),
)]
pub async fn place_hold(ask: Ask, body: Body) -> Answer {
    let order: OrderId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: HoldInput = body::parse_or_default(&body)?;
    let command = Command::PlaceHold(input.parse(order)?);
    ask.write(command, &body, render).await
}

/// Releases a hold.
///
/// Releasing a hold that is not there is an error.
#[utoipa::path(
    post,
    path = "/api/v1/orders/{id}/holds/{hold}/release",
    tag = "Orders",
    params(
        ("id" = String, Path, description = "The order's id."),
        ("hold" = String, Path, description = "The hold's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses(
        (status = 200, description = "The order as it stands then.", body = OrderAnswer),
    ),
)]
pub async fn release_hold(ask: Ask, body: Body) -> Answer {
    let command = ReleaseHold {
        order: ask.id("{id}")?,
        hold: ask.id::<HoldId>("{hold}")?,
    };
    let body = body::read(body).await?;
    body::parse_or_default::<body::Nothing>(&body)?;
    ask.write(Command::ReleaseHold(command), &body, render)
        .await
}
