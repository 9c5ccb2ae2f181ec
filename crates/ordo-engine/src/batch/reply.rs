//! What a batch answers: decisions rendered, answers given before, refusals of the engine's own.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering::Relaxed;

use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::reference::Reference;
use ordo_domain::{AnswerSubject, Code, Outcome, Rejection};
use ordo_store::{Committed, StoredAnswer};

use super::{BatchEnv, Decision, Step};
use crate::metrics::Metrics;
use crate::request::{Admitted, Reply};

/// Puts the answers together, now that positions and numbers are known.
pub(super) fn replies(
    env: BatchEnv<'_>,
    steps: &[Step],
    decisions: &BTreeMap<usize, (Decision, usize)>,
    rendered: Vec<Option<(u16, String)>>,
    committed: Option<Committed>,
    new_orders: &HashMap<OrderId, i64>,
) -> Vec<Reply> {
    let mut replies: Vec<Reply> = Vec::with_capacity(rendered.len());
    for (index, answer) in rendered.into_iter().enumerate() {
        let reply = match (&steps[index], answer, decisions.get(&index)) {
            (Step::Run, Some((status, template)), Some((decision, upto))) => {
                count(env.metrics, decision);
                let order = order_of(decision);
                let number = order.and_then(|(id, known)| {
                    known.or_else(|| Some(committed?.first_number + new_orders.get(&id)?))
                });
                let position = match committed {
                    Some(committed) if wrote_events(decision) => {
                        committed.first_position - 1 + *upto as i64
                    }
                    _ => 0,
                };
                Reply {
                    status,
                    template,
                    outcome: outcome_of(decision),
                    version: version_of(decision),
                    order: order.map(|(id, _)| id),
                    number,
                    position,
                    replayed: false,
                }
            }
            (Step::Replay(stored), ..) => {
                Metrics::add(&env.metrics.replayed, 1);
                replay(stored)
            }
            (Step::Follow(earlier), ..) => {
                Metrics::add(&env.metrics.replayed, 1);
                Reply {
                    replayed: true,
                    ..replies[*earlier].clone()
                }
            }
            (Step::Reused | Step::Run, answer, _) => {
                Metrics::add(&env.metrics.rejected, 1);
                let (status, template) = answer.unwrap_or((Code::Internal.status(), String::new()));
                Reply {
                    status,
                    template,
                    ..plain(Code::Internal)
                }
            }
        };
        replies.push(reply);
    }
    replies
}

fn replay(stored: &StoredAnswer) -> Reply {
    Reply {
        status: stored.status,
        template: stored.body.clone(),
        outcome: None,
        version: None,
        order: stored.order,
        number: stored.number,
        position: stored.position,
        replayed: true,
    }
}

/// A reply about nothing.
fn plain(code: Code) -> Reply {
    Reply {
        status: code.status(),
        template: String::new(),
        outcome: None,
        version: None,
        order: None,
        number: None,
        position: 0,
        replayed: false,
    }
}

pub(super) fn render(
    reference: &Reference,
    command: &Admitted,
    decision: &Decision,
) -> (u16, String) {
    match decision {
        Decision::Applied(applied) => (command.render)(reference, Ok(applied)),
        Decision::Rejected(rejection) => (command.render)(reference, Err(rejection)),
        Decision::Parked => {
            let rejection = Rejection::new(Code::Internal, "this request could not be decided");
            (command.render)(reference, Err(&rejection))
        }
    }
}

/// An answer that comes from the engine and not from a decision.
pub(super) async fn refuse(
    env: BatchEnv<'_>,
    organization: OrganizationId,
    command: &Admitted,
    code: Code,
    detail: &str,
) -> Reply {
    let reference = env
        .caches
        .reference(env.store, organization)
        .await
        .unwrap_or_default();
    let rejection = Rejection::new(code, detail);
    let (status, template) = (command.render)(&reference, Err(&rejection));
    Reply {
        status,
        template,
        ..plain(code)
    }
}

pub(super) fn wrote_events(decision: &Decision) -> bool {
    matches!(decision, Decision::Applied(applied) if applied.events > 0)
}

fn outcome_of(decision: &Decision) -> Option<Outcome> {
    match decision {
        Decision::Applied(applied) => Some(applied.outcome),
        Decision::Rejected(_) | Decision::Parked => None,
    }
}

fn version_of(decision: &Decision) -> Option<u64> {
    match decision {
        Decision::Applied(applied) => applied.subject.version(),
        Decision::Rejected(_) | Decision::Parked => None,
    }
}

pub(super) fn order_of(decision: &Decision) -> Option<(OrderId, Option<i64>)> {
    match decision {
        Decision::Applied(applied) => match &applied.subject {
            AnswerSubject::Order { order, number, .. } => Some((order.id, *number)),
            AnswerSubject::Nothing
            | AnswerSubject::Work { .. }
            | AnswerSubject::Shipment { .. }
            | AnswerSubject::Return { .. }
            | AnswerSubject::Record { .. }
            | AnswerSubject::Erased(_)
            | AnswerSubject::Cell { .. } => None,
        },
        Decision::Rejected(_) | Decision::Parked => None,
    }
}

fn count(metrics: &Metrics, decision: &Decision) {
    match decision {
        Decision::Applied(_) => metrics.applied.fetch_add(1, Relaxed),
        Decision::Rejected(_) | Decision::Parked => metrics.rejected.fetch_add(1, Relaxed),
    };
}
