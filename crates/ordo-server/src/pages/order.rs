//! `GET /orders/{number or id}`: one order with everything that serves it and what happened to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use ordo_domain::contact::Contact;
use ordo_domain::event::SubjectRef;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{ContactId, FulfillmentOrderId, OrderId};
use ordo_domain::money::{Minor, Money};
use ordo_domain::order::{FulfillmentStanding, Line, Order, PaymentStanding, ReturnStanding};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::returns::Return;
use ordo_domain::shipment::Shipment;
use ordo_domain::world::Key;
use ordo_store::{LogEntry, OrderFilter, OrderSort, StoreError};

use super::timeline::{Story, count, many_units};
use super::{Pages, Visit, redirect, session, shell, store_failed, words};
use crate::read;
use crate::why;
use crate::wire::{channel_code, location_code};

/// Entries of the timeline; an order has a few dozen.
const EVENTS_MAX: usize = 500;

/// Leads from what somebody typed to the order.
pub async fn find_order(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let visit = match session::visit(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let asked = asked.into_iter().find(|(name, _)| name == "find");
    let asked = asked.map(|(_, value)| value).unwrap_or_default();
    let asked = asked.trim().trim_start_matches('#');
    if asked.is_empty() {
        return redirect("/", None);
    }
    match find(&visit, asked).await {
        Ok(Some(id)) => redirect(&format!("/orders/{id}"), None),
        Ok(None) => missing(),
        Err(error) => store_failed(&error),
    }
}

/// Shows an order.
pub async fn get_order(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Response {
    let visit = match session::visit(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let found = match find(&visit, &name).await {
        Ok(Some(id)) => Shown::read(&visit, id).await,
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    match found {
        Ok(Some(shown)) => {
            let title = format!("Order {}", shown.name());
            shell::page(StatusCode::OK, &title, shell::Body::Framed(&shown.render()))
        }
        Ok(None) => missing(),
        Err(error) => store_failed(&error),
    }
}

fn missing() -> Response {
    let content = html! {
        div.headline { h1 { "No such order" } }
        p { "No order has this number or id. " a href="/" { "Today's orders" } }
    };
    shell::page(
        StatusCode::NOT_FOUND,
        "No such order",
        shell::Body::Framed(&content),
    )
}

/// The order with this number, id, or id of its channel.
pub async fn find(visit: &Visit, name: &str) -> Result<Option<OrderId>, StoreError> {
    if let Ok(id) = name.parse::<OrderId>() {
        return Ok(Some(id));
    }
    let mut filter = OrderFilter::default();
    let number = name.parse::<i64>().ok().filter(|number| *number > 0);
    // The page after the number before it starts with it.
    let after = number.map(|number| number - 1);
    if number.is_none() {
        filter.external_id = Some(name.chars().take(255).collect());
    }
    let sort = match number {
        Some(_) => OrderSort::Oldest,
        None => OrderSort::Newest,
    };
    let page = visit
        .backend()
        .list_orders(visit.organization(), &filter, sort, after, 1)
        .await?;
    let row = page.items.into_iter().next();
    Ok(row
        .filter(|row| number.is_none_or(|number| row.number == number))
        .map(|row| row.id))
}

/// An order with what serves it.
struct Shown {
    reference: Arc<Reference>,
    order: Order,
    number: Option<i64>,
    work: Vec<FulfillmentOrder>,
    shipments: Vec<Shipment>,
    returns: Vec<Return>,
    contacts: Vec<Contact>,
    events: Vec<LogEntry>,
    /// Why each fulfillment order went to its location.
    reasons: BTreeMap<FulfillmentOrderId, String>,
}

impl Shown {
    async fn read(visit: &Visit, id: OrderId) -> Result<Option<Self>, StoreError> {
        let (backend, organization) = (visit.backend(), visit.organization());
        let kind = RecordKind::Order;
        let key = Key::Record {
            kind,
            id: id.to_u128(),
        };
        let rows = backend.load(organization, &[key]).await?;
        let Some(stored) = rows.into_iter().find_map(read::found) else {
            return Ok(None);
        };
        let order: Order = read::decode(&stored)?;
        let work: Vec<FulfillmentOrder> =
            read::all(backend, organization, &order.fulfillment_orders).await?;
        let shipments: Vec<Shipment> = read::all(backend, organization, &order.shipments).await?;
        let returns: Vec<Return> = read::all(backend, organization, &order.returns).await?;
        let ids: Vec<ContactId> = order.contacts().collect();
        let contacts = backend.contacts(organization, &ids).await?;
        let about = |kind, id| SubjectRef { kind, id };
        let mut subjects = vec![about(kind, id.to_u128())];
        let ids = |kind: RecordKind, ids: Vec<u128>| ids.into_iter().map(move |id| about(kind, id));
        subjects.extend(ids(
            RecordKind::FulfillmentOrder,
            order
                .fulfillment_orders
                .iter()
                .map(|id| id.to_u128())
                .collect(),
        ));
        subjects.extend(ids(
            RecordKind::Shipment,
            order.shipments.iter().map(|id| id.to_u128()).collect(),
        ));
        subjects.extend(ids(
            RecordKind::Return,
            order.returns.iter().map(|id| id.to_u128()).collect(),
        ));
        let events = backend
            .events_about(organization, &subjects, 0, EVENTS_MAX)
            .await?;
        let reference = visit.reference().await?;
        let reasons = why::of_work(backend, organization, &reference, &order, &work).await?;
        Ok(Some(Self {
            reference,
            reasons,
            number: stored.number,
            order,
            work,
            shipments,
            returns,
            contacts,
            events,
        }))
    }

    fn name(&self) -> String {
        match self.number {
            Some(number) => format!("#{number}"),
            None => self.order.id.to_string(),
        }
    }

    fn money(&self, amount: Minor) -> String {
        let currency = self.order.currency;
        words::money(Money { amount, currency })
    }

    fn render(&self) -> Markup {
        let order = &self.order;
        let channel = self.reference.channel(order.channel);
        let channel = channel.and_then(|channel| channel.name.clone());
        let channel =
            channel.unwrap_or_else(|| channel_code(&self.reference, order.channel).into_owned());
        html! {
            div.headline {
                h1 { "Order " (self.name()) }
                p.badges {
                    span.badge { (words::life(order.life)) }
                    @if !order.holds.is_empty() { span.badge.alert { "On hold" } }
                    @if order.deferral.is_some() { span.badge { "Waiting for sourcing" } }
                    span.badge { "Payment: " (standing(PaymentStanding::of(order).name())) }
                    span.badge { "Fulfillment: " (standing(FulfillmentStanding::of(order).name())) }
                    span.badge { "Returns: " (standing(ReturnStanding::of(order).name())) }
                }
            }
            @if !order.holds.is_empty() {
                section.card.holds aria-label="Holds" {
                    h2 { "On hold" }
                    ul {
                        @for hold in &order.holds {
                            @let stops: Vec<_> = hold.blocks.iter().map(|stage| words::held_stage(*stage)).collect();
                            li {
                                strong { (words::hold(hold)) }
                                div.quiet { "Stops " (stops.join(", ")) " since " (words::instant(hold.placed_at)) }
                            }
                        }
                    }
                }
            }
            div.split {
                div {
                    section.card aria-label="Lines" {
                        h2 { "Lines" }
                        (self.lines())
                    }
                    section.card aria-label="Fulfillment" {
                        h2 { "Fulfillment" }
                        (self.fulfillment())
                    }
                    @if !self.returns.is_empty() || !order.refunds.is_empty() {
                        section.card aria-label="Returns and refunds" {
                            h2 { "Returns and refunds" }
                            (self.back())
                        }
                    }
                    section.card aria-label="Timeline" {
                        h2 { "Timeline" }
                        (self.timeline())
                    }
                }
                div.side {
                    section.card aria-label="Order" {
                        h2 { "Order" }
                        dl {
                            dt { "Channel" } dd { (channel) }
                            dt { "Its id there" } dd.break { (order.external_id) }
                            dt { "Placed" } dd { (words::instant(order.placed_at)) " UTC" }
                            dt { "Terms" } dd { (words::name(&serde_name(&order.terms))) }
                            @if let Some(service) = &order.shipping.service {
                                dt { "Service" } dd { (service) }
                            }
                            dt { "Id" } dd.break.quiet { (order.id) }
                        }
                    }
                    (self.money_card())
                    (self.buyer())
                }
            }
        }
    }

    fn lines(&self) -> Markup {
        let order = &self.order;
        html! {
            div.scroll tabindex="0" role="region" aria-label="Lines" {
                table {
                    thead { tr {
                        th scope="col" { "Item" }
                        th.num scope="col" { "Units" }
                        th scope="col" { "Where they are" }
                        th.num scope="col" { "Price" }
                        th.num scope="col" { "Sum" }
                    } }
                    tbody {
                        @for line in &order.lines {
                            tr {
                                td.item {
                                    @if let Some(title) = &line.title { div.title title=(title) { (title) } }
                                    div.quiet {
                                        (line.code)
                                        @if let Some(parent) = &line.parent { " · of bundle " (parent.code) }
                                    }
                                }
                                td.num { (line.ordered) }
                                td { (whereabouts(line)) }
                                td.num { (self.money(line.unit_price)) }
                                td.num { (self.money(line.gross() - line.discount)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn fulfillment(&self) -> Markup {
        html! {
            @if self.work.is_empty() {
                p.empty { "No location works on it." }
            }
            ul.parts {
                @for work in &self.work {
                    @let units: Quantity = work.lines.iter().map(|line| line.quantity).sum();
                    @let shipment = self.shipments.iter().find(|shipment| work.shipment == Some(shipment.id));
                    li {
                        div.part {
                            strong { (self.location_name(work)) }
                            span.badge { (words::name(work.state.name())) }
                            span.quiet { (many_units(units)) ", opened " (words::instant(work.opened_at)) }
                        }
                        @if let Some(reason) = self.reasons.get(&work.id) {
                            p.quiet { (reason) " " a href=(format!("/fulfillment/{}/why", work.id)) { "Why?" } }
                        }
                        @if let Some(shipment) = shipment {
                            ul.parcels {
                                @for parcel in &shipment.parcels {
                                    li {
                                        span.badge { (words::name(parcel.state.name())) }
                                        " Parcel with " (shipment.carrier) ", " (shipment.service)
                                        @if let Some(number) = &parcel.tracking_number {
                                            " · " span.break { (number) }
                                        }
                                        @if let Some(at) = parcel.delivered_at {
                                            span.quiet { " delivered " (words::instant(at)) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn location_name(&self, work: &FulfillmentOrder) -> String {
        let code = location_code(&self.reference, work.location);
        let location = self.reference.location(work.location);
        match location.and_then(|location| location.name.as_ref()) {
            Some(name) => format!("{name} ({code})"),
            None => code.into_owned(),
        }
    }

    fn back(&self) -> Markup {
        html! {
            ul.parts {
                @for found in &self.returns {
                    @let requested: Quantity = found.lines.iter().map(|line| line.requested).sum();
                    @let received: Quantity = found.lines.iter().map(|line| line.received).sum();
                    @let reason = found.lines.first().map(|line| words::name(&line.cause.reason_code));
                    li {
                        div.part {
                            strong { "Return" }
                            span.badge { (words::name(found.state.name())) }
                            span.quiet {
                                (received) " of " (many_units(requested)) " back"
                                @if let Some(reason) = reason { " · " (reason) }
                            }
                        }
                    }
                }
                @for refund in &self.order.refunds {
                    li {
                        div.part {
                            strong { "Refund" }
                            span { (self.money(refund.total)) }
                            span.quiet { (words::instant(refund.at)) }
                        }
                    }
                }
            }
        }
    }

    fn money_card(&self) -> Markup {
        let totals = &self.order.totals;
        html! {
            section.card aria-label="Money" {
                h2 { "Money" }
                dl.sums {
                    dt { "Items" } dd { (self.money(totals.items)) }
                    @if totals.discount != Minor::ZERO {
                        dt { "Discount" } dd { (self.money(-totals.discount)) }
                    }
                    dt { "Shipping" } dd { (self.money(totals.shipping)) }
                    dt { @if self.order.tax_included { "Tax within" } @else { "Tax" } }
                    dd { (self.money(totals.tax)) }
                    dt.sum { "Total" } dd.sum { (self.money(totals.total)) }
                    @if let Some(theirs) = self.order.channel_total.filter(|theirs| *theirs != totals.total) {
                        dt { "By the channel" } dd { (self.money(theirs)) }
                    }
                    dt { "Captured" } dd { (self.money(self.order.captured())) }
                    dt { "Paid back" } dd { (self.money(self.order.paid_back())) }
                }
            }
        }
    }

    fn buyer(&self) -> Markup {
        let contact = (self.order.ship_to.as_ref()).and_then(|to| {
            self.contacts
                .iter()
                .find(|contact| contact.id == to.contact)
        });
        html! {
            section.card aria-label="Ship to" {
                h2 { "Ship to" }
                @match (contact, &self.order.ship_to) {
                    (Some(contact), _) => {
                        @let town = [&contact.postal_code, &contact.city];
                        @let town: Vec<&str> = town.into_iter().flatten().map(String::as_str).collect();
                        address {
                            @for text in [&contact.name, &contact.company, &contact.line1, &contact.line2].into_iter().flatten() {
                                div { (text) }
                            }
                            @if !town.is_empty() { div { (town.join(" ")) } }
                            @if let Some(region) = &contact.region { div { (region) } }
                            @if let Some(country) = &contact.country { div { (country) } }
                            @for text in [&contact.email, &contact.phone].into_iter().flatten() {
                                div.quiet.break { (text) }
                            }
                        }
                        @if let Some(note) = &contact.note {
                            p { span.quiet { "Note: " } (note) }
                        }
                    }
                    (None, Some(to)) => p.quiet { "Erased. Country: " (to.place.country) },
                    (None, None) => p.empty { "No address." },
                }
            }
        }
    }

    fn timeline(&self) -> Markup {
        let story = Story {
            reference: &self.reference,
            order: &self.order,
            work: &self.work,
        };
        html! {
            @if self.events.len() >= EVENTS_MAX {
                p.quiet { "The first " (EVENTS_MAX) " of what happened." }
            }
            ol.timeline {
                @for entry in &self.events {
                    li {
                        time datetime=(entry.recorded_at) { (words::instant(entry.recorded_at)) }
                        span { (story.sentence(&entry.event)) }
                    }
                }
            }
            p.quiet { (count(self.events.len(), "event")) ", times in UTC" }
        }
    }
}

fn standing(stored: &str) -> String {
    words::name(stored).to_lowercase()
}

/// The wire name of a unit variant.
fn serde_name(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// Where a line's units are, the counts that are not zero.
fn whereabouts(line: &Line) -> Markup {
    let waiting = line.open - line.backordered;
    let counts = [
        (waiting, "open"),
        (line.backordered, "backordered"),
        (line.allocated, "allocated"),
        (line.shipped, "shipped"),
        (line.shipped_elsewhere, "shipped elsewhere"),
        (line.canceled, "canceled"),
        (line.received, "back"),
        (line.refunded, "refunded"),
    ];
    let told: Vec<String> = (counts.iter())
        .filter(|(count, _)| *count > Quantity::ZERO)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    html! { (told.join(", ")) }
}
