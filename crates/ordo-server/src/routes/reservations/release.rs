//! `POST /reservations/{id}/release`: gives a reservation back.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::stock::ReleaseReservation;

use super::ReservationAnswer;
use crate::app::{Answer, Ask};
use crate::body::{self, Nothing};
use crate::render::render;

/// Releases a reservation.
///
/// Releasing one that has ended by itself changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/reservations/{id}/release",
    tag = "Stock",
    params(("id" = String, Path, description = "The reservation's id.")),
    responses((status = 200, description = "The reservation as it stands then.", body = ReservationAnswer)),
)]
pub async fn release_reservation(ask: Ask, body: Body) -> Answer {
    let reservation = ask.id("{id}")?;
    let body = body::read(body).await?;
    body::parse_or_default::<Nothing>(&body)?;
    let command = ReleaseReservation { reservation };
    ask.write(Command::ReleaseReservation(command), &body, render)
        .await
}
