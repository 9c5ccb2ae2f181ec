//! What could be promised for a basket: by which service it would arrive when, and at what cost.
//!
//! The same problem as that of an order, solved without taking anything.

use crate::decide::Refusal;
use crate::id::{ChannelId, SkuId};
use crate::money::{Currency, Minor, Money};
use crate::network::{ChannelKind, Place};
use crate::order::{OrderKind, Terms};
use crate::quantity::Quantity;
use crate::rate::MICRO;
use crate::rejection::{Code, Rejection};
use crate::rules::RuleSubject;
use crate::rules::facts::OrderFacts;
use crate::sourcing::basket;
use crate::sourcing::leave::{Stays, leave};
use crate::sourcing::{Counting, Demand, PlannedCarriage, Question, Solved, Wanted, ask_steps};
use crate::time::{Date, Timestamp};
use crate::world::World;

/// More services than anybody offers at a checkout.
const SERVICES_MAX: usize = 40;

/// What is asked.
#[derive(Debug, Clone)]
pub struct PromiseQuestion {
    /// The channel that would sell; `None` for any.
    pub channel: Option<ChannelId>,
    /// The customer's tier, where sourcing rules ask for it.
    pub tier: Option<String>,
    /// The buyer's choice of shipping, as the order will name it, where rules ask for it.
    pub service: Option<String>,
    /// Whether it goes to a post office box, where rules ask for it.
    pub is_po_box: bool,
    /// Whether the buyer is a business, where rules ask for it.
    pub is_business: bool,
    /// The order's tags, where rules ask for them.
    pub tags: Vec<String>,
    /// Codes of SKUs, or of listings as order lines of the channel name them, and how many of each.
    pub basket: Vec<(String, Quantity)>,
    /// What a unit of each costs in `currency`, for duties and rules; empty where that is not known.
    pub unit_prices: Vec<Minor>,
    /// Where to.
    pub to: Place,
    /// The currency of costs; `None` for each that there are rates in.
    pub currency: Option<Currency>,
}

/// What could be promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseAnswer {
    /// Cheapest first, then the earliest.
    pub options: Vec<PromiseOption>,
}

/// One way to ship the whole basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseOption {
    /// Carrier and service of every shipment; `None` where they differ or are not known.
    pub service: Option<(String, String)>,
    /// Carriage, handling, splits, and duties where prices are known; `None` without rates.
    pub cost: Option<Money>,
    /// The day on which the last shipment arrives; `None` without rates.
    pub arrives_on: Option<Date>,
    /// Whether an order of the basket would be sourced like this, if it came in now.
    pub sourced: bool,
    /// What leaves from where.
    pub shipments: Vec<PromisedShipment>,
}

/// A shipment of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromisedShipment {
    /// The location's code.
    pub location: String,
    /// The local day on which it leaves.
    pub leaves_on: Date,
    /// By what, where there are rates.
    pub carriage: Option<PlannedCarriage>,
    /// What is in it.
    pub units: Vec<PromisedUnits>,
}

/// Units of a SKU in a promised shipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromisedUnits {
    /// The SKU.
    pub sku: SkuId,
    /// Its code.
    pub code: String,
    /// How many.
    pub quantity: Quantity,
}

impl PromisedShipment {
    /// The code of a SKU that is in it.
    #[must_use]
    pub fn code_of(&self, sku: SkuId) -> &str {
        let found = self.units.iter().find(|unit| unit.sku == sku);
        found.map_or("", |unit| &unit.code)
    }
}

/// What could be promised at `now`.
///
/// # Errors
/// A miss; a code that is neither a SKU's nor a listing's; a basket that cannot be shipped as a whole.
pub fn promise(
    world: &World,
    now: Timestamp,
    asked: &PromiseQuestion,
) -> Result<PromiseAnswer, Refusal> {
    let wanted = basket::wanted(world, now, asked)?;
    let asking = Asking {
        world,
        now,
        asked,
        wanted: &wanted,
        order: order_facts(world, asked, &wanted),
    };
    let mut options = Vec::new();
    for (currency, carrier, service) in services(world, asked.currency) {
        let option = asking.option(Some(currency), Some((carrier, service)))?;
        options.extend(option.filter(|option| option.service.is_some()));
    }
    for currency in currencies(world, asked.currency) {
        let Some(sourced) = asking.option(currency, None)? else {
            continue;
        };
        match options
            .iter_mut()
            .find(|option| option.is_same_plan(&sourced))
        {
            Some(option) => option.sourced = true,
            None => options.push(PromiseOption {
                sourced: true,
                ..sourced
            }),
        }
    }
    if options.is_empty() {
        let detail = "the locations that may ship there do not have all of it";
        return Err(Rejection::new(Code::OutOfStock, detail).into());
    }
    options.sort_by_key(|option| (option.cost.map(|cost| cost.amount), option.arrives_on));
    Ok(PromiseAnswer { options })
}

impl PromiseOption {
    /// Whether the same leaves from the same locations by the same services, in the same currency.
    fn is_same_plan(&self, other: &Self) -> bool {
        let ways = |option: &Self| -> Vec<_> {
            let shipments = option.shipments.iter().map(|shipment| {
                let carriage = shipment.carriage.as_ref();
                let way =
                    carriage.map(|one| (one.currency, one.carrier.clone(), one.service.clone()));
                (shipment.location.clone(), shipment.units.clone(), way)
            });
            shipments.collect()
        };
        ways(self) == ways(other)
    }
}

/// What rules may ask of an order of the basket.
fn order_facts<'a>(
    world: &'a World,
    asked: &'a PromiseQuestion,
    wanted: &[Wanted],
) -> OrderFacts<'a> {
    let channel = asked.channel.and_then(|id| world.reference().channel(id));
    let value = |want: &Wanted| want.value.get().saturating_mul(want.quantity);
    let items = wanted.iter().map(value).fold(0, i64::saturating_add);
    OrderFacts {
        channel: channel.map_or("", |channel| &channel.code),
        channel_kind: channel.map_or("", |channel| channel.kind.name()),
        // What is charged for shipping is not known yet.
        total: items,
        items,
        kind: OrderKind::default().name(),
        // As the channel's kind suggests: nothing has been paid yet.
        terms: match channel.map(|channel| channel.kind) {
            Some(ChannelKind::Marketplace) => Terms::Marketplace.name(),
            Some(ChannelKind::B2b) => Terms::OnAccount.name(),
            Some(
                ChannelKind::Web | ChannelKind::Pos | ChannelKind::Social | ChannelKind::Manual,
            )
            | None => Terms::Prepaid.name(),
        },
        service: asked.service.as_deref().unwrap_or(""),
        country: &asked.to.country,
        region: asked.to.region.as_deref().unwrap_or(""),
        postal_code: asked.to.postal.as_deref().unwrap_or(""),
        tags: &asked.tags,
        tier: asked.tier.as_deref().unwrap_or(""),
        is_business: asked.is_business,
        is_po_box: asked.is_po_box,
        ..OrderFacts::default()
    }
}

/// A basket that plans are made for.
struct Asking<'a> {
    world: &'a World,
    now: Timestamp,
    asked: &'a PromiseQuestion,
    wanted: &'a [Wanted],
    order: OrderFacts<'a>,
}

/// Plans and what each was made for.
struct Basket {
    left: Vec<Wanted>,
    plans: Vec<(Vec<Wanted>, Solved)>,
}

impl Demand for Basket {
    fn left(&mut self) -> Vec<Wanted> {
        self.left.retain(|want| want.quantity > 0);
        self.left.clone()
    }

    fn take(&mut self, wanted: &[Wanted], solved: Solved) {
        for (line, units) in
            (solved.decision.solution.plan.shipments.iter()).flat_map(|shipment| &shipment.lines)
        {
            self.left[*line].quantity -= units;
        }
        self.plans.push((wanted.to_vec(), solved));
    }
}

impl Asking<'_> {
    /// How all of it would be shipped, by the steps of the rules where they count; `None` where that
    /// is not all.
    fn option(
        &self,
        currency: Option<Currency>,
        only: Option<(&str, &str)>,
    ) -> Result<Option<PromiseOption>, Refusal> {
        let question = Question {
            now: self.now,
            channel: self.asked.channel,
            to: &self.asked.to,
            currency,
            promised: None,
            declined: &[],
            only,
            wanted: self.wanted,
            about: &self.order,
            guide: None,
        };
        let subject = RuleSubject {
            channel: self.asked.channel,
            tier: self.order.tier,
        };
        let mut basket = Basket {
            left: self.wanted.to_vec(),
            plans: Vec::new(),
        };
        match Counting::of(self.world, subject, self.now) {
            None => {
                let solved = question.problem(self.world)?.decide();
                basket.take(self.wanted, solved);
            }
            Some(counting) => {
                let order = OrderFacts {
                    currency: currency.as_ref().map_or("", |currency| currency.code()),
                    ..self.order
                };
                ask_steps(self.world, counting, &question, &order, &mut basket)?;
            }
        }
        if !basket.left().is_empty() {
            return Ok(None);
        }
        option(self.world, self.now, &basket.plans, currency)
    }
}

/// Currency, carrier and service of every rate table, each once.
fn services(world: &World, currency: Option<Currency>) -> Vec<(Currency, &str, &str)> {
    let tables = world.reference().rate_tables();
    let mut services: Vec<_> = tables
        .filter(|table| currency.is_none_or(|currency| table.currency == currency))
        .map(|table| (table.currency, &*table.carrier, &*table.service))
        .collect();
    services.sort_unstable();
    services.dedup();
    services.truncate(SERVICES_MAX);
    services
}

/// The currencies to ask by: the one that is asked for, or all that there are rates in.
fn currencies(world: &World, currency: Option<Currency>) -> Vec<Option<Currency>> {
    if currency.is_some() {
        return vec![currency];
    }
    let tables = world.reference().rate_tables();
    let mut currencies: Vec<_> = tables.map(|table| Some(table.currency)).collect();
    currencies.sort_unstable();
    currencies.dedup();
    match currencies.is_empty() {
        true => vec![None],
        false => currencies,
    }
}

/// Plans that ship everything, as an option.
fn option(
    world: &World,
    now: Timestamp,
    plans: &[(Vec<Wanted>, Solved)],
    currency: Option<Currency>,
) -> Result<Option<PromiseOption>, Refusal> {
    let each = plans.iter().flat_map(|(wanted, solved)| {
        let shipments = solved.decision.solution.plan.shipments.iter();
        shipments.map(move |shipment| (wanted, solved, shipment))
    });
    let mut shipments = Vec::new();
    for (wanted, solved, shipment) in each {
        let planned = solved.planned(shipment);
        let Some(location) = world.reference().location(planned.location) else {
            return Ok(None);
        };
        let leaves_on = match &planned.carriage {
            Some(carriage) => carriage.leaves_on,
            None => match leave(world, now, location, None)? {
                Ok(leave) => leave.day,
                Err(Stays::Closed | Stays::Full) => return Ok(None),
            },
        };
        let unit = |(line, units): &(usize, i64)| {
            let want = &wanted[*line];
            PromisedUnits {
                sku: want.sku.id,
                code: want.sku.code.clone(),
                quantity: Quantity::stored(*units),
            }
        };
        shipments.push(PromisedShipment {
            location: location.code.clone(),
            leaves_on,
            carriage: planned.carriage,
            units: shipment.lines.iter().map(unit).collect(),
        });
    }
    let carriages: Option<Vec<&PlannedCarriage>> = (shipments.iter())
        .map(|shipment| shipment.carriage.as_ref())
        .collect();
    let carriages = carriages.unwrap_or_default();
    let arrives_on = carriages.iter().map(|carriage| carriage.arrives_on).max();
    let names = |carriage: &PlannedCarriage| (carriage.carrier.clone(), carriage.service.clone());
    let first = carriages.first().map(|carriage| names(carriage));
    let service = first.filter(|first| carriages.iter().all(|carriage| names(carriage) == *first));
    let paid_uc = plans.iter().map(|(_, solved)| solved.decision.paid_uc());
    let minor = (paid_uc.sum::<i64>() + MICRO / 2) / MICRO;
    let cost = currency
        .zip(Minor::new(minor))
        .filter(|_| !carriages.is_empty());
    Ok(Some(PromiseOption {
        service,
        cost: cost.map(|(currency, amount)| Money { amount, currency }),
        arrives_on,
        sourced: false,
        shipments,
    }))
}
