//! Webhooks: addresses of others that events are posted to.

pub mod create;
pub mod update;

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::event::Event;
use crate::id::WebhookId;
use crate::record::record;
use crate::time::Timestamp;

pub use create::CreateWebhook;
pub use update::UpdateWebhook;

/// Webhooks of an organization; each is told of every event that it asks for.
pub const WEBHOOKS_MAX: usize = 50;

/// An address that events are posted to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// How many events have touched it.
    pub version: u64,
    /// Where to; `https`, or `http` for tests.
    pub url: String,
    /// What it is told of: wire names, or their beginnings followed by `*`. Empty for everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is told of anything.
    pub active: bool,
    /// The number of its secret; another number is another secret.
    pub secret: u32,
    /// When it was made.
    pub created_at: Timestamp,
}
record!(Webhook, WebhookId, Webhook);

impl Webhook {
    /// Whether it is told of events with this wire name.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.active && (self.events.is_empty() || self.events.iter().any(|e| matches(e, name)))
    }
}

/// Whether a pattern stands for a wire name.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => pattern == name,
    }
}

/// Refuses addresses that nothing can be posted to.
pub fn check_url(check: &mut Check, field: &str, url: &str) -> String {
    let url = check.text(field, url, 2_000);
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    match host {
        None => check.refuse(field, "must begin with https:// (or http://)"),
        Some("") => check.refuse(field, "names no host"),
        Some(host) if host.contains('@') => {
            check.refuse(field, "must not carry a user or a password");
        }
        Some(_) if url.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            check.refuse(field, "must not contain blanks");
        }
        Some(_) => {}
    }
    url
}

/// Refuses names that no event has.
pub fn check_events(check: &mut Check, field: &str, events: &[String]) -> Vec<String> {
    if events.len() > 64 {
        check.refuse(
            field,
            "names more than 64 events; an empty list is everything",
        );
    }
    for (index, pattern) in events.iter().enumerate().take(64) {
        if !Event::NAMES.iter().any(|name| matches(pattern, name)) {
            check.refuse(format!("{field}/{index}"), "is the name of no event");
        }
    }
    events.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_name_or_its_beginning() {
        for (pattern, name, wanted) in [
            ("order.placed", "order.placed", true),
            ("order.placed", "order.closed", false),
            ("order.*", "order.closed", true),
            ("order.*", "fulfillment_order.shipped", false),
            ("*", "stock.moved", true),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn addresses_and_names_are_checked() {
        for (url, fine) in [
            ("https://example.com/hooks?a=b", true),
            ("http://127.0.0.1:8080", true),
            ("ftp://example.com", false),
            ("https://", false),
            ("https:///path", false),
            ("https://user:secret@example.com/", false),
            ("https://example.com/a b", false),
        ] {
            let mut check = Check::default();
            check_url(&mut check, "/url", url);
            assert_eq!(check.finish(()).is_ok(), fine, "{url}");
        }
        let mut check = Check::default();
        check_events(
            &mut check,
            "/events",
            &["order.*".into(), "nothing.like".into()],
        );
        let rejection = check.finish(()).unwrap_err();
        assert_eq!(rejection.fields[0].field, "/events/1");
    }
}
