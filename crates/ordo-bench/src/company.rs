//! The company that benches sell for: one channel, 8 locations in Germany, 500 SKUs everywhere.

use ordo_domain::catalog::{CreateSku, StockPolicy, Tracking};
use ordo_domain::id::OrganizationId;
use ordo_domain::money::{Currency, Minor};
use ordo_domain::network::{ChannelKind, CreateChannel, CreateLocation, LocationKind, Place};
use ordo_domain::quantity::Quantity;
use ordo_domain::rate::{CreateRateTable, RateTableDraft, Surcharge, Zone};
use ordo_domain::reference::Reference;
use ordo_domain::stock::{MoveStock, MovementKind};
use ordo_domain::{Actor, Applied, Command, Rejection};
use ordo_engine::{Engine, Lane, Request};

/// Locations and their postal codes.
pub const LOCATIONS: [(&str, &str); 8] = [
    ("BER", "10115"),
    ("HAM", "20095"),
    ("HAN", "30159"),
    ("DUS", "40210"),
    ("CGN", "50667"),
    ("FRA", "60311"),
    ("STR", "70173"),
    ("MUC", "80331"),
];
/// Two more, for benches that are about ten.
pub const MORE_LOCATIONS: [(&str, &str); 2] = [("LEJ", "04103"), ("BRE", "28195")];
/// How many SKUs there are.
pub const SKUS: usize = 500;

/// A SKU's code.
pub fn sku_code(n: usize) -> String {
    format!("SKU-{n:04}")
}

/// Sets the company up; `units` of every SKU at every location.
pub async fn set_up(
    engine: &Engine,
    organization: OrganizationId,
    units: i64,
) -> Result<(), String> {
    submit(engine, organization, all_commands(units)).await
}

/// Gives it two carriers, so that money decides where orders ship from.
pub async fn give_rates(engine: &Engine, organization: OrganizationId) -> Result<(), String> {
    let euro: Currency = "EUR".parse().map_err(|_| "EUR is no currency")?;
    let tables = [("economy", 2, 0), ("express", 1, 650)].map(|(service, days, more)| {
        Command::CreateRateTable(rate_table(euro, service, days, more))
    });
    submit(engine, organization, tables.into_iter()).await
}

/// Prices by distance and weight, with a surcharge; `more` minor units above the plain service.
fn rate_table(currency: Currency, service: &str, transit_days: u16, more: i64) -> CreateRateTable {
    let steps_g = vec![500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 31_500];
    let minor = |amount| Minor::new(amount).unwrap_or(Minor::ZERO);
    let zones = [Some(75_000), Some(200_000), Some(400_000), None];
    let zones = zones.into_iter().zip(0_i64..).map(|(up_to_m, n)| Zone {
        name: format!("Z{n}"),
        areas: Vec::new(),
        up_to_m,
        transit_days: transit_days + n as u16 / 2,
        prices: (0_i64..)
            .zip(&steps_g)
            .map(|(step, _)| Some(minor(390 + more + 45 * n + 70 * step + 11 * n * step)))
            .collect(),
    });
    CreateRateTable {
        table: Box::new(RateTableDraft {
            code: service.to_owned(),
            carrier: "carrier".to_owned(),
            service: service.to_owned(),
            currency,
            origins: Vec::new(),
            zones: zones.collect(),
            steps_g,
            mm3_per_g: Some(5_000),
            surcharges: vec![Surcharge {
                name: "fuel".to_owned(),
                flat: Minor::ZERO,
                ppm: 62_500,
                per_parcel: false,
                over_g: None,
            }],
            takes: None,
            valid_from: None,
            valid_until: None,
        }),
    }
}

async fn submit(
    engine: &Engine,
    organization: OrganizationId,
    commands: impl Iterator<Item = Command>,
) -> Result<(), String> {
    for command in commands {
        let reply = engine.submit(organization, request(command)).await;
        let reply = reply.map_err(|error| error.to_string())?;
        if reply.status >= 300 {
            return Err(format!("set-up was refused: {}", reply.template));
        }
    }
    Ok(())
}

/// Everything that sets the company up, in order.
pub fn all_commands(units: i64) -> impl Iterator<Item = Command> {
    let locations = (LOCATIONS.iter()).map(|(code, postal)| location(code, postal, None));
    let skus = (0..SKUS).map(|n| sku(sku_code(n)));
    let stock = (0..SKUS).flat_map(move |n| {
        LOCATIONS
            .iter()
            .map(move |(location, _)| receive(sku_code(n), location, units))
    });
    std::iter::once(channel())
        .chain(locations)
        .chain(skus)
        .chain(stock)
}

/// Makes the channel that orders come from.
pub fn channel() -> Command {
    Command::CreateChannel(CreateChannel {
        code: "web".into(),
        kind: ChannelKind::Web,
        name: None,
    })
}

/// Makes a location, with shipments a day where they are limited.
pub fn location(code: &str, postal: &str, daily_capacity: Option<i64>) -> Command {
    Command::CreateLocation(CreateLocation {
        code: code.into(),
        kind: LocationKind::Warehouse,
        name: None,
        place: Place {
            country: "DE".into(),
            region: None,
            postal: Some(postal.into()),
            at: None,
            precision: None,
        },
        city: None,
        time_zone: "Europe/Berlin".into(),
        daily_capacity,
    })
}

/// Makes a SKU.
pub fn sku(code: String) -> Command {
    Command::CreateSku(CreateSku {
        code,
        name: None,
        barcode: None,
        weight_g: 350,
        dimensions: None,
        unit_scale: 1,
        stock_policy: StockPolicy::Tracked,
        tracking: Tracking::None,
        hs_code: None,
        origin_country: None,
        tags: Vec::new(),
        ships_alone: false,
    })
}

/// Receives stock.
pub fn receive(sku: String, location: &str, units: i64) -> Command {
    Command::MoveStock(MoveStock {
        kind: MovementKind::Receive,
        sku,
        location: location.into(),
        quantity: Quantity::stored(units),
        lot: None,
        reason: None,
    })
}

/// A request of the bench's own, answered with nothing but a status.
pub fn request(command: Command) -> Request {
    Request {
        command,
        actor: Actor::System,
        lane: Lane::People,
        idempotency: None,
        expects: None,
        size: 0,
        render: status_only,
    }
}

/// Renders a status and the detail of a refusal.
pub fn status_only(_: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    match result {
        Ok(_) => (200, String::new()),
        Err(rejection) => (rejection.code.status(), rejection.detail.clone()),
    }
}

/// The body of order `n`: three lines of different SKUs, paid, to one of many buyers. Spread by a
/// multiplicative hash, so that every run sends the same orders.
pub fn order_body(n: usize, run: &str) -> String {
    let spread = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let postal = 10_000 + spread % 89_999;
    let mut lines = String::new();
    let mut total = 490;
    for index in 0..3_u64 {
        let sku = ((spread >> (8 * index + 5)) as usize + index as usize * 167) % SKUS;
        let quantity = 1 + (spread >> (40 + index)) % 2;
        let price = 999 + 100 * index;
        total += price * quantity;
        let comma = if index == 0 { "" } else { "," };
        lines.push_str(&format!(
            "{comma}{{\"external_id\":\"{}\",\"sku\":\"{}\",\"quantity\":{quantity},\
             \"unit_price\":{{\"amount\":{price},\"currency\":\"EUR\"}}}}",
            index + 1,
            sku_code(sku),
        ));
    }
    format!(
        "{{\"channel\":\"web\",\"external_id\":\"{run}-{n}\",\"source_version\":1,\
         \"placed_at\":\"2026-11-01T10:00:00Z\",\"currency\":\"EUR\",\"tax_included\":true,\
         \"payment\":{{\"status\":\"paid\",\"amount\":{{\"amount\":{total},\"currency\":\"EUR\"}}}},\
         \"ship_to\":{{\"name\":\"Buyer {n}\",\"line1\":\"Long Street {n}\",\
         \"postal_code\":\"{postal}\",\"city\":\"Town\",\"country\":\"DE\",\
         \"email\":\"buyer{n}.{run}@example.com\"}},\
         \"shipping\":{{\"service\":\"standard\",\"price\":{{\"amount\":490,\"currency\":\"EUR\"}}}},\
         \"lines\":[{lines}]}}"
    )
}
