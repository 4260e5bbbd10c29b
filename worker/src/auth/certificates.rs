//! The public keys that Cloudflare Access publishes for a team, cached in the isolate. An unknown key id makes them be fetched
//! again, at most once a minute: made-up ids by the thousand do not become requests to Access.
//!
//! An attacker who uses up that minute delays a new key by as much, which does no harm: Access publishes a key long before it
//! signs with it.

use crate::clock;
use crate::http_client::{self, HttpRequest};
use domain::problem::{Code, Problem};
use domain::time::{HOUR, MINUTE, SECOND, Timestamp};
use domain::token::{PublicKey, parse_public_keys};
use std::cell::RefCell;
use std::time::Duration;
use worker::Delay;

/// How long keys are cached: a key that Access has withdrawn is refused after that.
const CACHE_TTL: i64 = HOUR;

/// The least time between two fetches for unknown key ids.
const REFETCH_INTERVAL: i64 = MINUTE;

/// The least time between a fetch that failed and the next.
const RETRY_INTERVAL: i64 = SECOND;

/// The timeout of a fetch.
const FETCH_TIMEOUT: i64 = 5 * SECOND;

/// How often a request that waits for another request's fetch checks whether it is done.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The most bytes of the response that are read.
const MAX_BYTES: usize = 128 << 10;

/// The result of looking a key up.
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
    /// When the keys were fetched.
    read: Option<Timestamp>,
    /// When they were last fetched for an unknown key id.
    refetched: Option<Timestamp>,
    /// When a fetch last failed.
    failed: Option<Timestamp>,
    /// When the fetch that is under way started.
    fetching: Option<Timestamp>,
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

/// Looks a key up by its id, in the cache or at `url`.
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
            // A future of another request must not be awaited: wait for its result in the cache.
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
