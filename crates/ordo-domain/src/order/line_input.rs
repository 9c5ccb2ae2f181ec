//! A line of the input form of an order, and its parser.

use serde::{Deserialize, Serialize};

use crate::check::{Check, MoneyInput};
use crate::money::{Currency, Minor};
use crate::order::capture::LineDraft;
use crate::order::{FulfilledBy, LineKind, Origin, TaxLine, TaxTreatment};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LineInput {
    /// The channel's own id of it, unique within the order; its position from 1 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The SKU's code, or a listing's code of this channel.
    #[serde(default)]
    pub sku: String,
    /// The name as the channel shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How many smallest units.
    pub quantity: i64,
    /// The price of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<MoneyInput>,
    /// Taken off the whole line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<MoneyInput>,
    /// All tax on the line, where it is not given in parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<MoneyInput>,
    /// The taxes on the line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<TaxLine>,
    /// `physical` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<LineKind>,
    /// `us` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfilled_by: Option<FulfilledBy>,
    /// What is to be done with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Words to engrave or print.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personalization: Option<String>,
    /// Whether it may not be returned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub final_sale: bool,
    /// By when the channel wants it shipped, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_by: Option<String>,
    /// By when the channel told the buyer it would arrive, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_by: Option<String>,
    /// Units that have left already, before Ordo knew the order or by somebody else's hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped: Option<i64>,
    /// The code of the location that they left from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_from: Option<String>,
    /// Units that the channel says will not be delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canceled: Option<i64>,
}

impl LineInput {
    /// What the channel calls it; its position where it says nothing.
    pub(super) fn name(&self, index: usize) -> String {
        self.external_id
            .clone()
            .unwrap_or_else(|| (index + 1).to_string())
    }

    /// The line at this place of an order, and what is wrong with it.
    pub(super) fn parse(
        &self,
        check: &mut Check,
        index: usize,
        currency: Option<Currency>,
        origin: Origin,
    ) -> LineDraft {
        let at = |name: &str| format!("/lines/{index}/{name}");
        let kind = self.kind.unwrap_or_default();
        let quantity = check.quantity(&at("quantity"), self.quantity);
        let mut amount = |name: &str, value: Option<&MoneyInput>| {
            value
                .map(|value| check.money(&at(name), value, currency, false))
                .unwrap_or_default()
        };
        let unit_price = amount("unit_price", self.unit_price.as_ref());
        let discount = amount("discount", self.discount.as_ref());
        let tax = amount("tax", self.tax.as_ref());
        let gross = unit_price.times(quantity.get());
        match gross {
            None => check.refuse(at("unit_price"), "times the quantity is larger than 10^15"),
            Some(gross) if discount > gross => {
                check.refuse(at("discount"), "is more than the price of the line");
            }
            Some(_) => {}
        }
        let mut taxes = parse_taxes(check, &at("taxes"), &self.taxes);
        if taxes.is_empty() && tax != Minor::ZERO {
            taxes.push(TaxLine {
                jurisdiction: None,
                rate_ppm: None,
                base: None,
                amount: tax,
                code: None,
                treatment: TaxTreatment::Domestic,
                remitted_by: None,
            });
        }
        let code = match kind {
            LineKind::Physical if origin == Origin::Live => check.code(&at("sku"), &self.sku),
            _ => check
                .optional_text(&at("sku"), Some(&self.sku), 128)
                .unwrap_or_default(),
        };
        let mut part = |name: &str, value: Option<i64>| {
            let count = value.unwrap_or(0);
            if !(0..=quantity.get()).contains(&count) {
                check.refuse(at(name), "must be from 0 to the quantity");
            }
            crate::quantity::Quantity::stored(count)
        };
        let shipped = part("shipped", self.shipped);
        let canceled = part("canceled", self.canceled);
        if (shipped + canceled).get() > quantity.get() {
            check.refuse(
                at("canceled"),
                "and shipped units are more than the quantity",
            );
        }
        if self.services.len() > 20 {
            check.refuse(at("services"), "holds more than 20 entries");
        }
        LineDraft {
            external_id: check.text(&at("external_id"), &self.name(index), 255),
            kind,
            fulfilled_by: self.fulfilled_by.unwrap_or_default(),
            code,
            title: check.optional_text(&at("title"), self.title.as_ref(), 500),
            quantity,
            unit_price,
            discount,
            taxes,
            services: (self.services.iter().take(20))
                .map(|service| check.text(&at("services"), service, 64))
                .collect(),
            personalized: self.personalization.is_some(),
            final_sale: self.final_sale,
            ship_by: check.optional_instant(&at("ship_by"), self.ship_by.as_ref()),
            deliver_by: check.optional_instant(&at("deliver_by"), self.deliver_by.as_ref()),
            shipped,
            shipped_from: check.optional_text(&at("shipped_from"), self.shipped_from.as_ref(), 128),
            canceled,
        }
    }
}

/// Taxes with bounded amounts and clean texts; at most 20.
pub(super) fn parse_taxes(check: &mut Check, at: &str, taxes: &[TaxLine]) -> Vec<TaxLine> {
    if taxes.len() > 20 {
        check.refuse(at, "holds more than 20 entries");
    }
    let bounded = |amount: Minor| amount >= Minor::ZERO && Minor::new(amount.get()).is_some();
    let mut kept = Vec::with_capacity(taxes.len().min(20));
    for (index, tax) in taxes.iter().take(20).enumerate() {
        let field = |name: &str| format!("{at}/{index}/{name}");
        if !bounded(tax.amount) {
            check.refuse(field("amount"), "must be from 0 to 10^15 minor units");
        }
        if tax.base.is_some_and(|base| !bounded(base)) {
            check.refuse(field("base"), "must be from 0 to 10^15 minor units");
        }
        if tax
            .rate_ppm
            .is_some_and(|rate| !(0..=10_000_000).contains(&rate))
        {
            check.refuse(field("rate_ppm"), "must be from 0 to 10000000");
        }
        kept.push(TaxLine {
            jurisdiction: check.optional_text(
                &field("jurisdiction"),
                tax.jurisdiction.as_ref(),
                16,
            ),
            code: check.optional_text(&field("code"), tax.code.as_ref(), 64),
            remitted_by: check.optional_text(&field("remitted_by"), tax.remitted_by.as_ref(), 16),
            ..tax.clone()
        });
    }
    kept
}
