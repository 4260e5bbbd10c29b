//! Cache of the Registry's answers about recent credentials, each valid for [`IDENTITY_CACHE_TTL`].
//!
//! A sign-out or a changed role takes effect at once in the isolate that handled it, and within that time in
//! every other. Only values are cached, since one request must not await another's future.

use crate::rpc::{Credential, Identity};
use domain::time::{SECOND, Timestamp};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// How long an answer of the Registry is used.
const IDENTITY_CACHE_TTL: i64 = 5 * SECOND;

/// Maximum number of answers cached in one isolate.
const MAX_CACHED_IDENTITIES: usize = 500;

thread_local! {
    /// Answers by credential, each with the time at which it expires.
    static CACHE: RefCell<HashMap<String, (Identity, Timestamp)>> = RefCell::new(HashMap::new());
    /// Number of times the cache was cleared. An answer requested before a clear may be outdated and is not
    /// stored.
    static VERSION: Cell<u64> = const { Cell::new(0) };
}

/// The cache entry of one credential, present or not.
pub(super) struct Entry {
    cache_key: String,
    version: u64,
}

impl Entry {
    /// Remembers the cache's version, so that [`Self::set`] can detect a clear.
    pub(super) fn new(credential: &Credential) -> Self {
        let cache_key = match credential {
            Credential::Session { id } => format!("session {id}"),
            Credential::Token { email, issued } => format!("token {} {email}", issued.0),
        };
        Self { cache_key, version: VERSION.get() }
    }

    /// The cached answer, unless it expired.
    pub(super) fn get(&self, now: Timestamp) -> Option<Identity> {
        CACHE.with_borrow(|cache| {
            let (identity, until) = cache.get(&self.cache_key)?;
            // An expiry further ahead than the TTL means that the clock went back.
            (now < *until && until.since(now) <= IDENTITY_CACHE_TTL).then(|| identity.clone())
        })
    }

    /// Stores an answer, unless the cache was cleared since this entry was made.
    pub(super) fn set(self, identity: &Identity, now: Timestamp) {
        CACHE.with_borrow_mut(|cache| {
            if cache.len() >= MAX_CACHED_IDENTITIES {
                cache.clear();
            }
            if self.version == VERSION.get() {
                cache.insert(self.cache_key, (identity.clone(), now.plus(IDENTITY_CACHE_TTL)));
            }
        });
    }
}

/// Clears the cache, after a change of a role or a session.
pub(crate) fn clear_identity_cache() {
    VERSION.set(VERSION.get().wrapping_add(1));
    CACHE.with_borrow_mut(HashMap::clear);
}
