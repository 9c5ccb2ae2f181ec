//! The steps of a desk that set its company up: changes of SKUs, locations and channels, listings,
//! pools, legal entities, blocks.

use ordo_domain::Command;
use ordo_domain::catalog::availability::{Supply, available};
use ordo_domain::catalog::{
    ComponentDraft, CreateListing, SkuChange, StockPolicy, Tracking, UpdateListing, UpdateSku,
};
use ordo_domain::edit::Edit;
use ordo_domain::event::Event;
use ordo_domain::network::{
    BlockStage, BlockTarget, CreateLegalEntity, CreatePool, LiftBlock, LocationChange,
    LocationState, PlaceBlock, UpdateChannel, UpdateLocation, UpdatePool,
};
use ordo_domain::quantity::Quantity;
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::time::SECOND;

use crate::desk::Desk;

impl Desk {
    /// Plays one step of setting up.
    pub fn set_up(&mut self, words: &[&str]) -> Vec<String> {
        match words {
            ["set", "sku", code, field, value @ ..] => {
                let sku = self.sku(code);
                let change = sku_change(field, value);
                self.short(Command::UpdateSku(UpdateSku {
                    sku,
                    expected: None,
                    change,
                }))
            }
            ["set", "location", code, "state", state] => {
                let location = self.reference.location_by_code(code).unwrap().id;
                let state: LocationState = serde_json::from_value((*state).into()).unwrap();
                let change = LocationChange {
                    state: Some(state),
                    ..LocationChange::default()
                };
                self.short(Command::UpdateLocation(UpdateLocation {
                    location,
                    expected: None,
                    change,
                }))
            }
            ["set", "location", code, "at", version, "capacity", most] => {
                let location = self.reference.location_by_code(code).unwrap().id;
                let change = LocationChange {
                    daily_capacity: Edit::Set(most.parse().unwrap()),
                    ..LocationChange::default()
                };
                self.short(Command::UpdateLocation(UpdateLocation {
                    location,
                    expected: Some(version.parse().unwrap()),
                    change,
                }))
            }
            ["set", "location", code, "only", capability] => {
                let location = self.reference.location_by_code(code).unwrap().id;
                let capability = serde_json::from_value((*capability).into()).unwrap();
                let change = LocationChange {
                    capabilities: Some(vec![capability]),
                    ..LocationChange::default()
                };
                self.short(Command::UpdateLocation(UpdateLocation {
                    location,
                    expected: None,
                    change,
                }))
            }
            ["set", "channel", code, "entity", entity] => {
                let channel = self.reference.channel_by_code(code).unwrap().id;
                self.short(Command::UpdateChannel(UpdateChannel {
                    channel,
                    expected: None,
                    name: Edit::Keep,
                    entity: Edit::Set((*entity).into()),
                }))
            }
            ["set", "pool", code, locations @ ..] => {
                let pool = self.reference.pool_by_code(code).unwrap().id;
                let locations = locations.iter().map(|code| (*code).to_owned()).collect();
                self.short(Command::UpdatePool(UpdatePool {
                    pool,
                    expected: None,
                    locations: Some(locations),
                    channels: None,
                }))
            }
            ["set", "listing", code, "=", parts @ ..] => {
                let listing = self.listings[*code];
                let components = Some(components(parts));
                self.short(Command::UpdateListing(UpdateListing {
                    listing,
                    expected: None,
                    components,
                    ships_together: None,
                }))
            }
            ["listing", code, "=", parts @ ..] => {
                let together = parts.last() == Some(&"together");
                let (code, channel) = match code.split_once('@') {
                    Some((code, channel)) => (code, Some(channel.to_owned())),
                    None => (*code, None),
                };
                let parts = &parts[..parts.len() - usize::from(together)];
                let happened = self.give(Command::CreateListing(CreateListing {
                    channel,
                    code: code.into(),
                    components: components(parts),
                    ships_together: together,
                }));
                if let Ok(events) = &happened
                    && let [Event::ListingCreated { listing }] = events.as_slice()
                {
                    self.listings.insert(code.into(), listing.id);
                }
                self.tell(happened)
            }
            ["pool", code, locations @ .., "for", channel] => {
                let locations = locations.iter().map(|code| (*code).to_owned()).collect();
                self.short(Command::CreatePool(CreatePool {
                    code: (*code).into(),
                    locations,
                    channels: vec![(*channel).into()],
                }))
            }
            ["entity", code, country, currency] => {
                self.short(Command::CreateLegalEntity(CreateLegalEntity {
                    code: (*code).into(),
                    name: format!("{code} GmbH"),
                    country: (*country).into(),
                    currency: currency.parse().unwrap(),
                    tax_registrations: Vec::new(),
                }))
            }
            ["block", name, kind, about, stage, rest @ ..] => {
                let until = match rest {
                    ["for", seconds] => {
                        let seconds: i64 = seconds.parse().unwrap();
                        Some(self.now.plus_micros(seconds * SECOND))
                    }
                    _ => None,
                };
                let stage: BlockStage = serde_json::from_value((*stage).into()).unwrap();
                let happened = self.give(Command::PlaceBlock(PlaceBlock {
                    target: self.target(kind, about),
                    from: None,
                    until,
                    reason: (*name).into(),
                    stages: vec![stage],
                }));
                if let Ok(events) = &happened
                    && let [Event::BlockPlaced { block }] = events.as_slice()
                {
                    self.blocks.insert((*name).into(), block.id);
                }
                self.tell(happened)
            }
            ["lift", name] => {
                let block = self.blocks[*name];
                self.short(Command::LiftBlock(LiftBlock { block }))
            }
            ["offer?", code] => vec![self.offer(code)],
            other => panic!("no such step: {other:?}"),
        }
    }

    fn target(&self, kind: &str, about: &str) -> BlockTarget {
        let (first, second) = about.split_once('@').unwrap_or((about, ""));
        let (first, second) = (first.to_owned(), second.to_owned());
        match kind {
            "sku" => BlockTarget::Sku(first),
            "listing" => BlockTarget::Listing(self.listings[about]),
            "lot" => BlockTarget::Lot {
                sku: first,
                lot: second,
            },
            "location" => BlockTarget::Location(first),
            "cell" => BlockTarget::Cell {
                sku: first,
                location: second,
            },
            "carrier" => BlockTarget::CarrierService {
                carrier: first,
                service: Some(second).filter(|service| !service.is_empty()),
            },
            other => panic!("no such target: {other}"),
        }
    }

    /// What of a listing could be sold on the web.
    fn offer(&self, code: &str) -> String {
        let listing = self.world.listing_record(self.listings[code]).unwrap();
        let listing = listing.expect("the listing is there");
        let cells: Vec<Vec<(CellKey, Cell)>> = (listing.components.iter())
            .map(|part| {
                let rows = self.world.cells_of(part.sku).unwrap();
                rows.iter().map(|row| (row.key, row.now)).collect()
            })
            .collect();
        let supply: Vec<Supply<'_>> = (listing.components.iter().zip(&cells))
            .map(|(part, cells)| Supply {
                sku: self.world.sku(part.sku).unwrap().unwrap(),
                cells,
            })
            .collect();
        let web = self.reference.channel_by_code("web").unwrap().id;
        match available(&self.reference, listing, &supply, Some(web), self.now) {
            Some(units) => units.to_string(),
            None => "unlimited".to_owned(),
        }
    }
}

/// `Ax2` or `Ax2*30`: two units of A, with the price weight 30.
fn components(words: &[&str]) -> Vec<ComponentDraft> {
    (words.iter())
        .map(|word| {
            let (units, weight) = match word.split_once('*') {
                Some((units, weight)) => (units, Some(weight.parse().unwrap())),
                None => (*word, None),
            };
            let (sku, quantity) = units.split_once('x').expect("SKUxCOUNT");
            ComponentDraft {
                sku: sku.into(),
                quantity: Quantity::stored(quantity.parse().unwrap()),
                price_weight: weight,
            }
        })
        .collect()
}

fn sku_change(field: &str, value: &[&str]) -> SkuChange {
    let mut change = SkuChange::default();
    match (field, value) {
        ("policy", ["tracked"]) => change.stock_policy = Some(StockPolicy::Tracked),
        ("policy", ["untracked"]) => change.stock_policy = Some(StockPolicy::Untracked),
        ("policy", ["backorder", limit]) => {
            change.stock_policy = Some(StockPolicy::Backorder {
                limit: Quantity::stored(limit.parse().unwrap()),
            });
        }
        ("weight", [grams]) => change.weight_g = Some(grams.parse().unwrap()),
        ("scale", [scale]) => change.unit_scale = Some(scale.parse().unwrap()),
        ("barcode", []) => change.barcode = Edit::Clear,
        ("barcode", [code]) => change.barcode = Edit::Set((*code).into()),
        ("tracking", ["lot"]) => change.tracking = Some(Tracking::Lot),
        ("tracking", ["none"]) => change.tracking = Some(Tracking::None),
        other => panic!("no such change: {other:?}"),
    }
    change
}
