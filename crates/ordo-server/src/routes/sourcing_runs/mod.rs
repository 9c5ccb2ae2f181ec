//! `POST /sourcing-runs`: sources the orders that wait to be sourced together, now.

use std::time::Duration;

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::money::{Minor, Money};
use ordo_domain::planning::{TOGETHER_MAX, TogetherSum};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::body;

/// How long a run waits for orders to be noted that have just come in.
const VIEW_MAX: Duration = Duration::from_secs(1);

/// Which orders.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = SourcingRunInput)]
struct Input {
    /// The most orders of the run, the longest waiting first; 1,000 where absent.
    #[schema(minimum = 1, maximum = 1_000)]
    orders: Option<i64>,
}

/// What the run did.
#[derive(Serialize, ToSchema)]
#[schema(as = SourcingRun)]
struct Run {
    /// Orders that waited and were sourced.
    orders: usize,
    /// Whether more may wait; another run sources them.
    more: bool,
    /// What the plans cost, by currency; orders that no rates decide are not counted in it.
    costs: Vec<RunCost>,
}

/// What the plans of one currency cost.
#[derive(Serialize, ToSchema)]
#[schema(as = SourcingRunCost)]
struct RunCost {
    /// Orders that were weighed against each other.
    orders: usize,
    /// What all their plans cost.
    cost: Money,
    /// No plans for them would cost less.
    bound: Money,
    /// What they may cost too much, at most.
    gap: Money,
}

impl RunCost {
    fn of(sum: &TogetherSum) -> Self {
        let money = |amount: Minor| Money {
            amount,
            currency: sum.currency,
        };
        let bound = sum.cost().get().saturating_sub(sum.gap().get()).max(0);
        Self {
            orders: sum.orders,
            cost: money(sum.cost()),
            bound: money(Minor::new(bound).unwrap_or(Minor::ZERO)),
            gap: money(sum.gap()),
        }
    }
}

/// Sources waiting orders together.
///
/// Orders wait where `together_s` of the sourcing settings is set, and are sourced when their window
/// ends; this does it at once. Answers when the plans are made and taken, which can take ten seconds.
/// A plan that went stale meanwhile is replaced by the best for its order alone. Asking again is safe:
/// whoever has been sourced no longer waits.
#[utoipa::path(
    post,
    path = "/api/v1/sourcing-runs",
    tag = "Sourcing",
    request_body(content = Input, description = "May be empty."),
    responses((status = 200, description = "What was sourced.", body = Run)),
)]
pub async fn run_sourcing(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let most = TOGETHER_MAX as i64;
    let mut check = Check::default();
    let asked = input.orders.unwrap_or(most);
    if !(1..=most).contains(&asked) {
        check.refuse("/orders", format!("must be from 1 to {most}"));
    }
    let asked = check.finish(asked)? as usize;
    let engine = &ask.app.engine;
    // Whoever was captured before this was asked is to be in it, as far as a second allows.
    let head = ask.backend().head(ask.organization()).await?.position;
    let seen = engine.view_caught_up(ask.organization(), head, VIEW_MAX);
    seen.await;
    let run = engine.source_waiting(ask.organization(), asked).await?;
    Ok(answer::to_read(&Run {
        orders: run.orders,
        more: run.more,
        costs: run.sums.iter().map(RunCost::of).collect(),
    }))
}
