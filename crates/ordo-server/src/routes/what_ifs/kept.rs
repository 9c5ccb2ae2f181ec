//! What-ifs as they are kept: who asked what and when, beside the report, and the little of it that
//! lists show. The whole answer is kept as it was given, so that it reads the same for ever.

use ordo_domain::id::{CommandId, RuleSetId, WhatIfId, derive};
use ordo_domain::money::Currency;
use ordo_domain::time::{Date, Timestamp};
use ordo_engine::what_if::{Compared, ShadowDay, WhatIfReport};
use ordo_store::{Report, ReportHead, ReportKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::WhatIfReportAnswer;
use crate::wire::{Instant, to_json};

/// The longest report that is kept; of a longer one fewer changed orders are told.
const BODY_MAX: usize = 1 << 20;
/// The longest question that is kept with its report.
const QUESTION_MAX: usize = 1 << 16;

/// A what-if that was answered.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIf)]
pub struct WhatIfAnswer {
    #[serde(flatten)]
    about: AboutAnswer,
    /// What was asked, as it was sent; `null` where that was long.
    #[schema(value_type = Option<Object>)]
    question: Option<Value>,
    /// What is assumed beside the question, a sentence each.
    assumed: Vec<String>,
    #[serde(flatten)]
    report: WhatIfReportAnswer,
}

/// What lists show of a what-if.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = WhatIfHead)]
pub struct HeadAnswer {
    #[serde(flatten)]
    pub about: AboutAnswer,
    /// Orders that were replayed.
    pub orders: i64,
    /// When the first of them was placed.
    #[schema(value_type = Option<Instant>)]
    pub first_placed_at: Option<String>,
    /// When the last of them was placed.
    #[schema(value_type = Option<Instant>)]
    pub last_placed_at: Option<String>,
    /// The variants, each less the baseline.
    pub results: Vec<ResultAnswer>,
}

/// Why and when a report was made.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
pub struct AboutAnswer {
    /// Its id.
    #[schema(value_type = String)]
    pub id: WhatIfId,
    /// Whether somebody asked, or rules run in the shadow.
    pub kind: KindAnswer,
    /// When it was made.
    #[schema(value_type = Instant)]
    pub created_at: String,
    /// The id of the key that asked; `null` where nobody did.
    pub asked_by: Option<String>,
    /// What runs in the shadow, and which day it was; `null` where somebody asked.
    pub shadow: Option<ShadowAnswer>,
}

/// Why a report was made.
#[derive(Serialize, Deserialize, ToSchema, Clone, Copy, PartialEq, Eq)]
#[schema(as = WhatIfKind)]
#[serde(rename_all = "snake_case")]
pub enum KindAnswer {
    /// Somebody asked.
    Asked,
    /// Rules run in the shadow of those that count.
    Shadow,
}

/// A day of a version that runs in the shadow.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
#[schema(as = WhatIfShadow)]
pub struct ShadowAnswer {
    /// The rule set's id.
    #[schema(value_type = String)]
    pub rule_set: RuleSetId,
    /// The rule set's code.
    pub code: String,
    /// The version's number.
    pub version: u32,
    /// The day.
    #[schema(value_type = String, example = "2026-11-27")]
    pub day: Date,
    /// The time zone of the day.
    pub time_zone: String,
}

/// What came of a variant, less what came of the baseline.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = WhatIfResult)]
pub struct ResultAnswer {
    /// What the variant is called.
    pub name: String,
    /// How many orders are shipped otherwise.
    pub changed_orders: i64,
    /// Costs, by currency.
    pub costs: Vec<ResultCostAnswer>,
    /// Orders with more than one shipment.
    pub split_orders: i64,
    /// Orders that arrive after their promise.
    pub late_orders: i64,
    /// Units that nobody ships.
    pub unfilled_units: i64,
}

/// What a variant costs more than the baseline, in minor units.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = WhatIfResultCost)]
pub struct ResultCostAnswer {
    /// The currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// Everything.
    pub total: i64,
    /// The same in millionths of what it was; `null` where it was nothing.
    pub total_ppm: Option<i64>,
    /// What carriers ask.
    pub freight: i64,
}

/// Who asked what.
pub struct Question {
    /// When.
    pub at: Timestamp,
    /// The id of the key that asked.
    pub asked_by: String,
    /// What the report is found by again; empty for nothing.
    pub series: String,
    /// What its id is made from.
    pub seed: u128,
    /// The body of the request.
    pub body: Vec<u8>,
}

impl Question {
    /// The id of its report.
    #[must_use]
    pub fn id(&self) -> WhatIfId {
        WhatIfId::from_u128(derive(CommandId::from_u128(self.seed), 0, self.at))
    }

    /// The report that is kept.
    #[must_use]
    pub fn tell(&self, report: &WhatIfReport) -> Report {
        let about = AboutAnswer {
            id: self.id(),
            kind: KindAnswer::Asked,
            created_at: self.at.to_string(),
            asked_by: Some(self.asked_by.clone()),
            shadow: None,
        };
        let question = match self.body.len() <= QUESTION_MAX {
            true => serde_json::from_slice(&self.body).ok(),
            false => None,
        };
        let head = ReportHead {
            id: about.id,
            kind: ReportKind::Asked,
            series: self.series.clone(),
            created_at: self.at,
            head: to_json(&HeadAnswer::of(about.clone(), report)),
        };
        kept(head, about, question, Vec::new(), report)
    }
}

/// The report of a day in the shadow.
#[must_use]
pub fn tell_shadow(report: &WhatIfReport, day: &ShadowDay, at: Timestamp) -> Report {
    let about = AboutAnswer {
        id: day.id(),
        kind: KindAnswer::Shadow,
        created_at: at.to_string(),
        asked_by: None,
        shadow: Some(ShadowAnswer {
            rule_set: day.rule_set,
            code: day.code.clone(),
            version: day.number,
            day: day.day,
            time_zone: day.zone.clone(),
        }),
    };
    let head = ReportHead {
        id: about.id,
        kind: ReportKind::Shadow,
        series: ShadowDay::series(day.rule_set, day.number),
        created_at: at,
        head: to_json(&HeadAnswer::of(about.clone(), report)),
    };
    let assumed = vec![
        format!(
            "The day is {} in the time zone {}, that of most locations; of more than 10,000 orders it is the last ones.",
            day.day, day.zone
        ),
        format!(
            "Stock is what was there at {at}, with all put back that orders placed since the day began had taken. What came in during the day is there for its first order."
        ),
        "Locations, rates and settings are those of that moment, the rules those that counted when the day ended. Work that earlier orders gave to a location does not count against its limit.".to_owned(),
        "Every order is sourced when it was placed, by itself, whatever held it; what was canceled since is left out.".to_owned(),
    ];
    kept(head, about, None, assumed, report)
}

/// The whole answer, with fewer changed orders where it is long.
fn kept(
    head: ReportHead,
    about: AboutAnswer,
    question: Option<Value>,
    assumed: Vec<String>,
    report: &WhatIfReport,
) -> Report {
    let mut answer = WhatIfAnswer {
        about,
        question,
        assumed,
        report: WhatIfReportAnswer::of(report),
    };
    let mut body = to_json(&answer);
    while body.len() > BODY_MAX && answer.report.tell_fewer() {
        body = to_json(&answer);
    }
    Report { head, body }
}

impl HeadAnswer {
    /// What a list shows of a kept report.
    ///
    /// # Errors
    /// It was written by something else.
    pub fn read(head: &ReportHead) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&head.head)
    }

    fn of(about: AboutAnswer, report: &WhatIfReport) -> Self {
        Self {
            about,
            orders: report.baseline.tally.orders,
            first_placed_at: report.placed.map(|(first, _)| first.to_string()),
            last_placed_at: report.placed.map(|(_, last)| last.to_string()),
            results: report.variants.iter().map(ResultAnswer::of).collect(),
        }
    }
}

impl ResultAnswer {
    fn of(compared: &Compared) -> Self {
        let difference = &compared.difference;
        let costs = difference.money.iter().map(|money| ResultCostAnswer {
            currency: money.currency,
            total: money.total,
            total_ppm: money.total_ppm,
            freight: money.freight,
        });
        Self {
            name: compared.side.tally.name.clone(),
            changed_orders: compared.changes.orders,
            costs: costs.collect(),
            split_orders: difference.split_orders,
            late_orders: difference.late_orders,
            unfilled_units: difference.unfilled_units,
        }
    }
}
