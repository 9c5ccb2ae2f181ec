//! Changes a webhook.

use std::sync::Arc;

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::WebhookId;
use crate::rejection::{Code, Rejection};
use crate::webhook::Webhook;
use crate::world::World;

/// Changes what is given of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateWebhook {
    /// Which.
    pub webhook: WebhookId,
    /// Where to.
    pub url: Option<String>,
    /// What it is told of; empty for everything.
    pub events: Option<Vec<String>>,
    /// What it is for, in words.
    pub description: Option<String>,
    /// Whether it is told of anything.
    pub active: Option<bool>,
    /// Whether it gets another secret.
    pub rotates_secret: bool,
}

impl UpdateWebhook {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let found = world.reference().webhook(self.webhook);
        let Some(before) = found.map(Arc::as_ref) else {
            return Err(Rejection::new(Code::NotFound, "no such webhook").into());
        };
        let webhook = Webhook {
            url: self.url.clone().unwrap_or_else(|| before.url.clone()),
            events: (self.events.clone()).unwrap_or_else(|| before.events.clone()),
            description: (self.description.clone()).or_else(|| before.description.clone()),
            active: self.active.unwrap_or(before.active),
            secret: before.secret + u32::from(self.rotates_secret),
            ..before.clone()
        };
        if webhook == *before {
            return Ok(Decided::unchanged(before.id));
        }
        Ok(Decided::changed(
            vec![Event::WebhookChanged { webhook }],
            before.id,
        ))
    }
}
