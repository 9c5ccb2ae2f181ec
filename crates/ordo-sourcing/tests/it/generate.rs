//! Random instances from a seed, the same on every machine.

use ordo_sourcing::{
    Candidate, Instance, Key, Line, Parceling, Penalties, Rate, Service, Tier, WeightStep,
};

/// SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        low + (mixed % ((high - low + 1) as u64)) as i64
    }

    pub fn one_in(&mut self, sides: i64) -> bool {
        self.between(1, sides) == 1
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.between(0, at as i64) as usize);
        }
    }
}

/// How large the instances may be.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub lines: i64,
    pub quantity: i64,
    pub candidates: i64,
}

/// An instance of a merchant who configured nothing.
pub fn nearest(dice: &mut Dice, size: Size) -> Instance {
    let lines = lines(dice, size);
    let candidates = candidates(dice, size, &lines);
    Instance::nearest(lines, candidates)
}

/// An instance with prices by weight, penalties, limits, groups and any tiers.
pub fn priced(dice: &mut Dice, size: Size) -> Instance {
    let mut instance = nearest(dice, size);
    if dice.one_in(3) && instance.lines.len() > 1 {
        for line in &mut instance.lines {
            line.together = dice.one_in(2).then(|| dice.between(1, 2) as u32);
        }
    }
    instance.tiers = match dice.between(0, 6) {
        0 => vec![Tier::UnfilledUnits, Tier::Shipments, Tier::Distance],
        1 => vec![Tier::UnfilledUnits],
        2 => vec![
            Tier::Shipments,
            Tier::Custom(1),
            Tier::Custom(0),
            Tier::UnfilledUnits,
        ],
        _ => Vec::new(),
    };
    instance.rates = (0..dice.between(0, 3)).map(|_| rate(dice)).collect();
    instance.penalties = Penalties {
        split_uc: dice.between(0, 1) * dice.between(0, 9),
        unfilled_unit_uc: dice.between(0, 40),
    };
    instance.whole_lines = dice.one_in(5);
    instance.max_shipments = dice.one_in(3).then(|| dice.between(0, 3) as u32);
    for candidate in &mut instance.candidates {
        candidate.custom = vec![dice.between(0, 2), dice.between(0, 1)];
        candidate.handling_order_uc = dice.between(0, 8);
        candidate.handling_line_uc = dice.between(0, 2) * dice.between(0, 2);
        candidate.handling_unit_uc = dice.between(0, 4);
        let rates = instance.rates.len() as i64;
        if rates > 0 && !dice.one_in(6) {
            candidate.services = services(dice, rates);
        }
    }
    instance
}

/// One to three services, of which all but the first cost something extra.
fn services(dice: &mut Dice, rates: i64) -> Vec<Service> {
    (0..dice.between(1, 3))
        .map(|nth| Service {
            rate: dice.between(0, rates - 1) as u32,
            extra_uc: nth * dice.between(0, 4),
        })
        .collect()
}

/// A priced instance in which some locations' stock has prices too.
pub fn stock_priced(dice: &mut Dice, size: Size) -> Instance {
    let mut instance = priced(dice, size);
    for candidate in &mut instance.candidates {
        if !dice.one_in(4) {
            let prices = instance.lines.iter().map(|_| dice.between(0, 12));
            candidate.stock_price_uc = prices.collect();
        }
    }
    instance
}

/// A priced instance whose lines are worth something, mostly with a least value for the shipments of
/// a split, and sometimes with tiers by unit.
pub fn guarded(dice: &mut Dice, size: Size) -> Instance {
    let mut instance = stock_priced(dice, size);
    for line in &mut instance.lines {
        line.unit_value = dice.between(0, 4);
    }
    let worth = instance
        .lines
        .iter()
        .map(|line| line.quantity * line.unit_value);
    let worth: i64 = worth.sum();
    instance.min_shipment_value = (!dice.one_in(6)).then(|| dice.between(0, worth + 1));
    match dice.between(0, 5) {
        0 => instance.tiers = vec![Tier::UnfilledUnits, Tier::CustomPerUnit(0)],
        1 => {
            instance.tiers = vec![
                Tier::CustomPerUnit(1),
                Tier::Shipments,
                Tier::UnfilledUnits,
                Tier::CustomPerUnit(0),
                Tier::Distance,
                Tier::Custom(1),
            ];
        }
        _ => {}
    }
    instance
}

/// A priced instance in which shipments may be several parcels.
pub fn parceled(dice: &mut Dice, size: Size) -> Instance {
    let mut instance = priced(dice, size);
    instance.parceling = Some(Parceling {
        max_weight_g: dice.one_in(2).then(|| dice.between(1, 12) * 100),
    });
    for line in &mut instance.lines {
        line.alone = dice.one_in(5);
    }
    let services = instance
        .candidates
        .iter_mut()
        .flat_map(|one| &mut one.services);
    for service in services {
        if dice.one_in(6) {
            service.extra_uc -= dice.between(0, 9);
        }
    }
    instance
}

fn lines(dice: &mut Dice, size: Size) -> Vec<Line> {
    let line = |dice: &mut Dice| Line {
        quantity: dice.between(1, size.quantity),
        unit_weight_g: dice.between(0, 5) * 100,
        ..Line::default()
    };
    (0..dice.between(1, size.lines))
        .map(|_| line(dice))
        .collect()
}

fn candidates(dice: &mut Dice, size: Size, lines: &[Line]) -> Vec<Candidate> {
    let count = dice.between(0, size.candidates);
    // Small numbers, so that plans often tie.
    let plenty = dice.between(1, 4);
    let candidate = |dice: &mut Dice, nth: i64| Candidate {
        key: Key((dice.between(0, i64::MAX - 1) as u128) << 64 | nth as u128),
        available: lines
            .iter()
            .map(|line| match dice.between(0, plenty) {
                0 => dice.between(-1, 0),
                1 => dice.between(0, line.quantity),
                _ => line.quantity + dice.between(0, 2),
            })
            .collect(),
        distance_m: dice.between(0, 5),
        ..Candidate::default()
    };
    (0..count).map(|nth| candidate(dice, nth)).collect()
}

/// Prices that need not rise with weight, and may end below the order's weight.
fn rate(dice: &mut Dice) -> Rate {
    let mut up_to_g = 0;
    let mut step = |dice: &mut Dice| {
        up_to_g += dice.between(1, 8) * 100;
        WeightStep {
            up_to_g,
            cost_uc: dice.between(0, 20),
        }
    };
    Rate {
        steps: (0..dice.between(1, 4)).map(|_| step(dice)).collect(),
    }
}
