//! Asks for a return, and answers the asking.

use crate::decide::{Context, Decided, Refusal};
use crate::event::{Cause, Event};
use crate::id::{LocationId, OrderId, ReturnId};
use crate::order::{Line, LineRef, Order};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::returns::{Return, ReturnLine, ReturnState};
use crate::world::World;

/// Units of one line that are to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnLineDraft {
    /// The order line, or the parent of a bundle's.
    pub line: LineRef,
    /// How many.
    pub quantity: Quantity,
    /// Why.
    pub cause: Cause,
}

/// Asks for a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestReturn {
    /// Which order.
    pub order: OrderId,
    /// What is to come back; empty for all that may.
    pub lines: Vec<ReturnLineDraft>,
    /// Why, for lines that are not named.
    pub cause: Cause,
    /// Where it is expected, by the location's code.
    pub location: Option<String>,
}

impl RequestReturn {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(order) = world.order(self.order)? else {
            return Err(Rejection::new(Code::NotFound, "no such order").into());
        };
        let open = open_returns(world, order)?;
        let drafts = if self.lines.is_empty() {
            let everything = self.everything(order, &open);
            if everything.is_empty() {
                let detail = "nothing of the order can be returned";
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at("/lines")
                    .into());
            }
            everything.into_iter().enumerate().collect()
        } else {
            self.expanded(order)?
        };
        let mut lines: Vec<ReturnLine> = Vec::with_capacity(drafts.len());
        for (index, draft) in drafts {
            let field = format!("/lines/{index}/line");
            let line = draft.line.find(order, |_| true, &field)?;
            if line.final_sale {
                let field = format!("/lines/{index}/line");
                return Err(Rejection::field(field, "the line was sold without return").into());
            }
            let before: Quantity = (lines.iter())
                .filter(|part| part.line == line.id)
                .map(|part| part.requested)
                .sum();
            let left = returnable(line) - coming(&open, line) - before;
            if draft.quantity > left {
                let detail = format!("{left} can be returned");
                let field = format!("/lines/{index}/quantity");
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at(field)
                    .into());
            }
            lines.push(ReturnLine {
                id: ctx.ids.make(),
                line: line.id,
                sku: line.sku,
                requested: draft.quantity,
                received: Quantity::ZERO,
                cause: draft.cause.clone(),
            });
        }
        let expected_at = find_location(world, self.location.as_deref())?;
        let requested = Return {
            id: ctx.ids.make(),
            version: 0,
            order: order.id,
            state: ReturnState::Requested,
            lines,
            expected_at,
            requested_at: ctx.now,
        };
        let id = requested.id;
        Ok(Decided::created(vec![Event::ReturnRequested { requested }], id).settling(order.id))
    }

    /// All that left, may be returned, and is not on its way back already.
    fn everything(&self, order: &Order, open: &[&Return]) -> Vec<ReturnLineDraft> {
        (order.lines.iter())
            .filter(|line| !line.final_sale)
            .map(|line| (line.id, returnable(line) - coming(open, line)))
            .filter(|(_, quantity)| *quantity > Quantity::ZERO)
            .map(|(line, quantity)| ReturnLineDraft {
                line: line.into(),
                quantity,
                cause: self.cause.clone(),
            })
            .collect()
    }
}

/// Units of `line` that open returns may still bring.
fn coming(open: &[&Return], line: &Line) -> Quantity {
    (open.iter().flat_map(|found| &found.lines))
        .filter(|part| part.line == line.id)
        .map(|part| part.requested - part.received)
        .sum()
}

impl RequestReturn {
    /// The lines asked for with their places in the input; a bundle as its components.
    fn expanded(
        &self,
        order: &crate::order::Order,
    ) -> Result<Vec<(usize, ReturnLineDraft)>, Refusal> {
        let mut drafts = Vec::with_capacity(self.lines.len());
        for (index, draft) in self.lines.iter().enumerate() {
            let field = format!("/lines/{index}/line");
            let named = draft.line.units(order, draft.quantity, |_| true, &field)?;
            drafts.extend(named.into_iter().map(|units| {
                let draft = ReturnLineDraft {
                    line: units.line.into(),
                    quantity: units.quantity,
                    cause: draft.cause.clone(),
                };
                (index, draft)
            }));
        }
        Ok(drafts)
    }
}

/// Units of `line` that left and have not come back.
fn returnable(line: &Line) -> Quantity {
    line.shipped + line.shipped_elsewhere - line.received
}

/// Returns of the order that may still bring goods.
fn open_returns<'a>(world: &'a World, order: &Order) -> Result<Vec<&'a Return>, Refusal> {
    world.want_returns(&order.returns)?;
    let mut open = Vec::new();
    for id in &order.returns {
        match world.return_of(*id)? {
            Some(found) if found.state.may_bring_goods() => open.push(&**found),
            Some(_) | None => {}
        }
    }
    Ok(open)
}

impl ReturnState {
    /// Whether goods may still arrive.
    #[must_use]
    pub const fn may_bring_goods(self) -> bool {
        match self {
            Self::Requested | Self::Approved | Self::PartlyReceived => true,
            Self::Declined | Self::Received => false,
        }
    }
}

pub(super) fn find_location(
    world: &World,
    code: Option<&str>,
) -> Result<Option<LocationId>, Refusal> {
    let Some(code) = code else { return Ok(None) };
    match world.reference().location_by_code(code) {
        Some(location) => Ok(Some(location.id)),
        None => {
            let message = format!("no location has the code {code}");
            Err(Rejection::field("/location", message).into())
        }
    }
}

/// Allows a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApproveReturn {
    /// Which.
    pub id: ReturnId,
}

impl ApproveReturn {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let found = find(world, self.id)?;
        match found.state {
            ReturnState::Requested => Ok(Decided::changed(
                vec![Event::ReturnApproved { approved: found.id }],
                found.id,
            )),
            // Asking twice is not a mistake.
            ReturnState::Approved | ReturnState::PartlyReceived | ReturnState::Received => {
                Ok(Decided::unchanged(found.id))
            }
            ReturnState::Declined => Err(wrong_state(found)),
        }
    }
}

/// Does not allow a return, or gives it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclineReturn {
    /// Which.
    pub id: ReturnId,
    /// Why.
    pub cause: Cause,
}

impl DeclineReturn {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let found = find(world, self.id)?;
        match found.state {
            ReturnState::Requested | ReturnState::Approved => {
                let declined = found.id;
                let event = Event::ReturnDeclined {
                    declined,
                    cause: self.cause.clone(),
                };
                Ok(Decided::changed(vec![event], found.id))
            }
            ReturnState::Declined => Ok(Decided::unchanged(found.id)),
            ReturnState::PartlyReceived | ReturnState::Received => Err(wrong_state(found)),
        }
    }
}

pub(super) fn find(world: &World, id: ReturnId) -> Result<&Return, Refusal> {
    match world.return_of(id)? {
        Some(found) => Ok(found),
        None => Err(Rejection::new(Code::NotFound, "no such return").into()),
    }
}

pub(super) fn wrong_state(found: &Return) -> Refusal {
    let detail = format!("the return is {}", found.state.name());
    Rejection::new(Code::ReturnState, detail).at("/id").into()
}
