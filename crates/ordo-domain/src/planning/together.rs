//! Plans for many orders at once, which leave scarce stock and days to those who need them more.
//!
//! First all orders whose costs can be weighed against each other are solved together. Then each is
//! solved once more by itself, with what the plans of all others leave: that finds its best answer to
//! them, and gives it a decision of its own, which replays and explains itself like any other.
//!
//! Invariant: the plans hold together. They are taken in their order, and each is checked again.

use std::collections::BTreeMap;

use ordo_sourcing::{Batch, Effort, Member, Plan, StepBudget, solve_batch};

use crate::decide::{Context, Refusal};
use crate::id::{OrderId, SkuId};
use crate::money::{Currency, Minor};
use crate::planning::{DeferralCause, SourceOrder};
use crate::rate::MICRO;
use crate::reaction::{is_ready, open_problem, open_skus};
use crate::sourcing::{Limits, Problem, want_days};
use crate::world::{Bound, World};

/// The most orders that are planned together: more take longer than anybody waits.
pub const TOGETHER_MAX: usize = 1_000;
/// Exchanges tried for each order: a thousand orders and ten locations take about a second.
const EXCHANGES_EACH: u64 = 500;
/// Search steps for each order, in all: far more than orders of a few lines take, and for a thousand
/// orders of any size some seconds.
const STEPS_EACH: u64 = 250_000;
/// Steps of untying knots for each order: a tenth of what exchanges take.
const KNOTS_EACH: u64 = 1_000;
/// Rounds of pricing.
const ROUNDS: u32 = 40;

/// Plans for many orders.
#[derive(Debug, Default)]
pub struct Together {
    /// One per order that waits, in the order in which they are to be taken.
    pub plans: Vec<SourceOrder>,
    /// What they cost, by currency.
    pub sums: Vec<TogetherSum>,
}

/// What the plans of one currency cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TogetherSum {
    /// The currency.
    pub currency: Currency,
    /// Orders that were weighed against each other.
    pub orders: usize,
    /// Micro-cents of all their plans.
    pub cost_uc: i128,
    /// Micro-cents that any plans for them would cost more than the least possible, at most.
    pub gap_uc: i128,
}

impl TogetherSum {
    /// The cost in minor units, halves up.
    #[must_use]
    pub fn cost(&self) -> Minor {
        rounded(self.cost_uc)
    }

    /// The gap in minor units, halves up.
    #[must_use]
    pub fn gap(&self) -> Minor {
        rounded(self.gap_uc)
    }
}

fn rounded(cost_uc: i128) -> Minor {
    let units = (cost_uc + i128::from(MICRO / 2)).div_euclid(i128::from(MICRO));
    let units = i64::try_from(units).unwrap_or(i64::MAX);
    Minor::new(units).unwrap_or(Minor::ZERO)
}

/// Misses of everything that planning these orders together reads.
///
/// # Errors
/// More must be loaded first.
pub fn want_together(world: &World, ctx: &Context, orders: &[OrderId]) -> Result<(), Refusal> {
    let days = want_days(world, ctx.now);
    let found = orders.iter().map(|order| {
        let Some(order) = world.order(*order)? else {
            return Ok(());
        };
        match is_ready(order) {
            true => open_problem(world, ctx, order).map(|_| ()),
            false => Ok(()),
        }
    });
    Refusal::gather(std::iter::once(days).chain(found)).map(|_| ())
}

/// An order that waits, with its problem where it has one.
struct Waiting {
    order: OrderId,
    currency: Currency,
    skus: Vec<SkuId>,
    /// What its plan takes, as far as one is known.
    bound: Bound,
    is_whole: bool,
}

/// Plans the orders of `orders` that wait to be sourced together. Takes up to some seconds.
#[must_use]
pub fn plan_together(mut world: World, ctx: &Context, orders: &[OrderId]) -> Together {
    let mut together = Together::default();
    let mut waiting: Vec<Waiting> = Vec::new();
    let mut groups: BTreeMap<Currency, Group> = BTreeMap::new();
    for id in orders {
        let Ok(Some(order)) = world.order(*id) else {
            continue;
        };
        if (order.deferral).is_none_or(|deferral| deferral.why != DeferralCause::Together) {
            continue;
        }
        let problem = match is_ready(order) {
            true => open_problem(&world, ctx, order).ok().flatten(),
            false => None,
        };
        let skus = open_skus(&world, order).unwrap_or_default();
        if let Some(problem) = problem {
            let group = groups.entry(order.currency).or_default();
            group.add(&world, waiting.len(), problem, &skus);
        }
        waiting.push(Waiting {
            order: *id,
            currency: order.currency,
            skus,
            bound: Bound::default(),
            is_whole: false,
        });
    }
    // What the orders of one currency take is gone for those of the next.
    let mut sums: BTreeMap<Currency, TogetherSum> = BTreeMap::new();
    let mut several: Vec<(Currency, Group)> = groups.into_iter().collect();
    several.sort_by_key(|(currency, group)| (usize::MAX - group.members.len(), *currency));
    for (at, (currency, mut group)) in several.into_iter().enumerate() {
        if at > 0 {
            group.renew(&world, ctx, &waiting);
        }
        let Some((plans, gap_uc)) = group.solve() else {
            continue;
        };
        let sum = TogetherSum {
            currency,
            orders: plans.len(),
            cost_uc: 0,
            gap_uc,
        };
        sums.insert(currency, sum);
        for ((place, problem), plan) in group.problems.iter().zip(&plans) {
            let one = &mut waiting[*place];
            one.bound = problem.binds(plan, &one.skus);
            one.is_whole = plan.unfilled.is_empty();
            world.bind(&one.bound, 1);
        }
    }
    // Who has it all goes first: the others may have to wait for another day.
    waiting.sort_by_key(|one| !one.is_whole);
    for one in &waiting {
        world.bind(&one.bound, -1);
        let plan = match world.order(one.order) {
            Ok(Some(order)) if is_ready(order) => open_problem(&world, ctx, order).ok().flatten(),
            _ => None,
        };
        let solved = plan.map(|problem| problem.decide_within(StepBudget::IN_BATCH));
        if let Some(solved) = &solved {
            world.bind(&solved.binds(&one.skus), 1);
            if let Some(sum) = sums.get_mut(&one.currency) {
                sum.cost_uc += i128::from(solved.decision.paid_uc());
            }
        }
        together.plans.push(SourceOrder {
            order: one.order,
            plan: solved.map(|solved| solved.decision),
        });
    }
    together.sums = sums.into_values().collect();
    together
}

/// Orders of one currency that are weighed against each other.
#[derive(Default)]
struct Group {
    problems: Vec<(usize, Problem)>,
    members: Vec<Member>,
    limits: Limits,
}

impl Group {
    fn add(&mut self, world: &World, place: usize, problem: Problem, skus: &[SkuId]) {
        if let Some(member) = problem.member(world, skus, &mut self.limits) {
            self.members.push(member);
            self.problems.push((place, problem));
        }
    }

    /// The same over what is left.
    fn renew(&mut self, world: &World, ctx: &Context, waiting: &[Waiting]) {
        let places: Vec<usize> = self.problems.iter().map(|(place, _)| *place).collect();
        *self = Self::default();
        for place in places {
            let one = &waiting[place];
            if let Ok(Some(order)) = world.order(one.order)
                && let Ok(Some(problem)) = open_problem(world, ctx, order)
            {
                self.add(world, place, problem, &one.skus);
            }
        }
    }

    /// A plan for each, and how far they may be from the best, in micro-cents.
    fn solve(&mut self) -> Option<(Vec<Plan>, i128)> {
        if self.members.is_empty() {
            return None;
        }
        let batch = Batch {
            orders: std::mem::take(&mut self.members),
            limits: std::mem::take(&mut self.limits.left),
        };
        let effort = Effort {
            order: StepBudget::IN_BATCH,
            steps: STEPS_EACH * batch.orders.len() as u64,
            rounds: ROUNDS,
            exchanges: EXCHANGES_EACH * batch.orders.len() as u64,
            knots: KNOTS_EACH * batch.orders.len() as u64,
        };
        let found = solve_batch(&batch, effort).ok()?;
        let gap_uc = (found.cost_uc - found.bound_uc).max(0);
        let plans = found.plans.into_iter().map(|plan| plan.plan);
        Some((plans.collect(), gap_uc))
    }
}
