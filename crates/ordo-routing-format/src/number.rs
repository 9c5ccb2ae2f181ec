//! Decimal numbers of the file as whole numbers of ours.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// An amount in micro-cents (1 cent = 1,000,000 uc), read from cents that may have decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Money(pub i64);

/// A share or probability in millionths, read from a number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Share(pub i64);

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Money, D::Error> {
        from.deserialize_any(Millionths).map(Money)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Share, D::Error> {
        let millionths = from.deserialize_any(Millionths)?;
        if !(0..=1_000_000).contains(&millionths) {
            return Err(de::Error::custom("a share is from 0 to 1"));
        }
        Ok(Share(millionths))
    }
}

/// A number as the nearest whole number of millionths.
struct Millionths;

impl de::Visitor<'_> for Millionths {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number that is not too large")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<i64, E> {
        number
            .checked_mul(1_000_000)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<i64, E> {
        let too_large = || E::invalid_value(de::Unexpected::Unsigned(number), &Millionths);
        i64::try_from(number)
            .map_err(|_| too_large())
            .and_then(|number| self.visit_i64(number))
    }

    #[allow(clippy::float_arithmetic)] // Where a decimal of the file becomes whole.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<i64, E> {
        // Below 2^53 millionths every decimal with six places has a whole number of its own.
        const LARGEST: f64 = (1_u64 << 53) as f64;
        let millionths = (number * 1e6).round();
        if millionths.abs() < LARGEST {
            Ok(millionths as i64)
        } else {
            Err(E::invalid_value(de::Unexpected::Float(number), &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_whole_without_loss() {
        for (text, millionths) in [
            ("720", 720_000_000),
            ("1470.5", 1_470_500_000),
            ("0.048", 48_000),
            ("0.005", 5_000),
            ("1e2", 100_000_000),
            ("0.0000001", 0),
        ] {
            let read: Money = serde_json::from_str(text).expect(text);
            assert_eq!(read, Money(millionths), "{text}");
        }
        for thousandths in 0..=1_000 {
            let text = format!("0.{thousandths:03}").replace("0.1000", "1.000");
            let read: Share = serde_json::from_str(&text).expect(&text);
            assert_eq!(read, Share(thousandths * 1_000), "{text}");
        }
        for text in ["1e300", "9300000000000", "\"7\""] {
            assert!(serde_json::from_str::<Money>(text).is_err(), "{text}");
        }
        for text in ["-0.1", "1.5"] {
            assert!(serde_json::from_str::<Share>(text).is_err(), "{text}");
        }
    }
}
