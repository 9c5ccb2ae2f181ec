//! Webhooks: addresses of others that events are posted to.

pub mod create;
pub mod list;
pub mod read;
pub mod replay;
pub mod secret;
pub mod update;

use ordo_domain::id::WebhookId;
use ordo_domain::reference::Reference;
use ordo_domain::webhook::Webhook;
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{Instant, Show};

/// A webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: WebhookId,
    /// How many events have touched it.
    version: u64,
    /// Where to.
    url: &'a str,
    /// What it is told of; empty for everything.
    events: &'a [String],
    /// What it is for, in words.
    description: Option<&'a str>,
    /// Whether it is told of anything.
    active: bool,
    /// The number of its secret, which grows when it gets another one.
    secret_number: u32,
    /// When it was made.
    created_at: Instant,
}

impl Show for Webhook {
    type Answer<'a> = WebhookAnswer<'a>;

    fn show<'a>(&'a self, _: &'a Reference) -> WebhookAnswer<'a> {
        WebhookAnswer {
            id: self.id,
            version: self.version,
            url: &self.url,
            events: &self.events,
            description: self.description.as_deref(),
            active: self.active,
            secret_number: self.secret,
            created_at: Instant(self.created_at),
        }
    }
}
