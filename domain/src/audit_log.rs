//! Merges audit entries about one view. An entry names the view as `videoview 2026-02-02..2026-03-01 course
//! …`.
//!
//! The page reads a view week by week. Its entries become one over all its days, so that the audit log shows
//! what was viewed instead of fifty lines for a term.

/// Merges two views into one that spans the days of both. `None` if they differ in anything but the days, or
/// if either has no days.
#[must_use]
pub fn merge_views(first: &str, second: &str) -> Option<String> {
    let (report, (from, to), rest) = parse_view(first)?;
    let (other_report, (other_from, other_to), other_rest) = parse_view(second)?;
    // `YYYY-MM-DD` sorts as text in the order of days.
    let (from, to) = (from.min(other_from), to.max(other_to));
    let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
    (report == other_report && rest.trim_start() == other_rest)
        .then(|| format!("{report} {from}..{to}{rest}"))
}

/// The report, the first and the last day, and the rest.
fn parse_view(view: &str) -> Option<(&str, (&str, &str), &str)> {
    let (report, rest) = view.split_once(' ')?;
    let (days, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((report, days.split_once("..")?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Day, parse_day, plus_days};
    use proptest::prelude::*;

    fn day(offset: u16) -> Day {
        plus_days(parse_day("2026-02-02").unwrap(), offset.into())
    }

    proptest! {
        #[test]
        fn weeks_of_one_view_merge_into_one_entry(weeks in prop::collection::vec(0u16..60, 1..20)) {
            let view = |week: &u16| format!("videoview {}..{} course c", day(week * 7), day(week * 7 + 6));
            let mut views = weeks.iter().map(view);
            let first = views.next().unwrap();
            let merged = views.try_fold(first, |merged, view| merge_views(&merged, &view));
            let (earliest, latest) = (weeks.iter().min().unwrap(), weeks.iter().max().unwrap());
            let expected = format!("videoview {}..{} course c", day(earliest * 7), day(latest * 7 + 6));
            prop_assert_eq!(merged, Some(expected));
        }
    }

    #[test]
    fn different_views_are_not_merged() {
        let view = "videoview 2026-02-02..2026-02-08";
        assert_eq!(merge_views(view, view).as_deref(), Some(view));
        for other in [
            "polling 2026-02-02..2026-02-08",
            "videoview 2026-02-02..2026-02-08 course c",
            "videoview",
            "videoview course c",
            "",
        ] {
            assert_eq!(merge_views(view, other), None, "{other}");
            assert_eq!(merge_views(other, view), None, "{other}");
        }
    }
}
