//! `GET /events/stream`: the log as server-sent events, as it grows.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream;

use super::Wanted;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::wire;

/// Entries that are read at once.
const READ_MAX: usize = 500;
/// How often a silent stream says that it is still there, so that nothing between cuts it off.
const BEAT: Duration = Duration::from_secs(15);
/// How long to wait for the log to grow before looking again.
const LOOK: Duration = Duration::from_millis(1_000);

/// Streams events.
///
/// One message for each event, with its position as the id; a client that comes back with
/// `Last-Event-ID` misses nothing. Without it the stream begins with what happens from now on.
#[utoipa::path(
    get,
    path = "/api/v1/events/stream",
    tag = "Events",
    params(
        ("types" = Option<String>, Query, description = "Names of events, or their beginnings followed by `*`, joined by commas."),
        ("Last-Event-ID" = Option<i64>, Header, description = "The position after which to begin."),
    ),
    responses((status = 200, description = "Events as they happen, as server-sent events.", body = String, content_type = "text/event-stream")),
)]
pub async fn stream_events(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let wanted = Wanted::of(&mut params);
    params.finish()?;
    let last = (ask.parts.headers.get("last-event-id"))
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<i64>().ok())
        .filter(|position| *position >= 0);
    let after = match last {
        Some(position) => position,
        None => ask.backend().head(ask.organization()).await?.position,
    };
    let follower = Follower {
        ask,
        wanted,
        after,
        silent: Duration::ZERO,
    };
    let chunks = stream::unfold(Some(follower), |follower| async move {
        let mut follower = follower?;
        let text = follower.next().await;
        text.map(|text| (Ok::<_, std::io::Error>(Bytes::from(text)), Some(follower)))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_static("text/event-stream");
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Proxies that gather answers would hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Somebody who follows the log.
struct Follower {
    ask: Ask,
    wanted: Wanted,
    after: i64,
    silent: Duration,
}

impl Follower {
    /// The next text of the stream; `None` where the store failed or the server stops, after which
    /// the client comes back by itself.
    async fn next(&mut self) -> Option<String> {
        let organization = self.ask.organization();
        let engine = &self.ask.app.engine;
        loop {
            let backend = engine.backend();
            let entries = backend.read_log(organization, self.after, READ_MAX).await;
            let entries = entries.ok()?;
            let mut text = String::new();
            for entry in &entries {
                self.after = entry.position;
                if let Some(envelope) = self.wanted.envelope(organization, entry) {
                    let (id, name) = (entry.position, envelope.name);
                    let data = wire::to_json(&envelope);
                    text.push_str(&format!("id: {id}\nevent: {name}\ndata: {data}\n\n"));
                }
            }
            if !text.is_empty() {
                self.silent = Duration::ZERO;
                return Some(text);
            }
            if !entries.is_empty() {
                continue;
            }
            if engine.is_stopping() {
                return None;
            }
            if !engine.grows(organization, self.after, LOOK).await {
                self.silent += LOOK;
            }
            if self.silent >= BEAT {
                self.silent = Duration::ZERO;
                return Some(": still here\n\n".to_owned());
            }
        }
    }
}
