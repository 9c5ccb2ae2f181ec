//! `GET /reports/daily`: orders placed, canceled and closed, by day, channel and currency.

use std::borrow::Cow;

use ordo_domain::id::ChannelId;
use ordo_domain::money::{Currency, Money};
use ordo_domain::reference::Reference;
use ordo_domain::time::{DAY, Date};
use ordo_store::{Rollup, RollupFilter, RollupMeasure};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::cursor;
use crate::params::{PageParams, Params};
use crate::read;
use crate::wire::{Page, channel_code};

/// Days of the report where the first is not said.
const DAYS: i32 = 30;

/// What a sum is of.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Measure {
    /// Orders that came in.
    Placed,
    /// Orders that were canceled.
    Canceled,
    /// Orders that closed.
    Closed,
}

/// A sum in minor units, which may be larger than any one amount may.
#[derive(Serialize)]
struct Sum {
    amount: i64,
    currency: Currency,
}

/// What happened to orders of one channel and currency on one day.
#[derive(Serialize, ToSchema)]
#[schema(as = DaySum)]
struct DayAnswer<'a> {
    /// The day, in UTC.
    #[schema(value_type = String, example = "2026-11-01")]
    day: Date,
    /// The channel's code.
    channel: Cow<'a, str>,
    /// The channel's id.
    #[schema(value_type = String)]
    channel_id: ChannelId,
    /// What happened.
    measure: Measure,
    /// To how many orders.
    orders: i64,
    /// The sum of their totals.
    #[schema(value_type = Money)]
    total: Sum,
}

/// Reports what happened to orders day by day.
///
/// An order counts on the day on which it happened in UTC; one that was sold before Ordo, or at a till,
/// on that of its sale. A day, channel, currency and measure without orders is left out. The report
/// follows the log within a second; `Ordo-Min-Position` waits for what one has written.
#[utoipa::path(
    get,
    path = "/api/v1/reports/daily",
    tag = "Reports",
    params(
        ("from" = Option<String>, Query, description = "The first day, `YYYY-MM-DD`; 29 days before the last where absent."),
        ("to" = Option<String>, Query, description = "The last day, `YYYY-MM-DD`; today where absent."),
        ("channel" = Option<String>, Query, description = "Only of the channel with this code."),
        PageParams,
        ("Ordo-Min-Position" = Option<i64>, Header, description = "A log position that the report must have seen."),
    ),
    responses((status = 200, description = "A page of sums, by day, channel, measure and currency.", body = Page<DayAnswer>)),
)]
pub async fn report_days(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let today = ask.app.engine.clock().now().as_micros().div_euclid(DAY);
    let today = i32::try_from(today).unwrap_or(i32::MAX);
    let to = day(&mut params, "to").unwrap_or(today);
    let from = day(&mut params, "from").unwrap_or(to.saturating_sub(DAYS - 1));
    if from > to {
        params.refuse("from", "must not be after the last day");
    }
    let channel = params.text("channel", 128);
    let (limit, after) = (params.limit(), params.cursor(cursor::rollup));
    params.finish()?;
    let reference = ask.reference().await?;
    let channel = match channel.map(|code| reference.channel_by_code(&code)) {
        Some(None) => return Ok(nothing()),
        Some(Some(channel)) => Some(channel.id),
        None => None,
    };
    read::await_view(&ask).await?;
    let filter = RollupFilter { from, to, channel };
    let page = ask
        .backend()
        .list_rollups(ask.organization(), filter, after, limit)
        .await?;
    Ok(answer::to_read(&Page {
        items: (page.items.iter())
            .map(|sum| DayAnswer::of(&reference, sum))
            .collect(),
        next_cursor: page.next.map(cursor::of_rollup),
    }))
}

/// A day, as days since 1970-01-01.
fn day(params: &mut Params, name: &str) -> Option<i32> {
    let text = params.text(name, 20)?;
    let day: Option<Date> = text.parse().ok();
    if day.is_none() {
        params.refuse(name, "must be a date such as 2026-11-01");
    }
    day.map(Date::days_since_epoch)
}

fn nothing() -> axum::response::Response {
    answer::to_read(&Page::<DayAnswer<'_>> {
        items: Vec::new(),
        next_cursor: None,
    })
}

impl<'a> DayAnswer<'a> {
    fn of(reference: &'a Reference, sum: &Rollup) -> Self {
        Self {
            day: Date::from_days(sum.day),
            channel: channel_code(reference, sum.channel),
            channel_id: sum.channel,
            measure: match sum.measure {
                RollupMeasure::Placed => Measure::Placed,
                RollupMeasure::Canceled => Measure::Canceled,
                RollupMeasure::Closed => Measure::Closed,
            },
            orders: sum.count,
            total: Sum {
                amount: sum.amount,
                currency: sum.currency,
            },
        }
    }
}
