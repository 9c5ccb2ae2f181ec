//! How a message leaves: over HTTP, or by whatever a simulation has in its place.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ordo_domain::id::WebhookId;
use reqwest::{StatusCode, Url};

use super::guard::{GuardedResolver, is_open};
use crate::engine::Outside;

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of an answer that are kept as the reason of a failure.
const ANSWER_KEPT: usize = 200;

/// A signed message to an address that a customer chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whose address it is.
    pub webhook: WebhookId,
    /// Where it goes.
    pub url: String,
    /// Its id, the same however often it is sent.
    pub id: String,
    /// When it is sent, in seconds since 1970.
    pub seconds: i64,
    /// Proves where it comes from.
    pub signature: String,
    /// What it says, as JSON.
    pub body: String,
}

/// Posts messages.
#[async_trait]
pub trait Post: Send + Sync {
    /// Posts a message, once.
    ///
    /// # Errors
    /// The receiver has not confirmed it, for this reason.
    async fn post(&self, message: Message) -> Result<(), String>;
}

/// Posts over HTTP.
pub(crate) struct Http {
    client: reqwest::Client,
    outside: Outside,
}

impl Http {
    /// # Errors
    /// The machine offers no certificates to trust, or the like.
    pub(crate) fn new(outside: Outside) -> Result<Self, String> {
        let resolver = GuardedResolver {
            allows_private: outside.allows_private,
        };
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(resolver))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("Ordo/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, outside })
    }

    /// The address, unless it is one that may not be gone to. A name is looked at when it is resolved.
    fn target(&self, url: &str) -> Result<Url, String> {
        let url: Url = url
            .parse()
            .map_err(|_| "the URL cannot be read".to_owned())?;
        let literal = url.host_str().and_then(|host| {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            bare.parse().ok()
        });
        match literal {
            Some(address) if !self.outside.allows_private && !is_open(address) => {
                Err("the address is not one that may be gone to".to_owned())
            }
            _ => Ok(url),
        }
    }
}

#[async_trait]
impl Post for Http {
    async fn post(&self, message: Message) -> Result<(), String> {
        let posted = self
            .client
            .post(self.target(&message.url)?)
            .header("content-type", "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.seconds.to_string())
            .header("webhook-signature", message.signature)
            .body(message.body)
            .send()
            .await;
        match posted {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(refusal(answer).await),
            Err(error) => Err(reason(&error)),
        }
    }
}

/// Posts nothing, because of this.
pub(crate) struct Nowhere(pub(crate) String);

#[async_trait]
impl Post for Nowhere {
    async fn post(&self, _: Message) -> Result<(), String> {
        Err(self.0.clone())
    }
}

/// What the receiver said instead of taking it.
async fn refusal(answer: reqwest::Response) -> String {
    let status: StatusCode = answer.status();
    let mut text = answer.text().await.unwrap_or_default();
    let end = (0..=ANSWER_KEPT.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
    format!("{status}: {text}")
}

/// Why nobody answered: the innermost cause, which names the address or the name.
fn reason(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(at) = cause {
        text = at.to_string();
        cause = at.source();
    }
    if error.is_timeout() {
        return format!("no answer within {} s", TIMEOUT.as_secs());
    }
    text
}
