//! Signals: how often an e-mail, phone or address was seen in 24 hours, keyed by hash.
//!
//! Duplicate and fraud checks read these rows only. A row counts within a window that starts with
//! its first sighting and lasts 24 hours; the first sighting after that starts it anew. The hash is
//! keyed with the organization's id, so that rows of two organizations cannot be compared.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::id::OrganizationId;
use crate::time::{DAY, Timestamp};

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A street address.
    Address,
}

impl SignalKind {
    /// The stored number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Email => 1,
            Self::Phone => 2,
            Self::Address => 3,
        }
    }
}

/// The key of a row: kind and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalKey {
    /// What was seen.
    pub kind: SignalKind,
    /// Hash of it in its normal form.
    pub hash: u128,
}

impl SignalKey {
    /// The key for `text` in its normal form: letters and digits only, in lower case (e-mail keeps
    /// its punctuation).
    #[must_use]
    pub fn of(organization: OrganizationId, kind: SignalKind, text: &str) -> Self {
        let mut hasher = SipHasher24::new_with_key(&organization.to_u128().to_be_bytes());
        hasher.write_u8(kind.number());
        let keep_all = kind == SignalKind::Email;
        let mut buffer = [0_u8; 4];
        for character in text.chars().flat_map(char::to_lowercase) {
            if character.is_alphanumeric() || (keep_all && !character.is_whitespace()) {
                hasher.write(character.encode_utf8(&mut buffer).as_bytes());
            }
        }
        Self {
            kind,
            hash: hasher.finish128().as_u128(),
        }
    }
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signal {
    /// Sightings in the window.
    pub count: i64,
    /// When the window started.
    pub since: Timestamp,
    /// Hash of what the last order held, to recognize the same basket again.
    pub basket: u64,
}

impl Signal {
    /// The row after one more sighting at `now`.
    #[must_use]
    pub fn seen(self, now: Timestamp, basket: u64) -> Self {
        if self.is_current(now) {
            Self {
                count: self.count + 1,
                since: self.since,
                basket,
            }
        } else {
            Self {
                count: 1,
                since: now,
                basket,
            }
        }
    }

    /// Whether the window still covers `now`.
    #[must_use]
    pub fn is_current(self, now: Timestamp) -> bool {
        self.count > 0 && now.as_micros() - self.since.as_micros() < DAY
    }
}
