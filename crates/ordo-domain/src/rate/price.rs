//! The price of a shipment by a table: exact, in micro-cents.
//!
//! A weight pays the first step at or above it that has a price. A weight above the last step with a
//! price goes as several parcels: full ones of that step, and the rest.

use std::sync::OnceLock;

use ordo_sourcing::{Rate, WeightStep};

use crate::rate::{RateTable, Surcharge, Zone};

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

    /// Micro-cents of a shipment of one parcel of so many billable grams into `zone`, with all
    /// surcharges; `None` where the zone has no price at all.
    #[must_use]
    pub fn price_uc(&self, zone: &Zone, billable_g: i64) -> Option<i64> {
        let parcel_uc = self.parcel_uc(zone, billable_g)?;
        Some(parcel_uc.saturating_add(self.shipment_uc()))
    }

    /// Micro-cents of a parcel of so many billable grams into `zone`, with what is paid for each; one
    /// that is heavier than the heaviest pays like several. `None` where the zone has no price at all.
    #[must_use]
    pub fn parcel_uc(&self, zone: &Zone, billable_g: i64) -> Option<i64> {
        let last = zone.prices.iter().rposition(Option::is_some)?;
        let last_g = self.steps_g[last];
        let (full, rest) = match billable_g <= last_g {
            true => (0, billable_g),
            false => (billable_g / last_g, billable_g % last_g),
        };
        let parcel = |weight_g: i64| {
            let first = self.steps_g.partition_point(|step| *step < weight_g);
            let price = zone.prices[first..=last].iter().flatten().next();
            let price = price.map_or(0, |price| i128::from(price.get()));
            let (mut ppm, mut flat) = (i128::from(MICRO), 0);
            for surcharge in self
                .surcharges
                .iter()
                .filter(|one| one.is_paid_at(weight_g))
            {
                ppm += i128::from(surcharge.ppm);
                if surcharge.is_per_parcel() {
                    flat += i128::from(surcharge.flat.get()) * i128::from(MICRO);
                }
            }
            price * ppm + flat
        };
        let mut all = i128::from(full) * parcel(last_g);
        if rest > 0 || full == 0 {
            all += parcel(rest);
        }
        Some(i64::try_from(all.min(PRICE_UC_MAX)).unwrap_or(i64::MAX))
    }

    /// Micro-cents that a shipment pays once, however many parcels it has.
    #[must_use]
    pub fn shipment_uc(&self) -> i64 {
        let once = self.surcharges.iter().filter(|one| !one.is_per_parcel());
        let flat: i64 = once.map(|surcharge| surcharge.flat.get()).sum();
        flat.saturating_mul(MICRO)
    }

    /// The heaviest parcel that goes into `zone`, in billable grams; `None` where nothing does.
    #[must_use]
    pub fn heaviest_g(&self, zone: &Zone) -> Option<i64> {
        let last = zone.prices.iter().rposition(Option::is_some)?;
        self.steps_g.get(last).copied()
    }

    /// The heaviest shipment into the zone at this index that is never cheaper in several parcels, in
    /// billable grams.
    #[must_use]
    pub fn whole_up_to_g(&self, zone: usize) -> i64 {
        let wholes = self.worked.wholes.get_or_init(|| {
            let zones = self.zones.iter();
            let whole_g = |zone| self.rate(zone).whole_up_to_g();
            zones.map(whole_g).collect()
        });
        wholes.get(zone).copied().unwrap_or(i64::MAX)
    }

    /// The prices of parcels into a zone.
    fn rate(&self, zone: &Zone) -> Rate {
        let heaviest_g = self.heaviest_g(zone).unwrap_or(0);
        let mut steps: Vec<WeightStep> = Vec::new();
        for up_to_g in self.breaks(heaviest_g) {
            let cost_uc = self.parcel_uc(zone, up_to_g).unwrap_or(0);
            match steps.last_mut() {
                Some(last) if last.cost_uc == cost_uc => last.up_to_g = up_to_g,
                Some(_) | None => steps.push(WeightStep { up_to_g, cost_uc }),
            }
        }
        Rate { steps }
    }

    /// The weights up to the heaviest parcel at which its price can end, rising.
    fn breaks(&self, heaviest_g: i64) -> Vec<i64> {
        let over = self
            .surcharges
            .iter()
            .filter_map(|surcharge| surcharge.over_g);
        let steps = self.steps_g.iter().copied();
        let mut breaks: Vec<i64> = (steps.chain(over))
            .filter(|weight_g| *weight_g <= heaviest_g)
            .collect();
        breaks.sort_unstable();
        breaks.dedup();
        breaks
    }

    /// The weights from `from_g` on, up to and with the first at or above `to_g`, at which a price
    /// ends; `None` where there are more than `most`.
    #[must_use]
    pub fn ends(&self, zone: &Zone, from_g: i64, to_g: i64, most: usize) -> Option<Vec<i64>> {
        let Some(last_g) = self.heaviest_g(zone) else {
            return Some(Vec::new());
        };
        let breaks = self.breaks(last_g);
        let mut ends = Vec::new();
        let mut base = from_g.saturating_sub(1) / last_g * last_g;
        loop {
            for step in &breaks {
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

impl Surcharge {
    fn is_per_parcel(&self) -> bool {
        self.per_parcel || self.over_g.is_some()
    }

    fn is_paid_at(&self, weight_g: i64) -> bool {
        self.over_g.is_none_or(|over_g| weight_g > over_g)
    }
}

/// What was worked out of a table when it was first needed. A copy begins anew, since it may be
/// changed.
#[derive(Debug, Default)]
pub struct Worked {
    /// By zone, the heaviest shipment that is never cheaper in several parcels.
    wholes: OnceLock<Vec<i64>>,
}

impl Clone for Worked {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Worked {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Worked {}

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
            per_parcel: false,
            over_g: None,
        };
        let mut table = plain(&[1_000], &[Some(999)]);
        table.surcharges = vec![surcharge(35, 0), surcharge(0, 62_500), surcharge(1, 1)];
        // 9.99 × 1.062501 + 0.36.
        assert_eq!(price(&table, 700), Some(999 * 1_062_501 + 36 * MICRO));
        // Once per shipment, however many parcels it has.
        assert_eq!(price(&table, 2_000), Some(2 * 999 * 1_062_501 + 36 * MICRO));
    }

    /// Fuel on everything, residential per parcel, oversize on heavy ones.
    #[test]
    fn surcharges_of_parcels_are_paid_by_each() {
        let surcharge = |flat, ppm, per_parcel, over_g| Surcharge {
            name: "extra".to_owned(),
            flat: Minor::new(flat).unwrap(),
            ppm,
            per_parcel,
            over_g,
        };
        let mut table = plain(&[1_000, 5_000], &[Some(500), Some(900)]);
        table.surcharges = vec![
            surcharge(0, 100_000, false, None),
            surcharge(50, 0, true, None),
            surcharge(1_000, 0, false, Some(3_000)),
            surcharge(0, 1_000_000, false, Some(4_000)),
            surcharge(20, 0, false, None),
        ];
        for (weight_g, cents) in [
            (1_000, 550 + 50 + 20),
            (3_000, 990 + 50 + 20),
            (3_001, 990 + 50 + 1_000 + 20),
            (4_001, 990 + 900 + 50 + 1_000 + 20),
            (6_000, (990 + 900 + 50 + 1_000) + (550 + 50) + 20),
        ] {
            assert_eq!(price(&table, weight_g), Some(cents * MICRO), "{weight_g} g");
        }
        // Two parcels below the limit are cheaper than one above it.
        assert_eq!(table.whole_up_to_g(0), 3_000);
        let ends = table.ends(&table.zones[0], 1, 5_000, 10);
        assert_eq!(ends, Some(vec![1_000, 3_000, 4_000, 5_000]));
        // A change is not told what was worked out before.
        let mut dearer = table.clone();
        dearer.surcharges.clear();
        assert_eq!(dearer.whole_up_to_g(0), 5_000);
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
