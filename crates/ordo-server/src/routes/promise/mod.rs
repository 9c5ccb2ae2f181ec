//! `GET /promise`: by when and at what cost a basket would arrive. Nothing is taken.

use ordo_domain::contact::Contact;
use ordo_domain::money::{Currency, Minor, Money};
use ordo_domain::quantity::Quantity;
use ordo_domain::sourcing::{PromiseAnswer, PromiseOption, PromiseQuestion, promise};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::problem::Problem;
use crate::read;
use crate::routes::fulfillment_orders::CarriageAnswer;

/// More lines than any basket that a checkout shows.
const LINES_MAX: usize = 100;
/// More tags than an order may have.
const TAGS_MAX: usize = 50;

/// What could be promised.
#[derive(Serialize, ToSchema)]
#[schema(as = Promise)]
struct PromiseShown<'a> {
    /// One per service that can ship all of it, cheapest first, and the plan that an order would be
    /// sourced by where that is another one. It has no service where its shipments have several, or no
    /// rates are known.
    options: Vec<OptionShown<'a>>,
}

/// One way to ship the whole basket.
#[derive(Serialize, ToSchema)]
#[schema(as = PromiseOption)]
struct OptionShown<'a> {
    /// Who carries, where it is the same for all shipments.
    carrier: Option<&'a str>,
    /// Which product of theirs.
    service: Option<&'a str>,
    /// Carriage, handling, splits, and duties where `unit_price` is given; `null` without rates.
    cost: Option<Money>,
    /// The day on which the last shipment arrives; `null` without rates.
    #[schema(example = "2026-11-04")]
    arrives_on: Option<String>,
    /// Whether an order of this basket would be sourced like this, if it came in now.
    sourced: bool,
    /// What leaves from where.
    shipments: Vec<ShipmentShown<'a>>,
}

/// A shipment of an option.
#[derive(Serialize, ToSchema)]
#[schema(as = PromisedShipment)]
struct ShipmentShown<'a> {
    /// The location's code.
    location: &'a str,
    /// The local day on which it leaves.
    #[schema(example = "2026-11-02")]
    leaves_on: String,
    /// By what, where rates are known.
    carriage: Option<CarriageAnswer<'a>>,
    /// What is in it.
    units: Vec<UnitsShown<'a>>,
}

/// Units of one SKU.
#[derive(Serialize, ToSchema)]
#[schema(as = PromisedUnits)]
struct UnitsShown<'a> {
    /// The SKU's code.
    sku: &'a str,
    /// How many.
    #[schema(value_type = i64)]
    quantity: Quantity,
}

/// Says by when and at what cost a basket would arrive.
///
/// Reckoned as if it were an order now: stock, calendars, cut-offs, capacity and rates of all
/// locations that may ship it, and the sourcing rules that would count for it. Nothing is reserved.
#[utoipa::path(
    get,
    path = "/api/v1/promise",
    tag = "Sourcing",
    params(
        ("sku" = Vec<String>, Query, description = "The code of a SKU, or of a listing of the channel or of all channels, as an order line names it, and how many, such as `A:2`; one where there is no number. Bundles are taken apart. Repeated for several.", style = Form, explode),
        ("unit_price" = Option<Vec<i64>>, Query, description = "What a unit of each `sku` costs, in their order and in minor units of `currency`, for duties and for sourcing rules that ask for them. Either for all of them or for none.", style = Form, explode),
        ("country" = String, Query, description = "The destination, ISO 3166-1 alpha-2."),
        ("postal_code" = Option<String>, Query, description = "Its postal code."),
        ("city" = Option<String>, Query, description = "Its city, for where the postal code is not known."),
        ("region" = Option<String>, Query, description = "Its state or province."),
        ("channel" = Option<String>, Query, description = "The code of the channel that would sell it."),
        ("customer_tier" = Option<String>, Query, description = "The customer's tier, as the order will name it, by which sourcing rules may be chosen."),
        ("service" = Option<String>, Query, description = "The buyer's choice of shipping, as the order will name it, for sourcing rules that ask for it."),
        ("business" = Option<bool>, Query, description = "Whether a tax number will stand on the order, for sourcing rules that ask for it."),
        ("po_box" = Option<bool>, Query, description = "Whether it goes to a post office box, for sourcing rules that ask for it."),
        ("tag" = Option<Vec<String>>, Query, description = "The order's tags, for sourcing rules that ask for them.", style = Form, explode),
        ("currency" = Option<String>, Query, description = "The currency of costs; all that there are rates in where absent."),
    ),
    responses((status = 200, description = "What could be promised.", body = PromiseShown)),
)]
pub async fn get_promise(ask: Ask) -> Answer {
    let reference = ask.reference().await?;
    let question = question(&ask, &reference)?;
    let now = ask.app.engine.clock().now();
    let found = read::over_world(&ask, |world| promise(world, now, &question)).await?;
    Ok(answer::to_read(&PromiseShown::of(&found)))
}

fn question(
    ask: &Ask,
    reference: &ordo_domain::reference::Reference,
) -> Result<PromiseQuestion, Problem> {
    let mut params = Params::of(&ask.parts.uri)?;
    let baskets = params.texts("sku", 140);
    if baskets.is_empty() || baskets.len() > LINES_MAX {
        params.refuse(
            "sku",
            format!("must stand here from 1 to {LINES_MAX} times"),
        );
    }
    let mut basket = Vec::with_capacity(baskets.len().min(LINES_MAX));
    for (index, text) in baskets.iter().take(LINES_MAX).enumerate() {
        // A code may hold colons; what stands behind the last one counts where it is a number.
        let number = text.rsplit_once(':');
        let number = number.and_then(|(code, count)| Some((code, count.parse::<i64>().ok()?)));
        let (code, count) = number.unwrap_or((text, 1));
        match Quantity::positive(count) {
            Some(quantity) => basket.push((code.to_owned(), quantity)),
            None => params.refuse(
                &format!("sku/{index}"),
                "must name from 1 to 1000000000 units",
            ),
        }
    }
    let country = params.country("country");
    if country.is_none() {
        params.refuse("country", "is required");
    }
    let to = Contact {
        country,
        region: params.text("region", 64),
        postal_code: params.text("postal_code", 32),
        city: params.text("city", 255),
        ..Contact::default()
    };
    let channel = params.text("channel", 128).and_then(|code| {
        let channel = reference.channel_by_code(&code);
        if channel.is_none() {
            params.refuse("channel", "is not a channel's code");
        }
        channel.map(|channel| channel.id)
    });
    let tier = params.text("customer_tier", 64);
    let service = params.text("service", 255);
    let is_business = params.flag("business").unwrap_or(false);
    let is_po_box = params.flag("po_box").unwrap_or(false);
    let tags = params.texts("tag", 64);
    if tags.len() > TAGS_MAX {
        params.refuse("tag", format!("must stand here at most {TAGS_MAX} times"));
    }
    let currency = params.text("currency", 3).and_then(|text| {
        let currency = text.parse::<Currency>();
        currency
            .map_err(|error| params.refuse("currency", error.to_string()))
            .ok()
    });
    let prices = params.texts("unit_price", 20);
    let unit_prices: Option<Vec<Minor>> = (prices.iter())
        .map(|text| {
            text.parse()
                .ok()
                .filter(|price| *price >= 0)
                .and_then(Minor::new)
        })
        .collect();
    if unit_prices
        .as_ref()
        .is_none_or(|all| !all.is_empty() && all.len() != baskets.len())
    {
        params.refuse("unit_price", "must stand here once per sku, as minor units");
    } else if !prices.is_empty() && currency.is_none() {
        params.refuse("currency", "is required with unit_price");
    }
    params.finish()?;
    Ok(PromiseQuestion {
        unit_prices: unit_prices.unwrap_or_default(),
        channel,
        tier,
        service,
        is_business,
        is_po_box,
        tags,
        basket,
        to: to.place(None, reference.gazetteer()),
        currency,
    })
}

impl<'a> PromiseShown<'a> {
    fn of(found: &'a PromiseAnswer) -> Self {
        Self {
            options: found.options.iter().map(OptionShown::of).collect(),
        }
    }
}

impl<'a> OptionShown<'a> {
    fn of(option: &'a PromiseOption) -> Self {
        Self {
            carrier: option.service.as_ref().map(|(carrier, _)| &**carrier),
            service: option.service.as_ref().map(|(_, service)| &**service),
            cost: option.cost,
            arrives_on: option.arrives_on.map(|day| day.to_string()),
            sourced: option.sourced,
            shipments: (option.shipments.iter())
                .map(|shipment| ShipmentShown {
                    location: &shipment.location,
                    leaves_on: shipment.leaves_on.to_string(),
                    carriage: (shipment.carriage.as_ref())
                        .map(|carriage| CarriageAnswer::of(carriage, |sku| shipment.code_of(sku))),
                    units: (shipment.units.iter())
                        .map(|unit| UnitsShown {
                            sku: &unit.code,
                            quantity: unit.quantity,
                        })
                        .collect(),
                })
                .collect(),
        }
    }
}
