//! An order's open units wait for a plan: since when, and why.

use serde::{Deserialize, Serialize};

use crate::decide::Context;
use crate::order::Order;
use crate::time::{SECOND, Timestamp};
use crate::world::World;

/// Why a plan is made beside the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeferralCause {
    /// It takes longer than the batch has for one order.
    TooLarge,
    /// It is made for many orders at once.
    Together,
}

/// Says that an order's open units wait for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferral {
    /// Why.
    pub why: DeferralCause,
    /// Since when.
    pub since: Timestamp,
    /// When the plan is due to be begun with, where that is not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Whether a plan has been made and had gone stale by the time it came back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub went_stale: bool,
}

impl Deferral {
    /// For an order that takes longer than the batch has.
    #[must_use]
    pub const fn too_large(since: Timestamp) -> Self {
        Self {
            why: DeferralCause::TooLarge,
            since,
            due_at: None,
            went_stale: false,
        }
    }

    /// For an order that waits for others, where the settings say so: only the first time it is
    /// sourced, since whoever waits after a refusal has waited before.
    ///
    /// Windows begin and end for all orders at once, so that one run serves all of a window.
    pub(crate) fn together(world: &World, ctx: &Context, order: &Order) -> Option<Self> {
        let window_s = (world.reference().sourcing()).map_or(0, |said| said.together_s);
        let is_first = order.fulfillment_orders.is_empty() && order.declined.is_empty();
        if window_s <= 0 || !is_first {
            return None;
        }
        let window = window_s.saturating_mul(SECOND);
        let into = ctx.now.as_micros().rem_euclid(window);
        Some(Self {
            why: DeferralCause::Together,
            since: ctx.now,
            due_at: Some(ctx.now.plus_micros(window - into)),
            went_stale: false,
        })
    }
}
