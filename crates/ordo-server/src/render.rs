//! Turns what came of a command into the answer that is given and stored.
//!
//! The engine calls these while it decides a batch, so they only borrow. Invariant: a stored answer
//! holds no person's data, no secret, and no number that the commit has yet to give.

use ordo_domain::catalog::{Listing, Sku};
use ordo_domain::network::{Block, Channel, LegalEntity, Location, Pool};
use ordo_domain::organization::{ApiKey, Organization};
use ordo_domain::rate::RateTable;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::rules::RuleSet;
use ordo_domain::sourcing::{PriceBook, SourcingSettings};
use ordo_domain::stock::Reservation;
use ordo_domain::webhook::Webhook;
use ordo_domain::{AnswerSubject, Applied, Code, Rejection};

use crate::answer::status_of;
use crate::problem::{conflict_json, rejection_json};
use crate::routes::fulfillment_orders::FulfillmentOrderAnswer;
use crate::routes::orders::{ShownOrder, order_json};
use crate::routes::persons::ErasedAnswer;
use crate::routes::returns::ReturnAnswer;
use crate::routes::shipments::ShipmentAnswer;
use crate::routes::stock::StockAnswer;
use crate::wire::{self, Show};

/// The answer to most commands: the record that they were about.
pub fn render(reference: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    let applied = match result {
        Ok(applied) => applied,
        Err(rejection) => return refused(reference, rejection),
    };
    match subject_json(reference, &applied.subject) {
        Some(body) => (status_of(applied.outcome), body),
        None => unreadable(),
    }
}

/// What is shown of a record.
fn subject_json(reference: &Reference, subject: &AnswerSubject) -> Option<String> {
    match subject {
        AnswerSubject::Nothing => Some("{}".to_owned()),
        AnswerSubject::Erased(counts) => Some(wire::to_json(&ErasedAnswer::of(*counts, false))),
        AnswerSubject::Order {
            order,
            work,
            shipments,
            returns,
            number,
        } => {
            let shown = ShownOrder {
                order,
                work,
                shipments,
                returns,
                number: *number,
                contacts: &[],
            };
            Some(order_json(reference, &shown))
        }
        AnswerSubject::Work { work, order } => {
            let answer = FulfillmentOrderAnswer::of(reference, order, work);
            Some(wire::to_json(&answer))
        }
        AnswerSubject::Shipment { shipment, order } => {
            let answer = ShipmentAnswer::of(reference, order, shipment);
            Some(wire::to_json(&answer))
        }
        AnswerSubject::Return { found, order } => {
            Some(wire::to_json(&ReturnAnswer::of(reference, order, found)))
        }
        AnswerSubject::Cell { key, cell } => {
            Some(wire::to_json(&StockAnswer::of(reference, None, *key, cell)))
        }
        AnswerSubject::Record { kind, body, .. } => record_json(reference, *kind, body),
    }
}

/// The answer to a command about a record of type `R`, written by `show`.
pub fn render_as<R: Show>(
    reference: &Reference,
    result: Result<&Applied, &Rejection>,
    show: impl Fn(&R, &Reference) -> String,
) -> (u16, String) {
    let applied = match result {
        Ok(applied) => applied,
        Err(rejection) => return refused(reference, rejection),
    };
    match &applied.subject {
        AnswerSubject::Record { body, .. } => match serde_json::from_str::<R>(body) {
            Ok(record) => (status_of(applied.outcome), show(&record, reference)),
            Err(_) => unreadable(),
        },
        AnswerSubject::Nothing
        | AnswerSubject::Order { .. }
        | AnswerSubject::Erased(_)
        | AnswerSubject::Work { .. }
        | AnswerSubject::Shipment { .. }
        | AnswerSubject::Return { .. }
        | AnswerSubject::Cell { .. } => unreadable(),
    }
}

fn refused(reference: &Reference, rejection: &Rejection) -> (u16, String) {
    let current =
        (rejection.current.as_deref()).and_then(|current| subject_json(reference, current));
    let body = match current {
        Some(current) => conflict_json(rejection, &current),
        None => rejection_json(rejection),
    };
    (rejection.code.status(), body)
}

/// A bug: the command was applied, and what it was about is not what the operation shows.
fn unreadable() -> (u16, String) {
    let rejection = Rejection::new(Code::Internal, "it is done, but could not be shown");
    (rejection.code.status(), rejection_json(&rejection))
}

/// What is shown of a record that stands there as its canonical JSON.
fn record_json(reference: &Reference, kind: RecordKind, body: &str) -> Option<String> {
    match kind {
        RecordKind::Organization => shown::<Organization>(reference, body),
        RecordKind::ApiKey => shown::<ApiKey>(reference, body),
        RecordKind::Channel => shown::<Channel>(reference, body),
        RecordKind::Location => shown::<Location>(reference, body),
        RecordKind::Sku => shown::<Sku>(reference, body),
        RecordKind::Reservation => shown::<Reservation>(reference, body),
        RecordKind::Webhook => shown::<Webhook>(reference, body),
        RecordKind::RateTable => shown::<RateTable>(reference, body),
        RecordKind::SourcingSettings => shown::<SourcingSettings>(reference, body),
        RecordKind::PriceBook => shown::<PriceBook>(reference, body),
        RecordKind::RuleSet => shown::<RuleSet>(reference, body),
        RecordKind::LegalEntity => shown::<LegalEntity>(reference, body),
        RecordKind::Pool => shown::<Pool>(reference, body),
        RecordKind::Block => shown::<Block>(reference, body),
        RecordKind::Listing => shown::<Listing>(reference, body),
        // These come as records and not as JSON.
        RecordKind::Order
        | RecordKind::FulfillmentOrder
        | RecordKind::Shipment
        | RecordKind::Return => None,
    }
}

fn shown<R: Show>(reference: &Reference, body: &str) -> Option<String> {
    let record: R = serde_json::from_str(body).ok()?;
    Some(wire::to_json(&record.show(reference)))
}
