//! Shipments: what one location hands to one carrier, in parcels that are tracked on their own.

pub mod label;
pub mod track;

use serde::{Deserialize, Serialize};

use crate::id::{
    FulfillmentOrderId, LineId, LocationId, OrderId, ParcelId, PayloadId, ShipmentId, SkuId,
};
use crate::money::Money;
use crate::order::TaxTreatment;
use crate::quantity::Quantity;
use crate::record::record;
use crate::stock::{Condition, LotMark};
use crate::time::Timestamp;

pub use label::{LabelDraft, LabelParcel};
pub use track::{TrackParcel, TrackingReport};

/// Where a parcel is, as its carrier says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ParcelState {
    /// Packed, without a label.
    Draft,
    /// Has a label.
    Labelled,
    /// The label was given up.
    Voided,
    /// On the list handed to the carrier.
    Manifested,
    /// The carrier has it.
    InTransit,
    /// Delivery was tried.
    AttemptFailed,
    /// Waits at a shop or locker.
    HeldAtPoint,
    /// Something is wrong.
    Exception,
    /// On the van.
    OutForDelivery,
    /// The carrier cannot find it.
    Lost,
    /// Broken on the way.
    Damaged,
    /// The buyer has it.
    Delivered,
    /// On its way back.
    Returning,
    /// Back at the sender.
    ReturnedToSender,
}

impl ParcelState {
    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Labelled => "labelled",
            Self::Voided => "voided",
            Self::Manifested => "manifested",
            Self::InTransit => "in_transit",
            Self::AttemptFailed => "attempt_failed",
            Self::HeldAtPoint => "held_at_point",
            Self::Exception => "exception",
            Self::OutForDelivery => "out_for_delivery",
            Self::Lost => "lost",
            Self::Damaged => "damaged",
            Self::Delivered => "delivered",
            Self::Returning => "returning",
            Self::ReturnedToSender => "returned_to_sender",
        }
    }
}

/// Units told apart by lot or serial number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Units {
    /// Their lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// Their condition, where units of the lot are in several.
    #[serde(default, skip_serializing_if = "Condition::is_new")]
    pub condition: Condition,
    /// Its serial number, for a single unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// How many.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub quantity: Quantity,
}

/// Units of one order line in a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelLine {
    /// The order line.
    pub line: LineId,
    /// The SKU.
    pub sku: SkuId,
    /// How many.
    pub quantity: Quantity,
    /// Which of them, where they are told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Units>,
}

/// One labeled box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// Its id.
    pub id: ParcelId,
    /// Where it is.
    pub state: ParcelState,
    /// When the carrier says it came to be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_at: Option<Timestamp>,
    /// What is in it.
    pub lines: Vec<ParcelLine>,
    /// Gross weight in grams, where it was weighed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<i64>,
    /// The carrier's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// The account it is billed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_account: Option<String>,
    /// The stored label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<PayloadId>,
    /// What the carrier quoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_quoted: Option<Money>,
    /// What the carrier billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_billed: Option<Money>,
    /// For how much it is insured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured: Option<Money>,
    /// When the carrier first scanned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_scan_at: Option<Timestamp>,
    /// When it was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When the channel took note of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_to_channel_at: Option<Timestamp>,
    /// The carrier's proof of delivery: a name of it, never a person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_of_delivery: Option<String>,
    /// The customs declaration's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customs_reference: Option<String>,
}

/// A hand-over to one carrier from one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// How many events have touched it.
    pub version: u64,
    /// The order.
    pub order: OrderId,
    /// The work that it came from.
    pub fulfillment_order: FulfillmentOrderId,
    /// Where it leaves.
    pub location: LocationId,
    /// Who carries it.
    pub carrier: String,
    /// Which product of theirs.
    pub service: String,
    /// Its boxes.
    pub parcels: Vec<Parcel>,
    /// When it was packed.
    pub packed_at: Timestamp,
    /// When the carrier got it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// Where it left, as it counts for tax: ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_country: Option<String>,
    /// Where it goes, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_country: Option<String>,
    /// How the sale is taxed because of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment: Option<TaxTreatment>,
}
record!(Shipment, ShipmentId, Shipment);

impl Shipment {
    /// The parcel with this id.
    #[must_use]
    pub fn parcel(&self, id: ParcelId) -> Option<&Parcel> {
        self.parcels.iter().find(|parcel| parcel.id == id)
    }

    pub(crate) fn parcel_mut(&mut self, id: ParcelId) -> Option<&mut Parcel> {
        self.parcels.iter_mut().find(|parcel| parcel.id == id)
    }

    /// Units of `line` in all its parcels.
    #[must_use]
    pub fn units_of(&self, line: LineId) -> Quantity {
        (self.parcels.iter())
            .flat_map(|parcel| &parcel.lines)
            .filter(|part| part.line == line)
            .map(|part| part.quantity)
            .sum()
    }
}

impl Units {
    /// The lot that they are of, where one is named.
    #[must_use]
    pub fn mark(&self) -> Option<LotMark> {
        self.lot.as_ref().map(|name| LotMark {
            name: name.clone(),
            condition: self.condition,
            expires_on: None,
        })
    }

    /// Units of a lot.
    #[must_use]
    pub fn of_lot(mark: LotMark, quantity: Quantity) -> Self {
        Self {
            lot: Some(mark.name),
            condition: mark.condition,
            serial: None,
            quantity,
        }
    }
}
