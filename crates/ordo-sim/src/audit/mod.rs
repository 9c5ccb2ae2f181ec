//! An auditor of its own: reads every event as soon as it is committed, keeps simple books with its
//! own arithmetic, and compares them with what is stored. Nothing of how Ordo decides or applies
//! events is used here.

mod books;
mod compare;

mod end;
mod model;

use std::sync::Arc;

use futures_util::FutureExt;
use ordo_domain::time::Timestamp;
use ordo_store::Store;

use crate::ledger::Ledger;
use crate::shelf::Shelf;
use crate::shop::Shop;
use books::Books;

pub(crate) use compare::stored;
pub use end::{look_at_the_end, replayed};

/// Looks at every commit of every organization.
#[derive(Default)]
pub struct Auditor {
    books: Vec<Books>,
    /// Events that were looked at.
    pub events: u64,
}

impl Auditor {
    /// Books for each of these organizations.
    #[must_use]
    pub fn new(shops: &[Arc<Shop>]) -> Self {
        let books = shops.iter().map(|shop| Books::new(shop.organization));
        Self {
            books: books.collect(),
            events: 0,
        }
    }

    /// Reads what was committed since the last look.
    pub fn look(&mut self, shelf: &Shelf, now: Timestamp, ledger: &mut Ledger) {
        for books in &mut self.books {
            let store = shelf.inner();
            let head = now_or_broken(store.head(books.organization));
            if head.position == books.position {
                continue;
            }
            let entries = store.read_log(books.organization, books.position, usize::MAX);
            let entries = now_or_broken(entries);
            let mut touched = model::Touched::default();
            for entry in &entries {
                self.events += 1;
                books.take(entry, now, &mut touched, ledger);
            }
            books.compare(shelf, &touched, ledger);
        }
    }

    /// The books of an organization.
    #[must_use]
    pub fn books(&self, shop: usize) -> &Books {
        &self.books[shop]
    }
}

/// The store in memory never waits.
pub(crate) fn now_or_broken<T>(call: impl Future<Output = Result<T, ordo_store::StoreError>>) -> T {
    let answer = call
        .now_or_never()
        .expect("the store in memory never waits");
    answer.expect("the store in memory never fails")
}
