//! Counts answers by class of status, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::http::StatusCode;

/// The classes of status, by their first digit.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// How many answers of each class were given.
#[derive(Debug, Default)]
pub struct Traffic {
    by_class: [AtomicU64; CLASSES.len()],
}

impl Traffic {
    /// Counts one answer.
    pub fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        self.by_class[class].fetch_add(1, Relaxed);
    }

    /// The classes with their counts.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        (CLASSES.into_iter()).zip(self.by_class.iter().map(|count| count.load(Relaxed)))
    }
}
