//! What every step of a fulfillment order asks first: does it exist, may it move, is it held.

use std::sync::Arc;

use crate::decide::Refusal;
use crate::fulfillment::{FulfillmentLine, FulfillmentOrder, FulfillmentState};
use crate::id::{FulfillmentOrderId, SkuId};
use crate::network::{Block, BlockStage};
use crate::order::{Line, LineRef, Order, Stage};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::time::Timestamp;
use crate::world::World;

/// Units of one line, as a location reports them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedUnits {
    /// The order line.
    pub line: LineRef,
    /// How many.
    pub quantity: Quantity,
    /// Which of them, where they are told apart.
    pub units: Vec<crate::shipment::Units>,
}

/// The fulfillment order and its order.
pub(crate) fn find(
    world: &World,
    id: FulfillmentOrderId,
) -> Result<(&Arc<FulfillmentOrder>, &Arc<Order>), Refusal> {
    let Some(work) = world.fulfillment_order(id)? else {
        return Err(Rejection::new(Code::NotFound, "no such fulfillment order").into());
    };
    let Some(order) = world.order(work.order)? else {
        return Err(Rejection::new(Code::NotFound, "the order was erased").into());
    };
    Ok((work, order))
}

/// The SKUs whose stock the work is done from.
pub(super) fn stocked(work: &FulfillmentOrder) -> impl Iterator<Item = SkuId> + Clone {
    (work.lines.iter())
        .filter(|line| line.from_stock)
        .map(|line| line.sku)
}

/// Refuses unless the state is one of `from`.
pub(super) fn must_be(work: &FulfillmentOrder, from: &[FulfillmentState]) -> Result<(), Refusal> {
    if from.contains(&work.state) {
        return Ok(());
    }
    let detail = format!("the fulfillment order is {}", work.state.name());
    Err(Rejection::new(Code::FulfillmentState, detail)
        .at("/id")
        .into())
}

/// Refuses where a hold on the order or one of the lines, or a block, stops the step.
pub(super) fn must_be_free(
    world: &World,
    work: &FulfillmentOrder,
    order: &Order,
    stage: Stage,
    now: Timestamp,
) -> Result<(), Refusal> {
    let line_held = |line: &FulfillmentLine| order.is_held(stage, Some(line.line));
    let about_this = order
        .holds
        .iter()
        .filter(|hold| hold.fulfillment_order.is_none_or(|id| id == work.id));
    if about_this.count() > 0 && (order.is_held(stage, None) || work.lines.iter().any(line_held)) {
        let kinds: Vec<&str> = (order.holds.iter())
            .filter(|hold| hold.blocks.contains(&stage))
            .map(|hold| hold.kind.name())
            .collect();
        let detail = format!("the order is held: {}", kinds.join(", "));
        return Err(Rejection::new(Code::HeldAtStage, detail).at("/id").into());
    }
    let block = match stage {
        Stage::Release => Some(BlockStage::Release),
        Stage::Pick => Some(BlockStage::Pick),
        Stage::Ship => Some(BlockStage::Ship),
        Stage::Source | Stage::Pack | Stage::Capture | Stage::Refund => None,
    };
    let Some(block) = block else { return Ok(()) };
    let reference = world.reference();
    for line in &work.lines {
        if reference.is_blocked(work.cell(line), block, now) {
            let detail = "a block on the SKU or location stops this step";
            return Err(Rejection::new(Code::HeldAtStage, detail).at("/id").into());
        }
        let listing = order.line(line.line).and_then(|line| line.listing_id);
        if let Some(block) = reference.block_of_line(line.sku, listing, block, now) {
            return Err(stopped(block));
        }
        for lot in line.units.iter().filter_map(|units| units.lot.as_ref()) {
            if let Some(block) = reference.block_of_lot(line.sku, lot, block, now) {
                return Err(stopped(block));
            }
        }
    }
    Ok(())
}

/// A block stops the step.
pub(super) fn stopped(block: &Block) -> Refusal {
    let detail = format!("a block stops this step: {}", block.reason);
    Rejection::new(Code::HeldAtStage, detail).at("/id").into()
}

/// The line of the work that `reported` is about; `place` is where it stands in the input.
pub(super) fn line_of<'a>(
    work: &'a FulfillmentOrder,
    order: &Order,
    reported: &ReportedUnits,
    place: &str,
) -> Result<&'a FulfillmentLine, Refusal> {
    let part = |id| work.lines.iter().find(move |part| part.line == id);
    let field = format!("{place}/line");
    let is_there = |line: &Line| part(line.id).is_some();
    let line = reported.line.find(order, is_there, &field)?;
    part(line.id).ok_or_else(|| Rejection::field(field, "there is no such line").into())
}
