//! Goods of a return arrive, at whatever location, and each unit gets its disposition.

use crate::catalog::StockPolicy;
use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{LocationId, ReturnId, ReturnLineId, SkuId};
use crate::order::{LineRef, Order};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::returns::request::{find, find_location, wrong_state};
use crate::returns::{Disposition, ReceivedUnits, Return, ReturnLine};
use crate::shipment::Units;
use crate::stock::lot::want_lots;
use crate::stock::{CellKey, LotMark, Movement, MovementKind};
use crate::world::World;

/// Units that arrived; the line is named by its own id or by the order line's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedDraft {
    /// The return's line.
    pub return_line: Option<ReturnLineId>,
    /// Or the order line.
    pub line: Option<LineRef>,
    /// How many.
    pub quantity: Quantity,
    /// What becomes of them.
    pub disposition: Disposition,
    /// Which of them, where they are told apart.
    pub units: Vec<Units>,
}

/// Goods arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiveReturn {
    /// Which return.
    pub id: ReturnId,
    /// Where, by the location's code; if absent where it was expected, else where it was sent from.
    pub location: Option<String>,
    /// What; empty for all that is left.
    pub lines: Vec<ReceivedDraft>,
    /// What becomes of units that are not named.
    pub disposition: Disposition,
}

impl ReceiveReturn {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let found = find(world, self.id)?;
        if !found.state.may_bring_goods() {
            return Err(wrong_state(found));
        }
        let Some(order) = world.order(found.order)? else {
            return Err(Rejection::new(Code::NotFound, "the order was erased").into());
        };
        let location = find_location(world, self.location.as_deref())?.or(found.expected_at);
        let location = match location {
            Some(location) => location,
            None => sent_from(world, order, found)?,
        };
        world.want_cells(found.lines.iter().filter_map(|line| line.sku))?;
        want_lots(world, found.lines.iter().filter_map(|line| line.sku))?;
        let all: Vec<ReceivedDraft>;
        let drafts = if self.lines.is_empty() {
            all = found
                .lines
                .iter()
                .filter_map(|line| self.everything_left(line))
                .collect();
            &all
        } else {
            &self.lines
        };
        let mut received: Vec<ReceivedUnits> = Vec::with_capacity(drafts.len());
        let mut movements = Vec::new();
        for (index, draft) in drafts.iter().enumerate() {
            let line = line_of(found, order, draft, &format!("/lines/{index}/line"))?;
            let before: Quantity = (received.iter())
                .filter(|units| units.return_line == line.id)
                .map(|units| units.quantity)
                .sum();
            let left = line.requested - line.received - before;
            if draft.quantity > left {
                let detail = format!("{left} are expected");
                let field = format!("/lines/{index}/quantity");
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at(field)
                    .into());
            }
            received.push(ReceivedUnits {
                return_line: line.id,
                line: line.line,
                location,
                quantity: draft.quantity,
                disposition: draft.disposition,
                units: draft.units.clone(),
            });
            if let Some(sku) = line.sku {
                let has_lots = world.sku(sku)?.is_some_and(|sku| sku.has_lots());
                if is_counted(world, sku)? {
                    movements.extend(arriving(CellKey::own(sku, location), draft, has_lots));
                }
            }
        }
        let event = Event::ReturnReceived {
            order: found.order,
            received: found.id,
            lines: received,
            movements,
        };
        Ok(Decided::changed(vec![event], found.id).settling(found.order))
    }

    fn everything_left(&self, line: &ReturnLine) -> Option<ReceivedDraft> {
        let quantity = line.requested - line.received;
        (quantity > Quantity::ZERO).then_some(ReceivedDraft {
            return_line: Some(line.id),
            line: None,
            quantity,
            disposition: self.disposition,
            units: Vec::new(),
        })
    }
}

/// The line of the return that `draft` is about.
fn line_of<'a>(
    found: &'a Return,
    order: &Order,
    draft: &ReceivedDraft,
    field: &str,
) -> Result<&'a ReturnLine, Refusal> {
    let part = |id| found.lines.iter().find(move |part| part.line == id);
    let line = match (draft.return_line, &draft.line) {
        (Some(id), _) => found.lines.iter().find(|line| line.id == id),
        (None, Some(named)) => {
            let line = named.find(order, |line| part(line.id).is_some(), field)?;
            part(line.id)
        }
        (None, None) => None,
    };
    line.ok_or_else(|| Rejection::field(field, "the return has no such line").into())
}

/// The location that sent the goods, where it was one and the same.
fn sent_from(world: &World, order: &Order, found: &Return) -> Result<LocationId, Refusal> {
    world.want_fulfillment_orders(&order.fulfillment_orders)?;
    let mut from: Vec<LocationId> = Vec::new();
    for id in &order.fulfillment_orders {
        let Some(work) = world.fulfillment_order(*id)? else {
            continue;
        };
        let sent = (work.lines.iter())
            .any(|part| part.shipped > Quantity::ZERO && found.brings(part.line));
        if sent && !from.contains(&work.location) {
            from.push(work.location);
        }
    }
    match from.as_slice() {
        [only] => Ok(*only),
        _ => {
            let message = "is required: the goods were not sent from one location of ours";
            Err(Rejection::field("/location", message).into())
        }
    }
}

/// Whether stock is kept of the SKU.
fn is_counted(world: &World, sku: SkuId) -> Result<bool, Refusal> {
    let sku = world.sku(sku)?;
    Ok(sku.is_some_and(|sku| sku.stock_policy != StockPolicy::Untracked))
}

/// What enters the books of the location, a movement for each lot that is named; scrapped goods never
/// do.
fn arriving(cell: CellKey, draft: &ReceivedDraft, has_lots: bool) -> Vec<Movement> {
    let movement = |quantity: Quantity, lot: Option<LotMark>| {
        let (on_hand, quarantined) = match draft.disposition {
            Disposition::Restock => (quantity, Quantity::ZERO),
            Disposition::Quarantine => (Quantity::ZERO, quantity),
            Disposition::Scrap => return None,
        };
        Some(Movement {
            kind: MovementKind::Receive,
            cell,
            on_hand,
            quarantined,
            safety: Quantity::ZERO,
            lot,
            reason: Some("return".to_owned()),
        })
    };
    let mut left = draft.quantity;
    let mut movements = Vec::new();
    for units in draft.units.iter().filter(|_| has_lots) {
        if let Some(mark) = units.mark() {
            let quantity = units.quantity.min(left);
            left -= quantity;
            movements.extend(movement(quantity, Some(mark)));
        }
    }
    if left > Quantity::ZERO {
        movements.extend(movement(left, None));
    }
    movements
}
