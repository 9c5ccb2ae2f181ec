//! Renews price books: reads the organization's own orders of the last days and today's stock, has the
//! domain find prices beside the batches, and gives them to the engine as a command.
//!
//! Every node looks, and the version of the book decides whose prices come in; the others' are
//! dropped as what they are, the same work done twice. The node that made a book watches the stock
//! that it was made from, and renews it early where that has changed a lot.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ordo_domain::id::{OrderId, OrganizationId, SkuId};
use ordo_domain::money::Minor;
use ordo_domain::order::Order;
use ordo_domain::record::RecordKind;
use ordo_domain::sourcing::{
    HISTORY_DAYS, HISTORY_MAX, History, PRICES_EVERY_US, Prices, RenewPrices, forecast,
};
use ordo_domain::time::{DAY, SECOND, Timestamp};
use ordo_domain::world::{Key, Row};
use ordo_domain::{Command, Refusal, World};
use ordo_store::{OrderFilter, OrderSort, StoreError};

use crate::engine::Shared;
use crate::jobs::give;

/// Pause between looks at whose prices are old.
const LOOK: Duration = Duration::from_secs(20);
/// Pause between looks at the stock that a book was made from, and the least age of a book that is
/// renewed because of it.
const WATCH_US: i64 = 60 * SECOND;
const EARLY_US: i64 = 300 * SECOND;
/// The most SKUs whose stock is watched: those that were asked for most lately.
const WATCHED_MAX: usize = 2_000;
/// A SKU's stock has changed a lot where so many units came or went at least, and half as many as
/// there were.
const CHANGE_MIN: i64 = 10;
/// Orders of a page of the list.
const PAGE: usize = 200;
/// Pages that are read at most: where many orders of other days came in late, fewer are seen.
const PAGES_MAX: usize = 2 * HISTORY_MAX / PAGE;
/// Keys that are loaded at once.
const KEYS_MAX: usize = 500;
/// Times that something more is loaded.
const ROUNDS_MAX: usize = 8;
/// Days for which stock has to last, where nobody has said so.
const HORIZON_DAYS: u16 = 3;

/// What this node knows of the last prices that it made for an organization.
struct Made {
    at: Timestamp,
    /// When the stock was last looked at.
    looked_at: Timestamp,
    /// Units of each SKU that all locations had.
    stock: Vec<(SkuId, i64)>,
}

/// Runs until the engine stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut made = HashMap::new();
    // The first look at once: a node that was away for long has old prices.
    let mut pause = Duration::ZERO;
    while shared.pause(pause).await {
        pause = LOOK;
        if let Err(error) = renew_old(&shared, &mut made).await {
            tracing::warn!(error = %error, "prices of scarce stock could not be renewed");
        }
    }
}

/// Renews the book of every organization that wants prices and whose book is old.
async fn renew_old(
    shared: &Arc<Shared>,
    made: &mut HashMap<OrganizationId, Made>,
) -> Result<(), StoreError> {
    for (organization, _) in shared.backend.organizations().await? {
        if shared.is_stopping() {
            return Ok(());
        }
        let reference = shared.fresh_reference(organization).await?;
        let prices_count = reference
            .sourcing()
            .is_some_and(|said| said.prices.is_some());
        let declines_count = (reference.sourcing()).is_some_and(|said| {
            said.penalties
                .iter()
                .any(|of| of.declined_line > Minor::ZERO)
        });
        if !prices_count && !declines_count {
            made.remove(&organization);
            continue;
        }
        let now = shared.clock.now();
        let age_us = |at: &Timestamp| now.as_micros() - at.as_micros();
        let is_old = |at: &Timestamp| age_us(at) >= PRICES_EVERY_US;
        let made_at = reference.prices().map(|book| book.prices.made_at);
        // A book that nothing changed in stays as it was, so its age alone does not tell.
        let of_ours = made.get_mut(&organization);
        let mut is_due = made_at.as_ref().is_none_or(is_old)
            && of_ours.as_ref().is_none_or(|ours| is_old(&ours.at));
        if let Some(ours) = of_ours.filter(|ours| {
            !is_due
                && prices_count
                && age_us(&ours.looked_at) >= WATCH_US
                && made_at.unwrap_or(ours.at).max(ours.at).as_micros() + EARLY_US <= now.as_micros()
        }) {
            ours.looked_at = now;
            let skus: Vec<SkuId> = ours.stock.iter().map(|(sku, _)| *sku).collect();
            let stock = stock_of(shared, organization, &skus).await?;
            is_due = has_changed(&ours.stock, &stock);
        }
        if is_due {
            let known = Made {
                at: now,
                looked_at: now,
                stock: Vec::new(),
            };
            made.insert(organization, known);
            let renewed = prices(shared, organization, prices_count).await?;
            let asked = renewed.asked;
            give(
                shared,
                organization,
                Command::RenewPrices(Box::new(renewed.renew)),
            )
            .await?;
            let stock = stock_of(shared, organization, &asked).await?;
            made.entry(organization)
                .and_modify(|known| known.stock = stock);
        }
    }
    Ok(())
}

/// Units of SKUs that all locations have to give.
async fn stock_of(
    shared: &Shared,
    organization: OrganizationId,
    skus: &[SkuId],
) -> Result<Vec<(SkuId, i64)>, StoreError> {
    let mut stock = Vec::with_capacity(skus.len());
    for skus in skus.chunks(KEYS_MAX) {
        let keys: Vec<Key> = skus.iter().map(|sku| Key::Cells(*sku)).collect();
        for row in shared.backend.load(organization, &keys).await? {
            if let Row::Cells { sku, cells } = row {
                let units = cells
                    .iter()
                    .map(|(_, cell)| cell.available().or_zero().get());
                stock.push((sku, units.fold(0, i64::saturating_add)));
            }
        }
    }
    stock.sort_unstable();
    Ok(stock)
}

/// Whether some SKU's stock is not what it was: a truck came in, or a count found nothing.
fn has_changed(then: &[(SkuId, i64)], now: &[(SkuId, i64)]) -> bool {
    then.iter().any(|(sku, before)| {
        let found = now.binary_search_by_key(sku, |(sku, _)| *sku);
        let now = found.map_or(0, |at| now[at].1);
        let change = now.abs_diff(*before);
        change >= CHANGE_MIN.unsigned_abs() && change.saturating_mul(2) >= before.unsigned_abs()
    })
}

/// Prices in the making.
pub(crate) struct Found {
    /// The command that puts them into the book.
    pub renew: RenewPrices,
    /// The SKUs that lately were asked for, most often first.
    asked: Vec<SkuId>,
}

/// The SKUs of orders, most often asked for first.
fn asked_for(orders: &[Order]) -> Vec<SkuId> {
    let mut times: HashMap<SkuId, u64> = HashMap::new();
    let lines = orders.iter().flat_map(|order| &order.lines);
    for sku in lines.filter_map(|line| line.sku) {
        *times.entry(sku).or_default() += 1;
    }
    let mut asked: Vec<(u64, SkuId)> = times.into_iter().map(|(sku, times)| (times, sku)).collect();
    asked.sort_unstable_by_key(|(times, sku)| (std::cmp::Reverse(*times), *sku));
    asked.truncate(WATCHED_MAX);
    asked.into_iter().map(|(_, sku)| sku).collect()
}

/// What is known now, to be put in place of what stands there: prices where they are wanted, and in
/// any case how often locations decline.
pub(crate) async fn prices(
    shared: &Shared,
    organization: OrganizationId,
    wants_prices: bool,
) -> Result<Found, StoreError> {
    let reference = shared.fresh_reference(organization).await?;
    let after = reference.prices().map_or(0, |book| book.version);
    let horizon_days = (reference.sourcing())
        .and_then(|said| said.prices)
        .map_or(HORIZON_DAYS, |prices| prices.horizon_days);
    let now = shared.clock.now();
    let mut history = Arc::new(match wants_prices {
        true => history(shared, organization, now).await?,
        false => History {
            orders: Vec::new(),
            from: now,
        },
    });
    let mut world = World::new(Arc::new((*reference).clone().without_prices()));
    for _ in 0..ROUNDS_MAX {
        let found;
        (world, history, found) = beside(shared, world, history, now, horizon_days).await?;
        match found {
            Ok(prices) => {
                return Ok(Found {
                    renew: RenewPrices { after, prices },
                    asked: asked_for(&history.orders),
                });
            }
            Err(Refusal::Needs(keys)) => {
                for keys in keys.chunks(KEYS_MAX) {
                    for row in shared.backend.load(organization, keys).await? {
                        world.supply(row).map_err(|error| corrupt(&error))?;
                    }
                }
            }
            Err(Refusal::Rejected(rejection)) => {
                return Err(StoreError::Corrupt(rejection.detail));
            }
        }
    }
    let endless = "the forecast asks for ever more".to_owned();
    Err(StoreError::Unavailable(endless))
}

/// What the forecast works on, handed back with what came of it.
type Forecast = (World, Arc<History>, Result<Prices, Refusal>);

/// Forecasts on a thread of its own: it takes up to a second, and requests do not wait for it.
async fn beside(
    shared: &Shared,
    world: World,
    history: Arc<History>,
    now: Timestamp,
    horizon_days: u16,
) -> Result<Forecast, StoreError> {
    let forecasting = shared.compute(move || {
        let found = forecast(&world, now, &history, horizon_days);
        (world, history, found)
    });
    forecasting.await
}

/// The newest orders of the last days.
async fn history(
    shared: &Shared,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<History, StoreError> {
    let window = now.plus_micros(-HISTORY_DAYS * DAY);
    let recent = window.as_micros()..=now.as_micros();
    let mut ids: Vec<(i64, OrderId)> = Vec::new();
    let mut after = None;
    let mut is_all = false;
    for _ in 0..PAGES_MAX {
        let filter = OrderFilter::default();
        let newest = OrderSort::Newest;
        let backend = &shared.backend;
        let page = (backend.list_orders(organization, &filter, newest, after, PAGE)).await?;
        let rows = page
            .items
            .iter()
            .filter(|row| recent.contains(&row.placed_at));
        let known = ids.len();
        ids.extend(rows.map(|row| (row.placed_at, row.id)));
        after = page.next;
        // Orders come in about as they are placed: a page of old ones is followed by older ones.
        is_all = after.is_none() || ids.len() == known;
        if is_all || ids.len() >= HISTORY_MAX {
            break;
        }
    }
    ids.truncate(HISTORY_MAX);
    let oldest = ids.iter().map(|(placed_at, _)| *placed_at).min();
    let mut orders = Vec::with_capacity(ids.len());
    for ids in ids.chunks(KEYS_MAX) {
        let key = |(_, id): &(i64, OrderId)| Key::Record {
            kind: RecordKind::Order,
            id: id.to_u128(),
        };
        let keys: Vec<Key> = ids.iter().map(key).collect();
        for row in shared.backend.load(organization, &keys).await? {
            if let Row::Record {
                found: Some(record),
                ..
            } = row
            {
                let order: Order =
                    serde_json::from_str(&record.body).map_err(|error| corrupt(&error))?;
                orders.push(order);
            }
        }
    }
    Ok(History {
        orders,
        from: match oldest {
            // More than were read: they cover less than the whole window. A young organization's
            // first day is not that of a usual fortnight either.
            Some(oldest) if !is_all || oldest > window.as_micros() + DAY => {
                Timestamp::from_micros(oldest)
            }
            Some(_) | None => window,
        },
    })
}

fn corrupt(error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_has_changed_where_much_of_it_came_or_went() {
        let sku = SkuId::from_u128;
        let then = [(sku(1), 100), (sku(2), 4)];
        for (one, two, changed) in [
            (100, 4, false),
            (60, 4, false),
            (50, 4, true),
            (149, 4, false),
            (150, 4, true),
            (100, 0, false),
            (100, 13, false),
            (100, 14, true),
        ] {
            let now = [(sku(1), one), (sku(2), two)];
            assert_eq!(has_changed(&then, &now), changed, "{one} {two}");
        }
        // A SKU that has no cell any more.
        assert!(has_changed(&then, &[(sku(2), 4)]));
    }
}
