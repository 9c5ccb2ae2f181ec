//! Movements of physical stock, and of what of it is kept back: facts, never refused for lack of
//! headroom.

use serde::{Deserialize, Serialize};

use crate::catalog::Sku;
use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::stock::{Cell, CellKey, Lot, LotKey, LotMark};
use crate::world::World;

/// Why physical stock changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// Goods came in.
    Receive,
    /// A correction by a signed difference.
    Adjust,
    /// Somebody counted; the quantity is what was found.
    Count,
    /// Left for another location of the organization.
    TransferOut,
    /// Came from another location of the organization.
    TransferIn,
    /// Sellable units became unsellable for now.
    Quarantine,
    /// Quarantined units became sellable again.
    Unquarantine,
    /// Sellable units were thrown away.
    Dispose,
    /// Handed to a carrier.
    Ship,
    /// Nothing moved: from now on so many units are never offered. The quantity is the new level.
    Safety,
}

/// One line of the stock ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Why.
    pub kind: MovementKind,
    /// Which cell.
    #[serde(flatten)]
    pub cell: CellKey,
    /// The signed change of on hand.
    pub on_hand: Quantity,
    /// The signed change of quarantined.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub quarantined: Quantity,
    /// The signed change of what is never offered.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub safety: Quantity,
    /// The lot, where units are told apart by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotMark>,
    /// Words of the person or program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Movement {
    /// The lines of the ledger that an event carries.
    #[must_use]
    pub fn of(event: &Event) -> &[Self] {
        match event {
            Event::StockMoved { movements }
            | Event::FulfillmentOrderShipped { movements, .. }
            | Event::ReturnReceived { movements, .. } => movements,
            Event::OrganizationFounded { .. }
            | Event::ApiKeyCreated { .. }
            | Event::ApiKeyRevoked { .. }
            | Event::ChannelCreated { .. }
            | Event::LocationCreated { .. }
            | Event::ChannelUpdated { .. }
            | Event::LocationUpdated { .. }
            | Event::LegalEntityCreated { .. }
            | Event::LegalEntityUpdated { .. }
            | Event::PoolCreated { .. }
            | Event::PoolUpdated { .. }
            | Event::BlockPlaced { .. }
            | Event::BlockLifted { .. }
            | Event::SkuCreated { .. }
            | Event::SkuUpdated { .. }
            | Event::ListingCreated { .. }
            | Event::ListingUpdated { .. }
            | Event::WebhookCreated { .. }
            | Event::WebhookUpdated { .. }
            | Event::RateTableCreated { .. }
            | Event::RateTableUpdated { .. }
            | Event::SourcingSettingsUpdated { .. }
            | Event::PriceBookRenewed { .. }
            | Event::RuleSetCreated { .. }
            | Event::RuleSetUpdated { .. }
            | Event::RulesDrafted { .. }
            | Event::RulesPublished { .. }
            | Event::RulesRetired { .. }
            | Event::RulesShadowed { .. }
            | Event::ReservationMade { .. }
            | Event::ReservationReleased { .. }
            | Event::ReservationExpired { .. }
            | Event::ReservationConsumed { .. }
            | Event::OrderPlaced { .. }
            | Event::OrderMerged { .. }
            | Event::OrderConfirmed { .. }
            | Event::HoldPlaced { .. }
            | Event::HoldReleased { .. }
            | Event::LinesBackordered { .. }
            | Event::BackorderLifted { .. }
            | Event::SourcingDeferred { .. }
            | Event::SourcingResumed { .. }
            | Event::WorkMoved { .. }
            | Event::WorkPinned { .. }
            | Event::FulfillmentOrderOpened { .. }
            | Event::FulfillmentOrderCanceled { .. }
            | Event::FulfillmentOrderReleased { .. }
            | Event::FulfillmentOrderAccepted { .. }
            | Event::FulfillmentOrderRejected { .. }
            | Event::UnitsPicked { .. }
            | Event::UnitsShorted { .. }
            | Event::UnitsPacked { .. }
            | Event::ParcelLabelled { .. }
            | Event::ParcelTracked { .. }
            | Event::CancelRequested { .. }
            | Event::CancelRefused { .. }
            | Event::ReturnRequested { .. }
            | Event::ReturnApproved { .. }
            | Event::ReturnDeclined { .. }
            | Event::RefundRecorded { .. }
            | Event::LinesCanceled { .. }
            | Event::OrderCanceled { .. }
            | Event::OrderClosed { .. }
            | Event::CustomerRecorded { .. }
            | Event::PersonErased { .. } => &[],
        }
    }
}

/// Records a movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveStock {
    /// Why; `Ship` is not accepted, goods leave through fulfillment orders.
    pub kind: MovementKind,
    /// The SKU's code.
    pub sku: String,
    /// The location's code.
    pub location: String,
    /// Units; signed for `Adjust`, what was found for `Count`, the level for `Safety`.
    pub quantity: Quantity,
    /// The lot, where units are told apart by it.
    pub lot: Option<LotMark>,
    /// Words of the person or program.
    pub reason: Option<String>,
}

impl MoveStock {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(sku) = world.sku_by_code(&self.sku)? else {
            let detail = format!("no SKU has the code {}", self.sku);
            return Err(Rejection::new(Code::InvalidInput, detail).at("/sku").into());
        };
        let Some(location) = world.reference().location_by_code(&self.location) else {
            let detail = format!("no location has the code {}", self.location);
            return Err(Rejection::new(Code::InvalidInput, detail)
                .at("/location")
                .into());
        };
        let cell = CellKey::own(sku.id, location.id);
        let mut now = world.cell(cell)?;
        if self.kind == MovementKind::Safety && self.lot.is_some() {
            let message = "must be absent: safety stock is kept of all lots together";
            return Err(Rejection::field("/lot", message).into());
        }
        if let Some(lot) = self.lot_there(world, sku, cell, now)? {
            // A count is of the lot, and what of it is there.
            now.on_hand = lot.on_hand;
            now.quarantined = lot.quarantined;
        }
        if self.kind == MovementKind::Unquarantine && self.quantity > now.quarantined {
            let detail = format!("{} are in quarantine", now.quarantined);
            return Err(Rejection::new(Code::QuantityExceeded, detail)
                .at("/quantity")
                .into());
        }
        let (on_hand, quarantined) = match self.kind {
            MovementKind::Receive | MovementKind::TransferIn => (self.quantity, Quantity::ZERO),
            MovementKind::Adjust => (self.quantity, Quantity::ZERO),
            MovementKind::Count => (self.quantity - now.on_hand, Quantity::ZERO),
            MovementKind::TransferOut | MovementKind::Dispose => (-self.quantity, Quantity::ZERO),
            MovementKind::Quarantine => (-self.quantity, self.quantity),
            MovementKind::Unquarantine => (self.quantity, -self.quantity),
            MovementKind::Safety => (Quantity::ZERO, Quantity::ZERO),
            MovementKind::Ship => {
                let message = "goods leave through fulfillment orders";
                return Err(Rejection::field("/kind", message).into());
            }
        };
        let movement = Movement {
            kind: self.kind,
            cell,
            on_hand,
            quarantined,
            safety: match self.kind {
                MovementKind::Safety => self.quantity - now.safety,
                _ => Quantity::ZERO,
            },
            lot: self.lot.clone(),
            reason: self.reason.clone(),
        };
        Ok(Decided::done(vec![Event::StockMoved {
            movements: vec![movement],
        }]))
    }

    /// The split that the movement is of, where there is one. A SKU with lots needs one named, except
    /// for units that came in before it had lots.
    fn lot_there(
        &self,
        world: &World,
        sku: &Sku,
        cell: CellKey,
        now: Cell,
    ) -> Result<Option<Lot>, Refusal> {
        let refuse = |message| Err(Rejection::field("/lot", message).into());
        let Some(mark) = &self.lot else {
            if !sku.has_lots() || self.kind == MovementKind::Safety {
                return Ok(None);
            }
            let lots = world.lots_of(sku.id)?.filter(|(key, _)| key.cell == cell);
            let (on_hand, quarantined) = lots.fold(
                (now.on_hand, now.quarantined),
                |(on_hand, quarantined), (_, lot)| {
                    (on_hand - lot.on_hand, quarantined - lot.quarantined)
                },
            );
            let covered = match self.kind {
                MovementKind::TransferOut | MovementKind::Dispose | MovementKind::Quarantine => {
                    self.quantity <= on_hand
                }
                MovementKind::Unquarantine => self.quantity <= quarantined,
                MovementKind::Receive
                | MovementKind::Adjust
                | MovementKind::Count
                | MovementKind::TransferIn
                | MovementKind::Safety
                | MovementKind::Ship => false,
            };
            if covered {
                return Ok(None);
            }
            return refuse("is required: the SKU is tracked by lot");
        };
        if !sku.has_lots() {
            return refuse("must be absent: the SKU is not tracked by lot");
        }
        let key = LotKey::of(cell, mark);
        let found = world.lots_of(sku.id)?.find(|(known, _)| **known == key);
        Ok(Some(found.map(|(_, lot)| lot).unwrap_or_default()))
    }
}
