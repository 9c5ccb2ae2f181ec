//! Pays back to the cent: for each unit its own share of price, discount and tax, so that any sequence
//! of partial refunds of everything sums to exactly what was paid.

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{LineId, OrderId, ReturnId};
use crate::money::{Minor, share_of_units};
use crate::order::{Line, Order, Stage};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::returns::{Refund, RefundLine};
use crate::world::World;

/// Units of one line to pay back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundLineDraft {
    /// The order line, or the parent of a bundle's.
    pub line: LineId,
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
    /// For which units; empty with a return: all received units that were not paid back.
    pub lines: Vec<RefundLineDraft>,
    /// Of the shipping price, in minor units.
    pub shipping: Minor,
    /// For nothing in particular, in minor units.
    pub goodwill: Minor,
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
            return Err(Rejection::new(Code::HeldAtStage, "a hold stops refunds").into());
        }
        let drafts = self.drafts(world, order)?;
        let mut lines: Vec<RefundLine> = Vec::with_capacity(drafts.len());
        for (index, draft) in &drafts {
            let Some(line) = order.line(draft.line) else {
                let field = format!("/lines/{index}/line");
                return Err(Rejection::field(field, "the order has no such line").into());
            };
            let repeated = lines.iter().any(|part| part.line == line.id);
            let left = line.ordered - line.refunded;
            if repeated || draft.quantity > left {
                let detail = format!("{left} are not paid back yet");
                let field = format!("/lines/{index}/quantity");
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at(field)
                    .into());
            }
            lines.push(share(order, line, draft.quantity));
        }
        let shipping_left = self.shipping_left(order);
        if self.shipping > shipping_left {
            let message = format!("{} of the shipping is left", shipping_left.get());
            return Err(Rejection::field("/shipping/amount", message).into());
        }
        let total =
            lines.iter().map(|line| line.amount).sum::<Minor>() + self.shipping + self.goodwill;
        let left = order.captured() - order.paid_back();
        if total > left {
            let decimal = |amount| order.currency.to_decimal(amount);
            let detail = format!(
                "{} would go back, {} of what was captured is left",
                decimal(total),
                decimal(left)
            );
            return Err(Rejection::new(Code::RefundExceedsCaptured, detail).into());
        }
        if total == Minor::ZERO {
            return Ok(Decided::unchanged(order.id));
        }
        let refund = Refund {
            id: ctx.ids.make(),
            return_id: self.return_id,
            lines,
            shipping: self.shipping,
            goodwill: self.goodwill,
            total,
            reason_code: self.reason_code.clone(),
            external_id: self.external_id.clone(),
            at: ctx.now,
        };
        Ok(Decided::changed(
            vec![Event::RefundRecorded {
                order: order.id,
                refund,
            }],
            order.id,
        ))
    }

    /// The units asked for, or what the return brought and nobody paid back.
    fn drafts(
        &self,
        world: &World,
        order: &Order,
    ) -> Result<Vec<(usize, RefundLineDraft)>, Refusal> {
        let Some(id) = self.return_id.filter(|_| self.lines.is_empty()) else {
            return Ok(self.named(order));
        };
        let found = crate::returns::request::find(world, id)?;
        let mut drafts: Vec<RefundLineDraft> = Vec::new();
        for part in &found.lines {
            let paid: Quantity = (order.refunds.iter())
                .filter(|refund| refund.return_id == Some(id))
                .flat_map(|refund| &refund.lines)
                .filter(|line| line.line == part.line)
                .map(|line| line.quantity)
                .sum();
            let quantity = part.received - paid;
            if quantity > Quantity::ZERO {
                drafts.push(RefundLineDraft {
                    line: part.line,
                    quantity,
                });
            }
        }
        Ok(drafts.into_iter().enumerate().collect())
    }

    /// The units asked for with their places in the input; a bundle as its components.
    fn named(&self, order: &Order) -> Vec<(usize, RefundLineDraft)> {
        let mut drafts = Vec::with_capacity(self.lines.len());
        for (index, asked) in self.lines.iter().enumerate() {
            let named = order.units_named(asked.line, asked.quantity);
            if named.is_empty() {
                drafts.push((index, asked.clone()));
            }
            drafts.extend(named.into_iter().map(|units| {
                let draft = RefundLineDraft {
                    line: units.line,
                    quantity: units.quantity,
                };
                (index, draft)
            }));
        }
        drafts
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
