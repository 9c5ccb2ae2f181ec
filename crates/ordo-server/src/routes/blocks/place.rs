//! `POST /blocks`: stops a SKU, listing, lot, location, cell or carrier service.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::network::{BlockStage, BlockTarget, PlaceBlock};
use ordo_domain::{Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// A block to be placed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BlockInput {
    /// What it stops.
    scope: ScopeInput,
    /// From when, RFC 3339; at once where absent.
    from: Option<String>,
    /// Until when, RFC 3339; until it is lifted where absent.
    until: Option<String>,
    /// Why, for people.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// The steps it stops.
    #[schema(min_items = 1)]
    stages: Vec<BlockStage>,
}

/// What a block stops.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ScopeInput {
    /// A SKU everywhere, by its code.
    Sku(String),
    /// One listing, by its id.
    Listing(String),
    /// One lot of a SKU.
    Lot {
        /// The SKU's code.
        sku: String,
        /// The lot's own name.
        lot: String,
    },
    /// A whole location, by its code.
    Location(String),
    /// A SKU at one location.
    Cell {
        /// The SKU's code.
        sku: String,
        /// The location's code.
        location: String,
    },
    /// A carrier's service.
    CarrierService {
        /// The carrier's code.
        carrier: String,
        /// The service's code; all of the carrier's where absent.
        service: Option<String>,
    },
}

impl BlockInput {
    fn parse(&self) -> Result<PlaceBlock, Rejection> {
        let mut check = Check::default();
        if self.stages.is_empty() {
            check.refuse("/stages", "must name at least one step");
        }
        let target = self.scope.parse(&mut check);
        let block = PlaceBlock {
            from: check.optional_instant("/from", self.from.as_ref()),
            until: check.optional_instant("/until", self.until.as_ref()),
            reason: check.text("/reason", &self.reason, 500),
            stages: self.stages.clone(),
            target: target.unwrap_or(BlockTarget::Sku(String::new())),
        };
        check.finish(block)
    }
}

impl ScopeInput {
    /// What it names; `None` where it was refused.
    fn parse(&self, check: &mut Check) -> Option<BlockTarget> {
        Some(match self {
            Self::Sku(code) => BlockTarget::Sku(check.code("/scope/sku", code)),
            Self::Listing(id) => match id.parse() {
                Ok(id) => BlockTarget::Listing(id),
                Err(_) => {
                    check.refuse("/scope/listing", "must be the id of a listing");
                    return None;
                }
            },
            Self::Lot { sku, lot } => BlockTarget::Lot {
                sku: check.code("/scope/lot/sku", sku),
                lot: check.code("/scope/lot/lot", lot),
            },
            Self::Location(code) => BlockTarget::Location(check.code("/scope/location", code)),
            Self::Cell { sku, location } => BlockTarget::Cell {
                sku: check.code("/scope/cell/sku", sku),
                location: check.code("/scope/cell/location", location),
            },
            Self::CarrierService { carrier, service } => BlockTarget::CarrierService {
                carrier: check.code("/scope/carrier_service/carrier", carrier),
                service: check.optional_text(
                    "/scope/carrier_service/service",
                    service.as_ref(),
                    64,
                ),
            },
        })
    }
}

/// Places a block.
///
/// It ends by itself at `until`; until then, or until it is lifted, the steps it names are refused
/// or wait.
#[utoipa::path(
    post,
    path = "/api/v1/blocks",
    tag = "Network",
    request_body = BlockInput,
    responses((status = 201, description = "It was placed.", body = super::BlockAnswer)),
)]
pub async fn place_block(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: BlockInput = body::parse(&body)?;
    let command = Command::PlaceBlock(input.parse()?);
    ask.write(command, &body, render).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> Vec<String> {
        let input: Result<BlockInput, _> = body::parse(body.as_bytes());
        let parsed = input.and_then(|input| input.parse());
        let fields = parsed.err().map(|rejection| rejection.fields);
        let fields = fields.into_iter().flatten();
        fields.map(|field| field.field).collect()
    }

    #[test]
    fn every_refused_field_is_named() {
        for (body, fields) in [
            (
                r#"{"scope":{"sku":"A"},"reason":"recall","stages":["ship"]}"#,
                vec![],
            ),
            (
                r#"{"scope":{"sku":""},"reason":"","stages":[],"until":"soon"}"#,
                vec!["/stages", "/scope/sku", "/until", "/reason"],
            ),
            (
                r#"{"scope":{"listing":"A"},"reason":"r","stages":["publish"]}"#,
                vec!["/scope/listing"],
            ),
            (
                r#"{"scope":{"cell":{"sku":"A","place":"B"}},"reason":"r","stages":["pick"]}"#,
                vec!["/scope/cell/place"],
            ),
            (
                r#"{"scope":{"sku":"A"},"reason":"r","stages":["fly"]}"#,
                vec!["/stages/0"],
            ),
        ] {
            assert_eq!(refused(body), fields, "{body}");
        }
    }
}
