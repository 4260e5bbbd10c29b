//! Texts of the figures of reports. Those that only `videoview` has are in [`crate::text::videoview`].

use crate::locale::LocaleFormatter;
use domain::institution_role::InstitutionRole;
use domain::time::Day;
use engine::identity::IdentityCounts;

pub const NO_ACTIVITY: &str = "No recorded activity.";
pub const NOTHING_LOADED: &str = "None of these days are loaded yet.";
pub const NAMES_HIDDEN: &str = "Names are hidden in this link, and so are figures that name people.";
/// Where a weekday does not occur in the range, or none of its days is loaded.
pub const NO_DATA: &str = "No data";
/// The heading of bar names that are weeks.
pub const WEEK: &str = "Week";
pub const HATCHED_WEEK: &str =
    "Hatched weeks are not final yet: Echo360 completes a day two days after it is over.";
pub const WEEKDAY: &str = "Weekday";
pub const DECK: &str = "Deck";
pub const COURSE: &str = "Course";
pub const SECTION: &str = "Section";
pub const VIEWS: &str = "Views";
pub const PEOPLE: &str = "People";
pub const STUDENTS: &str = "Students";
pub const OTHERS: &str = "Others";
pub const STUDENT: &str = "Student";
pub const PERSON: &str = "Person";
pub const OVER_TIME: &str = "Over time";
pub const SLIDES: &str = "Slides in the deck";
/// The same in a narrow column.
pub const SLIDES_SHORT: &str = "Slides";
pub const MARKS: &str = "Marks";
pub const MOST_MARKED: &str = "Deck with the most marks";
pub const USUAL: &str = "Usual marks";
pub const TIMES_USUAL: &str = "Times the usual";
pub const ANSWERS: &str = "Answers";
pub const ANSWER: &str = "Answer";
pub const QUESTION: &str = "Question";
pub const ANSWERED_BY: &str = "Answered by";
pub const ASKED_BY: &str = "Asked by";
/// A text that is not shown, in its cell.
pub const HIDDEN: &str = "Not shown";
pub const POLL: &str = "Poll";
pub const FIRST_ANSWERED: &str = "First answered";
pub const STUDENTS_ANSWERED: &str = "Students who answered";
pub const OF_ACTIVE: &str = "Share of students active in polls";
pub const RIGHT: &str = "Right";
pub const CHANGED: &str = "Changed their answer";
/// The mark of the right option.
pub const SOLUTION: &str = "Solution";
pub const EMPTY_ANSWER: &str = "Empty answer";
/// The sum of options that are not listed.
pub const OTHER_ANSWERS: &str = "Further answers";
pub const ROLE: &str = "Role";
pub const EVENTS: &str = "Note events";
pub const WORDS: &str = "Words";
pub const LAST_NOTE: &str = "Last note event";
pub const TIME: &str = "Time";
pub const NOTE: &str = "Note";
pub const VIDEO: &str = "Video";
pub const VIDEOS: &str = "Videos";
pub use protocol::text::OWNER;
pub const LIVE: &str = "Live";
pub const ON_DEMAND: &str = "On demand";
pub const PUBLIC: &str = "Through public links";
pub const PRIVATE: &str = "Not through public links";
pub const DOWNLOADS: &str = "Downloads";
pub const LENGTH: &str = "Length, min";
pub const MINUTES: &str = "Minutes watched";
pub const OF_LENGTH: &str = "Minutes watched ÷ length";
pub const LAST_VIEW: &str = "Last view";
pub const TERM: &str = "Term";
pub const NO_NAME: &str = "Not named";
pub const ROWS: &str = "Rows";
/// The order of a table of rows.
pub const BY_TIME: &str = "time";
pub const BY_NAME: &str = "name";

pub const SLIDES_CAVEAT: &str =
    "The number of slides is the deck's size: no report says which slides were seen.";
pub const MARK_CAVEAT: &str = "A mark names the deck it was set on, not the slide.";
pub const USUAL_CAVEAT: &str = "Usual is the median of the days on which this course had any marks. A day stands out if it has at least five marks and at least three times the usual.";
pub const NO_SPIKES: &str = "No day stands out from the usual in its course.";
pub const CHANGES_CAVEAT: &str = "A changed answer counts on both days.";
pub const POLLS_CAVEAT: &str = "Each person's latest answer on these days counts. Right is the share of students whose answer is the poll's solution; it is empty if no solution can be compared. Students active in polls are those who answered any poll of the same course on these days: who else was there is not recorded.";
pub const UNMATCHED_CAVEAT: &str =
    "The poll's solution is not one of its answers, so right answers cannot be counted.";
pub const QUESTIONS_CAVEAT: &str = "Echo360 reports a question once somebody has answered it. The report has no questions without an answer, and neither the time of a question nor its lecture.";
pub const CHANGE_ROWS_CAVEAT: &str = "A changed answer has a row for each change.";
pub const EDIT_ROWS_CAVEAT: &str = "An edited answer has a row for each edit.";
pub const EDITS_CAVEAT: &str = "An edited answer counts on the day of the edit, too.";
pub const CONTENTS_HIDDEN: &str = "What people wrote is not shown.";
pub const TYPED_HIDDEN: &str = "Answers that people typed are not shown.";
pub const NOTES_CAVEAT: &str = "Echo360 reports a note each time it is saved, in full and without an id. These are therefore note events, and each of them counts the note's words again.";
pub const STUDENTS_CAVEAT: &str = "Only people whose role in the institution is student, and only those with recorded activity: Echo360 does not list people without activity.";
pub const SPARK_CAVEAT: &str = "All lines over time share one scale, so their heights can be compared.";
pub const SEVERAL_SECTIONS: &str = "A video in several sections is listed once for each, and its numbers are not added up: Echo360 does not say whether they belong to the section or to the whole video.";
pub const LENGTH_CAVEAT: &str =
    "Minutes watched are those of all viewers together, so they soon exceed the length.";
pub const SHORT_VIDEOS: &str = "Videos shorter than 30 seconds have no share of their length: Echo360 records watching in rows of 30 seconds.";
pub const SECTIONS_IGNORED: &str =
    "This report identifies sections by number only, so the choice of sections does not apply to it.";
pub const ROLES_IGNORED: &str =
    "This report does not say who is a student, so the choice of roles does not apply to it.";
pub const ANSWER_ROLES_CAVEAT: &str = "Roles are those of the people who answer.";
pub const ROLES_NOT_APPLIED: &str =
    "The choice of roles does not apply here: everybody's answers are counted.";
pub const DECKS_IGNORED: &str = "The choice of decks does not apply to this report.";
pub const DEPARTMENT: &str = "Department";
pub const CAMPUS: &str = "Campus";
pub const DEVICE: &str = "Device";
pub const ROOM: &str = "Room";
pub const STUDENT_IGNORED: &str =
    "This report does not say who watched, so the choice of a student does not apply to it.";
pub const STUDENT_IN_THREADS: &str = "Per day, and in the table of every row: this student's answers. In the list of questions: every question that they asked or answered, with all of its answers.";
pub const VIDEOS_IGNORED: &str = "The choice of videos does not apply to this report.";
pub const SUMS_CAVEAT: &str =
    "Weeks are UTC weeks: each row of this report is a sum over its week and cannot be split.";
pub const UNKNOWN_CAVEAT: &str =
    "Lectern does not know this report. Its own description says what its columns mean.";
pub const SUM_CAVEAT: &str =
    "The report's own description says whether numbers of this column may be added up.";

/// The role of one person.
#[must_use]
pub fn role_name(role: InstitutionRole) -> &'static str {
    match role {
        InstitutionRole::Student => "Student",
        InstitutionRole::Instructor => "Instructor",
        InstitutionRole::Assistant => "Assistant",
        InstitutionRole::Administrator => "Administrator",
        InstitutionRole::Other => "Other role",
        InstitutionRole::Unnamed => "No role given",
    }
}

/// The title of a figure whose title occurred before: `Why? (2)`.
#[must_use]
pub fn numbered_title(title: &str, number: usize) -> String {
    format!("{title} ({number})")
}

/// The name; without one, the kind and the first eight characters of the id: `Deck 1a2b3c4d`.
#[must_use]
pub fn name_or_id(name: &str, kind: &str, id: &str) -> String {
    if name.is_empty() { format!("{kind} {}", short_id(id)) } else { name.to_owned() }
}

/// The first eight characters of an id, in place of a missing name.
#[must_use]
pub fn short_id(id: &str) -> String {
    id.chars().take(8).collect()
}

/// A section's number; with the beginning of the course's id if there are several courses.
#[must_use]
pub fn section_label(number: &str, course: Option<&str>) -> String {
    let number = if number.is_empty() { "without a number" } else { number };
    let Some(course) = course.filter(|course| !course.is_empty()) else { return number.to_owned() };
    format!("{number}, course {}", short_course(course))
}

/// The first part of a course's UUID; whatever else a report has in its place is shown whole.
#[must_use]
pub fn short_course(course: &str) -> &str {
    let is_uuid = course.len() == 36;
    course.split('-').next().filter(|_| is_uuid).unwrap_or(course)
}

/// How many days are missing or provisional; empty if all are loaded and final.
#[must_use]
pub fn coverage_caveat(locale: &dyn LocaleFormatter, missing: u64, provisional: u64) -> String {
    describe_coverage(locale, missing, provisional, ["day", "days"])
}

/// How many weeks are missing or provisional; empty if all are loaded and final.
#[must_use]
pub fn week_coverage_caveat(locale: &dyn LocaleFormatter, missing: u64, provisional: u64) -> String {
    describe_coverage(locale, missing, provisional, ["week", "weeks"])
}

fn describe_coverage(
    locale: &dyn LocaleFormatter,
    missing: u64,
    provisional: u64,
    [one, many]: [&str; 2],
) -> String {
    let describe = |count: u64, rest: &dyn Fn(&str) -> String| {
        if count == 0 {
            return String::new();
        }
        let are = if count == 1 { "is" } else { "are" };
        format!("{} {}", locale.count_of(count, one, many), rest(are))
    };
    join([
        describe(missing, &|are| format!("{are} not loaded yet and {are} not counted.")),
        describe(provisional, &|are| format!("{are} not final yet.")),
    ])
}

/// Joins the sentences that are not empty.
#[must_use]
pub fn join<const N: usize>(sentences: [String; N]) -> String {
    sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What is odd about the identities of the people who are counted; empty if nothing is.
#[must_use]
pub fn identities_caveat(locale: &dyn LocaleFormatter, counts: IdentityCounts) -> String {
    let sentence = |count: u64, one: &str, many: &str| match count {
        0 => String::new(),
        1 => one.to_owned(),
        _ => format!("{} {many}", locale.format_count(count)),
    };
    join([
        sentence(
            counts.ambiguous_roles,
            "1 person has rows with different roles, and counts by the more frequent one.",
            "people have rows with different roles; each counts by the more frequent one.",
        ),
        sentence(
            counts.shared_emails,
            "1 e-mail address occurs with more than one user id; they count as different people.",
            "e-mail addresses occur with more than one user id; they count as different people.",
        ),
        sentence(
            counts.ambiguous_ids,
            "1 user id occurs with more than one e-mail address; it counts as one person.",
            "user ids occur with more than one e-mail address; each counts as one person.",
        ),
        sentence(
            counts.deleted_users,
            "1 person was renamed Deleted User at Echo360; an administrator can erase them here too, under Access.",
            "people were renamed Deleted User at Echo360; an administrator can erase them here too, under Access.",
        ),
    ])
}

/// How many events have no user id, or are of a shared account.
#[must_use]
pub fn unnamed_caveat(locale: &dyn LocaleFormatter, events: u64, one: &str, many: &str) -> String {
    if events == 0 {
        return String::new();
    }
    let rest = match events {
        1 => "has no user id or is of a shared account, so it counts for no person.",
        _ => "have no user id or are of shared accounts, so they count for no person.",
    };
    format!("{} {rest}", locale.count_of(events, one, many))
}

/// Why some videos have no share of their length, if there are any.
#[must_use]
pub fn short_videos_caveat(are_any: bool) -> String {
    if are_any { SHORT_VIDEOS.to_owned() } else { String::new() }
}

/// How many rows could not be read.
#[must_use]
pub fn skipped_rows_caveat(locale: &dyn LocaleFormatter, rows: u64) -> String {
    if rows == 0 {
        return String::new();
    }
    format!(
        "{} could not be read and {} not counted.",
        locale.count_of(rows, "row", "rows"),
        if rows == 1 { "is" } else { "are" }
    )
}

/// How much names no course, such as views of media embedded in other pages. `amount` is `count` with its unit.
#[must_use]
pub fn without_course_caveat(amount: &str, count: f64) -> String {
    match count {
        0.0 => String::new(),
        1.0 => format!("{amount} names no course and is in no course's numbers."),
        _ => format!("{amount} name no course and are in no course's numbers."),
    }
}

/// How much names no item; `head` is the heading of the items. `amount` is `count` with its unit.
#[must_use]
pub fn without_item_caveat(amount: &str, count: f64, head: &str) -> String {
    let item = head.to_lowercase();
    match count {
        0.0 => String::new(),
        1.0 => format!("{amount} names no {item}."),
        _ => format!("{amount} name no {item}."),
    }
}

/// Slide views: people, decks, views, and the busiest day.
#[must_use]
pub fn views_sentence(
    locale: &dyn LocaleFormatter,
    people: u64,
    decks: u64,
    views: u64,
    most: Option<Day>,
) -> String {
    let most = most.map(|day| format!(", most on {}", locale.format_day(day))).unwrap_or_default();
    format!(
        "{} opened {} ({}){most}.",
        locale.count_of(people, "person", "people"),
        locale.count_of(decks, "deck", "decks"),
        locale.count_of(views, "view", "views")
    )
}

/// Confusion marks: people, marks, decks, and the busiest day.
#[must_use]
pub fn marks_sentence(
    locale: &dyn LocaleFormatter,
    people: u64,
    decks: u64,
    marks: u64,
    most: Option<Day>,
) -> String {
    let most = most.map(|day| format!(", most on {}", locale.format_day(day))).unwrap_or_default();
    format!(
        "{} set {} on {}{most}.",
        locale.count_of(people, "person", "people"),
        locale.count_of(marks, "mark", "marks"),
        locale.count_of(decks, "deck", "decks")
    )
}

/// Notes: people, note events, words, and the busiest day.
#[must_use]
pub fn notes_sentence(
    locale: &dyn LocaleFormatter,
    people: u64,
    events: u64,
    words: u64,
    most: Option<Day>,
) -> String {
    let most = most.map(|day| format!(", most on {}", locale.format_day(day))).unwrap_or_default();
    format!(
        "{} wrote notes ({}, {}){most}.",
        locale.count_of(people, "person", "people"),
        locale.count_of(events, "note event", "note events"),
        locale.count_of(words, "word", "words")
    )
}

/// The busiest hour of a weekday; `events` is a count with its unit.
#[must_use]
pub fn busiest_hour_sentence(
    locale: &dyn LocaleFormatter,
    weekday: u64,
    hour: usize,
    events: &str,
) -> String {
    format!(
        "The busiest hour of the week is {} {hour:02}:00–{:02}:00, with {events} in all.",
        locale.format_weekday(weekday),
        hour + 1
    )
}

/// How many days of a weekday are loaded, and how many of them are not final.
#[must_use]
pub fn weekday_state(locale: &dyn LocaleFormatter, known: u32, provisional: u32) -> String {
    let days = locale.count_of(u64::from(known), "day", "days");
    match (known, provisional) {
        (0, _) => NO_DATA.to_owned(),
        (_, 0) => days,
        (1, _) => format!("{days}, not final yet"),
        (_, provisional) => format!("{days}, {provisional} not final yet"),
    }
}

/// The first item of a ranking.
#[must_use]
pub fn leader_sentence(name: &str, number: &str, people: &str) -> String {
    format!("{name} has the most: {number} by {people}.")
}

/// The day that stands out most.
#[must_use]
pub fn outlier_sentence(
    locale: &dyn LocaleFormatter,
    day: Day,
    marks: u64,
    usual: u64,
    deck: &str,
) -> String {
    let most = if deck.is_empty() { String::new() } else { format!(", most of them on {deck}") };
    format!(
        "{} stands out: {}, usually {}{most}.",
        locale.format_day(day),
        locale.count_of(marks, "mark", "marks"),
        locale.format_count(usual)
    )
}

/// How many students and other people answered polls, and the share of right answers. There are polls that no
/// student answered.
#[must_use]
pub fn polls_sentence(
    locale: &dyn LocaleFormatter,
    (students, others): (u64, u64),
    polls: u64,
    right: Option<f64>,
) -> String {
    let right =
        right.map(|share| format!(" {} of students' answers are right.", locale.format_percent(share)));
    let students = (students > 0).then(|| locale.count_of(students, "student", "students"));
    let others = match (&students, others) {
        (_, 0) => None,
        (Some(_), others) => Some(locale.count_of(others, "other", "others")),
        (None, others) => {
            Some(locale.count_of(others, "person who is not a student", "people who are not students"))
        }
    };
    let who: Vec<String> = students.into_iter().chain(others).collect();
    let who = if who.is_empty() { "People without a user id".to_owned() } else { who.join(" and ") };
    format!("{who} answered {}.{}", locale.count_of(polls, "poll", "polls"), right.unwrap_or_default())
}

/// One poll: students who answered, the right ones (`right.0` of `right.1` that can be compared), and changed
/// answers.
#[must_use]
pub fn poll_sentence(
    locale: &dyn LocaleFormatter,
    students: u64,
    active: u64,
    right: Option<(u64, u64)>,
    changed: u64,
) -> String {
    let right = right.filter(|(_, of)| *of > 0).map(|(right, of)| {
        #[expect(clippy::cast_precision_loss, reason = "students are far below 2^53")]
        let share = right as f64 / of as f64;
        let was = if right == 1 { "was" } else { "were" };
        format!("{} {was} right ({}).", locale.format_count(right), locale.format_percent(share))
    });
    let changed = match changed {
        0 => String::new(),
        n => format!("{} changed their answer.", locale.count_of(n, "student", "students")),
    };
    let answered = format!(
        "{} of {} active in polls answered.",
        locale.format_count(students),
        locale.count_of(active, "student", "students")
    );
    join([answered, right.unwrap_or_default(), changed])
}

/// Questions, answers, and people who asked.
#[must_use]
pub fn questions_sentence(locale: &dyn LocaleFormatter, questions: u64, answers: u64, askers: u64) -> String {
    let have = if questions == 1 { "question has" } else { "questions have" };
    format!(
        "{} {have} {}; {} asked.",
        locale.format_count(questions),
        locale.count_of(answers, "answer", "answers"),
        locale.count_of(askers, "person", "people")
    )
}

/// The share of answers by students.
#[must_use]
pub fn answer_roles_sentence(
    locale: &dyn LocaleFormatter,
    student_share: f64,
    by_students: u64,
    questions: u64,
) -> String {
    format!(
        "Students wrote {} of the answers, to {} of {}.",
        locale.format_percent(student_share),
        locale.format_count(by_students),
        locale.count_of(questions, "question", "questions")
    )
}

/// How often an answer was edited before; empty if never.
#[must_use]
pub fn edits_note(earlier: u64) -> String {
    match earlier {
        0 => String::new(),
        1 => "edited once on these days".to_owned(),
        n => format!("edited {n} times on these days"),
    }
}

/// Videos, those never viewed, and those transcribed of those for which it is known.
#[must_use]
pub fn library_sentence(
    locale: &dyn LocaleFormatter,
    videos: u64,
    never: Option<u64>,
    transcribed: (u64, u64),
) -> String {
    let (yes, of) = transcribed;
    #[expect(clippy::cast_precision_loss, reason = "videos are far below 2^53")]
    let share = (of > 0)
        .then(|| format!(" {} transcribed automatically.", locale.format_percent(yes as f64 / of as f64)));
    let never = never.map(|never| format!(", {} never viewed", locale.format_count(never)));
    format!(
        "{}{}.{}",
        locale.count_of(videos, "video", "videos"),
        never.unwrap_or_default(),
        share.unwrap_or_default()
    )
}

/// The moment of a snapshot.
#[must_use]
pub fn snapshot_caveat(moment: Option<&str>) -> String {
    moment.map_or_else(
        || "Counts are over all time.".to_owned(),
        |moment| format!("Counts are over all time, as of {moment} UTC."),
    )
}

/// How many videos were viewed in how many weeks.
#[must_use]
pub fn viewed_videos_sentence(locale: &dyn LocaleFormatter, viewed: u64, weeks: u64) -> String {
    format!(
        "{} viewed in {}.",
        locale.count_of(viewed, "video", "videos"),
        locale.count_of(weeks, "week", "weeks")
    )
}

/// Weeks that reach beyond the range.
#[must_use]
pub fn excluded_weeks_caveat(locale: &dyn LocaleFormatter, windows: u64) -> String {
    if windows == 0 {
        return String::new();
    }
    format!(
        "{} beyond these days: {} not counted.",
        locale.count_of(windows, "week reaches", "weeks reach"),
        if windows == 1 { "it cannot be split and is" } else { "they cannot be split and are" }
    )
}

/// The number of rows, as `one` or `many` of them are called, and their order: `13,420 poll answers, in order of
/// time.` One row has no order.
#[must_use]
pub fn rows_sentence(
    locale: &dyn LocaleFormatter,
    rows: u64,
    [one, many]: [&str; 2],
    order: Option<&str>,
) -> String {
    let order = order.filter(|_| rows > 1).map(|order| format!(", in order of {order}"));
    format!("{}{}.", locale.count_of(rows, one, many), order.unwrap_or_default())
}

/// The filters for which a report has no column.
#[must_use]
pub fn unfiltered_caveat(columns: &[&str]) -> String {
    if columns.is_empty() {
        return String::new();
    }
    format!("Not filtered by {}: the report has no such column.", columns.join(", "))
}

/// Rows whose day is outside the range, or cannot be read.
#[must_use]
pub fn outside_caveat(locale: &dyn LocaleFormatter, rows: u64, column: &str) -> String {
    if rows == 0 {
        return String::new();
    }
    let are = if rows == 1 { "is" } else { "are" };
    format!("{} with another {column} {are} not in this chart.", locale.count_of(rows, "row", "rows"))
}

/// How many items of a longer list are shown; empty if all are.
#[must_use]
pub fn truncation_caveat(locale: &dyn LocaleFormatter, shown: usize, total: u64) -> String {
    if u64::try_from(shown).is_ok_and(|shown| shown < total) {
        format!(
            "The first {} of {} are shown.",
            locale.format_count(shown as u64),
            locale.format_count(total)
        )
    } else {
        String::new()
    }
}

/// A week of a term with its days: `Week 3 of Autumn 2026: 2 Nov – 8 Nov`.
#[must_use]
pub fn week_label(week: &str, days: &str) -> String {
    format!("{week}: {days}")
}

/// The section with the most events, and how many sections there are.
#[must_use]
pub fn sections_sentence(locale: &dyn LocaleFormatter, name: &str, events: &str, sections: u64) -> String {
    format!("{name} has the most of {}: {events}.", locale.count_of(sections, "section", "sections"))
}

/// The share of students in all events.
#[must_use]
pub fn student_share_sentence(locale: &dyn LocaleFormatter, share: f64, all: &str) -> String {
    format!(
        "Students account for {} of {all}; everybody else is shown separately.",
        locale.format_percent(share)
    )
}
