//! What carriage costs: price tables by weight, and the services of a location that use them.

use serde::{Deserialize, Serialize};

/// The price of a shipment as a step function of its weight.
///
/// A weight above the last step pays that step once per full multiple of it, plus the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rate {
    /// At least one step, by rising weight.
    pub steps: Vec<WeightStep>,
}

/// One step of a [`Rate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WeightStep {
    /// The heaviest weight that pays this price, in grams.
    pub up_to_g: i64,
    /// Micro-cents.
    pub cost_uc: i64,
}

/// A service that may carry a shipment to this buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "StoredService", into = "StoredService")]
pub struct Service {
    /// Index into [`Instance::rates`](crate::Instance::rates).
    pub rate: u32,
    /// Micro-cents once per shipment on top of the rate, such as what arriving late costs. Below zero
    /// it is taken off, but no carriage is cheaper than nothing.
    pub extra_uc: i64,
}

impl Service {
    /// Micro-cents of a shipment for which the rate asks so much.
    pub(crate) fn of(self, rate_uc: i64) -> i64 {
        (rate_uc + self.extra_uc).max(0)
    }
}

impl Rate {
    /// The price of a shipment of this weight, in micro-cents.
    pub fn at(&self, weight_g: i64) -> i64 {
        let Some(last) = self.steps.last() else {
            return 0;
        };
        if weight_g <= last.up_to_g {
            return self.within(weight_g);
        }
        let multiples = weight_g / last.up_to_g;
        let rest = weight_g % last.up_to_g;
        multiples * last.cost_uc + if rest > 0 { self.within(rest) } else { 0 }
    }

    /// The heaviest parcel that no two or more parcels of the same weight together are ever cheaper
    /// than, in grams: lighter shipments need no thought of parcels. At most the last step.
    #[must_use]
    pub fn whole_up_to_g(&self) -> i64 {
        let Some(last) = self.steps.last() else {
            return i64::MAX;
        };
        // The dearest price up to each step, so that lighter parcels which cost more count too.
        let mut dearest: Vec<i64> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let before = dearest.last().copied().unwrap_or(0);
            dearest.push(step.cost_uc.max(before));
        }
        let from_g = |step: usize| match step.checked_sub(1) {
            Some(before) => self.steps[before].up_to_g + 1,
            None => 1,
        };
        let mut whole_g = last.up_to_g;
        for (one, lighter) in self.steps.iter().enumerate() {
            for (two, heavier) in self.steps.iter().enumerate().skip(one) {
                let least_g = from_g(one) + from_g(two);
                if least_g > whole_g {
                    break;
                }
                let pair_uc = lighter.cost_uc.saturating_add(heavier.cost_uc);
                let dearer = dearest.partition_point(|&price_uc| price_uc <= pair_uc);
                if dearer < self.steps.len() {
                    let meets_g = from_g(dearer).max(least_g);
                    if meets_g <= lighter.up_to_g + heavier.up_to_g {
                        whole_g = whole_g.min(meets_g - 1);
                    }
                }
            }
        }
        whole_g
    }

    /// The heaviest weight that pays the same as this one and every weight between.
    pub(crate) fn same_up_to(&self, weight_g: i64) -> i64 {
        let Some(last) = self.steps.last() else {
            return i64::MAX;
        };
        // Each multiple of the last step repeats all steps, and ends with that step itself.
        let multiples = (weight_g - 1).max(0) / last.up_to_g;
        let below_g = multiples * last.up_to_g;
        below_g + self.step_of(weight_g - below_g).up_to_g
    }

    /// The price of a weight that is not above the last step.
    fn within(&self, weight_g: i64) -> i64 {
        self.step_of(weight_g).cost_uc
    }

    fn step_of(&self, weight_g: i64) -> &WeightStep {
        &self.steps[self.steps.partition_point(|step| step.up_to_g < weight_g)]
    }
}

/// How a service is written: its rate alone where nothing is added.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredService {
    Plain(u32),
    Dearer(u32, i64),
}

impl From<StoredService> for Service {
    fn from(stored: StoredService) -> Service {
        let (rate, extra_uc) = match stored {
            StoredService::Plain(rate) => (rate, 0),
            StoredService::Dearer(rate, extra_uc) => (rate, extra_uc),
        };
        Service { rate, extra_uc }
    }
}

impl From<Service> for StoredService {
    fn from(service: Service) -> StoredService {
        match service.extra_uc {
            0 => StoredService::Plain(service.rate),
            extra_uc => StoredService::Dearer(service.rate, extra_uc),
        }
    }
}

/// How the services of a location are written: a single plain one without a list around it.
pub(crate) mod stored {
    use serde::{Deserialize, Serialize};

    use super::Service;

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    pub(crate) enum Services {
        One(u32),
        Many(Vec<Service>),
    }

    impl Services {
        pub fn of(services: &[Service]) -> Services {
            match services {
                [one] if one.extra_uc == 0 => Services::One(one.rate),
                many => Services::Many(many.to_vec()),
            }
        }

        pub fn all(self) -> Vec<Service> {
            match self {
                Services::One(rate) => vec![Service { rate, extra_uc: 0 }],
                Services::Many(services) => services,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Dice;

    /// Up to the weight no way of cutting it is cheaper, and one gram above one is.
    #[test]
    fn a_parcel_is_whole_up_to_where_two_are_cheaper() {
        let mut below_last = 0;
        for seed in 0..3_000 {
            let mut dice = Dice(seed);
            let mut up_to_g = 0;
            let mut rising = 0;
            let step = |_| {
                up_to_g += dice.between(1, 6);
                rising += dice.between(-2, 8);
                WeightStep {
                    up_to_g,
                    cost_uc: rising.max(1),
                }
            };
            let steps: Vec<WeightStep> = (0..1 + seed as i64 % 6).map(step).collect();
            let last_g = steps[steps.len() - 1].up_to_g;
            let rate = Rate { steps };
            let is_whole = |weight_g: i64| {
                let cuts = 1..weight_g;
                let mut cheaper =
                    cuts.filter(|cut| rate.at(*cut) + rate.at(weight_g - cut) < rate.at(weight_g));
                cheaper.next().is_none()
            };
            let whole_g = rate.whole_up_to_g();
            assert!((1..=last_g).contains(&whole_g), "seed {seed}");
            assert!((1..=whole_g).all(is_whole), "seed {seed}: {rate:?}");
            if whole_g < last_g {
                below_last += 1;
                // A dearer lighter weight may stop it too, so not every next gram is cut.
                let rises = rate.steps.is_sorted_by_key(|step| step.cost_uc);
                assert!(!rises || !is_whole(whole_g + 1), "seed {seed}: {rate:?}");
            }
        }
        assert!(below_last > 500, "{below_last}");
    }
}
