//! What a command will surely read, as a hint for the first round of loading.
//!
//! Only a hint: a decision that needs more says so, and nothing depends on this being complete.

use std::collections::BTreeSet;

use crate::claim::ClaimKind;
use crate::command::Command;
use crate::customer::identities;
use crate::decide::{Context, Refusal};
use crate::event::SubjectRef;
use crate::id::{FulfillmentOrderId, OrderId, ReturnId, ShipmentId, SkuId};
use crate::order::capture::external_key;
use crate::order::{CaptureOrder, Order, Origin};
use crate::reaction;
use crate::record::RecordKind;
use crate::sourcing::leave;
use crate::time::Timestamp;
use crate::world::{CounterKey, CounterKind, Key, World};

impl World {
    /// Keys that `command` will read and that are not loaded. Loading the SKUs first (from a cache,
    /// say) lets it name their cells too.
    #[must_use]
    pub fn footprint(&self, command: &Command, ctx: &Context) -> Vec<Key> {
        let mut keys = Vec::new();
        match command {
            Command::CaptureOrder(capture) => self.capture_footprint(capture, ctx, &mut keys),
            Command::ReserveStock(reserve) => {
                for line in &reserve.lines {
                    self.sku_footprint(&line.sku, &mut keys);
                }
            }
            Command::MoveStock(movement) => self.sku_footprint(&movement.sku, &mut keys),
            Command::RecordCustomer(record) => {
                for key in identities(ctx.organization, &record.contact) {
                    if self.claim(ClaimKind::Customer, &key).is_err() {
                        let kind = ClaimKind::Customer;
                        keys.push(Key::Claim { kind, key });
                    }
                }
            }
            Command::CreateSku(create) => self.sku_footprint(&create.code, &mut keys),
            Command::UpdateSku(update) => keys.push(record_key(RecordKind::Sku, update.sku)),
            Command::UpdateListing(update) => {
                keys.push(record_key(RecordKind::Listing, update.listing));
            }
            Command::UpdateChannel(update) => {
                keys.push(record_key(RecordKind::Channel, update.channel));
            }
            Command::UpdateLocation(update) => {
                keys.push(record_key(RecordKind::Location, update.location));
            }
            Command::UpdateLegalEntity(update) => {
                keys.push(record_key(RecordKind::LegalEntity, update.entity));
            }
            Command::UpdatePool(update) => keys.push(record_key(RecordKind::Pool, update.pool)),
            Command::UpdateWebhook(update) => {
                keys.push(record_key(RecordKind::Webhook, update.webhook));
            }
            Command::UpdateRateTable(update) => {
                keys.push(record_key(RecordKind::RateTable, update.rate_table));
            }
            Command::UpdateRuleSet(step) => {
                keys.push(record_key(RecordKind::RuleSet, step.rule_set));
            }
            Command::DraftRules(step) => {
                keys.push(record_key(RecordKind::RuleSet, step.rule_set));
            }
            Command::PublishRules(step) => {
                keys.push(record_key(RecordKind::RuleSet, step.rule_set));
            }
            Command::RetireRules(step) => {
                keys.push(record_key(RecordKind::RuleSet, step.rule_set));
            }
            Command::ShadowRules(step) => {
                keys.push(record_key(RecordKind::RuleSet, step.rule_set));
            }
            Command::LiftBlock(lift) => keys.push(record_key(RecordKind::Block, lift.block)),
            Command::CancelOrder(cancel) => keys.push(order_key(cancel.order.to_u128())),
            Command::PlaceHold(place) => keys.push(order_key(place.order.to_u128())),
            Command::ReleaseHold(release) => keys.push(order_key(release.order.to_u128())),
            Command::ReviewOrder(review) => keys.push(order_key(review.order.to_u128())),
            Command::SourceOrder(source) => keys.push(order_key(source.order.to_u128())),
            Command::MoveWork(moves) => keys.push(order_key(moves.order.to_u128())),
            Command::PinWork(pin) => keys.push(work_key(pin.fulfillment_order)),
            Command::ReleaseReservation(release) => {
                keys.push(reservation_key(release.reservation.to_u128()));
            }
            Command::ExpireReservation(expire) => {
                keys.push(reservation_key(expire.reservation.to_u128()));
            }
            Command::ReleaseWork(step) => keys.push(work_key(step.fulfillment_order)),
            Command::AcceptWork(step) => keys.push(work_key(step.fulfillment_order)),
            Command::RejectWork(step) => keys.push(work_key(step.fulfillment_order)),
            Command::PickUnits(step) => keys.push(work_key(step.fulfillment_order)),
            Command::ShortUnits(step) => keys.push(work_key(step.fulfillment_order)),
            Command::CoverShortfall(step) => keys.push(work_key(step.fulfillment_order)),
            Command::PackUnits(step) => keys.push(work_key(step.fulfillment_order)),
            Command::ShipWork(step) => keys.push(work_key(step.fulfillment_order)),
            Command::StopWork(step) => keys.push(work_key(step.fulfillment_order)),
            Command::AnswerStop(step) => keys.push(work_key(step.fulfillment_order)),
            Command::LabelParcel(step) => keys.push(shipment_key(step.shipment)),
            Command::TrackParcel(step) => keys.push(shipment_key(step.shipment)),
            Command::RequestReturn(step) => keys.push(order_key(step.order.to_u128())),
            Command::RefundOrder(step) => keys.push(order_key(step.order.to_u128())),
            Command::ApproveReturn(step) => keys.push(return_key(step.id)),
            Command::DeclineReturn(step) => keys.push(return_key(step.id)),
            Command::ReceiveReturn(step) => keys.push(return_key(step.id)),
            Command::FoundOrganization(_)
            | Command::CreateApiKey(_)
            | Command::RevokeApiKey(_)
            | Command::CreateChannel(_)
            | Command::CreateLocation(_)
            | Command::AddLocations(_)
            | Command::CreateLegalEntity(_)
            | Command::CreateWebhook(_)
            | Command::CreateRateTable(_)
            | Command::UpdateSourcingSettings(_)
            | Command::RenewPrices(_)
            | Command::CreateRuleSet(_)
            | Command::CreatePool(_)
            | Command::CreateListing(_)
            | Command::PlaceBlock(_)
            | Command::ErasePerson(_) => {}
        }
        keys
    }

    /// Keys of what belongs to the order that `command` is about and is not loaded, once the order
    /// itself is: its work, shipments and returns, its SKUs with their cells and counts, and the days
    /// of the locations that may be asked to do its work anew.
    pub(crate) fn companions(&self, command: &Command, now: Timestamp) -> Vec<Key> {
        let Some(order) = self.order_about(command) else {
            return Vec::new();
        };
        let skus: BTreeSet<SkuId> = order.lines.iter().filter_map(|line| line.sku).collect();
        let mut keys = Vec::new();
        let mut note = |wanted: Result<(), Refusal>| {
            if let Err(Refusal::Needs(missing)) = wanted {
                keys.extend(missing);
            }
        };
        note(self.want_fulfillment_orders(&order.fulfillment_orders));
        note(self.want_shipments(&order.shipments));
        note(self.want_returns(&order.returns));
        note(self.want_cells(skus.iter().copied()));
        for sku in skus {
            note(self.sku(sku).map(|_| ()));
            let backordered = CounterKey {
                kind: CounterKind::Backordered,
                id: sku.to_u128(),
                day: 0,
            };
            note(self.counter(backordered).map(|_| ()));
        }
        for location in self.reference().locations() {
            note(leave(self, now, location, None).map(|_| ()));
        }
        keys
    }

    /// The order that a command is about, where it is loaded.
    fn order_about(&self, command: &Command) -> Option<&Order> {
        let of_work = |id: FulfillmentOrderId| {
            let work = self.fulfillment_order(id).ok().flatten();
            work.map(|work| work.order)
        };
        let id = match command {
            Command::CaptureOrder(capture) => {
                let channel = self.reference().channel_by_code(&capture.channel)?;
                let key = external_key(channel.id, &capture.external_id);
                let holder = self.claim(ClaimKind::OrderExternal, &key).ok().flatten();
                OrderId::from_u128(holder?)
            }
            Command::ReviewOrder(review) => review.order,
            Command::SourceOrder(source) => source.order,
            Command::MoveWork(moves) => moves.order,
            Command::CoverShortfall(cover) => of_work(cover.fulfillment_order)?,
            _ => match command.target()? {
                SubjectRef {
                    kind: RecordKind::Order,
                    id,
                } => OrderId::from_u128(id),
                SubjectRef {
                    kind: RecordKind::FulfillmentOrder,
                    id,
                } => of_work(FulfillmentOrderId::from_u128(id))?,
                SubjectRef {
                    kind: RecordKind::Return,
                    id,
                } => {
                    self.return_of(ReturnId::from_u128(id))
                        .ok()
                        .flatten()?
                        .order
                }
                _ => return None,
            },
        };
        self.order(id).ok().flatten().map(AsRef::as_ref)
    }

    fn capture_footprint(&self, capture: &CaptureOrder, ctx: &Context, keys: &mut Vec<Key>) {
        let Some(channel) = self.reference().channel_by_code(&capture.channel) else {
            return;
        };
        let key = external_key(channel.id, &capture.external_id);
        if self.claim(ClaimKind::OrderExternal, &key).is_err() {
            keys.push(Key::Claim {
                kind: ClaimKind::OrderExternal,
                key,
            });
        }
        let codes = (capture.lines.iter())
            .map(|line| line.code.as_str())
            .filter(|code| !code.is_empty());
        // A past order takes no stock, and nobody asks who else the buyer was.
        if capture.origin == Origin::History {
            for code in codes.filter(|code| self.sku_by_code(code).is_err()) {
                keys.push(Key::SkuByCode(code.to_owned()));
            }
            return;
        }
        for code in codes {
            self.sku_footprint(code, keys);
            // A code that is no SKU's may be a listing's, which takes two rounds more.
            if !matches!(self.sku_by_code(code), Ok(Some(_)))
                && let Err(Refusal::Needs(claims)) = self.listing(Some(channel.id), code)
            {
                keys.extend(claims);
            }
        }
        if let Some(contact) = &capture.ship_to {
            keys.extend(reaction::signals_of(ctx, contact));
        }
        if let Some(id) = capture.reservation {
            keys.push(reservation_key(id.to_u128()));
        }
    }

    /// The SKU by its code, or its cells where the SKU is known.
    fn sku_footprint(&self, code: &str, keys: &mut Vec<Key>) {
        match self.sku_by_code(code) {
            Err(_) => keys.push(Key::SkuByCode(code.to_owned())),
            Ok(Some(sku)) => self.cells_footprint(sku.id, keys),
            Ok(None) => {}
        }
    }

    fn cells_footprint(&self, sku: SkuId, keys: &mut Vec<Key>) {
        if self.cells_of(sku).is_err() {
            keys.push(Key::Cells(sku));
        }
    }
}

fn record_key(kind: RecordKind, id: impl Into<u128>) -> Key {
    let id = id.into();
    Key::Record { kind, id }
}

fn order_key(id: u128) -> Key {
    Key::Record {
        kind: RecordKind::Order,
        id,
    }
}

fn work_key(id: FulfillmentOrderId) -> Key {
    Key::Record {
        kind: RecordKind::FulfillmentOrder,
        id: id.to_u128(),
    }
}

fn shipment_key(id: ShipmentId) -> Key {
    Key::Record {
        kind: RecordKind::Shipment,
        id: id.to_u128(),
    }
}

fn return_key(id: ReturnId) -> Key {
    Key::Record {
        kind: RecordKind::Return,
        id: id.to_u128(),
    }
}

fn reservation_key(id: u128) -> Key {
    Key::Record {
        kind: RecordKind::Reservation,
        id,
    }
}
