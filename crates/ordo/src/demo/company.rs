//! A clothing company with two warehouses, four stores, a logistics provider and a supplier.

use ordo_domain::catalog::{CreateSku, StockPolicy, Tracking};
use ordo_domain::id::OrganizationId;
use ordo_domain::network::{ChannelKind, CreateChannel, CreateLocation, LocationKind, Place};
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::stock::{MoveStock, MovementKind};
use ordo_domain::{Actor, Applied, Code, Command, Rejection};
use ordo_engine::{Engine, Lane, Request};
use ordo_store::StoreError;

/// Code, kind and name.
const CHANNELS: [(&str, ChannelKind, &str); 6] = [
    ("web", ChannelKind::Web, "Web shop"),
    ("market-a", ChannelKind::Marketplace, "Marketplace A"),
    ("market-b", ChannelKind::Marketplace, "Marketplace B"),
    ("pos", ChannelKind::Pos, "Tills"),
    ("b2b", ChannelKind::B2b, "Retail partners"),
    ("social", ChannelKind::Social, "Social shop"),
];

struct Site {
    code: &'static str,
    kind: LocationKind,
    country: &'static str,
    postal: &'static str,
    city: &'static str,
    zone: &'static str,
    /// Latitude and longitude in millionths of a degree.
    at: (i32, i32),
    /// Units of every SKU on the first day.
    units: i64,
}

const SITES: [Site; 8] = [
    Site {
        code: "BER-1",
        kind: LocationKind::Warehouse,
        country: "DE",
        postal: "12529",
        city: "Schönefeld",
        zone: "Europe/Berlin",
        at: (52_380_000, 13_520_000),
        units: 60,
    },
    Site {
        code: "LYS-1",
        kind: LocationKind::Warehouse,
        country: "FR",
        postal: "69125",
        city: "Lyon",
        zone: "Europe/Paris",
        at: (45_720_000, 5_080_000),
        units: 40,
    },
    Site {
        code: "S-MUC",
        kind: LocationKind::Store,
        country: "DE",
        postal: "80331",
        city: "München",
        zone: "Europe/Berlin",
        at: (48_137_000, 11_575_000),
        units: 6,
    },
    Site {
        code: "S-PAR",
        kind: LocationKind::Store,
        country: "FR",
        postal: "75004",
        city: "Paris",
        zone: "Europe/Paris",
        at: (48_856_000, 2_352_000),
        units: 6,
    },
    Site {
        code: "S-WIE",
        kind: LocationKind::Store,
        country: "AT",
        postal: "1010",
        city: "Wien",
        zone: "Europe/Vienna",
        at: (48_208_000, 16_373_000),
        units: 5,
    },
    Site {
        code: "S-AMS",
        kind: LocationKind::Store,
        country: "NL",
        postal: "1012",
        city: "Amsterdam",
        zone: "Europe/Amsterdam",
        at: (52_372_000, 4_893_000),
        units: 5,
    },
    Site {
        code: "3PL-POZ",
        kind: LocationKind::ThreePl,
        country: "PL",
        postal: "61-001",
        city: "Poznań",
        zone: "Europe/Warsaw",
        at: (52_406_000, 16_925_000),
        units: 30,
    },
    Site {
        code: "SUP-PRT",
        kind: LocationKind::Supplier,
        country: "PT",
        postal: "4000",
        city: "Porto",
        zone: "Europe/Lisbon",
        at: (41_149_000, -8_610_000),
        units: 15,
    },
];

const GARMENTS: [&str; 10] = [
    "Shirt", "Trousers", "Jacket", "Dress", "Jumper", "Scarf", "Coat", "Skirt", "Cap", "Socks",
];
const COLORS: [&str; 10] = [
    "Black", "White", "Navy", "Sand", "Olive", "Rust", "Grey", "Sky", "Wine", "Moss",
];
const SIZES: [&str; 5] = ["XS", "S", "M", "L", "XL"];

/// How many SKUs there are.
pub const SKUS: usize = GARMENTS.len() * COLORS.len() * SIZES.len();

/// The code of a SKU.
pub fn sku_code(n: usize) -> String {
    format!("{:05}", 10_000 + n % SKUS)
}

/// The price of a SKU in cents.
pub fn price(n: usize) -> i64 {
    let garment = (n % SKUS) / (COLORS.len() * SIZES.len());
    1_990 + 1_000 * ((garment as i64 * 7) % 10)
}

fn sku_name(n: usize) -> String {
    let color = (n / SIZES.len()) % COLORS.len();
    let garment = GARMENTS[n / (COLORS.len() * SIZES.len())];
    format!("{garment} {} {}", COLORS[color], SIZES[n % SIZES.len()])
}

/// Makes the company; what is there from an earlier run stays as it is.
pub async fn set_up(engine: &Engine, organization: OrganizationId) -> Result<(), StoreError> {
    for (code, kind, name) in CHANNELS {
        let create = CreateChannel {
            code: code.to_owned(),
            kind,
            name: Some(name.to_owned()),
        };
        make(engine, organization, Command::CreateChannel(create)).await?;
    }
    for site in &SITES {
        make(engine, organization, Command::CreateLocation(site.create())).await?;
    }
    let mut fresh = Vec::new();
    for n in 0..SKUS {
        if make(engine, organization, Command::CreateSku(create_sku(n))).await? {
            fresh.push(n);
        }
    }
    for n in fresh {
        for site in &SITES {
            let receive = MoveStock {
                kind: MovementKind::Receive,
                sku: sku_code(n),
                location: site.code.to_owned(),
                quantity: Quantity::stored(site.units),
                lot: None,
                reason: Some("opening stock".to_owned()),
            };
            make(engine, organization, Command::MoveStock(receive)).await?;
        }
    }
    Ok(())
}

impl Site {
    fn create(&self) -> CreateLocation {
        CreateLocation {
            code: self.code.to_owned(),
            kind: self.kind,
            name: Some(format!("{} {}", self.city, self.code)),
            place: Place {
                country: self.country.to_owned(),
                region: None,
                postal: Some(self.postal.to_owned()),
                at: Some(self.at),
            },
            city: Some(self.city.to_owned()),
            time_zone: self.zone.to_owned(),
            daily_capacity: None,
        }
    }
}

fn create_sku(n: usize) -> CreateSku {
    let stock_policy = if n.is_multiple_of(5) {
        StockPolicy::Backorder {
            limit: Quantity::stored(50),
        }
    } else {
        StockPolicy::Tracked
    };
    CreateSku {
        code: sku_code(n),
        name: Some(sku_name(n)),
        barcode: None,
        weight_g: 150 + 50 * (n as i64 % 12),
        dimensions: None,
        unit_scale: 1,
        stock_policy,
        tracking: Tracking::None,
        hs_code: None,
        origin_country: Some("PT".to_owned()),
    }
}

/// Gives a command; answers whether it made something, and not that it was there.
async fn make(
    engine: &Engine,
    organization: OrganizationId,
    command: Command,
) -> Result<bool, StoreError> {
    let reply = engine.submit(organization, request(command)).await;
    let reply = reply.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    match reply.status {
        200..300 => Ok(true),
        status if status == Code::CodeTaken.status() => Ok(false),
        _ => Err(StoreError::Unavailable(format!(
            "the demo was refused: {}",
            reply.template
        ))),
    }
}

/// A request of the demo's own.
pub fn request(command: Command) -> Request {
    Request {
        command,
        actor: Actor::System,
        lane: Lane::Bulk,
        idempotency: None,
        expects: None,
        size: 0,
        render: |_: &Reference, result: Result<&Applied, &Rejection>| match result {
            Ok(_) => (200, String::new()),
            Err(rejection) => (rejection.code.status(), rejection.detail.clone()),
        },
    }
}
