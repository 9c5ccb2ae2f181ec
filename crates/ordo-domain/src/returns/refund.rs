//! Pays back to the cent: for each unit its own share of price, discount and tax, so that any sequence
//! of partial refunds of everything sums to exactly what was paid.

use std::collections::BTreeMap;

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{LineId, OrderId, ReturnId};
use crate::money::{Minor, Money, share_of_units};
use crate::order::{Line, LineRef, Order, OrderLife, Stage};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::returns::{Refund, RefundLine, Return};
use crate::world::World;

/// Units of one line to pay back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundLineDraft {
    /// The order line, or the parent of a bundle's.
    pub line: LineRef,
    /// How many units.
    pub quantity: Quantity,
}

/// Pays back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// Which order.
    pub order: OrderId,
    /// The return that it is for.
    pub return_id: Option<ReturnId>,
    /// For which units. Empty with a return: all received units that were not paid back. Empty
    /// without anything else: all that was canceled and not paid back, with the shipping where
    /// nothing of the order will be delivered.
    pub lines: Vec<RefundLineDraft>,
    /// Of the shipping price.
    pub shipping: Option<Money>,
    /// For nothing in particular.
    pub goodwill: Option<Money>,
    /// Why.
    pub reason_code: Option<String>,
    /// The provider's own id of it.
    pub external_id: Option<String>,
}

impl RefundOrder {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(order) = world.order(self.order)? else {
            return Err(Rejection::new(Code::NotFound, "no such order").into());
        };
        if order.is_held(Stage::Refund, None) {
            return Err(Rejection::new(Code::HeldAtStage, "a hold stops refunds")
                .at("/id")
                .into());
        }
        let found = match self.return_id {
            Some(id) => Some(crate::returns::request::find(world, id)?),
            None => None,
        };
        if found.is_some_and(|found| found.order != order.id) {
            return Err(Rejection::new(Code::NotFound, "the order has no such return").into());
        }
        let lines = self.shares(order, found)?;
        let shipping_left = self.shipping_left(order);
        let shipping = match in_currency(order, self.shipping, "/shipping")? {
            None if self.asks_for_canceled() && order.life == OrderLife::Canceled => shipping_left,
            shipping => shipping.unwrap_or(Minor::ZERO),
        };
        let goodwill = in_currency(order, self.goodwill, "/goodwill")?.unwrap_or(Minor::ZERO);
        if shipping > shipping_left {
            let message = format!("{} of the shipping is left", shipping_left.get());
            return Err(Rejection::field("/shipping/amount", message).into());
        }
        let total = lines.iter().map(|line| line.amount).sum::<Minor>() + shipping + goodwill;
        let left = order.captured() - order.paid_back();
        if total > left {
            let decimal = |amount| order.currency.to_decimal(amount);
            let detail = format!(
                "{} would go back, {} of what was captured is left",
                decimal(total),
                decimal(left)
            );
            let field = match () {
                () if goodwill > Minor::ZERO => "/goodwill/amount",
                () if shipping > Minor::ZERO => "/shipping/amount",
                () => "/lines",
            };
            return Err(Rejection::new(Code::RefundExceedsCaptured, detail)
                .at(field)
                .into());
        }
        if total <= Minor::ZERO {
            return Ok(self.answer(Vec::new()));
        }
        let refund = Refund {
            id: ctx.ids.make(),
            return_id: self.return_id,
            lines,
            shipping,
            goodwill,
            total,
            reason_code: self.reason_code.clone(),
            external_id: self.external_id.clone(),
            at: ctx.now,
        };
        let order = order.id;
        Ok(self.answer(vec![Event::RefundRecorded { order, refund }]))
    }

    /// The answer shows the return, or the order where there is none.
    fn answer(&self, events: Vec<Event>) -> Decided {
        match (self.return_id, events.is_empty()) {
            (Some(id), true) => Decided::unchanged(id),
            (Some(id), false) => Decided::changed(events, id).settling(self.order),
            (None, true) => Decided::unchanged(self.order),
            (None, false) => Decided::changed(events, self.order),
        }
    }

    /// Whether nothing is said but that what was canceled is to be paid back.
    fn asks_for_canceled(&self) -> bool {
        self.return_id.is_none()
            && self.lines.is_empty()
            && self.shipping.is_none()
            && self.goodwill.is_none()
    }

    /// What goes back for units, line by line.
    fn shares(&self, order: &Order, found: Option<&Return>) -> Result<Vec<RefundLine>, Refusal> {
        let drafts = self.drafts(order, found)?;
        let mut lines: Vec<RefundLine> = Vec::with_capacity(drafts.len());
        for (index, draft) in &drafts {
            let field = format!("/lines/{index}/line");
            let is_there = |line: &Line| found.is_none_or(|found| found.brings(line.id));
            let line = draft.line.find(order, is_there, &field)?;
            let repeated = lines.iter().any(|part| part.line == line.id);
            let mut left = line.ordered - line.refunded;
            if let Some(found) = found {
                let may_come = (found.lines.iter())
                    .filter(|part| part.line == line.id)
                    .map(|part| part.requested)
                    .sum::<Quantity>();
                left = left.min(may_come - paid_for(order, Some(found.id), line.id));
            }
            if repeated || draft.quantity > left {
                let detail = format!("{left} are not paid back yet");
                let field = format!("/lines/{index}/quantity");
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at(field)
                    .into());
            }
            lines.push(share(order, line, draft.quantity));
        }
        Ok(lines)
    }

    /// The units asked for, with their places in the input and a bundle as its components; or what
    /// the return brought, or what was canceled, and nobody paid back.
    fn drafts(
        &self,
        order: &Order,
        found: Option<&Return>,
    ) -> Result<Vec<(usize, RefundLineDraft)>, Rejection> {
        if self.lines.is_empty() {
            return Ok(self.due(order, found).into_iter().enumerate().collect());
        }
        let is_there = |line: &Line| found.is_none_or(|found| found.brings(line.id));
        let mut drafts = Vec::with_capacity(self.lines.len());
        for (index, asked) in self.lines.iter().enumerate() {
            let field = format!("/lines/{index}/line");
            let named = asked.line.units(order, asked.quantity, is_there, &field)?;
            drafts.extend(named.into_iter().map(|units| {
                let line = units.line.into();
                let quantity = units.quantity;
                (index, RefundLineDraft { line, quantity })
            }));
        }
        Ok(drafts)
    }

    /// What the return brought, or what was canceled, and nobody paid back.
    fn due(&self, order: &Order, found: Option<&Return>) -> Vec<RefundLineDraft> {
        let mut due: BTreeMap<LineId, Quantity> = BTreeMap::new();
        match found {
            Some(found) => {
                for part in &found.lines {
                    *due.entry(part.line).or_default() += part.received;
                }
            }
            None if self.asks_for_canceled() => {
                due.extend(order.lines.iter().map(|line| (line.id, line.canceled)));
            }
            None => {}
        }
        let returned = found.map(|found| found.id);
        (order.lines.iter())
            .filter_map(|line| {
                let due = *due.get(&line.id)? - paid_for(order, returned, line.id);
                let quantity = due.min(line.ordered - line.refunded);
                (quantity > Quantity::ZERO).then(|| RefundLineDraft {
                    line: line.id.into(),
                    quantity,
                })
            })
            .collect()
    }

    fn shipping_left(&self, order: &Order) -> Minor {
        let tax = if order.tax_included {
            Minor::ZERO
        } else {
            order.shipping.tax
        };
        let paid = order.shipping.price - order.shipping.discount + tax;
        paid - order.refunds.iter().map(|refund| refund.shipping).sum()
    }
}

/// Units of a line that were paid back for a return, or for none.
fn paid_for(order: &Order, found: Option<ReturnId>, line: LineId) -> Quantity {
    (order.refunds.iter())
        .filter(|refund| refund.return_id == found)
        .flat_map(|refund| &refund.lines)
        .filter(|part| part.line == line)
        .map(|part| part.quantity)
        .sum()
}

/// An amount, which must be in the order's currency.
fn in_currency(
    order: &Order,
    money: Option<Money>,
    field: &str,
) -> Result<Option<Minor>, Rejection> {
    match money {
        Some(money) if money.currency != order.currency => {
            let message = format!("must be {}, as the order", order.currency);
            Err(Rejection::field(format!("{field}/currency"), message))
        }
        Some(money) => Ok(Some(money.amount)),
        None => Ok(None),
    }
}

/// What the next `quantity` units of `line` carry: unit k of n carries ⌊T(k+1)/n⌋ − ⌊Tk/n⌋ of each sum.
fn share(order: &Order, line: &Line, quantity: Quantity) -> RefundLine {
    let (of, from) = (line.ordered.get(), line.refunded.get());
    let part = |total: Minor| share_of_units(total, of, from, from + quantity.get());
    let tax = part(line.tax());
    let discount = part(line.discount);
    let paid = if order.tax_included {
        line.gross() - line.discount
    } else {
        line.gross() - line.discount + line.tax()
    };
    RefundLine {
        line: line.id,
        quantity,
        amount: part(paid),
        tax,
        discount,
    }
}
