//! One event to one webhook: which deliveries events cause, and how one is sent (Standard Webhooks
//! 1.0, with the envelope's CloudEvents attributes in the body).

use std::sync::Arc;
use std::time::Duration;

use ordo_domain::id::{CommandId, OrganizationId, WebhookId, derive};
use ordo_domain::reference::Reference;
use ordo_domain::webhook::Webhook;
use ordo_store::{LogEntry, StoreError, Task, TaskDraft};
use reqwest::{StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::guard::{GuardedResolver, is_open};
use super::sign::MasterKey;
use crate::engine::{Outside, Shared};
use crate::envelope::{Envelope, has_effects};

/// The kind of these tasks.
pub(crate) const KIND: &str = "webhook";
/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of an answer that are kept as the reason of a failure.
const ANSWER_KEPT: usize = 200;

/// Which event to which webhook; what is sent is read from the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) webhook: WebhookId,
    pub(crate) position: i64,
}

/// The deliveries that events cause.
pub(crate) fn of_entries(
    organization: OrganizationId,
    reference: &Reference,
    entries: &[LogEntry],
) -> Vec<TaskDraft> {
    let mut drafts = Vec::new();
    if reference.webhooks().next().is_none() {
        return drafts;
    }
    for entry in entries.iter().filter(|entry| has_effects(&entry.event)) {
        let name = entry.event.name();
        for webhook in reference.webhooks().filter(|webhook| webhook.wants(name)) {
            drafts.push(draft(organization, webhook, entry));
        }
    }
    drafts
}

/// The delivery of one event to one webhook; its id is the same whoever makes it.
pub(crate) fn draft(
    organization: OrganizationId,
    webhook: &Webhook,
    entry: &LogEntry,
) -> TaskDraft {
    let body = Body {
        webhook: webhook.id,
        position: entry.position,
    };
    let whose = CommandId::from_u128(organization.to_u128() ^ webhook.id.to_u128().rotate_left(7));
    let subject = entry.subject.map_or(0, |subject| subject.id);
    TaskDraft {
        id: derive(whose, entry.position.unsigned_abs(), entry.recorded_at),
        kind: KIND.to_owned(),
        queue: format!("{}:{subject:032x}", webhook.id),
        position: entry.position,
        due_at: entry.recorded_at,
        body: serde_json::to_string(&body).expect("ids and numbers are JSON"),
    }
}

/// Has the events of a stretch of the log delivered once more; answers how many.
pub(crate) async fn replay(
    shared: &Shared,
    organization: OrganizationId,
    webhook: &Webhook,
    (from, to): (i64, i64),
) -> Result<usize, StoreError> {
    let now = shared.clock.now();
    let round = CommandId::from_u128(shared.clock.fresh());
    let mut count = 0;
    let mut after = from - 1;
    while after < to {
        let page = usize::try_from(to - after).unwrap_or(0).min(1_000);
        let entries = shared.backend.read_log(organization, after, page).await?;
        let Some(last) = entries.last() else {
            break;
        };
        after = last.position;
        let drafts: Vec<TaskDraft> = (entries.iter())
            .filter(|entry| has_effects(&entry.event) && webhook.wants(entry.event.name()))
            .map(|entry| TaskDraft {
                // Another delivery, not the one that was.
                id: derive(round, entry.position.unsigned_abs(), now),
                ..draft(organization, webhook, entry)
            })
            .collect();
        count += drafts.len();
        shared.backend.add_tasks(organization, now, &drafts).await?;
    }
    Ok(count)
}

/// What became of a delivery.
pub(super) enum Sent {
    /// The receiver has it.
    Taken,
    /// The webhook is gone or switched off.
    NotWanted,
    /// It could not be delivered, for this reason.
    Failed(String),
}

/// Posts bodies to addresses that customers chose.
pub(super) struct Sender {
    client: reqwest::Client,
    outside: Outside,
}

impl Sender {
    /// # Errors
    /// The machine offers no certificates to trust, or the like.
    pub(super) fn new(outside: Outside) -> Result<Self, String> {
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

    /// Sends the event that the task names, as it stands in the log.
    pub(super) async fn send(&self, shared: &Shared, task: &Task) -> Result<Sent, StoreError> {
        let body: Body = serde_json::from_str(&task.body)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let reference = shared.fresh_reference(task.organization).await?;
        let Some(webhook) = reference
            .webhook(body.webhook)
            .filter(|webhook| webhook.active)
        else {
            return Ok(Sent::NotWanted);
        };
        let Some(key) = self.outside.master_key else {
            let reason = "this node has no master key to sign with";
            return Ok(Sent::Failed(reason.to_owned()));
        };
        let entries = shared
            .backend
            .read_log(task.organization, body.position - 1, 1)
            .await?;
        let Some(entry) = entries.first() else {
            return Ok(Sent::NotWanted);
        };
        let envelope = Envelope::of(task.organization, entry);
        let message = envelope.id.clone();
        let text = serde_json::to_string(&envelope).expect("envelopes are JSON");
        let seconds = shared.clock.now().as_micros() / 1_000_000;
        Ok(self.post(webhook, key, &message, seconds, text).await)
    }

    async fn post(
        &self,
        webhook: &Webhook,
        key: MasterKey,
        message: &str,
        seconds: i64,
        body: String,
    ) -> Sent {
        let url = match self.target(&webhook.url) {
            Ok(url) => url,
            Err(reason) => return Sent::Failed(reason),
        };
        let signature = key.sign(
            (webhook.id, webhook.secret),
            message,
            seconds,
            body.as_bytes(),
        );
        let posted = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", message)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signature)
            .body(body)
            .send()
            .await;
        match posted {
            Ok(answer) if answer.status().is_success() => Sent::Taken,
            Ok(answer) => Sent::Failed(refusal(answer).await),
            Err(error) => Sent::Failed(reason(&error)),
        }
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
