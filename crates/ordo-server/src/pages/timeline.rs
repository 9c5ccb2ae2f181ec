//! What happened to an order, as sentences.

use ordo_domain::Event;
use ordo_domain::event::LineUnits;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::LocationId;
use ordo_domain::money::Money;
use ordo_domain::order::Order;
use ordo_domain::planning::DeferralCause;
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;

use super::words;
use crate::wire::location_code;

/// An order and what serves it, to name things by.
pub struct Story<'a> {
    pub reference: &'a Reference,
    pub order: &'a Order,
    pub work: &'a [FulfillmentOrder],
}

impl Story<'_> {
    /// What an event says.
    pub fn sentence(&self, event: &Event) -> String {
        match event {
            Event::OrderPlaced { .. } => "Order came in".to_owned(),
            Event::OrderMerged { .. } => "The channel sent a newer version".to_owned(),
            Event::OrderConfirmed { .. } => "Confirmed: it may take stock".to_owned(),
            Event::HoldPlaced { hold, .. } => format!("Held. {}", words::hold(hold)),
            Event::HoldReleased { by_person, .. } => match by_person {
                true => "Hold released by a person".to_owned(),
                false => "Hold released: its reason is gone".to_owned(),
            },
            Event::LinesBackordered { lines, .. } => {
                format!("{} wait for stock", units(lines))
            }
            Event::BackorderLifted { lines, .. } => {
                format!("Stock is there for {}", units(lines))
            }
            Event::SourcingDeferred { deferral, .. } => match deferral.why {
                DeferralCause::TooLarge => "Waiting for sourcing: a plan is being made".to_owned(),
                DeferralCause::Together => {
                    "Waiting for sourcing, together with other orders".to_owned()
                }
            },
            Event::SourcingResumed { .. } => "Sourcing goes on".to_owned(),
            Event::WorkMoved {
                fulfillment_order,
                saving,
                ..
            } => {
                let money = Money {
                    amount: *saving,
                    currency: self.order.currency,
                };
                format!(
                    "Work taken from {}: a plan that costs {} less",
                    self.place(*fulfillment_order),
                    words::money(money)
                )
            }
            Event::WorkPinned {
                fulfillment_order,
                pinned,
            } => {
                let place = self.place(*fulfillment_order);
                match pinned {
                    true => format!("Work stays at {place}"),
                    false => format!("Work at {place} may move again"),
                }
            }
            Event::FulfillmentOrderOpened { fulfillment_order } => format!(
                "{} allocated at {}",
                units(&fulfillment_order.line_units()),
                self.location(fulfillment_order.location)
            ),
            Event::FulfillmentOrderCanceled {
                fulfillment_order, ..
            } => {
                format!("Work at {} stopped", self.place(*fulfillment_order))
            }
            Event::FulfillmentOrderReleased { fulfillment_order } => {
                format!("Released to {}", self.place(*fulfillment_order))
            }
            Event::FulfillmentOrderAccepted { fulfillment_order } => {
                format!("{} accepted", self.place(*fulfillment_order))
            }
            Event::FulfillmentOrderRejected {
                fulfillment_order,
                cause,
                ..
            } => format!(
                "{} rejected: {}",
                self.place(*fulfillment_order),
                words::name(&cause.reason_code)
            ),
            Event::UnitsPicked {
                fulfillment_order,
                lines,
            } => {
                let picked: Quantity = lines.iter().map(|line| line.quantity).sum();
                let picked = many_units(picked);
                format!("{picked} picked at {}", self.place(*fulfillment_order))
            }
            Event::UnitsShorted {
                fulfillment_order,
                lines,
                ..
            } => format!(
                "{} not found at {}",
                units(lines),
                self.place(*fulfillment_order)
            ),
            Event::UnitsPacked { shipment } => format!(
                "Packed at {} into {} for {}",
                self.location(shipment.location),
                count(shipment.parcels.len(), "parcel"),
                shipment.carrier
            ),
            Event::ParcelLabelled { label, .. } => {
                format!("Label {} of {}", label.tracking_number, label.carrier)
            }
            Event::FulfillmentOrderShipped {
                fulfillment_order, ..
            } => format!(
                "Handed to the carrier at {}",
                self.place(*fulfillment_order)
            ),
            Event::ParcelTracked { report, .. } => {
                let state = words::name(report.state.name());
                match &report.place {
                    Some(place) => format!("Parcel: {state}, {place}"),
                    None => format!("Parcel: {state}"),
                }
            }
            Event::CancelRequested {
                fulfillment_order, ..
            } => format!("{} was asked to stop", self.place(*fulfillment_order)),
            Event::CancelRefused { fulfillment_order } => {
                format!("{} goes on", self.place(*fulfillment_order))
            }
            Event::ReturnRequested { requested } => {
                let coming: Quantity = requested.lines.iter().map(|line| line.requested).sum();
                format!("Return of {} asked for", many_units(coming))
            }
            Event::ReturnApproved { .. } => "Return allowed".to_owned(),
            Event::ReturnDeclined { cause, .. } => {
                format!("Return declined: {}", words::name(&cause.reason_code))
            }
            Event::ReturnReceived { lines, .. } => {
                let back: Quantity = lines.iter().map(|line| line.quantity).sum();
                let back = many_units(back);
                match lines.first() {
                    Some(line) => format!("{back} came back to {}", self.location(line.location)),
                    None => "Return received".to_owned(),
                }
            }
            Event::RefundRecorded { refund, .. } => {
                let amount = refund.total;
                let currency = self.order.currency;
                format!("{} paid back", words::money(Money { amount, currency }))
            }
            Event::LinesCanceled { lines, .. } => format!("{} canceled", units(lines)),
            Event::OrderCanceled { .. } => "Order canceled".to_owned(),
            Event::OrderClosed { .. } => "Order closed".to_owned(),
            // About other things, and never in an order's story; named all the same.
            other => words::name(&other.name().replace('.', " ")),
        }
    }

    fn location(&self, id: LocationId) -> String {
        location_code(self.reference, id).into_owned()
    }

    /// Where the work is done.
    fn place(&self, id: ordo_domain::id::FulfillmentOrderId) -> String {
        match self.work.iter().find(|work| work.id == id) {
            Some(work) => self.location(work.location),
            None => "a location".to_owned(),
        }
    }
}

fn units(lines: &[LineUnits]) -> String {
    many_units(lines.iter().map(|line| line.quantity).sum())
}

/// `1 unit`, `2 units`.
pub fn many_units(of: Quantity) -> String {
    match of.get() {
        1 => "1 unit".to_owned(),
        of => format!("{of} units"),
    }
}

/// `1 parcel`, `2 parcels`.
pub fn count(of: usize, what: &str) -> String {
    match of {
        1 => format!("1 {what}"),
        of => format!("{of} {what}s"),
    }
}
