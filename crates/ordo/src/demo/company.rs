//! Nordlys, an outfitter: two warehouses, four stores, a logistics provider and a supplier in eight
//! towns of six countries, who sells on six channels.

use futures_util::{StreamExt, stream};
use ordo_domain::edit::Edit;
use ordo_domain::id::OrganizationId;
use ordo_domain::money::Currency;
use ordo_domain::network::{
    ChannelKind, CreateChannel, CreateLegalEntity, CreateLocation, CreatePool, LocationKind, Place,
    TaxRegistration, UpdateChannel,
};
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::stock::{MoveStock, MovementKind};
use ordo_domain::{Actor, Applied, Code, Command, Rejection};
use ordo_engine::{Engine, Idempotency, Lane, Reply, Request};
use ordo_store::{AnswerKey, StoreError};
use sha2::{Digest, Sha256};

use super::catalog::{self, ITEMS};
use super::dice::Dice;
use super::{freight, history, rules};

/// Code, kind, name, and the legal entity that sells there.
const CHANNELS: [(&str, ChannelKind, &str, &str); 6] = [
    ("web", ChannelKind::Web, "Web shop", "NL-DE"),
    (
        "market-a",
        ChannelKind::Marketplace,
        "Marketplace A",
        "NL-DE",
    ),
    (
        "market-b",
        ChannelKind::Marketplace,
        "Marketplace B",
        "NL-FR",
    ),
    ("pos", ChannelKind::Pos, "Store tills", "NL-DE"),
    ("b2b", ChannelKind::B2b, "Retail partners", "NL-DE"),
    ("social", ChannelKind::Social, "Social shop", "NL-DE"),
];

struct Site {
    code: &'static str,
    name: &'static str,
    kind: LocationKind,
    country: &'static str,
    postal: &'static str,
    city: &'static str,
    zone: &'static str,
    /// Latitude and longitude in millionths of a degree.
    at: (i32, i32),
    /// Shipments per day, where there is a limit.
    capacity: Option<i64>,
    /// How many percent of all items it keeps.
    keeps: usize,
    /// Units of each on the first day, at least and at most.
    units: (i64, i64),
}

macro_rules! sites {
    ($($code:literal $name:literal $kind:ident $country:literal $postal:literal $city:literal $zone:literal
       ($lat:literal $lon:literal) $capacity:expr, $keeps:literal % of $low:literal to $high:literal;)*) => {
        const SITES: &[Site] = &[$(Site {
            code: $code, name: $name, kind: LocationKind::$kind, country: $country, postal: $postal,
            city: $city, zone: $zone, at: ($lat, $lon), capacity: $capacity, keeps: $keeps,
            units: ($low, $high),
        },)*];
    };
}

sites! {
    "BER-1" "Warehouse Berlin" Warehouse "DE" "12529" "Schönefeld" "Europe/Berlin" (52_380_000 13_520_000) None, 100 % of 12 to 60;
    "LYS-1" "Warehouse Lyon" Warehouse "FR" "69125" "Colombier-Saugnieu" "Europe/Paris" (45_720_000 5_080_000) None, 85 % of 6 to 40;
    "S-MUC" "Store Munich" Store "DE" "80331" "München" "Europe/Berlin" (48_137_000 11_575_000) Some(400), 60 % of 1 to 6;
    "S-PAR" "Store Paris" Store "FR" "75004" "Paris" "Europe/Paris" (48_856_000 2_352_000) Some(400), 60 % of 1 to 6;
    "S-WIE" "Store Vienna" Store "AT" "1010" "Wien" "Europe/Vienna" (48_208_000 16_373_000) Some(300), 50 % of 1 to 5;
    "S-AMS" "Store Amsterdam" Store "NL" "1012 JS" "Amsterdam" "Europe/Amsterdam" (52_372_000 4_893_000) Some(300), 50 % of 1 to 5;
    "3PL-POZ" "Logistics Poznań" ThreePl "PL" "61-001" "Poznań" "Europe/Warsaw" (52_406_000 16_925_000) Some(5_000), 70 % of 5 to 30;
    "SUP-OPO" "Supplier Porto" Supplier "PT" "4000-008" "Porto" "Europe/Lisbon" (41_149_000 -8_610_000) Some(1_000), 35 % of 5 to 20;
}

/// The last thing that is made: where it is there, everything is.
const LAST: &str = "everywhere";

/// How the company is made.
#[derive(Debug, Clone, Copy)]
pub struct SetUp {
    /// What all its chance comes from.
    pub seed: u64,
    /// Days of past orders.
    pub days: i64,
    /// Commands that wait for their answer at the same time.
    pub at_once: usize,
}

/// Makes the company with its past; where an earlier run was cut off, it goes on from there.
pub async fn set_up(
    engine: &Engine,
    organization: OrganizationId,
    how: SetUp,
) -> Result<(), StoreError> {
    let at_once = how.at_once;
    let reference = engine.reference(organization).await?;
    if reference.pool_by_code(LAST).is_some() {
        return Ok(());
    }
    let entities = [entity("NL-DE", "Nordlys Handel GmbH", "DE", "DE811234560")]
        .into_iter()
        .chain([entity(
            "NL-FR",
            "Nordlys France SARL",
            "FR",
            "FR40812345678",
        )]);
    make_all(engine, organization, at_once, entities).await?;
    let channels = CHANNELS.map(|(code, kind, name, _)| {
        Command::CreateChannel(CreateChannel {
            code: code.to_owned(),
            kind,
            name: Some(name.to_owned()),
        })
    });
    make_all(engine, organization, at_once, channels).await?;
    let sites = SITES
        .iter()
        .map(|site| Command::CreateLocation(site.create()));
    make_all(engine, organization, at_once, sites).await?;
    let reference = engine.reference(organization).await?;
    let sellers = CHANNELS.iter().filter_map(|(code, _, _, entity)| {
        let channel = reference.channel_by_code(code)?.id;
        Some(Command::UpdateChannel(UpdateChannel {
            channel,
            expected: None,
            name: Edit::Keep,
            entity: Edit::Set((*entity).to_owned()),
        }))
    });
    make_all(engine, organization, at_once, sellers).await?;
    make_all(engine, organization, at_once, freight::lists()).await?;
    make_all(engine, organization, at_once, freight::work(&reference)).await?;
    make_all(engine, organization, at_once, [freight::settings()]).await?;
    make_all(engine, organization, at_once, rules::sets()).await?;
    let reference = engine.reference(organization).await?;
    make_all(engine, organization, at_once, rules::publish(&reference)).await?;
    let skus = ITEMS.iter().map(|item| Command::CreateSku(item.create()));
    make_all(engine, organization, at_once, skus).await?;
    let listings = catalog::listings().into_iter().map(Command::CreateListing);
    make_all(engine, organization, at_once, listings).await?;
    make_all(engine, organization, at_once, opening_stock(how.seed)).await?;
    let past = history::orders(how.seed, engine.clock().now(), how.days);
    let past = past.iter().filter_map(|input| {
        let order = input.parse().ok()?;
        Some(Command::CaptureOrder(Box::new(order)))
    });
    make_all(engine, organization, at_once, past).await?;
    let last = Command::CreatePool(CreatePool {
        code: LAST.to_owned(),
        locations: SITES.iter().map(|site| site.code.to_owned()).collect(),
        channels: Vec::new(),
    });
    make_all(engine, organization, at_once, [last]).await
}

fn entity(code: &str, name: &str, country: &str, vat: &str) -> Command {
    Command::CreateLegalEntity(CreateLegalEntity {
        code: code.to_owned(),
        name: name.to_owned(),
        country: country.to_owned(),
        // Three capital letters, as every currency is.
        currency: "EUR".parse().unwrap_or(Currency::XXX),
        tax_registrations: vec![TaxRegistration {
            jurisdiction: country.to_owned(),
            number: vat.to_owned(),
            scheme: "standard".to_owned(),
        }],
    })
}

impl Site {
    fn create(&self) -> CreateLocation {
        CreateLocation {
            code: self.code.to_owned(),
            kind: self.kind,
            name: Some(self.name.to_owned()),
            place: Place {
                country: self.country.to_owned(),
                region: None,
                postal: Some(self.postal.to_owned()),
                at: Some(self.at),
                precision: None,
            },
            city: Some(self.city.to_owned()),
            time_zone: self.zone.to_owned(),
            daily_capacity: self.capacity,
        }
    }
}

/// What lies where on the first day. Of one item in forty hardly anything is left.
fn opening_stock(seed: u64) -> Vec<Command> {
    let mut receipts = Vec::new();
    for (n, item) in ITEMS.iter().enumerate() {
        for (place, site) in SITES.iter().enumerate() {
            let mut dice = Dice::of(&[seed, n as u64, place as u64, 4]);
            let is_scarce = n % 40 == 12;
            if (is_scarce && place > 0) || !dice.percent(site.keeps) {
                continue;
            }
            let units = match is_scarce {
                true => 3,
                false => dice.between(site.units.0, site.units.1),
            };
            receipts.push(receipt(&item.code, site.code, units, "opening stock"));
        }
    }
    receipts
}

/// Goods that come in.
pub fn receipt(sku: &str, location: &str, units: i64, reason: &str) -> Command {
    Command::MoveStock(MoveStock {
        kind: MovementKind::Receive,
        sku: sku.to_owned(),
        location: location.to_owned(),
        quantity: Quantity::stored(units),
        lot: None,
        reason: Some(reason.to_owned()),
    })
}

/// Gives commands, many at a time and in their order; what is there already stays as it is.
async fn make_all(
    engine: &Engine,
    organization: OrganizationId,
    at_once: usize,
    commands: impl IntoIterator<Item = Command>,
) -> Result<(), StoreError> {
    let mut replies = stream::iter(commands)
        .map(|command| {
            let mut request = request(command);
            // Goods are received once, also where the set-up is done a second time.
            request.idempotency = once(&request.command);
            engine.submit(organization, request)
        })
        .buffered(at_once);
    while let Some(reply) = replies.next().await {
        let reply: Reply = reply.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        match reply.status {
            200..300 => {}
            status if status == Code::CodeTaken.status() => {}
            _ => {
                return Err(StoreError::Unavailable(format!(
                    "the demo was refused: {}",
                    reply.template
                )));
            }
        }
    }
    Ok(())
}

fn once(command: &Command) -> Option<Idempotency> {
    let Command::MoveStock(moved) = command else {
        return None;
    };
    let name = format!("demo opening stock {} {}", moved.sku, moved.location);
    let hash: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    Some(Idempotency {
        key: AnswerKey(key),
        request_hash: key,
    })
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
