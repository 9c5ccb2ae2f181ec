//! Events: the log as a feed that is pulled, and as a stream that is pushed.

pub mod feed;
pub mod stream;

use ordo_domain::Event;
use ordo_domain::id::OrganizationId;
use ordo_engine::{Envelope, is_public};
use ordo_store::LogEntry;

use crate::params::Params;

/// Which events somebody asks for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    names: Vec<String>,
}

impl Wanted {
    /// From the parameter `types`: names, or their beginnings followed by `*`, joined by commas.
    pub fn of(params: &mut Params) -> Self {
        let names: Vec<String> = params
            .text("types", 1_000)
            .map(|text| text.split(',').map(|name| name.trim().to_owned()).collect())
            .unwrap_or_default();
        for name in &names {
            let known = |event: &&str| matches(name, event);
            if !Event::NAMES.iter().any(known) {
                params.refuse("types", "names no event");
            }
        }
        Self { names }
    }

    /// The envelope of an entry, where it is one of these.
    pub fn envelope(&self, organization: OrganizationId, entry: &LogEntry) -> Option<Envelope> {
        let name = entry.event.name();
        let is_wanted = self.names.is_empty() || self.names.iter().any(|n| matches(n, name));
        (is_wanted && is_public(&entry.event)).then(|| Envelope::of(organization, entry))
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => pattern == name,
    }
}
