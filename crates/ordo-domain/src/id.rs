//! Every typed id and its prefix, in one registry: alphabetical by type, append-only.
//!
//! An id is 128 bits in the layout of UUID version 7 (RFC 9562): 48 bits of milliseconds, 12 bits of
//! the microsecond within them (its method 3, so that ids sort by time at that grain), then bits
//! that look random. Here they are a keyed hash of (command id, n), so that deciding the same
//! command twice makes the same ids. In text an id is its prefix, `_`, and 26 characters of
//! Crockford's base 32 in lower case, which sorts like the number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

use crate::time::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that starts with {expected}_")]
pub struct ParseIdError {
    /// The prefix that the id should have had, without the underscore.
    pub expected: &'static str,
}

fn encode(value: u128) -> [u8; 26] {
    let mut text = [0_u8; 26];
    let mut rest = value;
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    text
}

fn decode(text: &[u8]) -> Option<u128> {
    if text.len() != 26 || text[0] > b'7' {
        return None;
    }
    text.iter().try_fold(0_u128, |value, byte| {
        let digit = ALPHABET.iter().position(|c| c == byte)?;
        Some((value << 5) | digit as u128)
    })
}

/// Makes the ids of one command, in the order in which the decision asks for them.
///
/// The time part is the Context time; the rest is SipHash-2-4-128 of n under the command id.
#[derive(Debug, Clone)]
pub struct IdMaker {
    command: CommandId,
    at: Timestamp,
    next: u64,
}

impl IdMaker {
    /// Starts at n = 0 for `command`, admitted at `at`.
    #[must_use]
    pub fn new(command: CommandId, at: Timestamp) -> Self {
        Self {
            command,
            at,
            next: 0,
        }
    }

    /// The next id, as any typed id.
    pub fn make<I: From<u128>>(&mut self) -> I {
        let n = self.next;
        self.next += 1;
        I::from(derive(self.command, n, self.at))
    }
}

/// The id that (`command`, `n`) gives at `at`, in the layout of UUID version 7.
#[must_use]
pub fn derive(command: CommandId, n: u64, at: Timestamp) -> u128 {
    let mut hasher = SipHasher24::new_with_key(&command.to_u128().to_be_bytes());
    hasher.write_u64(n);
    let hash = hasher.finish128().as_u128();
    let micros = at.as_micros().max(0) as u128;
    let millis = (micros / 1_000) & ((1 << 48) - 1);
    let fraction = (micros % 1_000) * 4_096 / 1_000;
    let random_b = hash & ((1 << 62) - 1);
    (millis << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | random_b
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u128);

        impl $name {
            /// The prefix of this kind of id in text, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// The 128 bits.
            #[must_use]
            pub const fn to_u128(self) -> u128 {
                self.0
            }

            /// The id with these 128 bits.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self(bits)
            }
        }

        impl From<u128> for $name {
            fn from(bits: u128) -> Self {
                Self(bits)
            }
        }

        impl From<$name> for u128 {
            fn from(id: $name) -> u128 {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0_u8; $prefix.len() + 27];
                text[..$prefix.len()].copy_from_slice($prefix.as_bytes());
                text[$prefix.len()] = b'_';
                text[$prefix.len() + 1..].copy_from_slice(&encode(self.0));
                f.write_str(std::str::from_utf8(&text).expect("prefix and alphabet are ASCII"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| decode(rest.as_bytes()))
                    .map(Self)
                    .ok_or(ParseIdError { expected: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("an id that starts with ", $prefix, "_"))
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }
    )*};
}

ids! {
    /// A key with which a program speaks to the API.
    ApiKeyId = "key";
    /// One commit of several commands.
    BatchId = "bat";
    /// Something that stops a SKU, lot, location, cell or carrier service.
    BlockId = "blk";
    /// A place that orders come from.
    ChannelId = "chn";
    /// One request to change something, admitted once.
    CommandId = "cmd";
    /// A configured instance of a connector.
    ConnectionId = "con";
    /// The record of one person's name, street, e-mail and phone.
    ContactId = "cnt";
    /// A stored decision with its inputs.
    DecisionId = "dec";
    /// One effect on its way to the outside.
    DeliveryId = "dlv";
    /// An invoice, credit note, pro forma or customs invoice.
    DocumentId = "doc";
    /// A legal entity of the organization.
    EntityId = "ent";
    /// One event of the log.
    EventId = "evt";
    /// The part of an order given to one location as work.
    FulfillmentOrderId = "ful";
    /// A role given to a subject within a scope.
    GrantId = "grt";
    /// A named reason that stops an order.
    HoldId = "hld";
    /// Wide work done in pages.
    JobId = "job";
    /// One SKU, quantity and price of an order.
    LineId = "lin";
    /// A channel's own name for what it sells.
    ListingId = "lst";
    /// A place that holds or ships stock.
    LocationId = "loc";
    /// The business that owns the data.
    OrganizationId = "org";
    /// What a buyer agreed to buy.
    OrderId = "ord";
    /// One labeled box.
    ParcelId = "prc";
    /// A raw body kept as it came.
    PayloadId = "pld";
    /// A fact about money.
    PaymentId = "pay";
    /// A named set of locations.
    PoolId = "pol";
    /// What a carrier's service costs.
    RateTableId = "rat";
    /// A refund, decided or done.
    RefundId = "rfd";
    /// Sourcing rules for some of the orders, in versions.
    RuleSetId = "rus";
    /// A promise of stock with an expiry.
    ReservationId = "rsv";
    /// Permission and record of goods coming back.
    ReturnId = "rma";
    /// One SKU and quantity of a return.
    ReturnLineId = "rml";
    /// A hand-over to one carrier.
    ShipmentId = "shp";
    /// What scarce stock and shipments are worth.
    PriceBookId = "bok";
    /// What sourcing weighs against what.
    SettingsId = "set";
    /// The thing that is stocked.
    SkuId = "sku";
    /// Something due at an instant.
    TimerId = "tim";
    /// A person who signs in.
    UserId = "usr";
    /// Where events are posted to.
    WebhookId = "whk";
    /// What a what-if came to.
    WhatIfId = "wif";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_is_prefix_and_26_characters_and_reads_back() {
        let id = OrderId::from_u128(0x0192_3abc_0000_7000_8000_0000_0000_0001);
        let text = id.to_string();
        assert_eq!(text.len(), 4 + 26);
        assert_eq!(text.parse::<OrderId>().unwrap(), id);
        assert!(text.parse::<LineId>().is_err());
        assert_eq!(
            OrderId::from_u128(u128::MAX).to_string().parse(),
            Ok(OrderId(u128::MAX))
        );
    }

    #[test]
    fn a_text_above_128_bits_or_outside_the_alphabet_is_refused() {
        for text in [
            "ord_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "ord_0000000000000000000000000u",
            "ord_",
            "",
        ] {
            assert!(text.parse::<OrderId>().is_err(), "{text}");
        }
    }

    #[test]
    fn same_command_and_n_make_the_same_id_with_version_and_variant_of_uuid_7() {
        let command = CommandId::from_u128(7);
        let at = Timestamp::from_micros(1_790_000_000_000_000);
        let first: OrderId = IdMaker::new(command, at).make();
        assert_eq!(first.to_u128(), derive(command, 0, at));
        assert_ne!(first.to_u128(), derive(command, 1, at));
        assert_eq!(first.to_u128() >> 76 & 0xf, 7);
        assert_eq!(first.to_u128() >> 62 & 0b11, 0b10);
        assert_eq!((first.to_u128() >> 80) as i64, at.as_micros() / 1_000);
    }
    #[test]
    fn ids_of_two_microseconds_sort_by_time_whatever_their_commands() {
        let at = |micros: i64| Timestamp::from_micros(1_790_000_000_000_000 + micros);
        for micros in [0, 1, 500, 998, 999, 1_000, 4_095] {
            for command in 0..50 {
                let earlier = derive(CommandId::from_u128(command), 0, at(micros));
                let later = derive(CommandId::from_u128(command + 77), 0, at(micros + 1));
                assert!(earlier < later, "{micros} {command}");
            }
        }
    }
}
