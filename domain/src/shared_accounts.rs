//! The list of shared accounts: user ids and e-mail addresses that stand for many people, although neither name nor address
//! says so.
//!
//! An account is on the list because it was found in rows of a window (three videos in the same half minute), or because an
//! administrator marked it. A mark as a person overrides what was found. `GET /api/shared-accounts` returns a
//! [`SharedAccounts`]: everybody who may read rows gets hashes, which decide about the ids and addresses in these rows;
//! administrators also get the accounts.

use crate::erasure::PersonIdentifier;
use crate::ids::{Email, UserId};
use crate::problem::{Code, Problem};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most accounts that are found in a window.
pub const MAX_FOUND_IN_WINDOW: usize = 200;

/// The most accounts that are found in all windows, those of the newest first.
const MAX_FOUND: usize = 500;

/// The most accounts that administrators can mark.
const MAX_MARKS: usize = 500;

/// `GET /api/shared-accounts`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SharedAccounts {
    /// The accounts that are counted as shared: 64-bit FNV-1a hashes of their ids or addresses in lower case, as 16 hexadecimal
    /// digits, sorted.
    pub hashes: Vec<String>,
    /// All accounts of the list; only for administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<ListedAccount>>,
}

/// An account of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListedAccount {
    /// Its user id or e-mail address, in lower case.
    pub account: String,
    /// The id of the latest window of `videoview` in which it was found: its Monday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// How an administrator marked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<AccountMark>,
    /// Who marked it, as `person` in `GET /api/session`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it was marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl ListedAccount {
    /// Whether it is counted as a shared account.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.mark.map_or(self.found.is_some(), |mark| mark == AccountMark::Shared)
    }
}

/// What an administrator says an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AccountMark {
    /// It stands for many people.
    Shared,
    /// It is one person, whatever was found.
    Person,
}

impl AccountMark {
    /// Its name in JSON.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Person => "person",
        }
    }
}

/// `POST /api/shared-accounts`: marks an account, or removes its mark.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountMarkRequest {
    /// Echo360's user id (UUID), or an e-mail address.
    pub account: String,
    /// The mark; `null` removes it.
    pub mark: Option<AccountMark>,
}

impl std::fmt::Debug for AccountMarkRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccountMarkRequest(••• as {:?})", self.mark)
    }
}

/// A mark, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMark {
    /// The mark.
    pub mark: AccountMark,
    /// Who marked it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The marks of administrators, by account in its normal form.
pub type AccountMarks = BTreeMap<String, StoredMark>;

/// The normal form of an account that somebody entered: an id or address in lower case.
///
/// # Errors
/// `bad-body` if it is neither an e-mail address nor a UUID.
pub fn parse_account(text: &str) -> Result<String, Problem> {
    let bad_account = || {
        let detail =
            "`account` must be Echo360's user id (a UUID, as in the column `userid`), or an e-mail address.";
        Problem::new(Code::BadBody, detail)
    };
    match PersonIdentifier::parse(text).ok_or_else(bad_account)? {
        PersonIdentifier::Email(text) if crate::ids::may_be_email(&text) => {
            Ok(Email::from(text.as_str()).as_str().to_owned())
        }
        PersonIdentifier::Id(id) if id.is_uuid() => Ok(id.as_str().trim().to_owned()),
        PersonIdentifier::Email(_) | PersonIdentifier::Id(_) => Err(bad_account()),
    }
}

/// Sets or removes the mark of an account in its normal form.
///
/// # Errors
/// `bad-body` if there are too many marks.
pub fn set_mark(
    marks: &mut AccountMarks,
    account: String,
    mark: Option<AccountMark>,
    by: &str,
    at: Timestamp,
) -> Result<(), Problem> {
    let Some(mark) = mark else {
        marks.remove(&account);
        return Ok(());
    };
    if marks.len() >= MAX_MARKS && !marks.contains_key(&account) {
        let detail = format!("{MAX_MARKS} accounts are marked already. Remove a mark first.");
        return Err(Problem::new(Code::BadBody, detail));
    }
    marks.insert(account, StoredMark { mark, by: by.to_owned(), at });
    Ok(())
}

/// The list, by account. `found`: the ids of windows and the accounts that were found in them.
#[must_use]
pub fn list_accounts(mut found: Vec<(String, BTreeSet<UserId>)>, marks: AccountMarks) -> Vec<ListedAccount> {
    found.sort_by(|(a, _), (b, _)| b.cmp(a));
    let unmarked = |account: String| ListedAccount { account, found: None, mark: None, by: None, at: None };
    let mut list: BTreeMap<String, ListedAccount> = BTreeMap::new();
    for (window, accounts) in found {
        for account in accounts.into_iter().map(String::from) {
            if list.len() < MAX_FOUND || list.contains_key(&account) {
                let entry = list.entry(account.clone()).or_insert_with(|| unmarked(account));
                entry.found.get_or_insert_with(|| window.clone());
            }
        }
    }
    for (account, StoredMark { mark, by, at }) in marks {
        let entry = list.entry(account.clone()).or_insert_with(|| unmarked(account));
        (entry.mark, entry.by, entry.at) = (Some(mark), Some(by), Some(at));
    }
    list.into_values().collect()
}

/// The hashes of the accounts that are counted as shared, sorted.
#[must_use]
pub fn hash_shared(accounts: &[ListedAccount]) -> Vec<u64> {
    let shared = accounts.iter().filter(|account| account.is_shared());
    let hashes: BTreeSet<u64> = shared.map(|account| hash_account(account.account.bytes())).collect();
    hashes.into_iter().collect()
}

/// The 64-bit FNV-1a hash of an id or address in its normal form.
///
/// ```
/// assert_eq!(domain::shared_accounts::hash_account(*b"foobar"), 0x85944171f73967e8);
/// ```
pub fn hash_account(bytes: impl IntoIterator<Item = u8>) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// A hash as text.
#[must_use]
pub fn format_hash(hash: u64) -> String {
    format!("{hash:016x}")
}

/// A hash from text; `None` if it is none.
#[must_use]
pub fn parse_hash(text: &str) -> Option<u64> {
    (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "0b0c3f4e-0000-4000-8000-00000000000a";

    fn ids<const N: usize>(ids: [&str; N]) -> BTreeSet<UserId> {
        ids.map(UserId::from).into()
    }

    fn mark(marks: &mut AccountMarks, account: &str, mark: Option<AccountMark>) -> Result<(), Problem> {
        set_mark(marks, account.to_owned(), mark, "ana@x.example", Timestamp(5))
    }

    #[test]
    fn an_account_is_an_id_or_an_address_in_any_spelling() {
        assert_eq!(parse_account(&format!(" {{{}}} ", ID.to_uppercase())).unwrap(), ID);
        assert_eq!(parse_account(" Kiosk@Uni.Example ").unwrap(), "kiosk@uni.example");
        for text in ["", "kiosk", "@", "a b@x", "0b0c3f4e"] {
            assert_eq!(parse_account(text).unwrap_err().code, Code::BadBody, "{text}");
        }
    }

    #[test]
    fn the_latest_window_is_listed_and_a_mark_overrides_it() {
        let found =
            vec![("2026-02-02".to_owned(), ids(["u1", "u2"])), ("2026-02-09".to_owned(), ids(["u1"]))];
        let mut marks = AccountMarks::new();
        mark(&mut marks, "u2", Some(AccountMark::Person)).unwrap();
        mark(&mut marks, "a@x", Some(AccountMark::Shared)).unwrap();
        let list = list_accounts(found.clone(), marks.clone());
        let seen: Vec<_> =
            list.iter().map(|it| (it.account.as_str(), it.found.as_deref(), it.is_shared())).collect();
        assert_eq!(
            seen,
            [("a@x", None, true), ("u1", Some("2026-02-09"), true), ("u2", Some("2026-02-02"), false)]
        );
        let mut hashes = [hash_account(*b"a@x"), hash_account(*b"u1")];
        hashes.sort_unstable();
        assert_eq!(hash_shared(&list), hashes);
        mark(&mut marks, "u2", None).unwrap();
        mark(&mut marks, "a@x", None).unwrap();
        let list = list_accounts(found, marks);
        assert_eq!(hash_shared(&list).len(), 2);
    }

    #[test]
    fn the_number_of_marks_and_of_found_accounts_is_bounded() {
        let mut marks = AccountMarks::new();
        for number in 0..MAX_MARKS {
            mark(&mut marks, &format!("u{number}"), Some(AccountMark::Person)).unwrap();
        }
        assert_eq!(mark(&mut marks, "more", Some(AccountMark::Shared)).unwrap_err().code, Code::BadBody);
        mark(&mut marks, "u0", Some(AccountMark::Shared)).unwrap();
        mark(&mut marks, "more", None).unwrap();
        let window = |week: usize| {
            (format!("2026-{week:02}"), (0..200).map(|n| UserId::from(format!("{week}-{n}"))).collect())
        };
        let list = list_accounts((0..4).map(window).collect(), AccountMarks::new());
        assert_eq!(list.len(), MAX_FOUND);
        assert!(list.iter().all(|account| account.account.starts_with(['1', '2', '3'])));
    }

    proptest! {
        #[test]
        fn a_hash_is_read_back(hash in any::<u64>()) {
            prop_assert_eq!(parse_hash(&format_hash(hash)), Some(hash));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = (parse_account(&text), parse_hash(&text));
        }
    }
}
