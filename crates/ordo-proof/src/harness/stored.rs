//! What stores keep: records and events as JSON, the first line naming which. Whatever can be read is
//! the same when it is written and read again.

use std::fmt::Debug;

use ordo_domain::Event;
use ordo_domain::catalog::{Listing, Sku};
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::network::{Block, Channel, LegalEntity, Location, Pool};
use ordo_domain::order::Order;
use ordo_domain::rate::RateTable;
use ordo_domain::returns::Return;
use ordo_domain::rules::RuleSet;
use ordo_domain::shipment::Shipment;
use ordo_domain::sourcing::SourcingSettings;
use ordo_domain::stock::Reservation;
use ordo_domain::webhook::Webhook;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a record or event.
///
/// # Panics
/// Where it changes when it is written and read again.
pub fn read(input: &[u8]) {
    let at = input.iter().position(|byte| *byte == b'\n');
    let Some(at) = at else { return };
    let (kind, body) = (&input[..at], &input[at + 1..]);
    match kind {
        b"event" => same::<Event>(body),
        b"order" => same::<Order>(body),
        b"work" => same::<FulfillmentOrder>(body),
        b"shipment" => same::<Shipment>(body),
        b"return" => same::<Return>(body),
        b"reservation" => same::<Reservation>(body),
        b"sku" => same::<Sku>(body),
        b"listing" => same::<Listing>(body),
        b"location" => same::<Location>(body),
        b"channel" => same::<Channel>(body),
        b"entity" => same::<LegalEntity>(body),
        b"pool" => same::<Pool>(body),
        b"block" => same::<Block>(body),
        b"webhook" => same::<Webhook>(body),
        b"rates" => same::<RateTable>(body),
        b"rules" => same::<RuleSet>(body),
        b"settings" => same::<SourcingSettings>(body),
        _ => {}
    }
}

fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(body: &[u8]) {
    let Ok(value) = serde_json::from_slice::<T>(body) else {
        return;
    };
    let text = serde_json::to_string(&value).unwrap();
    let again: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(again, value, "{text}");
}
