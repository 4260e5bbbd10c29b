//! What somebody looked at, as one line of the record tells it: `videoview 2026-02-02..2026-03-01 course …`.
//!
//! A page reads a view week by week. Lines of one view are one line, over the days of all of them: the record then tells what
//! was looked at, and a term is not fifty lines.

/// Both in one line, over the days of both; `None` where they tell of different things, or one of them of no days.
#[must_use]
pub fn merge_views(kept: &str, more: &str) -> Option<String> {
    let (report, (from, to), rest) = read(kept)?;
    let (same_report, (other_from, other_to), same_rest) = read(more)?;
    // Days are written so that their order is that of their letters.
    let (from, to) = (from.min(other_from), to.max(other_to));
    let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
    (report == same_report && rest.trim_start() == same_rest).then(|| format!("{report} {from}..{to}{rest}"))
}

/// The report, its first and last day, and whatever else.
fn read(line: &str) -> Option<(&str, (&str, &str), &str)> {
    let (report, rest) = line.split_once(' ')?;
    let (days, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((report, days.split_once("..")?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Day, parse_day, plus_days};
    use proptest::prelude::*;

    fn day(ahead: u16) -> Day {
        plus_days(parse_day("2026-02-02").unwrap(), ahead.into())
    }

    proptest! {
        #[test]
        fn weeks_of_one_view_are_one_line_over_all_of_them(weeks in prop::collection::vec(0u16..60, 1..20)) {
            let line = |week: &u16| format!("videoview {}..{} course c", day(week * 7), day(week * 7 + 6));
            let mut lines = weeks.iter().map(line);
            let first = lines.next().unwrap();
            let told = lines.try_fold(first, |kept, line| merge_views(&kept, &line));
            let (least, most) = (weeks.iter().min().unwrap(), weeks.iter().max().unwrap());
            let wanted = format!("videoview {}..{} course c", day(least * 7), day(most * 7 + 6));
            prop_assert_eq!(told, Some(wanted));
        }
    }

    #[test]
    fn what_tells_of_something_else_stays_a_line_of_its_own() {
        let one = "videoview 2026-02-02..2026-02-08";
        assert_eq!(merge_views(one, one).as_deref(), Some(one));
        for other in [
            "polling 2026-02-02..2026-02-08",
            "videoview 2026-02-02..2026-02-08 course c",
            "videoview",
            "videoview course c",
            "",
        ] {
            assert_eq!(merge_views(one, other), None, "{other}");
            assert_eq!(merge_views(other, one), None, "{other}");
        }
    }
}
