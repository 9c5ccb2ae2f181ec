//! Whoever runs the shop: the setup changes while orders come in.

use ordo_domain::Command;
use ordo_domain::catalog::{ComponentDraft, Sku, SkuChange, StockPolicy, UpdateListing, UpdateSku};
use ordo_domain::contact::Contact;
use ordo_domain::customer::RecordCustomer;
use ordo_domain::edit::Edit;
use ordo_domain::id::{ApiKeyId, ContactId};
use ordo_domain::network::{
    Block, BlockStage, BlockTarget, Channel, CreateLegalEntity, CreatePool, LiftBlock, Location,
    LocationChange, LocationState, PlaceBlock, Pool, UpdateChannel, UpdateLocation, UpdatePool,
    WeekHours,
};
use ordo_domain::organization::{CreateApiKey, RevokeApiKey, Role, ScopeDraft};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::{Record, RecordKind};
use ordo_domain::time::HOUR;
use ordo_domain::webhook::{CreateWebhook, UpdateWebhook, Webhook};
use ordo_store::Query;
use serde::de::DeserializeOwned;

use super::Hand;
use crate::audit::now_or_broken;
use crate::shop::CHANNELS;

/// Changes something of the setup.
pub async fn change(hand: &mut Hand) {
    let command = match hand.dice.below(14) {
        0..3 => location(hand),
        3 => channel(hand),
        4 => sku(hand),
        5 => listing(hand),
        6..8 => block(hand),
        8 => lift(hand),
        9 => webhook(hand),
        10 => pool(hand),
        11 => api_key(hand),
        12 => Some(customer(hand)),
        _ => Some(legal_entity(hand)),
    };
    if let Some(command) = command {
        hand.ask(command).await;
    }
}

impl Hand {
    /// Some record of a kind, as the list shows it.
    pub fn some_record<T: DeserializeOwned>(&mut self, kind: RecordKind) -> Option<T> {
        let store = self.sim.shelf.inner();
        let page = store.list_records(self.shop.organization, kind, None, 200);
        let page = now_or_broken(page);
        let (_, record) = self.dice.pick(&page.items)?;
        serde_json::from_str(&record.body).ok()
    }
}

fn location(hand: &mut Hand) -> Option<Command> {
    let found: Location = hand.some_record(Location::KIND)?;
    let dice = &mut hand.dice;
    let mut change = LocationChange::default();
    match dice.below(6) {
        0 => {
            let state = [
                LocationState::Live,
                LocationState::Live,
                LocationState::Draining,
            ];
            change.state = dice.pick(&state).copied();
        }
        1 => change.daily_capacity = Edit::Set(dice.between(0, 15)),
        2 => change.daily_capacity = Edit::Clear,
        3 => {
            let day = Some((8 * 60, 17 * 60));
            change.hours = Edit::Set(WeekHours([day, day, day, day, day, None, None]));
        }
        4 => change.hours = Edit::Clear,
        _ => change.priority = Some(dice.between(0, 9)),
    }
    Some(Command::UpdateLocation(UpdateLocation {
        location: found.id,
        expected: dice.per_mille(300).then_some(found.version),
        change,
    }))
}

fn channel(hand: &mut Hand) -> Option<Command> {
    let found: Channel = hand.some_record(Channel::KIND)?;
    let name = hand.shop.name("channel");
    Some(Command::UpdateChannel(UpdateChannel {
        channel: found.id,
        expected: None,
        name: Edit::Set(name),
        entity: Edit::Keep,
    }))
}

fn sku(hand: &mut Hand) -> Option<Command> {
    let found: Sku = hand.some_record(Sku::KIND)?;
    let dice = &mut hand.dice;
    let mut change = SkuChange::default();
    match dice.below(3) {
        0 => change.weight_g = Some(dice.between(0, 9_000)),
        1 => {
            change.stock_policy = Some(match dice.below(3) {
                0 => StockPolicy::Tracked,
                1 => StockPolicy::Backorder {
                    limit: Quantity::stored(dice.between(0, 30)),
                },
                _ => found.stock_policy,
            });
        }
        _ => change.name = Edit::Set("Thing".to_owned()),
    }
    Some(Command::UpdateSku(UpdateSku {
        sku: found.id,
        expected: None,
        change,
    }))
}

fn listing(hand: &mut Hand) -> Option<Command> {
    let found: ordo_domain::catalog::Listing =
        hand.some_record(ordo_domain::catalog::Listing::KIND)?;
    let component = ComponentDraft {
        sku: hand.some_sku().to_owned(),
        quantity: Quantity::stored(hand.dice.between(1, 3)),
        price_weight: None,
    };
    Some(Command::UpdateListing(UpdateListing {
        listing: found.id,
        expected: None,
        components: Some(vec![component]),
        ships_together: None,
    }))
}

fn block(hand: &mut Hand) -> Option<Command> {
    let target = match hand.dice.below(3) {
        0 => BlockTarget::Sku(hand.some_sku().to_owned()),
        1 => BlockTarget::Location(hand.some_location()),
        _ => BlockTarget::Cell {
            sku: hand.some_sku().to_owned(),
            location: hand.some_location(),
        },
    };
    let stages = [
        BlockStage::Publish,
        BlockStage::Allocate,
        BlockStage::Release,
        BlockStage::Pick,
        BlockStage::Ship,
    ];
    let stage = hand.dice.pick(&stages).copied()?;
    let now = hand.sim.schedule.now();
    let until = hand.dice.between(1, 48) * HOUR;
    Some(Command::PlaceBlock(PlaceBlock {
        target,
        from: None,
        until: Some(now.plus_micros(until)),
        reason: "recall".to_owned(),
        stages: vec![stage],
    }))
}

fn lift(hand: &mut Hand) -> Option<Command> {
    let found: Block = hand.some_record(Block::KIND)?;
    Some(Command::LiftBlock(LiftBlock { block: found.id }))
}

/// The first webhook stays as it is: its receiver must get everything.
fn webhook(hand: &mut Hand) -> Option<Command> {
    let found: Webhook = hand.some_record(Webhook::KIND)?;
    let is_first = found.url.contains("shop-");
    if is_first || hand.dice.per_mille(300) {
        return Some(Command::CreateWebhook(CreateWebhook {
            url: "https://other.example/hook".to_owned(),
            events: vec!["order.placed".to_owned(), "order.closed".to_owned()],
            description: None,
        }));
    }
    Some(Command::UpdateWebhook(UpdateWebhook {
        webhook: found.id,
        expected: None,
        url: None,
        events: None,
        description: Edit::Keep,
        active: Some(hand.dice.per_mille(500)),
        rotates_secret: hand.dice.per_mille(300),
    }))
}

fn pool(hand: &mut Hand) -> Option<Command> {
    let locations = vec![hand.some_location(), hand.some_location()];
    let channels = match hand.dice.per_mille(300) {
        true => vec![CHANNELS[1].0.to_owned()],
        false => Vec::new(),
    };
    let known: Option<Pool> = hand.some_record(Pool::KIND);
    Some(match known {
        None => Command::CreatePool(CreatePool {
            code: hand.shop.name("pool").replace(' ', "-"),
            locations,
            channels: Vec::new(),
        }),
        Some(pool) => Command::UpdatePool(UpdatePool {
            pool: pool.id,
            expected: None,
            locations: Some(locations),
            channels: Some(channels),
        }),
    })
}

fn api_key(hand: &mut Hand) -> Option<Command> {
    let known: Option<ordo_domain::organization::ApiKey> = hand.some_record(RecordKind::ApiKey);
    Some(match known.filter(|_| hand.dice.per_mille(500)) {
        Some(key) => Command::RevokeApiKey(RevokeApiKey {
            key: ApiKeyId::from_u128(key.id.to_u128()),
        }),
        None => {
            let mut secret_hash = [0; 32];
            secret_hash[..16].copy_from_slice(&hand.dice.wide().to_be_bytes());
            Command::CreateApiKey(CreateApiKey {
                name: hand.shop.name("key"),
                role: Role::Operator,
                scope: ScopeDraft::default(),
                secret_hash,
            })
        }
    })
}

fn customer(hand: &mut Hand) -> Command {
    let person = hand.dice.below(40);
    let contact = Contact {
        id: ContactId::from_u128(hand.dice.wide()),
        name: Some(format!("Person {person}")),
        email: Some(format!("person-{person}@example.com")),
        ..Contact::default()
    };
    Command::RecordCustomer(Box::new(RecordCustomer { contact }))
}

fn legal_entity(hand: &mut Hand) -> Command {
    Command::CreateLegalEntity(CreateLegalEntity {
        code: hand.shop.name("entity").replace(' ', "-"),
        name: "Entity".to_owned(),
        country: "DE".to_owned(),
        currency: "EUR".parse().expect("a currency"),
        tax_registrations: Vec::new(),
    })
}
