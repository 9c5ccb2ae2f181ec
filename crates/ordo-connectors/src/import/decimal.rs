//! Decimal numbers as other systems write them, kept exactly: money is never a float here.

use ordo_domain::money::Currency;

/// Digits after the point that are kept; none of the systems read here writes more.
const SCALE: u32 = 9;

/// A decimal number in billionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Decimal(i128);

impl Decimal {
    /// Reads a plain decimal such as `-12.50`; no exponent, no separators of thousands.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() || whole.len() > 18 {
            return None;
        }
        let kept = fraction.len().min(SCALE as usize);
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        // What is finer than a billionth cannot matter to a cent.
        let padding = std::iter::repeat_n(b'0', SCALE as usize - kept);
        let value = (whole.bytes().chain(fraction[..kept].bytes()).chain(padding))
            .fold(0_i128, |value, byte| value * 10 + i128::from(byte - b'0'));
        Some(Self(if negative { -value } else { value }))
    }

    /// `self` over `other` in millionths, cut; `None` over zero.
    pub(super) fn per_million_of(self, other: Self) -> Option<i64> {
        i64::try_from((self.0 * 1_000_000).checked_div(other.0)?).ok()
    }

    /// In minor units; `None` where it is not a whole number of them.
    pub(super) fn minor(self, currency: Currency) -> Option<i64> {
        let unit = unit_of(currency);
        (self.0 % unit == 0).then_some(())?;
        i64::try_from(self.0 / unit).ok()
    }

    /// In minor units, rounded to the nearest, halves away from zero.
    pub(super) fn minor_rounded(self, currency: Currency) -> Option<i64> {
        i64::try_from(rounded(self.0, unit_of(currency))).ok()
    }

    /// In millionths, rounded to the nearest.
    pub(super) fn millionths(self) -> Option<i64> {
        i64::try_from(rounded(self.0, 1_000)).ok()
    }

    /// As a whole number, where it is one.
    pub(super) fn whole(self) -> Option<i64> {
        let unit = 10_i128.pow(SCALE);
        (self.0 % unit == 0).then_some(())?;
        i64::try_from(self.0 / unit).ok()
    }
}

/// Billionths in one minor unit.
fn unit_of(currency: Currency) -> i128 {
    10_i128.pow(SCALE.saturating_sub(currency.exponent()))
}

fn rounded(value: i128, unit: i128) -> i128 {
    let half = if value < 0 { -unit / 2 } else { unit / 2 };
    (value + half) / unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        let cases = [
            ("12.50", "EUR", Some(1_250)),
            ("-4.5", "EUR", Some(-450)),
            ("2700.00", "JPY", Some(2_700)),
            ("55.7300", "USD", Some(5_573)),
            ("0.005", "USD", None),
            ("1.234", "KWD", Some(1_234)),
            (".5", "USD", Some(50)),
            ("999999999999999999", "JPY", Some(999_999_999_999_999_999)),
        ];
        for (text, currency, minor) in cases {
            let currency = currency.parse().expect("a code");
            let read = Decimal::parse(text).expect("a decimal");
            assert_eq!(read.minor(currency), minor, "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "1e5",
            "1,000",
            "12 345",
            "NaN",
            "0x1",
            "1.2.3",
            "1000000000000000000",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn rounding_goes_to_the_nearest() {
        let cases = [
            ("1.2344", 123),
            ("1.235", 124),
            ("-1.235", -124),
            ("0.0049", 0),
        ];
        for (text, minor) in cases {
            let read = Decimal::parse(text).expect("a decimal");
            assert_eq!(
                read.minor_rounded("USD".parse().expect("a code")),
                Some(minor)
            );
        }
        let rate = Decimal::parse("0.0725").expect("a decimal");
        assert_eq!(rate.millionths(), Some(72_500));
        assert_eq!(Decimal::parse("3.0").and_then(Decimal::whole), Some(3));
        assert_eq!(Decimal::parse("1.5").and_then(Decimal::whole), None);
    }
}
