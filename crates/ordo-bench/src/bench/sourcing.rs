//! How long the cheapest plan of an order takes, in process, over made families of problems.
//!
//! The floor is what cannot be saved: reading the problem once, by checking it, and pricing the one
//! plan that won. Each order is solved three times and its fastest time counts, since the others
//! hold what else the machine did.

use std::time::Instant;

use ordo_routing_format::Network;
use ordo_routing_format::family::{Family, Lines, Rule};
use ordo_sourcing::{Instance, Solution, StepBudget, solve};

use crate::figures::Figures;

const SEED: u64 = 2_026;
const ORDERS: usize = 400;
const SKUS: usize = 120;

/// Families, with the goals for some of their percentiles in microseconds: 50th, 95th and 99th.
const FAMILIES: [(Family, [Option<u64>; 3]); 11] = [
    (
        family("general_2", 2, Lines::General, Rule::Free),
        [None; 3],
    ),
    (
        family("general_10", 10, Lines::General, Rule::Free),
        [None, None, Some(100)],
    ),
    (
        family("general_50", 50, Lines::General, Rule::Free),
        [None, None, Some(1_000)],
    ),
    (
        family("general_200", 200, Lines::General, Rule::Free),
        [None, None, Some(5_000)],
    ),
    (
        family("whole_10", 10, Lines::General, Rule::WholeLines),
        [None; 3],
    ),
    (
        family("partial_10", 10, Lines::General, Rule::PartialStock),
        [None; 3],
    ),
    (
        family(
            "two_shipments_50",
            50,
            Lines::General,
            Rule::MaxShipments(2),
        ),
        [None; 3],
    ),
    (
        family("hard_promise_50", 50, Lines::General, Rule::HardPromise),
        [None; 3],
    ),
    (
        family("basket_12x50", 50, Lines::Basket(11), Rule::Free),
        [None; 3],
    ),
    (
        family("basket_20x200", 200, Lines::Basket(19), Rule::Free),
        [Some(100), Some(2_000), None],
    ),
    (
        family(
            "lines_13_to_20x200",
            200,
            Lines::Between(13, 20),
            Rule::Free,
        ),
        [None; 3],
    ),
];

/// No order may take longer, in microseconds.
const STOP_US: f64 = 50_000.0;

const fn family(name: &'static str, locations: usize, lines: Lines, rule: Rule) -> Family {
    Family {
        name,
        locations,
        skus: SKUS,
        orders: ORDERS,
        lines,
        rule,
    }
}

/// What the orders of a family came to.
#[derive(Default)]
struct Run {
    solve_us: Vec<f64>,
    floor_us: f64,
    unproven: usize,
    gap_share: f64,
}

pub fn run() -> Result<Figures, String> {
    let mut runs = Vec::with_capacity(FAMILIES.len());
    for (family, goals) in FAMILIES {
        runs.push((family, goals, measure(&family)?));
    }
    let orders: usize = runs.iter().map(|(_, _, run)| run.solve_us.len()).sum();
    let total_us: f64 = runs.iter().flat_map(|(_, _, run)| &run.solve_us).sum();
    let floor_us: f64 = runs.iter().map(|(_, _, run)| run.floor_us).sum();
    let per_second = |us: f64| orders as f64 / us * 1e6;
    let (figure, floor) = (per_second(total_us), per_second(floor_us));
    let mut figures = Figures::new("sourcing", "none", figure, "orders/s", floor);
    let mut missed = 0;
    for (family, goals, run) in &mut runs {
        run.solve_us.sort_by(f64::total_cmp);
        let name = family.name;
        for ((share, label), goal_us) in [(50, "p50"), (95, "p95"), (99, "p99")].iter().zip(*goals)
        {
            let us = percentile(&run.solve_us, *share);
            figures.add(&format!("{name}_{label}_ms"), us / 1e3);
            if let Some(goal_us) = goal_us {
                figures.add(&format!("{name}_{label}_goal_ms"), goal_us as f64 / 1e3);
                missed += usize::from(us > goal_us as f64);
            }
        }
        let worst_us = percentile(&run.solve_us, 100);
        missed += usize::from(worst_us > STOP_US);
        figures.add(&format!("{name}_max_ms"), worst_us / 1e3);
        figures.add(&format!("{name}_unproven"), run.unproven as f64);
        let mean_gap = run.gap_share / run.solve_us.len() as f64;
        figures.add(&format!("{name}_mean_gap_percent"), mean_gap * 100.0);
    }
    let mut all: Vec<f64> = runs
        .iter()
        .flat_map(|(_, _, run)| run.solve_us.clone())
        .collect();
    all.sort_by(f64::total_cmp);
    figures.add("p50_ms", percentile(&all, 50) / 1e3);
    figures.add("p99_ms", percentile(&all, 99) / 1e3);
    figures.add("goals_missed", missed as f64);
    Ok(figures)
}

fn measure(family: &Family) -> Result<Run, String> {
    let document = family.document(SEED);
    let network = Network::new(&document).map_err(|misfit| misfit.to_string())?;
    let mut run = Run::default();
    for order in &document.orders {
        let instance = network.instance(order);
        let mut fastest_us = f64::INFINITY;
        let mut solution = None;
        for _ in 0..3 {
            let begun = Instant::now();
            solution = Some(solve(&instance, StepBudget::FULL).map_err(|flaw| flaw.to_string())?);
            fastest_us = fastest_us.min(begun.elapsed().as_nanos() as f64 / 1e3);
        }
        let solution = solution.ok_or("an order is solved at least once")?;
        run.floor_us += floor_us(&instance, &solution)?;
        run.solve_us.push(fastest_us);
        run.unproven += usize::from(!solution.proven);
        run.gap_share += solution.gap.money_uc as f64 / solution.cost.money_uc.max(1) as f64;
    }
    Ok(run)
}

/// Reads the problem and prices the plan, once more than a hundred times over, for a clock that is
/// too coarse for one.
fn floor_us(instance: &Instance, solution: &Solution) -> Result<f64, String> {
    const TIMES: u32 = 100;
    let begun = Instant::now();
    for _ in 0..TIMES {
        std::hint::black_box(instance)
            .check()
            .map_err(|flaw| flaw.to_string())?;
        let cost = std::hint::black_box(instance).cost_of(&solution.plan);
        if cost != Ok(solution.cost) {
            return Err("a plan does not cost what it says".to_owned());
        }
    }
    Ok(begun.elapsed().as_nanos() as f64 / 1e3 / f64::from(TIMES))
}

/// The value below which `share` percent of the sorted values lie.
fn percentile(sorted: &[f64], share: usize) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    sorted[(sorted.len() * share / 100).min(last)]
}
