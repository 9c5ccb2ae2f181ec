//! The input form of an order: what channels, imports and the API hand in, and its one parser.
//!
//! There are three forms of an order only: this one, the document ([`crate::order::Order`]) and the
//! answer of the API. Connectors and importers translate into this form and no other.

use serde::{Deserialize, Serialize};

use crate::check::{Check, MoneyInput};
use crate::contact::Contact;
use crate::id::{ContactId, ReservationId};
use crate::money::{Currency, Minor, split};
use crate::order::capture::{CaptureOrder, LineDraft, PaymentReport, PaymentStatus};
pub use crate::order::line_input::LineInput;
use crate::order::{ExternalRef, LINES_MAX, OrderKind, Origin, Presentment, ShippingChoice, Terms};
use crate::rejection::Rejection;
use crate::text::mask_card_numbers;

/// An order as it comes in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OrderInput {
    /// The channel's code.
    pub channel: String,
    /// The channel's own id of the order; unique per channel.
    pub external_id: String,
    /// Grows with every change at the channel; a smaller or equal one is ignored. 1 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_version: Option<i64>,
    /// `live` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// `sale` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<OrderKind>,
    /// When and by whom it is paid; where absent, as the channel's kind and the payment suggest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// RFC 3339.
    pub placed_at: String,
    /// ISO 4217; every amount of the order is in it.
    pub currency: String,
    /// Whether prices include tax; `false` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_included: Option<bool>,
    /// What the channel says of the money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentInput>,
    /// Where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<ContactInput>,
    /// Who is invoiced, where not the one at `ship_to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill_to: Option<ContactInput>,
    /// The buyer's tax number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_vat_id: Option<String>,
    /// The buyer's choice of shipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<ShippingInput>,
    /// Taken off the whole order; shared over the lines by their price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<MoneyInput>,
    /// What was ordered: at most 1,000 lines. Only an order of origin `history` may have none.
    #[serde(default)]
    pub lines: Vec<LineInput>,
    /// The channel's own total, to be compared with the sum of the shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<MoneyInput>,
    /// What the buyer wrote to the merchant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What is to be written on a card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift_text: Option<String>,
    /// Names that other systems have for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_refs: Vec<ExternalRef>,
    /// Operators' labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The customer's tier, such as `gold`; sourcing rules ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_tier: Option<String>,
    /// Marks that sourcing rules ask for: at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The currency the buyer saw, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentment: Option<PresentmentInput>,
    /// A reservation whose place the order takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation_id: Option<String>,
    /// Whether the channel canceled the order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub canceled: bool,
}

/// What the channel says of the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PaymentInput {
    /// How it stands.
    pub status: PaymentStatus,
    /// How much of it: the total where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<MoneyInput>,
    /// How much was paid back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<MoneyInput>,
    /// A method's name, never a card number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// The provider's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// A person or business with an address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ContactInput {
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
    /// Postal code.
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
    /// Latitude in millionths of a degree, where the channel knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude_e6: Option<i32>,
    /// Longitude in millionths of a degree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude_e6: Option<i32>,
}

/// The buyer's choice of shipping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ShippingInput {
    /// The channel's name of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What the buyer pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<MoneyInput>,
    /// Taken off the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<MoneyInput>,
    /// Tax on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<MoneyInput>,
}

/// The currency the buyer saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PresentmentInput {
    /// ISO 4217.
    pub currency: String,
    /// One unit of the order's currency in it, in millionths.
    pub rate_ppm: i64,
}

impl OrderInput {
    /// Parses the form; below this, no field is looked at again.
    ///
    /// # Errors
    /// `invalid_input` with every refused field.
    pub fn parse(&self) -> Result<CaptureOrder, Rejection> {
        let mut check = Check::default();
        let currency = check.currency("/currency", &self.currency);
        let mut masked = false;
        let origin = self.origin.unwrap_or_default();
        let mut contact = self
            .ship_to
            .as_ref()
            .map(|to| to.parse(&mut check, "/ship_to"));
        let bill_to = self
            .bill_to
            .as_ref()
            .map(|to| to.parse(&mut check, "/bill_to").0);
        let mut words = |check: &mut Check, field: &str, value: Option<&String>| {
            let text = check.optional_text(field, value, 2_000)?;
            let safe = mask_card_numbers(&text);
            masked |= safe != text;
            Some(safe.into_owned())
        };
        let note = words(&mut check, "/note", self.note.as_ref());
        let gift_text = words(&mut check, "/gift_text", self.gift_text.as_ref());
        let mut personalization = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            let field = format!("/lines/{index}/personalization");
            if let Some(text) = words(&mut check, &field, line.personalization.as_ref()) {
                personalization.push((line.name(index), text));
            }
        }
        if note.is_some() || gift_text.is_some() || !personalization.is_empty() {
            let (to, _) = contact.get_or_insert_default();
            to.note = note;
            to.gift_text = gift_text;
            to.personalization = personalization;
        }
        if self.lines.is_empty() && origin != Origin::History {
            check.refuse("/lines", "must hold at least one line");
        }
        if self.lines.len() > LINES_MAX {
            check.refuse("/lines", "holds more than 1000 lines");
        }
        let mut lines: Vec<LineDraft> = (self.lines.iter().take(LINES_MAX).enumerate())
            .map(|(index, line)| line.parse(&mut check, index, currency, origin))
            .collect();
        self.refuse_repeated_lines(&mut check, &lines);
        if let Some(discount) = &self.discount {
            let amount = check.money("/discount", discount, currency, false);
            share_discount(&mut check, &mut lines, amount);
        }
        let amount = |check: &mut Check, field: &str, value: Option<&MoneyInput>| {
            value
                .map(|value| check.money(field, value, currency, false))
                .unwrap_or_default()
        };
        let shipping = match &self.shipping {
            None => ShippingChoice::default(),
            Some(shipping) => ShippingChoice {
                service: check.optional_text("/shipping/service", shipping.service.as_ref(), 255),
                price: amount(&mut check, "/shipping/price", shipping.price.as_ref()),
                discount: amount(&mut check, "/shipping/discount", shipping.discount.as_ref()),
                tax: amount(&mut check, "/shipping/tax", shipping.tax.as_ref()),
            },
        };
        if shipping.discount > shipping.price {
            check.refuse("/shipping/discount", "is more than the price");
        }
        refuse_overflow(&mut check, &lines, &shipping);
        let payment = self.payment.as_ref().map(|payment| PaymentReport {
            status: payment.status,
            amount: (payment.amount.as_ref())
                .map(|value| check.money("/payment/amount", value, currency, false)),
            refunded: amount(&mut check, "/payment/refunded", payment.refunded.as_ref()),
            instrument: check
                .optional_text("/payment/instrument", payment.instrument.as_ref(), 64)
                .map(|text| mask_card_numbers(&text).into_owned()),
            external_id: check.optional_text(
                "/payment/external_id",
                payment.external_id.as_ref(),
                255,
            ),
        });
        if self.reservation_id.is_some() && origin == Origin::History {
            check.refuse(
                "/reservation_id",
                "is not for past orders, which take no stock",
            );
        }
        let reservation = self.reservation_id.as_ref().and_then(|text| {
            text.parse::<ReservationId>()
                .map_err(|error| check.refuse("/reservation_id", error.to_string()))
                .ok()
        });
        let presentment = self.presentment.as_ref().and_then(|seen| {
            if !(1..=1_000_000_000_000).contains(&seen.rate_ppm) {
                check.refuse("/presentment/rate_ppm", "must be from 1 to 10^12");
            }
            let currency = check.currency("/presentment/currency", &seen.currency)?;
            Some(Presentment {
                currency,
                rate_ppm: seen.rate_ppm,
            })
        });
        let source_version = self.source_version.unwrap_or(1);
        if source_version < 0 {
            check.refuse("/source_version", "must not be negative");
        }
        let (contact, at) = match contact {
            Some((contact, at)) => (Some(contact), at),
            None => (None, None),
        };
        let capture = CaptureOrder {
            channel: check.code("/channel", &self.channel),
            external_id: check.text("/external_id", &self.external_id, 255),
            source_version,
            origin,
            kind: self.kind.unwrap_or_default(),
            terms: self.terms,
            placed_at: check.instant("/placed_at", &self.placed_at),
            // Refused above where it is not a code.
            currency: currency.unwrap_or(NO_CURRENCY),
            tax_included: self.tax_included.unwrap_or(false),
            payment,
            ship_to: contact,
            ship_to_at: at,
            bill_to,
            buyer_vat_id: check.optional_text("/buyer_vat_id", self.buyer_vat_id.as_ref(), 64),
            shipping,
            lines,
            channel_total: (self.total.as_ref())
                .map(|total| check.money("/total", total, currency, false)),
            external_refs: self.parse_refs(&mut check),
            labels: parse_marks(&mut check, "labels", &self.labels),
            customer_tier: check.optional_text("/customer_tier", self.customer_tier.as_ref(), 64),
            tags: parse_marks(&mut check, "tags", &self.tags),
            presentment,
            reservation,
            card_number_masked: masked,
            canceled: self.canceled,
        };
        check.finish(capture)
    }

    fn refuse_repeated_lines(&self, check: &mut Check, lines: &[LineDraft]) {
        let mut names: Vec<(&str, usize)> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| (line.external_id.as_str(), index))
            .collect();
        names.sort_unstable();
        for pair in names.windows(2) {
            if pair[0].0 == pair[1].0 {
                let field = format!("/lines/{}/external_id", pair[1].1);
                check.refuse(field, "stands on another line too");
            }
        }
    }

    fn parse_refs(&self, check: &mut Check) -> Vec<ExternalRef> {
        if self.external_refs.len() > 20 {
            check.refuse("/external_refs", "holds more than 20 entries");
        }
        let mut text = |index: usize, name: &str, value: &str| {
            check.text(&format!("/external_refs/{index}/{name}"), value, 255)
        };
        (self.external_refs.iter().take(20).enumerate())
            .map(|(index, reference)| ExternalRef {
                system: text(index, "system", &reference.system),
                value: text(index, "value", &reference.value),
            })
            .collect()
    }
}

/// Short texts that somebody put on the order.
fn parse_marks(check: &mut Check, name: &str, marks: &[String]) -> Vec<String> {
    if marks.len() > 50 {
        check.refuse(format!("/{name}"), "holds more than 50 entries");
    }
    (marks.iter().take(50).enumerate())
        .map(|(index, mark)| check.text(&format!("/{name}/{index}"), mark, 255))
        .collect()
}

/// Stands in for a currency that was refused; such a capture never leaves the parser.
const NO_CURRENCY: Currency = Currency::XXX;

impl ContactInput {
    /// Parses the form by itself; the contact has no id yet.
    ///
    /// # Errors
    /// `invalid_input` with every refused field.
    pub fn to_contact(&self) -> Result<Contact, Rejection> {
        let mut check = Check::default();
        let (contact, _) = self.parse(&mut check, "");
        check.finish(contact)
    }

    fn parse(&self, check: &mut Check, at: &str) -> (Contact, Option<(i32, i32)>) {
        let mut text = |name: &str, value: Option<&String>, max: usize| {
            check.optional_text(&format!("{at}/{name}"), value, max)
        };
        let contact = Contact {
            id: ContactId::default(),
            name: text("name", self.name.as_ref(), 255),
            company: text("company", self.company.as_ref(), 255),
            line1: text("line1", self.line1.as_ref(), 255),
            line2: text("line2", self.line2.as_ref(), 255),
            city: text("city", self.city.as_ref(), 255),
            region: text("region", self.region.as_ref(), 64),
            postal_code: text("postal_code", self.postal_code.as_ref(), 32),
            country: None,
            email: text("email", self.email.as_ref(), 320),
            phone: text("phone", self.phone.as_ref(), 64),
            note: None,
            gift_text: None,
            personalization: Vec::new(),
        };
        let country = (self.country.as_deref())
            .filter(|code| !code.trim().is_empty())
            .map(|code| check.country(&format!("{at}/country"), code));
        let point = match (self.latitude_e6, self.longitude_e6) {
            (Some(latitude), Some(longitude)) => {
                if latitude.unsigned_abs() > 90_000_000 || longitude.unsigned_abs() > 180_000_000 {
                    check.refuse(format!("{at}/latitude_e6"), "is not on Earth");
                }
                Some((latitude, longitude))
            }
            _ => None,
        };
        (Contact { country, ..contact }, point)
    }
}

/// Shares an order-level discount over the lines by what each still costs.
fn share_discount(check: &mut Check, lines: &mut [LineDraft], discount: Minor) {
    let left: Vec<i64> = lines
        .iter()
        .map(|line| (line.gross() - line.discount).get())
        .collect();
    if discount.get() > left.iter().sum::<i64>() {
        check.refuse("/discount", "is more than the price of the lines");
        return;
    }
    for (line, share) in lines.iter_mut().zip(split(discount, &left)) {
        line.discount += share;
    }
}

/// Refuses an order whose sums leave the range of an amount.
fn refuse_overflow(check: &mut Check, lines: &[LineDraft], shipping: &ShippingChoice) {
    let taxes = |line: &LineDraft| {
        line.taxes
            .iter()
            .map(|tax| i128::from(tax.amount.get()))
            .sum::<i128>()
    };
    let total: i128 = lines
        .iter()
        .map(|line| i128::from(line.gross().get()) + taxes(line))
        .chain([
            i128::from(shipping.price.get()),
            i128::from(shipping.tax.get()),
        ])
        .sum();
    if total > i128::from(crate::money::AMOUNT_MAX) {
        check.refuse("/lines", "sum to more than 10^15 minor units");
    }
}
