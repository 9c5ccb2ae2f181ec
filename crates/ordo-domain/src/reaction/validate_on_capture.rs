//! Looks at an order that has just come in, or changed at its channel, and places holds.
//!
//! Every finding is a hold with a reason that a person can read. Sightings of the buyer's e-mail,
//! phone and address come from rows keyed by hash, never from other orders.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::contact::Contact;
use crate::decide::{Attachment, Context, Refusal};
use crate::event::Event;
use crate::id::{LineId, OrderId};
use crate::money::Minor;
use crate::order::{
    EntryKind, FulfilledBy, Hold, HoldKind, HoldSource, Line, Order, OrderLife, Origin, Terms,
};
use crate::quantity::Quantity;
use crate::reaction::Reacted;
use crate::signal::{Signal, SignalKey, SignalKind};
use crate::world::{Key, World};

/// Points from which a person looks at an order.
const FRAUD_POINTS: i64 = 60;

pub(super) fn react(world: &World, ctx: &mut Context, id: OrderId) -> Result<Reacted, Refusal> {
    let Some(order) = world.order(id)? else {
        return Ok(None);
    };
    let came_in = world.events_of_command().any(|event| match event {
        Event::OrderPlaced { order } | Event::OrderMerged { order } => order.id == id,
        _ => false,
    });
    if !came_in || order.life != OrderLife::Open || order.origin != Origin::Live {
        return Ok(None);
    }
    let mut findings: Vec<Finding> = Vec::new();
    let contact = world.fresh_contact(id);
    findings.extend(unpaid(order));
    findings.extend(address(order, contact));
    findings.extend(unmapped(order));
    findings.extend(total_mismatch(order));
    let mut attachments = Vec::new();
    if let Some(contact) = contact {
        let seen = Sightings::read(world, ctx, contact)?;
        let basket = basket(order);
        // A merged order was seen when it was placed, and would be found to repeat itself.
        if world
            .events_of_command()
            .any(|event| matches!(event, Event::OrderPlaced { .. }))
        {
            findings.extend(seen.duplicate(ctx, basket));
            findings.extend(seen.fraud(ctx, order));
        }
        let keys = seen.rows.iter().map(|(key, _)| *key).collect();
        attachments.push(Attachment::Seen {
            keys,
            basket,
            at: ctx.now,
        });
    }
    let events: Vec<Event> = findings
        .into_iter()
        .filter(|finding| !is_known(order, finding))
        .map(|finding| Event::HoldPlaced {
            order: id,
            hold: finding.hold(ctx),
        })
        .collect();
    Ok(Some((events, attachments)))
}

/// What was found, before it is a hold.
struct Finding {
    kind: HoldKind,
    line: Option<LineId>,
    reason: String,
}

impl Finding {
    fn new(kind: HoldKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            line: None,
            reason: reason.into(),
        }
    }

    fn hold(self, ctx: &mut Context) -> Hold {
        Hold {
            id: ctx.ids.make(),
            kind: self.kind,
            line: self.line,
            fulfillment_order: None,
            blocks: self.kind.default_blocks(),
            reason: Some(self.reason),
            source: HoldSource::Rule,
            placed_at: ctx.now,
            auto_release_at: None,
        }
    }
}

/// Whether the same hold is open, or a person released its kind before.
fn is_known(order: &Order, finding: &Finding) -> bool {
    let open = |hold: &Hold| hold.kind == finding.kind && hold.line == finding.line;
    order.holds.iter().any(open) || order.cleared.contains(&finding.kind)
}

/// Prepaid and not paid, or to be authorized and not authorized.
pub(crate) fn unpaid_amount(order: &Order) -> Option<Minor> {
    let held = match order.terms {
        Terms::Prepaid => order.captured() - order.paid_back(),
        Terms::Authorized => {
            let authorized = order.money_of(EntryKind::Authorize) - order.money_of(EntryKind::Void);
            authorized.max(order.captured() - order.paid_back())
        }
        Terms::OnAccount | Terms::Cod | Terms::Marketplace => return None,
    };
    (held < order.totals.total).then(|| order.totals.total - held)
}

fn unpaid(order: &Order) -> Option<Finding> {
    // Where the channel's total differs, that is the finding, and its payment is not doubted.
    let owed = order.channel_total.unwrap_or(order.totals.total);
    let missing = unpaid_amount(order)? - (order.totals.total - owed);
    if missing <= Minor::ZERO {
        return None;
    }
    let amount = order.currency.to_decimal(missing);
    Some(Finding::new(
        HoldKind::Unpaid,
        format!("{amount} {} is not paid", order.currency),
    ))
}

fn address(order: &Order, contact: Option<&Contact>) -> Option<Finding> {
    let ships = |line: &Line| line.kind.ships() && line.fulfilled_by == FulfilledBy::Us;
    if !order
        .lines
        .iter()
        .any(|line| ships(line) && line.open > Quantity::ZERO)
    {
        return None;
    }
    let missing = match contact {
        Some(contact) => contact.missing_for_shipping(),
        None if order.ship_to.is_none() => vec!["ship_to"],
        // A merge that brought no address leaves the one that was checked before.
        None => return None,
    };
    if missing.is_empty() {
        return None;
    }
    Some(Finding::new(
        HoldKind::AddressIncomplete,
        format!("missing: {}", missing.join(", ")),
    ))
}

fn unmapped(order: &Order) -> Vec<Finding> {
    (order.lines.iter())
        .filter(|line| {
            line.sku.is_none()
                && line.kind.ships()
                && line.fulfilled_by == FulfilledBy::Us
                && line.open > Quantity::ZERO
        })
        .map(|line| Finding {
            kind: HoldKind::UnmappedSku,
            line: Some(line.id),
            reason: format!("no SKU or listing has the code {}", line.code),
        })
        .collect()
}

fn total_mismatch(order: &Order) -> Option<Finding> {
    let theirs = order.channel_total?;
    let ours = order.totals.total;
    (theirs != ours).then(|| {
        let decimal = |amount| order.currency.to_decimal(amount);
        let reason = format!(
            "the channel says {}, the lines sum to {}",
            decimal(theirs),
            decimal(ours)
        );
        Finding::new(HoldKind::TotalMismatch, reason)
    })
}

/// A hash of what was ordered at which price.
fn basket(order: &Order) -> u64 {
    let mut hasher = SipHasher24::new();
    for line in &order.lines {
        hasher.write(line.code.as_bytes());
        hasher.write_i64(line.ordered.get());
        hasher.write_i64(line.unit_price.get());
    }
    hasher.write_i64(order.totals.total.get());
    hasher.finish()
}

/// How often the buyer's e-mail, phone and address were seen before.
struct Sightings {
    rows: Vec<(SignalKey, Signal)>,
}

impl Sightings {
    /// The keys of what `contact` holds.
    fn keys(ctx: &Context, contact: &Contact) -> Vec<SignalKey> {
        let key = |kind, text: &str| SignalKey::of(ctx.organization, kind, text);
        let mut keys = Vec::with_capacity(3);
        if let Some(email) = &contact.email {
            keys.push(key(SignalKind::Email, email));
        }
        if let Some(phone) = &contact.phone {
            keys.push(key(SignalKind::Phone, phone));
        }
        if let Some(line1) = &contact.line1 {
            let postal = contact.postal_code.as_deref().unwrap_or_default();
            let country = contact.country.as_deref().unwrap_or_default();
            keys.push(key(
                SignalKind::Address,
                &format!("{line1} {postal} {country}"),
            ));
        }
        keys
    }

    fn read(world: &World, ctx: &Context, contact: &Contact) -> Result<Self, Refusal> {
        let keys = Self::keys(ctx, contact);
        let missing: Vec<Key> = keys
            .iter()
            .filter(|key| world.signal(**key).is_err())
            .map(|key| Key::Signal(*key))
            .collect();
        if !missing.is_empty() {
            return Err(Refusal::Needs(missing));
        }
        let rows: Result<Vec<_>, Refusal> = keys
            .into_iter()
            .map(|key| Ok((key, world.signal(key)?)))
            .collect();
        Ok(Self { rows: rows? })
    }

    fn count(&self, ctx: &Context, kind: SignalKind) -> i64 {
        self.rows
            .iter()
            .filter(|(key, row)| key.kind == kind && row.is_current(ctx.now))
            .map(|(_, row)| row.count)
            .sum()
    }

    fn duplicate(&self, ctx: &Context, basket: u64) -> Option<Finding> {
        let same = |(key, row): &&(SignalKey, Signal)| {
            key.kind != SignalKind::Address && row.is_current(ctx.now) && row.basket == basket
        };
        self.rows.iter().find(same).map(|(key, _)| {
            let what = match key.kind {
                SignalKind::Email => "e-mail",
                SignalKind::Phone | SignalKind::Address => "phone",
            };
            let reason = format!("the last order with this {what} within a day held the same");
            Finding::new(HoldKind::DuplicateSuspected, reason)
        })
    }

    /// Points with their reasons; each row says what it counted.
    fn fraud(&self, ctx: &Context, order: &Order) -> Option<Finding> {
        let mut points = 0;
        let mut reasons: Vec<String> = Vec::new();
        let mut add = |weight: i64, reason: String| {
            points += weight;
            reasons.push(format!("{reason} (+{weight})"));
        };
        for (kind, name) in [
            (SignalKind::Email, "e-mail"),
            (SignalKind::Phone, "phone"),
            (SignalKind::Address, "address"),
        ] {
            let count = self.count(ctx, kind);
            match count {
                0..=4 => {}
                5..=9 => add(20, format!("{name} seen {count} times within a day")),
                _ => add(40, format!("{name} seen {count} times within a day")),
            }
        }
        let most = order
            .lines
            .iter()
            .map(|line| line.ordered.get())
            .max()
            .unwrap_or(0);
        if most >= 100 && matches!(order.terms, Terms::Prepaid | Terms::Authorized) {
            add(20, format!("{most} units on one line"));
        }
        (points >= FRAUD_POINTS).then(|| {
            let reason = format!("{points} of {FRAUD_POINTS} points: {}", reasons.join("; "));
            Finding::new(HoldKind::FraudReview, reason)
        })
    }
}

/// What validation of a contact will read, so that a batch can load it in its first round.
pub(crate) fn signals_of(ctx: &Context, contact: &Contact) -> Vec<Key> {
    Sightings::keys(ctx, contact)
        .into_iter()
        .map(Key::Signal)
        .collect()
}
