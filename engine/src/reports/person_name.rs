//! A person's name as the newest copy gives it, whatever columns hold it.

use super::selection::format_person_name;
use crate::table::dataset::Dataset;
use domain::ids::UserId;

/// Columns of a person with those of their name.
const NAMED: [[&str; 3]; 3] = [
    ["userid", "firstname", "lastname"],
    ["answer_userid", "answer_firstname", "answer_lastname"],
    ["question_userid", "question_firstname", "question_lastname"],
];

/// `Nuñez, Ana`; empty where no row names who has this id.
#[must_use]
pub fn find_name(dataset: &Dataset, id: &UserId) -> String {
    let Some(id) = dataset.texts.find(id.as_str().as_bytes()) else { return String::new() };
    let data: Vec<_> = dataset.iter().map(|(_, data)| &data.table).collect();
    for table in data.into_iter().rev() {
        for [user, first, last] in NAMED {
            let Some(user) = table.column_index(user) else { continue };
            let (first, last) = (table.column_index(first), table.column_index(last));
            let is_theirs = |row: &usize| table.code(Some(user), *row) == id;
            let text = |place, row| dataset.texts.text(table.code(place, row)).into_owned();
            let named = |row| format_person_name(&text(first, row), &text(last, row));
            let mut names = (0..table.rows()).rev().filter(is_theirs).map(named);
            if let Some(name) = names.find(|name| !name.is_empty()) {
                return name;
            }
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{dataset, week};

    #[test]
    fn the_newest_row_that_names_somebody_counts_in_whatever_columns() {
        let dataset = dataset(&[
            week("2026-02-02", "userid,first_name,last name", "u1,Ana,Nunes\nu2,Bo,Li\n"),
            week("2026-02-09", "userid,firstname,lastname", "U1,Ana,Nuñez\nu1,,\n"),
            week("2026-02-16", "answer_userid,answer_firstname,answer_lastname", "u3,Cy,Moe\n"),
        ]);
        let called = ["u1", "u2", "u3", "u4"].map(|id| find_name(&dataset, &id.into()));
        assert_eq!(called, ["Nuñez, Ana", "Li, Bo", "Moe, Cy", ""]);
    }
}
