//! Renews price books: reads the organization's own orders of the last days and today's stock, has the
//! domain find prices beside the batches, and gives them to the engine as a command.
//!
//! Every node looks, and the version of the book decides whose prices come in; the others' are
//! dropped as what they are, the same work done twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::money::Minor;
use ordo_domain::order::Order;
use ordo_domain::record::RecordKind;
use ordo_domain::sourcing::{
    HISTORY_DAYS, HISTORY_MAX, History, PRICES_EVERY_US, Prices, RenewPrices, forecast,
};
use ordo_domain::time::{DAY, Timestamp};
use ordo_domain::world::{Key, Row};
use ordo_domain::{Command, Refusal, World};
use ordo_store::{OrderFilter, OrderSort, StoreError};

use crate::engine::Shared;
use crate::jobs::give;

/// Pause between looks at whose prices are old.
const LOOK: Duration = Duration::from_secs(20);
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

/// Runs until the engine stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tried = HashMap::new();
    loop {
        tokio::select! {
            () = shared.stopped() => return,
            _ = look.tick() => {}
        }
        if let Err(error) = renew_old(&shared, &mut tried).await {
            tracing::warn!(error = %error, "prices of scarce stock could not be renewed");
        }
    }
}

/// Renews the book of every organization that wants prices and whose book is old.
async fn renew_old(
    shared: &Arc<Shared>,
    tried: &mut HashMap<OrganizationId, Timestamp>,
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
            tried.remove(&organization);
            continue;
        }
        let now = shared.clock.now();
        let is_old = |at: &Timestamp| now.as_micros() - at.as_micros() >= PRICES_EVERY_US;
        let made_at = reference.prices().map(|book| book.prices.made_at);
        // A book that nothing changed in stays as it was, so its age alone does not tell.
        if made_at.as_ref().is_none_or(is_old) && tried.get(&organization).is_none_or(is_old) {
            tried.insert(organization, now);
            let renewed = prices(shared, organization, prices_count).await?;
            give(
                shared,
                organization,
                Command::RenewPrices(Box::new(renewed)),
            )
            .await?;
        }
    }
    Ok(())
}

/// What is known now, to be put in place of what stands there: prices where they are wanted, and in
/// any case how often locations decline.
pub(crate) async fn prices(
    shared: &Shared,
    organization: OrganizationId,
    wants_prices: bool,
) -> Result<RenewPrices, StoreError> {
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
        (world, history, found) = beside(world, history, now, horizon_days).await?;
        match found {
            Ok(prices) => return Ok(RenewPrices { after, prices }),
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
    world: World,
    history: Arc<History>,
    now: Timestamp,
    horizon_days: u16,
) -> Result<Forecast, StoreError> {
    let forecasting = tokio::task::spawn_blocking(move || {
        let found = forecast(&world, now, &history, horizon_days);
        (world, history, found)
    });
    forecasting
        .await
        .map_err(|error| StoreError::Unavailable(format!("the forecast ended: {error}")))
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
