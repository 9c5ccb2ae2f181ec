//! What a what-if found, in words.

use ordo_domain::money::{Minor, Money};
use ordo_domain::what_if::Finding;

use crate::pages::words;

/// A finding about the setup called `name`, as a sentence.
pub(super) fn finding(name: &str, finding: &Finding) -> String {
    match finding {
        Finding::CostsMore {
            than,
            currency,
            by,
            by_ppm,
        } => {
            let amount = Minor::new(*by).unwrap_or_default();
            let money = words::money(Money {
                amount,
                currency: *currency,
            });
            let share = by_ppm
                .map(|ppm| format!(" ({})", percent(ppm)))
                .unwrap_or_default();
            format!("“{name}” costs {money}{share} more than “{than}”.")
        }
        Finding::ShipsLess { than, units: 1 } => {
            format!(
                "“{name}” ships 1 unit less than “{than}”, so that costs cannot be set side by side."
            )
        }
        Finding::ShipsLess { than, units } => {
            format!(
                "“{name}” ships {units} units less than “{than}”, so that costs cannot be set side by side."
            )
        }
        Finding::OverCapacity {
            location,
            shipments,
            capacity,
        } => format!(
            "{location} would have {shipments} shipments on its fullest day and can do {capacity}."
        ),
        Finding::NoRates => {
            "No rates are known for these orders, so that nothing can be said of costs and days."
                .to_owned()
        }
    }
}

/// Millionths as a share in words: `9.8 %`, halves away from zero.
pub fn percent(ppm: i64) -> String {
    let tenths = (ppm.unsigned_abs() + 500) / 1_000;
    let sign = if ppm < 0 && tenths > 0 { "−" } else { "" };
    format!("{sign}{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_costs_more_is_said_to() {
        let found = Finding::CostsMore {
            than: "everything from A".to_owned(),
            currency: "EUR".parse().unwrap(),
            by: 123_456,
            by_ppm: Some(42_000),
        };
        assert_eq!(
            finding("two stores", &found),
            "“two stores” costs 1,234.56 EUR (4.2 %) more than “everything from A”."
        );
    }

    #[test]
    fn shares_are_rounded_away_from_zero() {
        for (ppm, text) in [
            (97_500, "9.8 %"),
            (-97_500, "−9.8 %"),
            (-400, "0.0 %"),
            (1_000_000, "100.0 %"),
        ] {
            assert_eq!(percent(ppm), text);
        }
    }
}
