//! `POST /fulfillment-orders/{id}/pack`: collected units went into parcels.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::fulfillment::{PackUnits, ParcelDraft};
use ordo_domain::id::FulfillmentOrderId;
use ordo_domain::reference::Reference;
use ordo_domain::{Applied, Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use super::FulfillmentOrderAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;
use crate::routes::named::{LineUnitsInput, line_units};

/// A tonne.
const WEIGHT_G_MAX: i64 = 1_000_000;
/// As many as an order may have lines.
const PARCELS_MAX: usize = ordo_domain::order::LINES_MAX;

/// What went into which parcel.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = PackInput)]
struct Input {
    /// The parcels; one with everything where absent or empty.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    parcels: Vec<ParcelInput>,
    /// For a single parcel: what is in it; everything that was collected where absent or empty.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    lines: Vec<LineUnitsInput>,
    /// For a single parcel: its gross weight in grams.
    #[schema(minimum = 1, maximum = 1_000_000)]
    weight_g: Option<i64>,
    /// Who will carry it; where absent whoever it was planned with, else the house courier.
    #[schema(max_length = 64)]
    carrier: Option<String>,
    /// Which product of theirs; where absent the planned one of the same carrier, else the buyer's
    /// choice.
    #[schema(max_length = 64)]
    service: Option<String>,
}

/// One parcel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ParcelInput {
    /// What is in it; everything that was collected where absent or empty, if it is the only one.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    lines: Vec<LineUnitsInput>,
    /// Its gross weight in grams.
    #[schema(minimum = 1, maximum = 1_000_000)]
    weight_g: Option<i64>,
}

impl Input {
    fn is_single(&self) -> bool {
        self.parcels.is_empty()
    }

    fn parse(&self, fulfillment_order: FulfillmentOrderId) -> Result<PackUnits, Rejection> {
        let mut check = Check::default();
        let has_single = !self.lines.is_empty() || self.weight_g.is_some();
        if !self.is_single() && has_single {
            let field = if self.lines.is_empty() {
                "/weight_g"
            } else {
                "/lines"
            };
            check.refuse(field, "stands in `parcels`, where there are any");
        }
        if self.parcels.len() > PARCELS_MAX {
            check.refuse(
                "/parcels",
                format!("must hold at most {PARCELS_MAX} parcels"),
            );
        }
        let mut parcels = Vec::new();
        if self.is_single() {
            parcels.push(draft(&mut check, "", &self.lines, self.weight_g));
        }
        for (index, parcel) in self.parcels.iter().take(PARCELS_MAX).enumerate() {
            let place = format!("/parcels/{index}");
            parcels.push(draft(&mut check, &place, &parcel.lines, parcel.weight_g));
        }
        let carrier = check.optional_text("/carrier", self.carrier.as_ref(), 64);
        let service = check.optional_text("/service", self.service.as_ref(), 64);
        check.finish(PackUnits {
            fulfillment_order,
            parcels,
            carrier,
            service,
        })
    }
}

fn draft(
    check: &mut Check,
    place: &str,
    lines: &[LineUnitsInput],
    weight_g: Option<i64>,
) -> ParcelDraft {
    if weight_g.is_some_and(|weight| !(1..=WEIGHT_G_MAX).contains(&weight)) {
        let message = format!("must be from 1 to {WEIGHT_G_MAX}");
        check.refuse(format!("{place}/weight_g"), message);
    }
    ParcelDraft {
        lines: line_units(check, &format!("{place}/lines"), lines),
        weight_g,
    }
}

/// Records that collected units went into parcels.
///
/// The shipment begins here. All that was collected must be in one of the parcels.
#[utoipa::path(
    post,
    path = "/api/v1/fulfillment-orders/{id}/pack",
    tag = "Fulfillment",
    request_body(content = Input, description = "May be empty."),
    params(
        ("id" = String, Path, description = "The fulfillment order's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses(
        (status = 200, description = "The fulfillment order as it stands then, with `shipment_id`.", body = FulfillmentOrderAnswer),
    ),
)]
pub async fn pack_units(ask: Ask, body: Body) -> Answer {
    let fulfillment_order = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let command = Command::PackUnits(input.parse(fulfillment_order)?);
    match input.is_single() {
        true => ask.write(command, &body, render_single).await,
        false => ask.write(command, &body, render).await,
    }
}

/// The answer to a body without `parcels`: its fields stand one level higher than the parcel's.
fn render_single(reference: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    let Err(rejection) = result else {
        return render(reference, result);
    };
    let mut rejection = rejection.clone();
    for problem in &mut rejection.fields {
        if let Some(field) = problem.field.strip_prefix("/parcels/0") {
            problem.field = field.to_owned();
        } else if problem.field == "/parcels" {
            problem.field = "/lines".to_owned();
        }
    }
    render(reference, Err(&rejection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refused_field_is_named() {
        for (body, fields) in [
            ("{}", vec![]),
            (r#"{"weight_g":0}"#, vec!["/weight_g"]),
            (
                r#"{"parcels":[{"lines":[{"line":"A","quantity":0}],"weight_g":-1}]}"#,
                vec!["/parcels/0/weight_g", "/parcels/0/lines/0/quantity"],
            ),
            (
                r#"{"parcels":[{}],"lines":[{"line":"A","quantity":1}]}"#,
                vec!["/lines"],
            ),
        ] {
            let input: Input = body::parse(body.as_bytes()).unwrap();
            let refused: Vec<String> = match input.parse(FulfillmentOrderId::from_u128(1)) {
                Ok(_) => Vec::new(),
                Err(rejection) => rejection.fields.into_iter().map(|f| f.field).collect(),
            };
            assert_eq!(refused, fields, "{body}");
        }
    }
}
