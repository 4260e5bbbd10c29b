//! The ledger: counts calls, call rates and concurrent requests, for assertions in tests.

use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// Milliseconds in the sliding minute.
const MINUTE_MILLIS: i64 = 60 * 1000;

/// The calls of the last minute, and the maximum of any minute.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    recent: VecDeque<i64>,
    most: usize,
}

impl Pace {
    /// Calls in the minute that ends now.
    pub(crate) fn recent(&mut self, now: i64) -> usize {
        while self.recent.front().is_some_and(|at| now - at >= MINUTE_MILLIS) {
            self.recent.pop_front();
        }
        self.recent.len()
    }

    /// Counts a call.
    pub(crate) fn count(&mut self, now: i64) {
        self.recent.push_back(now);
        self.most = self.most.max(self.recent(now));
    }

    /// Milliseconds until the oldest recent call no longer counts.
    pub(crate) fn wait(&self, now: i64) -> i64 {
        self.recent.front().map_or(0, |at| at + MINUTE_MILLIS - now)
    }
}

/// All counters.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) calls: BTreeMap<&'static str, u64>,
    pub(crate) all: Pace,
    pub(crate) api: Pace,
    pub(crate) token: Pace,
    pub(crate) refused_429: u64,
    pub(crate) max_in_flight: usize,
    pub(crate) equal_live_asks: u64,
    pub(crate) authorization_leaks: u64,
    pub(crate) tokens_issued: u64,
    /// Requests before this number are no longer listed.
    pub(crate) first_request: usize,
}

impl Ledger {
    /// The ledger as JSON; `creates` lists the requests.
    pub(crate) fn json(&self, creates: &[Value]) -> Value {
        json!({
            "creates": creates,
            "calls": self.calls,
            "max_calls_per_minute": self.all.most,
            "max_api_calls_per_minute": self.api.most,
            "max_token_calls_per_minute": self.token.most,
            "refused_429": self.refused_429,
            "max_in_flight": self.max_in_flight,
            "equal_live_asks": self.equal_live_asks,
            "authorization_leaks": self.authorization_leaks,
            "tokens_issued": self.tokens_issued,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_calls_in_any_sliding_minute_are_kept() {
        let mut pace = Pace::default();
        for at in [0, 30_000, 59_999, 60_000, 61_000] {
            pace.count(at);
        }
        assert_eq!(pace.most, 4);
        assert_eq!(pace.wait(61_000), 29_000);
        assert_eq!(pace.recent(200_000), 0);
    }
}
