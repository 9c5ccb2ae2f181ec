//! Contacts: the only place where a person's name, street, e-mail, phone and words are kept.
//!
//! Orders and events hold a [`ContactId`] and a coarse [`Place`]. Contacts are written beside the
//! log, not through it, so that erasing a person leaves nothing in the log.

mod po_box;

use ordo_geo::{Gazetteer, Point};
use serde::{Deserialize, Serialize};

use crate::id::ContactId;
use crate::network::Place;
use po_box::reads_as_po_box;

/// A person or business, as an order gave it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// The person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The business's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Street and house number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line1: Option<String>,
    /// Whatever else belongs to the street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The whole postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// What the buyer wrote to the merchant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What is to be written on a card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift_text: Option<String>,
    /// Words to engrave or print: line's external id and text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub personalization: Vec<(String, String)>,
}

impl Contact {
    /// Where this is, as far as orders and events may know it: of the postal code its first three
    /// characters, and coordinates, which are looked up where none are `given`.
    #[must_use]
    pub fn place(&self, given: Option<Point>, gazetteer: &Gazetteer) -> Place {
        let mut place = Place {
            country: self.country.clone().unwrap_or_default(),
            region: self.region.clone(),
            postal: self
                .postal_code
                .as_ref()
                .map(|code| code.chars().take(3).collect()),
            at: given,
            precision: None,
        };
        if given.is_none() {
            place.find(gazetteer, self.postal_code.as_deref(), self.city.as_deref());
        }
        place
    }

    /// Whether its street reads as a post office box.
    #[must_use]
    pub fn is_po_box(&self) -> bool {
        let lines = [&self.line1, &self.line2];
        let mut lines = lines.into_iter().flatten();
        lines.any(|line| reads_as_po_box(line))
    }

    /// The fields without which no parcel can be sent, by name.
    #[must_use]
    pub fn missing_for_shipping(&self) -> Vec<&'static str> {
        let absent = |field: &Option<String>| field.as_deref().is_none_or(str::is_empty);
        let country = self.country.as_deref().unwrap_or_default();
        let mut missing = Vec::new();
        if absent(&self.name) && absent(&self.company) {
            missing.push("name");
        }
        if absent(&self.line1) {
            missing.push("line1");
        }
        if absent(&self.city) {
            missing.push("city");
        }
        if country.is_empty() {
            missing.push("country");
        }
        if absent(&self.postal_code) && !has_no_postal_codes(country) {
            missing.push("postal_code");
        }
        missing
    }
}

/// Countries and territories whose postal operator uses no postal codes (Universal Postal Union).
fn has_no_postal_codes(country: &str) -> bool {
    matches!(
        country,
        "AE" | "AG"
            | "AO"
            | "AW"
            | "BF"
            | "BI"
            | "BJ"
            | "BO"
            | "BS"
            | "BW"
            | "BZ"
            | "CD"
            | "CF"
            | "CG"
            | "CI"
            | "CK"
            | "CM"
            | "CW"
            | "DJ"
            | "DM"
            | "ER"
            | "FJ"
            | "GA"
            | "GD"
            | "GH"
            | "GM"
            | "GQ"
            | "GY"
            | "HK"
            | "KI"
            | "KM"
            | "KN"
            | "KP"
            | "LY"
            | "ML"
            | "MO"
            | "MR"
            | "MW"
            | "NR"
            | "NU"
            | "PA"
            | "QA"
            | "RW"
            | "SB"
            | "SC"
            | "SL"
            | "SR"
            | "ST"
            | "SX"
            | "SY"
            | "TD"
            | "TG"
            | "TK"
            | "TL"
            | "TO"
            | "TV"
            | "UG"
            | "VU"
            | "YE"
            | "ZW"
    )
}
