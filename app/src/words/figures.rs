//! Texts of the figures of `videoview`.

pub use ::figures::text::role;

use crate::locale;
use domain::institution_role::InstitutionRole;
use domain::time::Day;
use engine::measures::{self, Item, Measures, Students, Weekday};

pub const VIEWERS_PER_DAY: &str = "Viewers per day";
pub const VIEWERS: &str = "Viewers";
pub const ARRIVALS: &str = "New and returning viewers";
pub const NEW_VIEWERS: &str = "New viewers";
pub const RETURNING_VIEWERS: &str = "Returning viewers";
/// Unit, and what its bars are.
pub const NEW_AND_HOLLOW: &str = "Viewers · Filled: new. Hollow: returning";
/// Caveat of new and returning viewers.
pub const ARRIVALS_CAVEAT: &str = "New means first seen in these days: nothing before them is known, so everybody is new on their first day, and the first weeks show more new viewers than there were. Filters apply: a viewer who is new to a video may have watched others.";
pub const AFTER: &str = "How soon videos are watched";
/// What the spans of days are.
pub const DAYS_AFTER: &str = "Days after the video first appeared";
/// Caveat of those.
pub const AFTER_CAVEAT: &str = "A video first appears on the first of these days on which anybody watched it, in the sections that are shown. That is likely the day on which it was published, which the rows do not say. A video that is older than these days counts as if it had appeared in them, and a video of the last days had little time to be watched later.";
pub const BY_HOUR: &str = "Minutes by weekday and hour";
pub const BY_VIDEO: &str = "Minutes per video";
pub const BY_SECTION: &str = "Minutes per section";
pub const BY_ROLE: &str = "Minutes by role";
pub const SPREAD: &str = "How much students watched";
pub const STUDENTS: &str = "Students";
pub const STUDENTS_UNIT: &str = "Students";
/// Title of the table of rows.
pub const ALL_ROWS: &str = "Every row";
/// A slide deck, as a head and before an id.
pub const DECK: &str = "Deck";
pub const VIDEO: &str = "Video";
pub const SECTION: &str = "Section";
pub const COURSE: &str = "Course";
pub const ROLE: &str = "Role";
pub const STUDENT: &str = "Student";
/// The student that the view is limited to, while names are hidden.
pub const ONE_STUDENT: &str = "One student";
/// Button in the row of a student: everything of them alone.
pub const ONLY_STUDENT: &str = "Only this student";
/// Button in the row of the student whose rows alone are shown.
pub const ALL_STUDENTS: &str = "All students";
/// Link in the row of a student: their page in the course.
pub const STUDENT_PAGE: &str = "Student page";
/// Head of a column of buttons.
pub const ACTIONS: &str = "More";
pub const PERSON: &str = "Viewer";
pub const TIME: &str = "Time";
pub const LENGTH: &str = "Length, min";
pub const WEEKDAY: &str = "Weekday";
pub const MINUTES_EACH: &str = "Minutes each";
pub const COURSE_OF_TIME: &str = "Over time";
/// Head of a column: percent.
pub const OF_LENGTH: &str = "Minutes per viewer ÷ length, %";
/// A viewer that the row does not name.
pub const NOBODY: &str = "Not named";
/// The hint on reading charts.
pub const READ_OUT: &str = "Point at the chart, or move through it with the arrow keys.";
/// What names the list of chips.
pub const FILTERS: &str = "Filters";
/// Button: no filters.
pub const CLEAR_FILTERS: &str = "Clear filters";
/// Where there are no filters.
pub const NO_FILTERS: &str =
    "No filters. Choose a bar of a video, section or role to filter everything by it.";
/// The same, where decks can be chosen.
pub const NO_DECKS_CHOSEN: &str = "No filters. Choose a deck to filter everything by it.";
/// The same, where nothing can be chosen.
pub const NONE_CHOSEN: &str = "No filters.";
pub const SAVE_SVG: &str = "Save as SVG";
pub const SAVE_PNG: &str = "Save as PNG";
pub const SAVE_CSV: &str = "Save numbers as CSV";
pub const PRINT: &str = "Print";
pub const NO_ACTIVITY: &str = "No recorded activity.";
pub const NOTHING_HERE: &str = "None of these days are loaded yet.";
/// In place of a row of a table that is still loading.
pub const ON_ITS_WAY: &str = "…";
/// Shows the table.
pub const SHOW_ROWS: &str = "Show every row";
/// Where a weekday or a span of days does not occur in the range, or none of its days is loaded.
pub const NO_DATA: &str = "No data";
/// Caveat of the videos.
pub const LENGTH_CAVEAT: &str = "Minutes per viewer ÷ length can exceed 100 %: parts that are watched again count again. The reports do not say which part of a video was watched.";
/// Caveat of the students.
pub const STUDENTS_CAVEAT: &str = "Only people whose role in the institution is student, and only those with recorded activity: Echo360 does not list people without activity.";
/// Caveat of the spark-lines.
pub const SPARK_CAVEAT: &str =
    "Each student's line has its own scale: compare days within a line, not students.";
/// Heads of an export.
pub const EXPORT_HEADS: [&str; 6] = ["Report", "Chart", "Days", "Zone", "Filters", "Built"];
/// No filters, in an export.
pub const NONE: &str = "none";

/// A video's name; of one without, the beginning of its id.
#[must_use]
pub fn video(item: &Item) -> String {
    if item.name.is_empty() { format!("Video {}", beginning(&item.id)) } else { item.name.clone() }
}

/// A section, with its course where the view is not of one course.
#[must_use]
pub fn section(item: &Item) -> String {
    let number = if item.name.is_empty() { beginning(&item.id) } else { item.name.clone() };
    if item.part_of.is_empty() {
        format!("Section {number}")
    } else {
        format!("{} · {number}", item.part_of)
    }
}

/// The first eight characters of an id, in place of a missing name.
#[must_use]
pub fn beginning(id: &str) -> String {
    id.chars().take(8).collect()
}

/// Spans of days that make up the first three days after a video appeared.
const SOON: usize = 3;

/// The sum of videos or sections that are not shown by name.
#[must_use]
pub fn others(count: u64, of: &str, rows: u64) -> String {
    let of = of.to_lowercase();
    let (others, have) = match count {
        1 => (format!("1 other {of}"), "has"),
        _ => (format!("{} other {of}s", locale::format_count(count)), "together have"),
    };
    format!("{others} {have} {}.", minutes(rows))
}

fn minutes(rows: u64) -> String {
    let minutes = measures::minutes(rows);
    let noun = if rows == 2 { "minute" } else { "minutes" };
    format!("{} {noun}", locale::format_number(minutes))
}

fn people(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {one}s", locale::format_count(count)) }
}

/// How many days are missing or provisional; `None` if all are loaded and final.
#[must_use]
pub fn coverage(measures: &Measures) -> Option<String> {
    let days = |n: usize| if n == 1 { "1 day is".to_owned() } else { format!("{n} days are") };
    let missing = Some(measures.missing()).filter(|n| *n > 0);
    let provisional = Some(measures.provisional()).filter(|n| *n > 0);
    let missing = missing.map(|n| {
        format!("{} not loaded yet and {} not counted.", days(n), if n == 1 { "is" } else { "are" })
    });
    let provisional = provisional.map(|n| format!("{} not final yet.", days(n)));
    let said: Vec<String> = missing.into_iter().chain(provisional).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// The sentence of the viewers per day.
#[must_use]
pub fn viewers_sentence(measures: &Measures) -> String {
    if measures.missing() == measures.days.len() {
        return NOTHING_HERE.to_owned();
    }
    let known = measures.days.iter().filter_map(|(day, known)| Some((*day, known.watched()?.viewers)));
    match known.max_by_key(|(_, viewers)| *viewers).filter(|(_, viewers)| *viewers > 0) {
        None => NO_ACTIVITY.to_owned(),
        Some((day, most)) => format!(
            "{}, each counted once. Most on {}: {}.",
            people(measures.total.viewers, "viewer"),
            locale::format_full_day(day),
            locale::format_count(most)
        ),
    }
}

/// The sentence of new and returning viewers.
#[must_use]
pub fn arrivals_sentence(measures: &Measures) -> String {
    let Some(first) = measures.arrivals.iter().find(|step| step.known.watched().is_some()) else {
        return NOTHING_HERE.to_owned();
    };
    let all = measures.total.viewers;
    if all == 0 {
        return NO_ACTIVITY.to_owned();
    }
    let first_step = match measures.students.step_days {
        0 | 1 => "day".to_owned(),
        7 => "week".to_owned(),
        days => format!("{days} days"),
    };
    let later = all.saturating_sub(first.new);
    let viewers = people(all, "viewer");
    format!("{viewers}; {} of them first watched after the first {first_step}.", locale::format_count(later))
}

/// A span of days, short: `2–3`, `29+`.
#[must_use]
pub fn span(begin: usize, next: Option<usize>) -> String {
    match next.map(|next| next.saturating_sub(1)) {
        None => format!("{begin}+"),
        Some(last) if last == begin => begin.to_string(),
        Some(last) => format!("{begin}–{last}"),
    }
}

/// A span of days: `The same day`, `2–3 days after`.
#[must_use]
pub fn days_after(begin: usize, next: Option<usize>) -> String {
    match begin {
        0 => "The same day".to_owned(),
        1 => "1 day after".to_owned(),
        _ => format!("{} days after", span(begin, next)),
    }
}

/// The sentence of the days after a video first appeared.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "rows are far below 2^53")]
pub fn after_sentence(measures: &Measures) -> String {
    let all: u64 = measures.by_delay.iter().sum();
    if all == 0 {
        return nothing(measures);
    }
    let soon: u64 = measures.by_delay.iter().take(SOON).sum();
    format!(
        "{} of all minutes were watched within 3 days after a video first appeared.",
        percent(soon as f64 / all as f64)
    )
}

/// An hour of a weekday: `Tuesday 18:00–19:00`.
#[must_use]
pub fn hour(weekday: usize, hour: usize) -> String {
    let weekday = locale::format_weekday(u32::try_from(weekday).unwrap_or(0));
    format!("{weekday} {hour:02}:00–{:02}:00", hour + 1)
}

/// The unit of the heat map, and in which zone its hours are.
#[must_use]
pub fn minutes_by_hours_in(zone: &str) -> String {
    format!("{} · Hours in {zone}", crate::words::MINUTES)
}

/// The days over which an hour's minutes are added up.
#[must_use]
pub fn over(state: &str) -> String {
    format!("over {state}")
}

/// A share of a video's length, as it is read out.
#[must_use]
pub fn of_length(percent: f64) -> String {
    format!("{} % of its length per viewer", locale::format_number(percent))
}

/// The sentence of the heat map.
#[must_use]
pub fn hours_sentence(week: &[Weekday; 7]) -> String {
    if week.iter().all(|weekday| weekday.known == 0) {
        return NOTHING_HERE.to_owned();
    }
    let cells = week.iter().enumerate().flat_map(|(day, weekday)| {
        weekday.hours.iter().enumerate().map(move |(hour, rows)| (day, hour, *rows))
    });
    match cells.max_by_key(|(_, _, rows)| *rows).filter(|(_, _, rows)| *rows > 0) {
        None => NO_ACTIVITY.to_owned(),
        Some((day, at, rows)) => {
            format!("The busiest hour of the week is {}, with {} in all.", hour(day, at), minutes(rows))
        }
    }
}

/// How many days of a weekday are loaded, and how many of them are not final.
#[must_use]
pub fn weekday_state(weekday: &Weekday) -> String {
    match (weekday.known, weekday.provisional) {
        (0, _) => NO_DATA.to_owned(),
        (1, 0) => "1 day".to_owned(),
        (days, 0) => format!("{days} days"),
        (1, _) => "1 day, not final yet".to_owned(),
        (days, provisional) => format!("{days} days, {provisional} not final yet"),
    }
}

/// The sentence of the videos.
#[must_use]
pub fn videos_sentence(measures: &Measures) -> String {
    let Some(first) = measures.videos.named.first() else { return nothing(measures) };
    let share = first.share_of_length().map(|share| format!(", {} of its length per viewer", percent(share)));
    format!(
        "{} was watched most: {} by {}{}.",
        video(first),
        minutes(first.watched.rows),
        people(first.watched.viewers, "viewer"),
        share.unwrap_or_default()
    )
}

/// The sentence of the sections.
#[must_use]
pub fn sections_sentence(measures: &Measures) -> String {
    let Some(first) = measures.sections.named.first() else { return nothing(measures) };
    let all = measures.sections.named.len() as u64 + measures.sections.others;
    if all == 1 {
        return format!("All minutes are in {}.", section(first));
    }
    format!(
        "{} sections with recorded activity; {} has the most minutes.",
        locale::format_count(all),
        section(first)
    )
}

/// The sentence of the roles.
#[must_use]
pub fn roles_sentence(measures: &Measures) -> String {
    let all: u64 = measures.roles.iter().map(|(_, watched)| watched.rows).sum();
    let of = |wanted: InstitutionRole| {
        measures.roles.iter().find(|(role, _)| *role == wanted).map_or(0, |(_, w)| w.rows)
    };
    if all == 0 {
        return nothing(measures);
    }
    #[expect(clippy::cast_precision_loss, reason = "rows are far below 2^53")]
    let share = of(InstitutionRole::Student) as f64 / all as f64;
    format!("Students watched {} of all minutes.", percent(share))
}

/// The sentence of the distribution.
#[must_use]
pub fn spread_sentence(measures: &Measures) -> String {
    let Students { active, median_rows, .. } = measures.students;
    match active {
        0 => nothing(measures),
        1 => format!("1 student with recorded activity, of {}.", minutes(median_rows)),
        _ => format!(
            "{} with recorded activity. Median: {} min.",
            people(active, "student"),
            locale::format_number(measures::minutes(median_rows))
        ),
    }
}

/// The sentence of the students.
#[must_use]
pub fn students_sentence(measures: &Measures) -> String {
    let Students { active, rows, .. } = measures.students;
    if active == 0 {
        return nothing(measures);
    }
    format!("{} with recorded activity: {}.", people(active, "student"), minutes(rows))
}

/// How many rows the table has.
#[must_use]
pub fn rows_sentence(measures: &Measures) -> String {
    match measures.total.rows {
        0 => nothing(measures),
        1 => "1 row of 30 seconds.".to_owned(),
        n => format!("{} rows of 30 seconds each, in order of time.", locale::format_count(n)),
    }
}

fn nothing(measures: &Measures) -> String {
    if measures.missing() == measures.days.len() { NOTHING_HERE.to_owned() } else { NO_ACTIVITY.to_owned() }
}

/// `81 %`, and no digits after the point.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{} %", locale::format_number((share * 100.0).round()))
}

/// A bin of the distribution: `10–20`.
#[must_use]
pub fn bin(place: u64, width: u64) -> String {
    format!("{}–{}", locale::format_count(place * width), locale::format_count((place + 1) * width))
}

/// The read-out of a mark: its number with a unit, and further parts.
#[must_use]
pub fn told(value: Option<f64>, unit: &str, rest: &[String]) -> String {
    let value = value.map_or_else(
        || crate::words::NOT_LOADED.to_lowercase(),
        |value| format!("{} {}", locale::format_number(value), unit.to_lowercase()),
    );
    let rest: String = rest.iter().map(|part| format!(", {part}")).collect();
    format!("{value}{rest}")
}

/// The label of a chip's button.
#[must_use]
pub fn remove(name: &str) -> String {
    format!("Remove the filter {name}")
}

/// Which rows of a long table are on the screen: `Rows 1–12 of 45,566`.
#[must_use]
pub fn position(first: usize, last: usize, all: usize) -> String {
    let [first, last, all] = [first, last, all].map(|number| locale::format_count(number as u64));
    format!("Rows {first}–{last} of {all}")
}

/// The table of a figure.
#[must_use]
pub fn numbers_of(title: &str) -> String {
    format!("{}: {title}", crate::words::NUMBERS)
}

/// A button that shows the rest of a list.
#[must_use]
pub fn show_all(count: usize) -> String {
    format!("Show all {}", locale::format_count(count as u64))
}

/// A button that shows the rest of the figures.
#[must_use]
pub fn show_all_figures(count: usize) -> String {
    format!("Show all {} figures", locale::format_count(count as u64))
}

/// How many rows of a table are shown; empty if all are.
#[must_use]
pub fn rows_of(shown: usize, all: usize) -> String {
    let count = |count: usize| locale::format_count(count as u64);
    if shown == all { String::new() } else { format!("{} of {}", count(shown), count(all)) }
}

/// A button that limits a table to flagged rows: `Quiet for two weeks (9)`.
#[must_use]
pub fn flagged(name: &str, count: usize) -> String {
    format!("{name} ({})", locale::format_count(count as u64))
}

/// How many items of a longer list are shown.
#[must_use]
pub fn first_of(here: u64, total: u64) -> String {
    format!("The first {} of {}.", locale::format_count(here), locale::format_count(total))
}

/// The button that expands a row on a narrow page.
#[must_use]
pub fn rest_of(name: &str) -> String {
    format!("Details of {name}")
}

/// The accessible name of the menu of a student's row.
#[must_use]
pub fn of_student(name: &str) -> String {
    format!("Actions for {name}")
}

/// The accessible name of a figure's menu.
#[must_use]
pub fn more(title: &str) -> String {
    format!("Save, print or explain: {title}")
}

/// A step of the students' numbers in an export: `2026-02-02`, `2026-02-02 – 2026-02-08`. A file is read by
/// programs too, so its days are spelled as every program reads them.
#[must_use]
pub fn step(first: Day, last: Day) -> String {
    if first == last { first.to_string() } else { format!("{first} – {last}") }
}

/// The name of a spark-line.
#[must_use]
pub fn spark(rows: u64, days: usize) -> String {
    let step = if days == 1 { "day".to_owned() } else { format!("{days} days") };
    format!("{} by {step}", minutes(rows))
}
