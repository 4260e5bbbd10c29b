//! Compares column names regardless of their spelling.
//!
//! The vendor's headers vary between reports (`presentationID`, `PresentationID`, `presentation_id`), and its
//! reference has lost the name of the e-mail column. So case, `_`, `-` and spaces do not count.

/// The form in which column names are compared: ASCII letters in lower case (every known name is ASCII),
/// without `_`, `-`, white space and a byte order mark.
///
/// ```
/// assert_eq!(domain::column::normalize_name("Presentation_ID"), domain::column::normalize_name("presentationId"));
/// ```
#[must_use]
pub fn normalize_name(name: &str) -> String {
    normalized_chars(name).collect()
}

/// The characters of [`normalize_name`].
fn normalized_chars(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | '\u{feff}') && !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
}

/// Whether two names are the same column's, in any spelling.
#[must_use]
pub fn is_same_name(a: &str, b: &str) -> bool {
    normalized_chars(a).eq(normalized_chars(b))
}

/// The index in `header` of the column called `name`, in any spelling.
pub fn position<S: AsRef<str>>(header: &[S], name: &str) -> Option<usize> {
    let name = normalize_name(name);
    header.iter().position(|column| normalize_name(column.as_ref()) == name)
}

/// Whether a column holds e-mail addresses, which are personal in every report: its name contains `email`.
#[must_use]
pub fn is_email(name: &str) -> bool {
    normalize_name(name).contains("email")
}

/// Whether a column holds institution roles, in every report: its name ends with `role`.
#[must_use]
pub fn is_role(name: &str) -> bool {
    normalize_name(name).ends_with("role")
}
