//! Prices of shipments by weight, made ready for searching: the cheapest service at every weight the
//! order can have, once for all locations with the same services.

use crate::instance::Instance;
use crate::rate::Service;

/// Beyond so many steps prices are looked up in the rates themselves; only an order that is many
/// times heavier than a rate's last step has so many. Steps of one price count too: free carriage has
/// one price and as many steps as an order is heavy.
const STEPS_MAX: usize = 512;

/// The curves of an instance.
#[derive(Debug)]
pub(crate) struct Tariffs<'a> {
    curves: Vec<Curve<'a>>,
    /// The curve of each candidate.
    of: Vec<usize>,
}

/// The price of a shipment by its weight.
#[derive(Debug)]
pub(crate) struct Curve<'a> {
    instance: &'a Instance,
    services: &'a [Service],
    /// Weights in grams up to which a price in micro-cents holds, by rising weight.
    steps: Vec<(i64, i64)>,
    /// Whether the steps reach to the weight of the whole order.
    whole: bool,
}

impl<'a> Tariffs<'a> {
    pub fn new(instance: &'a Instance) -> Tariffs<'a> {
        let weights = instance.lines.iter();
        let total_g = weights.map(|line| line.quantity * line.unit_weight_g).sum();
        let mut tariffs = Tariffs {
            curves: Vec::new(),
            of: Vec::with_capacity(instance.candidates.len()),
        };
        for candidate in &instance.candidates {
            let services = &candidate.services[..];
            let mut known = tariffs.curves.iter();
            let index = known.position(|curve| curve.services == services);
            let index = index.unwrap_or_else(|| {
                tariffs.curves.push(Curve::new(instance, services, total_g));
                tariffs.curves.len() - 1
            });
            tariffs.of.push(index);
        }
        tariffs
    }

    /// The index of the prices of a candidate.
    pub fn of(&self, candidate: usize) -> usize {
        self.of[candidate]
    }

    pub fn curves(&self) -> &[Curve<'a>] {
        &self.curves
    }

    /// Whether no shipment of this order can change its price by its weight.
    pub fn are_flat(&self) -> bool {
        self.curves.iter().all(Curve::is_flat)
    }
}

impl<'a> Curve<'a> {
    fn new(instance: &'a Instance, services: &'a [Service], total_g: i64) -> Curve<'a> {
        let mut curve = Curve {
            instance,
            services,
            steps: Vec::new(),
            whole: false,
        };
        let mut from_g = 0;
        for _ in 0..STEPS_MAX {
            let ends = services.iter().map(|service| {
                let rate = &instance.rates[service.rate as usize];
                rate.same_up_to(from_g)
            });
            let end_g = ends.min().unwrap_or(i64::MAX);
            let cost_uc = instance.carriage_uc(services, from_g);
            match curve.steps.last_mut() {
                Some(last) if last.1 == cost_uc => last.0 = end_g,
                Some(_) | None => curve.steps.push((end_g, cost_uc)),
            }
            if end_g >= total_g {
                curve.whole = true;
                break;
            }
            from_g = end_g + 1;
        }
        curve
    }

    /// Micro-cents for a shipment of this weight.
    pub fn at(&self, weight_g: i64) -> i64 {
        let step = self
            .steps
            .partition_point(|&(up_to_g, _)| up_to_g < weight_g);
        match self.steps.get(step) {
            Some(&(_, cost_uc)) => cost_uc,
            None => self.instance.carriage_uc(self.services, weight_g),
        }
    }

    /// Weights in grams up to which a price in micro-cents holds; the last is not below the order's.
    /// `None` where there are too many.
    pub fn steps(&self) -> Option<&[(i64, i64)]> {
        self.whole.then_some(&self.steps[..])
    }

    /// The least any weight can pay, in micro-cents.
    pub fn least(&self) -> i64 {
        let within = self.steps.iter().map(|&(_, cost_uc)| cost_uc).min();
        if self.whole {
            return within.unwrap_or(0);
        }
        let services = self.services.iter().map(|service| {
            let steps = &self.instance.rates[service.rate as usize].steps;
            let least = steps.iter().map(|step| step.cost_uc).min();
            service.of(least.unwrap_or(0))
        });
        services.min().unwrap_or(0)
    }

    /// The most any weight of this order can pay, in micro-cents, where all steps are known.
    pub fn most(&self) -> i64 {
        let prices = self.steps.iter().map(|&(_, cost_uc)| cost_uc);
        prices.max().unwrap_or(0)
    }

    fn is_flat(&self) -> bool {
        let units = self.instance.lines.iter();
        let lightest_g = units.map(|line| line.unit_weight_g).min().unwrap_or(0);
        // The last step alone, from the lightest load on.
        let below = self.steps.len().checked_sub(2).map(|at| self.steps[at].0);
        self.whole && below.is_none_or(|below_g| below_g < lightest_g)
    }
}
