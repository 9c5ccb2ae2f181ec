//! Merges a newer version of an order that its channel has changed.
//!
//! Older or equal versions change nothing, in whatever order they arrive. What is not allocated
//! changes at once; what is allocated is given back first, where no location has begun with it, and
//! sourced again; what a location works on or has shipped stays, and the order is held instead.
//!
//! Invariant: a merge never lowers a line below what has been shipped or is being worked on.

use std::collections::BTreeSet;

use crate::contact::Contact;
use crate::decide::{Attachment, Context, Decided, Refusal};
use crate::event::{Event, LineUnits};
use crate::fulfillment::{FulfillmentOrder, FulfillmentState};
use crate::id::{LineId, OrderId, PaymentId};
use crate::money::{Minor, share_of_units};
use crate::network::Channel;
use crate::order::capture::{LineDraft, PaymentStatus};
use crate::order::{
    CaptureOrder, Destination, EntryKind, Hold, HoldKind, HoldSource, Line, MoneyEntry, Order,
    OrderLife, Origin,
};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::world::World;

pub(super) fn decide(
    capture: &CaptureOrder,
    channel: &Channel,
    id: OrderId,
    world: &World,
    ctx: &mut Context,
) -> Result<Decided, Refusal> {
    let Some(order) = world.order(id)? else {
        return Err(Rejection::new(Code::NotFound, "the order was erased").into());
    };
    world.want_fulfillment_orders(&order.fulfillment_orders)?;
    if capture.source_version <= order.source_version {
        return Ok(Decided::unchanged(id));
    }
    let drafts = LineDraft::resolve_all(&capture.lines, channel, order.origin, world, ctx)?;
    let mut merge = Merge {
        order: Order::clone(order),
        events: Vec::new(),
        conflicts: Vec::new(),
    };
    if order.origin == Origin::History {
        return Ok(merge.past(capture, drafts, world, ctx));
    }
    merge.give_work_back(capture, &drafts, world)?;
    merge.release_holds(capture);
    merge.lines(drafts, capture.canceled);
    let attachments = merge.rest(capture, world, ctx);
    Ok(Decided::changed(merge.finish(capture, ctx), id).with(attachments))
}

/// The order as it will be after the events so far, and what cannot be followed.
struct Merge {
    order: Order,
    events: Vec<Event>,
    conflicts: Vec<String>,
}

impl Merge {
    /// A past order has no work and no holds: it becomes what the newer version says, ended again.
    fn past(
        mut self,
        capture: &CaptureOrder,
        drafts: Vec<Line>,
        world: &World,
        ctx: &mut Context,
    ) -> Decided {
        self.order.merge_past_lines(drafts, capture.canceled);
        let attachments = self.rest(capture, world, ctx);
        let mut order = self.order;
        let life = Order::past_life(&order.lines, capture.canceled);
        if life != order.life {
            order.life = life;
            order.ended_at = Some(ctx.now);
        }
        order.label_past(capture.canceled);
        let id = order.id;
        Decided::changed(vec![Event::OrderMerged { order }], id).with(attachments)
    }

    /// Adds an event that touches the order once, so that the merged form counts on from it.
    fn push(&mut self, event: Event) {
        self.events.push(event);
        self.order.version += 1;
    }

    /// Cancels work that no location has begun and that the new version no longer wants as it is.
    fn give_work_back(
        &mut self,
        capture: &CaptureOrder,
        drafts: &[Line],
        world: &World,
    ) -> Result<(), Refusal> {
        let moved = capture.ship_to.as_ref().is_some_and(|contact| {
            let place = contact.place(capture.ship_to_at, world.reference().gazetteer());
            (self.order.ship_to.as_ref()).is_none_or(|to| to.place.is_elsewhere(&place))
        });
        let less: BTreeSet<LineId> = (self.order.lines.iter())
            .filter(|line| wanted_units(line, drafts) < line.ordered - line.canceled)
            .map(|line| line.id)
            .collect();
        for id in self.order.fulfillment_orders.clone() {
            let Some(work) = world.fulfillment_order(id)? else {
                continue;
            };
            let touched = work.lines.iter().any(|part| less.contains(&part.line));
            let begun = !matches!(
                work.state,
                FulfillmentState::Open | FulfillmentState::Planned
            );
            if !begun && (moved || touched || capture.canceled) {
                self.give_back(work);
            }
        }
        Ok(())
    }

    fn give_back(&mut self, work: &FulfillmentOrder) {
        let order = self.order.id;
        self.push(Event::FulfillmentOrderCanceled {
            order,
            fulfillment_order: work.id,
        });
        for part in &work.lines {
            if let Some(line) = self.order.line_mut(part.line) {
                line.allocated -= part.quantity;
                line.open += part.quantity;
            }
        }
    }

    /// Releases what validation will look at again.
    fn release_holds(&mut self, capture: &CaptureOrder) {
        let looked_at_again = |hold: &Hold| {
            hold.source == HoldSource::Rule
                && match hold.kind {
                    HoldKind::Unpaid
                    | HoldKind::UnmappedSku
                    | HoldKind::TotalMismatch
                    | HoldKind::ChannelConflict
                    | HoldKind::Queued
                    | HoldKind::Oversold => true,
                    HoldKind::AddressIncomplete => capture.ship_to.is_some(),
                    HoldKind::DuplicateSuspected
                    | HoldKind::FraudReview
                    | HoldKind::CardNumberInText
                    | HoldKind::NoLocation
                    | HoldKind::Manual => false,
                }
        };
        let order = self.order.id;
        let (again, keep) = std::mem::take(&mut self.order.holds)
            .into_iter()
            .partition(looked_at_again);
        self.order.holds = keep;
        let again: Vec<Hold> = again;
        for hold in again {
            self.push(Event::HoldReleased {
                order,
                hold: hold.id,
                by_person: false,
            });
        }
    }

    /// Brings the lines to what the new version says.
    fn lines(&mut self, drafts: Vec<Line>, canceled: bool) {
        for line in &mut self.order.lines {
            let wanted = wanted_units(line, &drafts);
            let wanted = if canceled { Quantity::ZERO } else { wanted };
            let draft = drafts
                .iter()
                .find(|draft| draft.external_id == line.external_id);
            if let Some(draft) = draft {
                line.adopt(draft);
            }
            let have = line.ordered - line.canceled;
            if wanted >= have {
                line.ordered += wanted - have;
                line.open += wanted - have;
                continue;
            }
            let taken = (have - wanted).min(line.open);
            line.open -= taken;
            line.backordered = line.backordered.min(line.open);
            // Units that were paid back stay on the line, or more would be paid back than ordered.
            let gone = match canceled {
                true => Quantity::ZERO,
                false => taken.min(line.ordered - line.refunded),
            };
            line.canceled += taken - gone;
            let before = line.ordered;
            line.ordered -= gone;
            if line.ordered == Quantity::ZERO {
                line.discount = Minor::ZERO;
                line.taxes.clear();
            } else if draft.is_none() {
                line.keep_share(before);
            }
            let left = have - wanted - taken;
            if left > Quantity::ZERO {
                let name = &line.external_id;
                let said = format!("line {name}: {left} fewer units, but they are being worked on");
                self.conflicts.push(said);
            }
        }
        let known: BTreeSet<String> = self
            .order
            .lines
            .iter()
            .map(|line| line.external_id.clone())
            .collect();
        let new = drafts
            .into_iter()
            .filter(|draft| !known.contains(&draft.external_id));
        self.order.lines.extend(new);
    }

    /// Everything but the lines.
    fn rest(
        &mut self,
        capture: &CaptureOrder,
        world: &World,
        ctx: &mut Context,
    ) -> Vec<Attachment> {
        let mut attachments = Vec::new();
        let order = &mut self.order;
        order.source_version = capture.source_version;
        order.tax_included = capture.tax_included;
        order.shipping = capture.shipping.clone();
        order.channel_total = capture.channel_total;
        order.external_refs.clone_from(&capture.external_refs);
        order.customer_tier.clone_from(&capture.customer_tier);
        order.tags.clone_from(&capture.tags);
        order.buyer_vat_id = capture.buyer_vat_id.clone().or(order.buyer_vat_id.take());
        order.terms = capture.terms.unwrap_or(order.terms);
        if let Some(contact) = &capture.ship_to {
            let stored = Contact {
                id: ctx.ids.make(),
                ..contact.clone()
            };
            let place = stored.place(capture.ship_to_at, world.reference().gazetteer());
            order.ship_to = Some(Destination {
                contact: stored.id,
                place,
                po_box: stored.is_po_box(),
            });
            attachments.push(Attachment::Contact(stored));
        }
        if let Some(contact) = &capture.bill_to {
            let stored = Contact {
                id: ctx.ids.make(),
                ..contact.clone()
            };
            order.bill_to = Some(stored.id);
            attachments.push(Attachment::Contact(stored));
        }
        order.totals = Order::sum_totals(&order.lines, &order.shipping, order.tax_included);
        self.money(capture, ctx);
        attachments
    }

    /// Adds what the report says beyond what is known; what is known is never taken back.
    fn money(&mut self, capture: &CaptureOrder, ctx: &mut Context) {
        let Some(report) = &capture.payment else {
            return;
        };
        let amount = report.amount.unwrap_or(self.order.totals.total);
        let known = |kind| self.order.money_of(kind);
        let captured = self.order.captured();
        let mut news: Vec<(EntryKind, Minor)> = Vec::new();
        match report.status {
            PaymentStatus::Pending => {}
            PaymentStatus::Authorized => {
                news.push((EntryKind::Authorize, amount - known(EntryKind::Authorize)));
            }
            PaymentStatus::Paid | PaymentStatus::Refunded => {
                news.push((EntryKind::Capture, amount - captured));
                let all =
                    report.status == PaymentStatus::Refunded && report.refunded == Minor::ZERO;
                let back = if all { amount } else { report.refunded };
                news.push((
                    EntryKind::Refund,
                    back.min(amount.max(captured)) - known(EntryKind::Refund),
                ));
            }
            PaymentStatus::Voided => {
                let left = known(EntryKind::Authorize) - known(EntryKind::Void);
                news.push((EntryKind::Void, left));
            }
        }
        for (kind, amount) in news.into_iter().filter(|(_, amount)| *amount > Minor::ZERO) {
            self.order.money.push(MoneyEntry {
                id: ctx.ids.make::<PaymentId>(),
                kind,
                amount,
                at: ctx.now,
                instrument: report.instrument.clone(),
                collected_by: None,
                settlement: None,
                external_id: report.external_id.clone(),
                applied_to: Vec::new(),
            });
        }
    }

    /// The merged order, and what could not be followed as a hold.
    fn finish(mut self, capture: &CaptureOrder, ctx: &mut Context) -> Vec<Event> {
        let id = self.order.id;
        let done = |line: &Line| line.canceled == line.ordered;
        let cancels = capture.canceled
            && self.order.life == OrderLife::Open
            && self.order.lines.iter().all(done);
        let live = self.order.origin == Origin::Live;
        self.events.push(Event::OrderMerged { order: self.order });
        if cancels {
            self.events.push(Event::OrderCanceled { order: id });
        } else if live && !self.conflicts.is_empty() {
            let hold = Hold {
                id: ctx.ids.make(),
                kind: HoldKind::ChannelConflict,
                line: None,
                fulfillment_order: None,
                blocks: HoldKind::ChannelConflict.default_blocks(),
                reason: Some(self.conflicts.join("; ")),
                source: HoldSource::Rule,
                placed_at: ctx.now,
                auto_release_at: None,
            };
            self.events.push(Event::HoldPlaced { order: id, hold });
        }
        self.events
    }
}

impl Line {
    /// Of sums for `before` units keeps what those carry that are still ordered: the new version
    /// does not name the line, so nobody else says what they cost.
    fn keep_share(&mut self, before: Quantity) {
        let left = self.ordered.get();
        let share = |of: Minor| share_of_units(of, before.get(), 0, left);
        self.discount = share(self.discount);
        for tax in &mut self.taxes {
            tax.amount = share(tax.amount);
            tax.base = tax.base.map(share);
        }
    }
}

/// The units of `line` that the new version still wants; none where the line is gone from it.
fn wanted_units(line: &Line, drafts: &[Line]) -> Quantity {
    (drafts
        .iter()
        .find(|draft| draft.external_id == line.external_id))
    .map_or(Quantity::ZERO, |draft| draft.ordered - draft.canceled)
}

impl Line {
    /// Takes over what the new version says of the line, except its units. A SKU changes only while
    /// nothing is bound to the old one.
    fn adopt(&mut self, draft: &Line) {
        self.unit_price = draft.unit_price;
        self.discount = draft.discount;
        self.taxes.clone_from(&draft.taxes);
        self.title = draft.title.clone().or(self.title.take());
        self.services.clone_from(&draft.services);
        self.personalized = draft.personalized;
        self.channel_ship_by = draft.channel_ship_by;
        self.channel_deliver_by = draft.channel_deliver_by;
        self.promise_current = draft.promise_current.or(self.promise_current);
        let untouched = self.allocated + self.shipped + self.backordered == Quantity::ZERO;
        if untouched && draft.sku.is_some() {
            self.sku = draft.sku;
            self.code.clone_from(&draft.code);
            self.listing.clone_from(&draft.listing);
            self.listing_id = draft.listing_id;
        }
        if let (Some(parent), Some(new)) = (&mut self.parent, &draft.parent) {
            parent.ordered = new.ordered;
        }
        // What others have shipped since.
        let elsewhere = (draft.shipped_elsewhere - self.shipped_elsewhere)
            .or_zero()
            .min(self.open);
        self.shipped_elsewhere += elsewhere;
        self.shipped_from = draft.shipped_from.clone().or(self.shipped_from.take());
        self.open -= elsewhere;
        self.backordered = self.backordered.min(self.open);
    }
}

/// Units of `lines` by which backordered shrinks or grows from `before` to `after`.
pub(crate) fn backorder_changes(before: &Order, after: &Order) -> Vec<LineUnits> {
    (after.lines.iter())
        .map(|line| {
            let was = before
                .line(line.id)
                .map_or(Quantity::ZERO, |line| line.backordered);
            LineUnits {
                line: line.id,
                quantity: line.backordered - was,
            }
        })
        .filter(|units| units.quantity != Quantity::ZERO)
        .collect()
}
