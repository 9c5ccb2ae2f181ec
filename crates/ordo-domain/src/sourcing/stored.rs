//! Decisions as they are stored: the text, and back.

use ordo_sourcing::{Decision, Key as LocationKey};

use crate::reference::Reference;

/// The text of a decision. Only with a reference that knows its locations can it be read.
pub(crate) fn decision_text(decision: &Decision, reference: &Reference) -> String {
    let stored = decision.shortened(keys(reference));
    serde_json::to_string(&stored).expect("decisions hold only numbers and names")
}

/// The decision of a text.
///
/// # Errors
/// Where it is not the text of one.
pub fn read_decision(text: &str, reference: &Reference) -> Result<Decision, serde_json::Error> {
    let stored: Decision = serde_json::from_str(text)?;
    Ok(stored.restored(keys(reference)))
}

fn keys(reference: &Reference) -> impl Iterator<Item = LocationKey> {
    let locations = reference.locations();
    locations.map(|location| LocationKey(location.id.to_u128()))
}
