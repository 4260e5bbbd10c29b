//! The page about data quality: what was found in Echo360's files, and what Lectern does about it.

use crate::locale;
use domain::data_quality::FileFindings;
use domain::institution_role::InstitutionRole;
use domain::paging::{CutOff, CutOffList, ListName};
use domain::shared_accounts::{AccountMark, ListedAccount};
use domain::time::parse_day;
use protocol::text;

pub const CLEAN: &str = "Nothing unusual.";
pub const LISTS: &str = "Echo360's lists are read only in part";
pub const NO_WINDOWS: &str = "No rows are loaded yet.";
pub const ABOUT: &str = "Nobody is named above: the rows themselves are in the downloads. People are compared within a week. Weeks that were \
     loaded before this page existed appear once they are requested again.";

pub const SHRUNKEN_WEEKS: &str = "Weeks that lost rows when they were requested again are on the page";

pub const SHARED_ACCOUNTS: &str = "Shared accounts";
pub const SHARED_ACCOUNTS_ARE: &str = "These stand for many people: their minutes count, a person does not. Accounts are found that watch three videos in \
     the same half minute; others you can mark. Pages that are open elsewhere use a mark once they load more weeks or are reloaded, and weeks that \
     shares have published stay as they are.";
pub const COUNT_AS_PERSON: &str = "Count as a person";
pub const COUNT_AS_SHARED: &str = "Count as shared";
pub const REMOVE_MARK: &str = "Remove the mark";
pub const ACCOUNT: &str = "User id or e-mail address";
pub const MARKED: &str = "Saved.";

/// Where an account was found, and how it is counted.
#[must_use]
pub fn describe_account(account: &ListedAccount) -> String {
    let week = account.found.as_deref().map(|window| format_weeks(&[window]).replace("Week", "week"));
    let found = week.map(|week| format!("Three videos in the same half minute, last in the {week}."));
    let marked = account.mark.map(|mark| {
        let kind = match mark {
            AccountMark::Shared => "shared",
            AccountMark::Person => "a person",
        };
        let at = account.at.map(locale::format_date_time).unwrap_or_default();
        format!("Counted as {kind}, marked by {} on {at}.", account.by.as_deref().unwrap_or_default())
    });
    found.into_iter().chain(marked).collect::<Vec<_>>().join(" ")
}

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
        count(found.rewritten_rows, "row was", "rows were")
            .map(|rows| format!("{rows} rewritten, because of unusual quotation marks."))
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
        let people: u64 = found.people_with_several_roles.values().sum();
        let of_roles = |(roles, people): (&String, &u64)| {
            let names: Vec<&str> =
                roles.split(", ").filter_map(InstitutionRole::parse).map(text::role).collect();
            format!("{} ({})", names.join(" and "), locale::format_count(*people))
        };
        let roles: Vec<String> = found.people_with_several_roles.iter().map(of_roles).collect();
        most(people, "person", "people")
            .map(|people| format!("{people} with rows in several roles: {}.", roles.join(", ")))
    },
    |found| {
        most(found.people_with_several_addresses, "person", "people")
            .map(|people| format!("{people} with several e-mail addresses."))
    },
    |found| {
        most(found.addresses_of_several_people, "e-mail address", "e-mail addresses")
            .map(|addresses| format!("{addresses} with several user ids, which count as different people."))
    },
];

/// The findings of a report's windows, given as window id and findings, one sentence and the weeks for each kind.
#[must_use]
pub fn describe_findings(windows: &[(&str, &FileFindings)]) -> Vec<(String, String)> {
    let mut all = windows.iter().fold(FileFindings::default(), |sum, (_, found)| sum.plus(found));
    // The same person may be in several weeks: the week with most of them counts.
    let most = |number: fn(&FileFindings) -> u64| {
        windows.iter().map(|(_, found)| number(found)).max().unwrap_or_default()
    };
    all.people_with_several_addresses = most(|found| found.people_with_several_addresses);
    all.addresses_of_several_people = most(|found| found.addresses_of_several_people);
    let people = |found: &FileFindings| found.people_with_several_roles.values().sum::<u64>();
    let in_roles = windows.iter().max_by_key(|(_, found)| people(found));
    all.people_with_several_roles =
        in_roles.map(|(_, found)| found.people_with_several_roles.clone()).unwrap_or_default();
    let describe = |kind: fn(&FileFindings) -> Option<String>| {
        let sentence = kind(&all)?;
        let weeks: Vec<&str> =
            windows.iter().filter(|(_, found)| kind(found).is_some()).map(|(id, _)| *id).collect();
        Some((sentence, format_weeks(&weeks)))
    };
    KINDS.into_iter().filter_map(describe).collect()
}

/// Which list was cut off, why, and what follows from that.
#[must_use]
pub fn describe_list(list: &CutOffList) -> String {
    let (name, consequence) = match list.list {
        ListName::Requests => {
            ("reports", "Weeks are loaded all the same; Echo360 may build some that it has already built.")
        }
        ListName::Terms => ("terms", "Later terms cannot be chosen."),
        ListName::Courses => ("courses", "Further courses appear once they have rows."),
        ListName::Sections => ("sections", "Further sections appear once they have rows."),
    };
    let reason = match list.reason {
        CutOff::BadNext => "the link to its next page leads nowhere",
        CutOff::PageTooLong => "a page of it is longer than 4 MB",
        CutOff::TooManyEntries => "it has more entries than Lectern reads",
    };
    let entries = locale::format_count(list.entries);
    format!("The list of {name} ends for Lectern after {entries} entries, since {reason}. {consequence}")
}

/// How many weeks, rows and people were counted.
#[must_use]
pub fn describe_windows(windows: &[(&str, &FileFindings)]) -> String {
    let rows: u64 = windows.iter().map(|(_, found)| found.rows).sum();
    let count = windows.len() as u64;
    let rows = format!("{} {}", locale::format_count(rows), if rows == 1 { "row" } else { "rows" });
    match windows {
        [("all", _)] => format!("{rows}."),
        _ => format!(
            "{rows} in {} {}.",
            locale::format_count(count),
            if count == 1 { "week" } else { "weeks" }
        ),
    }
}

fn format_weeks(weeks: &[&str]) -> String {
    if weeks == ["all"] {
        return String::new();
    }
    let format = |id: &&str| {
        let day = id.get(..10).and_then(parse_day);
        day.map_or_else(|| (*id).to_owned(), |day| locale::format_days(day, day))
    };
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

/// A number with the words that follow it; `None` for 0.
fn count(number: u64, one: &str, many: &str) -> Option<String> {
    let words = if number == 1 { one } else { many };
    (number > 0).then(|| format!("{} {words}", locale::format_count(number)))
}

/// A number of people or addresses in the week with most of them; `None` for 0.
fn most(number: u64, one: &str, many: &str) -> Option<String> {
    count(number, one, many).map(|people| format!("Up to {people} a week"))
}
