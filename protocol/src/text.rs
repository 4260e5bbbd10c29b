//! Texts that the page and the figures share. Each passes its own number format.
#![allow(missing_docs, reason = "a constant's text and name say what it is")]

use domain::institution_role::InstitutionRole;

/// The heading of bar names that are days.
pub const DAY: &str = "Day";
/// The heading of the states of bars, and of weekly reports.
pub const STATE: &str = "State";
/// The heading of a column with the owners of videos.
pub const OWNER: &str = "Owner";
pub const NOT_FINAL: &str = "Not final yet";
/// The state of a day without classes.
pub const BREAK: &str = "Break";
/// The state of a day whose rows are not loaded.
pub const NOT_LOADED: &str = "Not loaded yet";

/// The people who have a role.
#[must_use]
pub fn role(role: InstitutionRole) -> &'static str {
    match role {
        InstitutionRole::Student => "Students",
        InstitutionRole::Instructor => "Instructors",
        InstitutionRole::Assistant => "Assistants",
        InstitutionRole::Administrator => "Administrators",
        InstitutionRole::Other => "Other roles",
        InstitutionRole::Unnamed => "No role given",
    }
}

/// The label of the earlier days that `days` days are compared with: `the 4 weeks before`. They lie whole
/// weeks earlier, so that each day is compared with the same weekday; `skipped_weeks` weeks of a break lie between.
#[must_use]
pub fn days_before(days: u64, skipped_weeks: u64, count: &dyn Fn(u64) -> String) -> String {
    let before = if skipped_weeks > 0 { "before the break" } else { "before" };
    match days {
        1 => format!("the same day of the week {before}"),
        7 => format!("the week {before}"),
        n if n.is_multiple_of(7) => format!("the {} weeks {before}", count(n / 7)),
        n if n < 7 => format!("the same days of the week {before}"),
        n => format!("the same days {} weeks before", count(n.div_ceil(7) + skipped_weeks)),
    }
}

/// `on` for labels of single days, such as `the same days of the week before`; otherwise `in`.
#[must_use]
pub fn preposition(other: &str) -> &'static str {
    if other.starts_with("the same day") { "on" } else { "in" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_days_are_named_by_their_distance_in_weeks() {
        let labels = [1, 3, 7, 10, 28].map(|days| days_before(days, 0, &|count| count.to_string()));
        let expected = [
            "the same day of the week before",
            "the same days of the week before",
            "the week before",
            "the same days 2 weeks before",
            "the 4 weeks before",
        ];
        assert_eq!(labels, expected);
        let labels = [1, 3, 7, 10, 28].map(|days| days_before(days, 1, &|count| count.to_string()));
        let expected = [
            "the same day of the week before the break",
            "the same days of the week before the break",
            "the week before the break",
            "the same days 3 weeks before",
            "the 4 weeks before the break",
        ];
        assert_eq!(labels, expected);
    }
}
