//! `GET /orders`: a page of orders, from committed rows; with a search term also from the view.

use std::borrow::Cow;

use ordo_domain::id::{ChannelId, OrderId};
use ordo_domain::money::{Currency, Minor, Money};
use ordo_domain::reference::Reference;
use ordo_domain::time::Timestamp;
use ordo_engine::search_terms;
use ordo_store::{Count, OrderFilter, OrderRow, OrderSort};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::cursor;
use crate::params::{PageParams, Params, min_position};
use crate::read;
use crate::wire::{Instant, channel_code};

/// No list is counted further than this.
const COUNT_MAX: i64 = 10_000;

const LIVES: &[&str] = &["draft", "open", "closed", "canceled"];
const PAYMENTS: &[&str] = &[
    "none",
    "part_authorized",
    "authorized",
    "part_captured",
    "captured",
    "over_captured",
    "part_refunded",
    "refunded",
    "voided",
    "settled_outside",
];
const FULFILLMENTS: &[&str] = &["none", "partial", "full"];

/// Lists orders.
///
/// A page with a `next_cursor` is full, but for one case: where the words of `q` are each common and
/// hardly ever meet, a page holds what was found so far, which may be nothing, and the next one goes on.
#[utoipa::path(
    get,
    path = "/api/v1/orders",
    tag = "Orders",
    params(
        ("life" = Option<String>, Query, description = "`draft`, `open`, `closed` or `canceled`."),
        ("channel" = Option<String>, Query, description = "A channel's code."),
        ("held" = Option<bool>, Query, description = "Only held, or only free ones."),
        ("payment" = Option<String>, Query, description = "A payment standing."),
        ("fulfillment" = Option<String>, Query, description = "A fulfillment standing."),
        ("external_id" = Option<String>, Query, description = "The channel's own id."),
        ("q" = Option<String>, Query, description = "Words that must all be found: of the channel's id, SKUs, names, e-mail, phone, postal code."),
        ("sort" = Option<String>, Query, description = "`newest` (default) or `oldest`, by number."),
        ("count" = Option<bool>, Query, description = "Whether to count what matches, up to 10,000."),
        PageParams,
        ("Ordo-Min-Position" = Option<i64>, Header, minimum = 0, description = "With `q`: waits up to 1 second until the search has seen this log position, else answers `view_behind`."),
    ),
    responses(
        (status = 200, description = "A page of orders.", body = OrderList),
    ),
)]
pub async fn list_orders(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let (life, payment) = (
        params.one_of("life", LIVES),
        params.one_of("payment", PAYMENTS),
    );
    let fulfillment = params.one_of("fulfillment", FULFILLMENTS);
    let channel = params.text("channel", 128);
    let held = params.flag("held");
    let external_id = params.text("external_id", 255);
    let words = params.text("q", 500);
    let sort = match params.one_of("sort", &["newest", "oldest"]) {
        Some("oldest") => OrderSort::Oldest,
        _ => OrderSort::Newest,
    };
    let counts = params.flag("count") == Some(true);
    let limit = params.limit();
    let after = params.cursor(|text| cursor::order(sort, text));
    let organization = ask.organization();
    let terms = words.map(|words| search_terms(organization, &words));
    if terms.as_ref().is_some_and(Vec::is_empty) {
        params.refuse("q", "holds no letter or digit");
    }
    params.finish()?;

    // Without a search term the list comes from committed rows, which have seen every position.
    min_position(&ask.parts)?;
    if terms.is_some() {
        read::await_view(&ask).await?;
    }
    let reference = ask.reference().await?;
    let channel = match channel {
        None => None,
        Some(code) => match reference.channel_by_code(&code) {
            Some(channel) => Some(channel.id),
            None => return Ok(answer::to_read(&OrderList::empty(counts))),
        },
    };
    let channel = ask.only_channel(channel)?;
    let filter = OrderFilter {
        life: life.map(Into::into),
        channel,
        held,
        payment: payment.map(Into::into),
        fulfillment: fulfillment.map(Into::into),
        external_id,
        terms: terms.unwrap_or_default(),
    };
    let backend = ask.backend();
    let page = backend
        .list_orders(organization, &filter, sort, after, limit)
        .await?;
    let count = match counts {
        true => {
            let found = backend
                .count_orders(organization, &filter, COUNT_MAX + 1)
                .await?;
            Some(CountAnswer::of(found))
        }
        false => None,
    };
    Ok(answer::to_read(&OrderList {
        items: (page.items.iter())
            .map(|row| OrderItem::of(&reference, row))
            .collect(),
        next_cursor: page.next.map(|number| cursor::of_order(sort, number)),
        count,
    }))
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
struct OrderList<'a> {
    /// The orders.
    items: Vec<OrderItem<'a>>,
    /// Where the next page starts, to be given as `cursor`; `null` on the last.
    next_cursor: Option<String>,
    /// How many match, with `count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<CountAnswer>,
}

impl OrderList<'_> {
    fn empty(counts: bool) -> Self {
        Self {
            items: Vec::new(),
            next_cursor: None,
            count: counts.then_some(CountAnswer {
                value: 0,
                exact: true,
            }),
        }
    }
}

/// How many entries match.
#[derive(Serialize, ToSchema)]
#[schema(as = Count)]
struct CountAnswer {
    /// At most 10,000.
    value: i64,
    /// Whether there are no more than `value`: not where counting stopped at 10,000, or where a search
    /// stopped at what one page of it reads.
    exact: bool,
}

impl CountAnswer {
    fn of(count: Count) -> Self {
        Self {
            value: count.found.min(COUNT_MAX),
            exact: count.is_all && count.found <= COUNT_MAX,
        }
    }
}

/// An order of a list.
#[derive(Serialize, ToSchema)]
struct OrderItem<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: OrderId,
    /// Ordo's number.
    number: i64,
    /// The channel's code.
    channel: Cow<'a, str>,
    /// The channel's id.
    #[schema(value_type = String)]
    channel_id: ChannelId,
    /// The channel's own id of it.
    external_id: &'a str,
    /// Its life.
    life: &'a str,
    /// How many events have touched it.
    version: u64,
    /// How the money stands.
    payment_standing: &'a str,
    /// How much has left.
    fulfillment_standing: &'a str,
    /// How much comes or came back.
    return_standing: &'a str,
    /// How many holds stop it.
    holds: i64,
    /// When the buyer placed it.
    placed_at: Instant,
    /// What the buyer owes for all that was ordered.
    total: Option<Money>,
    /// ISO 3166-1 alpha-2 of the destination; empty where unknown.
    country: &'a str,
}

impl<'a> OrderItem<'a> {
    fn of(reference: &'a Reference, row: &'a OrderRow) -> Self {
        let [payment, fulfillment, returns] = &row.standings;
        let currency: Option<Currency> = row.currency.parse().ok();
        Self {
            id: row.id,
            number: row.number,
            channel: channel_code(reference, row.channel),
            channel_id: row.channel,
            external_id: &row.external_id,
            life: &row.life,
            version: row.version,
            payment_standing: payment,
            fulfillment_standing: fulfillment,
            return_standing: returns,
            holds: row.holds,
            placed_at: Instant(Timestamp::from_micros(row.placed_at)),
            total: (currency.zip(Minor::new(row.total)))
                .map(|(currency, amount)| Money { amount, currency }),
            country: &row.country,
        }
    }
}

#[cfg(test)]
mod tests {
    use ordo_domain::order::{FulfillmentStanding, OrderLife, PaymentStanding};

    use super::*;

    #[test]
    fn filters_take_exactly_the_names_that_are_stored() {
        fn names<T: serde::de::DeserializeOwned>(names: &[&str]) -> Vec<T> {
            let parse = |name: &&str| serde_json::from_value((*name).into()).expect("a name");
            names.iter().map(parse).collect()
        }
        let lives: Vec<OrderLife> = names(LIVES);
        assert!(
            lives
                .iter()
                .map(|life| life.name())
                .eq(LIVES.iter().copied())
        );
        let payments: Vec<PaymentStanding> = names(PAYMENTS);
        assert!(
            payments
                .iter()
                .map(|it| it.name())
                .eq(PAYMENTS.iter().copied())
        );
        let fulfillments: Vec<FulfillmentStanding> = names(FULFILLMENTS);
        assert!(
            fulfillments
                .iter()
                .map(|it| it.name())
                .eq(FULFILLMENTS.iter().copied())
        );
    }

    #[test]
    fn no_count_passes_ten_thousand() {
        for (found, is_all, value, exact) in [
            (0, true, 0, true),
            (0, false, 0, false),
            (10_000, true, 10_000, true),
            (10_001, false, 10_000, false),
        ] {
            let count = CountAnswer::of(Count { found, is_all });
            assert_eq!((count.value, count.exact), (value, exact));
        }
    }
}
