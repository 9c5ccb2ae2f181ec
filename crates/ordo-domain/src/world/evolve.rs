//! Applies one event to the state. It cannot fail: decisions make sure of everything beforehand.

use crate::claim::ClaimKind;
use crate::event::{Event, LineUnits};
use crate::fulfillment::{CancelRequest, FulfillmentState};
use crate::id::{OrderId, ReservationId};
use crate::order::capture::external_key;
use crate::order::merge::backorder_changes;
use crate::order::{Line, Order, OrderLife};
use crate::quantity::Quantity;
use crate::returns::ReturnState;
use crate::shipment::ParcelState;
use crate::stock::ReservationState;
use crate::time::Timestamp;
use crate::world::{CounterKey, CounterKind, World};

impl World {
    /// Applies `event`, which took effect at `at`.
    ///
    /// # Panics
    /// Where the event changes a record that is not loaded.
    pub fn evolve(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::OrganizationFounded { organization } => {
                let id = organization.id.to_u128();
                self.claims
                    .claim(ClaimKind::OrganizationCode, organization.code.clone(), id);
                self.organizations.put(organization.clone());
            }
            Event::ApiKeyCreated { key } => self.api_keys.put(key.clone()),
            Event::ApiKeyRevoked { key } => self.api_keys.update(*key, |key| key.revoked = true),
            Event::ChannelCreated { channel } => {
                let id = channel.id.to_u128();
                self.claims
                    .claim(ClaimKind::ChannelCode, channel.code.clone(), id);
                self.channels.put(channel.clone());
            }
            Event::LocationCreated { location } => {
                let id = location.id.to_u128();
                self.claims
                    .claim(ClaimKind::LocationCode, location.code.clone(), id);
                self.locations.put(location.clone());
            }
            Event::ChannelUpdated { channel } => self.channels.put(channel.clone()),
            Event::LocationUpdated { location } => self.locations.put(location.clone()),
            Event::LegalEntityCreated { entity } | Event::LegalEntityUpdated { entity } => {
                self.entities.put(entity.clone());
            }
            Event::PoolCreated { pool } | Event::PoolUpdated { pool } => {
                self.pools.put(pool.clone());
            }
            Event::WebhookCreated { webhook } | Event::WebhookUpdated { webhook } => {
                self.webhooks.put(webhook.clone());
            }
            Event::RateTableCreated { rate_table } | Event::RateTableUpdated { rate_table } => {
                self.rate_tables.put(rate_table.clone());
            }
            Event::SourcingSettingsUpdated { settings } => {
                self.sourcing_settings.put(settings.clone());
            }
            Event::PriceBookRenewed { book } => self.price_books.put(book.clone()),
            Event::RuleSetCreated { rule_set } => self.rule_sets.put(rule_set.clone()),
            Event::RuleSetUpdated {
                rule_set,
                name,
                scope,
                priority,
            } => {
                self.rule_sets.update(*rule_set, |set| {
                    set.name.clone_from(name);
                    set.scope.clone_from(scope);
                    set.priority = *priority;
                });
            }
            Event::RulesDrafted { rule_set, draft } => {
                self.rule_sets.update(*rule_set, |set| {
                    set.draft(draft);
                    set.forget(at);
                });
            }
            Event::RulesPublished {
                rule_set,
                number,
                from,
            } => {
                (self.rule_sets).update(*rule_set, |set| set.publish(*number, *from));
            }
            Event::RulesRetired {
                rule_set,
                number,
                at,
            } => {
                (self.rule_sets).update(*rule_set, |set| set.retire(*number, *at));
            }
            Event::RulesShadowed {
                rule_set,
                number,
                since,
            } => {
                (self.rule_sets).update(*rule_set, |set| set.shadow(*number, *since));
            }
            Event::BlockPlaced { block } => self.blocks.put(block.clone()),
            Event::BlockLifted { block } => {
                self.blocks.update(*block, |block| block.until = Some(at));
            }
            Event::SkuCreated { sku } => {
                self.claims
                    .claim(ClaimKind::SkuCode, sku.code.clone(), sku.id.to_u128());
                if let Some(barcode) = &sku.barcode {
                    self.claims
                        .claim(ClaimKind::Barcode, barcode.clone(), sku.id.to_u128());
                }
                self.skus.put(sku.clone());
            }
            Event::SkuUpdated { sku } => {
                let id = sku.id.to_u128();
                if let Some(barcode) = &sku.barcode
                    && self.claims.get(ClaimKind::Barcode, barcode) != Some(Some(id))
                {
                    self.claims.claim(ClaimKind::Barcode, barcode.clone(), id);
                }
                self.skus.put(sku.clone());
            }
            Event::ListingCreated { listing } => {
                self.claims
                    .claim(ClaimKind::ListingCode, listing.key(), listing.id.to_u128());
                self.listings.put(listing.clone());
            }
            Event::ListingUpdated { listing } => self.listings.put(listing.clone()),
            Event::StockMoved { movements } => self.move_stock(movements),
            Event::ReservationMade { reservation } => {
                for units in &reservation.units {
                    self.cells
                        .update(units.cell, true, |cell| cell.reserved += units.quantity);
                }
                self.reservations.put(reservation.clone());
            }
            Event::ReservationReleased { reservation } => {
                self.end_reservation(*reservation, ReservationState::Released);
            }
            Event::ReservationExpired { reservation } => {
                self.end_reservation(*reservation, ReservationState::Expired);
            }
            Event::ReservationConsumed { reservation } => {
                self.end_reservation(*reservation, ReservationState::Consumed);
            }
            Event::OrderPlaced { order } => {
                let key = external_key(order.channel, &order.external_id);
                self.claims
                    .claim(ClaimKind::OrderExternal, key, order.id.to_u128());
                self.orders.put(order.clone());
            }
            Event::OrderMerged { order } => {
                let changes = backorder_changes(self.order_now(order.id), order);
                self.count_backorders(order.id, &changes);
                self.orders.put(order.clone());
            }
            Event::OrderConfirmed { order } => {
                self.orders
                    .update(*order, |order| order.confirmed_at = Some(at));
            }
            Event::HoldPlaced { order, hold } => {
                self.orders
                    .update(*order, |order| order.holds.push(hold.clone()));
            }
            Event::HoldReleased {
                order,
                hold,
                by_person,
            } => {
                self.orders.update(*order, |order| {
                    let kind = order.hold(*hold).map(|hold| hold.kind);
                    order.holds.retain(|open| open.id != *hold);
                    if let Some(kind) = kind.filter(|_| *by_person)
                        && !order.cleared.contains(&kind)
                    {
                        order.cleared.push(kind);
                    }
                });
            }
            Event::LinesBackordered { order, lines } => {
                self.count_backorders(*order, lines);
                self.change_lines(*order, lines, |line, units| line.backordered += units);
            }
            Event::BackorderLifted { order, lines } => {
                let fewer: Vec<LineUnits> = (lines.iter())
                    .map(|units| LineUnits {
                        line: units.line,
                        quantity: -units.quantity,
                    })
                    .collect();
                self.count_backorders(*order, &fewer);
                self.change_lines(*order, lines, |line, units| line.backordered -= units);
            }
            Event::SourcingDeferred { order, deferral } => {
                self.orders
                    .update(*order, |order| order.deferral = Some(*deferral));
            }
            Event::SourcingResumed { order } => {
                self.orders.update(*order, |order| order.deferral = None);
            }
            Event::WorkMoved {
                order,
                fulfillment_order,
                saving: _,
            } => {
                self.end_work(*order, *fulfillment_order, FulfillmentState::Superseded);
            }
            Event::WorkPinned {
                fulfillment_order,
                pinned,
            } => {
                self.fulfillment_orders
                    .update(*fulfillment_order, |work| work.pinned = *pinned);
            }
            Event::FulfillmentOrderOpened { fulfillment_order } => {
                self.open_fulfillment_order(fulfillment_order);
            }
            Event::FulfillmentOrderReleased { fulfillment_order } => {
                self.set_work(*fulfillment_order, FulfillmentState::Released);
            }
            Event::FulfillmentOrderAccepted { fulfillment_order } => {
                self.set_work(*fulfillment_order, FulfillmentState::Accepted);
                self.count_outcome(CounterKind::Accepted, *fulfillment_order, at);
            }
            Event::FulfillmentOrderCanceled {
                order,
                fulfillment_order,
            } => {
                self.end_work(*order, *fulfillment_order, FulfillmentState::Canceled);
            }
            Event::FulfillmentOrderRejected {
                order,
                fulfillment_order,
                cause: _,
            } => {
                self.end_work(*order, *fulfillment_order, FulfillmentState::Rejected);
                self.count_outcome(CounterKind::Rejected, *fulfillment_order, at);
            }
            Event::UnitsPicked {
                fulfillment_order,
                lines,
            } => {
                let mut location = None;
                self.fulfillment_orders.update(*fulfillment_order, |work| {
                    work.pick(lines);
                    location = Some(work.clone()).filter(|work| work.has_lots());
                });
                if let Some(work) = location {
                    self.pick_lots(&work, lines);
                }
            }
            Event::UnitsShorted {
                order,
                fulfillment_order,
                lines,
                cause: _,
            } => {
                self.short_work(*order, *fulfillment_order, lines);
                self.count_outcome(CounterKind::Shorted, *fulfillment_order, at);
            }
            Event::UnitsPacked { shipment } => {
                self.fulfillment_orders
                    .update(shipment.fulfillment_order, |work| {
                        work.state = FulfillmentState::Packed;
                        work.shipment = Some(shipment.id);
                        for line in &mut work.lines {
                            line.packed = line.picked;
                        }
                    });
                self.shipments.put(shipment.clone());
            }
            Event::ParcelLabelled {
                order: _,
                shipment,
                parcel,
                label,
            } => {
                self.shipments.update(*shipment, |shipment| {
                    shipment.carrier.clone_from(&label.carrier);
                    shipment.service.clone_from(&label.service);
                    if let Some(parcel) = shipment.parcel_mut(*parcel) {
                        parcel.state = ParcelState::Labelled;
                        parcel.tracking_number = Some(label.tracking_number.clone());
                        parcel.label = label.payload;
                        parcel.cost_quoted = label.cost_quoted;
                    }
                });
            }
            Event::FulfillmentOrderShipped {
                order,
                fulfillment_order,
                shipment,
                movements,
            } => {
                self.ship_work(*order, *fulfillment_order, *shipment, movements, at);
                self.count_outcome(CounterKind::Shipped, *fulfillment_order, at);
            }
            Event::ParcelTracked {
                order: _,
                shipment,
                parcel,
                report,
            } => {
                self.shipments.update(*shipment, |shipment| {
                    if let Some(parcel) = shipment.parcel_mut(*parcel) {
                        parcel.take(report);
                    }
                });
            }
            Event::CancelRequested {
                fulfillment_order,
                cancels_lines,
                cause,
            } => {
                self.fulfillment_orders.update(*fulfillment_order, |work| {
                    work.cancel = Some(CancelRequest {
                        previous: work.state,
                        cancels_lines: *cancels_lines,
                        cause: cause.clone(),
                    });
                    work.state = FulfillmentState::CancelRequested;
                });
            }
            Event::CancelRefused { fulfillment_order } => {
                self.fulfillment_orders.update(*fulfillment_order, |work| {
                    if let Some(request) = work.cancel.take() {
                        work.state = request.previous;
                    }
                });
            }
            Event::ReturnRequested { requested } => {
                self.orders
                    .update(requested.order, |order| order.returns.push(requested.id));
                self.returns.put(requested.clone());
            }
            Event::ReturnApproved { approved } => {
                self.returns
                    .update(*approved, |found| found.state = ReturnState::Approved);
            }
            Event::ReturnDeclined { declined, cause: _ } => {
                self.returns
                    .update(*declined, |found| found.state = ReturnState::Declined);
            }
            Event::ReturnReceived {
                order,
                received,
                lines,
                movements,
            } => {
                self.move_stock(movements);
                self.returns.update(*received, |found| found.take(lines));
                self.orders.update(*order, |order| {
                    for units in lines {
                        if let Some(line) = order.line_mut(units.line) {
                            line.received += units.quantity;
                        }
                    }
                });
            }
            Event::RefundRecorded { order, refund } => {
                self.orders
                    .update(*order, |order| order.take_refund(refund));
            }
            Event::LinesCanceled {
                order,
                lines,
                cause: _,
            } => {
                self.uncount_backorders(*order, lines);
                self.change_lines(*order, lines, |line, units| {
                    line.open -= units;
                    line.canceled += units;
                    line.backordered = line.backordered.min(line.open);
                });
            }
            Event::OrderCanceled { order } => self.end_order(*order, OrderLife::Canceled, at),
            Event::OrderClosed { order } => self.end_order(*order, OrderLife::Closed, at),
            // Contacts are beside the state.
            Event::CustomerRecorded {
                customer,
                identities,
            } => {
                for key in identities {
                    self.claims
                        .claim(ClaimKind::Customer, key.clone(), customer.to_u128());
                }
            }
            Event::PersonErased { contacts: _ } => {}
        }
    }

    fn end_reservation(&mut self, id: ReservationId, state: ReservationState) {
        let mut units = Vec::new();
        self.reservations.update(id, |reservation| {
            reservation.state = state;
            units.clone_from(&reservation.units);
        });
        for bound in units {
            self.cells
                .update(bound.cell, false, |cell| cell.reserved -= bound.quantity);
        }
    }

    fn end_order(&mut self, id: OrderId, life: OrderLife, at: Timestamp) {
        self.orders.update(id, |order| {
            order.life = life;
            order.ended_at = Some(at);
            // Nothing is left to be stopped.
            order.holds.clear();
            order.deferral = None;
        });
    }

    fn change_lines(
        &mut self,
        id: OrderId,
        lines: &[LineUnits],
        change: impl Fn(&mut Line, Quantity),
    ) {
        self.orders.update(id, |order| {
            for units in lines {
                if let Some(line) = order.line_mut(units.line) {
                    change(line, units.quantity);
                }
            }
        });
    }

    fn order_now(&self, id: OrderId) -> &Order {
        let order = self.orders.get(id).ok().flatten();
        order.expect("an event changes only what was loaded")
    }

    fn count_backorders(&mut self, id: OrderId, lines: &[LineUnits]) {
        let order = self.order_now(id);
        let counts: Vec<(CounterKey, i64)> = (lines.iter())
            .filter_map(|units| {
                let sku = order.line(units.line)?.sku?;
                let key = CounterKey {
                    kind: CounterKind::Backordered,
                    id: sku.to_u128(),
                    day: 0,
                };
                Some((key, units.quantity.get()))
            })
            .collect();
        for (key, by) in counts {
            self.counters.add(key, by, None);
        }
    }

    /// Takes back the count of units that were backordered and are canceled now.
    fn uncount_backorders(&mut self, id: OrderId, lines: &[LineUnits]) {
        let order = self.order_now(id);
        let counts: Vec<(CounterKey, i64)> = (lines.iter())
            .filter_map(|units| {
                let line = order.line(units.line)?;
                let left = line.open - units.quantity;
                let by = line.backordered - line.backordered.min(left);
                let id = line.sku?.to_u128();
                Some((
                    CounterKey {
                        kind: CounterKind::Backordered,
                        id,
                        day: 0,
                    },
                    -by.get(),
                ))
            })
            .filter(|(_, by)| *by != 0)
            .collect();
        for (key, by) in counts {
            self.counters.add(key, by, None);
        }
    }
}
