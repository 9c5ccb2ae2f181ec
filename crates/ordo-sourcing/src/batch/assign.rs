//! One whole plan per order of a batch: what the relaxation suggests, then each order's best answer
//! to all others, then a long walk of exchanges that heats up and cools down a few times, then knots
//! of orders, of which all plans are tried that could be better.

use crate::batch::relax::{Relaxation, Scene, Until};
use crate::batch::walk::Walk;
use crate::batch::{Batch, BatchFlaw};
use crate::plan::{Plan, StepBudget};

/// How long a batch may be worked on. Counted in steps, never in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Of a solve of one order.
    pub order: StepBudget,
    /// Search steps of all solves together; the prices are found with half of them. Where large orders
    /// use them up, plans are those found by then.
    pub steps: u64,
    /// Rounds of pricing.
    pub rounds: u32,
    /// Exchanges tried.
    pub exchanges: u64,
    /// Steps of untying knots.
    pub knots: u64,
}

/// Plans for all orders of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSolution {
    /// One per order.
    pub plans: Vec<BatchPlan>,
    /// What all plans cost, in micro-cents.
    pub cost_uc: i128,
    /// No plans within the limits cost less.
    pub bound_uc: i128,
    /// What a unit of each limit is worth, in micro-cents.
    pub prices_uc: Vec<i64>,
}

/// One order's part of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPlan {
    /// Which locations ship which lines.
    pub plan: Plan,
    /// What it costs, in micro-cents.
    pub cost_uc: i64,
    /// In a batch, how much of the distance between cost and bound is this order's: its cost with all that it
    /// takes paid at the prices, less the least that any plan of it would cost so. What is left of
    /// the distance is the price of limits that nobody used up.
    pub gap_uc: i64,
    /// Search steps spent on this order.
    pub steps: u64,
}

/// How hot the walk starts each time, in thousandths of the mean cost of an order: hot enough to
/// leave units unfilled for a while, then only to trade shipments.
const HEATS: [i64; 4] = [1_500, 150, 1_500, 150];
/// With more orders than this, no single one loses as much as all of them are away from the bound:
/// plans are listed that lose a part of it.
const LISTED_ORDERS: usize = 250;

impl Effort {
    /// A batch of 1,000 orders and 10 locations takes a few seconds.
    pub const FULL: Effort = Effort {
        order: StepBudget::IN_BATCH,
        steps: 600_000_000,
        rounds: 60,
        exchanges: 3_000_000,
        knots: 60_000_000,
    };
}

/// Sources all orders of a batch.
pub fn solve_batch(batch: &Batch, effort: Effort) -> Result<BatchSolution, BatchFlaw> {
    batch.check()?;
    let limits: Vec<i64> = batch.limits.iter().map(|&limit| limit.max(0)).collect();
    let mut relax = Relaxation::new(&batch.orders, limits.len(), effort.order);
    // Bounds of orders that need more than their own budget get half of what there is for prices.
    relax.reserve = effort.steps / 4;
    relax.desk.left = effort.steps / 2;
    let scene = Scene {
        counts: &vec![1; batch.orders.len()],
        limits: &limits,
    };
    let until = Until {
        rounds: effort.rounds,
        parts: 100_000,
    };
    relax.run(&scene, until);
    relax.desk.left = relax.desk.left.saturating_add(effort.steps / 2);
    let mut walk = Walk::new(&mut relax, &limits, effort.order);
    walk.enrich(&limits);
    walk.start();
    walk.polish(1);
    let shipped_uc = shipped_uc(&walk);
    for heat in HEATS {
        walk.anneal(
            effort.exchanges / HEATS.len() as u64,
            shipped_uc / 1_000 * heat,
        );
    }
    walk.polish(1);
    let gap_uc = walk.cost_uc - walk.relax.bound_uc;
    if gap_uc > 0 && effort.knots > 0 {
        let share = (batch.orders.len() / LISTED_ORDERS).max(1) as i128;
        let most_uc = i64::try_from(gap_uc / share).unwrap_or(i64::MAX);
        walk.narrow(&limits, most_uc);
        walk.untie(effort.knots);
    }
    Ok(solution(walk))
}

/// What shipping an order costs, on average. Units that nobody ships may cost far more than that, and
/// say nothing of how much there is to win by exchanging shipments.
fn shipped_uc(walk: &Walk) -> i64 {
    let orders = walk.pools.iter().zip(&walk.chosen).enumerate();
    let shipped = orders.map(|(order, (pool, &at))| {
        let known = &pool.known[at];
        let penalty_uc = walk
            .relax
            .desk
            .member(order)
            .instance
            .penalties
            .unfilled_unit_uc;
        let unfilled = known.plan.unfilled.iter().map(|(_, units)| units);
        i128::from(known.cost_uc - unfilled.sum::<i64>() * penalty_uc)
    });
    let mean_uc = shipped.sum::<i128>() / walk.pools.len().max(1) as i128;
    i64::try_from(mean_uc).unwrap_or(i64::MAX)
}

fn solution(walk: Walk) -> BatchSolution {
    let relax = &walk.relax;
    let mut plans = Vec::with_capacity(walk.pools.len());
    for (order, (pool, &at)) in walk.pools.iter().zip(&walk.chosen).enumerate() {
        plans.push(BatchPlan {
            plan: pool.known[at].plan.clone(),
            cost_uc: pool.known[at].cost_uc,
            gap_uc: pool.priced_uc[at].saturating_sub(relax.bounds_uc[order]),
            steps: relax.desk.steps[order],
        });
    }
    BatchSolution {
        plans,
        cost_uc: walk.cost_uc,
        bound_uc: relax.bound_uc,
        prices_uc: relax.prices_uc.clone(),
    }
}
