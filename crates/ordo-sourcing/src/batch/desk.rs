//! Solves one order of a batch at given prices and with what is left of every limit.
//!
//! One copy of each order's instance is kept and rewritten for every question, so that asking
//! allocates little.

use crate::batch::Member;
use crate::cost::Cost;
use crate::instance::Instance;
use crate::listing::plans_within;
use crate::parcel::Parceler;
use crate::plan::{Plan, Solution, StepBudget};
use crate::problem::{Grain, Problem};
use crate::solve::{Meter, solve};
use crate::tariff::Tariffs;

pub(crate) struct Desk<'a> {
    members: &'a [Member],
    /// The instances with the prices and amounts of the last question.
    asked: Vec<Instance>,
    /// No order is asked to pay more for a unit. Asking for less than a price keeps bounds true.
    prices_max_uc: Vec<i64>,
    /// Search steps taken so far, per order.
    pub steps: Vec<u64>,
    /// Steps left for all questions together.
    pub left: u64,
}

/// Steps that every question gets, even when none are left: there must be a plan.
const STEPS_LEAST: u64 = 2_000;

/// What a plan is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'q> {
    /// Of each limit.
    pub prices_uc: &'q [i64],
    /// Of each limit; no plan takes more.
    pub left: &'q [i64],
    /// The only candidates that may ship, if not all may.
    pub sites: Option<[usize; 2]>,
    pub budget: StepBudget,
}

/// A plan with what it costs by itself, without prices of limits, and what it draws on.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub plan: Plan,
    pub cost_uc: i64,
    pub drawn: Vec<(usize, i64)>,
}

/// An answer of the desk.
pub(crate) struct Answer {
    pub known: Known,
    /// Under every plan of the order at the prices asked about.
    pub bound_uc: i64,
    pub proven: bool,
}

impl Known {
    /// What it costs when all that it draws on is paid for.
    pub fn priced_uc(&self, prices_uc: &[i64]) -> i64 {
        let paid = self.drawn.iter().fold(0_i64, |sum, &(limit, units)| {
            sum.saturating_add(prices_uc[limit].saturating_mul(units))
        });
        self.cost_uc.saturating_add(paid)
    }

    pub fn fits(&self, left: &[i64]) -> bool {
        self.drawn
            .iter()
            .all(|&(limit, units)| units <= left[limit])
    }
}

impl<'a> Desk<'a> {
    /// The members must have passed their check.
    pub fn new(members: &'a [Member]) -> Desk<'a> {
        let priced = |member: &Member| {
            let mut instance = member.instance.clone();
            for candidate in &mut instance.candidates {
                candidate
                    .stock_price_uc
                    .resize(member.instance.lines.len(), 0);
            }
            instance
        };
        Desk {
            members,
            asked: members.iter().map(priced).collect(),
            prices_max_uc: members.iter().map(Member::price_max_uc).collect(),
            steps: vec![0; members.len()],
            left: u64::MAX,
        }
    }

    /// Whether no steps are left, so that asking is hardly worth its time.
    pub fn is_spent(&self) -> bool {
        self.left == 0
    }

    pub fn member(&self, order: usize) -> &'a Member {
        &self.members[order]
    }

    /// The plan that ships nothing.
    pub fn nothing(&self, order: usize) -> Known {
        let lines = self.members[order].instance.lines.iter().enumerate();
        let unfilled = lines
            .map(|(line, wanted)| (line, wanted.quantity))
            .collect();
        let plan = Plan {
            shipments: Vec::new(),
            unfilled,
        };
        self.known(order, plan)
    }

    /// The cheapest plan of one order, every unit of a limit at its price.
    pub fn ask(&mut self, order: usize, question: &Question) -> Answer {
        self.write(order, question, false);
        let mut solution = self.solve(order, question.budget);
        let bound_uc = solution.cost.money_uc - solution.gap.money_uc;
        let drawn = self.members[order].drawn(&solution.plan);
        if drawn
            .iter()
            .any(|&(limit, units)| units > question.left[limit])
        {
            // Two lines took the same stock. Each gets a share of its own, which is rare and loses
            // little; the bound stands, since sharing only takes plans away.
            self.write(order, question, true);
            solution = self.solve(order, question.budget);
            solution.proven = false;
        }
        Answer {
            known: self.known(order, solution.plan),
            bound_uc,
            proven: solution.proven,
        }
    }

    /// What a plan costs and draws on. The instance must allow it.
    pub fn known(&self, order: usize, plan: Plan) -> Known {
        let member = &self.members[order];
        let cost = member.instance.cost_of(&plan);
        let cost = cost.expect("limits only narrow what the instance itself allows");
        Known {
            cost_uc: cost.money_uc,
            drawn: member.drawn(&plan),
            plan,
        }
    }

    /// Every plan of one order that costs at most so much, every unit of a limit at its price. `None`
    /// if that takes too many steps or if there are more than `most`.
    pub fn list(
        &mut self,
        order: usize,
        question: &Question,
        limit_uc: i64,
        most: usize,
    ) -> Option<Vec<Known>> {
        self.write(order, question, false);
        let mut meter = Meter::new(question.budget.0.min(self.left));
        let plans = listed(&self.asked[order], limit_uc, most, &mut meter);
        self.spend(order, meter.spent());
        let plans = plans?;
        let known = plans.into_iter().map(|plan| self.known(order, plan));
        Some(known.filter(|known| known.fits(question.left)).collect())
    }

    fn solve(&mut self, order: usize, budget: StepBudget) -> Solution {
        let budget = StepBudget(budget.0.min(self.left.max(STEPS_LEAST)));
        let solution = solve(&self.asked[order], budget)
            .expect("a checked member stays sound under any price up to the largest");
        self.spend(order, solution.steps);
        solution
    }

    fn spend(&mut self, order: usize, steps: u64) {
        self.steps[order] += steps;
        self.left = self.left.saturating_sub(steps);
    }

    fn write(&mut self, order: usize, question: &Question, divided: bool) {
        let member = &self.members[order];
        let left = question.left;
        let price_max_uc = self.prices_max_uc[order];
        let price = |limit: usize| question.prices_uc[limit].clamp(0, price_max_uc);
        let candidates = self.asked[order].candidates.iter_mut();
        for (at, candidate) in candidates.enumerate() {
            let own = &member.instance.candidates[at];
            let draw = &member.draws[at];
            let open = draw.shipment.is_none_or(|limit| left[limit] > 0)
                && question.sites.is_none_or(|sites| sites.contains(&at));
            candidate.handling_order_uc = own.handling_order_uc + draw.shipment.map_or(0, price);
            for (line, &limit) in draw.lines.iter().enumerate() {
                let own_price = own.stock_price_uc.get(line).copied().unwrap_or(0);
                candidate.stock_price_uc[line] = own_price + price(limit);
                let mut share = left[limit];
                if divided {
                    let earlier = draw.lines[..line].iter().zip(&candidate.available);
                    let given = earlier.filter(|(other, _)| **other == limit);
                    share -= given.map(|(_, &units)| units).sum::<i64>();
                }
                let wanted = member.instance.lines[line].quantity;
                let units = own.available[line].min(share).min(wanted).max(0);
                candidate.available[line] = if open { units } else { 0 };
            }
        }
    }
}

/// Every plan that costs at most so much, if there are no more than `most` and the steps last.
fn listed(instance: &Instance, limit_uc: i64, most: usize, meter: &mut Meter) -> Option<Vec<Plan>> {
    let tariffs = Tariffs::new(instance);
    let parceler = Parceler::new(instance, meter);
    let problem = Problem::new(instance, &tariffs, parceler.as_ref(), Grain::Unit).ok()?;
    let found = plans_within(&problem, Cost::money(limit_uc), most, meter)?;
    let plans = found.iter().map(|amounts| problem.plan(amounts));
    Some(plans.collect())
}
