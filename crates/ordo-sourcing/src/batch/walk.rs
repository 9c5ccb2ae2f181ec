//! A walk through whole plans for a batch: pools of plans per order, one chosen each, within the
//! limits at every step.
//!
//! One exchange gives an order a plan it would like, takes what that needs from others, and lets
//! those find something else. The walk follows a fixed sequence of numbers, so the same batch always
//! gets the same plans.

use crate::batch::desk::{Known, Question};
use crate::batch::relax::Relaxation;
use crate::batch::sequence::Sequence;
use crate::plan::StepBudget;

pub(crate) struct Walk<'r, 'a> {
    pub relax: &'r mut Relaxation<'a>,
    pub pools: Vec<Pool>,
    /// Per order, the place of its plan in its pool.
    pub chosen: Vec<usize>,
    pub cost_uc: i128,
    left: Vec<i64>,
    /// No price on anything.
    free_uc: Vec<i64>,
    /// Orders that draw on each limit.
    holders: Vec<Vec<usize>>,
    sequence: Sequence,
    budget: StepBudget,
}

/// The plans known for an order; the first ships nothing.
#[derive(Default)]
pub(crate) struct Pool {
    pub known: Vec<Known>,
    /// Each with what it takes paid at the prices.
    pub priced_uc: Vec<i64>,
    by_cost: Vec<usize>,
    pub by_price: Vec<usize>,
    /// Whether there is nothing more to learn.
    whole: bool,
}

/// An exchange under way: orders with the plans they had, first the one that started it.
pub(crate) type Moved = Vec<(usize, usize)>;

/// Orders that one exchange may move.
const MOVED_MAX: usize = 7;
/// Of so many orders drawn, the one that could gain most starts an exchange.
const DRAWN: usize = 5;
/// One in so many orders that an exchange moved asks the desk for what is left, instead of taking
/// the first plan it knows that fits.
const CONSULTED_ONE_IN: usize = 32;
/// An order that knows so many plans asks no more.
const POOL_MAX: usize = 300;
/// No more plans than these are listed for an order, nor in more steps.
const LISTED_MAX: usize = 1_000;
const LISTED_BUDGET: StepBudget = StepBudget(2_000_000);
/// Pairs are tried of so many locations per order.
const PAIRED_MAX: usize = 10;

impl<'r, 'a> Walk<'r, 'a> {
    /// Every order ships nothing yet.
    pub fn new(relax: &'r mut Relaxation<'a>, limits: &[i64], budget: StepBudget) -> Walk<'r, 'a> {
        let orders = relax.known.len();
        let mut walk = Walk {
            pools: (0..orders).map(|_| Pool::default()).collect(),
            chosen: vec![0; orders],
            holders: vec![Vec::new(); limits.len()],
            left: limits.to_vec(),
            free_uc: vec![0; limits.len()],
            cost_uc: 0,
            sequence: Sequence(0),
            budget,
            relax,
        };
        for order in 0..orders {
            for known in walk.relax.known[order].clone() {
                walk.learn(order, known);
            }
            walk.cost_uc += i128::from(walk.pools[order].known[0].cost_uc);
        }
        walk
    }

    /// Adds a plan to an order's pool, or finds it there.
    pub fn learn(&mut self, order: usize, known: Known) -> usize {
        let pool = &mut self.pools[order];
        let met = pool.known.iter().position(|other| other.plan == known.plan);
        if let Some(at) = met {
            return at;
        }
        let at = pool.known.len();
        let (cost_uc, priced_uc) = (known.cost_uc, known.priced_uc(&self.relax.prices_uc));
        let dearer = |&other: &usize| pool.known[other].cost_uc <= cost_uc;
        let place = pool.by_cost.partition_point(dearer);
        pool.by_cost.insert(place, at);
        let dearer = |&other: &usize| pool.priced_uc[other] <= priced_uc;
        let place = pool.by_price.partition_point(dearer);
        pool.by_price.insert(place, at);
        pool.known.push(known);
        pool.priced_uc.push(priced_uc);
        at
    }

    /// Every order that knows a plan which takes something scarce learns its best plans from each
    /// location alone and from each two of its best locations, at the prices and without. Nobody
    /// wants the others to move.
    pub fn enrich(&mut self, limits: &[i64]) {
        let prices_uc = self.relax.prices_uc.clone();
        let free = self.free_uc.clone();
        for order in 0..self.pools.len() {
            let mut drawn = self.pools[order]
                .known
                .iter()
                .flat_map(|known| &known.drawn);
            if drawn.all(|&(limit, _)| prices_uc[limit] == 0) || self.relax.desk.is_spent() {
                continue;
            }
            let sites = self.relax.desk.member(order).instance.candidates.len();
            let mut ranked = Vec::with_capacity(sites);
            for site in 0..sites {
                let at = self.consult(order, &prices_uc, limits, Some([site; 2]));
                ranked.push((self.pools[order].priced_uc[at], site));
                self.consult(order, &free, limits, Some([site; 2]));
            }
            ranked.sort_unstable();
            ranked.truncate(PAIRED_MAX);
            for (nth, &(_, one)) in ranked.iter().enumerate() {
                for &(_, other) in &ranked[..nth] {
                    for prices_uc in [&prices_uc, &free] {
                        self.consult(order, prices_uc, limits, Some([one, other]));
                    }
                }
            }
        }
    }

    /// Leaves every order only plans that lose no more against the prices than `most_uc`, and gives it
    /// all of those where they are few. Where `most_uc` is the distance to the bound, better plans for
    /// all hold no others.
    pub fn narrow(&mut self, limits: &[i64], most_uc: i64) {
        let prices_uc = self.relax.prices_uc.clone();
        for order in 0..self.pools.len() {
            let limit_uc = self.relax.bounds_uc[order].saturating_add(most_uc);
            let question = Question {
                prices_uc: &prices_uc,
                left: limits,
                sites: None,
                budget: LISTED_BUDGET,
            };
            let listed = (self.relax.desk).list(order, &question, limit_uc, LISTED_MAX);
            let whole = listed.is_some();
            let old = std::mem::take(&mut self.pools[order]);
            // The plan that ships nothing stays the first, and the one at hand is kept.
            let mut known = vec![old.known[0].clone(), old.known[self.chosen[order]].clone()];
            let within = |(_, priced_uc): &(_, &i64)| **priced_uc <= limit_uc;
            known.extend(listed.unwrap_or_else(|| {
                let old = old.known.into_iter().zip(&old.priced_uc);
                old.filter(within).map(|(known, _)| known).collect()
            }));
            self.pools[order] = Pool::new(known, &prices_uc, whole);
            self.chosen[order] = 1;
        }
    }

    /// Follows the relaxation where it is sure, and prices where it is not.
    pub fn start(&mut self) {
        let mut wishes: Vec<(i64, usize, usize)> = Vec::new();
        for (order, amounts) in self.relax.followed_ppm.iter().enumerate() {
            let amounts = amounts.iter().enumerate().filter(|(_, ppm)| **ppm > 0);
            wishes.extend(amounts.map(|(at, &ppm)| (-ppm, order, at)));
        }
        wishes.sort_unstable();
        let mut seated = vec![false; self.pools.len()];
        for (_, order, at) in wishes {
            if !seated[order] && self.pools[order].known[at].fits(&self.left) {
                self.give(order, at);
                seated[order] = true;
            }
        }
        for order in (0..seated.len()).filter(|&order| !seated[order]) {
            let at = self.first_fit(order, true);
            self.give(order, at);
        }
    }

    /// Lets each order answer all others with its best plan, where that saves at least so much,
    /// until none finds one.
    pub fn polish(&mut self, least_uc: i64) {
        let mut changed = true;
        while changed {
            changed = false;
            for order in 0..self.pools.len() {
                let had = self.chosen[order];
                self.give(order, 0);
                let at = self.best_answer(order);
                let known = &self.pools[order].known;
                let better = known[at].cost_uc <= known[had].cost_uc - least_uc;
                self.give(order, if better { at } else { had });
                changed |= better;
            }
        }
    }

    /// Exchanges so many times, from hot to cold, and ends with the best plans met. Exchanges that
    /// cost more are taken while they cost less than a random part of the heat, which sinks to a
    /// six-hundredth.
    pub fn anneal(&mut self, steps: u64, mut heat_uc: i64) {
        let mut best = (self.cost_uc, self.chosen.clone());
        let mut moved = Moved::with_capacity(MOVED_MAX);
        for step in 0..steps {
            if step % (steps / 200 + 1) == 0 {
                heat_uc -= heat_uc / 31;
            }
            let allowed_uc = heat_uc / 1_000 * self.sequence.below(1_000) as i64;
            let before_uc = self.cost_uc;
            let whole = self.try_exchange(&mut moved);
            if !whole || self.cost_uc > before_uc + i128::from(allowed_uc) {
                self.undo(&moved);
            } else if self.cost_uc < best.0 {
                best.0 = self.cost_uc;
                best.1.clone_from(&self.chosen);
            }
        }
        self.choose(&best.1);
    }

    /// Exchanges so many times and keeps what saves at least so much per order that it moves.
    pub fn improve(&mut self, steps: u64, least_uc: i64) {
        let mut moved = Moved::with_capacity(MOVED_MAX);
        for _ in 0..steps {
            let before_uc = self.cost_uc;
            let whole = self.try_exchange(&mut moved);
            let wanted_uc = i128::from(least_uc) * moved.len() as i128;
            if !whole || self.cost_uc > before_uc - wanted_uc {
                self.undo(&moved);
            }
        }
    }

    /// Takes up one plan per order. They must fit together.
    pub fn choose(&mut self, plans: &[usize]) {
        for order in 0..self.pools.len() {
            self.give(order, 0);
        }
        for (order, &at) in plans.iter().enumerate() {
            self.give(order, at);
        }
    }

    /// Of a few orders drawn, the one that could gain most. `None` where there are none.
    pub fn draw(&mut self) -> Option<usize> {
        if self.pools.is_empty() {
            return None;
        }
        let mut order = self.below(self.pools.len());
        for _ in 1..DRAWN {
            let other = self.below(self.pools.len());
            if self.regret_uc(other) > self.regret_uc(order) {
                order = other;
            }
        }
        Some(order)
    }

    /// The next number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.sequence.below(limit)
    }

    /// An order that holds something that a plan of this order, mostly one of its best, draws on.
    pub fn rival(&mut self, order: usize) -> Option<usize> {
        let at = self.drawn_plan(order);
        let drawn = self.pools[order].known[at].drawn.len();
        if drawn == 0 {
            return None;
        }
        let nth = self.below(drawn);
        let (limit, _) = self.pools[order].known[at].drawn[nth];
        let holders = self.holders[limit].len();
        if holders == 0 || self.relax.prices_uc[limit] == 0 {
            return None;
        }
        let nth = self.below(holders);
        Some(self.holders[limit][nth])
    }

    /// The prices of all that nobody takes.
    pub fn spare_uc(&self) -> i128 {
        let spare = self.left.iter().zip(&self.relax.prices_uc);
        spare
            .map(|(&left, &price)| i128::from(left) * i128::from(price))
            .sum()
    }

    pub fn fits(&self, known: &Known) -> bool {
        known.fits(&self.left)
    }

    /// Takes what a plan draws on, so many times, without giving the plan to its order.
    pub fn take(&mut self, order: usize, at: usize, times: i64) {
        for &(limit, units) in &self.pools[order].known[at].drawn {
            self.left[limit] -= units * times;
        }
    }

    /// A plan of an order; those that are cheap at the prices are drawn more often.
    fn drawn_plan(&mut self, order: usize) -> usize {
        let count = self.pools[order].known.len();
        let drawn = [(); 3].map(|()| self.below(count));
        let rank = drawn[0].min(drawn[1]).min(drawn[2]);
        self.pools[order].by_price[rank]
    }

    /// One exchange. Answers whether it came to an end; what it moved until then is noted.
    fn try_exchange(&mut self, moved: &mut Moved) -> bool {
        moved.clear();
        let Some(order) = self.draw() else {
            return false;
        };
        let at = self.drawn_plan(order);
        if at == self.chosen[order] {
            return false;
        }
        moved.push((order, self.chosen[order]));
        self.give(order, 0);
        for nth in 0..self.pools[order].known[at].drawn.len() {
            let (limit, units) = self.pools[order].known[at].drawn[nth];
            while self.left[limit] < units {
                if moved.len() == MOVED_MAX || self.holders[limit].is_empty() {
                    return false;
                }
                let other = self.holders[limit][self.sequence.below(self.holders[limit].len())];
                moved.push((other, self.chosen[other]));
                self.give(other, 0);
            }
        }
        self.give(order, at);
        // Who still has others after it leaves them what is scarce, half of the time.
        let priced = self.sequence.below(2) == 0;
        for nth in 1..moved.len() {
            let other = moved[nth].0;
            let fit = self.first_fit(other, priced && nth + 1 < moved.len());
            let at = match self.sequence.below(CONSULTED_ONE_IN) {
                0 if self.asks(other) => self.best_answer(other),
                _ => fit,
            };
            self.give(other, at);
        }
        true
    }

    fn undo(&mut self, moved: &Moved) {
        for &(order, _) in moved {
            self.give(order, 0);
        }
        for &(order, had) in moved {
            self.give(order, had);
        }
    }

    /// How far an order is from the best it could have at the prices.
    pub fn regret_uc(&self, order: usize) -> i64 {
        let pool = &self.pools[order];
        pool.priced_uc[self.chosen[order]].saturating_sub(pool.priced_uc[pool.by_price[0]])
    }

    /// The first plan that fits, by price or by cost. The empty plan always does.
    fn first_fit(&self, order: usize, priced: bool) -> usize {
        let pool = &self.pools[order];
        let ranked = if priced {
            &pool.by_price
        } else {
            &pool.by_cost
        };
        let mut ranked = ranked.iter().copied();
        let fit = ranked.find(|&at| pool.known[at].fits(&self.left));
        fit.unwrap_or(0)
    }

    /// Whether an order may find a plan that it does not know.
    fn asks(&self, order: usize) -> bool {
        self.pools[order].asks() && !self.relax.desk.is_spent()
    }

    /// The cheapest plan that what is left allows.
    fn best_answer(&mut self, order: usize) -> usize {
        let free = std::mem::take(&mut self.free_uc);
        let left = std::mem::take(&mut self.left);
        let at = self.consult(order, &free, &left, None);
        (self.free_uc, self.left) = (free, left);
        at
    }

    /// Asks the desk for a plan and learns it.
    fn consult(
        &mut self,
        order: usize,
        prices_uc: &[i64],
        left: &[i64],
        sites: Option<[usize; 2]>,
    ) -> usize {
        let question = Question {
            prices_uc,
            left,
            sites,
            budget: self.budget,
        };
        let answer = self.relax.desk.ask(order, &question);
        self.learn(order, answer.known)
    }

    /// Changes an order's plan.
    pub fn give(&mut self, order: usize, at: usize) {
        let pool = &self.pools[order];
        let (had, new) = (&pool.known[self.chosen[order]], &pool.known[at]);
        for &(limit, units) in &had.drawn {
            self.left[limit] += units;
            let place = self.holders[limit]
                .iter()
                .position(|&holder| holder == order);
            self.holders[limit].swap_remove(place.expect("who draws on a limit holds it"));
        }
        for &(limit, units) in &new.drawn {
            self.left[limit] -= units;
            self.holders[limit].push(order);
        }
        self.cost_uc += i128::from(new.cost_uc) - i128::from(had.cost_uc);
        self.chosen[order] = at;
    }
}

impl Pool {
    fn new(known: Vec<Known>, prices_uc: &[i64], whole: bool) -> Pool {
        let priced_uc = known.iter().map(|known| known.priced_uc(prices_uc));
        let priced_uc: Vec<i64> = priced_uc.collect();
        let mut by_cost: Vec<usize> = (0..known.len()).collect();
        let mut by_price = by_cost.clone();
        by_cost.sort_by_key(|&at| known[at].cost_uc);
        by_price.sort_by_key(|&at| priced_uc[at]);
        Pool {
            known,
            priced_uc,
            by_cost,
            by_price,
            whole,
        }
    }

    /// What a plan pays for all that it takes.
    pub fn paid_uc(&self, at: usize) -> i128 {
        i128::from(self.priced_uc[at]) - i128::from(self.known[at].cost_uc)
    }

    fn asks(&self) -> bool {
        !self.whole && self.known.len() < POOL_MAX
    }
}
