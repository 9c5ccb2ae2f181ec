//! Goods of a return arrive, at whatever location, and each unit gets its disposition.

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{LineId, ReturnId, ReturnLineId};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::returns::request::{find, find_location, wrong_state};
use crate::returns::{Disposition, ReceivedUnits, ReturnLine};
use crate::shipment::Units;
use crate::stock::{CellKey, LotMark, Movement, MovementKind};
use crate::world::World;

/// Units that arrived; the line is named by its own id or by the order line's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedDraft {
    /// The return's line.
    pub return_line: Option<ReturnLineId>,
    /// Or the order line.
    pub line: Option<LineId>,
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
    /// Where, by the location's code; where it was expected if absent.
    pub location: Option<String>,
    /// What; empty for all that is left, to be restocked.
    pub lines: Vec<ReceivedDraft>,
}

impl ReceiveReturn {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let found = find(world, self.id)?;
        if !found.state.may_bring_goods() {
            return Err(wrong_state(found));
        }
        world.order(found.order)?;
        let location = find_location(world, self.location.as_deref())?.or(found.expected_at);
        let Some(location) = location else {
            return Err(Rejection::field("/location", "is required").into());
        };
        world.want_cells(found.lines.iter().filter_map(|line| line.sku))?;
        let all: Vec<ReceivedDraft>;
        let drafts = if self.lines.is_empty() {
            all = found.lines.iter().filter_map(everything_left).collect();
            &all
        } else {
            &self.lines
        };
        let mut received: Vec<ReceivedUnits> = Vec::with_capacity(drafts.len());
        let mut movements = Vec::new();
        for (index, draft) in drafts.iter().enumerate() {
            let Some(line) = found
                .lines
                .iter()
                .find(|line| draft.return_line == Some(line.id) || draft.line == Some(line.line))
            else {
                let field = format!("/lines/{index}");
                return Err(Rejection::field(field, "the return has no such line").into());
            };
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
                movements.extend(arriving(CellKey::own(sku, location), draft, has_lots));
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
}

fn everything_left(line: &ReturnLine) -> Option<ReceivedDraft> {
    let quantity = line.requested - line.received;
    (quantity > Quantity::ZERO).then_some(ReceivedDraft {
        return_line: Some(line.id),
        line: None,
        quantity,
        disposition: Disposition::Restock,
        units: Vec::new(),
    })
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
