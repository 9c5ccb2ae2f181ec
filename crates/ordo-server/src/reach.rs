//! What keys of a limited scope may do: work on the orders of their channels, with their shipments
//! and returns, and on the stock and the fulfillment orders of their locations; and nothing else.
//!
//! Invariant: an operation that does not know of scopes is closed to limited keys. That holds for
//! reports and for everything that tells of events (feed, stream, webhooks), which are of all.

use ordo_domain::Code;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{ChannelId, LocationId, OrderId};
use ordo_domain::order::Order;
use ordo_domain::organization::Scope;
use ordo_domain::reference::Reference;
use ordo_domain::returns::Return;
use ordo_domain::shipment::Shipment;

use ordo_store::{Page, StoreError};

use crate::app::Ask;
use crate::problem::Problem;
use crate::read;

/// What an operation that knows of scopes is about.
#[derive(Clone, Copy)]
enum About {
    /// Orders or returns of a channel; the operation asks for the channel itself.
    Channels,
    /// Stock or work of a location; the operation asks for the location itself.
    Locations,
    /// The order that the address names.
    Order,
    /// The return that the address names.
    Return,
    /// The fulfillment order that the address names.
    Work,
    /// The shipment that the address names: of its order's channel, and of its own location.
    Shipment,
}

/// What the operation at this address is about; `None` where it is closed to limited keys.
fn about(path: &str) -> Option<About> {
    let path = path.strip_prefix("/api/v1/")?;
    match path {
        "orders" | "returns" => Some(About::Channels),
        "fulfillment-orders" | "stock" | "stock/movements" | "stock/lots" | "stock/shortfalls" => {
            Some(About::Locations)
        }
        _ if path.starts_with("orders/{id}") => Some(About::Order),
        _ if path.starts_with("returns/{id}") => Some(About::Return),
        _ if path.starts_with("fulfillment-orders/{id}") => Some(About::Work),
        _ if path.starts_with("shipments/{id}") => Some(About::Shipment),
        _ => None,
    }
}

impl Ask {
    /// Lets the request pass where the key's scope allows the operation at all, and what it names.
    pub async fn must_reach(&self, path: &str) -> Result<(), Problem> {
        let scope = &self.caller.scope;
        if scope.is_whole() {
            return Ok(());
        }
        let of_channels = !scope.channels.is_empty();
        let of_locations = !scope.locations.is_empty();
        let is_reached = match about(path) {
            Some(About::Channels) if of_channels => true,
            Some(About::Locations) if of_locations => true,
            Some(About::Order) if of_channels => self.reaches_order(self.id("{id}")?).await?,
            Some(About::Return) if of_channels => {
                let found: Return = read::find(self, self.id("{id}")?).await?;
                self.reaches_order(found.order).await?
            }
            Some(About::Work) if of_locations => {
                let work: FulfillmentOrder = read::find(self, self.id("{id}")?).await?;
                scope.has_location(work.location)
            }
            Some(About::Shipment) => {
                let shipment: Shipment = read::find(self, self.id("{id}")?).await?;
                scope.has_location(shipment.location) || self.reaches_order(shipment.order).await?
            }
            Some(
                About::Channels | About::Order | About::Return | About::Locations | About::Work,
            )
            | None => return Err(out_of_scope()),
        };
        match is_reached {
            true => Ok(()),
            // As with another organization's: that it is there is nothing to tell.
            false => Err(Problem::not_found()),
        }
    }

    async fn reaches_order(&self, order: OrderId) -> Result<bool, Problem> {
        let order: Order = read::find(self, order).await?;
        Ok(self.caller.scope.has_channel(order.channel))
    }

    /// Lets pass what is for the channel with this code, where the key reaches it. A key that is not
    /// limited pays nothing.
    pub async fn must_reach_channel(&self, code: &str) -> Result<(), Problem> {
        let scope = &self.caller.scope;
        if scope.is_whole() {
            return Ok(());
        }
        let reference = self.reference().await?;
        match reference.channel_by_code(code) {
            Some(channel) if scope.has_channel(channel.id) => Ok(()),
            // What is not there is told only to keys that reach everything.
            Some(_) | None => Err(out_of_scope()),
        }
    }

    /// Lets pass what is for the location with this code, where the key reaches it.
    pub async fn must_reach_location(&self, code: &str) -> Result<(), Problem> {
        let scope = &self.caller.scope;
        if scope.is_whole() {
            return Ok(());
        }
        let reference = self.reference().await?;
        match reference.location_by_code(code) {
            Some(location) if scope.has_location(location.id) => Ok(()),
            Some(_) | None => Err(out_of_scope()),
        }
    }

    /// Of the channels, or of one that is asked for, the one that a list is limited to.
    pub fn only_channel(&self, asked: Option<ChannelId>) -> Result<Option<ChannelId>, Problem> {
        let scope = &self.caller.scope;
        match (asked, scope.channels.as_slice()) {
            (asked, _) if scope.is_whole() => Ok(asked),
            (Some(asked), _) if scope.has_channel(asked) => Ok(Some(asked)),
            (None, [only]) => Ok(Some(*only)),
            (Some(_), _) | (None, _) => Err(out_of_scope()),
        }
    }

    /// Likewise of the locations.
    pub fn only_location(&self, asked: Option<LocationId>) -> Result<Option<LocationId>, Problem> {
        let scope = &self.caller.scope;
        match (asked, scope.locations.as_slice()) {
            (asked, _) if scope.is_whole() => Ok(asked),
            (Some(asked), _) if scope.has_location(asked) => Ok(Some(asked)),
            (None, [only]) => Ok(Some(*only)),
            (Some(_), _) | (None, _) => Err(out_of_scope()),
        }
    }
}

/// Pages of the store that are read for one of a limited key, which may reach little of each.
const PAGES_MAX: usize = 20;

/// A page of what `reaches` lets pass. It is full where there is more, unless that is more than
/// [`PAGES_MAX`] pages away; `place` says where an entry stands.
pub async fn page<T, C, F>(
    limit: usize,
    mut after: Option<C>,
    mut read: impl FnMut(Option<C>) -> F,
    reaches: impl Fn(&T) -> bool,
    place: impl Fn(&T) -> C,
) -> Result<Page<T, C>, StoreError>
where
    C: Copy,
    F: Future<Output = Result<Page<T, C>, StoreError>>,
{
    let mut items: Vec<T> = Vec::new();
    for _ in 0..PAGES_MAX {
        let found = read(after).await?;
        let mut reached = found.items.into_iter().filter(&reaches);
        items.extend(reached.by_ref().take(limit - items.len()));
        let more = reached.next().is_some() || found.next.is_some();
        after = match items.last() {
            Some(last) if items.len() == limit => Some(place(last)).filter(|_| more),
            Some(_) | None => found.next,
        };
        if items.len() == limit || after.is_none() {
            break;
        }
    }
    Ok(Page { items, next: after })
}

fn out_of_scope() -> Problem {
    let detail = "the key is for other channels or locations, or not for this operation";
    Problem::new(Code::Forbidden, detail)
}

/// The codes of a scope's channels and locations.
pub fn codes<'a>(scope: &Scope, reference: &'a Reference) -> (Vec<&'a str>, Vec<&'a str>) {
    let channel = |id: &ChannelId| reference.channel(*id).map(|found| found.code.as_str());
    let location = |id: &LocationId| reference.location(*id).map(|found| found.code.as_str());
    (
        scope.channels.iter().filter_map(channel).collect(),
        scope.locations.iter().filter_map(location).collect(),
    )
}
