//! Reservations: promises of stock with an expiry, for carts and checkouts.

pub mod read;
pub mod release;
pub mod reserve;

use std::borrow::Cow;

use ordo_domain::id::{LocationId, ReservationId, SkuId};
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::stock::{Reservation, ReservationState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{Instant, Show, location_code};

/// A reservation.
#[derive(Serialize, ToSchema)]
#[schema(as = Reservation)]
pub struct ReservationAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: ReservationId,
    /// How many events have touched it.
    version: u64,
    /// How it stands.
    state: ReservationState,
    /// When it ends.
    expires_at: Instant,
    /// What it binds; nothing of SKUs without stock keeping.
    units: Vec<UnitsAnswer<'a>>,
}

/// Units that a reservation binds.
#[derive(Serialize, ToSchema)]
#[schema(as = ReservedUnits)]
struct UnitsAnswer<'a> {
    /// The SKU's id.
    #[schema(value_type = String)]
    sku_id: SkuId,
    /// The location's code.
    location: Cow<'a, str>,
    /// The location's id.
    #[schema(value_type = String)]
    location_id: LocationId,
    /// How many.
    #[schema(value_type = i64)]
    quantity: Quantity,
}

impl Show for Reservation {
    type Answer<'a> = ReservationAnswer<'a>;

    fn show<'a>(&'a self, reference: &'a Reference) -> ReservationAnswer<'a> {
        ReservationAnswer {
            id: self.id,
            version: self.version,
            state: self.state,
            expires_at: Instant(self.expires_at),
            units: (self.units.iter())
                .map(|units| UnitsAnswer {
                    sku_id: units.cell.sku,
                    location: location_code(reference, units.cell.location),
                    location_id: units.cell.location,
                    quantity: units.quantity,
                })
                .collect(),
        }
    }
}
