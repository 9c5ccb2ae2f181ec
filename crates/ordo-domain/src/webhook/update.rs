//! Changes a webhook.

use crate::decide::{Context, Decided, Refusal};
use crate::edit::{Edit, must_be_at};
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
    /// The version that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// Where to.
    pub url: Option<String>,
    /// What it is told of; empty for everything.
    pub events: Option<Vec<String>>,
    /// What it is for, in words.
    pub description: Edit<String>,
    /// Whether it is told of anything.
    pub active: Option<bool>,
    /// Whether it gets another secret.
    pub rotates_secret: bool,
}

impl UpdateWebhook {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.webhook_record(self.webhook)? else {
            return Err(Rejection::new(Code::NotFound, "no such webhook").into());
        };
        must_be_at(self.expected, found.version)?;
        let mut webhook = Webhook::clone(found);
        if let Some(url) = &self.url {
            webhook.url.clone_from(url);
        }
        if let Some(events) = &self.events {
            webhook.events.clone_from(events);
        }
        self.description.apply(&mut webhook.description);
        webhook.active = self.active.unwrap_or(webhook.active);
        webhook.secret += u32::from(self.rotates_secret);
        let id = webhook.id;
        if webhook == **found {
            return Ok(Decided::unchanged(id));
        }
        Ok(Decided::changed(
            vec![Event::WebhookUpdated { webhook }],
            id,
        ))
    }
}
