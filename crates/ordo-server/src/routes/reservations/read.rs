//! `GET /reservations/{id}`: one reservation.

use ordo_domain::stock::Reservation;

use super::ReservationAnswer;
use crate::app::{Answer, Ask};
use crate::read;

/// Reads a reservation.
#[utoipa::path(
    get,
    path = "/api/v1/reservations/{id}",
    tag = "Stock",
    params(("id" = String, Path, description = "The reservation's id.")),
    responses((status = 200, description = "The reservation.", body = ReservationAnswer)),
)]
pub async fn get_reservation(ask: Ask) -> Answer {
    read::one::<Reservation>(&ask).await
}
