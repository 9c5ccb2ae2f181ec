//! The relaxation of a batch: every order may follow a mixture of plans. Its prices steer the search
//! for whole plans, and its value is under the cost of every way to source the batch.
//!
//! Column generation: the master program prices the limits by the plans it knows; at those prices
//! the desk finds each order's cheapest plan; what is new joins the master. The bound is computed
//! from rounded prices in whole micro-cents and so is true whatever the floats were:
//! every price vector gives `sum of cheapest plans - sum of price x limit` as a bound.

use crate::batch::desk::{Answer, Desk, Known, Question};
use crate::batch::master::Master;
use crate::batch::{Member, PRICE_MAX_UC};
use crate::plan::StepBudget;

pub(crate) struct Relaxation<'a> {
    pub desk: Desk<'a>,
    /// Plans per order; the first ships nothing.
    pub known: Vec<Vec<Known>>,
    /// How much of each known plan is followed, in millionths of once. Empty for orders that did
    /// not count.
    pub followed_ppm: Vec<Vec<i64>>,
    /// The prices that gave the best bound.
    pub prices_uc: Vec<i64>,
    /// No plan of an order costs less at those prices.
    pub bounds_uc: Vec<i64>,
    /// No way to source the counted orders costs less.
    pub bound_uc: i128,
    /// Steps left for orders that the budget of one order is too small for.
    pub reserve: u64,
    budget: StepBudget,
}

/// What the relaxation is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene<'s> {
    /// How often each order counts.
    pub counts: &'s [i64],
    /// Of each limit, for all counted orders together.
    pub limits: &'s [i64],
}

/// When the relaxation is close enough.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Until {
    pub rounds: u32,
    /// Value and bound differ by less than one part in so many.
    pub parts: i128,
}

impl<'a> Relaxation<'a> {
    /// The members must have passed their check. A solve of one order takes `budget`.
    pub fn new(members: &'a [Member], limits: usize, budget: StepBudget) -> Relaxation<'a> {
        let desk = Desk::new(members);
        let known = (0..members.len())
            .map(|order| vec![desk.nothing(order)])
            .collect();
        Relaxation {
            desk,
            known,
            followed_ppm: vec![Vec::new(); members.len()],
            prices_uc: vec![0; limits],
            bounds_uc: vec![0; members.len()],
            bound_uc: i128::MIN,
            reserve: 0,
            budget,
        }
    }

    /// Finds prices and bound for a scene, starting from the prices and plans that earlier scenes
    /// left behind.
    pub fn run(&mut self, scene: &Scene, until: Until) {
        let orders = 0..self.known.len();
        let counted: Vec<usize> = orders.filter(|&order| scene.counts[order] > 0).collect();
        let mut columns = vec![Vec::new(); counted.len()];
        let mut master = self.master(scene, &counted, &mut columns);
        let mut asked = self.prices_uc.clone();
        let mut bounds_uc = vec![0; self.known.len()];
        let mut exact = false;
        self.bound_uc = i128::MIN;
        for round in 0..until.rounds {
            let mut sum_uc = 0_i128;
            let mut found = 0;
            for (place, &order) in counted.iter().enumerate() {
                let answer = self.ask(order, &asked, scene.limits, exact);
                bounds_uc[order] = answer.bound_uc;
                sum_uc += i128::from(answer.bound_uc) * i128::from(scene.counts[order]);
                let new = answer.known;
                if self.known[order].iter().all(|other| other.plan != new.plan) {
                    let column = master.add(place, new.cost_uc, &new.drawn);
                    columns[place].push(column);
                    self.known[order].push(new);
                    found += 1;
                    if round == 0 {
                        master.seat(column);
                    }
                }
            }
            let paid = asked.iter().zip(scene.limits);
            let paid = paid.map(|(&price, &limit)| i128::from(price) * i128::from(limit));
            let bound_uc = sum_uc - paid.sum::<i128>();
            if bound_uc > self.bound_uc {
                self.bound_uc = bound_uc;
                self.prices_uc.clone_from(&asked);
                self.bounds_uc.clone_from(&bounds_uc);
            }
            if found == 0 && exact || self.desk.is_spent() {
                break;
            }
            master.solve();
            let value_uc = master.value_uc();
            if value_uc - self.bound_uc <= value_uc / until.parts {
                break;
            }
            // Halfway between the best prices so far and the master's newest: the newest alone
            // swing widely while plans are few. Once few are found, nothing swings any more.
            exact = found * 50 <= counted.len();
            let newest = master.prices_uc();
            for ((price, &best), newest) in asked.iter_mut().zip(&self.prices_uc).zip(newest) {
                let newest = newest.clamp(0, PRICE_MAX_UC);
                *price = if exact { newest } else { (best + newest) / 2 };
            }
        }
        self.followed_ppm = vec![Vec::new(); self.known.len()];
        for (columns, &order) in columns.iter().zip(&counted) {
            let amounts = columns.iter().map(|&column| master.followed_ppm(column));
            self.followed_ppm[order] = amounts.collect();
        }
    }

    /// A master that knows all plans and follows one per order, the best at the last prices that
    /// still fits.
    fn master(&self, scene: &Scene, counted: &[usize], columns: &mut [Vec<usize>]) -> Master {
        let counts: Vec<i64> = counted.iter().map(|&order| scene.counts[order]).collect();
        let mut master = Master::new(scene.limits, &counts);
        let mut ranked = Vec::new();
        for (place, &order) in counted.iter().enumerate() {
            ranked.clear();
            for known in &self.known[order] {
                let column = master.add(place, known.cost_uc, &known.drawn);
                columns[place].push(column);
                ranked.push((known.priced_uc(&self.prices_uc), column));
            }
            ranked.sort_unstable();
            // The plan that ships nothing always fits, so one is seated.
            ranked.iter().any(|&(_, column)| master.seat(column));
        }
        master
    }

    fn ask(&mut self, order: usize, prices_uc: &[i64], left: &[i64], thorough: bool) -> Answer {
        let mut question = Question {
            prices_uc,
            left,
            sites: None,
            budget: self.budget,
        };
        let answer = self.desk.ask(order, &question);
        if answer.proven || !thorough || self.reserve == 0 {
            return answer;
        }
        let before = self.desk.steps[order];
        question.budget = StepBudget::FULL;
        let answer = self.desk.ask(order, &question);
        self.reserve = self.reserve.saturating_sub(self.desk.steps[order] - before);
        answer
    }
}
