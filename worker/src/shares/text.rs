//! The texts of share pages around their figures, whose texts are in `figures::text::share`. Readers have never
//! seen Lectern: use plain words, without its own terms.

use domain::time::Timestamp;
use figures::locale::LocaleFormatter;

/// In place of a number that does not exist.
pub(super) const NOTHING: &str = "–";

/// The link to the CSV file.
pub(super) const SAVE: &str = "Save the numbers as CSV";

/// The summary of the collapsed table under a chart.
pub(super) const AS_TABLE: &str = "The numbers as a table";

/// Shown until the share's content arrives.
pub(super) const OPENING: &str = "Opening…";

/// Shown where JavaScript is disabled.
pub(super) const NO_SCRIPT: &str = "This page needs JavaScript to open its link.";

/// Shown when the Worker cannot be reached.
pub(super) const UNREACHABLE: &str = "This page cannot be loaded right now. Try again in a while.";

/// The rules of suppression in sentences. `has_students` is false for a share of the library alone, which
/// counts views.
pub(super) fn withholding_note(smallest: u32, has_students: bool) -> String {
    if !has_students {
        return format!(
            "Nobody is named. Views of a section are withheld unless at least {smallest} students are known to have \
             watched there. They are rounded to multiples of five. Withheld does not mean zero."
        );
    }
    format!(
        "Only students are counted, and nobody is named. The numbers of a section are withheld if fewer than {smallest} \
         students were active, if one or two of them account for nearly everything, or if there was hardly more than one \
         thing for each of them. The numbers of a course are the sum of its sections that are not withheld; what belongs to \
         no section counts as a section. Numbers are rounded to multiples of five. Withheld does not mean zero."
    )
}

/// When the link expires, in local time, and the zone in which weeks begin.
pub(super) fn open_until(locale: &dyn LocaleFormatter, expires: Timestamp, time_zone: &str) -> String {
    format!(
        "This link is valid until {}. Times are in {time_zone}, and weeks begin on Monday there.",
        locale.format_date_time(expires)
    )
}

/// The label of a course, or of one of its sections; `section` is the section's number, which may be empty.
pub(super) fn course_label(code: &str, name: &str, section: Option<&str>) -> String {
    let course = [code, name].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    let course = if course.is_empty() { "Course".to_owned() } else { course };
    match section {
        Some("") => format!("{course}, one section"),
        Some(section) => format!("{course}, section {section}"),
        None => course,
    }
}
