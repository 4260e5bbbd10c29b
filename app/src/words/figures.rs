//! Texts around figures: read-outs, tables, menus and filters.

use crate::locale;

/// Before the beginning of an id, in place of a missing name.
pub const DECK: &str = "Deck";
pub const VIDEO: &str = "Video";
pub const SECTION: &str = "Section";
pub const STUDENT: &str = "Student";
/// The student that the view is limited to, while names are hidden.
pub const ONE_STUDENT: &str = "One student";
/// Button in a student's row: filters the view by the student.
pub const ONLY_STUDENT: &str = "Only this student";
/// Button in the row of the student that the view is filtered by.
pub const ALL_STUDENTS: &str = "All students";
/// Link in a student's row.
pub const STUDENT_PAGE: &str = "Student page";
/// The hint on reading charts.
pub const READ_OUT: &str = "Point at the chart, or move through it with the arrow keys.";
/// The accessible name of the chips.
pub const FILTERS: &str = "Filters";
/// Button.
pub const CLEAR_FILTERS: &str = "Clear filters";
/// The hint without filters, where bars set them.
pub const NO_FILTERS: &str =
    "No filters. Choose a bar of a video, section or role to filter everything by it.";
/// The hint where decks set filters.
pub const NO_DECKS_CHOSEN: &str = "No filters. Choose a deck to filter everything by it.";
/// The hint where nothing sets filters.
pub const NONE_CHOSEN: &str = "No filters.";
pub const SAVE_SVG: &str = "Save as SVG";
pub const SAVE_PNG: &str = "Save as PNG";
pub const SAVE_CSV: &str = "Save numbers as CSV";
pub const SAVE_XLSX: &str = "Save numbers as Excel (xlsx)";
pub const PRINT: &str = "Print";
/// The label of the field that searches a table.
pub const SEARCH: &str = "Search";
/// The cell of a row that is still loading.
pub const LOADING_CELL: &str = "…";
/// Button.
pub const SHOW_ROWS: &str = "Show every row";
/// The headings of an export.
pub const EXPORT_HEADS: [&str; 6] = ["Report", "Chart", "Days", "Zone", "Filters", "Built"];
/// Further headings of a workbook.
pub const COURSE: &str = "Course";
pub const PERSONAL_DATA: &str = "Personal data";
pub const HAS_PERSONAL_DATA: &str = "This file may name people. Keep it where such data belongs.";
pub const NO_PERSONAL_DATA: &str = "This file names nobody.";
/// The filters of a file with rows.
pub const ALL_ROWS: &str = "none: every row of these days, whatever filters are set";
/// No filters, in an export.
pub const NONE: &str = "none";

/// The first eight characters of an id, in place of a missing name.
#[must_use]
pub fn beginning(id: &str) -> String {
    id.chars().take(8).collect()
}

/// An hour of a weekday: `Tuesday 18:00–19:00`.
#[must_use]
pub fn hour(weekday: usize, hour: usize) -> String {
    let weekday = locale::format_weekday(u32::try_from(weekday).unwrap_or(0));
    format!("{weekday} {hour:02}:00–{:02}:00", hour + 1)
}

/// The days over which an hour's minutes are added up.
#[must_use]
pub fn over(state: &str) -> String {
    format!("over {state}")
}

/// The read-out of a mark: its number with a unit, and further parts.
#[must_use]
pub fn mark_readout(value: Option<f64>, unit: &str, rest: &[String]) -> String {
    let value = value.map_or_else(
        || protocol::text::NOT_LOADED.to_lowercase(),
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

/// The menu item that saves a report's rows, or those of one of several sections.
#[must_use]
pub fn save_rows_xlsx(section: Option<&str>) -> String {
    let section = section.map_or_else(String::new, |section| format!(" of {section}"));
    format!("Save rows{section} as Excel (xlsx)")
}

/// Why no Excel file could be written.
#[must_use]
pub fn no_xlsx(reason: &str) -> String {
    format!("The Excel file could not be made: {reason}. Try again, or save as CSV.")
}

/// What to do about more rows than an Excel file gets.
#[must_use]
pub fn too_many_rows_for_xlsx(most: u64) -> String {
    format!(
        "Lectern makes Excel files of at most {} rows, and these are more. Choose fewer days or one section, or \
         download the CSV.",
        locale::format_count(most)
    )
}
