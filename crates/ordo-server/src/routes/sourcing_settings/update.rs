//! `PATCH /sourcing-settings`: changes what sourcing weighs against what.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::edit::Edit;
use ordo_domain::money::Minor;
use ordo_domain::sourcing::{
    LOOK_AGAIN_MIN_MAX, PENALTY_MAX, PromiseKind, TOGETHER_S_MAX, UpdateSourcingSettings,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    DutyBody, PenaltiesBody, PricesBody, SourcingSettingsAnswer, read_duties, read_penalties,
    read_prices,
};
use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::expected;
use crate::render::render;

/// The heaviest default: a full pallet.
const WEIGHT_G_MAX: i64 = 1_000_000;
/// More work than anybody refuses in a day without being asked why.
const REFUSALS_MAX: u16 = 1_000;

/// What is to change: an absent field stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SourcingSettingsPatch {
    /// How binding a promised day is.
    promise: Option<PromiseKind>,
    /// Grams of a unit whose weight nobody has entered.
    #[schema(minimum = 1, maximum = 1_000_000)]
    default_weight_g: Option<i64>,
    /// All penalties; at most one per currency.
    #[schema(max_items = 200)]
    penalties: Option<Vec<PenaltiesBody>>,
    /// All duties; at most one per customs area.
    #[schema(max_items = 300)]
    duties: Option<Vec<DutyBody>>,
    /// How scarce stock and shipments are priced; `null` for not at all.
    #[serde(default)]
    #[schema(value_type = Option<PricesBody>)]
    prices: Edit<PricesBody>,
    /// Seconds that orders wait at most to be sourced together with those of the same window; 0 where
    /// each is sourced at once, as at first.
    #[schema(minimum = 0, maximum = 86_400)]
    together_s: Option<i64>,
    /// Minutes between two looks at work that nobody has begun, which moves where that saves enough;
    /// 0 where nobody looks again, as at first.
    #[schema(minimum = 0, maximum = 10_080)]
    look_again_min: Option<i64>,
    /// What moving an order's work must save, in minor units of the order's currency; 100 at first.
    #[schema(minimum = 1, maximum = 100_000_000)]
    look_again_saving: Option<i64>,
    /// Works that a location may refuse on a day on which it takes none, before it is left alone
    /// until its day ends; `null` for any number.
    #[serde(default)]
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 1_000)]
    refusals_max: Edit<u16>,
}

/// Changes the sourcing settings.
///
/// They count from the next order on; what has been sourced stays as it is.
#[utoipa::path(
    patch,
    path = "/api/v1/sourcing-settings",
    tag = "Sourcing",
    request_body = SourcingSettingsPatch,
    responses((status = 200, description = "The settings as they stand then.", body = SourcingSettingsAnswer)),
)]
pub async fn update_sourcing_settings(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: SourcingSettingsPatch = body::parse(&body)?;
    let mut check = Check::default();
    let weight_g = input.default_weight_g;
    if weight_g.is_some_and(|weight_g| !(1..=WEIGHT_G_MAX).contains(&weight_g)) {
        let message = format!("must be from 1 to {WEIGHT_G_MAX}");
        check.refuse("/default_weight_g", message);
    }
    let mut within = |field: &str, number: Option<i64>, least: i64, most: i64| {
        if number.is_some_and(|number| !(least..=most).contains(&number)) {
            check.refuse(field, format!("must be from {least} to {most}"));
        }
    };
    let saving = input.look_again_saving;
    within("/together_s", input.together_s, 0, TOGETHER_S_MAX);
    within(
        "/look_again_min",
        input.look_again_min,
        0,
        LOOK_AGAIN_MIN_MAX,
    );
    within("/look_again_saving", saving, 1, PENALTY_MAX);
    if (input.refusals_max.value()).is_some_and(|most| !(1..=REFUSALS_MAX).contains(most)) {
        let message = format!("must be from 1 to {REFUSALS_MAX}");
        check.refuse("/refusals_max", message);
    }
    let penalties = (input.penalties).map(|all| read_penalties(&mut check, &all));
    let duties = (input.duties).map(|all| read_duties(&mut check, &all));
    let command = UpdateSourcingSettings {
        expected: expected(&ask.parts)?,
        promise: input.promise,
        default_weight_g: weight_g,
        penalties,
        duties,
        prices: input
            .prices
            .and_then(|prices| read_prices(&mut check, &prices)),
        together_s: input.together_s,
        look_again_min: input.look_again_min,
        look_again_saving: saving.and_then(Minor::new),
        refusals_max: input.refusals_max,
    };
    let command = check.finish(command)?;
    let command = Command::UpdateSourcingSettings(command);
    ask.write(command, &body, render).await
}
