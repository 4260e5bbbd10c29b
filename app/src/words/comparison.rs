//! Texts of comparisons with other days or another section.

/// The options of the comparison, and their label.
pub const COMPARE: &str = "Compare with";
pub const NOTHING: &str = "Nothing";
pub const BEFORE: &str = "The days before";

/// The compared value in a read-out.
#[must_use]
pub fn compared_value(number: &str) -> String {
    format!("against {number}")
}

/// The progress of the reports that a comparison needs: `The 2 weeks before: 1 of 2 weekly reports loaded.`
#[must_use]
pub fn label_progress(other: &str, progress: &str) -> String {
    let mut other = other.chars();
    let first = other.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let mut progress = progress.chars();
    let next = progress.next().map(|next| next.to_lowercase().to_string()).unwrap_or_default();
    format!("{first}{}: {next}{}", other.as_str(), progress.as_str())
}
