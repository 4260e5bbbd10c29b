//! Recognizes a column whatever the spelling of its name.
//!
//! The vendor's headers vary between reports (`presentationID`, `PresentationID`, `presentation_id`) and the
//! name of the e-mail column is lost in its reference; so names are compared without case, `_` and spaces.

/// A column's name as it is compared: in lower case as far as ASCII goes (every known name is ASCII), without `_`, `-`, spaces and a byte order mark.
///
/// ```
/// assert_eq!(domain::column::normalize_name("Presentation_ID"), domain::column::normalize_name("presentationId"));
/// ```
#[must_use]
pub fn normalize_name(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | '\u{feff}') && !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Where the column called `name` stands in `header`.
pub fn position<S: AsRef<str>>(header: &[S], name: &str) -> Option<usize> {
    let wanted = normalize_name(name);
    header.iter().position(|column| normalize_name(column.as_ref()) == wanted)
}

/// Whether a column is to be treated as personal whatever the report: any `*email*`.
#[must_use]
pub fn is_email(name: &str) -> bool {
    normalize_name(name).contains("email")
}
