//! What the formats of other systems have in common: amounts, texts and lines as they come, made
//! into the input form without changing what they sum to.

use std::collections::{BTreeMap, VecDeque};

use ordo_domain::catalog::{CreateSku, StockPolicy, Tracking};
use ordo_domain::check::{Check, MoneyInput};
use ordo_domain::money::{Currency, Minor, split};
use ordo_domain::network::{ChannelKind, CreateChannel};
use ordo_domain::order::input::{ContactInput, LineInput};
use ordo_domain::order::{OrderInput, TaxLine, TaxTreatment};
use ordo_domain::rejection::Rejection;

use super::decimal::Decimal;
use super::json::{Object, unwrapped};
use super::ndjson::text;
use super::values::Values;
use super::{Item, Options, ROW_BYTES_MAX, ReadError, ReadRows, Reject, RowOrigin, Source, parsed};

/// An order of another system, and what must exist before it.
pub(super) struct Mapped {
    pub(super) skus: Vec<CreateSku>,
    pub(super) input: OrderInput,
}

/// Another system's orders in JSON.
pub(super) struct JsonFormat {
    /// The usual code of its channel, and the name shown to people.
    pub(super) channel: (&'static str, &'static str),
    pub(super) map: fn(&Object<'_>) -> Result<Mapped, Rejection>,
}

pub(super) struct JsonReader {
    values: Values,
    format: JsonFormat,
    options: Options,
    /// Told before the first order.
    channel: Option<CreateChannel>,
}

pub(super) fn json_reader(source: Source, format: JsonFormat, options: &Options) -> JsonReader {
    let (channel, options) = web_channel(format.channel, options);
    JsonReader {
        values: Values::new(source),
        format,
        options,
        channel: Some(channel),
    }
}

/// The channel that a web shop's orders go to, and the options that name it.
pub(super) fn web_channel(
    (code, name): (&str, &str),
    options: &Options,
) -> (CreateChannel, Options) {
    let code = options.channel.clone().unwrap_or_else(|| code.to_owned());
    let channel = CreateChannel {
        code: code.clone(),
        kind: ChannelKind::Web,
        name: Some(name.to_owned()),
    };
    let options = Options {
        channel: Some(code),
        ..options.clone()
    };
    (channel, options)
}

impl ReadRows for JsonReader {
    fn read_row(&mut self, ready: &mut VecDeque<Item>) -> Result<bool, ReadError> {
        ready.extend(self.channel.take().map(Item::Channel));
        let Some(value) = self.values.next_value()? else {
            return Ok(false);
        };
        let origin = RowOrigin {
            source: self.values.source.clone(),
            row: value.number,
        };
        match text(value.bytes) {
            Ok(raw) if value.too_long => {
                let reason = format!("is longer than {ROW_BYTES_MAX} bytes");
                ready.push_back(Item::Rejected(Reject::row(origin, reason, raw)));
            }
            Ok(raw) => {
                for order in unwrapped(&raw) {
                    self.order(origin.clone(), order, ready);
                }
            }
            Err((reason, raw)) => {
                ready.push_back(Item::Rejected(Reject::row(origin, reason, raw)));
            }
        }
        Ok(true)
    }
}

impl JsonReader {
    fn order(&self, origin: RowOrigin, raw: &str, ready: &mut VecDeque<Item>) {
        let kept = raw.to_owned();
        let object = match Object::parse(raw) {
            Ok(object) => object,
            Err(error) => {
                let reason = if error.is_data() {
                    "is not a JSON object".to_owned()
                } else {
                    format!("is not JSON: {error}")
                };
                ready.push_back(Item::Rejected(Reject::row(origin, reason, kept)));
                return;
            }
        };
        match (self.format.map)(&object) {
            Ok(mut mapped) => {
                name_apart(&mut mapped.input.lines);
                ready.extend(mapped.skus.into_iter().map(Item::Sku));
                ready.push_back(parsed(origin, mapped.input, kept, &self.options));
            }
            Err(rejection) => {
                let id = object.text("id");
                ready.push_back(Item::Rejected(Reject::of(origin, id, &rejection, kept)));
            }
        }
    }
}

/// Reads amounts of one order; what is refused is collected under the source's own field names.
pub(super) struct Amounts {
    pub(super) currency: Currency,
    pub(super) check: Check,
    /// Whether an amount was finer than the currency's minor unit.
    pub(super) rounded: bool,
}

impl Amounts {
    /// For an order whose currency is `code`.
    pub(super) fn new(code: Option<String>, field: &str) -> Result<Self, Rejection> {
        let mut check = Check::default();
        let code = code.unwrap_or_default().to_ascii_uppercase();
        match check.currency(field, &code) {
            Some(currency) => Ok(Self {
                currency,
                check,
                rounded: false,
            }),
            None => check
                .finish(())
                .and(Err(Rejection::field(field, "is required"))),
        }
    }

    /// The amount that `text` is, in minor units; zero where there is none.
    pub(super) fn minor(&mut self, field: impl Fn() -> String, text: Option<String>) -> i64 {
        let Some(text) = text else {
            return 0;
        };
        let read = Decimal::parse(&text).and_then(|amount| {
            self.rounded |= amount.minor(self.currency).is_none();
            amount.minor_rounded(self.currency)
        });
        match read.and_then(Minor::new) {
            Some(amount) => amount.get(),
            None => {
                let shown: String = text.chars().take(40).collect();
                self.check
                    .refuse(field(), format!("{shown} is not an amount"));
                0
            }
        }
    }

    /// The sum of an amount in each of `parts`.
    pub(super) fn sum(
        &mut self,
        parts: &[Object<'_>],
        key: &str,
        field: impl Fn() -> String,
    ) -> i64 {
        (parts.iter()).fold(0, |sum: i64, part| {
            sum.saturating_add(self.minor(&field, part.text(key)))
        })
    }

    /// A whole number of units.
    pub(super) fn units(&mut self, field: impl Fn() -> String, text: Option<String>) -> i64 {
        let Some(text) = text else {
            return 0;
        };
        Decimal::parse(&text)
            .and_then(Decimal::whole)
            .unwrap_or_else(|| {
                let shown: String = text.chars().take(40).collect();
                self.check
                    .refuse(field(), format!("{shown} is not a whole number"));
                0
            })
    }

    pub(super) fn money(&self, amount: i64) -> MoneyInput {
        MoneyInput {
            amount,
            currency: self.currency.code().to_owned(),
        }
    }

    /// `amount`, where there is any.
    pub(super) fn some(&self, amount: i64) -> Option<MoneyInput> {
        (amount != 0).then(|| self.money(amount))
    }
}

/// The money of a line, as exact sums for all its units.
pub(super) struct LineMoney {
    /// Before discounts.
    pub(super) gross: i64,
    /// What of it is taken off.
    pub(super) discount: i64,
}

impl LineMoney {
    /// Sets price and discount of `line`, whose quantity is known. Where the gross does not divide
    /// by the units, the price is rounded up and the difference taken off again.
    pub(super) fn set(&self, line: &mut LineInput, amounts: &mut Amounts, field: &str) {
        let units = line.quantity.max(1);
        let price = self.gross.div_euclid(units) + i64::from(self.gross.rem_euclid(units) != 0);
        let discount = i128::from(price) * i128::from(units) - i128::from(self.gross)
            + i128::from(self.discount);
        match i64::try_from(discount) {
            Ok(discount) => {
                line.unit_price = Some(amounts.money(price));
                line.discount = amounts.some(discount);
            }
            Err(_) => amounts.check.refuse(field, "is out of range"),
        }
    }
}

/// A tax of `amount`.
pub(super) fn tax(amount: i64, rate_ppm: Option<i64>, code: Option<String>) -> TaxLine {
    TaxLine {
        jurisdiction: None,
        rate_ppm,
        base: None,
        amount: Minor::new(amount).unwrap_or_default(),
        code: code.map(|code| soft(&code, 64)),
        treatment: TaxTreatment::Domestic,
        remitted_by: None,
    }
}

/// Shares a tax of `amount` over the lines by what they cost; over those only that `taxable` names,
/// where it names any that cost something.
pub(super) fn share_taxes(
    lines: &mut [LineInput],
    taxable: &[bool],
    amount: i64,
    rate_ppm: Option<i64>,
    code: Option<String>,
) {
    let all: Vec<i64> = lines.iter().map(net).collect();
    let some: Vec<i64> = (all.iter().enumerate())
        .map(|(index, net)| {
            if taxable.get(index) == Some(&true) {
                *net
            } else {
                0
            }
        })
        .collect();
    let weights = if some.iter().any(|net| *net > 0) {
        some
    } else {
        all
    };
    let total = Minor::new(amount).unwrap_or_default();
    for (line, share) in lines.iter_mut().zip(split(total, &weights)) {
        if share != Minor::ZERO {
            line.taxes.push(tax(share.get(), rate_ppm, code.clone()));
        }
    }
}

/// What the units of `line` cost after its discount.
fn net(line: &LineInput) -> i64 {
    let of = |money: &Option<MoneyInput>| money.as_ref().map_or(0, |money| money.amount);
    let gross = i128::from(of(&line.unit_price)) * i128::from(line.quantity);
    i64::try_from(gross - i128::from(of(&line.discount))).unwrap_or(0)
}

/// Where amounts were finer than the minor unit, the rounded ones can miss the total by a few units:
/// the largest tax takes the difference.
pub(super) fn settle_rounding(input: &mut OrderInput, amounts: &Amounts, total: i64) {
    let gap = i128::from(total) - sum(input);
    // Each line rounds its price and its tax.
    let most = 2 * (input.lines.len() as i128 + 1);
    if !amounts.rounded || input.tax_included == Some(true) || gap == 0 || gap.abs() > most {
        return;
    }
    let largest = (input.lines.iter_mut())
        .flat_map(|line| &mut line.taxes)
        .max_by_key(|tax| tax.amount);
    if let Some(largest) = largest {
        let settled = i128::from(largest.amount.get()) + gap;
        let settled = i64::try_from(settled).ok().and_then(Minor::new);
        largest.amount = settled
            .filter(|tax| *tax >= Minor::ZERO)
            .unwrap_or(largest.amount);
    }
}

/// Makes the names of lines unique: a name that comes again gets a number.
pub(super) fn name_apart(lines: &mut [LineInput]) {
    let mut seen = BTreeMap::new();
    for line in lines {
        if let Some(name) = &mut line.external_id {
            let times: &mut u32 = seen.entry(name.clone()).or_default();
            *times += 1;
            if *times > 1 {
                name.push_str(&format!("/{times}"));
            }
        }
    }
}

/// What the buyer owes by the form's own shares: lines, shipping, taxes less discounts.
pub(super) fn sum(input: &OrderInput) -> i128 {
    let of =
        |money: &Option<MoneyInput>| money.as_ref().map_or(0, |money| i128::from(money.amount));
    let mut total = -of(&input.discount);
    let mut taxes = 0;
    for line in &input.lines {
        total += of(&line.unit_price) * i128::from(line.quantity) - of(&line.discount);
        taxes += of(&line.tax)
            + (line.taxes.iter())
                .map(|tax| i128::from(tax.amount.get()))
                .sum::<i128>();
    }
    if let Some(shipping) = &input.shipping {
        total += of(&shipping.price) - of(&shipping.discount);
        taxes += of(&shipping.tax);
    }
    if input.tax_included == Some(true) {
        total
    } else {
        total + taxes
    }
}

/// A text that nothing decides by: cut to `max` characters, control characters made spaces.
pub(super) fn soft(text: &str, max: usize) -> String {
    let cut: String = (text.chars().take(max))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    cut.trim().to_owned()
}

/// As [`soft`], of a text that may be absent; empty counts as absent.
pub(super) fn soft_some(text: Option<String>, max: usize) -> Option<String> {
    text.map(|text| soft(&text, max))
        .filter(|text| !text.is_empty())
}

/// A country code, where `text` is one; names of countries are not guessed at.
pub(super) fn country(text: Option<String>) -> Option<String> {
    text.filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// First and last name as one.
pub(super) fn full_name(first: Option<String>, last: Option<String>) -> Option<String> {
    let parts: Vec<String> = first.into_iter().chain(last).collect();
    soft_some(Some(parts.join(" ")), 255)
}

/// Cuts what nothing decides by to what a contact may hold.
pub(super) fn soft_contact(contact: ContactInput) -> Option<ContactInput> {
    let kept = ContactInput {
        name: soft_some(contact.name, 255),
        company: soft_some(contact.company, 255),
        line1: soft_some(contact.line1, 255),
        line2: soft_some(contact.line2, 255),
        city: soft_some(contact.city, 255),
        region: soft_some(contact.region, 64),
        postal_code: soft_some(contact.postal_code, 32),
        country: country(contact.country),
        email: soft_some(contact.email, 320),
        phone: soft_some(contact.phone, 64),
        latitude_e6: contact.latitude_e6,
        longitude_e6: contact.longitude_e6,
    };
    (kept != ContactInput::default()).then_some(kept)
}

/// A SKU as an order line tells of it.
pub(super) fn sku(code: &str, name: Option<String>, weight_g: i64) -> CreateSku {
    CreateSku {
        code: code.to_owned(),
        name,
        barcode: None,
        weight_g: weight_g.clamp(0, 100_000_000),
        dimensions: None,
        unit_scale: 1,
        stock_policy: StockPolicy::Tracked,
        tracking: Tracking::None,
        hs_code: None,
        origin_country: None,
        tags: Vec::new(),
        ships_alone: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_that_does_not_divide_keeps_its_sum() {
        let mut amounts = Amounts::new(Some("eur".to_owned()), "/currency").expect("a code");
        for (gross, discount, units) in [(1_000, 0, 3), (999, 100, 3), (0, 0, 7), (5, 5, 2)] {
            let mut line = LineInput {
                quantity: units,
                ..LineInput::default()
            };
            LineMoney { gross, discount }.set(&mut line, &mut amounts, "/total");
            assert_eq!(net(&line), gross - discount);
        }
    }

    #[test]
    fn amounts_that_are_none_are_refused_by_name() {
        let mut amounts = Amounts::new(Some("USD".to_owned()), "/currency").expect("a code");
        assert_eq!(
            amounts.minor(|| "/a".to_owned(), Some("1.50".to_owned())),
            150
        );
        assert_eq!(
            amounts.minor(|| "/b".to_owned(), Some("much".to_owned())),
            0
        );
        assert_eq!(amounts.units(|| "/c".to_owned(), Some("1.5".to_owned())), 0);
        let refused = amounts.check.finish(()).expect_err("two fields are wrong");
        let fields: Vec<&str> = refused.fields.iter().map(|f| f.field.as_str()).collect();
        assert_eq!(fields, ["/b", "/c"]);
        assert!(Amounts::new(None, "/currency").is_err());
    }
}
