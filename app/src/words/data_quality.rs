//! The page about data quality: what was found in Echo360's files, and what Lectern does about it.

use crate::locale;
use domain::data_quality::FileFindings;
use domain::time::parse_day;

pub const CLEAN: &str = "Nothing unusual.";
pub const NO_WINDOWS: &str = "No rows are loaded yet.";
pub const PEOPLE_PER_WEEK: &str = "People are counted in each week's files, so somebody who is active in several weeks counts in each. Nobody is \
     named here: the rows themselves are in the downloads. Weeks that were loaded before this page existed appear once they are \
     requested again.";

/// The most weeks that are listed for a finding.
const MAX_WEEKS: usize = 6;

/// What may be found: each says what it is about these findings, or nothing.
const KINDS: [fn(&FileFindings) -> Option<String>; 10] = [
    |found| {
        names(&found.unknown_columns).map(|names| {
            format!("Columns that Echo360's reference does not list: {names}. They are in downloads, and in no chart.")
        })
    },
    |found| {
        names(&found.missing_columns).map(|names| {
            format!(
                "Columns that are missing: {names}. Charts that need them are empty or leave something out."
            )
        })
    },
    |found| {
        let cells: u64 = found.null_markers.values().sum();
        let of_column =
            |(name, cells): (&String, &u64)| format!("{} in {name}", locale::format_count(*cells));
        let columns: Vec<String> = found.null_markers.iter().map(of_column).collect();
        count(cells, "cell has", "cells have").map(|cells| {
            format!(
                "{cells} a word for no value, such as NULL, and are read as empty: {}.",
                columns.join(", ")
            )
        })
    },
    |found| {
        count(found.repeated_headers, "header row is", "header rows are")
            .map(|rows| format!("{rows} repeated between the rows, and left out."))
    },
    |found| {
        count(found.rewritten_rows, "row is", "rows are").map(|rows| {
            format!(
                "{rows} of files that write quotation marks in another way, and rewritten in the usual one."
            )
        })
    },
    |found| {
        count(found.rows_without_time, "row has", "rows have")
            .map(|rows| format!("{rows} no time that can be read. They are in downloads, and in no chart."))
    },
    |found| {
        count(found.rows_of_shared_accounts, "row is", "rows are")
            .map(|rows| format!("{rows} of anonymous accounts of public links, and counted for no person."))
    },
    |found| {
        let people: u64 = found.several_roles.values().sum();
        let of_roles = |(roles, people): (&String, &u64)| {
            format!("{} as {}", locale::format_count(*people), roles.replace(", ", " and "))
        };
        let roles: Vec<String> = found.several_roles.iter().map(of_roles).collect();
        count(people, "person has", "people have")
            .map(|people| format!("{people} rows in several roles: {}.", roles.join(", ")))
    },
    |found| {
        count(found.several_addresses, "person has", "people have")
            .map(|people| format!("{people} several e-mail addresses."))
    },
    |found| {
        count(found.shared_addresses, "e-mail address has", "e-mail addresses have")
            .map(|addresses| format!("{addresses} several user ids, which count as different people."))
    },
];

/// The findings of a report's windows, given as window id and findings, one sentence and the weeks for each kind.
#[must_use]
pub fn describe_findings(windows: &[(&str, &FileFindings)]) -> Vec<(String, String)> {
    let all = windows.iter().fold(FileFindings::default(), |sum, (_, found)| sum.plus(found));
    let describe = |kind: fn(&FileFindings) -> Option<String>| {
        let sentence = kind(&all)?;
        let weeks: Vec<&str> =
            windows.iter().filter(|(_, found)| kind(found).is_some()).map(|(id, _)| *id).collect();
        Some((sentence, format_weeks(&weeks)))
    };
    KINDS.into_iter().filter_map(describe).collect()
}

/// How many weeks, rows and people were counted.
#[must_use]
pub fn describe_windows(windows: &[(&str, &FileFindings)]) -> String {
    let rows: u64 = windows.iter().map(|(_, found)| found.rows).sum();
    let count = windows.len() as u64;
    let rows = locale::format_count(rows);
    match windows {
        [("all", _)] => format!("{rows} rows."),
        _ => format!(
            "{rows} rows in {} {}.",
            locale::format_count(count),
            if count == 1 { "week" } else { "weeks" }
        ),
    }
}

fn format_weeks(weeks: &[&str]) -> String {
    if weeks == ["all"] {
        return String::new();
    }
    let format = |id: &&str| parse_day(id).map_or_else(|| (*id).to_owned(), locale::format_short_day);
    let shown = weeks.iter().take(MAX_WEEKS).map(format).collect::<Vec<_>>().join(", ");
    match weeks.len().saturating_sub(MAX_WEEKS) {
        0 if weeks.len() == 1 => format!("Week of {shown}"),
        0 => format!("Weeks of {shown}"),
        more => format!("Weeks of {shown} and {more} more"),
    }
}

/// The names in quotation marks; `None` without any.
fn names<'a>(names: impl IntoIterator<Item = &'a String>) -> Option<String> {
    let names: Vec<String> = names.into_iter().map(|name| format!("“{name}”")).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// A number with its noun and verb; `None` for 0.
fn count(number: u64, one: &str, many: &str) -> Option<String> {
    let words = if number == 1 { one } else { many };
    (number > 0).then(|| format!("{} {words}", locale::format_count(number)))
}
