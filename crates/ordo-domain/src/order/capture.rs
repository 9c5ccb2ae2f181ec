//! Takes an order in, exactly once per channel and external id.
//!
//! What follows in the same commit is decided by the reactions: validation into holds or
//! confirmation, sourcing, fulfillment orders.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalog::Sku;
use crate::claim::ClaimKind;
use crate::contact::Contact;
use crate::decide::{Attachment, Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{LineId, OrderId, PaymentId, ReservationId};
use crate::money::{Currency, Minor, split};
use crate::network::{Channel, ChannelKind};
use crate::order::{
    Destination, EntryKind, ExternalRef, FulfilledBy, Line, LineKind, MoneyEntry, Order, OrderKind,
    OrderLife, Origin, ParentLine, Presentment, ShippingChoice, TaxLine, Terms,
};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::stock::ReservationState;
use crate::time::Timestamp;
use crate::world::World;

/// How a channel says the money stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing yet.
    Pending,
    /// A card is authorized.
    Authorized,
    /// It was taken.
    Paid,
    /// It was taken and part of it, or all, went back.
    Refunded,
    /// The authorization was given up.
    Voided,
}

/// What a channel reported of the money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentReport {
    /// How it stands.
    pub status: PaymentStatus,
    /// How much of it; the total where absent.
    pub amount: Option<Minor>,
    /// How much of it went back.
    pub refunded: Minor,
    /// A method's name.
    pub instrument: Option<String>,
    /// The provider's own id.
    pub external_id: Option<String>,
}

/// A parsed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDraft {
    /// The channel's own id of it.
    pub external_id: String,
    /// What sort of thing it is about.
    pub kind: LineKind,
    /// Who sees to it.
    pub fulfilled_by: FulfilledBy,
    /// The SKU's or listing's code.
    pub code: String,
    /// The name as the channel shows it.
    pub title: Option<String>,
    /// How many smallest units.
    pub quantity: Quantity,
    /// The price of one.
    pub unit_price: Minor,
    /// Taken off the whole line.
    pub discount: Minor,
    /// Taxes on the whole line.
    pub taxes: Vec<TaxLine>,
    /// What is to be done with it.
    pub services: Vec<String>,
    /// Whether words of the buyer go on it.
    pub personalized: bool,
    /// Whether it may not be returned.
    pub final_sale: bool,
    /// By when the channel wants it shipped.
    pub ship_by: Option<Timestamp>,
    /// By when the channel told the buyer it would arrive.
    pub deliver_by: Option<Timestamp>,
    /// Units that have left already.
    pub shipped: Quantity,
    /// The code of the location that they left from.
    pub shipped_from: Option<String>,
    /// Units that will not be delivered.
    pub canceled: Quantity,
}

impl LineDraft {
    /// Unit price times quantity; zero where that is out of range, which the parser refuses.
    #[must_use]
    pub fn gross(&self) -> Minor {
        self.unit_price
            .times(self.quantity.get())
            .unwrap_or(Minor::ZERO)
    }
}

/// Takes an order in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureOrder {
    /// The channel's code.
    pub channel: String,
    /// The channel's own id of the order.
    pub external_id: String,
    /// Grows with every change at the channel.
    pub source_version: i64,
    /// How it came to be known.
    pub origin: Origin,
    /// What kind of order it is.
    pub kind: OrderKind,
    /// When and by whom it is paid, where the channel says so.
    pub terms: Option<Terms>,
    /// When the buyer placed it.
    pub placed_at: Timestamp,
    /// Of all its amounts.
    pub currency: Currency,
    /// Whether prices include tax.
    pub tax_included: bool,
    /// What the channel says of the money.
    pub payment: Option<PaymentReport>,
    /// Where it goes; its id is not made yet.
    pub ship_to: Option<Contact>,
    /// Where that is, in millionths of a degree.
    pub ship_to_at: Option<(i32, i32)>,
    /// Who is invoiced; its id is not made yet.
    pub bill_to: Option<Contact>,
    /// The buyer's tax number.
    pub buyer_vat_id: Option<String>,
    /// The buyer's choice of shipping.
    pub shipping: ShippingChoice,
    /// What was ordered.
    pub lines: Vec<LineDraft>,
    /// The channel's own total.
    pub channel_total: Option<Minor>,
    /// Names that other systems have for it.
    pub external_refs: Vec<ExternalRef>,
    /// Operators' labels.
    pub labels: Vec<String>,
    /// The customer's tier, as the channel calls it.
    pub customer_tier: Option<String>,
    /// Marks that sourcing rules ask for.
    pub tags: Vec<String>,
    /// What the buyer saw.
    pub presentment: Option<Presentment>,
    /// A reservation whose place the order takes.
    pub reservation: Option<ReservationId>,
    /// Whether a card number stood in a text and was masked.
    pub card_number_masked: bool,
    /// Whether the channel canceled the order.
    pub canceled: bool,
}

/// The claim that makes an order unique.
#[must_use]
pub fn external_key(channel: crate::id::ChannelId, external_id: &str) -> String {
    format!("{channel}:{external_id}")
}

impl CaptureOrder {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(channel) = world.reference().channel_by_code(&self.channel) else {
            let detail = format!("no channel has the code {}", self.channel);
            return Err(Rejection::new(Code::InvalidInput, detail)
                .at("/channel")
                .into());
        };
        let key = external_key(channel.id, &self.external_id);
        // Ask for everything at once, so that a cold batch loads in one round.
        world.want_capture(&key, self.lines.iter().map(|line| line.code.as_str()))?;
        if let Some(existing) = world.claim(ClaimKind::OrderExternal, &key)? {
            let existing = OrderId::from_u128(existing);
            return super::merge::decide(self, channel, existing, world, ctx);
        }
        let mut events = Vec::with_capacity(4);
        if let Some(id) = self.reservation {
            events.extend(consume(world, id)?);
        }
        let mut attachments = Vec::with_capacity(2);
        let order = self.build(channel, world, ctx, &mut attachments)?;
        let id = order.id;
        events.push(Event::OrderPlaced { order });
        Ok(Decided::created(events, id).with(attachments))
    }

    /// The order as placed: every unit open (or settled, where the channel says so), nothing held.
    fn build(
        &self,
        channel: &Channel,
        world: &World,
        ctx: &mut Context,
        attachments: &mut Vec<Attachment>,
    ) -> Result<Order, Refusal> {
        let id: OrderId = ctx.ids.make();
        let mut lines = LineDraft::resolve_all(&self.lines, channel, self.origin, world, ctx)?;
        for line in &mut lines {
            match self.origin {
                Origin::History => line.settle_past(self.canceled),
                Origin::Live | Origin::Till if self.canceled => {
                    line.canceled += line.open;
                    line.open = Quantity::ZERO;
                }
                Origin::Live | Origin::Till => {}
            }
        }
        let totals = Order::sum_totals(&lines, &self.shipping, self.tax_included);
        let ship_to = self.ship_to.as_ref().map(|contact| {
            let stored = Contact {
                id: ctx.ids.make(),
                ..contact.clone()
            };
            let place = stored.place(self.ship_to_at, world.reference().gazetteer());
            let destination = Destination {
                contact: stored.id,
                place,
                po_box: stored.is_po_box(),
            };
            attachments.push(Attachment::Contact(stored));
            destination
        });
        let bill_to = self.bill_to.as_ref().map(|contact| {
            let stored = Contact {
                id: ctx.ids.make(),
                ..contact.clone()
            };
            let id = stored.id;
            attachments.push(Attachment::Contact(stored));
            id
        });
        let money = self.money_entries(totals.total, ctx);
        let life = match self.origin {
            Origin::History => Order::past_life(&lines, self.canceled),
            Origin::Live | Origin::Till if self.canceled => OrderLife::Canceled,
            Origin::Till => OrderLife::Closed,
            Origin::Live => OrderLife::Open,
        };
        let mut order = Order {
            id,
            version: 0,
            channel: channel.id,
            external_id: self.external_id.clone(),
            source_version: self.source_version,
            origin: self.origin,
            kind: self.kind,
            entity: channel.entity,
            terms: self.terms.unwrap_or_else(|| self.usual_terms(channel.kind)),
            life,
            placed_at: self.placed_at,
            captured_at: ctx.now,
            confirmed_at: None,
            ended_at: (life != OrderLife::Open).then_some(ctx.now),
            currency: self.currency,
            presentment: self.presentment.clone(),
            tax_included: self.tax_included,
            ship_to,
            bill_to,
            buyer_vat_id: self.buyer_vat_id.clone(),
            shipping: self.shipping.clone(),
            lines,
            holds: Vec::new(),
            cleared: Vec::new(),
            money,
            fulfillment_orders: Vec::new(),
            declined: Vec::new(),
            shipments: Vec::new(),
            returns: Vec::new(),
            refunds: Vec::new(),
            totals,
            channel_total: self.channel_total,
            external_refs: self.external_refs.clone(),
            ship_groups: Vec::new(),
            labels: self.labels.clone(),
            customer_tier: self.customer_tier.clone(),
            tags: self.tags.clone(),
            original: None,
            deferral: None,
        };
        if self.origin == Origin::History {
            order.label_past(self.canceled);
        }
        Ok(order)
    }

    fn usual_terms(&self, kind: ChannelKind) -> Terms {
        match (kind, self.payment.as_ref().map(|payment| payment.status)) {
            (_, Some(PaymentStatus::Authorized)) => Terms::Authorized,
            (ChannelKind::Marketplace, _) => Terms::Marketplace,
            (ChannelKind::B2b, None | Some(PaymentStatus::Pending)) => Terms::OnAccount,
            _ => Terms::Prepaid,
        }
    }

    /// The entries that a channel's report amounts to.
    pub(crate) fn money_entries(&self, total: Minor, ctx: &mut Context) -> Vec<MoneyEntry> {
        let Some(report) = &self.payment else {
            return Vec::new();
        };
        let amount = report.amount.unwrap_or(total);
        let mut entry = |kind, amount: Minor| {
            (amount > Minor::ZERO).then(|| MoneyEntry {
                id: ctx.ids.make::<PaymentId>(),
                kind,
                amount,
                at: self.placed_at,
                instrument: report.instrument.clone(),
                collected_by: None,
                settlement: None,
                external_id: report.external_id.clone(),
                applied_to: Vec::new(),
            })
        };
        let entries = match report.status {
            PaymentStatus::Pending => [None, None],
            PaymentStatus::Authorized => [entry(EntryKind::Authorize, amount), None],
            PaymentStatus::Paid | PaymentStatus::Refunded => {
                let back = match report.status {
                    PaymentStatus::Refunded if report.refunded == Minor::ZERO => amount,
                    _ => report.refunded.min(amount),
                };
                [
                    entry(EntryKind::Capture, amount),
                    entry(EntryKind::Refund, back),
                ]
            }
            PaymentStatus::Voided => [
                entry(EntryKind::Authorize, amount),
                entry(EntryKind::Void, amount),
            ],
        };
        entries.into_iter().flatten().collect()
    }
}

/// What becomes of the reservation that an order names. An expired one is no obstacle: the order
/// is captured and takes stock like any other.
fn consume(world: &World, id: ReservationId) -> Result<Option<Event>, Refusal> {
    let Some(reservation) = world.reservation(id)? else {
        let detail = "no such reservation";
        return Err(Rejection::new(Code::InvalidInput, detail)
            .at("/reservation_id")
            .into());
    };
    match reservation.state {
        ReservationState::Held => Ok(Some(Event::ReservationConsumed { reservation: id })),
        ReservationState::Released | ReservationState::Expired => Ok(None),
        ReservationState::Consumed => {
            let detail = "another order took the reservation";
            Err(Rejection::new(Code::ReservationEnded, detail)
                .at("/reservation_id")
                .into())
        }
    }
}

impl LineDraft {
    /// The lines that `drafts` become. What they miss is named for all of them at once, so that an
    /// order of many listings is loaded in as few rounds as one of a single listing.
    pub(crate) fn resolve_all(
        drafts: &[Self],
        channel: &Channel,
        origin: Origin,
        world: &World,
        ctx: &mut Context,
    ) -> Result<Vec<Line>, Refusal> {
        let mut lines = Vec::with_capacity(drafts.len());
        let resolved =
            (drafts.iter()).map(|draft| draft.resolve(channel, origin, world, ctx, &mut lines));
        Refusal::gather(resolved)?;
        Ok(lines)
    }

    /// Appends this line to `lines`: one, or one per component where its code names a bundle.
    pub(crate) fn resolve(
        &self,
        channel: &Channel,
        origin: Origin,
        world: &World,
        ctx: &mut Context,
        lines: &mut Vec<Line>,
    ) -> Result<(), Refusal> {
        let sku: Option<&Arc<Sku>> = if self.code.is_empty() {
            None
        } else {
            world.sku_by_code(&self.code)?
        };
        let listing = match sku {
            None if !self.code.is_empty() => world.listing(Some(channel.id), &self.code)?,
            _ => None,
        };
        let Some(listing) = listing else {
            lines.push(self.line(sku.map(|sku| sku.id), origin, ctx));
            return Ok(());
        };
        let skus = (listing.components.iter()).map(|part| world.sku(part.sku));
        let mut skus: Vec<String> = (Refusal::gather(skus)?.into_iter())
            .map(|sku| sku.map_or_else(String::new, |sku| sku.code.clone()))
            .collect();
        if let [only] = listing.components.as_slice()
            && only.quantity.get() == 1
        {
            let mut line = self.line(Some(only.sku), origin, ctx);
            line.listing = Some(std::mem::replace(&mut line.code, skus.remove(0)));
            line.listing_id = Some(listing.id);
            lines.push(line);
            return Ok(());
        }
        let parent = ParentLine {
            id: ctx.ids.make::<LineId>(),
            code: self.code.clone(),
            ordered: self.quantity,
            each: Quantity::ZERO,
            together: listing.ships_together,
        };
        let weights: Vec<i64> = listing
            .components
            .iter()
            .map(|part| part.price_weight)
            .collect();
        let shares = |total: Minor| split(total, &weights);
        let (grosses, discounts) = (shares(self.gross()), shares(self.discount));
        let taxes: Vec<Vec<Minor>> = self.taxes.iter().map(|tax| shares(tax.amount)).collect();
        for (index, part) in listing.components.iter().enumerate() {
            let count = part.quantity.get();
            let units = self.quantity.get() * count;
            // What does not divide by the units goes to the discount, so that the sum stays exact.
            let unit_price = Minor::new(ceil_div(grosses[index].get(), units)).unwrap_or_default();
            let rounding = unit_price.times(units).unwrap_or_default() - grosses[index];
            let mut line = self.line(Some(part.sku), origin, ctx);
            line.external_id = format!("{}/{}", self.external_id, index + 1);
            line.listing = Some(std::mem::replace(&mut line.code, skus[index].clone()));
            line.listing_id = Some(listing.id);
            line.parent = Some(ParentLine {
                each: part.quantity,
                ..parent.clone()
            });
            line.unit_price = unit_price;
            line.discount = discounts[index] + rounding;
            for (tax, shared) in line.taxes.iter_mut().zip(&taxes) {
                tax.amount = shared[index];
            }
            let times = |quantity: Quantity| Quantity::stored(quantity.get() * count);
            line.ordered = times(line.ordered);
            line.open = times(line.open);
            line.shipped_elsewhere = times(line.shipped_elsewhere);
            line.canceled = times(line.canceled);
            lines.push(line);
        }
        Ok(())
    }

    fn line(&self, sku: Option<crate::id::SkuId>, origin: Origin, ctx: &mut Context) -> Line {
        // What others ship, and what never ships, is settled when it is captured.
        let settled = match (origin, self.fulfilled_by) {
            (Origin::Till, _) | (_, FulfilledBy::Till) => self.quantity - self.canceled,
            (Origin::History, _) | (Origin::Live, _) => self.shipped,
        };
        Line {
            id: ctx.ids.make(),
            external_id: self.external_id.clone(),
            kind: self.kind,
            fulfilled_by: self.fulfilled_by,
            sku,
            code: self.code.clone(),
            listing: None,
            listing_id: None,
            title: self.title.clone(),
            parent: None,
            unit_price: self.unit_price,
            discount: self.discount,
            taxes: self.taxes.clone(),
            services: self.services.clone(),
            personalized: self.personalized,
            final_sale: self.final_sale,
            channel_ship_by: self.ship_by,
            channel_deliver_by: self.deliver_by,
            promise_original: self.deliver_by,
            promise_current: self.deliver_by,
            ordered: self.quantity,
            open: self.quantity - settled - self.canceled,
            backordered: Quantity::ZERO,
            allocated: Quantity::ZERO,
            shipped: Quantity::ZERO,
            shipped_elsewhere: settled,
            shipped_from: self.shipped_from.clone(),
            canceled: self.canceled,
            received: Quantity::ZERO,
            refunded: Quantity::ZERO,
        }
    }
}

fn ceil_div(value: i64, by: i64) -> i64 {
    if by == 0 {
        0
    } else {
        value.div_euclid(by) + i64::from(value.rem_euclid(by) != 0)
    }
}
