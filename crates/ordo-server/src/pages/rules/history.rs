//! What happened to a rule set, and who did it.

use std::collections::{BTreeMap, BTreeSet};

use ordo_domain::Event;
use ordo_domain::event::SubjectRef;
use ordo_domain::id::ApiKeyId;
use ordo_domain::organization::ApiKey;
use ordo_domain::record::RecordKind;
use ordo_domain::rules::RuleSet;
use ordo_store::{LogEntry, StoreError};

use super::Here;
use crate::read;

/// Events that are read at once.
const PAGE: usize = 500;
/// Entries that are shown, the newest first.
const SHOWN: usize = 100;

/// Something that happened.
pub struct Entry {
    /// When, in the page's time zone.
    pub at: String,
    /// What, in a sentence.
    pub says: String,
    /// Who.
    pub by: String,
    /// The version that it published.
    pub published: Option<u32>,
}

/// What happened to a set, the newest first.
pub async fn of(here: &Here, set: &RuleSet) -> Result<Vec<Entry>, StoreError> {
    let (backend, organization) = (here.visit.backend(), here.visit.organization());
    let subject = SubjectRef {
        kind: RecordKind::RuleSet,
        id: set.id.to_u128(),
    };
    let mut found: Vec<LogEntry> = Vec::new();
    loop {
        let after = found.last().map_or(0, |entry| entry.position);
        let page = backend
            .events_about(organization, &[subject], after, PAGE)
            .await?;
        let is_last = page.len() < PAGE;
        found.extend(page);
        if is_last {
            break;
        }
    }
    let found = found.split_off(found.len().saturating_sub(SHOWN));
    let keys: BTreeSet<ApiKeyId> = found
        .iter()
        .filter_map(|entry| entry.actor.parse().ok())
        .collect();
    let keys: Vec<ApiKeyId> = keys.into_iter().collect();
    let names: BTreeMap<String, String> = read::all::<ApiKey>(backend, organization, &keys)
        .await?
        .into_iter()
        .map(|key| (key.id.to_string(), key.name))
        .collect();
    let entries = found.iter().rev().map(|entry| Entry {
        at: here.local.show(entry.recorded_at),
        says: says(here, entry),
        by: match names.get(&entry.actor) {
            Some(name) => name.clone(),
            None if entry.actor == "system" => "Ordo".to_owned(),
            None => entry.actor.clone(),
        },
        published: match entry.event {
            Event::RulesPublished { number, .. } => Some(number),
            _ => None,
        },
    });
    Ok(entries.collect())
}

fn says(here: &Here, entry: &LogEntry) -> String {
    match &entry.event {
        Event::RuleSetCreated { .. } => "Made, with version 1 as its draft".to_owned(),
        Event::RuleSetUpdated { .. } => "Name, priority or the orders it is for changed".to_owned(),
        Event::RulesDrafted { draft, .. } => format!("Version {} written", draft.number),
        Event::RulesPublished { number, from, .. } => match *from > entry.recorded_at {
            true => format!(
                "Version {number} published, to count from {}",
                here.local.show(*from)
            ),
            false => format!("Version {number} published"),
        },
        Event::RulesRetired { number, .. } => format!("Version {number} taken back"),
        Event::RulesShadowed { number, since, .. } => match since.is_some() {
            true => format!("Version {number} runs in the shadow of what counts"),
            false => format!("Version {number} runs in the shadow no more"),
        },
        other => other.name().to_owned(),
    }
}
