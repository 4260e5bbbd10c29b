//! Texts of the figures of `videoview`, except those that other figures have, too.

use crate::locale::LocaleFormatter;
use crate::text::course::amount_with_unit;
use crate::text::reports::{NO_ACTIVITY, SECTION, join, short_id};
use domain::activity::ActivityKind;
use domain::time::Day;
use engine::measures::WatchTotals;

// Titles.
pub const MINUTES_PER_DAY: &str = "Minutes watched per day";
pub const VIEWERS_PER_DAY: &str = "Viewers per day";
pub const ARRIVALS: &str = "New and returning viewers";
pub const BY_HOUR: &str = "Minutes by weekday and hour";
pub const BY_VIDEO: &str = "Minutes per video";
pub const DELAY: &str = "How soon videos are watched";
pub const BY_SECTION: &str = "Minutes per section";
pub const BY_ROLE: &str = "Minutes by role";
pub const DISTRIBUTION: &str = "How much students watched";

// Units and headings.
pub const DAYS: &str = "Days";
pub const NEW_VIEWERS: &str = "New viewers";
pub const RETURNING_VIEWERS: &str = "Returning viewers";
/// The unit of new and returning viewers, and how their bars are drawn.
pub const NEW_AND_RETURNING: &str = "Viewers · Filled: new. Hollow: returning";
/// The heading of spans of days.
pub const DAYS_AFTER: &str = "Days after the video first appeared";
/// The heading of a column with percentages.
pub const OF_LENGTH: &str = "Minutes per viewer ÷ length, %";
/// What follows such a percentage when it is read out.
pub const OF_LENGTH_UNIT: &str = "% of its length per viewer";
pub const MINUTES_EACH: &str = "Minutes each";
pub const VIEWER: &str = "Viewer";
/// The heading of a column of buttons.
pub const ACTIONS: &str = "More";

// Caveats.
pub const MINUTES_CAVEAT: &str = "Echo360 records one row for every 30 seconds watched. Rows without a user id, and those of shared accounts, add minutes, but no viewers.";
pub const ARRIVALS_CAVEAT: &str = "New means first seen in these days: nothing before them is known, so everybody is new on their first day, and the first weeks show more new viewers than there were. Filters apply: a viewer who is new to a video may have watched others.";
pub const DELAY_CAVEAT: &str = "A video first appears on the first of these days on which anybody watched it, in the sections that are shown. That is likely the day on which it was published, which the rows do not say. A video that is older than these days counts as if it had appeared in them, and a video of the last days had little time to be watched later.";
pub const LENGTH_CAVEAT: &str = "Minutes per viewer ÷ length can exceed 100 %: parts that are watched again count again. The reports do not say which part of a video was watched.";
pub const SPARK_CAVEAT: &str =
    "Each student's line has its own scale: compare days within a line, not students.";

/// Rows of 30 seconds as minutes: `1,240 minutes`.
#[must_use]
pub fn format_minutes(locale: &dyn LocaleFormatter, rows: u64) -> String {
    amount_with_unit(locale, ActivityKind::Watch, rows)
}

fn count_viewers(locale: &dyn LocaleFormatter, viewers: u64) -> String {
    locale.count_of(viewers, "viewer", "viewers")
}

/// `Hours in UTC+1 Berlin`.
#[must_use]
pub fn hours_in(zone: &str) -> String {
    format!("Hours in {zone}")
}

/// The total, and the busiest day with its minutes.
#[must_use]
pub fn minutes_sentence(
    locale: &dyn LocaleFormatter,
    total: WatchTotals,
    busiest: Option<(Day, f64)>,
) -> String {
    let by = match total.viewers {
        0 => String::new(),
        viewers => format!(" by {}", count_viewers(locale, viewers)),
    };
    let watched = match total.rows {
        0 => NO_ACTIVITY.to_owned(),
        _ => format!("{} minutes watched{by}.", locale.format_number(total.minutes())),
    };
    let busiest = busiest.map(|(day, minutes)| {
        format!("The busiest day was {}, with {}.", locale.format_day(day), locale.format_number(minutes))
    });
    join([watched, busiest.unwrap_or_default()])
}

/// Distinct viewers, and the day with the most of them.
#[must_use]
pub fn viewers_sentence(locale: &dyn LocaleFormatter, viewers: u64, (day, most): (Day, u64)) -> String {
    format!(
        "{}, each counted once. Most on {}: {}.",
        count_viewers(locale, viewers),
        locale.format_day(day),
        locale.format_count(most)
    )
}

/// Distinct viewers, and those of them who first watched after the first step of `step_days` days.
#[must_use]
pub fn arrivals_sentence(locale: &dyn LocaleFormatter, viewers: u64, later: u64, step_days: usize) -> String {
    let step = match step_days {
        0 | 1 => "day".to_owned(),
        7 => "week".to_owned(),
        days => format!("{days} days"),
    };
    format!(
        "{}; {} of them first watched after the first {step}.",
        count_viewers(locale, viewers),
        locale.format_count(later)
    )
}

/// A span of days, short: `2–3`, `29+`. `next` is where the following span begins.
#[must_use]
pub fn delay_span(begin: usize, next: Option<usize>) -> String {
    match next.map(|next| next.saturating_sub(1)) {
        None => format!("{begin}+"),
        Some(last) if last == begin => begin.to_string(),
        Some(last) => format!("{begin}–{last}"),
    }
}

/// A span of days: `The same day`, `2–3 days after`.
#[must_use]
pub fn delay_label(begin: usize, next: Option<usize>) -> String {
    match begin {
        0 => "The same day".to_owned(),
        1 => "1 day after".to_owned(),
        _ => format!("{} days after", delay_span(begin, next)),
    }
}

/// The share of minutes within three days after a video first appeared.
#[must_use]
pub fn delay_sentence(locale: &dyn LocaleFormatter, share: f64) -> String {
    format!(
        "{} of all minutes were watched within 3 days after a video first appeared.",
        locale.format_percent(share)
    )
}

/// The video with the most minutes, and the share of its length that its viewers watched on average.
#[must_use]
pub fn videos_sentence(
    locale: &dyn LocaleFormatter,
    name: &str,
    watched: WatchTotals,
    share: Option<f64>,
) -> String {
    let share = share.map(|share| format!(", {} of its length per viewer", locale.format_percent(share)));
    format!(
        "{name} was watched most: {} by {}{}.",
        format_minutes(locale, watched.rows),
        count_viewers(locale, watched.viewers),
        share.unwrap_or_default()
    )
}

/// A section, after its course if that is known: `Section 2`, `BIOL120 · 2`. One without a number is named by
/// the beginning of its id.
#[must_use]
pub fn section_label(number: &str, course: &str, id: &str) -> String {
    let number = if number.is_empty() { short_id(id) } else { number.to_owned() };
    if course.is_empty() { format!("{SECTION} {number}") } else { format!("{course} · {number}") }
}

/// The number of sections, and the one with the most minutes.
#[must_use]
pub fn sections_sentence(locale: &dyn LocaleFormatter, sections: u64, first: &str) -> String {
    if sections == 1 {
        return format!("All minutes are in {first}.");
    }
    format!(
        "{} sections with recorded activity; {first} has the most minutes.",
        locale.format_count(sections)
    )
}

/// The minutes of videos or sections without a bar; `head` is the heading of those with one.
#[must_use]
pub fn others_caveat(locale: &dyn LocaleFormatter, others: u64, head: &str, rows: u64) -> String {
    if others == 0 {
        return String::new();
    }
    let item = head.to_lowercase();
    let have = if others == 1 { "has" } else { "together have" };
    format!(
        "{} {have} {}.",
        locale.count_of(others, &format!("other {item}"), &format!("other {item}s")),
        format_minutes(locale, rows)
    )
}

/// The share of minutes by students.
#[must_use]
pub fn roles_sentence(locale: &dyn LocaleFormatter, share: f64) -> String {
    format!("Students watched {} of all minutes.", locale.format_percent(share))
}

/// A bin of minutes: `10–20`. Bins are `width` minutes wide, and `place` counts them from zero.
#[must_use]
pub fn bin_label(locale: &dyn LocaleFormatter, place: u64, width: u64) -> String {
    format!("{}–{}", locale.format_count(place * width), locale.format_count((place + 1) * width))
}

/// Active students, and the median of their rows.
#[must_use]
pub fn distribution_sentence(locale: &dyn LocaleFormatter, active: u64, median_rows: u64) -> String {
    match active {
        1 => format!("1 student with recorded activity, of {}.", format_minutes(locale, median_rows)),
        _ => format!(
            "{} with recorded activity. Median: {} min.",
            locale.count_of(active, "student", "students"),
            locale.format_number(engine::measures::minutes(median_rows))
        ),
    }
}

/// Active students, and their rows.
#[must_use]
pub fn students_sentence(locale: &dyn LocaleFormatter, active: u64, rows: u64) -> String {
    format!(
        "{} with recorded activity: {}.",
        locale.count_of(active, "student", "students"),
        format_minutes(locale, rows)
    )
}

/// The name of a step in an export: `2026-02-02`, `2026-02-02 – 2026-02-08`. Programs read exports, too, so its
/// days are in ISO 8601.
#[must_use]
pub fn step_label(first: Day, last: Day) -> String {
    if first == last { first.to_string() } else { format!("{first} – {last}") }
}

/// The accessible name of a sparkline with steps of `step_days` days.
#[must_use]
pub fn sparkline_label(locale: &dyn LocaleFormatter, rows: u64, step_days: usize) -> String {
    let step = if step_days == 1 { "day".to_owned() } else { format!("{step_days} days") };
    format!("{} by {step}", format_minutes(locale, rows))
}

/// The number of rows.
#[must_use]
pub fn rows_sentence(locale: &dyn LocaleFormatter, rows: u64) -> String {
    match rows {
        1 => "1 row of 30 seconds.".to_owned(),
        _ => format!("{} rows of 30 seconds each, in order of time.", locale.format_count(rows)),
    }
}
