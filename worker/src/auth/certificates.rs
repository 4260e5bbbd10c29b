//! The team's public keys, as Access publishes them: kept in the isolate, and fetched again for a name that is not among
//! them, at most once a minute, so that made-up names by the thousand cost Access nothing.
//!
//! Whoever uses that minute up delays a new key by as much. Access publishes a key long before it signs with it.

use crate::clock;
use crate::http_client::{self, HttpRequest};
use domain::problem::{Code, Problem};
use domain::time::{HOUR, MINUTE, SECOND, Timestamp};
use domain::token::{PublicKey, parse_public_keys};
use std::cell::RefCell;
use std::time::Duration;
use worker::Delay;

/// How long keys are kept: one that is taken back is refused after that.
const CACHE_TTL: i64 = HOUR;

/// How soon they are fetched again for a name that is not among them.
const REFETCH_INTERVAL: i64 = MINUTE;

/// How soon they are fetched again when they could not be had.
const RETRY_INTERVAL: i64 = SECOND;

/// How long one fetch may take.
const FETCH_TIMEOUT: i64 = 5 * SECOND;

/// How often somebody who waits for another's fetch looks.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Bytes of the list at most.
const MAX_BYTES: usize = 128 << 10;

/// What came of looking for a key.
pub(super) enum KeyLookup {
    /// It is the team's.
    Found(PublicKey),
    /// It is not.
    Unknown,
    /// The team's keys cannot be had.
    Unreachable(Problem),
}

#[derive(Default)]
struct KeyCache {
    keys: Vec<PublicKey>,
    /// When they were read.
    read: Option<Timestamp>,
    /// When they were last read anew for a name that was not among them.
    refetched: Option<Timestamp>,
    /// When they could last not be had.
    failed: Option<Timestamp>,
    /// Since when they are on their way.
    fetching: Option<Timestamp>,
}

thread_local! {
    static KEY_CACHE: RefCell<KeyCache> = RefCell::new(KeyCache::default());
}

/// What to do about a name.
enum NextStep {
    Return(KeyLookup),
    Fetch,
    Wait,
}

/// The key of this name.
pub(super) async fn find_key(url: &str, name: &str) -> KeyLookup {
    let began = clock::now();
    loop {
        let now = clock::now();
        let within =
            |at: Option<Timestamp>, span: i64| at.is_some_and(|at| (0..span).contains(&now.since(at)));
        let next = KEY_CACHE.with_borrow_mut(|cache| {
            let found = cache.keys.iter().find(|key| key.id == name).cloned();
            if let Some(key) = found.filter(|_| within(cache.read, CACHE_TTL)) {
                return NextStep::Return(KeyLookup::Found(key));
            }
            // Another request's fetch cannot be awaited here, only looked after.
            if within(cache.fetching, FETCH_TIMEOUT) && now.since(began) < FETCH_TIMEOUT {
                return NextStep::Wait;
            }
            if within(cache.failed, RETRY_INTERVAL) {
                return NextStep::Return(keys_unreachable());
            }
            if within(cache.read, CACHE_TTL) {
                if within(cache.refetched, REFETCH_INTERVAL) {
                    return NextStep::Return(KeyLookup::Unknown);
                }
                cache.refetched = Some(now);
            }
            cache.fetching = Some(now);
            NextStep::Fetch
        });
        match next {
            NextStep::Return(lookup) => return lookup,
            NextStep::Wait => Delay::from(POLL_INTERVAL).await,
            NextStep::Fetch => {
                let keys = fetch(url).await;
                KEY_CACHE.with_borrow_mut(|cache| {
                    cache.fetching = None;
                    match keys {
                        Some(keys) => (cache.keys, cache.read) = (keys, Some(clock::now())),
                        None => cache.failed = Some(clock::now()),
                    }
                });
            }
        }
    }
}

async fn fetch(url: &str) -> Option<Vec<PublicKey>> {
    let reply = http_client::send(url, HttpRequest { timeout: FETCH_TIMEOUT, ..HttpRequest::default() })
        .await
        .ok()?;
    if reply.status() != 200 {
        worker::console_warn!("Cloudflare Access gives no keys: it answers {}", reply.status());
        return None;
    }
    parse_public_keys(&reply.text(MAX_BYTES).await.ok()?)
}

fn keys_unreachable() -> KeyLookup {
    KeyLookup::Unreachable(
        Problem::new(
            Code::AccessDown,
            "Cloudflare Access does not give its keys, so nobody can be let in. Try again in a minute.",
        )
        .retry_after(5),
    )
}
