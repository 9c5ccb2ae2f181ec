//! Sourcing settings: what lateness, splits and unfilled units cost, and how binding a promise is.
//!
//! One record per organization. Where nobody has made it, the defaults count.

use serde::{Deserialize, Serialize};

use crate::decide::{Context, Decided, Refusal};
use crate::edit::{Edit, must_be_at};
use crate::event::Event;
use crate::id::SettingsId;
use crate::money::{Currency, Minor};
use crate::record::record;
use crate::sourcing::customs::customs_area;
use crate::world::World;

/// Grams of a unit whose weight nobody has entered.
pub const WEIGHT_DEFAULT_G: i64 = 500;
/// The most that any of the penalties can be, in minor units.
pub const PENALTY_MAX: i64 = 100_000_000;

/// The longest that orders may wait to be sourced together: a day.
pub const TOGETHER_S_MAX: i64 = 86_400;
/// The longest between two looks at work that nobody has begun: a week.
pub const LOOK_AGAIN_MIN_MAX: i64 = 7 * 24 * 60;
/// What moving an order's work must save where nobody has said anything, in minor units.
pub const LOOK_AGAIN_SAVING: i64 = 100;

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_default_saving(saving: &Minor) -> bool {
    *saving == default_saving()
}

fn default_saving() -> Minor {
    Minor::new(LOOK_AGAIN_SAVING).unwrap_or(Minor::ZERO)
}

/// How binding a promised day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PromiseKind {
    /// Each day of lateness costs.
    #[default]
    Soft,
    /// What would arrive late is not sent that way.
    Hard,
}

/// What sourcing weighs against what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcingSettings {
    /// Their id.
    pub id: SettingsId,
    /// How many events have touched them.
    pub version: u64,
    /// How binding a promised day is.
    pub promise: PromiseKind,
    /// Grams of a unit whose weight nobody has entered.
    pub default_weight_g: i64,
    /// Penalties by currency; for a currency without, the defaults count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub penalties: Vec<Penalties>,
    /// Duties by destination; an area without has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duties: Vec<Duty>,
    /// How scarce stock and shipments are priced; `None` where they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<PriceSettings>,
    /// Seconds that orders wait at most to be sourced together; 0 where each is sourced at once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub together_s: i64,
    /// Minutes between two looks at work that nobody has begun; 0 where nobody looks again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub look_again_min: i64,
    /// What moving an order's work must save, in minor units of the order's currency.
    #[serde(default = "default_saving", skip_serializing_if = "is_default_saving")]
    pub look_again_saving: Minor,
    /// Works that a location may refuse on a day on which it takes none, before it is left alone until
    /// its day ends; `None` for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusals_max: Option<u16>,
}
record!(SourcingSettings, SettingsId, SourcingSettings);

/// How scarce stock and shipments are priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceSettings {
    /// Days for which stock has to last: from one replenishment to the next.
    pub horizon_days: u16,
}

/// What a plan pays, in minor units of one currency, for what it does badly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Penalties {
    /// The currency.
    pub currency: Currency,
    /// Per shipment after the first.
    pub split: Minor,
    /// Per day and shipment after the promised day.
    pub late_per_day: Minor,
    /// Per unit that is not shipped; `None` where as much as possible is shipped, whatever it costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfilled_unit: Option<Minor>,
    /// Per line that a location declines and another has to ship; it is weighed with how likely that
    /// is.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub declined_line: Minor,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_nothing(amount: &Minor) -> bool {
    *amount == Minor::ZERO
}

/// What goods that come into a customs area from another one cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// `EU`, or the country code of another area.
    pub area: String,
    /// Millionths of the goods' price.
    pub ppm: i64,
}

impl Penalties {
    /// Splits and declined lines cost nothing, a day of lateness 250 minor units (in currencies with
    /// more than two decimal digits the same value), and as much as possible is shipped.
    #[must_use]
    pub fn default_of(currency: Currency) -> Self {
        let late = 250 * 10_i64.pow(currency.exponent().max(2) - 2);
        Self {
            currency,
            split: Minor::ZERO,
            late_per_day: Minor::new(late).unwrap_or(Minor::ZERO),
            unfilled_unit: None,
            declined_line: Minor::ZERO,
        }
    }
}

impl SourcingSettings {
    /// The settings of a merchant who has said nothing.
    #[must_use]
    pub fn unsaid(id: SettingsId) -> Self {
        Self {
            id,
            version: 0,
            promise: PromiseKind::default(),
            default_weight_g: WEIGHT_DEFAULT_G,
            penalties: Vec::new(),
            duties: Vec::new(),
            prices: None,
            together_s: 0,
            look_again_min: 0,
            look_again_saving: default_saving(),
            refusals_max: None,
        }
    }

    /// Millionths of their price that goods cost when they go from one country to another.
    #[must_use]
    pub fn duty_ppm(&self, from: &str, to: &str) -> i64 {
        let (from, to) = (customs_area(from), customs_area(to));
        if from == to {
            return 0;
        }
        (self.duties.iter())
            .find(|duty| duty.area == to)
            .map_or(0, |duty| duty.ppm)
    }

    /// The penalties that count in `currency`.
    #[must_use]
    pub fn penalties(&self, currency: Currency) -> Penalties {
        let said = (self.penalties.iter()).find(|said| said.currency == currency);
        said.copied()
            .unwrap_or_else(|| Penalties::default_of(currency))
    }
}

/// Changes what is given of the settings, and makes them where they are not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpdateSourcingSettings {
    /// The version that the change was made for, where it matters; 0 where nobody has said anything.
    pub expected: Option<u64>,
    /// How binding a promised day is.
    pub promise: Option<PromiseKind>,
    /// Grams of a unit whose weight nobody has entered.
    pub default_weight_g: Option<i64>,
    /// All penalties; at most one per currency.
    pub penalties: Option<Vec<Penalties>>,
    /// All duties; at most one per customs area.
    pub duties: Option<Vec<Duty>>,
    /// How scarce stock and shipments are priced, or that they are not.
    pub prices: Edit<PriceSettings>,
    /// Seconds that orders wait at most to be sourced together, 0 for none, up to [`TOGETHER_S_MAX`].
    pub together_s: Option<i64>,
    /// Minutes between two looks at work that nobody has begun, 0 for none, up to
    /// [`LOOK_AGAIN_MIN_MAX`].
    pub look_again_min: Option<i64>,
    /// What moving an order's work must save, in minor units of the order's currency.
    pub look_again_saving: Option<Minor>,
    /// Works that a location may refuse on a day on which it takes none.
    pub refusals_max: Edit<u16>,
}

impl UpdateSourcingSettings {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let known = world.reference().sourcing().map(|settings| settings.id);
        let found = match known {
            Some(id) => world.sourcing_settings_record(id)?,
            None => None,
        };
        let before = match found {
            Some(found) => SourcingSettings::clone(found),
            None => SourcingSettings::unsaid(ctx.ids.make()),
        };
        must_be_at(self.expected, before.version)?;
        let mut settings = before.clone();
        settings.promise = self.promise.unwrap_or(before.promise);
        settings.default_weight_g = self.default_weight_g.unwrap_or(before.default_weight_g);
        if let Some(penalties) = &self.penalties {
            settings.penalties.clone_from(penalties);
            settings.penalties.sort_by_key(|said| said.currency);
        }
        if let Some(duties) = &self.duties {
            settings.duties.clone_from(duties);
            settings.duties.sort_by(|a, b| a.area.cmp(&b.area));
        }
        self.prices.apply(&mut settings.prices);
        settings.together_s = self.together_s.unwrap_or(before.together_s);
        settings.look_again_min = self.look_again_min.unwrap_or(before.look_again_min);
        settings.look_again_saving = (self.look_again_saving).unwrap_or(before.look_again_saving);
        self.refusals_max.apply(&mut settings.refusals_max);
        let id = settings.id;
        if found.is_some() && settings == before {
            return Ok(Decided::unchanged(id));
        }
        Ok(Decided::changed(
            vec![Event::SourcingSettingsUpdated { settings }],
            id,
        ))
    }
}
