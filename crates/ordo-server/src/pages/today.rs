//! `GET /`: today's orders by stage, and the stream that keeps the page moving.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::stream;
use maud::{Markup, html};
use ordo_domain::reference::Reference;
use ordo_domain::time::{SECOND, Timestamp};
use ordo_store::StoreError;

use super::board::{Board, Card, Column, ORDERS_MAX};
use super::stage::Stage;
use super::{Pages, Visit, session, shell, store_failed, words};
use crate::wire;

/// Orders shown in each column.
const SHOWN: usize = 12;
/// Held orders shown.
const HELD_SHOWN: usize = 8;
/// A page is never sent more often than this.
const PACE: Duration = Duration::from_millis(1_000);
/// How long to wait for the log to grow before looking again.
const LOOK: Duration = Duration::from_millis(1_000);
/// Looks without anything new after which the page is sent all the same: ages move on.
const LOOKS_MAX: usize = 10;
/// What changed within this time is lit up.
const FRESH: i64 = 3 * SECOND / 2;

/// Shows today's orders.
pub async fn get_today(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    let visit = match session::visit(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    match look(&visit).await {
        Ok((content, _)) => shell::page(StatusCode::OK, "Today", shell::Body::Live(&content)),
        Err(error) => store_failed(&error),
    }
}

/// Sends the page's content anew whenever something has happened.
pub async fn stream_today(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    let visit = match session::visit(&pages, &headers).await {
        Ok(visit) => visit,
        // Not a redirect, which would make the browser read the form as a stream.
        Err(_) => return shell::failure(StatusCode::UNAUTHORIZED, "Sign in first."),
    };
    let watcher = Watcher {
        visit,
        seen: 0,
        is_first: true,
    };
    let chunks = stream::unfold(watcher, |mut watcher| async move {
        let text = watcher.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), watcher))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies that gather answers would hold messages back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Somebody whose page moves.
struct Watcher {
    visit: Visit,
    seen: i64,
    is_first: bool,
}

impl Watcher {
    /// The next message; `None` where the key no longer counts, the store failed or the server
    /// stops, after which the browser comes back by itself.
    async fn next(&mut self) -> Option<String> {
        if !self.is_first {
            let engine = &self.visit.pages.app.engine;
            tokio::time::sleep(PACE).await;
            for _ in 0..LOOKS_MAX {
                let organization = self.visit.organization();
                if engine.is_stopping() || engine.grows(organization, self.seen, LOOK).await {
                    break;
                }
            }
            if engine.is_stopping() || !self.visit.is_current().await {
                return None;
            }
        }
        self.is_first = false;
        let (content, seen) = look(&self.visit).await.ok()?;
        self.seen = seen;
        // As JSON it stays on one line.
        Some(format!(
            "id: {seen}\ndata: {}\n\n",
            wire::to_json(&content.into_string())
        ))
    }
}

/// The page's content as things stand, and the log position that it shows.
async fn look(visit: &Visit) -> Result<(Markup, i64), StoreError> {
    let reference = visit.reference().await?;
    let now = visit.pages.app.engine.clock().now();
    let board = visit.pages.boards.of(visit.organization());
    let mut board = board.lock().await;
    board
        .refresh(visit.backend(), visit.organization(), now)
        .await?;
    Ok((render(&board, &reference, now), board.position()))
}

fn render(board: &Board, reference: &Reference, now: Timestamp) -> Markup {
    let held = board.column(Stage::Held, HELD_SHOWN);
    let columns: Vec<Column<'_>> = (Stage::COLUMNS.iter())
        .map(|stage| board.column(*stage, SHOWN))
        .collect();
    let canceled = board.column(Stage::Canceled, 0).count;
    html! {
        div.headline {
            h1 { "Today" }
            p.quiet {
                (board.len()) " orders of the last 24 hours"
                @if board.len() >= ORDERS_MAX { " (the newest)" }
                @if canceled > 0 { " · " (canceled) " canceled" }
            }
        }
        nav.stages aria-label="Stages" {
            (tile(&held))
            @for column in &columns { (tile(column)) }
        }
        @if board.len() == 0 {
            p.first.card {
                "No orders yet. They appear here the moment a channel sends them; see "
                a href="/api/docs" { "the API" } " for how."
            }
        }
        section.held #held aria-labelledby="held-title" {
            h2 #held-title { "On hold " span.count { (held.count) } }
            @if held.cards.is_empty() {
                p.empty { (Stage::Held.empty()) }
            } @else {
                ul.rows {
                    @for card in &held.cards { (row(card, reference, now)) }
                }
                (more(&held))
            }
        }
        div.board {
            @for column in &columns {
                section.column id=(column.stage.slug()) aria-label=(column.stage.title()) {
                    h2 { (column.stage.title()) " " span.count { (column.count) } }
                    @if column.cards.is_empty() {
                        p.empty { (column.stage.empty()) }
                    } @else {
                        ul { @for card in &column.cards { (small(card, reference, now)) } }
                        (more(column))
                    }
                }
            }
        }
    }
}

fn tile(column: &Column<'_>) -> Markup {
    let needs_somebody = column.stage == Stage::Held && column.count > 0;
    html! {
        a.tile.alert[needs_somebody] href={ "#" (column.stage.slug()) } {
            span.number { (column.count) }
            span.name { (column.stage.title()) }
        }
    }
}

fn more(column: &Column<'_>) -> Markup {
    let left = column.count.saturating_sub(column.cards.len());
    html! { @if left > 0 { p.more { "and " (left) " more" } } }
}

/// A held order, with the reason.
fn row(card: &Card, reference: &Reference, now: Timestamp) -> Markup {
    let note = card.note.as_deref().unwrap_or_default();
    html! {
        li.fresh[is_fresh(card, now)] {
            a href=(address(card)) {
                span.key { "#" (card.number) }
                span.note title=(note) { (note) }
                span.from { (channel(card, reference)) }
                span.country { (country(card)) }
                span.total { (words::money(card.total)) }
                (age(card, now))
            }
        }
    }
}

/// An order in a column.
fn small(card: &Card, reference: &Reference, now: Timestamp) -> Markup {
    let from = channel(card, reference);
    html! {
        li.fresh[is_fresh(card, now)] {
            a href=(address(card)) {
                span.key { "#" (card.number) }
                (age(card, now))
                span.from title=(from) { (from) }
                span.country { (country(card)) }
                span.total { (words::money(card.total)) }
                @if let Some(note) = &card.note { span.note title=(note) { (note) } }
            }
        }
    }
}

fn address(card: &Card) -> String {
    format!("/orders/{}", card.number)
}

fn age(card: &Card, now: Timestamp) -> Markup {
    html! {
        time.age datetime=(card.placed_at) title={ "Placed " (words::instant(card.placed_at)) " UTC" } {
            (words::age(card.placed_at, now))
        }
    }
}

fn channel(card: &Card, reference: &Reference) -> String {
    match reference.channel(card.channel) {
        Some(channel) => channel.name.as_ref().unwrap_or(&channel.code).clone(),
        None => card.channel.to_string(),
    }
}

fn country(card: &Card) -> &str {
    match card.country.as_str() {
        "" => "–",
        code => code,
    }
}

fn is_fresh(card: &Card, now: Timestamp) -> bool {
    (card.changed_at).is_some_and(|at| now.as_micros() - at.as_micros() < FRESH)
}
