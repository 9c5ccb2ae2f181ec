//! What a client of the simulation is answered: the ids that it needs, and enough to tell two answers
//! apart.

use ordo_domain::reference::Reference;
use ordo_domain::{AnswerSubject, Applied, Outcome, Rejection};
use serde_json::json;

/// Status and body of an answer; an order's number is filled in later.
pub(crate) fn render(_: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    let applied = match result {
        Ok(applied) => applied,
        Err(rejection) => return (rejection.code.status(), rejection.code.slug().to_owned()),
    };
    let status = match applied.outcome {
        Outcome::Created => 201,
        Outcome::Updated | Outcome::Unchanged => 200,
    };
    let body = match &applied.subject {
        AnswerSubject::Order { order, .. } => {
            // The number stands first, where the engine looks for its place.
            let (id, version) = (order.id, order.version);
            return (
                status,
                format!("{{\"number\":null,\"id\":\"{id}\",\"version\":{version}}}"),
            );
        }
        AnswerSubject::Work { work, .. } => {
            json!({"id": work.id.to_string(), "version": work.version, "state": work.state.name()})
        }
        AnswerSubject::Shipment { shipment, .. } => {
            json!({"id": shipment.id.to_string(), "version": shipment.version})
        }
        AnswerSubject::Return { found, .. } => {
            json!({"id": found.id.to_string(), "version": found.version})
        }
        AnswerSubject::Record { id, .. } => json!({"record": id.to_string()}),
        AnswerSubject::Cell { cell, .. } => json!({"available": cell.available().get()}),
        AnswerSubject::Erased(counts) => json!({"contacts": counts.contacts}),
        AnswerSubject::Nothing => return (status, String::new()),
    };
    (status, body.to_string())
}
