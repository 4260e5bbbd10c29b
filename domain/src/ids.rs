//! Identifiers as they arrive from outside (rows, lists, URLs, bodies), normalized in this one place.
//! Everywhere else two ids are the same exactly if they are equal.

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use std::borrow::{Borrow, Cow};

/// The longest e-mail address that can be delivered to (RFC 5321), in bytes.
const MAX_EMAIL_LENGTH: usize = 254;

/// The normal form of an id: without white space and braces around it, ASCII letters in lower case. Echo360
/// documents its ids as UUIDs, which are the same in either case. Other text, such as section numbers, gets
/// the same form.
///
/// ```
/// use domain::ids::normalize_id;
/// let id = normalize_id(b" {0B0C3F4E-0000-4000-8000-00000000000A}");
/// assert_eq!(&*id, b"0b0c3f4e-0000-4000-8000-00000000000a");
/// ```
#[must_use]
pub fn normalize_id(text: &[u8]) -> Cow<'_, [u8]> {
    let mut id = text.trim_ascii();
    while let Some(inner) = id.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")) {
        id = inner.trim_ascii();
    }
    if id.iter().any(u8::is_ascii_uppercase) { id.to_ascii_lowercase().into() } else { id.into() }
}

/// [`normalize_id`] for text: the normal form of an id, or of a section's number.
#[must_use]
pub fn normalize_text(text: &str) -> Cow<'_, str> {
    match normalize_id(text.as_bytes()) {
        Cow::Borrowed(id) => String::from_utf8_lossy(id),
        Cow::Owned(id) => String::from_utf8_lossy(&id).into_owned().into(),
    }
}

/// Parses a UUID of Echo360: 36 characters with hyphens, of either case, with or without white space around
/// it. Returns it in lower case; `None` for everything else.
fn parse_uuid(text: &str) -> Option<String> {
    let text = text.trim();
    // The library also accepts UUIDs without hyphens, in braces and as URNs. Their lengths differ.
    let is_hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
    let id = uuid::Uuid::try_parse(text).ok().filter(|_| is_hyphenated)?;
    Some(id.hyphenated().to_string())
}

/// Parses the e-mail address of a person who signs in. The domain needs at least two labels. Returns the
/// address trimmed and in lower case; `None` for anything else.
fn parse_email(text: &str) -> Option<String> {
    // ASCII only: Unicode lower-casing maps some other letters to ASCII ones (U+212A, the Kelvin sign, to k),
    // which would make two mailboxes one person.
    let text = text.trim().to_ascii_lowercase();
    let options = Options { allow_long_local_parts: true, ..Options::default() }
        .without_display_text()
        .without_domain_literal();
    let is_address = EmailAddress::parse_with_options(&text, options.with_required_tld()).is_ok();
    // RFC 5321 allows these characters and quoted names, but addresses also appear in CSV cells, lists and
    // links.
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !"\"(),:;<>[\\]/?#%".contains(c);
    (is_address && text.len() <= MAX_EMAIL_LENGTH && text.chars().all(is_plain)).then_some(text)
}

/// Defines a type of id: text in its normal form, which JSON and messages have as a plain string.
macro_rules! define_id {
    ($(#[$doc:meta])* $name:ident, $normalize:expr, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(from = "String", into = "String")]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        pub struct $name(String);

        impl $name {
            /// Parses what a person or a URL gave; `None` unless it is well-formed.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                $parse(text).map(Self)
            }

            /// The normal form.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// Normalizes without checking, for trusted sources such as Echo360's rows and lists. JSON bodies are read this
        /// way, too: check what a client sent before use.
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                let normalize: fn(&str) -> String = $normalize;
                Self(normalize(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Defines ids of Echo360, which are UUIDs.
macro_rules! define_uuids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        define_id!($(#[$doc])* $name, |text| normalize_text(text).into_owned(), parse_uuid);

        impl $name {
            /// Whether it is a UUID. To be checked before an id that a person or a client sent is used.
            #[must_use]
            pub fn is_uuid(&self) -> bool {
                parse_uuid(&self.0).is_some()
            }
        }
    )*};
}

define_uuids! {
    /// The id of a course.
    CourseId,
    /// The id of a section. Reports without such a column name a section by its number, which is no
    /// `SectionId`.
    SectionId,
    /// The id of a person in Echo360's rows.
    UserId,
    /// The id of a video or another medium.
    MediaId,
    /// The id of a slide deck.
    PresentationId,
}

define_id!(
    /// The e-mail address of somebody who signs in to Lectern, in lower case.
    ///
    /// ```
    /// use domain::ids::Email;
    /// assert_eq!(Email::parse(" Ana@Example.ORG ").unwrap().as_str(), "ana@example.org");
    /// assert_eq!(Email::parse("Ana <ana@example.org>"), None);
    /// assert_eq!(Email::parse("ana@localhost"), None);
    /// ```
    Email,
    |text| text.trim().to_ascii_lowercase(),
    parse_email
);

/// Whether a text may be an e-mail address in a row of a report.
///
/// Looser than [`Email::parse`] and than any library: Echo360 does not promise well-formed addresses, and
/// rows with `a..b@host` must be erasable by that address.
#[must_use]
pub fn may_be_email(text: &str) -> bool {
    let text = text.trim();
    text.len() <= MAX_EMAIL_LENGTH
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "0b0c3f4e-0000-4000-8000-00000000000a";

    #[test]
    fn only_the_hyphenated_form_is_a_uuid() {
        for invalid in [
            "",
            "0b0c3f4e00004000800000000000000a",
            "{0b0c3f4e-0000-4000-8000-00000000000a}",
            "urn:uuid:0b0c3f4e-0000-4000-8000-00000000000a",
            "0b0c3f4e0-000-4000-8000-00000000000a",
            "zb0c3f4e-0000-4000-8000-00000000000a",
            "0b0c3f4e-0000-4000-8000-0000000000\u{e9}",
        ] {
            assert_eq!(parse_uuid(invalid), None, "{invalid}");
        }
        for valid in [ID.to_owned(), ID.to_uppercase(), format!("\t{ID}\n")] {
            assert_eq!(parse_uuid(&valid).as_deref(), Some(ID), "{valid}");
        }
    }

    #[test]
    fn only_a_plain_address_is_an_email() {
        for invalid in [
            "",
            "@",
            "ana",
            "ana@",
            "@x.org",
            "a@b@x.org",
            "ana@x",
            "ana@.x.org",
            "ana@x.org.",
            "an a@x.org",
            "\"ana\"@x.org",
            "ana@[192.0.2.1]",
            "a/b@x.org",
            "a%b@x.org",
            "<ana@x.org>",
            "Ana <ana@x.org>",
            "a\u{a0}b@x.org",
            "a\u{85}b@x.org",
        ] {
            assert_eq!(parse_email(invalid), None, "{invalid}");
        }
        assert_eq!(parse_email(&format!("{}@x.org", "a".repeat(249))), None);
        for valid in ["a@b.cd", "ana.b+c@x-y.example.org", "o'neil_{1}@x.org", "\u{e4}@x.org"] {
            assert_eq!(parse_email(valid).as_deref(), Some(valid));
        }
        assert_eq!(
            parse_email("\u{212a}im@X.org").as_deref(),
            Some("\u{212a}im@x.org"),
            "the Kelvin sign does not become k"
        );
        assert!(parse_email(&format!("{}@x.org", "a".repeat(100))).is_some());
    }

    #[test]
    fn malformed_addresses_in_rows_are_accepted() {
        assert!(["a..b@x", "ana@localhost", " a@b@c ", "\"a\"@x.org"].iter().all(|text| may_be_email(text)));
    }

    #[test]
    fn ids_that_differ_in_case_braces_or_white_space_are_one() {
        for text in [
            ID.to_uppercase(),
            format!(" {ID}\r"),
            format!("{{{ID}}}"),
            format!("{{{{{ID}}}}}"),
            format!("\t{{ {ID} }} "),
        ] {
            assert_eq!(CourseId::from(text.as_str()), CourseId::parse(ID).unwrap(), "{text:?}");
        }
        assert_eq!(CourseId::from("{").as_str(), "{");
        assert!(!CourseId::from("BIO 101").is_uuid() && CourseId::from(ID).is_uuid());
        let id: UserId = serde_json::from_value(serde_json::json!(ID.to_uppercase())).unwrap();
        assert_eq!(serde_json::to_value(id).unwrap(), serde_json::json!(ID));
    }

    proptest! {
        #[test]
        fn normalizing_twice_changes_nothing(text in "\\PC{0,40}|[ {}a-fA-F-]{0,12}") {
            let once = normalize_id(text.as_bytes()).into_owned();
            prop_assert_eq!(normalize_id(&once).into_owned(), once);
        }

        #[test]
        fn parsing_never_panics_and_is_idempotent(text in "\\PC{0,60}|[a-z]{0,3}[@.<> ]{0,3}[a-z]{0,3}\\.[a-z>]{0,3}") {
            if let Some(email) = parse_email(&text) {
                prop_assert!(may_be_email(&email));
                prop_assert_eq!(parse_email(&email), Some(email));
            }
            if let Some(id) = parse_uuid(&text) {
                prop_assert_eq!(parse_uuid(&id), Some(id));
            }
        }

        #[test]
        fn every_hyphenated_uuid_is_lower_cased(id in "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}") {
            prop_assert_eq!(parse_uuid(&id), Some(id.to_lowercase()));
        }
    }
}
