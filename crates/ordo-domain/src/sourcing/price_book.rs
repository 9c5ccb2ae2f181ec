//! The price book: what a unit of scarce stock and a shipment of a busy day are worth to orders that
//! are still expected.
//!
//! Prices steer which plan is chosen and are never part of what it costs. Invariant: a price counts
//! only while it is fresh, while no more lies there than is expected to be wanted from there, and while
//! all locations together have not twice as much as when it was found, so that stock is not kept back
//! for nobody.

use serde::{Deserialize, Serialize};

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{LocationId, PriceBookId, SkuId};
use crate::money::{Currency, Minor};
use crate::rate::MICRO;
use crate::record::record;
use crate::time::{Date, HOUR, Timestamp};
use crate::world::World;

/// Microseconds between two books.
pub const PRICES_EVERY_US: i64 = HOUR;
/// A book that is older counts for nothing: whoever makes them has stopped.
const FRESH_US: i64 = 2 * PRICES_EVERY_US;
/// The most prices of units that a book holds; the dearest are kept.
pub const PRICES_MAX: usize = 20_000;
/// The most days that a horizon has.
pub const HORIZON_DAYS_MAX: u16 = 60;

/// Prices of what is scarce, made from the organization's own orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceBook {
    /// Its id.
    pub id: PriceBookId,
    /// How many times it was renewed.
    pub version: u64,
    /// The prices.
    #[serde(flatten)]
    pub prices: Prices,
}
record!(PriceBook, PriceBookId, PriceBook);

/// What a price book says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// When it was made.
    pub made_at: Timestamp,
    /// The currency of all prices, that of most orders; they count for orders in it. `None` where
    /// there were no orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Days for which stock has to last.
    pub horizon_days: u16,
    /// Orders of the past that it was made from.
    pub orders_seen: i64,
    /// Orders expected until the end of the horizon.
    pub orders_expected: i64,
    /// The locations that prices are about, by rising id; prices name them by their place here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<LocationId>,
    /// Units, by rising SKU.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stock: Vec<StockPrices>,
    /// Shipments, by rising location.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<ShipmentPrice>,
    /// Of a million works offered to a location, how many are expected to come back, by rising id;
    /// those of which that is known. This counts however old it is, and also where prices are off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declines: Vec<(LocationId, i64)>,
}

/// What units of a SKU are worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockPrices {
    /// The SKU.
    pub sku: SkuId,
    /// Units that all locations had on offer when the prices were found; 0 where nobody counted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub there: i64,
    /// By rising location.
    pub at: Vec<StockPrice>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// What a unit at one location is worth. It is written as three numbers, since a book holds many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, i64, i64)", into = "(u32, i64, i64)")]
pub struct StockPrice {
    /// The location's place in [`Prices::locations`].
    pub location: u32,
    /// Minor units.
    pub price: i64,
    /// Units that expected orders would take from there.
    pub wanted: i64,
}

impl From<(u32, i64, i64)> for StockPrice {
    fn from((location, price, wanted): (u32, i64, i64)) -> Self {
        Self {
            location,
            price,
            wanted,
        }
    }
}

impl From<StockPrice> for (u32, i64, i64) {
    fn from(one: StockPrice) -> Self {
        (one.location, one.price, one.wanted)
    }
}

/// What a shipment of a location is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentPrice {
    /// The location's place in [`Prices::locations`].
    pub location: u32,
    /// Its next local day of shipping when the book was made.
    pub day: Date,
    /// Minor units on that day.
    pub first: Minor,
    /// Minor units on each later one.
    pub later: Minor,
}

impl PriceBook {
    /// The same as if nothing were scarce.
    pub(crate) fn without_prices(&self) -> Self {
        let mut book = self.clone();
        book.prices.stock.clear();
        book.prices.shipments.clear();
        book
    }
}

impl Prices {
    /// Whether anything in it is worth anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stock.is_empty() && self.shipments.is_empty()
    }

    /// Whether its prices count for orders in a currency at `now`.
    #[must_use]
    pub fn count_for(&self, currency: Currency, now: Timestamp) -> bool {
        self.currency == Some(currency) && self.is_fresh(now)
    }

    /// Whether it is young enough for its prices to count.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.as_micros() - self.made_at.as_micros() <= FRESH_US
    }

    /// The price of a unit at a location where so many are free, of so many at all locations that may
    /// ship it; `None` where it has none that counts.
    #[must_use]
    pub fn unit(
        &self,
        sku: SkuId,
        location: LocationId,
        free: i64,
        all: i64,
    ) -> Option<&StockPrice> {
        let place = self.place(location)?;
        let at = self.stock.binary_search_by_key(&sku, |one| one.sku).ok()?;
        let StockPrices { there, at, .. } = &self.stock[at];
        if *there > 0 && all >= there.saturating_mul(2) {
            return None;
        }
        let prices = at;
        let found = prices.binary_search_by_key(&place, |one| one.location);
        let found = &prices[found.ok()?];
        (free <= found.wanted).then_some(found)
    }

    /// Micro-cents of a shipment that leaves a location on a local day.
    #[must_use]
    pub fn shipment_uc(&self, location: LocationId, day: Date) -> i64 {
        let found = self.place(location).and_then(|place| {
            let found = self
                .shipments
                .binary_search_by_key(&place, |one| one.location);
            Some(&self.shipments[found.ok()?])
        });
        found.map_or(0, |one| {
            let price = if day <= one.day { one.first } else { one.later };
            price.get() * MICRO
        })
    }

    /// Of a million works offered to a location, how many are expected to come back; `None` where
    /// nothing speaks of it.
    #[must_use]
    pub fn decline_ppm(&self, location: LocationId) -> Option<i64> {
        let found = self.declines.binary_search_by_key(&location, |(id, _)| *id);
        Some(self.declines[found.ok()?].1)
    }

    fn place(&self, location: LocationId) -> Option<u32> {
        let found = self.locations.binary_search(&location).ok()?;
        u32::try_from(found).ok()
    }
}

impl StockPrice {
    /// Micro-cents of a unit.
    #[must_use]
    pub fn price_uc(&self) -> i64 {
        self.price.saturating_mul(MICRO)
    }
}

/// Puts new prices in place of the old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewPrices {
    /// The version of the book that stood there when they were made, 0 for none. Where another has
    /// come in between nothing happens, so that nodes which do the same work make one event.
    pub after: u64,
    /// The prices.
    pub prices: Prices,
}

impl RenewPrices {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let known = world.reference().prices().map(|book| book.id);
        let found = match known {
            Some(id) => world.price_book_record(id)?,
            None => None,
        };
        let (id, version) = match found {
            Some(book) => (book.id, book.version),
            None => (ctx.ids.make(), 0),
        };
        let says_the_same = found.is_some_and(|book| {
            let (before, now) = (&book.prices, &self.prices);
            before.is_empty()
                && now.is_empty()
                && before.currency == now.currency
                && before.declines == now.declines
        });
        if version != self.after || says_the_same {
            return Ok(Decided::unchanged(id));
        }
        let book = PriceBook {
            id,
            version,
            prices: self.prices.clone(),
        };
        Ok(Decided::changed(vec![Event::PriceBookRenewed { book }], id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_counts_while_it_is_fresh_and_no_more_is_there_than_is_wanted() {
        let (a, b) = (SkuId::from_u128(1), SkuId::from_u128(2));
        let (near, far) = (LocationId::from_u128(1), LocationId::from_u128(2));
        let minor = |amount| Minor::new(amount).unwrap();
        let day = Date::from_days(20_000);
        let prices = Prices {
            made_at: Timestamp::from_micros(0),
            currency: "EUR".parse().ok(),
            horizon_days: 3,
            orders_seen: 10,
            orders_expected: 20,
            locations: vec![near, far],
            stock: vec![StockPrices {
                sku: a,
                there: 20,
                at: vec![(1, 315, 3).into()],
            }],
            shipments: vec![ShipmentPrice {
                location: 0,
                day,
                first: minor(210),
                later: minor(40),
            }],
            declines: Vec::new(),
        };
        let unit = |sku, location, free| {
            let found = prices.unit(sku, location, free, 39);
            found.map_or(0, StockPrice::price_uc)
        };
        assert_eq!(unit(a, far, 3), 315 * MICRO);
        assert_eq!(
            prices.unit(a, far, 3, 40),
            None,
            "a truck came in somewhere"
        );
        assert_eq!(unit(a, far, 4), 0, "more lies there than is wanted");
        assert_eq!(unit(a, near, 1), 0);
        assert_eq!(unit(b, far, 1), 0);
        assert_eq!(prices.shipment_uc(near, day), 210 * MICRO);
        assert_eq!(prices.shipment_uc(near, day.plus_days(1)), 40 * MICRO);
        assert_eq!(prices.shipment_uc(far, day), 0);
        assert!(prices.is_fresh(Timestamp::from_micros(2 * HOUR)));
        assert!(!prices.is_fresh(Timestamp::from_micros(2 * HOUR + 1)));
    }
}
