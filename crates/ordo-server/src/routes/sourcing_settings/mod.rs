//! Sourcing settings: what lateness, splits and unfilled units cost, and how binding a promise is.

pub mod read;
pub mod update;

use ordo_domain::check::Check;
use ordo_domain::money::Minor;
use ordo_domain::reference::Reference;
use ordo_domain::sourcing::{
    Duty, HORIZON_DAYS_MAX, PENALTY_MAX, Penalties, PriceSettings, PromiseKind, SourcingSettings,
    UNION, customs_area,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::Show;

/// More currencies than there are.
const CURRENCIES_MAX: usize = 200;
/// More customs areas than there are.
const AREAS_MAX: usize = 300;
/// The largest duty: ten times the goods' price.
const DUTY_PPM_MAX: i64 = 10_000_000;

/// The sourcing settings.
#[derive(Serialize, ToSchema)]
#[schema(as = SourcingSettings)]
pub struct SourcingSettingsAnswer {
    /// How many events have touched them; 0 where nobody has said anything.
    version: u64,
    /// How binding a promised day is.
    promise: PromiseKind,
    /// Grams of a unit whose weight nobody has entered.
    default_weight_g: i64,
    /// Penalties by currency; for a currency without, the defaults count.
    penalties: Vec<PenaltiesBody>,
    /// Duties by destination; an area without has none.
    duties: Vec<DutyBody>,
    /// How scarce stock and shipments are priced; `null` where they are not.
    prices: Option<PricesBody>,
    /// Seconds that orders wait at most to be sourced together; 0 where each is sourced at once.
    together_s: i64,
    /// Minutes between two looks at work that nobody has begun; 0 where nobody looks again.
    look_again_min: i64,
    /// What moving an order's work must save, in minor units of the order's currency.
    look_again_saving: i64,
    /// Works that a location may refuse on a day on which it takes none, before it is left alone
    /// until its day ends; `null` for any number.
    refusals_max: Option<u16>,
}

/// How scarce stock and shipments are priced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourcingPriceSettings)]
#[serde(deny_unknown_fields)]
struct PricesBody {
    /// Days for which stock has to last: from one replenishment to the next.
    #[schema(minimum = 1, maximum = 60)]
    horizon_days: u16,
}

/// What goods that come into a customs area from another one cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Duty)]
#[serde(deny_unknown_fields)]
struct DutyBody {
    /// `EU`, or the country code of another area.
    #[schema(example = "GB")]
    area: String,
    /// Millionths of the goods' price.
    #[schema(minimum = 0, maximum = 10_000_000)]
    ppm: i64,
}

/// What a plan pays, in minor units of one currency, for what it does badly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourcingPenalties)]
#[serde(deny_unknown_fields)]
pub struct PenaltiesBody {
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// Per shipment after the first; 0 where absent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000)]
    split: i64,
    /// Per day and shipment after the promised day; 250 where absent, or as much in a currency of
    /// more than two decimal digits.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000)]
    late_per_day: Option<i64>,
    /// Per unit that is not shipped; `null` where as much as possible is shipped, whatever it costs.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000)]
    unfilled_unit: Option<i64>,
    /// Per line that a location declines and another has to ship, weighed with how likely that is; 0
    /// where absent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000)]
    declined_line: i64,
}

impl Show for SourcingSettings {
    type Answer<'a> = SourcingSettingsAnswer;

    fn show<'a>(&'a self, _: &'a Reference) -> SourcingSettingsAnswer {
        SourcingSettingsAnswer {
            version: self.version,
            promise: self.promise,
            default_weight_g: self.default_weight_g,
            penalties: (self.penalties.iter())
                .map(|said| PenaltiesBody {
                    currency: said.currency.code().to_owned(),
                    split: said.split.get(),
                    late_per_day: Some(said.late_per_day.get()),
                    unfilled_unit: said.unfilled_unit.map(Minor::get),
                    declined_line: said.declined_line.get(),
                })
                .collect(),
            duties: (self.duties.iter())
                .map(|duty| DutyBody {
                    area: duty.area.clone(),
                    ppm: duty.ppm,
                })
                .collect(),
            prices: self.prices.map(|prices| PricesBody {
                horizon_days: prices.horizon_days,
            }),
            together_s: self.together_s,
            look_again_min: self.look_again_min,
            look_again_saving: self.look_again_saving.get(),
            refusals_max: self.refusals_max,
        }
    }
}

/// Duties as they are kept.
fn read_duties(check: &mut Check, all: &[DutyBody]) -> Vec<Duty> {
    if all.len() > AREAS_MAX {
        check.refuse("/duties", format!("holds more than {AREAS_MAX}"));
    }
    let mut kept: Vec<Duty> = Vec::with_capacity(all.len().min(AREAS_MAX));
    for (index, said) in all.iter().take(AREAS_MAX).enumerate() {
        let field = format!("/duties/{index}/area");
        let area = check.country(&field, &said.area);
        if kept.iter().any(|other| other.area == area) {
            check.refuse(field, "stands here twice");
        } else if customs_area(&area) != area {
            check.refuse(field, format!("belongs to the customs area {UNION}"));
        }
        if !(0..=DUTY_PPM_MAX).contains(&said.ppm) {
            let message = format!("must be from 0 to {DUTY_PPM_MAX}");
            check.refuse(format!("/duties/{index}/ppm"), message);
        }
        kept.push(Duty {
            area,
            ppm: said.ppm,
        });
    }
    kept
}

/// Prices as they are kept.
fn read_prices(check: &mut Check, said: &PricesBody) -> Option<PriceSettings> {
    if !(1..=HORIZON_DAYS_MAX).contains(&said.horizon_days) {
        let message = format!("must be from 1 to {HORIZON_DAYS_MAX}");
        check.refuse("/prices/horizon_days", message);
        return None;
    }
    Some(PriceSettings {
        horizon_days: said.horizon_days,
    })
}

/// Penalties as they are kept.
pub fn read_penalties(check: &mut Check, all: &[PenaltiesBody]) -> Vec<Penalties> {
    if all.len() > CURRENCIES_MAX {
        check.refuse("/penalties", format!("holds more than {CURRENCIES_MAX}"));
    }
    let mut kept: Vec<Penalties> = Vec::with_capacity(all.len().min(CURRENCIES_MAX));
    for (index, said) in all.iter().take(CURRENCIES_MAX).enumerate() {
        let place = format!("/penalties/{index}");
        let field = format!("{place}/currency");
        let Some(currency) = check.currency(&field, &said.currency) else {
            continue;
        };
        if kept.iter().any(|other| other.currency == currency) {
            check.refuse(field, "stands here twice");
        }
        let mut cost = |name: &str, amount: i64| {
            if !(0..=PENALTY_MAX).contains(&amount) {
                let message = format!("must be from 0 to {PENALTY_MAX}");
                check.refuse(format!("{place}/{name}"), message);
            }
            Minor::new(amount).unwrap_or_default()
        };
        let usual = Penalties::default_of(currency);
        kept.push(Penalties {
            currency,
            split: cost("split", said.split),
            late_per_day: (said.late_per_day)
                .map_or(usual.late_per_day, |late| cost("late_per_day", late)),
            unfilled_unit: (said.unfilled_unit).map(|unit| cost("unfilled_unit", unit)),
            declined_line: cost("declined_line", said.declined_line),
        });
    }
    kept
}
