//! What is odd about the identities of people: several user ids with one e-mail address, one id with several addresses. Both
//! are counted for those who read the numbers, and nobody is merged: an address may be shared, and an id reused.
//!
//! Addresses are compared by hashes, so that none is stored.

use crate::code_map::CodeMap;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher};

/// How many of the people that are counted are odd, and in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IdentityCounts {
    /// People with rows that name different roles. Each counts by one of them.
    pub ambiguous_roles: u64,
    /// People whose accounts have been deleted at Echo360, which calls them `Deleted User`.
    pub deleted_users: u64,
    /// E-mail addresses of several user ids, which count as different people.
    pub shared_emails: u64,
    /// User ids with several e-mail addresses in one copy, each of which counts as one person.
    pub ambiguous_ids: u64,
}

/// The hash of an e-mail address in lower case, above zero; `None` without an address.
fn hash_email(email: &[u8]) -> Option<u64> {
    let email = email.trim_ascii();
    if email.is_empty() {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(&email.to_ascii_lowercase());
    Some(hasher.finish().max(1))
}

/// The hashes of the e-mail addresses in one copy, by the codes of user ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CopyEmails {
    /// Each person's first address; 0 without one.
    first: CodeMap<u64>,
    /// People's further addresses.
    further: BTreeSet<(u32, u64)>,
}

impl CopyEmails {
    /// Adds the address in a row of a person; returns its hash if the person did not have it yet.
    #[inline]
    pub(crate) fn add(&mut self, user: u32, email: &[u8]) -> Option<u64> {
        let (hash, first) = (hash_email(email)?, self.first.entry(user)?);
        let is_new = match *first {
            0 => {
                *first = hash;
                true
            }
            other => other != hash && self.further.insert((user, hash)),
        };
        is_new.then_some(hash)
    }

    /// Whether a person has several addresses.
    pub(crate) fn is_ambiguous(&self, user: u32) -> bool {
        self.further.range((user, 0)..=(user, u64::MAX)).next().is_some()
    }

    /// Every person with each of their addresses.
    fn iter(&self) -> impl Iterator<Item = (u32, u64)> {
        let first = self.first.iter().map(|(user, hash)| (user, *hash)).filter(|(_, hash)| *hash != 0);
        first.chain(self.further.iter().copied())
    }
}

/// The e-mail addresses in several copies, by their hashes.
#[derive(Debug, Clone, Default)]
pub struct EmailIndex {
    /// The first user id with each address.
    first: HashMap<u64, u32>,
    /// All user ids with each address that several have.
    shared: BTreeMap<u64, BTreeSet<u32>>,
    /// User ids with several addresses in one copy.
    ambiguous: BTreeSet<u32>,
}

impl EmailIndex {
    /// The index of these copies.
    pub(crate) fn read<'a>(copies: impl Iterator<Item = &'a CopyEmails>) -> Self {
        let mut index = Self::default();
        for copy in copies {
            copy.iter().for_each(|(user, hash)| index.add(user, hash, copy));
        }
        index
    }

    /// Adds an address of a person in a copy.
    pub(crate) fn add(&mut self, user: u32, hash: u64, copy: &CopyEmails) {
        let first = *self.first.entry(hash).or_insert(user);
        if first != user {
            self.shared.entry(hash).or_default().extend([first, user]);
        }
        if copy.is_ambiguous(user) {
            self.ambiguous.insert(user);
        }
    }

    /// Every address with each of its user ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u32)> {
        let shared = self.shared.iter().flat_map(|(hash, users)| users.iter().map(|user| (*hash, *user)));
        self.first.iter().map(|(hash, user)| (*hash, *user)).chain(shared)
    }

    /// The number of addresses that several of the counted people have.
    pub(crate) fn count_shared(&self, is_counted: impl Fn(u32) -> bool) -> u64 {
        let is_shared =
            |users: &&BTreeSet<u32>| users.iter().filter(|user| is_counted(**user)).nth(1).is_some();
        self.shared.values().filter(is_shared).count() as u64
    }

    /// The counted people with several addresses in one copy.
    pub(crate) fn ambiguous(&self, is_counted: impl Fn(u32) -> bool) -> impl Iterator<Item = u32> {
        self.ambiguous.iter().copied().filter(move |user| is_counted(*user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shared_addresses_and_ambiguous_ids_match_a_naive_count(
            copies in prop::collection::vec(prop::collection::vec((0u32..6, 0usize..4), 0..9), 0..4),
            counted in prop::collection::btree_set(1u32..6, 0..6),
        ) {
            const EMAILS: [&str; 4] = ["", "ana@x.example", " ANA@x.example", "bo@x.example"];
            let address = |email: usize| EMAILS[email].trim().to_lowercase();
            let mut of_copies = vec![CopyEmails::default(); copies.len()];
            for (copy, rows) in of_copies.iter_mut().zip(&copies) {
                for (user, email) in rows {
                    copy.add(*user, EMAILS[*email].as_bytes());
                }
            }
            let index = EmailIndex::read(of_copies.iter());
            let users_of = |wanted: &str| -> BTreeSet<u32> {
                let rows = copies.iter().flatten().filter(|(user, email)| counted.contains(user) && address(*email) == wanted);
                rows.map(|(user, _)| *user).collect()
            };
            let shared = ["ana@x.example", "bo@x.example"].into_iter().filter(|it| users_of(it).len() > 1).count();
            prop_assert_eq!(index.count_shared(|user| counted.contains(&user)), shared as u64);
            let is_ambiguous = |user: &u32| copies.iter().any(|rows| {
                let own = rows.iter().filter(|(other, email)| other == user && *email > 0);
                own.map(|(_, email)| address(*email)).collect::<BTreeSet<_>>().len() > 1
            });
            let expected: Vec<u32> = counted.iter().copied().filter(is_ambiguous).collect();
            prop_assert_eq!(index.ambiguous(|user| counted.contains(&user)).collect::<Vec<_>>(), expected);
        }
    }
}
