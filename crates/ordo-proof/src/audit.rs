//! Opens a folder that had to do without its disk for a moment with the ordinary store, and compares what is in it with what
//! was acknowledged.

use std::collections::BTreeSet;
use std::path::Path;

use ordo_disk::Disk;
use ordo_domain::Event;
use ordo_domain::id::OrganizationId;
use ordo_store::contract::fixture::{capture, order};
use ordo_store::{AnswerKey, LogEntry, Store};
use ordo_store_sqlite::{Options, SqliteStore};

use crate::trade::{Answer, Beside, Entry, OPTIONS, Trade, key, read_log};

/// What must be there.
pub struct Expected<'a> {
    /// Whose shop, where it was there.
    pub organization: Option<OrganizationId>,
    /// What was acknowledged.
    pub entries: Vec<&'a Entry>,
    /// The log as it went on to become: what is there must be its beginning.
    pub log: &'a [LogEntry],
}

/// Opens the folder, and reads the log, which must be a beginning of the one that is known.
///
/// # Errors
/// What is wrong with it.
pub async fn open(
    dir: &Path,
    expected: &Expected<'_>,
    options: Options,
) -> Result<(SqliteStore, Vec<LogEntry>), String> {
    let store = SqliteStore::open(dir, options).map_err(|error| format!("not opened: {error}"))?;
    let organizations = store
        .organizations()
        .await
        .map_err(|error| error.to_string())?;
    let mut log = Vec::new();
    for (organization, _) in organizations {
        log = (read_log(&store, organization).await).map_err(|error| error.to_string())?;
    }
    if let Some(name) = placed_twice(&log) {
        return Err(format!("order {name} was placed twice"));
    }
    let same = (log.iter().zip(expected.log)).take_while(|(found, known)| found == known);
    let same = same.count();
    if same < log.len() {
        let known = expected.log.len();
        return Err(format!(
            "the log has {} events and is that which was written up to {same} of {known}",
            log.len()
        ));
    }
    Ok((store, log))
}

/// An order that the log places twice.
fn placed_twice(log: &[LogEntry]) -> Option<&str> {
    let mut placed = BTreeSet::new();
    log.iter().find_map(|entry| match &entry.event {
        Event::OrderPlaced { order } if !placed.insert(&order.external_id) => {
            Some(order.external_id.as_str())
        }
        _ => None,
    })
}

/// The log of a folder that nobody serves.
///
/// # Errors
/// It does not open or read.
pub async fn read(dir: &Path, organization: OrganizationId) -> Result<Vec<LogEntry>, String> {
    let store = SqliteStore::open(dir, OPTIONS).map_err(|error| format!("not opened: {error}"))?;
    (read_log(&store, organization).await).map_err(|error| error.to_string())
}

/// What was refused has no answer in the folder.
pub async fn is_not_done(
    dir: &Path,
    organization: OrganizationId,
    refused: &[&Entry],
) -> Vec<String> {
    let store = match SqliteStore::open(dir, OPTIONS) {
        Ok(store) => store,
        Err(error) => return vec![error.to_string()],
    };
    let keys: Vec<AnswerKey> = refused.iter().map(|entry| entry.idempotency.key).collect();
    let stored = match store.answers(organization, &keys).await {
        Ok(stored) => stored,
        Err(error) => return vec![error.to_string()],
    };
    let done = refused
        .iter()
        .zip(stored)
        .filter(|(_, stored)| stored.is_some());
    done.map(|(entry, stored)| {
        let name = entry.command.name();
        format!(
            "{name} was refused with {:?}, and is done: {stored:?}",
            entry.answer
        )
    })
    .collect()
}

/// Opens the folder, and answers what is wrong with it.
pub async fn audit(dir: &Path, expected: &Expected<'_>) -> Vec<String> {
    let (store, log) = match open(dir, expected, OPTIONS).await {
        Ok(opened) => opened,
        Err(problem) => return vec![problem],
    };
    let mut problems = Vec::new();
    match store.check_integrity().await {
        Ok(damage) => problems.extend(damage),
        Err(error) => problems.push(error.to_string()),
    }
    let Some(organization) = expected.organization else {
        return problems;
    };
    problems.extend(books(&store, organization).await);
    problems.extend(answers(&store, organization, &expected.entries).await);
    let upto = expected
        .entries
        .iter()
        .filter_map(|entry| entry.acknowledged());
    let upto = upto.map(|answer| answer.position).max().unwrap_or(0);
    if upto > log.len() as i64 {
        problems.push(format!(
            "the log ends at {}, {upto} was acknowledged",
            log.len()
        ));
    }
    problems.extend(goes_on(dir, store, organization, &expected.entries).await);
    problems
}

/// Replays the log against the rows.
async fn books(store: &SqliteStore, organization: OrganizationId) -> Vec<String> {
    let at = match store.head(organization).await {
        Ok(head) => head.last_at,
        Err(error) => return vec![error.to_string()],
    };
    match ordo_engine::check(store, organization, at).await {
        Ok(report) => {
            let findings = report.findings.into_iter();
            let wrong = findings.filter(|(_, finding)| finding.violated > 0);
            wrong
                .map(|(id, finding)| format!("{id}: {:?}", finding.violations))
                .collect()
        }
        Err(error) => vec![error.to_string()],
    }
}

/// Every answer that was given with its key is there as it was given.
async fn answers(
    store: &SqliteStore,
    organization: OrganizationId,
    entries: &[&Entry],
) -> Vec<String> {
    let keys: Vec<AnswerKey> = entries.iter().map(|entry| entry.idempotency.key).collect();
    let stored = match store.answers(organization, &keys).await {
        Ok(stored) => stored,
        Err(error) => return vec![error.to_string()],
    };
    let mut problems = Vec::new();
    for (entry, stored) in entries.iter().zip(stored) {
        let Some(given) = entry.acknowledged() else {
            continue;
        };
        let is_same = stored
            .as_ref()
            .is_some_and(|stored| stored.status == given.status);
        if !is_same {
            let name = entry.command.name();
            problems.push(format!(
                "{name} was answered {given:?}, and {stored:?} is kept"
            ));
        }
    }
    problems
}

/// New requests are taken, and old ones are known again.
async fn goes_on(
    dir: &Path,
    store: SqliteStore,
    organization: OrganizationId,
    entries: &[&Entry],
) -> Vec<String> {
    let disk = Disk::watch(dir).unwrap();
    let trade = Trade::over(store, organization, Beside::Nothing);
    let mut problems = Vec::new();
    if let Some(last) = entries.last() {
        let again = trade
            .ask(&disk, last.command.clone(), last.idempotency)
            .await;
        let is_known = |answer: &Answer| answer.replayed;
        if !again.answer.as_ref().is_some_and(is_known) {
            problems.push(format!(
                "{} is done twice: {:?}",
                last.command.name(),
                again.answer
            ));
        }
    }
    let new = capture(&order("after the loss", &[("A", 1)]));
    let answer = trade.ask(&disk, new, key("after the loss")).await.answer;
    if answer.as_ref().is_none_or(|answer| answer.status != 200) {
        problems.push(format!("a new order is answered {answer:?}"));
    }
    trade.close().await;
    problems
}
