//! Picked units go into parcels: the shipment begins here.

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::fulfillment::FulfillmentOrder;
use crate::fulfillment::FulfillmentState as State;
use crate::fulfillment::step::{ReportedUnits, find, line_of, must_be, must_be_free};
use crate::id::FulfillmentOrderId;
use crate::order::{Order, Stage};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::shipment::{Parcel, ParcelLine, ParcelState, Shipment};
use crate::world::World;

/// The carrier whose labels Ordo makes itself.
pub const HOUSE_CARRIER: &str = "house";

/// One box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParcelDraft {
    /// What goes in; empty for all that was picked, where it is the only box.
    pub lines: Vec<ReportedUnits>,
    /// Gross weight in grams, where it was weighed.
    pub weight_g: Option<i64>,
}

/// Picked units go into boxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackUnits {
    /// Which work.
    pub fulfillment_order: FulfillmentOrderId,
    /// The boxes; empty for one with everything.
    pub parcels: Vec<ParcelDraft>,
    /// Who will carry it; where absent whoever it was planned with, else the house courier.
    pub carrier: Option<String>,
    /// Which product of theirs; where absent the planned one of the same carrier, else the buyer's
    /// choice.
    pub service: Option<String>,
}

impl PackUnits {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let (work, order) = find(world, self.fulfillment_order)?;
        must_be(work, &[State::Picked])?;
        must_be_free(world, work, order, Stage::Pack, ctx.now)?;
        let mut parcels = Vec::new();
        match self.parcels.as_slice() {
            [] => parcels.push(everything(work, None, ctx)),
            [only] if only.lines.is_empty() => parcels.push(everything(work, only.weight_g, ctx)),
            drafts => {
                for (index, draft) in drafts.iter().enumerate() {
                    let place = format!("/parcels/{index}");
                    let next = parcel(work, order, &parcels, draft, &place, ctx)?;
                    parcels.push(next);
                }
            }
        }
        let location = world.reference().location(work.location);
        let named = self.carrier.as_deref();
        let planned = (work.carriage.as_ref())
            .filter(|planned| named.is_none_or(|carrier| carrier == planned.carrier));
        let shipment = Shipment {
            id: ctx.ids.make(),
            version: 0,
            order: order.id,
            fulfillment_order: work.id,
            location: work.location,
            carrier: (self.carrier.clone())
                .or_else(|| planned.map(|planned| planned.carrier.clone()))
                .unwrap_or_else(|| HOUSE_CARRIER.to_owned()),
            service: (self.service.clone())
                .or_else(|| planned.map(|planned| planned.service.clone()))
                .or_else(|| order.shipping.service.clone())
                .unwrap_or_else(|| "standard".to_owned()),
            parcels,
            packed_at: ctx.now,
            shipped_at: None,
            from_country: location.map(|location| location.place.country.clone()),
            to_country: order.ship_to.as_ref().map(|to| to.place.country.clone()),
            treatment: (order.lines.iter())
                .find(|line| work.lines.iter().any(|part| part.line == line.id))
                .and_then(|line| line.taxes.first())
                .map(|tax| tax.treatment),
        };
        for line in &work.lines {
            let packed = shipment.units_of(line.line);
            if packed != line.picked {
                let message = format!("{} were picked and {packed} are in parcels", line.picked);
                return Err(Rejection::field("/parcels", message).into());
            }
        }
        Ok(Decided::changed(vec![Event::UnitsPacked { shipment }], work.id).settling(order.id))
    }
}

fn everything(work: &FulfillmentOrder, weight_g: Option<i64>, ctx: &mut Context) -> Parcel {
    let lines = (work.lines.iter())
        .filter(|line| line.picked > Quantity::ZERO)
        .map(|line| ParcelLine {
            line: line.line,
            sku: line.sku,
            quantity: line.picked,
            units: line.units.clone(),
        })
        .collect();
    empty(lines, weight_g, ctx)
}

/// The parcel that `draft` says, after those that were filled `before`.
fn parcel(
    work: &FulfillmentOrder,
    order: &Order,
    before: &[Parcel],
    draft: &ParcelDraft,
    place: &str,
    ctx: &mut Context,
) -> Result<Parcel, Refusal> {
    let mut lines: Vec<ParcelLine> = Vec::with_capacity(draft.lines.len());
    for (index, reported) in draft.lines.iter().enumerate() {
        let place = format!("{place}/lines/{index}");
        let line = line_of(work, order, reported, &place)?;
        let packed: Quantity = (before.iter().flat_map(|parcel| &parcel.lines))
            .chain(&lines)
            .filter(|part| part.line == line.line)
            .map(|part| part.quantity)
            .sum();
        if packed + reported.quantity > line.picked {
            let detail = format!("{} of the picked ones are left", line.picked - packed);
            return Err(Rejection::new(Code::QuantityExceeded, detail)
                .at(format!("{place}/quantity"))
                .into());
        }
        lines.push(ParcelLine {
            line: line.line,
            sku: line.sku,
            quantity: reported.quantity,
            units: reported.units.clone(),
        });
    }
    if lines.is_empty() {
        return Err(Rejection::field(place, "the parcel is empty").into());
    }
    Ok(empty(lines, draft.weight_g, ctx))
}

fn empty(lines: Vec<ParcelLine>, weight_g: Option<i64>, ctx: &mut Context) -> Parcel {
    Parcel {
        id: ctx.ids.make(),
        state: ParcelState::Draft,
        state_at: None,
        lines,
        weight_g,
        tracking_number: None,
        carrier_account: None,
        label: None,
        cost_quoted: None,
        cost_billed: None,
        insured: None,
        first_scan_at: None,
        delivered_at: None,
        confirmed_to_channel_at: None,
        proof_of_delivery: None,
        customs_reference: None,
    }
}
