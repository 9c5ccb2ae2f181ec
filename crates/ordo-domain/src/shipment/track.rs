//! Folds carriers' reports into the state of a parcel, so that a late or repeated report never takes
//! it back.

use serde::{Deserialize, Serialize};

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{ParcelId, ShipmentId};
use crate::rejection::{Code, Rejection};
use crate::shipment::{Parcel, ParcelState};
use crate::time::Timestamp;
use crate::world::World;

/// What a carrier says of a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingReport {
    /// Where it is.
    pub state: ParcelState,
    /// When it came to be there, by the carrier's clock.
    pub at: Timestamp,
    /// The place, as the carrier writes it; no street of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The carrier's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Takes a report in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackParcel {
    /// The shipment.
    pub shipment: ShipmentId,
    /// The parcel; `None` for all of them.
    pub parcel: Option<ParcelId>,
    /// What the carrier says.
    pub report: TrackingReport,
}

/// How final a state is: a report never takes a parcel to a less final one, except that one that
/// was delivered, lost or damaged may turn out to come back, and a lost one to be found.
const fn rank(state: ParcelState) -> u8 {
    match state {
        ParcelState::Draft | ParcelState::Voided => 0,
        ParcelState::Labelled => 1,
        ParcelState::Manifested => 2,
        // On the way, in whatever order the carrier's clock gives.
        ParcelState::InTransit
        | ParcelState::AttemptFailed
        | ParcelState::HeldAtPoint
        | ParcelState::Exception
        | ParcelState::OutForDelivery => 3,
        ParcelState::Lost | ParcelState::Damaged => 4,
        ParcelState::Delivered => 5,
        ParcelState::Returning => 6,
        ParcelState::ReturnedToSender => 7,
    }
}

impl Parcel {
    /// Whether `report` brings news: a more final state, or a later word on the way.
    #[must_use]
    pub fn is_news(&self, report: &TrackingReport) -> bool {
        let (now, new) = (rank(self.state), rank(report.state));
        let later = self.state_at.is_none_or(|at| report.at > at);
        new > now
            || (new == now
                && new == rank(ParcelState::InTransit)
                && later
                && self.state != report.state)
    }

    /// Takes the report into the parcel's state.
    pub(crate) fn take(&mut self, report: &TrackingReport) {
        let on_the_way = rank(report.state) >= rank(ParcelState::InTransit);
        if on_the_way && self.first_scan_at.is_none_or(|at| report.at < at) {
            self.first_scan_at = Some(report.at);
        }
        if report.state == ParcelState::Delivered && self.delivered_at.is_none() {
            self.delivered_at = Some(report.at);
        }
        if self.is_news(report) {
            self.state = report.state;
            self.state_at = Some(report.at);
        }
    }
}

impl TrackParcel {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(shipment) = world.shipment(self.shipment)? else {
            return Err(Rejection::new(Code::NotFound, "no such shipment").into());
        };
        if self.parcel.is_some_and(|id| shipment.parcel(id).is_none()) {
            let message = "the shipment has no such parcel";
            return Err(Rejection::field("/parcel", message).into());
        }
        // The order closes with the last delivery, in the same commit.
        world.order(shipment.order)?;
        let mut events = Vec::new();
        for parcel in &shipment.parcels {
            if self.parcel.is_some_and(|id| id != parcel.id) {
                continue;
            }
            let mut after = parcel.clone();
            after.take(&self.report);
            if after != *parcel {
                events.push(Event::ParcelTracked {
                    order: shipment.order,
                    shipment: shipment.id,
                    parcel: parcel.id,
                    report: self.report.clone(),
                });
            }
        }
        if events.is_empty() {
            return Ok(Decided::unchanged(shipment.id));
        }
        Ok(Decided::changed(events, shipment.id).settling(shipment.order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ParcelState::{AttemptFailed, Delivered, InTransit, OutForDelivery, Returning};

    /// Reports as (state, hour of the carrier's clock), and the state that they fold to.
    fn check(reports: &[(ParcelState, i64)], state: ParcelState) {
        let mut parcel: Parcel = serde_json::from_str(
            r#"{"id":"prc_00000000000000000000000001","state":"labelled","lines":[]}"#,
        )
        .unwrap();
        for (state, hour) in reports {
            let at = Timestamp::from_micros(hour * 3_600_000_000);
            parcel.take(&TrackingReport {
                state: *state,
                at,
                place: None,
                code: None,
            });
        }
        assert_eq!(parcel.state, state, "{reports:?}");
    }

    #[test]
    fn late_and_repeated_reports_never_take_a_parcel_back() {
        check(
            &[(InTransit, 1), (OutForDelivery, 5), (Delivered, 9)],
            Delivered,
        );
        check(
            &[(Delivered, 9), (OutForDelivery, 5), (InTransit, 1)],
            Delivered,
        );
        check(&[(OutForDelivery, 5), (InTransit, 1)], OutForDelivery);
        check(&[(OutForDelivery, 5), (AttemptFailed, 8)], AttemptFailed);
        check(
            &[(Delivered, 9), (Delivered, 9), (InTransit, 10)],
            Delivered,
        );
        check(
            &[(Delivered, 9), (Returning, 30), (Delivered, 9)],
            Returning,
        );
    }

    #[test]
    fn the_first_scan_is_the_earliest_in_whatever_order() {
        let mut parcel: Parcel = serde_json::from_str(
            r#"{"id":"prc_00000000000000000000000001","state":"labelled","lines":[]}"#,
        )
        .unwrap();
        for hour in [7, 3, 5] {
            let at = Timestamp::from_micros(hour);
            parcel.take(&TrackingReport {
                state: InTransit,
                at,
                place: None,
                code: None,
            });
        }
        assert_eq!(parcel.first_scan_at, Some(Timestamp::from_micros(3)));
    }
}
