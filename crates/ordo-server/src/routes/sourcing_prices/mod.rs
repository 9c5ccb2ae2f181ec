//! Sourcing prices: what scarce stock and shipments are worth to orders that are still expected.

pub mod read;
pub mod refresh;

use ordo_domain::money::{Minor, Money};
use ordo_domain::reference::Reference;
use ordo_domain::sourcing::{PriceBook, Prices};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{Instant, Show};

/// A price book in short.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = SourcingPrices)]
pub struct PricesAnswer {
    /// How many times it was renewed; 0 where it never was.
    version: u64,
    /// When it was made.
    made_at: Option<Instant>,
    /// The currency of all prices: that of most orders. They count for orders in it.
    currency: Option<String>,
    /// Days for which stock has to last.
    horizon_days: u16,
    /// Orders of the last days that it was made from.
    orders_seen: i64,
    /// Orders expected until the end of the horizon.
    orders_expected: i64,
    /// Units of a SKU at a location that have a price.
    units_priced: usize,
    /// Locations whose shipments have a price.
    shipments_priced: usize,
}

impl Show for PriceBook {
    type Answer<'a> = PricesAnswer;

    fn show<'a>(&'a self, _: &'a Reference) -> PricesAnswer {
        let prices = &self.prices;
        PricesAnswer {
            version: self.version,
            made_at: Some(Instant(prices.made_at)),
            currency: prices.currency.map(|currency| currency.code().to_owned()),
            horizon_days: prices.horizon_days,
            orders_seen: prices.orders_seen,
            orders_expected: prices.orders_expected,
            units_priced: prices.stock.iter().map(|one| one.at.len()).sum(),
            shipments_priced: prices.shipments.len(),
        }
    }
}

/// A price of a book, as money; `None` where the book has no currency, and so no prices.
fn money(prices: &Prices, amount: i64) -> Option<Money> {
    let currency = prices.currency?;
    Some(Money {
        amount: Minor::new(amount)?,
        currency,
    })
}
