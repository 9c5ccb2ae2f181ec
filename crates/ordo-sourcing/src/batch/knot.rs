//! Knots: a few orders that contend for the same limits, while all others keep their plans. All
//! combinations of their plans are tried that could be better than the one at hand.
//!
//! The distance to the bound is what orders lose against the prices, and the prices of what nobody
//! takes. Only the first grows as orders of a knot choose one after the other, so a combination is
//! cut off as soon as it has lost as much as the knot does now.

use crate::batch::walk::Walk;

/// Orders of a knot: some of the first number to some of the second. Small knots are untied for
/// sure, large ones find what takes many orders.
const ORDERS: (usize, usize) = (6, 24);
/// Combinations begun per knot.
const TRIED_MAX: u64 = 1_000;
/// Plans that are only looked at, as many as take the time of one step.
const LOOKS: u64 = 16;

/// One order of a knot.
struct Strand {
    order: usize,
    /// Plans that fit, with what they lose and what they pay, those that lose least first.
    choices: Vec<Choice>,
}

#[derive(Clone, Copy)]
struct Choice {
    at: usize,
    lost_uc: i128,
    paid_uc: i128,
}

/// The search over one knot.
struct Untie<'w, 'r, 'a> {
    walk: &'w mut Walk<'r, 'a>,
    strands: Vec<Strand>,
    /// What the strands from each on lose at least, and pay at most.
    rest: Vec<(i128, i128)>,
    chosen: Vec<usize>,
    /// What the best combination loses, with the prices of what it leaves.
    least_uc: i128,
    /// The prices of what nobody takes now: no combination can pay more than the knot does by more.
    spare_uc: i128,
    best: Option<Vec<usize>>,
    tried: u64,
    looked: u64,
}

impl Walk<'_, '_> {
    /// Unties knots for so many steps.
    pub fn untie(&mut self, mut steps: u64) {
        while steps > 0 {
            let orders = self.knot();
            let taken = self.untie_one(&orders);
            steps = steps.saturating_sub(taken + 10 * orders.len() as u64 + 40);
        }
    }

    /// An order that could gain, and others that hold what its best plans or theirs want.
    fn knot(&mut self) -> Vec<usize> {
        let size = ORDERS.0 + self.below(ORDERS.1 - ORDERS.0 + 1);
        let mut knot = Vec::with_capacity(size);
        knot.extend(self.draw());
        for _ in 0..3 * size {
            if knot.len() == size || knot.is_empty() {
                break;
            }
            let one = knot[self.below(knot.len())];
            let other = self.rival(one);
            if let Some(other) = other.filter(|other| !knot.contains(other)) {
                knot.push(other);
            }
        }
        knot
    }

    /// Gives the orders the best plans that they can have together. Answers the steps it took.
    fn untie_one(&mut self, orders: &[usize]) -> u64 {
        let before: Vec<usize> = orders.iter().map(|&order| self.chosen[order]).collect();
        let regrets = orders.iter().map(|&order| self.regret_uc(order));
        let lost_uc: i128 = regrets.map(i128::from).sum();
        let mut paid_uc = 0;
        let spare_uc = self.spare_uc();
        for (&order, &at) in orders.iter().zip(&before) {
            let pool = &self.pools[order];
            paid_uc += pool.paid_uc(at);
            self.give(order, 0);
        }
        let mut strands: Vec<Strand> = Vec::with_capacity(orders.len());
        for &order in orders {
            let choices = self.choices(order, lost_uc + spare_uc);
            strands.push(Strand { order, choices });
        }
        strands.sort_by_key(|strand| strand.choices.len());
        let mut rest = vec![(0, 0); strands.len() + 1];
        for (at, strand) in strands.iter().enumerate().rev() {
            let least = strand.choices.first().map_or(0, |choice| choice.lost_uc);
            let most = strand.choices.iter().map(|choice| choice.paid_uc).max();
            rest[at] = (rest[at + 1].0 + least, rest[at + 1].1 + most.unwrap_or(0));
        }
        let mut untie = Untie {
            walk: self,
            strands,
            rest,
            chosen: Vec::with_capacity(orders.len()),
            least_uc: lost_uc,
            spare_uc,
            best: None,
            tried: 0,
            looked: 0,
        };
        untie.choose(0, paid_uc);
        let steps = untie.tried + untie.looked / LOOKS;
        let found = untie.best.map(|best| {
            let strands = untie.strands.iter().zip(best);
            strands.map(|(strand, at)| (strand.order, at)).collect()
        });
        let plans: Vec<(usize, usize)> =
            found.unwrap_or_else(|| orders.iter().copied().zip(before).collect());
        for (order, at) in plans {
            self.give(order, at);
        }
        steps
    }

    /// The plans of an order that fit and lose less than so much.
    fn choices(&self, order: usize, most_uc: i128) -> Vec<Choice> {
        let pool = &self.pools[order];
        let Some(&best) = pool.by_price.first() else {
            return Vec::new();
        };
        let mut choices = Vec::new();
        for &at in &pool.by_price {
            let lost_uc = i128::from(pool.priced_uc[at]) - i128::from(pool.priced_uc[best]);
            if lost_uc > most_uc {
                break;
            }
            if self.fits(&pool.known[at]) {
                let paid_uc = pool.paid_uc(at);
                choices.push(Choice {
                    at,
                    lost_uc,
                    paid_uc,
                });
            }
        }
        choices
    }
}

impl Untie<'_, '_, '_> {
    /// `lost` is what the knot lost so far; `unpaid` what it paid before and does not pay yet.
    fn choose(&mut self, lost_uc: i128, unpaid_uc: i128) {
        let at = self.chosen.len();
        if at == self.strands.len() {
            if lost_uc + unpaid_uc < self.least_uc {
                self.least_uc = lost_uc + unpaid_uc;
                self.best = Some(self.chosen.clone());
            }
            return;
        }
        let (least_uc, most_uc) = self.rest[at + 1];
        for nth in 0..self.strands[at].choices.len() {
            let choice = self.strands[at].choices[nth];
            let lost_uc = lost_uc + choice.lost_uc;
            self.looked += 1;
            if lost_uc + least_uc - self.spare_uc >= self.least_uc {
                // Those that follow lose no less.
                break;
            }
            let unpaid_uc = unpaid_uc - choice.paid_uc;
            let unpaid_least_uc = (unpaid_uc - most_uc).max(-self.spare_uc);
            if lost_uc + least_uc + unpaid_least_uc >= self.least_uc {
                continue;
            }
            self.tried += 1;
            if self.tried > TRIED_MAX {
                return;
            }
            let order = self.strands[at].order;
            if self.walk.fits(&self.walk.pools[order].known[choice.at]) {
                self.walk.take(order, choice.at, 1);
                self.chosen.push(choice.at);
                self.choose(lost_uc, unpaid_uc);
                self.chosen.pop();
                self.walk.take(order, choice.at, -1);
            }
        }
    }
}
