//! Holds: named reasons that stop an order, many at once, each stopping named steps.

use serde::{Deserialize, Serialize};

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{FulfillmentOrderId, HoldId, LineId, OrderId};
use crate::order::OrderLife;
use crate::rejection::{Code, Rejection};
use crate::time::Timestamp;
use crate::world::World;

/// A step that a hold can stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Choosing locations and taking stock.
    Source,
    /// Handing work to a location.
    Release,
    /// Picking.
    Pick,
    /// Packing.
    Pack,
    /// Handing to a carrier.
    Ship,
    /// Charging the buyer.
    Capture,
    /// Paying back.
    Refund,
}

/// Why an order is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HoldKind {
    /// Prepaid, and the money is not there.
    Unpaid,
    /// A parcel could not be sent to this address.
    AddressIncomplete,
    /// A line's code is not known.
    UnmappedSku,
    /// The channel's total is not the sum of the lines.
    TotalMismatch,
    /// The same basket from the same buyer within a day.
    DuplicateSuspected,
    /// Too many points on the fraud scale.
    FraudReview,
    /// A card number stood in a text and was masked.
    CardNumberInText,
    /// More units than any location has, and the SKU is not backordered.
    Oversold,
    /// Too many locations refused it, or a sourcing rule wants a person to look.
    NoLocation,
    /// No location may ship it now; it is tried again when stock comes, and after a time.
    Queued,
    /// The channel says something that can no longer be done.
    ChannelConflict,
    /// A person wants it so.
    Manual,
}

impl HoldKind {
    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::AddressIncomplete => "address_incomplete",
            Self::UnmappedSku => "unmapped_sku",
            Self::TotalMismatch => "total_mismatch",
            Self::DuplicateSuspected => "duplicate_suspected",
            Self::FraudReview => "fraud_review",
            Self::CardNumberInText => "card_number_in_text",
            Self::Oversold => "oversold",
            Self::NoLocation => "no_location",
            Self::Queued => "queued",
            Self::ChannelConflict => "channel_conflict",
            Self::Manual => "manual",
        }
    }

    /// The steps that a hold of this kind stops unless it says otherwise.
    #[must_use]
    pub fn default_blocks(self) -> Vec<Stage> {
        match self {
            Self::AddressIncomplete | Self::UnmappedSku | Self::Oversold | Self::NoLocation => {
                vec![Stage::Source, Stage::Release, Stage::Ship]
            }
            Self::Queued => vec![Stage::Source],
            Self::Unpaid
            | Self::TotalMismatch
            | Self::DuplicateSuspected
            | Self::FraudReview
            | Self::CardNumberInText
            | Self::ChannelConflict => vec![Stage::Release, Stage::Pick, Stage::Pack, Stage::Ship],
            Self::Manual => {
                vec![
                    Stage::Source,
                    Stage::Release,
                    Stage::Pick,
                    Stage::Pack,
                    Stage::Ship,
                ]
            }
        }
    }
}

/// Who placed a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HoldSource {
    /// Validation or sourcing.
    Rule,
    /// A person or their program.
    Person,
}

/// A named reason that stops an order, a line or a fulfillment order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// Why.
    pub kind: HoldKind,
    /// The line that it is about; `None` for the whole order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineId>,
    /// The fulfillment order that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfillment_order: Option<FulfillmentOrderId>,
    /// The steps that it stops.
    pub blocks: Vec<Stage>,
    /// Words about this occurrence; no person's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who placed it.
    pub source: HoldSource,
    /// When.
    pub placed_at: Timestamp,
    /// When it releases itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_release_at: Option<Timestamp>,
}

/// Places a hold by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceHold {
    /// Which order.
    pub order: OrderId,
    /// Why.
    pub kind: HoldKind,
    /// The line that it is about; `None` for the whole order.
    pub line: Option<LineId>,
    /// The steps that it stops; empty for those usual for the kind.
    pub blocks: Vec<Stage>,
    /// Words about it.
    pub reason: Option<String>,
}

impl PlaceHold {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(order) = world.order(self.order)? else {
            return Err(Rejection::new(Code::NotFound, "no such order").into());
        };
        if order.life != OrderLife::Open {
            let detail = format!("the order is {}", order.life.name());
            return Err(Rejection::new(Code::OrderState, detail).into());
        }
        if self.line.is_some_and(|line| order.line(line).is_none()) {
            return Err(Rejection::field("/line", "the order has no such line").into());
        }
        let blocks = if self.blocks.is_empty() {
            self.kind.default_blocks()
        } else {
            self.blocks.clone()
        };
        let hold = Hold {
            id: ctx.ids.make(),
            kind: self.kind,
            line: self.line,
            fulfillment_order: None,
            blocks,
            reason: self.reason.clone(),
            source: HoldSource::Person,
            placed_at: ctx.now,
            auto_release_at: None,
        };
        Ok(Decided::changed(
            vec![Event::HoldPlaced {
                order: order.id,
                hold,
            }],
            order.id,
        ))
    }
}

/// Releases a hold. Releasing one that is not there is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseHold {
    /// Which order.
    pub order: OrderId,
    /// Which hold.
    pub hold: HoldId,
}

impl ReleaseHold {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(order) = world.order(self.order)? else {
            return Err(Rejection::new(Code::NotFound, "no such order").into());
        };
        if order.hold(self.hold).is_none() {
            return Err(Rejection::new(Code::HoldNotFound, "the order has no such hold").into());
        }
        let released = Event::HoldReleased {
            order: order.id,
            hold: self.hold,
            by_person: true,
        };
        Ok(Decided::changed(vec![released], order.id))
    }
}
