//! What the codes of a basket take from stock, as the lines of an order with the same codes would.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::{Listing, Sku};
use crate::decide::Refusal;
use crate::id::{ListingId, SkuId};
use crate::money::{Minor, split};
use crate::network::BlockStage;
use crate::quantity::{QUANTITY_MAX, Quantity};
use crate::rejection::{Code, Rejection};
use crate::sourcing::promise::PromiseQuestion;
use crate::sourcing::question::Wanted;
use crate::time::Timestamp;
use crate::world::World;

/// One entry per SKU, in the order in which the basket asks for them.
///
/// # Errors
/// A miss; a code that is neither a SKU's nor a listing's; something that may not be sold now.
pub(super) fn wanted(
    world: &World,
    now: Timestamp,
    asked: &PromiseQuestion,
) -> Result<Vec<Wanted>, Refusal> {
    world.want_skus(asked.basket.iter().map(|(code, _)| code.as_str()))?;
    let sold = asked.basket.iter().map(|(code, _)| {
        Ok(match world.sku_by_code(code)? {
            Some(sku) => Some(Sold::Sku(sku)),
            None => world.listing(asked.channel, code)?.map(Sold::Listing),
        })
    });
    let sold = Refusal::gather(sold)?;
    let components = sold.iter().flatten().flat_map(|sold| match sold {
        Sold::Sku(_) => &[][..],
        Sold::Listing(listing) => &listing.components,
    });
    Refusal::gather(components.map(|part| world.sku(part.sku)))?;
    let mut basket = Basket::default();
    for (index, (sold, (code, quantity))) in sold.into_iter().zip(&asked.basket).enumerate() {
        let price = asked.unit_prices.get(index).copied().unwrap_or_default();
        let field = || format!("/sku/{index}");
        let (listing, parts) = match sold {
            None => {
                let message = format!("no SKU or listing has the code {code}");
                return Err(Rejection::field(field(), message).into());
            }
            Some(Sold::Sku(sku)) => (None, vec![(sku.clone(), quantity.get(), price)]),
            Some(Sold::Listing(listing)) => {
                let parts = parts(world, listing, *quantity, price)?;
                let Some(parts) = parts else {
                    let message = format!("asks for more than {QUANTITY_MAX} units");
                    return Err(Rejection::field(field(), message).into());
                };
                (Some(&**listing), parts)
            }
        };
        let bundle = listing.filter(|listing| listing.ships_together && parts.len() > 1);
        for (sku, units, value) in parts {
            must_be_sold(world, now, sku.id, listing.map(|listing| listing.id))?;
            basket.add(sku, units, value, bundle.map(|_| index));
        }
    }
    Ok(basket.wanted())
}

/// Which of several must leave in one shipment, as the number of their group, where each is part of
/// these bundles: all that share one, directly or by others.
pub(crate) fn groups<B: Ord>(bundles: impl Iterator<Item = Vec<B>>) -> Vec<Option<u32>> {
    let mut groups: Vec<Option<u32>> = Vec::new();
    let mut firsts: BTreeMap<B, usize> = BTreeMap::new();
    for (at, bundles) in bundles.enumerate() {
        groups.push(None);
        for bundle in bundles {
            let first = *firsts.entry(bundle).or_insert(at);
            let theirs = groups[first].unwrap_or(first as u32);
            let ours = groups[at].unwrap_or(theirs);
            let joined = theirs.min(ours);
            for group in &mut groups {
                if *group == Some(theirs) || *group == Some(ours) {
                    *group = Some(joined);
                }
            }
            groups[first] = Some(joined);
            groups[at] = Some(joined);
        }
    }
    groups
}

/// What a code stands for.
enum Sold<'a> {
    Sku(&'a Arc<Sku>),
    Listing(&'a Arc<Listing>),
}

/// A basket in the making.
#[derive(Default)]
struct Basket {
    wanted: Vec<Wanted>,
    /// The bundles that each is part of and that must leave in one shipment.
    bundles: Vec<Vec<usize>>,
}

impl Basket {
    fn add(&mut self, sku: Arc<Sku>, units: i64, value: Minor, bundle: Option<usize>) {
        let known = self.wanted.iter().position(|want| want.sku.id == sku.id);
        let at = known.unwrap_or_else(|| {
            self.bundles.push(Vec::new());
            self.wanted.push(Wanted {
                sku,
                quantity: 0,
                value,
                together: None,
            });
            self.wanted.len() - 1
        });
        let want = &mut self.wanted[at];
        want.quantity = want.quantity.saturating_add(units).min(QUANTITY_MAX);
        self.bundles[at].extend(bundle);
    }

    fn wanted(self) -> Vec<Wanted> {
        let mut wanted = self.wanted;
        for (want, group) in wanted.iter_mut().zip(groups(self.bundles.into_iter())) {
            want.together = group;
        }
        wanted
    }
}

/// A SKU, units of it, and what one costs.
type Part = (Arc<Sku>, i64, Minor);

/// What a listing takes from stock; `None` where it is too many.
fn parts(
    world: &World,
    listing: &Listing,
    quantity: Quantity,
    price: Minor,
) -> Result<Option<Vec<Part>>, Refusal> {
    let weights: Vec<i64> = listing
        .components
        .iter()
        .map(|part| part.price_weight)
        .collect();
    // As a captured line shares its money: all of it, and then by the unit, rounded up.
    let all = price.times(quantity.get()).unwrap_or_default();
    let shares = split(all, &weights);
    let mut parts = Vec::with_capacity(listing.components.len());
    for (part, share) in listing.components.iter().zip(shares) {
        let count = part.quantity.get();
        let units = quantity.get().checked_mul(count);
        let Some(units) = units.filter(|units| *units <= QUANTITY_MAX) else {
            return Ok(None);
        };
        let value = share.get().max(0) / units + i64::from(share.get().max(0) % units != 0);
        let value = Minor::new(value).unwrap_or_default();
        if let Some(sku) = world.sku(part.sku)? {
            parts.push((sku.clone(), units, value));
        }
    }
    Ok(Some(parts))
}

/// What may not be sourced now is not promised.
fn must_be_sold(
    world: &World,
    now: Timestamp,
    sku: SkuId,
    listing: Option<ListingId>,
) -> Result<(), Refusal> {
    let block = (world.reference()).block_of_line(sku, listing, BlockStage::Allocate, now);
    match block {
        None => Ok(()),
        Some(block) => {
            let detail = format!("part of it may not be sold now: {}", block.reason);
            Err(Rejection::new(Code::OutOfStock, detail).into())
        }
    }
}
