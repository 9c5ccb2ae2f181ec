//! The price of a shipment by a table: exact, in micro-cents.
//!
//! A weight pays the first step at or above it that has a price. A weight above the last step with a
//! price goes as several parcels: full ones of that step, and the rest.

use crate::rate::{RateTable, Zone};

/// Micro-cents in a minor unit of the currency, and millionths in one.
pub const MICRO: i64 = 1_000_000;

/// The most micro-cents that a price is counted as: such a shipment is not sent by anybody.
const PRICE_UC_MAX: i128 = (i64::MAX / 64) as i128;

/// What a shipment is weighed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parcel {
    /// Grams.
    pub weight_g: i64,
    /// Cubic millimeters; zero where the size is not known.
    pub volume_mm3: i64,
}

impl RateTable {
    /// Grams that count: the real weight, or that of the volume where it is more.
    #[must_use]
    pub fn billable_g(&self, parcel: Parcel) -> i64 {
        let by_volume = (self.mm3_per_g).map_or(0, |divisor| {
            let volume = i128::from(parcel.volume_mm3);
            let grams = (volume + i128::from(divisor) - 1) / i128::from(divisor.max(1));
            i64::try_from(grams).unwrap_or(i64::MAX)
        });
        parcel.weight_g.max(by_volume)
    }

    /// Micro-cents of a shipment of so many billable grams into `zone`, with all surcharges; `None`
    /// where the zone has no price at all.
    #[must_use]
    pub fn price_uc(&self, zone: &Zone, billable_g: i64) -> Option<i64> {
        let last = zone.prices.iter().rposition(Option::is_some)?;
        let last_g = self.steps_g[last];
        let (full, rest) = match billable_g <= last_g {
            true => (0, billable_g),
            false => (billable_g / last_g, billable_g % last_g),
        };
        let step = |weight_g: i64| {
            let first = self.steps_g.partition_point(|step| *step < weight_g);
            let price = zone.prices[first..=last].iter().flatten().next();
            price.map_or(0, |price| i128::from(price.get()))
        };
        let mut price = i128::from(full) * step(last_g);
        if rest > 0 || full == 0 {
            price += step(rest);
        }
        let ppm: i128 = (self.surcharges.iter())
            .map(|surcharge| i128::from(surcharge.ppm))
            .sum();
        let flat: i128 = (self.surcharges.iter())
            .map(|surcharge| i128::from(surcharge.flat.get()))
            .sum();
        let all = price * (i128::from(MICRO) + ppm) + flat * i128::from(MICRO);
        Some(i64::try_from(all.min(PRICE_UC_MAX)).unwrap_or(i64::MAX))
    }

    /// The weights from `from_g` on, up to and with the first at or above `to_g`, at which a price
    /// ends; `None` where there are more than `most`.
    #[must_use]
    pub fn ends(&self, zone: &Zone, from_g: i64, to_g: i64, most: usize) -> Option<Vec<i64>> {
        let Some(last) = zone.prices.iter().rposition(Option::is_some) else {
            return Some(Vec::new());
        };
        let last_g = self.steps_g[last];
        let mut ends = Vec::new();
        let mut base = from_g.saturating_sub(1) / last_g * last_g;
        loop {
            for step in &self.steps_g[..=last] {
                let end = base.saturating_add(*step);
                if end >= from_g {
                    ends.push(end);
                }
                if end >= to_g {
                    return Some(ends);
                }
                if ends.len() > most {
                    return None;
                }
            }
            base += last_g;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Minor;
    use crate::rate::Surcharge;
    use crate::rate::tests::plain;

    fn price(table: &RateTable, billable_g: i64) -> Option<i64> {
        table.price_uc(&table.zones[0], billable_g)
    }

    #[test]
    fn a_weight_pays_the_first_step_at_or_above_it_that_has_a_price() {
        let table = plain(
            &[100, 200, 300, 400, 500],
            &[Some(1), None, Some(3), Some(2), None],
        );
        for (weight_g, cents) in [
            (0, 1),
            (1, 1),
            (100, 1),
            (101, 3), // The cell of 200 g is missing.
            (200, 3),
            (300, 3),
            (301, 2), // Cheaper although heavier: as the carrier wrote it.
            (400, 2),
            (401, 2 + 1), // Above the last step with a price: a full parcel and a small one.
            (800, 4),
            (901, 4 + 3),
        ] {
            assert_eq!(price(&table, weight_g), Some(cents * MICRO), "{weight_g} g");
        }
        assert_eq!(price(&plain(&[100], &[None]), 50), None);
        assert_eq!(price(&plain(&[], &[]), 50), None);
    }

    #[test]
    fn surcharges_are_exact() {
        let surcharge = |flat, ppm| Surcharge {
            name: "fuel".to_owned(),
            flat: Minor::new(flat).unwrap(),
            ppm,
        };
        let mut table = plain(&[1_000], &[Some(999)]);
        table.surcharges = vec![surcharge(35, 0), surcharge(0, 62_500), surcharge(1, 1)];
        // 9.99 × 1.062501 + 0.36.
        assert_eq!(price(&table, 700), Some(999 * 1_062_501 + 36 * MICRO));
        // Once per shipment, however many parcels it has.
        assert_eq!(price(&table, 2_000), Some(2 * 999 * 1_062_501 + 36 * MICRO));
    }

    #[test]
    fn volume_counts_where_it_weighs_more() {
        let mut table = plain(&[], &[]);
        let parcel = Parcel {
            weight_g: 1_000,
            volume_mm3: 9_000_001,
        };
        assert_eq!(table.billable_g(parcel), 1_000);
        for (mm3_per_g, grams) in [(5_000, 1_801), (9_000, 1_001), (9_100, 1_000)] {
            table.mm3_per_g = Some(mm3_per_g);
            assert_eq!(table.billable_g(parcel), grams, "{mm3_per_g}");
        }
    }

    #[test]
    fn between_two_ends_the_price_stays() {
        let table = plain(&[100, 200, 300], &[Some(1), Some(2), None]);
        let ends = |from_g, to_g| table.ends(&table.zones[0], from_g, to_g, 10);
        assert_eq!(ends(1, 100), Some(vec![100]));
        assert_eq!(ends(101, 150), Some(vec![200]));
        assert_eq!(ends(1, 450), Some(vec![100, 200, 300, 400, 500]));
        assert_eq!(ends(1, 1_500), None);
        for pair in ends(1, 450).unwrap().windows(2) {
            let prices = (pair[0] + 1..=pair[1]).map(|weight_g| price(&table, weight_g));
            assert_eq!(prices.collect::<std::collections::BTreeSet<_>>().len(), 1);
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let table = plain(&[1], &[Some(crate::rate::PRICE_MAX)]);
        assert!(price(&table, i64::MAX).unwrap() > 0);
    }
}
