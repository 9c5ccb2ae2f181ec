//! Ends a reservation: given back by its holder, or by the clock.

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::ReservationId;
use crate::rejection::{Code, Rejection};
use crate::stock::ReservationState;
use crate::world::World;

/// Gives a reservation back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseReservation {
    /// Which.
    pub reservation: ReservationId,
}

impl ReleaseReservation {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(reservation) = world.reservation(self.reservation)? else {
            return Err(Rejection::new(Code::NotFound, "no such reservation").into());
        };
        match reservation.state {
            ReservationState::Held => Ok(Decided::changed(
                vec![Event::ReservationReleased {
                    reservation: reservation.id,
                }],
                reservation.id,
            )),
            // Asking twice is not a mistake.
            ReservationState::Released | ReservationState::Expired => {
                Ok(Decided::unchanged(reservation.id))
            }
            ReservationState::Consumed => {
                Err(Rejection::new(Code::ReservationEnded, "an order took its place").into())
            }
        }
    }
}

/// Ends a reservation whose time has run out. Comes from the timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpireReservation {
    /// Which.
    pub reservation: ReservationId,
}

impl ExpireReservation {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(reservation) = world.reservation(self.reservation)? else {
            return Err(Rejection::new(Code::NotFound, "no such reservation").into());
        };
        if reservation.state != ReservationState::Held || ctx.now < reservation.expires_at {
            return Ok(Decided::unchanged(reservation.id));
        }
        let events = vec![Event::ReservationExpired {
            reservation: reservation.id,
        }];
        Ok(Decided::changed(events, reservation.id))
    }
}
