//! The public keys that Cloudflare Access publishes for a team, cached in the isolate. An unknown key id
//! causes a new fetch, at most once a minute, so that a flood of made-up ids does not become a flood of
//! requests to Access.
//!
//! An attacker who uses up that fetch delays a new key by a minute. This is harmless: Access publishes a key
//! long before signing with it.

use crate::clock;
use crate::http_client::{self, HttpRequest};
use domain::problem::{Code, Problem};
use domain::time::{HOUR, MINUTE, SECOND, Timestamp};
use domain::token::{PublicKey, parse_public_keys};
use std::cell::RefCell;
use std::time::Duration;
use worker::Delay;

/// How long keys are cached, and so the longest time for which a withdrawn key is still accepted.
const CACHE_TTL: i64 = HOUR;

/// Minimum time between two fetches for unknown key ids.
const REFETCH_INTERVAL: i64 = MINUTE;

/// Minimum time between a failed fetch and the next one.
const RETRY_INTERVAL: i64 = SECOND;

/// The timeout of a fetch.
const FETCH_TIMEOUT: i64 = 5 * SECOND;

/// How often a request that waits for another request's fetch checks whether it is done.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Maximum length of the response.
const MAX_BYTES: usize = 128 << 10;

/// The result of a key lookup.
pub(super) enum KeyLookup {
    /// The key.
    Found(PublicKey),
    /// The team has no such key.
    Unknown,
    /// The team's keys could not be fetched.
    Unreachable(Problem),
}

#[derive(Default)]
struct KeyCache {
    keys: Vec<PublicKey>,
    /// When `keys` was fetched.
    fetched_at: Option<Timestamp>,
    /// When `keys` was last fetched for an unknown key id.
    refetched_at: Option<Timestamp>,
    /// When a fetch last failed.
    failed_at: Option<Timestamp>,
    /// When the fetch in progress started.
    fetch_started_at: Option<Timestamp>,
}

thread_local! {
    static KEY_CACHE: RefCell<KeyCache> = RefCell::new(KeyCache::default());
}

/// What a lookup does next.
enum NextStep {
    Return(KeyLookup),
    Fetch,
    Wait,
}

/// Finds a key by its id, in the cache or by fetching `url`.
pub(super) async fn find_key(url: &str, name: &str) -> KeyLookup {
    let started = clock::now();
    loop {
        let now = clock::now();
        let within =
            |at: Option<Timestamp>, span: i64| at.is_some_and(|at| (0..span).contains(&now.since(at)));
        let next = KEY_CACHE.with_borrow_mut(|cache| {
            let found = cache.keys.iter().find(|key| key.id == name).cloned();
            if let Some(key) = found.filter(|_| within(cache.fetched_at, CACHE_TTL)) {
                return NextStep::Return(KeyLookup::Found(key));
            }
            // The runtime forbids awaiting another request's future, so poll the cache for its result.
            if within(cache.fetch_started_at, FETCH_TIMEOUT) && now.since(started) < FETCH_TIMEOUT {
                return NextStep::Wait;
            }
            if within(cache.failed_at, RETRY_INTERVAL) {
                return NextStep::Return(keys_unreachable());
            }
            if within(cache.fetched_at, CACHE_TTL) {
                if within(cache.refetched_at, REFETCH_INTERVAL) {
                    return NextStep::Return(KeyLookup::Unknown);
                }
                cache.refetched_at = Some(now);
            }
            cache.fetch_started_at = Some(now);
            NextStep::Fetch
        });
        match next {
            NextStep::Return(lookup) => return lookup,
            NextStep::Wait => Delay::from(POLL_INTERVAL).await,
            NextStep::Fetch => {
                let keys = fetch(url).await;
                KEY_CACHE.with_borrow_mut(|cache| {
                    cache.fetch_started_at = None;
                    match keys {
                        Some(keys) => (cache.keys, cache.fetched_at) = (keys, Some(clock::now())),
                        None => cache.failed_at = Some(clock::now()),
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
        worker::console_warn!("Cloudflare Access returned no keys, but status {}", reply.status());
        return None;
    }
    parse_public_keys(&reply.text(MAX_BYTES).await.ok()?)
}

fn keys_unreachable() -> KeyLookup {
    KeyLookup::Unreachable(
        Problem::new(
            Code::AccessDown,
            "Cloudflare Access does not return its keys, so nobody can sign in. Try again in a minute.",
        )
        .retry_after(5),
    )
}
