//! The cheapest mix of columns that fills every part, by the primal simplex method in whole numbers.
//!
//! Columns may be taken in fractions here, and parts may be filled more than once; what comes of it
//! are prices for grains. The inverse of the basis is kept times its determinant, so every number is
//! whole and every division exact. With columns of loads the determinants stay small; where they do
//! not, the method stops and the prices at hand are used, which are as valid as any.

use crate::model::Model;
use crate::pricing::Prices;

/// Larger numbers than this end the method.
const ENTRY_MAX: i64 = 1 << 30;

/// Columns that enter before all are looked at again.
const WANTED_AT_ONCE: usize = 5;

/// A load from a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub site: usize,
    pub cost: i64,
    pub load: Vec<u32>,
}

/// What every plan of a branch keeps to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// Shipments at least.
    pub at_least: Option<usize>,
    /// Shipments at most.
    pub at_most: Option<usize>,
    /// Sites that ship exactly once.
    pub used: Vec<usize>,
    /// What each item of the model may give.
    pub caps: Vec<u32>,
}

/// What stands in a row of the basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basic {
    /// Grains of this part stay unfilled.
    Unfilled(usize),
    /// Grains of this part are filled twice.
    Twice(usize),
    /// Shipments less than at most allowed.
    Fewer,
    /// Shipments more than at least asked for.
    More,
    /// Stands in, at a high cost, for what a rule asks: the row.
    Missing(usize),
    /// A column of the pool.
    Column(usize),
}

/// The mix at hand.
pub(crate) struct Master<'m> {
    model: &'m Model,
    rules: &'m Rules,
    pub pool: Vec<Column>,
    /// One row per part, then one per rule: at least, at most, and each site in use.
    rows: usize,
    basis: Vec<Basic>,
    /// The determinant of the basis.
    scale: i64,
    /// Its inverse, times the scale: row after row.
    inverse: Vec<i64>,
    /// How much of each basic column is taken, times the scale, where each row asks for a little more
    /// than it does, by another amount each. Else many columns would run out at once, and which of
    /// them leaves the basis could go round in circles.
    taken: Vec<i128>,
    /// What each row asks for.
    asked: Vec<i64>,
    /// What each row is worth, times the scale.
    worth: Vec<i128>,
    /// The cost of what is missing.
    missing: i64,
}

impl<'m> Master<'m> {
    /// Begins with everything unfilled.
    pub fn new(model: &'m Model, rules: &'m Rules, pool: Vec<Column>) -> Master<'m> {
        let missing = model.parts.iter().map(|part| part.unfilled).sum();
        let mut master = Master {
            model,
            rules,
            pool,
            rows: 0,
            basis: Vec::new(),
            scale: 1,
            inverse: Vec::new(),
            taken: Vec::new(),
            asked: Vec::new(),
            worth: Vec::new(),
            missing,
        };
        for (index, part) in model.parts.iter().enumerate() {
            master.begin(Basic::Unfilled(index), part.count as usize, part.unfilled);
        }
        if let Some(least) = rules.at_least {
            master.begin(Basic::Missing(master.basis.len()), least, missing);
        }
        if let Some(most) = rules.at_most {
            master.begin(Basic::Fewer, most, 0);
        }
        for _ in &rules.used {
            master.begin(Basic::Missing(master.basis.len()), 1, missing);
        }
        master.rows = master.basis.len();
        master.inverse = vec![0; master.rows * master.rows];
        for row in 0..master.rows {
            master.inverse[row * master.rows + row] = 1;
        }
        master
    }

    fn begin(&mut self, basic: Basic, asked: usize, worth: i64) {
        self.basis.push(basic);
        let row = self.asked.len() as i128;
        // A little: below a millionth part of a grain, in an order without a pattern.
        let little = 1 + (row + 1) * 7_919 % 997;
        self.taken.push(((asked as i128) << 32) + little);
        self.asked.push(asked as i64);
        self.worth.push(i128::from(worth));
    }

    /// The prices of the mix, rounded down.
    pub fn prices(&self) -> Prices {
        let scale = i128::from(self.scale);
        let worth = |row: usize| {
            let whole = self.worth[row].div_euclid(scale);
            // With grains worth more than this, no bound is of use anyway.
            whole.clamp(i128::from(i64::MIN >> 10), i128::from(i64::MAX >> 10)) as i64
        };
        let mut prices = Prices {
            charges: vec![0; self.model.sites.len()],
            ..Prices::default()
        };
        for (row, part) in self.model.parts.iter().enumerate() {
            let price = worth(row).min(part.unfilled);
            prices.grains.push(price);
            prices.sum += price.saturating_mul(i64::from(part.count));
        }
        let mut row = self.model.parts.len();
        let mut all = 0;
        if let Some(least) = self.rules.at_least {
            let reward = worth(row).max(0);
            all -= reward;
            prices.sum += reward.saturating_mul(least as i64);
            row += 1;
        }
        if let Some(most) = self.rules.at_most {
            let charge = (-worth(row)).max(0);
            all += charge;
            prices.sum -= charge.saturating_mul(most as i64);
            row += 1;
        }
        prices.charges.fill(all);
        for (nth, &site) in self.rules.used.iter().enumerate() {
            let reward = worth(row + nth);
            prices.charges[site] -= reward;
            prices.sum += reward;
        }
        prices
    }

    /// The columns of the mix with how much of each is taken, in parts of the scale.
    pub fn mix(&self) -> impl Iterator<Item = (&Column, i128)> {
        let rows = self.basis.iter().zip(self.inverse.chunks(self.rows));
        rows.filter_map(|(basic, row)| {
            let Basic::Column(at) = basic else {
                return None;
            };
            let products = row.iter().zip(&self.asked);
            let taken = products.map(|(&a, &b)| i128::from(a) * i128::from(b)).sum();
            (taken > 0).then_some((&self.pool[*at], taken))
        })
    }

    /// What a whole column is in [`Master::mix`].
    pub fn scale(&self) -> i128 {
        i128::from(self.scale)
    }

    /// Takes in whatever makes the mix cheaper, from the pool or left unfilled, until nothing does.
    /// `false` if the numbers became too large, or so many turns were not enough.
    pub fn settle(&mut self, turns: &mut u64) -> bool {
        let mut wanted = Vec::with_capacity(WANTED_AT_ONCE + 1);
        loop {
            self.most_wanted(&mut wanted);
            if wanted.is_empty() {
                return true;
            }
            // What was wanted after the first may be of use no longer, and is asked again.
            for &(_, entering) in &wanted {
                if self.reduced(entering) >= 0 {
                    continue;
                }
                if *turns == 0 || !self.enter(entering) {
                    return false;
                }
                *turns -= 1;
            }
        }
    }

    /// What would lower the cost of the mix fastest, the fastest first.
    fn most_wanted(&self, wanted: &mut Vec<(i128, Basic)>) {
        wanted.clear();
        let parts = 0..self.model.parts.len();
        let slack = (parts.clone().map(Basic::Unfilled)).chain(parts.map(Basic::Twice));
        let more = self.rules.at_least.map(|_| Basic::More);
        let fewer = self.rules.at_most.map(|_| Basic::Fewer);
        let pool = (0..self.pool.len()).map(Basic::Column);
        for candidate in slack.chain(more).chain(fewer).chain(pool) {
            let reduced = self.reduced(candidate);
            let last = wanted.get(WANTED_AT_ONCE - 1);
            if reduced < 0 && last.is_none_or(|(least, _)| reduced < *least) {
                let at = wanted.partition_point(|(other, _)| *other <= reduced);
                wanted.insert(at, (reduced, candidate));
                wanted.truncate(WANTED_AT_ONCE);
            }
        }
    }

    /// Cost less worth, times the scale.
    fn reduced(&self, basic: Basic) -> i128 {
        let scale = i128::from(self.scale);
        match basic {
            Basic::Unfilled(part) => {
                i128::from(self.model.parts[part].unfilled) * scale - self.worth[part]
            }
            Basic::Twice(part) => self.worth[part],
            Basic::More => self.worth[self.model.parts.len()],
            Basic::Fewer => -self.worth[self.rows - 1 - self.rules.used.len()],
            Basic::Missing(row) => i128::from(self.missing) * scale - self.worth[row],
            Basic::Column(at) => {
                let column = &self.pool[at];
                let mut reduced = i128::from(column.cost) * scale;
                for (&grains, worth) in column.load.iter().zip(&self.worth) {
                    if grains > 0 {
                        reduced -= worth * i128::from(grains);
                    }
                }
                let rules = &self.worth[self.model.parts.len()..];
                let all = rules.len() - self.rules.used.len();
                for worth in &rules[..all] {
                    reduced -= worth;
                }
                for (worth, &site) in rules[all..].iter().zip(&self.rules.used) {
                    if site == column.site {
                        reduced -= worth;
                    }
                }
                reduced
            }
        }
    }

    /// How much of each row a column takes.
    fn needs(&self, basic: Basic) -> Vec<i64> {
        let mut needs = vec![0; self.rows];
        let parts = self.model.parts.len();
        match basic {
            Basic::Unfilled(part) => needs[part] = 1,
            Basic::Twice(part) => needs[part] = -1,
            Basic::More => needs[parts] = -1,
            Basic::Fewer => needs[self.rows - 1 - self.rules.used.len()] = 1,
            Basic::Missing(row) => needs[row] = 1,
            Basic::Column(at) => {
                let column = &self.pool[at];
                for (slot, &grains) in needs.iter_mut().zip(&column.load) {
                    *slot = i64::from(grains);
                }
                let all = self.rows - self.rules.used.len();
                needs[parts..all].fill(1);
                for (slot, &site) in needs[all..].iter_mut().zip(&self.rules.used) {
                    *slot = i64::from(site == column.site);
                }
            }
        }
        needs
    }

    /// Takes a column into the basis, in place of the one that runs out first.
    fn enter(&mut self, entering: Basic) -> bool {
        let rows = self.rows;
        let needs = self.needs(entering);
        let mut step = Vec::with_capacity(rows);
        for row in self.inverse.chunks(rows) {
            let products = row.iter().zip(&needs).filter(|(_, need)| **need != 0);
            let sum: i128 = products.map(|(&a, &b)| i128::from(a) * i128::from(b)).sum();
            match i64::try_from(sum) {
                Ok(sum) if sum.abs() < ENTRY_MAX => step.push(sum),
                Ok(_) | Err(_) => return false,
            }
        }
        let mut out: Option<usize> = None;
        for row in (0..rows).filter(|&row| step[row] > 0) {
            let sooner = out.is_none_or(|out| {
                self.taken[row] * i128::from(step[out]) < self.taken[out] * i128::from(step[row])
            });
            if sooner {
                out = Some(row);
            }
        }
        let Some(out) = out else { return false };
        let (pivot, scale) = (step[out], self.scale);
        let leaving: Vec<i64> = self.inverse[out * rows..][..rows].to_vec();
        let reduced = self.reduced(entering);
        for (worth, &entry) in self.worth.iter_mut().zip(&leaving) {
            let old = worth.checked_mul(i128::from(pivot));
            let gained = reduced.checked_mul(i128::from(entry));
            match old
                .zip(gained)
                .and_then(|(old, gained)| old.checked_add(gained))
            {
                Some(whole) => *worth = whole / i128::from(scale),
                None => return false,
            }
        }
        let leaving_taken = self.taken[out];
        for row in (0..rows).filter(|&row| row != out) {
            let factor = step[row];
            if factor == 0 && pivot == scale {
                continue;
            }
            let entries = self.inverse[row * rows..][..rows].iter_mut().zip(&leaving);
            for (entry, &left) in entries {
                let whole = *entry * pivot - factor * left;
                *entry = if scale == 1 { whole } else { whole / scale };
                if entry.abs() >= ENTRY_MAX {
                    return false;
                }
            }
            let taken = self.taken[row] * i128::from(pivot) - leaving_taken * i128::from(factor);
            self.taken[row] = taken / i128::from(scale);
        }
        self.scale = pivot;
        self.basis[out] = entering;
        true
    }
}
