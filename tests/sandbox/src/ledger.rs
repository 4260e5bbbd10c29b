//! The ledger: counts of calls, call rates and concurrent upstream requests, for assertions in tests.

use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// Length of the sliding window.
const MINUTE_MILLIS: i64 = 60 * 1000;

/// A call rate: the times of the last minute's calls, and the most calls in any minute.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    recent: VecDeque<i64>,
    max: usize,
}

impl Pace {
    /// The number of calls in the minute that ends now.
    pub(crate) fn recent(&mut self, now: i64) -> usize {
        while self.recent.front().is_some_and(|at| now - at >= MINUTE_MILLIS) {
            self.recent.pop_front();
        }
        self.recent.len()
    }

    /// Counts a call.
    pub(crate) fn count(&mut self, now: i64) {
        self.recent.push_back(now);
        self.max = self.max.max(self.recent(now));
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
    /// Index of the first upstream request to list; earlier ones were cleared.
    pub(crate) first_request: usize,
}

impl Ledger {
    /// The ledger as JSON; `creates` are its upstream requests.
    pub(crate) fn json(&self, creates: &[Value]) -> Value {
        json!({
            "creates": creates,
            "calls": self.calls,
            "max_calls_per_minute": self.all.max,
            "max_api_calls_per_minute": self.api.max,
            "max_token_calls_per_minute": self.token.max,
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
    fn the_maximum_over_all_sliding_minutes_is_recorded() {
        let mut pace = Pace::default();
        for at in [0, 30_000, 59_999, 60_000, 61_000] {
            pace.count(at);
        }
        assert_eq!(pace.max, 4);
        assert_eq!(pace.wait(61_000), 29_000);
        assert_eq!(pace.recent(200_000), 0);
    }
}
