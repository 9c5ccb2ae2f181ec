//! Stock: cells with their counters, the movements that change them, and reservations.
//!
//! Invariant: available = on hand − allocated − reserved − safety, per cell. Only movements, and the
//! promises that decisions make, change a cell.

pub mod cell;
pub mod expire;
pub mod lot;
pub mod movement;
pub mod reserve;

pub use cell::{Cell, CellKey};
pub use expire::{ExpireReservation, ReleaseReservation};
pub use lot::{Condition, Lot, LotKey, LotMark};
pub use movement::{MoveStock, Movement, MovementKind};
pub use reserve::{Reservation, ReservationState, ReserveLine, ReserveStock, ReservedUnits};
