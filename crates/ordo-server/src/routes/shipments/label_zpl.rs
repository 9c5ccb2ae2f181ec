//! `GET /shipments/{id}/parcels/{parcel}/label`: a parcel's label, for the printer.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use ordo_connectors::house::label::{LabelContent, zpl};
use ordo_domain::Code;
use ordo_domain::fulfillment::pack::HOUSE_CARRIER;
use ordo_domain::id::ParcelId;
use ordo_domain::order::Order;
use ordo_domain::shipment::Shipment;

use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::problem::Problem;
use crate::read;
use crate::wire::location_code;

/// Reads the label of a parcel that the house courier carries.
///
/// ZPL II for a printer of 203 dots per inch and labels of 4 by 6 inches, with the parcel's number as a
/// barcode. It is made when it is asked for, from the buyer's address as it is then.
#[utoipa::path(
    get,
    path = "/api/v1/shipments/{id}/parcels/{parcel}/label",
    tag = "Shipments",
    params(
        ("id" = String, Path, description = "The shipment's id."),
        ("parcel" = String, Path, description = "The parcel's id."),
    ),
    responses((status = 200, description = "The label.", body = String, content_type = "application/zpl")),
)]
pub async fn get_label(ask: Ask) -> Answer {
    Params::of(&ask.parts.uri)?.finish()?;
    let shipment: Shipment = read::find(&ask, ask.id("{id}")?).await?;
    let parcel: ParcelId = ask.id("{parcel}")?;
    let place = shipment.parcels.iter().position(|one| one.id == parcel);
    let place = place.ok_or_else(Problem::not_found)?;
    let parcel = &shipment.parcels[place];
    let number = parcel.tracking_number.as_deref();
    let Some(number) = number.filter(|_| shipment.carrier == HOUSE_CARRIER) else {
        let detail = "the parcel has no label of the house courier";
        return Err(Problem::new(Code::FulfillmentState, detail));
    };
    let stored = read::find_stored::<Order>(&ask, shipment.order).await?;
    let stored = stored.ok_or_else(Problem::not_found)?;
    let order: Order = read::decode(&stored)?;
    let ids: Vec<_> = order.ship_to.iter().map(|to| to.contact).collect();
    let contacts = ask.backend().contacts(ask.organization(), &ids).await?;
    let reference = ask.reference().await?;
    let location = reference.location(shipment.location);
    let from = match location.and_then(|location| location.name.as_deref()) {
        Some(name) => name.to_owned(),
        None => location_code(&reference, shipment.location).into_owned(),
    };
    let text = zpl(&LabelContent {
        from: &from,
        to: contacts.first(),
        order_number: &stored.number.unwrap_or_default().to_string(),
        tracking_number: number,
        parcel: (place + 1, shipment.parcels.len()),
        weight_g: parcel.weight_g,
        service: &shipment.service,
    });
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_static("application/zpl; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
