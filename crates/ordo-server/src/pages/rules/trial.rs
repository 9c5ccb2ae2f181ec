//! Tries a version of rules on an order: the plan that counts now beside the one by the version, both
//! with their reasons. The plans are those of a what-if; there is no second model.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use ordo_domain::id::{LocationId, RuleSetId};
use ordo_domain::money::{Currency, Minor, Money};
use ordo_domain::order::Order;
use ordo_domain::rules::{RuleSet, RuleVersion};
use ordo_domain::what_if::{
    Outcome, PastOrder, RulesNamed, RulesSaid, RulesWish, Shipped, Variant,
};
use ordo_engine::what_if::{Tried, WhatIfError, try_order};
use ordo_sourcing::Decision;

use super::{Here, address};
use crate::pages::{order, shell, store_failed, words};
use crate::read;
use crate::routes::what_ifs::because;
use crate::why::{Words, rounded};
use crate::wire::location_code;

/// The form, and the two plans where an order is named.
pub async fn section(
    here: &Here,
    set: &RuleSet,
    version: &RuleVersion,
    named: &str,
) -> Result<Markup, Response> {
    let came = match named.is_empty() {
        true => html! {},
        false => came(here, set, version, named).await?,
    };
    let here_at = address(set, Some(version.number));
    Ok(html! {
        section.card.trial #try aria-label="Try it on an order" {
            h2 { "Try it on an order" }
            form.row method="get" action={ (here_at) "#try" } {
                label for="order" { "Order" }
                input #order name="order" required maxlength="255" placeholder="Order number or id" value=(named);
                button type="submit" { "Try" }
            }
            p.quiet { "As it was placed, over today’s stock and what the order itself still holds, with room on every day. Nothing is changed." }
            (came)
        }
    })
}

async fn came(
    here: &Here,
    set: &RuleSet,
    version: &RuleVersion,
    named: &str,
) -> Result<Markup, Response> {
    let (backend, organization) = (here.visit.backend(), here.visit.organization());
    let failed = |error| store_failed(&error);
    let not_found = || html! { p.refused role="alert" { "No order has this number or id." } };
    let Some(id) = order::find(&here.visit, named).await.map_err(failed)? else {
        return Ok(not_found());
    };
    let found = read::all::<Order>(backend, organization, &[id]).await;
    let Some(order) = found.map_err(failed)?.into_iter().next() else {
        return Ok(not_found());
    };
    let is_for_it = set.scope.fits_order(&order, &here.reference);
    let variants = [
        Variant {
            name: "What counts now".to_owned(),
            ..Variant::default()
        },
        Variant {
            name: format!("With version {}", version.number),
            rules: RulesWish::Versions(vec![RulesNamed {
                set: set.code.clone(),
                says: RulesSaid::Version(version.number),
            }]),
            ..Variant::default()
        },
    ];
    let order = (0, order);
    let (reference, now) = (&here.reference, here.now);
    let tried = try_order(backend, organization, reference, order, &variants, now).await;
    let (past, tried) = match tried {
        Ok(Some(tried)) => tried,
        Ok(None) => {
            return Ok(html! { p.empty { "Nothing of this order is to be shipped from here." } });
        }
        Err(WhatIfError::Store(error)) => return Err(store_failed(&error)),
        Err(WhatIfError::Rejected(rejection)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(shell::failure(status, &rejection.detail));
        }
    };
    let [before, after] = tried.as_slice() else {
        return Ok(html! {});
    };
    let saved = before.outcome.costs.total_uc() - after.outcome.costs.total_uc();
    let currency = after.outcome.currency;
    Ok(html! {
        @if !is_for_it {
            p.refused { "This set is not for the order: it is for " (here.scope(set)) "." }
        }
        p {
            strong {
                @match before.outcome.is_same_plan(&after.outcome) {
                    true => "Both ship it alike.",
                    false => "They ship it otherwise.",
                }
            }
            @match saved {
                0 => {}
                less if less > 0 => { " With this version it is counted as " (money(less, currency)) " less." }
                more => { " With this version it is counted as " (money(-more, currency)) " more." }
            }
        }
        div.two {
            @for one in [before, after] { (plan(here, &past, one)) }
        }
    })
}

/// A plan with its reasons.
fn plan(here: &Here, past: &PastOrder, tried: &Tried) -> Markup {
    let (setup, outcome) = (&tried.setup, &tried.outcome);
    let reference = setup.reference();
    let code = |id: LocationId| location_code(reference, id).into_owned();
    html! {
        section aria-label=(setup.name) {
            h3 { (setup.name) }
            p.quiet { (by(here, outcome)) }
            ul.parts {
                @for shipped in &outcome.shipments {
                    li {
                        div.part { strong { (code(shipped.location)) } span { (goods(past, shipped)) } }
                        @if let Some(carriage) = &shipped.carriage {
                            div.quiet {
                                (carriage.carrier) " " (carriage.service) ", "
                                (words::money(Money { amount: carriage.price, currency: carriage.currency }))
                                ", arrives " (carriage.arrives_on)
                            }
                        }
                    }
                }
            }
            @for sentence in because(reference, past, outcome) { p { (sentence) } }
            @if outcome.costs.total_uc() != 0 {
                p.quiet { "Counted as " (money(outcome.costs.total_uc(), outcome.currency)) " in all." }
            }
            @for decision in &outcome.decisions {
                @if !decision.excluded.is_empty() {
                    details {
                        summary { (decision.excluded.len()) " left out" @if let Some(step) = step_of(reference, past, decision) { " by “" (step) "”" } }
                        ul.left {
                            @for left in &decision.excluded {
                                li { strong { (code(LocationId::from_u128(left.key.0))) } " " (words_of(reference, past, decision).excluded(left)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The rules that made the plan.
fn by(here: &Here, outcome: &Outcome) -> String {
    let used = outcome.decisions.iter().find_map(|made| made.rules);
    let Some(used) = used else {
        return match outcome.decisions.is_empty() {
            true => "No step ships any of it.".to_owned(),
            false => "By no rules.".to_owned(),
        };
    };
    match here.reference.rule_set(RuleSetId::from_u128(used.set.0)) {
        Some(set) => format!("By “{}”, version {}.", set.code, used.version),
        None => format!("By rules of version {}.", used.version),
    }
}

fn words_of<'a>(
    reference: &'a ordo_domain::reference::Reference,
    past: &'a PastOrder,
    decision: &'a Decision,
) -> Words<'a> {
    Words {
        reference,
        order: &past.order,
        decision,
    }
}

/// The step that a decision was made by.
fn step_of(
    reference: &ordo_domain::reference::Reference,
    past: &PastOrder,
    decision: &Decision,
) -> Option<String> {
    let words = words_of(reference, past, decision);
    words.step().map(|(_, step)| step.name.clone())
}

/// `2 × A, 1 × B`.
fn goods(past: &PastOrder, shipped: &Shipped) -> String {
    let code = |sku| {
        let line = past.order.lines.iter().find(|line| line.sku == Some(sku));
        line.map_or("", |line| line.code.as_str())
    };
    let goods = shipped.units.iter();
    let goods: Vec<String> = goods
        .map(|(sku, units)| format!("{units} × {}", code(*sku)))
        .collect();
    goods.join(", ")
}

fn money(uc: i64, currency: Currency) -> String {
    let amount = Minor::new(rounded(uc)).unwrap_or_default();
    words::money(Money { amount, currency })
}
