//! Words for people: money, ages, and the names of states.

use ordo_domain::money::Money;
use ordo_domain::order::{Hold, HoldKind, OrderLife, Stage as HeldStage};
use ordo_domain::time::{DAY, HOUR, SECOND, Timestamp};

/// An amount with its currency: `1,234.50 EUR`.
pub fn money(money: Money) -> String {
    let decimal = money.currency.to_decimal(money.amount);
    let (whole, rest) = match decimal.split_once('.') {
        Some((whole, rest)) => (whole, Some(rest)),
        None => (decimal.as_str(), None),
    };
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", whole),
    };
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = rest.map(|rest| format!(".{rest}")).unwrap_or_default();
    format!("{sign}{grouped}{fraction} {}", money.currency)
}

/// How long ago something was: `12 s`, `4 min`, `3 h`, `2 d`.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    const MINUTE: i64 = 60 * SECOND;
    let passed = (now.as_micros() - at.as_micros()).max(0);
    match passed {
        0..MINUTE => format!("{} s", passed / SECOND),
        MINUTE..HOUR => format!("{} min", passed / MINUTE),
        HOUR..DAY => format!("{} h", passed / HOUR),
        _ => format!("{} d", passed / DAY),
    }
}

/// An instant to the second: `2026-11-01 10:00:00`.
pub fn instant(at: Timestamp) -> String {
    let text = at.to_string();
    let seconds = text.get(..19).unwrap_or(&text);
    seconds.replace('T', " ")
}

/// Why an order is held.
pub fn hold(hold: &Hold) -> String {
    let kind = hold_kind(hold.kind);
    match &hold.reason {
        Some(reason) => format!("{kind}: {reason}"),
        None => kind.to_owned(),
    }
}

/// The name of a kind of hold.
pub const fn hold_kind(kind: HoldKind) -> &'static str {
    match kind {
        HoldKind::Unpaid => "Unpaid",
        HoldKind::AddressIncomplete => "Address incomplete",
        HoldKind::UnmappedSku => "Unknown code",
        HoldKind::TotalMismatch => "Total differs",
        HoldKind::DuplicateSuspected => "Duplicate?",
        HoldKind::FraudReview => "Fraud review",
        HoldKind::CardNumberInText => "Card number in text",
        HoldKind::Oversold => "Oversold",
        HoldKind::NoLocation => "No location",
        HoldKind::Queued => "Queued",
        HoldKind::ChannelConflict => "Channel conflict",
        HoldKind::Manual => "By hand",
    }
}

/// The step that a hold stops.
pub const fn held_stage(stage: HeldStage) -> &'static str {
    match stage {
        HeldStage::Source => "sourcing",
        HeldStage::Release => "release",
        HeldStage::Pick => "picking",
        HeldStage::Pack => "packing",
        HeldStage::Ship => "shipping",
        HeldStage::Capture => "payment capture",
        HeldStage::Refund => "refunds",
    }
}

/// An order's life.
pub const fn life(life: OrderLife) -> &'static str {
    match life {
        OrderLife::Draft => "Draft",
        OrderLife::Open => "Open",
        OrderLife::Closed => "Closed",
        OrderLife::Canceled => "Canceled",
    }
}

/// A stored name as words: `part_captured` as `Part captured`.
pub fn name(stored: &str) -> String {
    let spaced = stored.replace('_', " ");
    let mut letters = spaced.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => spaced,
    }
}

#[cfg(test)]
mod tests {
    use ordo_domain::money::{Currency, Minor};

    use super::*;

    #[test]
    fn amounts_are_grouped_and_keep_their_sign_and_exponent() {
        for (amount, currency, text) in [
            (5, "EUR", "0.05 EUR"),
            (123_450, "EUR", "1,234.50 EUR"),
            (-100_000_000, "EUR", "−1,000,000.00 EUR"),
            (1_500, "JPY", "1,500 JPY"),
        ] {
            let amount = Minor::new(amount).unwrap();
            let currency: Currency = currency.parse().unwrap();
            assert_eq!(money(Money { amount, currency }), text);
        }
    }

    #[test]
    fn ages_are_rounded_down_and_never_negative() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * SECOND);
        for (then, now, text) in [
            (0, 59, "59 s"),
            (0, 60, "1 min"),
            (0, 7_199, "1 h"),
            (0, 172_800, "2 d"),
            (10, 0, "0 s"),
        ] {
            assert_eq!(age(at(then), at(now)), text);
        }
    }
}
