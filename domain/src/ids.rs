//! Parses identifiers that come from outside: UUIDs and e-mail addresses.

use email_address::{EmailAddress, Options};

/// The longest e-mail address that can be delivered to (RFC 5321), in bytes.
const MAX_EMAIL_LENGTH: usize = 254;

/// Parses a UUID of Echo360: 36 characters with hyphens, in either case, with or without white space around
/// it. Returns it in lower case, the form in which ids are compared; `None` for anything else.
///
/// ```
/// use domain::ids::parse_uuid;
/// let id = parse_uuid(" 0B0C3F4E-0000-4000-8000-00000000000A ");
/// assert_eq!(id.as_deref(), Some("0b0c3f4e-0000-4000-8000-00000000000a"));
/// assert_eq!(parse_uuid("0b0c3f4e00004000800000000000000a"), None);
/// ```
#[must_use]
pub fn parse_uuid(text: &str) -> Option<String> {
    let text = text.trim();
    // The library also accepts UUIDs without hyphens, in braces and as URNs. Their lengths differ.
    let is_hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
    let id = uuid::Uuid::try_parse(text).ok().filter(|_| is_hyphenated)?;
    Some(id.hyphenated().to_string())
}

/// Parses the e-mail address of a person who signs in. The domain needs at least two labels. Returns the
/// address trimmed and in lower case; `None` for anything else.
///
/// ```
/// use domain::ids::parse_email;
/// assert_eq!(parse_email(" Ana@Example.ORG ").as_deref(), Some("ana@example.org"));
/// assert_eq!(parse_email("Ana <ana@example.org>"), None);
/// assert_eq!(parse_email("ana@localhost"), None);
/// ```
#[must_use]
pub fn parse_email(text: &str) -> Option<String> {
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

/// Whether a text may be an e-mail address in a row of a report.
///
/// Looser than [`parse_email`] and than any library: Echo360 does not promise well-formed addresses, and rows
/// with `a..b@host` must be erasable by that address.
#[must_use]
pub fn is_reported_email(text: &str) -> bool {
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
        assert!(
            ["a..b@x", "ana@localhost", " a@b@c ", "\"a\"@x.org"].iter().all(|text| is_reported_email(text))
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_idempotent(text in "\\PC{0,60}|[a-z]{0,3}[@.<> ]{0,3}[a-z]{0,3}\\.[a-z>]{0,3}") {
            if let Some(email) = parse_email(&text) {
                prop_assert!(is_reported_email(&email));
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
