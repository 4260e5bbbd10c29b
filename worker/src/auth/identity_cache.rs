//! What the Registry last said about the people behind recent credentials, kept for [`IDENTITY_CACHE_TTL`].
//!
//! A sign-out or a changed role takes effect at once in the isolate that it came through, and within that time in every
//! other. Only values are kept: one request never awaits a future of another's.

use crate::rpc::{Credential, Identity};
use domain::time::{SECOND, Timestamp};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// How long an answer of the Registry counts as current.
const IDENTITY_CACHE_TTL: i64 = 5 * SECOND;

/// Answers kept in one isolate.
const MAX_CACHED_IDENTITIES: usize = 500;

thread_local! {
    /// Answers by credential, each with the time until which it counts.
    static CACHE: RefCell<HashMap<String, (Identity, Timestamp)>> = RefCell::new(HashMap::new());
    /// How often the cache was cleared. An answer that was on its way meanwhile may be outdated, and is not kept.
    static VERSION: Cell<u64> = const { Cell::new(0) };
}

/// The place of one credential's answer.
pub(super) struct Entry {
    name: String,
    version: u64,
}

impl Entry {
    /// The entry of this credential.
    pub(super) fn new(credential: &Credential) -> Self {
        let name = match credential {
            Credential::Session { id } => format!("session {id}"),
            Credential::Token { email, issued } => format!("token {} {email}", issued.0),
        };
        Self { name, version: VERSION.get() }
    }

    /// The answer, while it counts.
    pub(super) fn get(&self, now: Timestamp) -> Option<Identity> {
        CACHE.with_borrow(|cache| {
            let (identity, until) = cache.get(&self.name)?;
            // A time further ahead than any that is set means that the clock went back.
            (now < *until && until.since(now) <= IDENTITY_CACHE_TTL).then(|| identity.clone())
        })
    }

    /// Keeps an answer, unless the cache was cleared since this entry was made.
    pub(super) fn set(self, identity: &Identity, now: Timestamp) {
        CACHE.with_borrow_mut(|cache| {
            if cache.len() >= MAX_CACHED_IDENTITIES {
                cache.clear();
            }
            if self.version == VERSION.get() {
                cache.insert(self.name, (identity.clone(), now.plus(IDENTITY_CACHE_TTL)));
            }
        });
    }
}

/// Drops every answer: a role or a session has changed.
pub(crate) fn clear_identity_cache() {
    VERSION.set(VERSION.get().wrapping_add(1));
    CACHE.with_borrow_mut(HashMap::clear);
}
