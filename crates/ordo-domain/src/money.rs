//! Money: whole minor units of a currency, shares that sum to the whole, and nothing else.
//!
//! Invariant: |amount| ≤ 10^15 minor units, so that products with ppm rates fit 128 bits and sums of
//! a thousand lines fit 64.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The largest amount, in minor units, that any field accepts.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// An amount in minor units of the currency that stands beside it (cents for EUR, yen for JPY).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Minor(i64);

impl Minor {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The amount, where it is within ±[`AMOUNT_MAX`].
    #[must_use]
    pub const fn new(amount: i64) -> Option<Self> {
        if amount >= -AMOUNT_MAX && amount <= AMOUNT_MAX {
            Some(Self(amount))
        } else {
            None
        }
    }

    /// The amount as an integer.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// `self` times `count`, where the result is within ±[`AMOUNT_MAX`].
    #[must_use]
    pub fn times(self, count: i64) -> Option<Self> {
        let product = i128::from(self.0) * i128::from(count);
        i64::try_from(product).ok().and_then(Self::new)
    }

    /// `self + other`, where the result is within ±[`AMOUNT_MAX`].
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::new(self.0 + other.0)
    }
}

// Sums of bounded amounts cannot leave 64 bits: 9,000 amounts of the largest size fit.
impl Add for Minor {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
impl Sub for Minor {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
impl Neg for Minor {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}
impl AddAssign for Minor {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}
impl SubAssign for Minor {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}
impl Sum for Minor {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// An ISO 4217 code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// A text that is not three capital letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a currency code of three capital letters, such as EUR")]
pub struct ParseCurrencyError;

impl Currency {
    /// "No currency" in ISO 4217.
    pub const XXX: Self = Self(*b"XXX");

    /// The code as text.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("built from ASCII letters only")
    }

    /// How many decimal digits the minor unit stands for (ISO 4217: 2 unless listed).
    #[must_use]
    pub fn exponent(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }

    /// Reads a decimal text such as `12.50` as minor units. `None` where it has more digits than
    /// the currency, is not a plain decimal, or is out of range. Trailing zeros are free.
    #[must_use]
    pub fn parse_decimal(self, text: &str) -> Option<Minor> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let exponent = self.exponent() as usize;
        // In bytes: what is no digit may be longer than one, and is refused below.
        let (kept, beyond) = (fraction.as_bytes()).split_at(fraction.len().min(exponent));
        if beyond.iter().any(|byte| *byte != b'0') || whole.len() > 18 {
            return None;
        }
        let mut value: i64 = 0;
        let padding = std::iter::repeat_n(b'0', exponent - kept.len());
        for byte in whole.bytes().chain(kept.iter().copied()).chain(padding) {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
        }
        Minor::new(if negative { -value } else { value })
    }

    /// Writes minor units as a decimal text such as `12.50`.
    #[must_use]
    pub fn to_decimal(self, amount: Minor) -> String {
        let exponent = self.exponent();
        let unit = 10_u64.pow(exponent);
        let size = amount.get().unsigned_abs();
        let sign = if amount.get() < 0 { "-" } else { "" };
        if exponent == 0 {
            return format!("{sign}{size}");
        }
        format!(
            "{sign}{}.{:0width$}",
            size / unit,
            size % unit,
            width = exponent as usize
        )
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = ParseCurrencyError;

    fn from_str(text: &str) -> Result<Self, ParseCurrencyError> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|byte| byte.is_ascii_uppercase()) => {
                Ok(Self([*a, *b, *c]))
            }
            _ => Err(ParseCurrencyError),
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount with its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Money {
    /// Minor units.
    #[cfg_attr(feature = "openapi", schema(value_type = i64, example = 1299))]
    pub amount: Minor,
    /// ISO 4217.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "EUR"))]
    pub currency: Currency,
}

/// Splits `total` in proportion to `weights` so that the parts sum to it exactly.
///
/// Largest remainder: every part is rounded toward zero first, then the units left over go to the
/// parts with the largest remainders, ties to the earlier. Where all weights are zero, they count
/// as equal. Negative weights count as zero.
#[must_use]
pub fn split(total: Minor, weights: &[i64]) -> Vec<Minor> {
    if weights.is_empty() {
        return Vec::new();
    }
    let sum: i128 = weights
        .iter()
        .map(|weight| i128::from((*weight).max(0)))
        .sum();
    let weight_of = |weight: i64| {
        if sum == 0 {
            1
        } else {
            i128::from(weight.max(0))
        }
    };
    let sum = if sum == 0 { weights.len() as i128 } else { sum };
    let size = i128::from(total.0.unsigned_abs());
    let sign = total.0.signum();
    let mut parts: Vec<i64> = Vec::with_capacity(weights.len());
    let mut remainders: Vec<(i128, usize)> = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let product = size * weight_of(*weight);
        // The quotient is at most `size`, which came from 64 bits.
        parts.push((product / sum) as i64);
        remainders.push((product % sum, index));
    }
    let left = total.0.unsigned_abs() as i64 - parts.iter().sum::<i64>();
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in remainders.iter().take(left as usize) {
        parts[*index] += 1;
    }
    parts.into_iter().map(|part| Minor(part * sign)).collect()
}

/// What units `from..to` (counted from zero) of `of` equal units carry of `total`.
///
/// Unit k carries ⌊T(k+1)/n⌋ − ⌊Tk/n⌋, so any sequence of partial refunds of everything sums to
/// exactly the total. `to` must not exceed `of`.
#[must_use]
pub fn share_of_units(total: Minor, of: i64, from: i64, to: i64) -> Minor {
    debug_assert!(
        0 <= from && from <= to && to <= of,
        "units {from}..{to} of {of}"
    );
    if of <= 0 {
        return Minor::ZERO;
    }
    let upto = |k: i64| {
        let product = i128::from(total.0) * i128::from(k);
        product.div_euclid(i128::from(of)) as i64
    };
    Minor(upto(to) - upto(from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minors(amounts: &[i64]) -> Vec<Minor> {
        amounts.iter().map(|amount| Minor(*amount)).collect()
    }

    #[test]
    fn split_gives_leftover_units_to_the_largest_remainders_ties_to_the_earlier() {
        assert_eq!(split(Minor(100), &[1, 1, 1]), minors(&[34, 33, 33]));
        assert_eq!(split(Minor(-100), &[1, 1, 1]), minors(&[-34, -33, -33]));
        assert_eq!(split(Minor(10), &[0, 0]), minors(&[5, 5]));
        assert_eq!(split(Minor(7), &[10, 0, 90]), minors(&[1, 0, 6]));
        assert_eq!(split(Minor(7), &[]), minors(&[]));
    }

    #[test]
    fn decimals_follow_the_exponent_of_the_currency() {
        for (code, text, amount) in [
            ("EUR", "12.50", Some(1250)),
            ("EUR", "12.5", Some(1250)),
            ("EUR", "12", Some(1200)),
            ("EUR", "-0.01", Some(-1)),
            ("EUR", "12.505", None),
            ("EUR", "12.500", Some(1250)),
            ("JPY", "120", Some(120)),
            ("JPY", "120.00", Some(120)),
            ("JPY", "120.5", None),
            ("KWD", "1.234", Some(1234)),
            ("EUR", "", None),
            ("EUR", "1e3", None),
            ("EUR", "1,00", None),
            ("EUR", "12.5📦0", None),
            ("EUR", "12.📦", None),
            ("JPY", "1.é", None),
            ("EUR", "9999999999999999999", None),
        ] {
            let currency: Currency = code.parse().unwrap();
            assert_eq!(
                currency.parse_decimal(text).map(Minor::get),
                amount,
                "{text} {code}"
            );
        }
        let decimal =
            |code: &str, amount| code.parse::<Currency>().unwrap().to_decimal(Minor(amount));
        assert_eq!(decimal("EUR", -5), "-0.05");
        assert_eq!(decimal("JPY", 5), "5");
        assert_eq!(decimal("KWD", 12_345), "12.345");
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(total in -AMOUNT_MAX..=AMOUNT_MAX,
                                  weights in proptest::collection::vec(0..=AMOUNT_MAX, 1..40)) {
            let parts = split(Minor(total), &weights);
            prop_assert_eq!(parts.iter().copied().sum::<Minor>(), Minor(total));
        }

        #[test]
        fn any_cut_of_units_sums_to_the_whole(total in -1_000_000_i64..1_000_000,
                                              cuts in proptest::collection::vec(1_i64..50, 1..12)) {
            let of: i64 = cuts.iter().sum();
            let mut from = 0;
            let mut sum = Minor::ZERO;
            for cut in cuts {
                sum += share_of_units(Minor(total), of, from, from + cut);
                from += cut;
            }
            prop_assert_eq!(sum, Minor(total));
        }
    }
}
