//! Budgets of requests per API key, told in the headers `RateLimit-Policy` and `RateLimit`.
//!
//! A key's window begins with its first request and is whole again when it ends. Each node counts for
//! itself: the budget keeps one client from crowding out the others, and is no price list.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ordo_domain::id::ApiKeyId;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// Windows that are kept before those that have ended are dropped.
const KEPT_MAX: usize = 10_000;

/// How many requests a key may send within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests; at least one.
    pub requests: u32,
    /// The window, in whole seconds; at least one.
    pub window_s: u32,
}

/// What the keys have used up.
#[derive(Debug, Default)]
pub struct Budgets {
    limit: Option<RateLimit>,
    windows: Mutex<HashMap<ApiKeyId, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends: Instant,
    left: u32,
}

/// How a key stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    limit: RateLimit,
    left: u32,
    /// Seconds until the budget is whole again, rounded up.
    reset_s: u64,
    /// Whether the request is within the budget.
    pub is_within: bool,
}

impl Budgets {
    /// Budgets of `limit` each; none where it is `None`.
    pub fn of(limit: Option<RateLimit>) -> Self {
        Self {
            limit,
            windows: Mutex::default(),
        }
    }

    /// Counts a request of `key` at `now`. `None` where there is no limit.
    pub fn take(&self, key: ApiKeyId, now: Instant) -> Option<Standing> {
        let limit = self.limit?;
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= KEPT_MAX {
            windows.retain(|_, window| window.ends > now);
        }
        let fresh = Window {
            ends: now + Duration::from_secs(limit.window_s.into()),
            left: limit.requests,
        };
        let window = windows.entry(key).or_insert(fresh);
        if window.ends <= now {
            *window = fresh;
        }
        let is_within = window.left > 0;
        window.left = window.left.saturating_sub(1);
        let reset = window.ends.saturating_duration_since(now);
        Some(Standing {
            limit,
            left: window.left,
            reset_s: u64::from(reset.subsec_nanos() > 0) + reset.as_secs(),
            is_within,
        })
    }
}

impl Standing {
    /// Tells the client, and where it was turned away, for how long.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let RateLimit { requests, window_s } = self.limit;
        let policy = format!("\"default\";q={requests};w={window_s}");
        let standing = format!("\"default\";r={};t={}", self.left, self.reset_s);
        let value =
            |text: String| HeaderValue::from_str(&text).expect("names and digits are ASCII");
        headers.insert(POLICY, value(policy));
        headers.insert(STANDING, value(standing));
        if !self.is_within {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.reset_s.max(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_used_up_per_key_and_whole_again_after_its_window() {
        let limit = RateLimit {
            requests: 2,
            window_s: 60,
        };
        let budgets = Budgets::of(Some(limit));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let [first, second] = [ApiKeyId::from_u128(1), ApiKeyId::from_u128(2)];
        for (key, seconds, left, reset_s, is_within) in [
            (first, 0, 1, 60, true),
            (first, 10, 0, 50, true),
            (first, 20, 0, 40, false),
            (second, 20, 1, 60, true),
            (first, 59, 0, 1, false),
            (first, 60, 1, 60, true),
        ] {
            let standing = budgets.take(key, at(seconds)).unwrap();
            let expected = Standing {
                limit,
                left,
                reset_s,
                is_within,
            };
            assert_eq!(standing, expected, "{key} after {seconds} s");
        }
    }

    #[test]
    fn without_a_limit_nothing_is_counted_or_told() {
        let budgets = Budgets::of(None);
        assert_eq!(budgets.take(ApiKeyId::from_u128(1), Instant::now()), None);
    }
}
