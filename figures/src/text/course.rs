//! Texts of the course page. They speak of recorded activity only: a student without any has not necessarily
//! done nothing.

use crate::locale::LocaleFormatter;
use crate::text::comparison;
use domain::activity::ActivityKind;
use domain::time::Day;
use engine::measures;
use protocol::text::preposition;

pub const ACTIVITY: &str = "Student activity";
pub const STUDENT_ACTIVITY: &str = "This student's activity";
pub const VIDEOS: &str = "Videos";
pub const DECKS: &str = "Slide decks";
pub const STUDENTS: &str = "Students";
pub const TOTALS: &str = "Totals";
pub const VIDEOS_WATCHED: &str = "Videos watched";
pub const DECKS_USED: &str = "Slide decks used";
pub const POLLS_ANSWERED: &str = "Polls answered";
pub const VIDEO: &str = "Video";
pub const MINUTES: &str = "Minutes";
pub const VIEWERS: &str = "Viewers";
pub const OF_LENGTH: &str = "Per viewer ÷ length";
pub const SINCE_CAPTURE: &str = "Days since capture";
pub const DECK: &str = "Deck";
pub const VIEWS: &str = "Views";
pub const CONFUSED: &str = "Confusion marks";
pub const RIGHT: &str = "Polls right";
pub const NOTES: &str = "Note events";
pub const STUDENT: &str = "Student";
pub const SCORE: &str = "Score";
pub const SLIDE_VIEWS: &str = "Slide views";
pub const POLLS: &str = "Polls";
pub const ANSWERS: &str = "Answers";
/// The short heading of confusion marks in a table with many columns.
pub const MARKS: &str = "Marks";
pub const LAST_USED: &str = "Last used";
pub const LAST_SEEN: &str = "Last seen";
/// The heading of the students' sparklines.
pub const ACTIVE_DAYS: &str = "Active days, by week";
pub const KIND: &str = "Kind";
pub const AMOUNT: &str = "Amount";
pub const COURSE_MEDIAN: &str = "Course median";
pub const POLL: &str = "Poll";
pub const ANSWER: &str = "Answer";
pub const IS_RIGHT: &str = "Right";
pub const WHEN: &str = "When";
pub const ANSWER_RIGHT: &str = "Right";
pub const ANSWER_NOT_RIGHT: &str = "Not right";
/// The button that limits the table to quiet students.
pub const QUIET: &str = "Quiet for two weeks";
pub const KINDS_CAVEAT: &str = "Only students are counted. Each chart has its own scale, and kinds of activity are not added up. A changed answer counts on each of its days.";
pub const MINUTE_CAVEAT: &str = "Echo360 records one row for every 30 seconds watched.";
pub const HATCHED: &str =
    "Hatched numbers are not final yet: Echo360 completes a day two days after it is over.";
pub const VIDEOS_CAVEAT: &str = "Only students are counted. Minutes per viewer ÷ length can exceed 100 %: parts that are watched again count again. The reports do not say which part of a video was watched.";
pub const CAPTURE_CAVEAT: &str = "The day of capture comes from the library's video with the same id. That the two ids mean the same video is likely, but not documented.";
/// Shown if the library is not loaded.
pub const NO_LIBRARY_CAVEAT: &str = "Days since capture come from the library, which is not loaded yet.";
pub const DECKS_CAVEAT: &str = "Only students are counted. Nothing in the reports links a deck to a video. Views and marks name the deck, not the slide. Polls right is the share of latest answers that are the poll's solution, of those that can be compared with one.";
pub const STUDENTS_CAVEAT: &str = "Only people whose role in the institution is student, and only those with recorded activity on these days or the days before: Echo360 does not list people without activity. People are told apart by their id only.";
pub const SPARK_CAVEAT: &str =
    "Each bar is a week: the number of its days with recorded activity, on one scale for all students.";
pub const QUIET_UNKNOWN_CAVEAT: &str =
    "Who was quiet is not known: not every report of the last two weeks with classes is loaded.";
pub const QUIET_CAVEAT: &str = "Quiet: no recorded activity in the last two weeks of these days; a break is not counted. It does not mean that somebody was away.";
pub const MEDIAN_CAVEAT: &str =
    "The course median covers all students with recorded activity on these days, separately for each kind.";
pub const PERSON_CAVEAT: &str = "Only what Echo360 records under this student's id in this course. No recorded activity does not mean that nothing was watched or read: downloads, and what is viewed without signing in, are not included.";
pub const RIGHT_CAVEAT: &str = "The latest answer to each poll. Right compares it with the poll's solution; it is empty if no solution can be compared.";
pub const ANSWERS_HIDDEN: &str = "Answers are not shown.";
pub const NO_SUCH_STUDENT: &str =
    "No recorded activity of this student in this course, neither on these days nor on the days before.";
pub const NOT_FILTERED: &str = "Filters by role, video or deck do not apply to this page.";

/// The title of a kind of activity.
#[must_use]
pub fn kind_title(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::Watch => "Minutes watched",
        ActivityKind::Slides => "Slide views",
        ActivityKind::Polls => "Poll answers",
        ActivityKind::Answers => "Answers to questions",
        ActivityKind::Marks => "Confusion marks",
        ActivityKind::Notes => "Note events",
    }
}

/// The value that is drawn for an amount: minutes for rows of watching, otherwise the count.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
pub fn chart_value(kind: ActivityKind, amount: u64) -> f64 {
    if kind == ActivityKind::Watch { measures::minutes(amount) } else { amount as f64 }
}

/// An amount with its unit: `1,240 minutes`, `1 slide view`.
#[must_use]
pub fn amount_with_unit(locale: &dyn LocaleFormatter, of: ActivityKind, amount: u64) -> String {
    let (one, many) = match of {
        ActivityKind::Watch => ("minute", "minutes"),
        ActivityKind::Slides => ("slide view", "slide views"),
        ActivityKind::Polls => ("poll answer", "poll answers"),
        ActivityKind::Answers => ("answer", "answers"),
        ActivityKind::Marks => ("confusion mark", "confusion marks"),
        ActivityKind::Notes => ("note event", "note events"),
    };
    let number = chart_value(of, amount);
    format!("{} {}", locale.format_number(number), if (number - 1.0).abs() < 1e-9 { one } else { many })
}

/// A student while names are hidden: `Student 3`.
#[must_use]
pub fn anonymous_name(number: u64) -> String {
    format!("Student {number}")
}

/// The label of the days before: `the 4 weeks before`; `skipped_weeks` weeks of a break lie between.
#[must_use]
pub fn days_before(locale: &dyn LocaleFormatter, days: u64, skipped_weeks: u64) -> String {
    protocol::text::days_before(days, skipped_weeks, &|count| locale.format_count(count))
}

/// The top of a small chart's scale: `max 120 per week`. Empty if all values are zero.
#[must_use]
pub fn scale_note(locale: &dyn LocaleFormatter, kind: ActivityKind, most: u64, is_weeks: bool) -> String {
    if most == 0 {
        return String::new();
    }
    let each = if is_weeks { "per week" } else { "per day" };
    format!("max {} {each}", locale.format_number(chart_value(kind, most)))
}

/// How many students watched, and the median of their minutes: per week from seven days on.
#[must_use]
pub fn viewers_sentence(
    locale: &dyn LocaleFormatter,
    (watched, active): (u64, u64),
    middle: u64,
    days: u64,
) -> String {
    #[expect(clippy::cast_precision_loss, reason = "days and rows are far below 2^53")]
    let weekly = measures::minutes(middle) * 7.0 / days.max(1) as f64;
    let middle = if days < 7 {
        format!("{} min", locale.format_number(measures::minutes(middle)))
    } else {
        // Of little, a tenth of a minute says something.
        let weekly = if weekly < 10.0 { weekly } else { weekly.round() };
        format!("{} min per week", locale.format_number(weekly))
    };
    match (active, watched) {
        (1, 1) => format!("1 student was active and watched {middle}."),
        (n, 0) => format!("{}; no viewing is recorded.", active_students(locale, n)),
        (n, m) => {
            format!(
                "{} of {} active students watched videos. Median: {middle}.",
                locale.format_count(m),
                locale.format_count(n)
            )
        }
    }
}

/// `88 students were active`, without a full stop.
#[must_use]
pub fn active_students(locale: &dyn LocaleFormatter, active: u64) -> String {
    let were = if active == 1 { "was" } else { "were" };
    format!("{} {were} active", locale.count_of(active, "student", "students"))
}

fn compare_amounts(locale: &dyn LocaleFormatter, now: f64, then: f64) -> String {
    comparison::compare_amounts(now, then, &|number| locale.format_number(number))
}

/// Compares the minutes watched with the days before, over `days` of `all` days that are final on both sides.
#[must_use]
pub fn comparison_with_before(
    locale: &dyn LocaleFormatter,
    (now, then): (f64, f64),
    other: &str,
    final_of: (u64, u64),
) -> String {
    let (days, all) = final_of;
    let only = if days < all {
        format!(", counting only the {} final in both", locale.count_of(days, "day that is", "days that are"))
    } else {
        String::new()
    };
    if then <= 0.0 {
        return match now > 0.0 {
            true => format!("No viewing is recorded {} {other}{only}.", preposition(other)),
            false => String::new(),
        };
    }
    format!(
        "In all, students watched {} {} {other}{only}.",
        compare_amounts(locale, now, then),
        preposition(other)
    )
}

/// Compares the minutes per active student with another section, since sections differ in size.
#[must_use]
pub fn comparison_with_section(locale: &dyn LocaleFormatter, (now, then): (f64, f64), other: &str) -> String {
    if then <= 0.0 {
        return format!("No viewing is recorded in {other} on these days.");
    }
    format!("Per active student, that is {} in {other}.", compare_amounts(locale, now, then))
}

/// The day or week that differs most from the usual.
#[must_use]
pub fn outlier_sentence(
    locale: &dyn LocaleFormatter,
    found: &engine::reports::course::outlier::Outlier,
) -> String {
    let when = if found.first == found.last {
        locale.format_day(found.first)
    } else {
        format!("The week of {}", locale.format_short_day(found.first))
    };
    let usual = locale.format_number(chart_value(found.kind, found.usual));
    let of = if found.kind == ActivityKind::Watch { "in" } else { "on" };
    let mostly = found.main_item.as_ref().map(|name| format!(", mostly {of} {name}")).unwrap_or_default();
    format!(
        "{when} stands out: {}, usually {usual}{mostly}.",
        amount_with_unit(locale, found.kind, found.amount)
    )
}

/// How many of `days` days are missing for these kinds.
#[must_use]
pub fn coverage_caveat(
    locale: &dyn LocaleFormatter,
    kinds: &[ActivityKind],
    missing: u64,
    days: u64,
) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| self::kind_title(*kind)).collect();
    let are = if missing == 1 { "is" } else { "are" };
    let count = if missing == days { "none".to_owned() } else { locale.format_count(days - missing) };
    if kinds.len() == ActivityKind::ALL.len() && missing < days {
        return format!(
            "{} {are} not loaded yet and {are} not counted.",
            locale.count_of(missing, "day", "days")
        );
    }
    format!("{}: {count} of {} loaded.", names.join(", "), locale.count_of(days, "day", "days"))
}

/// Activity that the charts leave out: that of staff, rows without a user id, and those of shared accounts.
#[must_use]
pub fn excluded_caveat(
    locale: &dyn LocaleFormatter,
    staff: &[(ActivityKind, u64)],
    unnamed: &[(ActivityKind, u64)],
) -> String {
    let list = |of: &[(ActivityKind, u64)]| {
        let of = of.iter().filter(|(_, count)| *count > 0);
        of.map(|(kind, count)| amount_with_unit(locale, *kind, *count)).collect::<Vec<_>>().join(", ")
    };
    let parts = [(list(staff), "by staff"), (list(unnamed), "without a user id or by shared accounts")];
    let parts = parts.iter().filter(|(list, _)| !list.is_empty());
    let parts: Vec<String> = parts.map(|(list, whose)| format!("{list} {whose}")).collect();
    if parts.is_empty() { String::new() } else { format!("Not counted: {}.", parts.join("; ")) }
}

/// The sentence of the table of videos.
#[must_use]
pub fn videos_sentence(locale: &dyn LocaleFormatter, videos: u64, first: Option<(&str, String)>) -> String {
    let first =
        first.map(|(name, minutes)| format!(" {name} was watched most: {minutes}.")).unwrap_or_default();
    format!("{} with recorded activity.{first}", locale.count_of(videos, "video", "videos"))
}

/// The sentence of the table of decks: how many there are, and the one with the most confusion marks.
#[must_use]
pub fn decks_sentence(locale: &dyn LocaleFormatter, decks: u64, most: Option<(&str, u64)>) -> String {
    let most = most
        .map(|(name, marks)| format!(" {name} has the most confusion marks: {}.", locale.format_count(marks)))
        .unwrap_or_default();
    format!("{} with recorded activity.{most}", locale.count_of(decks, "deck", "decks"))
}

/// The sentence of the table of students; `quiet` is `None` if it is not known.
#[must_use]
pub fn students_sentence(locale: &dyn LocaleFormatter, active: u64, quiet: Option<u64>) -> String {
    let quiet =
        quiet.map(|quiet| format!(" {} quiet for two weeks.", count_were(locale, quiet))).unwrap_or_default();
    format!("{} on these days.{quiet}", active_students(locale, active))
}

fn count_were(locale: &dyn LocaleFormatter, count: u64) -> String {
    match count {
        0 => "Nobody was".to_owned(),
        1 => "1 was".to_owned(),
        n => format!("{} were", locale.format_count(n)),
    }
}

/// The sentence of a student's page: active days of all days, amounts by kind, and when they were last seen.
#[must_use]
pub fn student_sentence(
    locale: &dyn LocaleFormatter,
    days: (u64, u64),
    did: &[(ActivityKind, u64)],
    last: Option<&str>,
) -> String {
    let (active, all) = days;
    let last = last.map(|last| format!(" Last seen {last}.")).unwrap_or_default();
    let did: Vec<String> = did
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| match kind {
            ActivityKind::Polls => locale.count_of(*count, "poll answered", "polls answered"),
            kind => amount_with_unit(locale, *kind, *count),
        })
        .collect();
    if did.is_empty() {
        return format!("No recorded activity on these days.{last}");
    }
    format!(
        "Active on {} of {}: {}.{last}",
        locale.format_count(active),
        locale.count_of(all, "day", "days"),
        did.join(", ")
    )
}

/// The label of a step of the axis: a day, or the first and last day of a week.
#[must_use]
pub fn step_label(locale: &dyn LocaleFormatter, first: Day, last: Day) -> String {
    if first == last {
        locale.format_day(first)
    } else {
        format!("{} – {}", locale.format_day(first), locale.format_day(last))
    }
}
