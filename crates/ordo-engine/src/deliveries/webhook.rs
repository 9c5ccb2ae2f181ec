//! One event to one webhook: which deliveries events cause, and how one is sent (Standard Webhooks
//! 1.0, with the envelope's CloudEvents attributes in the body).

use ordo_domain::id::{CommandId, OrganizationId, WebhookId, derive};
use ordo_domain::reference::Reference;
use ordo_domain::webhook::Webhook;
use ordo_store::{LogEntry, StoreError, Task, TaskDraft};
use serde::{Deserialize, Serialize};

use super::post::Message;
use crate::engine::Shared;
use crate::envelope::{Envelope, has_effects};

/// The kind of these tasks.
pub(crate) const KIND: &str = "webhook";

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

/// Sends the event that the task names, as it stands in the log.
pub(super) async fn send(shared: &Shared, task: &Task) -> Result<Sent, StoreError> {
    let body: Body =
        serde_json::from_str(&task.body).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let reference = shared.fresh_reference(task.organization).await?;
    let Some(webhook) = reference
        .webhook(body.webhook)
        .filter(|webhook| webhook.active)
    else {
        return Ok(Sent::NotWanted);
    };
    let Some(key) = shared.outside.master_key else {
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
    let id = envelope.id.clone();
    let body = serde_json::to_string(&envelope).expect("envelopes are JSON");
    let seconds = shared.clock.now().as_micros() / 1_000_000;
    let by = (webhook.id, webhook.secret);
    let message = Message {
        webhook: webhook.id,
        url: webhook.url.clone(),
        signature: key.sign(by, &id, seconds, body.as_bytes()),
        id,
        seconds,
        body,
    };
    Ok(match shared.post.post(message).await {
        Ok(()) => Sent::Taken,
        Err(reason) => Sent::Failed(reason),
    })
}
