//! The team's public keys, as Access publishes them: kept in the isolate, and fetched again for a name that is not among
//! them, at most once a minute, so that made-up names by the thousand cost Access nothing.
//!
//! Whoever uses that minute up delays a new key by as much. Access publishes a key long before it signs with it.

use crate::clock;
use crate::wire::{self, Call};
use domain::problem::{Code, Problem};
use domain::time::{HOUR, MINUTE, SECOND, Timestamp};
use domain::token::{PublicKey, parse_public_keys};
use std::cell::RefCell;
use std::time::Duration;
use worker::Delay;

/// How long keys are kept: one that is taken back is refused after that.
const FRESH: i64 = HOUR;

/// How soon they are fetched again for a name that is not among them.
const APART: i64 = MINUTE;

/// How soon they are fetched again when they could not be had.
const FAILED_APART: i64 = SECOND;

/// How long one fetch may take.
const PATIENCE: i64 = 5 * SECOND;

/// How often somebody who waits for another's fetch looks.
const LOOKED_AT: Duration = Duration::from_millis(50);

/// Bytes of the list at most.
const LONGEST: usize = 128 << 10;

/// What came of looking for a key.
pub(super) enum Lookup {
    /// It is the team's.
    Found(PublicKey),
    /// It is not.
    Unknown,
    /// The team's keys cannot be had.
    Unreachable(Problem),
}

#[derive(Default)]
struct Kept {
    keys: Vec<PublicKey>,
    /// When they were read.
    read: Option<Timestamp>,
    /// When they were last read anew for a name that was not among them.
    sought: Option<Timestamp>,
    /// When they could last not be had.
    failed: Option<Timestamp>,
    /// Since when they are on their way.
    fetching: Option<Timestamp>,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::new(Kept::default());
}

/// What to do about a name.
enum Move {
    Say(Lookup),
    Fetch,
    Wait,
}

/// The key of this name.
pub(super) async fn find(url: &str, name: &str) -> Lookup {
    let began = clock::now();
    loop {
        let now = clock::now();
        let within =
            |at: Option<Timestamp>, span: i64| at.is_some_and(|at| (0..span).contains(&now.since(at)));
        let next = KEPT.with_borrow_mut(|kept| {
            let found = kept.keys.iter().find(|key| key.id == name).cloned();
            if let Some(key) = found.filter(|_| within(kept.read, FRESH)) {
                return Move::Say(Lookup::Found(key));
            }
            // Another request's fetch cannot be awaited here, only looked after.
            if within(kept.fetching, PATIENCE) && now.since(began) < PATIENCE {
                return Move::Wait;
            }
            if within(kept.failed, FAILED_APART) {
                return Move::Say(unreachable());
            }
            if within(kept.read, FRESH) {
                if within(kept.sought, APART) {
                    return Move::Say(Lookup::Unknown);
                }
                kept.sought = Some(now);
            }
            kept.fetching = Some(now);
            Move::Fetch
        });
        match next {
            Move::Say(lookup) => return lookup,
            Move::Wait => Delay::from(LOOKED_AT).await,
            Move::Fetch => {
                let keys = fetch(url).await;
                KEPT.with_borrow_mut(|kept| {
                    kept.fetching = None;
                    match keys {
                        Some(keys) => (kept.keys, kept.read) = (keys, Some(clock::now())),
                        None => kept.failed = Some(clock::now()),
                    }
                });
            }
        }
    }
}

async fn fetch(url: &str) -> Option<Vec<PublicKey>> {
    let reply = wire::send(url, Call { timeout: PATIENCE, ..Call::default() }).await.ok()?;
    if reply.status() != 200 {
        worker::console_warn!("Cloudflare Access gives no keys: it answers {}", reply.status());
        return None;
    }
    parse_public_keys(&reply.text(LONGEST).await.ok()?)
}

fn unreachable() -> Lookup {
    Lookup::Unreachable(
        Problem::new(
            Code::AccessDown,
            "Cloudflare Access does not give its keys, so nobody can be let in. Try again in a minute.",
        )
        .retry_after(5),
    )
}
