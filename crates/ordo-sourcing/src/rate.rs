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
    /// Micro-cents once per shipment on top of the rate, such as what arriving late costs.
    pub extra_uc: i64,
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
