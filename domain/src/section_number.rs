//! Numbers of sections: arbitrary text from the learning platform, such as `001`, `L01` or `1-3`.
//!
//! Every term may have a section `001`, so lists name the term where a number occurs more than once. Spreadsheets write
//! `1` for `001`, and turn `1-3` into a date such as `3-Jan`.

/// The label of a section with its term: `001 (Autumn 2026)`.
#[must_use]
pub fn section_label(number: &str, term: &str) -> String {
    format!("{} ({term})", number.trim())
}

/// The most numbers that are suggested.
const MAX_SUGGESTED: usize = 3;

/// The beginnings of the names of months, January first, in the languages of some spreadsheets.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen"],
    &["feb", "fév"],
    &["mar", "mrz", "mär"],
    &["apr", "avr", "abr"],
    &["may", "mai"],
    &["jun", "juin"],
    &["jul", "juil"],
    &["aug", "aoû", "ago"],
    &["sep"],
    &["oct", "okt", "out"],
    &["nov"],
    &["dec", "dez", "déc", "dic"],
];

/// The numbers among `existing` that `number` was most likely meant to be, as they are written; none if nothing is
/// likely. `number` itself is not among `existing`.
#[must_use]
pub fn suggest_numbers<'a>(number: &str, existing: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let meant = possible_forms(number);
    let is_likely = |existing: &&str| !existing.is_empty() && meant.contains(&plain_form(existing));
    let mut suggested: Vec<&str> = existing.filter(is_likely).collect();
    suggested.sort_unstable();
    suggested.dedup();
    suggested.truncate(MAX_SUGGESTED);
    suggested
}

/// Lists alternatives in words: `001, 002 or L01`.
#[must_use]
pub fn list_alternatives<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<&str> = texts.into_iter().collect();
    match texts.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// A number in lower case, with `-` for everything that separates its parts, and without zeros at the start of a part:
/// `1-3` for `01/03`, `l1` for `L01`.
fn plain_form(number: &str) -> String {
    let parts = split_parts(number).into_iter().map(|part| {
        let mut plain = String::new();
        for (index, character) in part.char_indices() {
            let is_after_digit = plain.ends_with(|last: char| last.is_ascii_digit());
            let is_before_digit = part
                .get(index + 1..)
                .is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
            if character != '0' || is_after_digit || !is_before_digit {
                plain.push(character);
            }
        }
        plain
    });
    parts.collect::<Vec<_>>().join("-")
}

/// The plain forms that a cell may have had before a spreadsheet changed it.
fn possible_forms(cell: &str) -> Vec<String> {
    let cell = cell.to_lowercase();
    // Some programs write the time of a date, too.
    let cell = cell.split_once("t00:00").map_or(cell.as_str(), |(day, _)| day);
    let parts = split_parts(cell);
    let month = |part: &str| {
        let names = MONTHS.iter().position(|names| names.iter().any(|name| part.starts_with(name)));
        names.filter(|_| part.chars().all(char::is_alphabetic)).map(|index| (index + 1).to_string())
    };
    let is_year = |part: &str| part.len() == 4 && part.chars().all(|c| c.is_ascii_digit());
    // A date has lost the order of its two numbers, and has got a year.
    let numbers: Vec<String> =
        parts.iter().map(|part| month(part).unwrap_or_else(|| plain_form(part))).collect();
    let has_month = parts.iter().any(|part| month(part).is_some());
    let in_both_orders = |a: &str, b: &str| vec![format!("{a}-{b}"), format!("{b}-{a}")];
    let dates = match (parts.as_slice(), numbers.as_slice()) {
        ([_, _], [a, b]) if has_month => in_both_orders(a, b),
        ([year, _, _, ..], [_, a, b, ..]) if is_year(year) => in_both_orders(a, b),
        ([_, _, year, ..], [a, b, ..]) if is_year(year) || has_month => in_both_orders(a, b),
        _ => Vec::new(),
    };
    // A number may have got decimals.
    let whole = match parts.as_slice() {
        [whole, zeros] if zeros.chars().all(|c| c == '0') => Some(plain_form(whole)),
        _ => None,
    };
    [plain_form(cell)].into_iter().chain(whole).chain(dates).collect()
}

/// The runs of letters and digits of a text in lower case.
fn split_parts(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let parts = lower.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_spreadsheet_makes_of_a_number_suggests_it() {
        let existing = ["001", "002", "010", "L01", "1-3", "3-1", "12/4"];
        let suggest = |number: &str| suggest_numbers(number, existing.into_iter());
        for (number, expected) in [
            ("1", &["001"][..]),
            ("1.0", &["001"]),
            ("10", &["010"]),
            ("01", &["001"]),
            ("l1", &["L01"]),
            ("L 01", &[]),
            ("3-Jan", &["1-3", "3-1"]),
            ("Jan-03", &["1-3", "3-1"]),
            ("3. Januar", &["1-3", "3-1"]),
            ("03/01/2026", &["1-3", "3-1"]),
            ("2026-01-03", &["1-3", "3-1"]),
            ("2026-01-03T00:00:00", &["1-3", "3-1"]),
            ("3-Jan-26", &["1-3", "3-1"]),
            ("04.12.2026", &["12/4"]),
            ("Apr 12", &["12/4"]),
            ("7", &[]),
            ("", &[]),
            ("-", &[]),
        ] {
            assert_eq!(suggest(number), expected, "{number}");
        }
    }

    #[test]
    fn alternatives_are_listed_in_words() {
        assert_eq!(list_alternatives([]), "");
        assert_eq!(list_alternatives(["001"]), "001");
        assert_eq!(list_alternatives(["001", "002", "L01"]), "001, 002 or L01");
    }

    proptest! {
        #[test]
        fn a_number_without_its_zeros_suggests_it(number in "[A-Z]?0{0,3}[1-9][0-9]{0,2}(-0?[1-9])?") {
            let plain = plain_form(&number);
            prop_assert_eq!(suggest_numbers(&plain, [number.as_str()].into_iter()), [number.as_str()]);
        }

        #[test]
        fn a_date_suggests_the_numbers_it_was_made_of(a in 1usize..=12, b in 1usize..=12, with_year: bool) {
            let number = format!("{a}-{b}");
            let name = MONTHS[b - 1][0];
            let date = if with_year { format!("{a}-{name}-26") } else { format!("{a:02}. {name}") };
            prop_assert!(suggest_numbers(&date, [number.as_str()].into_iter()).contains(&number.as_str()));
        }

        #[test]
        fn any_cell_can_be_compared(cell in "\\PC{0,20}", existing in prop::collection::vec("\\PC{0,8}", 0..6)) {
            let suggested = suggest_numbers(&cell, existing.iter().map(String::as_str));
            prop_assert!(suggested.len() <= MAX_SUGGESTED);
            prop_assert!(suggested.iter().all(|number| existing.iter().any(|other| other == number)));
        }
    }
}
