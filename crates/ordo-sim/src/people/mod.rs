//! The people of the simulation: each hand does one thing after another, as well as people do.

mod admin;
mod channel;
mod parcels;
mod rates;
mod returns;
mod stock;
mod support;
mod wreck;
mod yard;

use std::sync::Arc;
use std::time::Duration;

use ordo_domain::Command;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{FulfillmentOrderId, OrderId};
use ordo_domain::order::Order;
use ordo_domain::record::RecordKind;
use serde::de::DeserializeOwned;

use crate::audit::stored;
use crate::dice::Dice;
use crate::shop::Shop;
use crate::sim::{Ask, Sim, Told};
use crate::swarm::Trait;

pub use channel::place;
pub use yard::finish;

/// Somebody at work for one organization.
pub struct Hand {
    /// Everything.
    pub sim: Arc<Sim>,
    /// Where they work.
    pub shop: Arc<Shop>,
    /// Their luck.
    pub dice: Dice,
}

impl Hand {
    /// Works until enough orders are placed.
    pub async fn work(mut self, orders: u64) {
        while self.shop.memory().placed < orders {
            self.one_thing().await;
            let pause = Duration::from_micros(self.dice.below(40_000));
            self.sim.schedule.sleep(pause).await;
        }
    }

    /// Does one thing, of those that the simulation has.
    pub async fn one_thing(&mut self) {
        let has = |of: Trait| u64::from(self.sim.swarm.has(of));
        let weights = [
            80,
            40 * has(Trait::Resends),
            300,
            120 * has(Trait::Trouble),
            130,
            100 * has(Trait::Support),
            110 * has(Trait::Returns),
            60 + 120 * has(Trait::ScarceStock),
            60 * has(Trait::Carts),
            25 * has(Trait::Admin),
            15 * has(Trait::Prices),
            40 * has(Trait::Nonsense),
            10 * has(Trait::Erasures),
        ];
        match self.dice.weighted(&weights) {
            Some(0) => channel::place(self).await,
            Some(1) => channel::send_again(self).await,
            Some(2) => yard::work(self).await,
            Some(3) => yard::trouble(self).await,
            Some(4) => parcels::report(self).await,
            Some(5) => support::help(self).await,
            Some(6) => returns::handle(self).await,
            Some(7) => stock::change(self).await,
            Some(8) => stock::cart(self).await,
            Some(9) => admin::change(self).await,
            Some(10) => rates::change(self).await,
            Some(11) => wreck::ask(self).await,
            _ => support::erase(self).await,
        }
    }

    /// Asks for something; most people can ask again.
    pub async fn ask(&mut self, command: Command) -> Option<Told> {
        self.ask_marked(command, None).await
    }

    /// The same, naming what one event must name.
    pub async fn ask_marked(&mut self, command: Command, mark: Option<String>) -> Option<Told> {
        let key = self.dice.per_mille(850).then(|| self.dice.bits());
        let ask = Ask {
            command,
            key,
            expects: None,
            mark,
        };
        let sim = Arc::clone(&self.sim);
        sim.ask(&mut self.dice, &self.shop, ask).await
    }

    /// An order that somebody remembers, the late ones more often.
    pub fn some_order(&mut self) -> Option<Order> {
        let id = self.some_order_id()?;
        self.stored(RecordKind::Order, id.to_u128())
    }

    /// Its id.
    pub fn some_order_id(&mut self) -> Option<OrderId> {
        let memory = self.shop.memory();
        let known = memory.orders.len() as u64;
        let back = match self.dice.per_mille(700) {
            true => self.dice.below(known.min(25)),
            false => self.dice.below(known),
        };
        let at = usize::try_from(known.checked_sub(1 + back)?).ok()?;
        memory.orders.get(at).copied()
    }

    /// Some work of an order.
    pub fn some_work(&mut self, order: &Order) -> Option<FulfillmentOrder> {
        // The newest is the one at hand.
        let back = self
            .dice
            .below(order.fulfillment_orders.len().min(2) as u64);
        let at = order
            .fulfillment_orders
            .len()
            .checked_sub(1 + usize::try_from(back).ok()?)?;
        self.work_of(*order.fulfillment_orders.get(at)?)
    }

    /// Work as it is on the screen.
    #[must_use]
    pub fn work_of(&self, id: FulfillmentOrderId) -> Option<FulfillmentOrder> {
        self.stored(RecordKind::FulfillmentOrder, id.to_u128())
    }

    /// A record as it is on the screen.
    #[must_use]
    pub fn stored<T: DeserializeOwned>(&self, kind: RecordKind, id: u128) -> Option<T> {
        stored(&self.sim.shelf, self.shop.organization, kind, id)
    }

    /// The code of some location.
    pub fn some_location(&mut self) -> String {
        let at = self.dice.below(crate::shop::LOCATIONS.len() as u64);
        crate::shop::LOCATIONS[usize::try_from(at).unwrap_or(0)]
            .0
            .to_owned()
    }

    /// The code of some SKU.
    pub fn some_sku(&mut self) -> &'static str {
        let at = self.dice.below(crate::shop::SKUS.len() as u64);
        crate::shop::SKUS[usize::try_from(at).unwrap_or(0)].0
    }
}

/// Why people do things.
#[must_use]
pub fn cause(code: &str) -> ordo_domain::event::Cause {
    ordo_domain::event::Cause {
        reason_code: code.to_owned(),
        fault: ordo_domain::event::Fault::Seller,
        initiator: None,
    }
}
