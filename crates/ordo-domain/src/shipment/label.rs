//! Records that a parcel has its label: what a courier answered, or what a person typed in.

use serde::{Deserialize, Serialize};

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{ParcelId, PayloadId, ShipmentId};
use crate::money::Money;
use crate::rejection::{Code, Rejection};
use crate::shipment::ParcelState;
use crate::world::World;

/// A label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The carrier's number.
    pub tracking_number: String,
    /// Who carries it.
    pub carrier: String,
    /// Which product of theirs.
    pub service: String,
    /// The stored label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<PayloadId>,
    /// What the carrier quoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_quoted: Option<Money>,
}

/// Records a parcel's label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelParcel {
    /// The shipment.
    pub shipment: ShipmentId,
    /// The parcel.
    pub parcel: ParcelId,
    /// The label.
    pub label: Label,
}

impl LabelParcel {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(shipment) = world.shipment(self.shipment)? else {
            return Err(Rejection::new(Code::NotFound, "no such shipment").into());
        };
        let Some(parcel) = shipment.parcel(self.parcel) else {
            return Err(Rejection::new(Code::NotFound, "the shipment has no such parcel").into());
        };
        let number = Some(&self.label.tracking_number);
        if parcel.tracking_number.as_ref() == number {
            return Ok(Decided::unchanged(shipment.order));
        }
        if parcel.state != ParcelState::Draft {
            let detail = format!(
                "the parcel is {} and has another label",
                parcel.state.name()
            );
            return Err(Rejection::new(Code::FulfillmentState, detail).into());
        }
        let labelled = Event::ParcelLabelled {
            order: shipment.order,
            shipment: shipment.id,
            parcel: parcel.id,
            label: self.label.clone(),
        };
        Ok(Decided::changed(vec![labelled], shipment.order))
    }
}
