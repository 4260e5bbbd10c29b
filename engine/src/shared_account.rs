//! Shared accounts: users that stand for many viewers.
//!
//! Echo360 creates some for public links, with a made-up first name (`Anon-4f2a`) and an address `anonymous@…`. Others are in
//! the list of shared accounts ([`domain::shared_accounts`]), since they were found or marked. Their rows are read as rows
//! without a user id and without a role, like those of any visitor who came through a public link: minutes and events count,
//! people do not. Counted as people, one account would be the busiest student of its course.

use domain::column;
use domain::ids::normalize_id;
use domain::shared_accounts::{hash_account, parse_hash};

/// The accounts that are counted as shared, whatever their name, as hashes of their ids or addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SharedAccountSet {
    /// Sorted.
    hashes: Vec<u64>,
}

impl FromIterator<u64> for SharedAccountSet {
    fn from_iter<T: IntoIterator<Item = u64>>(hashes: T) -> Self {
        let mut hashes: Vec<u64> = hashes.into_iter().collect();
        hashes.sort_unstable();
        Self { hashes }
    }
}

impl SharedAccountSet {
    /// The set of these hashes, as `GET /api/shared-accounts` returns them; `None` if one is malformed.
    pub fn parse<T: AsRef<str>>(hashes: impl IntoIterator<Item = T>) -> Option<Self> {
        hashes.into_iter().map(|hash| parse_hash(hash.as_ref())).collect()
    }

    /// Whether the set has a user's id or address. Nothing is hashed while it is empty.
    fn contains(&self, user: &[u8], email: &[u8]) -> bool {
        let has = |hash: u64| self.hashes.binary_search(&hash).is_ok();
        !self.hashes.is_empty()
            && (has(hash_account(normalize_id(user).iter().copied()))
                || has(hash_account(email.trim_ascii().iter().map(u8::to_ascii_lowercase))))
    }
}

/// Where a row says whose it is: the columns of one person. `qanda` has two people in each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PersonFields {
    pub(crate) user: usize,
    pub(crate) role: Option<usize>,
    first_name: Option<usize>,
    last_name: Option<usize>,
    pub(crate) email: Option<usize>,
}

impl PersonFields {
    /// The people in the rows of a report with these columns: `userid` with the columns beside it, and any column
    /// `PREFIX_userid` with those of the same prefix.
    pub(crate) fn find(names: &[String]) -> Vec<Self> {
        let keys: Vec<String> = names.iter().map(|name| column::normalize_name(name)).collect();
        let people = keys.iter().enumerate().filter_map(|(user, key)| {
            let prefix = key.strip_suffix("userid")?;
            let find = |name: &str| keys.iter().position(|key| key.strip_prefix(prefix) == Some(name));
            let is_email = |key: &String| key.starts_with(prefix) && column::is_email(key);
            let email = find("email").or_else(|| keys.iter().position(is_email));
            Some(Self {
                user,
                role: find("role"),
                first_name: find("firstname"),
                last_name: find("lastname"),
                email,
            })
        });
        people.collect()
    }

    /// Whether the person is a shared account, by name or because it is in `accounts`. `field` reads a field of the row.
    pub(crate) fn is_shared_account<'a>(
        &self,
        accounts: &SharedAccountSet,
        field: impl Fn(usize) -> &'a [u8],
    ) -> bool {
        let email = self.email.map_or(&[][..], &field);
        self.has_shared_name(&field) || accounts.contains(field(self.user), email)
    }

    /// Whether Echo360 made up the person's name or address for a shared account.
    pub(crate) fn has_shared_name<'a>(&self, field: impl Fn(usize) -> &'a [u8]) -> bool {
        let text = |at: Option<usize>| at.map_or(&[][..], &field);
        is_shared_account(text(self.first_name), text(self.email))
    }

    /// The field of the user's id.
    pub(crate) fn user(&self) -> usize {
        self.user
    }

    /// The field of the e-mail address.
    pub(crate) fn email(&self) -> Option<usize> {
        self.email
    }

    /// The fields of the first and last name.
    pub(crate) fn names(&self) -> [Option<usize>; 2] {
        [self.first_name, self.last_name]
    }

    /// The fields of the user's id and role.
    pub(crate) fn user_and_role(&self) -> (usize, Option<usize>) {
        (self.user, self.role)
    }

    /// Whether a field is the user's id or role, which rows of shared accounts are read without.
    pub(crate) fn identifies(&self, field: usize) -> bool {
        field == self.user || self.role == Some(field)
    }
}

/// Whether a first name or an e-mail address is one that Echo360 makes up for a shared account: `Anon-4f2a`, or `anonymous@…`
/// with or without such a number. A hexadecimal number without a digit may be a name: `Anon-Ada` is a person.
///
/// ```
/// use engine::shared_account::is_shared_account;
/// assert!(is_shared_account(b"Anon-4f2a", b"") && is_shared_account(b"", b"Anonymous+4f2a@echo360.example"));
/// assert!(!is_shared_account(b"Anon-Ada", b"anonymous.lee@uni.example"));
/// ```
#[must_use]
pub fn is_shared_account(first_name: &[u8], email: &[u8]) -> bool {
    let number_in_name = strip_prefix(first_name.trim_ascii(), b"anon-");
    let number_in_address = email
        .trim_ascii()
        .split(|byte| *byte == b'@')
        .next()
        .filter(|local| local.len() < email.trim_ascii().len())
        .and_then(|local| strip_prefix(local, b"anonymous"))
        .map(|rest| if let [b'-' | b'+' | b'.' | b'_', number @ ..] = rest { number } else { rest });
    number_in_name.is_some_and(is_number)
        || number_in_address.is_some_and(|number| number.is_empty() || is_number(number))
}

/// The rest of a text that begins with `prefix`, in any case.
fn strip_prefix<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn is_number(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_hexdigit) && text.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn generated_names_and_addresses_are_recognized(
            number in "[a-f]{0,3}[0-9][0-9a-f]{0,8}", host in "[a-z]{1,9}\\.example", tag in "([-+._]?[a-f]{0,3}[0-9][0-9a-f]{0,6}|[-+._]?)", is_upper in any::<bool>(),
        ) {
            let case = |text: String| if is_upper { text.to_uppercase() } else { text };
            let name = case(format!("Anon-{number}"));
            let email = case(format!("anonymous{tag}@{host}"));
            prop_assert!(is_shared_account(name.as_bytes(), b""), "{}", name);
            prop_assert!(is_shared_account(b"", email.as_bytes()), "{}", email);
        }

        #[test]
        fn no_bytes_panic(first in prop::collection::vec(any::<u8>(), 0..20), email in prop::collection::vec(any::<u8>(), 0..20)) {
            let _ = is_shared_account(&first, &email);
        }
    }

    #[test]
    fn names_and_addresses_of_people_are_not() {
        for (first, email) in [
            ("Ana", "ana@uni.example"),
            ("Anon", ""),
            ("Anon-", ""),
            ("Anon-Marie", ""),
            ("Anonka", "anonymousse@uni.example"),
        ] {
            assert!(!is_shared_account(first.as_bytes(), email.as_bytes()), "{first} {email}");
        }
        assert!(!is_shared_account(b"", b"anonymous"), "no address");
    }

    #[test]
    fn listed_accounts_are_recognized_by_id_or_address_in_any_spelling() {
        let fields = PersonFields::find(&["userid", "email"].map(str::to_owned));
        let set = |texts: &[&str]| {
            texts.iter().map(|text| hash_account(text.bytes())).collect::<SharedAccountSet>()
        };
        let is_shared = |accounts: &[&str], user: &'static str, email: &'static str| {
            fields[0].is_shared_account(&set(accounts), |at| [user, email][at].as_bytes())
        };
        assert!(is_shared(&["u1"], "{U1}", "a@x") && is_shared(&["u0", "a@x"], "u1", " A@X "));
        assert!(
            !is_shared(&["u1", "a@x"], "u2", "b@x")
                && !is_shared(&["u1"], "", "")
                && !is_shared(&[], "u1", "a@x")
        );
        let hashes = [hash_account(*b"u1"), 7];
        let texts = hashes.map(domain::shared_accounts::format_hash);
        assert_eq!(SharedAccountSet::parse(&texts), Some(hashes.into_iter().collect()));
        assert_eq!(SharedAccountSet::parse(["u1"]), None);
    }

    #[test]
    fn every_person_of_a_row_has_columns_of_their_own() {
        let names = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        let people = PersonFields::find(&names(&["user_id", "FirstName", "email", "role", "x"]));
        assert_eq!(
            people,
            [PersonFields { user: 0, role: Some(3), first_name: Some(1), last_name: None, email: Some(2) }]
        );
        let people = PersonFields::find(&names(&[
            "question_userid",
            "answer_userid",
            "answer_email",
            "question_email",
        ]));
        let asker = PersonFields { user: 0, role: None, first_name: None, last_name: None, email: Some(3) };
        assert_eq!(
            people,
            [asker, PersonFields { user: 1, role: None, first_name: None, last_name: None, email: Some(2) }]
        );
    }
}
