//! Orders that come one by one, each sourced at once with an eye on those still to come.
//!
//! What is to come is drawn from what was: a few times a day, past orders are drawn in the number
//! expected until the end of the horizon, their relaxation over what is left prices every limit,
//! and the mean over several draws is what an order pays while it is sourced. Prices are not part of
//! its cost. As the horizon ends fewer orders are drawn, so that prices fade and nothing is held
//! back for nobody.
//!
//! Nothing here looks at an order before it is handed in.

use crate::batch::assign::BatchPlan;
use crate::batch::desk::{Desk, Question};
use crate::batch::relax::{Relaxation, Scene, Until};
use crate::batch::sequence::Sequence;
use crate::batch::{BatchFlaw, Member};
use crate::plan::StepBudget;

/// A limit that is full again every day, such as the shipments of a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// The limit that orders of today draw on.
    pub today: usize,
    /// A limit of its own for all later days together. No order may draw on it.
    pub later: usize,
    /// How much a day brings.
    pub per_day: i64,
}

/// How many orders are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Orders on a usual day.
    pub orders_per_day: usize,
    /// Days from the first to the last for which stock has to last.
    pub days: usize,
}

/// Orders of the past, as they would draw if they came again today and if they came later.
#[derive(Debug, Clone)]
pub struct Past {
    /// First all as of today, then all as of later.
    members: Vec<Member>,
    renewed: Vec<Renewed>,
}

/// Sources a stream of orders.
pub struct Online<'a> {
    relax: Relaxation<'a>,
    past: &'a Past,
    pace: Pace,
    left: Vec<i64>,
    prices_uc: Vec<i64>,
    /// The prices that each draw led to the last time, from which the next starts.
    draws_uc: Vec<Vec<i64>>,
    sequence: Sequence,
    /// Days begun.
    day: usize,
    seen_today: usize,
    until_refresh: usize,
}

/// Prices are found anew so often a day.
const REFRESHES_PER_DAY: usize = 4;
/// Draws per refresh are as many as keep orders times locations times draws at this.
const WORK: usize = 40_000;
/// A solve of a drawn order, of which there are many and none matters much.
const DRAWN_BUDGET: StepBudget = StepBudget(60_000);
const CLOSE: Until = Until {
    rounds: 6,
    parts: 300,
};

impl Past {
    /// Past orders, drawing on the limits of today.
    pub fn new(orders: Vec<Member>, renewed: Vec<Renewed>) -> Past {
        let mut members = orders.clone();
        for mut member in orders {
            for draw in &mut member.draws {
                let shipment = draw.shipment;
                let renewed = renewed.iter().find(|one| Some(one.today) == shipment);
                draw.shipment = renewed.map_or(shipment, |one| Some(one.later));
            }
            members.push(member);
        }
        Past { members, renewed }
    }

    fn count(&self) -> usize {
        self.members.len() / 2
    }
}

/// What one more of each limit is worth, in micro-cents, when so much of it is left for `today`
/// further orders of today and `later` ones of later days, drawn from the past. Limits of later days
/// say how much all of those bring.
///
/// # Errors
/// Where a past order is flawed.
pub fn prices_until(
    past: &Past,
    left: Vec<i64>,
    today: usize,
    later: usize,
) -> Result<Vec<i64>, BatchFlaw> {
    let pace = Pace {
        orders_per_day: today + later,
        days: 1,
    };
    let mut online = Online::new(past, left, pace)?;
    online.price(today, later);
    Ok(online.prices_uc)
}

impl<'a> Online<'a> {
    /// Starts with so much of each limit, before the first day.
    pub fn new(past: &'a Past, limits: Vec<i64>, pace: Pace) -> Result<Online<'a>, BatchFlaw> {
        for (index, member) in past.members.iter().enumerate() {
            member.check(index % past.count(), limits.len())?;
        }
        let orders = (pace.orders_per_day * pace.days).max(1);
        let sites = past.members.iter().map(|member| member.draws.len()).max();
        let draws = (WORK / orders / sites.unwrap_or(1).max(1)).clamp(2, 4);
        Ok(Online {
            relax: Relaxation::new(&past.members, limits.len(), DRAWN_BUDGET),
            past,
            pace,
            prices_uc: vec![0; limits.len()],
            draws_uc: vec![vec![0; limits.len()]; draws],
            left: limits,
            sequence: Sequence(0),
            day: 0,
            seen_today: 0,
            until_refresh: 0,
        })
    }

    /// Begins the next day. Must be called before the first order.
    pub fn begin_day(&mut self) {
        self.day += 1;
        self.seen_today = 0;
        self.until_refresh = 0;
        for renewed in &self.past.renewed {
            self.left[renewed.today] = renewed.per_day;
        }
    }

    /// Sources the next order and takes what its plan needs. The gap of the answer is how far it is
    /// from the cheapest that the order could have had alone: what others are saved for.
    pub fn source(&mut self, order: &Member) -> Result<BatchPlan, BatchFlaw> {
        order.check(0, self.left.len())?;
        if self.until_refresh == 0 {
            self.refresh();
            self.until_refresh = (self.pace.orders_per_day / REFRESHES_PER_DAY).max(1);
        }
        self.until_refresh -= 1;
        self.seen_today += 1;
        let mut desk = Desk::new(std::slice::from_ref(order));
        let mut question = Question {
            prices_uc: &vec![0; self.left.len()],
            left: &self.left,
            sites: None,
            budget: StepBudget::FULL,
        };
        let alone = desk.ask(0, &question);
        question.prices_uc = &self.prices_uc;
        let answer = desk.ask(0, &question);
        for &(limit, units) in &answer.known.drawn {
            self.left[limit] -= units;
        }
        Ok(BatchPlan {
            gap_uc: answer.known.cost_uc - alone.bound_uc,
            plan: answer.known.plan,
            cost_uc: answer.known.cost_uc,
            steps: desk.steps[0],
        })
    }

    /// What a unit of each limit is held to be worth, in micro-cents.
    pub fn prices_uc(&self) -> &[i64] {
        &self.prices_uc
    }

    fn refresh(&mut self) {
        let days_later = self.pace.days.saturating_sub(self.day);
        let today = self.pace.orders_per_day.saturating_sub(self.seen_today);
        let later = self.pace.orders_per_day * days_later;
        for renewed in &self.past.renewed {
            self.left[renewed.later] = renewed.per_day * days_later as i64;
        }
        self.price(today, later);
    }

    /// Prices what is left by so many orders drawn, today's and later ones.
    fn price(&mut self, today: usize, later: usize) {
        let mut sums_uc = vec![0_i64; self.left.len()];
        if today + later > 0 && self.past.count() > 0 {
            for draw in 0..self.draws_uc.len() {
                let counts = self.draw(today, later);
                std::mem::swap(&mut self.relax.prices_uc, &mut self.draws_uc[draw]);
                let scene = Scene {
                    counts: &counts,
                    limits: &self.left,
                };
                self.relax.run(&scene, CLOSE);
                self.draws_uc[draw].clone_from(&self.relax.prices_uc);
                for (sum, price) in sums_uc.iter_mut().zip(&self.relax.prices_uc) {
                    *sum += price;
                }
            }
        }
        let draws = self.draws_uc.len() as i64;
        self.prices_uc = sums_uc.into_iter().map(|sum| sum / draws).collect();
    }

    /// How often each past order comes again: as many as expected, none twice before all came once.
    fn draw(&mut self, today: usize, later: usize) -> Vec<i64> {
        let count = self.past.count();
        let mut counts = vec![0; 2 * count];
        let mut deck: Vec<usize> = Vec::new();
        for drawn in 0..today + later {
            if deck.is_empty() {
                deck.extend(0..count);
            }
            let order = deck.swap_remove(self.sequence.below(deck.len()));
            counts[if drawn < today { order } else { count + order }] += 1;
        }
        counts
    }
}
