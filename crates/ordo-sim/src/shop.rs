//! An organization of the simulation: what it has from the first day on, and what its people remember.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ordo_domain::Command;
use ordo_domain::catalog::ComponentDraft;
use ordo_domain::catalog::{CreateListing, CreateSku, StockPolicy, Tracking};
use ordo_domain::id::{OrderId, OrganizationId, ReservationId};
use ordo_domain::network::{ChannelKind, CreateChannel, CreateLocation, LocationKind, Place};
use ordo_domain::order::OrderInput;
use ordo_domain::organization::FoundOrganization;
use ordo_domain::quantity::Quantity;
use ordo_domain::stock::{LotMark, MoveStock, MovementKind};
use ordo_domain::webhook::CreateWebhook;

use crate::dice::Dice;
use crate::swarm::{Swarm, Trait};

/// Channels, the same codes in every organization.
pub const CHANNELS: [(&str, ChannelKind); 4] = [
    ("web", ChannelKind::Web),
    ("market", ChannelKind::Marketplace),
    ("till", ChannelKind::Pos),
    ("trade", ChannelKind::B2b),
];

/// Locations: code, kind, country, postal code and time zone. Zones that change to and from summer
/// time on different days, one without, and one on the other side of the date line.
pub const LOCATIONS: [(&str, LocationKind, &str, &str, &str); 6] = [
    (
        "BER",
        LocationKind::Warehouse,
        "DE",
        "10115",
        "Europe/Berlin",
    ),
    (
        "NYC",
        LocationKind::Warehouse,
        "US",
        "10001",
        "America/New_York",
    ),
    ("LHR", LocationKind::Store, "GB", "EC1A", "Europe/London"),
    ("DEL", LocationKind::ThreePl, "IN", "110001", "Asia/Kolkata"),
    (
        "AKL",
        LocationKind::Supplier,
        "NZ",
        "1010",
        "Pacific/Auckland",
    ),
    ("MUC", LocationKind::Store, "DE", "80331", "Europe/Berlin"),
];

/// SKUs: code, policy and whether units are told apart.
pub const SKUS: [(&str, StockPolicy, Tracking); 8] = [
    ("A", StockPolicy::Tracked, Tracking::None),
    ("B", StockPolicy::Tracked, Tracking::None),
    (
        "C",
        StockPolicy::Backorder {
            limit: Quantity::stored(25),
        },
        Tracking::None,
    ),
    (
        "D",
        StockPolicy::Backorder {
            limit: Quantity::stored(3),
        },
        Tracking::None,
    ),
    ("E", StockPolicy::Untracked, Tracking::None),
    ("F", StockPolicy::Tracked, Tracking::None),
    ("L", StockPolicy::Tracked, Tracking::Lot),
    (
        "M",
        StockPolicy::Backorder {
            limit: Quantity::stored(10),
        },
        Tracking::Lot,
    ),
];

/// A bundle: its code, how many of which SKUs, and whether they ship together.
type Bundle = (&'static str, &'static [(&'static str, i64)], bool);

/// Bundles, sold like SKUs.
pub const BUNDLES: [Bundle; 2] = [
    ("SET", &[("A", 1), ("C", 2)], true),
    ("DUO", &[("B", 1), ("F", 1)], false),
];

/// An organization.
pub struct Shop {
    /// Its place among the simulation's organizations.
    pub index: usize,
    /// What its code says.
    number: u64,
    /// Its id.
    pub organization: OrganizationId,
    /// What its people remember.
    memory: Mutex<Memory>,
}

/// What people remember of what they asked for.
#[derive(Default)]
pub struct Memory {
    /// Orders that were answered.
    pub orders: Vec<OrderId>,
    /// What channels sent, the newest version of each.
    pub sent: Vec<OrderInput>,
    /// Reservations that were answered.
    pub reservations: Vec<ReservationId>,
    /// How many orders channels have made.
    pub placed: u64,
    /// How many names were given out.
    pub names: u64,
}

impl Shop {
    /// The organization with this place.
    #[must_use]
    pub fn new(index: usize, number: u64) -> Self {
        Self {
            index,
            number,
            organization: OrganizationId::from_u128((0x0a11 << 96) + u128::from(number) + 1),
            memory: Mutex::default(),
        }
    }

    /// What its people remember.
    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name that nobody has had.
    pub fn name(&self, what: &str) -> String {
        let mut memory = self.memory();
        memory.names += 1;
        format!("{what} {}", memory.names)
    }

    /// The commands that set it up, in order.
    #[must_use]
    pub fn set_up(&self, swarm: &Swarm, dice: &mut Dice) -> Vec<Command> {
        let mut commands = vec![Command::FoundOrganization(FoundOrganization {
            code: format!("shop-{}", self.number),
            name: format!("Shop {}", self.number),
            owner_secret_hash: None,
        })];
        for (code, kind) in CHANNELS {
            commands.push(Command::CreateChannel(CreateChannel {
                code: code.to_owned(),
                kind,
                name: None,
            }));
        }
        let locations = 2 + usize::try_from(dice.below(5)).unwrap_or(0);
        for (code, kind, country, postal, zone) in LOCATIONS.into_iter().take(locations) {
            let limited = swarm.has(Trait::Calendars) && dice.per_mille(500);
            commands.push(Command::CreateLocation(CreateLocation {
                code: code.to_owned(),
                kind,
                name: None,
                place: Place {
                    country: country.to_owned(),
                    postal: Some(postal.to_owned()),
                    ..Place::default()
                },
                city: None,
                time_zone: zone.to_owned(),
                daily_capacity: limited.then(|| dice.between(1, 12)),
            }));
        }
        for (code, policy, tracking) in SKUS {
            if tracking != Tracking::None && !swarm.has(Trait::Lots) {
                continue;
            }
            commands.push(Command::CreateSku(CreateSku {
                code: code.to_owned(),
                name: None,
                barcode: Some(format!("400-{code}")),
                weight_g: dice.between(0, 4_000),
                dimensions: None,
                unit_scale: 1,
                stock_policy: policy,
                tracking,
                hs_code: None,
                origin_country: None,
                tags: Vec::new(),
                ships_alone: dice.per_mille(100),
            }));
            let most = if swarm.has(Trait::ScarceStock) {
                12
            } else {
                400
            };
            for (location, ..) in LOCATIONS.into_iter().take(locations) {
                if policy != StockPolicy::Untracked && dice.per_mille(700) {
                    let mark = self.name("stock");
                    commands.push(receive(
                        code,
                        location,
                        dice.between(1, most),
                        tracking,
                        mark,
                    ));
                }
            }
        }
        if swarm.has(Trait::Bundles) {
            for (code, components, ships_together) in BUNDLES {
                let component = |(sku, quantity): &(&str, i64)| ComponentDraft {
                    sku: (*sku).to_owned(),
                    quantity: Quantity::stored(*quantity),
                    price_weight: None,
                };
                commands.push(Command::CreateListing(CreateListing {
                    channel: None,
                    code: code.to_owned(),
                    components: components.iter().map(component).collect(),
                    ships_together,
                }));
            }
        }
        commands.push(Command::CreateWebhook(CreateWebhook {
            url: format!("https://shop-{}.example/hook", self.index),
            events: Vec::new(),
            description: None,
        }));
        commands
    }
}

/// Goods come in.
#[must_use]
pub fn receive(
    sku: &str,
    location: &str,
    units: i64,
    tracking: Tracking,
    reason: String,
) -> Command {
    let lot = (tracking != Tracking::None).then(|| LotMark {
        name: "LOT-1".to_owned(),
        condition: ordo_domain::stock::Condition::New,
        expires_on: None,
    });
    Command::MoveStock(MoveStock {
        kind: MovementKind::Receive,
        sku: sku.to_owned(),
        location: location.to_owned(),
        quantity: Quantity::stored(units),
        lot,
        reason: Some(reason),
    })
}

/// The shops of a simulation.
#[must_use]
pub fn shops() -> Vec<Arc<Shop>> {
    shops_from(0)
}

/// Two shops whose ids and codes nobody else has.
#[must_use]
pub fn shops_from(first: u64) -> Vec<Arc<Shop>> {
    let shop = |index| Arc::new(Shop::new(index, first + index as u64));
    (0..2).map(shop).collect()
}
