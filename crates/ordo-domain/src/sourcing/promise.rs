//! What could be promised for a basket: by which service it would arrive when, and at what cost.
//!
//! The same problem as that of an order, solved without taking anything.

use crate::decide::Refusal;
use crate::id::ChannelId;
use crate::money::{Currency, Minor, Money};
use crate::network::Place;
use crate::quantity::Quantity;
use crate::rate::MICRO;
use crate::rejection::{Code, Rejection};
use crate::rules::RuleSubject;
use crate::rules::facts::{LineFacts, OrderFacts};
use crate::sourcing::leave::{Stays, leave};
use crate::sourcing::{
    Counting, Guide, PlannedCarriage, Question, Solved, Taken, Wanted, line_facts,
};
use crate::time::{Date, Timestamp};
use crate::world::World;

/// More services than anybody offers at a checkout.
const SERVICES_MAX: usize = 40;

/// What is asked.
#[derive(Debug, Clone)]
pub struct PromiseQuestion {
    /// The channel that would sell; `None` for any.
    pub channel: Option<ChannelId>,
    /// SKU codes and how many of each.
    pub basket: Vec<(String, Quantity)>,
    /// What a unit of each costs in `currency`, for duties; empty where that is not known.
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
    /// SKU codes and how many of each.
    pub units: Vec<(String, Quantity)>,
}

/// What could be promised at `now`.
///
/// # Errors
/// A miss; a SKU that is not there; a basket that cannot be shipped as a whole.
pub fn promise(
    world: &World,
    now: Timestamp,
    asked: &PromiseQuestion,
) -> Result<PromiseAnswer, Refusal> {
    world.want_skus(asked.basket.iter().map(|(code, _)| code.as_str()))?;
    let mut wanted: Vec<Wanted> = Vec::with_capacity(asked.basket.len());
    for (index, (code, quantity)) in asked.basket.iter().enumerate() {
        let Some(sku) = world.sku_by_code(code)? else {
            let message = format!("no SKU has the code {code}");
            return Err(Rejection::field(format!("/sku/{index}"), message).into());
        };
        match wanted.iter_mut().find(|want| want.sku.id == sku.id) {
            Some(want) => want.quantity += quantity.get(),
            None => wanted.push(Wanted {
                sku: sku.clone(),
                quantity: quantity.get(),
                value: asked.unit_prices.get(index).copied().unwrap_or_default(),
                together: None,
            }),
        }
    }
    let question = |currency, only| Question {
        now,
        channel: asked.channel,
        to: &asked.to,
        currency,
        promised: None,
        declined: &[],
        only,
        wanted: &wanted,
        guide: None,
    };
    let guides = Guides::of(world, now, asked, &wanted);
    let solve = |currency, only| guides.solve(world, question(currency, only));
    let mut options = Vec::new();
    for (currency, carrier, service) in services(world, asked.currency) {
        let only = Some((carrier, service));
        let Some(solved) = solve(Some(currency), only)? else {
            continue;
        };
        let option = option(world, now, &wanted, &solved, Some(currency))?;
        options.extend(option.filter(|option| option.service.is_some()));
    }
    if options.is_empty() {
        for currency in currencies(world, asked.currency) {
            let Some(solved) = solve(currency, None)? else {
                continue;
            };
            options.extend(option(world, now, &wanted, &solved, currency)?);
        }
        // Without rates all currencies say the same.
        options.dedup();
    }
    if options.is_empty() {
        let detail = "the locations that may ship there do not have all of it";
        return Err(Rejection::new(Code::OutOfStock, detail).into());
    }
    options.sort_by_key(|option| (option.cost.map(|cost| cost.amount), option.arrives_on));
    Ok(PromiseAnswer { options })
}

/// The rules that would count for an order of the basket.
struct Guides<'a> {
    counting: Option<Counting<'a>>,
    order: OrderFacts<'a>,
    lines: Vec<LineFacts<'a>>,
    now: Timestamp,
}

impl<'a> Guides<'a> {
    fn of(
        world: &'a World,
        now: Timestamp,
        asked: &'a PromiseQuestion,
        wanted: &'a [Wanted],
    ) -> Self {
        let subject = RuleSubject {
            channel: asked.channel,
            tier: "",
        };
        let channel = asked.channel.and_then(|id| world.reference().channel(id));
        let order = OrderFacts {
            channel: channel.map_or("", |channel| &channel.code),
            channel_kind: channel.map_or("", |channel| channel.kind.name()),
            currency: asked
                .currency
                .as_ref()
                .map_or("", |currency| currency.code()),
            country: &asked.to.country,
            region: asked.to.region.as_deref().unwrap_or(""),
            postal_code: asked.to.postal.as_deref().unwrap_or(""),
            ..OrderFacts::default()
        };
        Self {
            counting: Counting::of(world, subject, now),
            order: order.with(wanted),
            lines: line_facts(wanted),
            now,
        }
    }

    /// The plan of the first step that ships the whole basket, else that of the last one asked: a
    /// promise is for one plan, though an order may be shipped by several steps. `None` where no step
    /// is for it.
    fn solve(&self, world: &World, question: Question) -> Result<Option<Solved>, Refusal> {
        let Some(counting) = &self.counting else {
            return Ok(Some(question.problem(world)?.decide()));
        };
        let taken = Taken::default();
        let guides: Vec<Guide> = (counting.rules().steps.iter())
            .map(|step| counting.guide(step, &self.order, &self.lines, self.now, &taken))
            .filter(Guide::is_asked)
            .collect();
        let mut last = None;
        for guide in &guides {
            let asked = Question {
                guide: Some(guide),
                ..question
            };
            let solved = asked.problem(world)?.decide();
            let is_whole = solved.decision.solution.plan.unfilled.is_empty();
            last = Some(solved);
            if is_whole {
                break;
            }
        }
        Ok(last)
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

/// The plan as an option; `None` where it does not ship everything.
fn option(
    world: &World,
    now: Timestamp,
    wanted: &[Wanted],
    solved: &Solved,
    currency: Option<Currency>,
) -> Result<Option<PromiseOption>, Refusal> {
    let solution = &solved.decision.solution;
    if !solution.plan.unfilled.is_empty() {
        return Ok(None);
    }
    let mut shipments = Vec::with_capacity(solution.plan.shipments.len());
    for shipment in &solution.plan.shipments {
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
            (want.sku.code.clone(), Quantity::stored(*units))
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
    let minor = (solved.decision.paid_uc() + MICRO / 2) / MICRO;
    let cost = currency
        .zip(Minor::new(minor))
        .filter(|_| !carriages.is_empty());
    Ok(Some(PromiseOption {
        service,
        cost: cost.map(|(currency, amount)| Money { amount, currency }),
        arrives_on,
        shipments,
    }))
}
