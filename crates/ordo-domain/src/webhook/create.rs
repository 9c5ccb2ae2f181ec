//! Makes a webhook.

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::rejection::{Code, Rejection};
use crate::webhook::{WEBHOOKS_MAX, Webhook};
use crate::world::World;

/// Makes a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateWebhook {
    /// Where to.
    pub url: String,
    /// What it is told of; empty for everything.
    pub events: Vec<String>,
    /// What it is for, in words.
    pub description: Option<String>,
}

impl CreateWebhook {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        if world.reference().webhooks().count() >= WEBHOOKS_MAX {
            let detail = format!("there are {WEBHOOKS_MAX} webhooks already");
            return Err(Rejection::new(Code::InvalidInput, detail).into());
        }
        let webhook = Webhook {
            id: ctx.ids.make(),
            version: 0,
            url: self.url.clone(),
            events: self.events.clone(),
            description: self.description.clone(),
            active: true,
            secret: 1,
            created_at: ctx.now,
        };
        let id = webhook.id;
        Ok(Decided::created(
            vec![Event::WebhookCreated { webhook }],
            id,
        ))
    }
}
