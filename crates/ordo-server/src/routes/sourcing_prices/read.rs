//! `GET /sourcing-prices`: what scarce stock and shipments are worth, dearest first.

use std::borrow::Cow;
use std::cmp::Reverse;

use ordo_domain::id::{LocationId, SkuId};
use ordo_domain::money::{Minor, Money};
use ordo_domain::sourcing::StockPrice;
use serde::Serialize;
use utoipa::ToSchema;

use super::{PricesAnswer, money};
use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::routes::stock::list::codes;
use crate::wire::{Show, location_code};

/// A price book.
#[derive(Serialize, ToSchema)]
#[schema(as = SourcingPriceBook)]
struct BookAnswer<'a> {
    /// In short.
    #[serde(flatten)]
    book: PricesAnswer,
    /// Whether orders are sourced at these prices: the settings ask for them, and they are fresh.
    counts: bool,
    /// Units of stock, dearest first, as many as asked for.
    units: Vec<UnitAnswer<'a>>,
    /// Shipments of locations that ship only so much a day.
    shipments: Vec<ShipmentAnswer<'a>>,
}

/// What a unit of a SKU at a location is worth.
#[derive(Serialize, ToSchema)]
#[schema(as = UnitPrice)]
struct UnitAnswer<'a> {
    /// The SKU's code.
    sku: String,
    /// The location's code.
    #[schema(value_type = String)]
    location: Cow<'a, str>,
    /// What an order that takes a unit is weighed with; nobody pays it.
    price: Option<Money>,
    /// Units that expected orders would take from there. While more lie there, the price does not
    /// count.
    wanted: i64,
}

/// What a shipment of a location is worth.
#[derive(Serialize, ToSchema)]
#[schema(as = ShipmentPrice)]
struct ShipmentAnswer<'a> {
    /// The location's code.
    #[schema(value_type = String)]
    location: Cow<'a, str>,
    /// Its next local day of shipping when the prices were found.
    #[schema(example = "2026-11-02")]
    day: String,
    /// What a shipment of that day is weighed with.
    price: Option<Money>,
    /// What one of a later day is weighed with.
    price_later: Option<Money>,
}

/// Reads what scarce stock and shipments are worth.
#[utoipa::path(
    get,
    path = "/api/v1/sourcing-prices",
    tag = "Sourcing",
    params(("limit" = Option<usize>, Query, description = "Prices of units, 1 to 200; 50 where absent.")),
    responses((status = 200, description = "The prices; version 0 and none where they were never found.", body = BookAnswer)),
)]
pub async fn get_sourcing_prices(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let limit = params.limit();
    params.finish()?;
    let reference = ask.reference().await?;
    let Some(book) = reference.prices() else {
        return Ok(answer::to_read(&BookAnswer {
            book: PricesAnswer::default(),
            counts: false,
            units: Vec::new(),
            shipments: Vec::new(),
        }));
    };
    let prices = &book.prices;
    let location = |place: u32| prices.locations.get(place as usize).copied();
    let all = prices.stock.iter().flat_map(|of_sku| {
        let at = of_sku.at.iter();
        at.filter_map(|one| Some((of_sku.sku, location(one.location)?, *one)))
    });
    let mut dearest: Vec<(SkuId, LocationId, StockPrice)> = all.collect();
    dearest.sort_by_key(|(sku, location, one)| (Reverse(one.price), *sku, *location));
    dearest.truncate(limit);
    let mut skus: Vec<SkuId> = dearest.iter().map(|(sku, _, _)| *sku).collect();
    skus.sort_unstable();
    let codes = codes(&ask, skus.into_iter()).await?;
    let units = dearest.iter().map(|(sku, location, one)| UnitAnswer {
        sku: codes.get(sku).cloned().unwrap_or_else(|| sku.to_string()),
        location: location_code(&reference, *location),
        price: money(prices, one.price),
        wanted: one.wanted,
    });
    let shipments = prices.shipments.iter().filter_map(|one| {
        let place = location(one.location)?;
        Some(ShipmentAnswer {
            location: location_code(&reference, place),
            day: one.day.to_string(),
            price: money(prices, Minor::get(one.first)),
            price_later: money(prices, Minor::get(one.later)),
        })
    });
    let is_on = reference
        .sourcing()
        .is_some_and(|said| said.prices.is_some());
    Ok(answer::to_read(&BookAnswer {
        book: book.show(&reference),
        counts: is_on && prices.is_fresh(ask.app.engine.clock().now()),
        units: units.collect(),
        shipments: shipments.collect(),
    }))
}
