//! Records that a parcel has its label: what a courier answered, or what a person typed in.

use serde::{Deserialize, Serialize};

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::fulfillment::pack::HOUSE_CARRIER;
use crate::id::{ParcelId, PayloadId, ShipmentId};
use crate::money::Money;
use crate::rejection::{Code, Rejection};
use crate::shipment::{Parcel, ParcelState, Shipment};
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

/// A label as it is reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelDraft {
    /// The carrier's number; the house courier's own where absent.
    pub tracking_number: Option<String>,
    /// Who carries it; the shipment's carrier where absent.
    pub carrier: Option<String>,
    /// Which product of theirs; the shipment's where absent.
    pub service: Option<String>,
    /// The stored label.
    pub payload: Option<PayloadId>,
    /// What the carrier quoted.
    pub cost_quoted: Option<Money>,
}

impl LabelDraft {
    /// The label of `parcel`, with what the shipment says where the draft does not.
    pub(crate) fn fill(&self, shipment: &Shipment, parcel: ParcelId) -> Result<Label, Rejection> {
        let carrier = self.carrier.clone();
        let carrier = carrier.unwrap_or_else(|| shipment.carrier.clone());
        let tracking_number = match &self.tracking_number {
            Some(number) => number.clone(),
            None if carrier == HOUSE_CARRIER => house_number(parcel),
            None => {
                let message = "is required: only the house courier's numbers are made here";
                return Err(Rejection::field("/tracking_number", message));
            }
        };
        let service = self.service.clone();
        Ok(Label {
            tracking_number,
            carrier,
            service: service.unwrap_or_else(|| shipment.service.clone()),
            payload: self.payload,
            cost_quoted: self.cost_quoted,
        })
    }
}

/// The house courier's number of a parcel: its id in capital letters, which scanners read.
fn house_number(parcel: ParcelId) -> String {
    let id = parcel.to_string().to_ascii_uppercase();
    match id.split_once('_') {
        Some((_, digits)) => digits.to_owned(),
        None => id,
    }
}

/// Records a parcel's label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelParcel {
    /// The shipment.
    pub shipment: ShipmentId,
    /// The parcel; `None` for all that have no label.
    pub parcel: Option<ParcelId>,
    /// The label.
    pub label: LabelDraft,
}

impl LabelParcel {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(shipment) = world.shipment(self.shipment)? else {
            return Err(Rejection::new(Code::NotFound, "no such shipment").into());
        };
        let mut events = Vec::new();
        for parcel in self.parcels(shipment)? {
            let label = self.label.fill(shipment, parcel.id)?;
            if parcel.tracking_number.as_ref() == Some(&label.tracking_number) {
                continue;
            }
            if parcel.state != ParcelState::Draft {
                let state = parcel.state.name();
                let detail = format!("the parcel is {state} and has another label");
                return Err(Rejection::new(Code::FulfillmentState, detail)
                    .at("/parcel")
                    .into());
            }
            events.push(Event::ParcelLabelled {
                order: shipment.order,
                shipment: shipment.id,
                parcel: parcel.id,
                label,
            });
        }
        if events.is_empty() {
            return Ok(Decided::unchanged(shipment.id));
        }
        Ok(Decided::changed(events, shipment.id))
    }

    /// The parcels that get the label: the one that is named, the only one, or all without one.
    fn parcels<'a>(&self, shipment: &'a Shipment) -> Result<Vec<&'a Parcel>, Rejection> {
        if let Some(id) = self.parcel {
            let found = shipment.parcel(id);
            let none = || Rejection::field("/parcel", "the shipment has no such parcel");
            return Ok(vec![found.ok_or_else(none)?]);
        }
        if let [only] = shipment.parcels.as_slice() {
            return Ok(vec![only]);
        }
        if self.label.tracking_number.is_some() {
            let message = "is required: the shipment has several parcels";
            return Err(Rejection::field("/parcel", message));
        }
        let drafts = (shipment.parcels.iter()).filter(|parcel| parcel.state == ParcelState::Draft);
        Ok(drafts.collect())
    }
}
