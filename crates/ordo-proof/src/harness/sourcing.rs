//! Sourcing problems: documents as `ordo source solve` reads them, and decisions as they are stored.

use ordo_routing_format::{Document, Network};
use ordo_sourcing::{Decision, StepBudget, solve};

/// Orders that are solved of one document.
const ORDERS_MAX: usize = 3;

/// Reads a document and solves its first orders.
///
/// # Panics
/// Where a reader or the solver panics.
pub fn document(input: &[u8]) {
    let Ok(document) = Document::read(input) else {
        return;
    };
    let Ok(network) = Network::new(&document) else {
        return;
    };
    for order in document.orders.iter().take(ORDERS_MAX) {
        let instance = network.instance(order);
        // Numbers that are too large are refused.
        let _ = solve(&instance, StepBudget::IN_BATCH);
    }
}

/// Reads a stored decision and solves it again.
///
/// # Panics
/// Where it changes when it is written and read again, or the solver panics.
pub fn decision(input: &[u8]) {
    let Ok(decision) = serde_json::from_slice::<Decision>(input) else {
        return;
    };
    let text = serde_json::to_string(&decision).unwrap();
    let again: Decision = serde_json::from_str(&text).unwrap();
    assert_eq!(again, decision, "{text}");
    let _ = solve(&decision.instance, StepBudget::IN_BATCH);
}
