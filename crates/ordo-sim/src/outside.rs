//! Where webhooks go to: receivers with a ledger of their own, some of which fail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ordo_domain::id::WebhookId;
use ordo_engine::deliveries::{Message, Post};
use serde_json::Value;

use crate::canary::Canary;
use crate::dice::Dice;
use crate::schedule::Schedule;

/// All receivers.
pub struct Receivers {
    schedule: Arc<Schedule>,
    fails: AtomicBool,
    canary: Option<Canary>,
    book: Mutex<Book>,
}

/// What receivers have got.
#[derive(Default)]
struct Book {
    dice: Option<Dice>,
    /// Per webhook and position: id and body.
    got: BTreeMap<(WebhookId, i64), (String, String)>,
    /// Per webhook: the ids.
    ids: BTreeSet<(WebhookId, String)>,
    /// Per webhook and subject: the last position that came for the first time.
    last: BTreeMap<(WebhookId, String), i64>,
    /// How often something came that was there already.
    repeated: u64,
    violations: Vec<String>,
}

impl Receivers {
    /// Receivers that lose some messages and some answers where `fails` says so.
    #[must_use]
    pub fn new(
        schedule: Arc<Schedule>,
        fails: bool,
        canary: Option<Canary>,
        dice: Dice,
    ) -> Arc<Self> {
        let book = Book {
            dice: Some(dice),
            ..Book::default()
        };
        Arc::new(Self {
            schedule,
            fails: AtomicBool::new(fails),
            canary,
            book: Mutex::new(book),
        })
    }

    /// From now on all of them work.
    pub fn heal(&self) {
        self.fails.store(false, Relaxed);
    }

    /// The positions that a webhook has got.
    #[must_use]
    pub fn got(&self, webhook: WebhookId) -> BTreeSet<i64> {
        let book = self.book();
        let got = book.got.range((webhook, i64::MIN)..=(webhook, i64::MAX));
        got.map(|((_, position), _)| *position).collect()
    }

    /// How many messages came, and how many came again.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        let book = self.book();
        (book.got.len() as u64, book.repeated)
    }

    /// What broke since this was asked last.
    pub fn violations(&self) -> Vec<String> {
        std::mem::take(&mut self.book().violations)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong with a message: it is lost, or its answer; and how long it takes.
    fn trouble(&self) -> (bool, bool, Duration) {
        let mut book = self.book();
        let Some(dice) = book.dice.as_mut().filter(|_| self.fails.load(Relaxed)) else {
            return (false, false, Duration::from_millis(1));
        };
        let pause = match dice.per_mille(20) {
            true => Duration::from_secs(dice.below(90)),
            false => Duration::from_millis(dice.below(200)),
        };
        (dice.per_mille(200), dice.per_mille(200), pause)
    }
}

impl Book {
    fn take(&mut self, message: &Message) {
        let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
        let (position, webhook) = (body["position"].as_i64().unwrap_or(0), message.webhook);
        let now = (message.id.clone(), message.body.clone());
        let first = match self.got.get(&(webhook, position)) {
            Some(before) => {
                self.repeated += 1;
                if *before != now {
                    let what =
                        format!("I8: {webhook} got position {position} as {before:?} and {now:?}");
                    self.violations.push(what);
                }
                return;
            }
            None => self.ids.insert((webhook, message.id.clone())),
        };
        if !first {
            self.violations
                .push(format!("I8: {webhook} got {} for two events", message.id));
        }
        self.got.insert((webhook, position), now);
        let subject = body["subject"].as_str().unwrap_or("").to_owned();
        let last = self.last.entry((webhook, subject.clone())).or_default();
        if *last > position && !subject.is_empty() {
            let what = format!("I6: {webhook} got {position} of {subject} after {last}");
            self.violations.push(what);
        }
        *last = (*last).max(position);
    }
}

#[async_trait]
impl Post for Receivers {
    async fn post(&self, message: Message) -> Result<(), String> {
        let (lost, unanswered, pause) = self.trouble();
        self.schedule.sleep(pause).await;
        if lost {
            return Err("the receiver is down".to_owned());
        }
        let mut book = self.book();
        book.take(&message);
        if self.canary == Some(Canary::SentTwice) && book.got.len().is_multiple_of(20) {
            let id = format!("{}-again", message.id);
            book.take(&Message { id, ..message });
        }
        match unanswered {
            true => Err("the answer was lost".to_owned()),
            false => Ok(()),
        }
    }
}
