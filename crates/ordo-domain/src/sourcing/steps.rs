//! Asks the steps of the rules in turn, each for what those before it have left. Orders, promises and
//! what-ifs are all asked for here, so that what is promised is what is sourced.

use crate::decide::Refusal;
use crate::rules::body::{Otherwise, Take};
use crate::rules::facts::OrderFacts;
use crate::sourcing::{Counting, Question, Solved, Taken, Wanted, line_facts};
use crate::world::World;

/// What the steps are asked for.
pub(crate) trait Demand {
    /// What has no place yet; the steps are over where that is nothing.
    fn left(&mut self) -> Vec<Wanted>;

    /// Takes the plan that a step has made for `wanted`.
    fn take(&mut self, wanted: &[Wanted], solved: Solved);
}

/// Asks the steps in turn. `base` is the question but for what is wanted and by which step. Answers
/// what becomes of the rest.
///
/// # Errors
/// A miss.
pub(crate) fn ask_steps(
    world: &World,
    counting: Counting,
    base: &Question,
    order: &OrderFacts,
    demand: &mut impl Demand,
) -> Result<Otherwise, Refusal> {
    let mut taken = Taken::default();
    for (number, step) in (0..).zip(&counting.rules().steps) {
        let wanted = demand.left();
        if wanted.is_empty() {
            break;
        }
        let facts = order.with(&wanted);
        let lines = line_facts(&wanted);
        let guide = counting.guide(step, &facts, &lines, base.now, &taken);
        if !guide.is_asked() {
            continue;
        }
        let question = Question {
            wanted: &wanted,
            about: &facts,
            guide: Some(&guide),
            ..*base
        };
        let mut solved = question.problem(world)?.decide();
        let plan = &solved.decision.solution.plan;
        let is_taken = match step.take {
            Take::WhatItCan => true,
            Take::AllOrNothing => plan.unfilled.is_empty(),
        };
        if is_taken {
            for shipment in &plan.shipments {
                let location = solved.planned(shipment).location;
                taken.add_shipment(location);
                for (line, units) in &shipment.lines {
                    taken.add_units(location, wanted[*line].sku.id, *units);
                }
            }
            solved.decision.rules = Some(counting.used(number));
            demand.take(&wanted, solved);
        }
        if let Some(then) = step.then {
            return Ok(then);
        }
    }
    Ok(counting.rules().otherwise)
}
