//! Finds a person's name by user id.

use super::selection::format_person_name;
use crate::table::dataset::Dataset;
use domain::ids::UserId;

/// Columns of user id, first name and last name.
const NAME_COLUMNS: [[&str; 3]; 3] = [
    ["userid", "firstname", "lastname"],
    ["answer_userid", "answer_firstname", "answer_lastname"],
    ["question_userid", "question_firstname", "question_lastname"],
];

/// The name in the newest row with this user id, as `Nuñez, Ana`; empty if no such row has a name.
#[must_use]
pub fn find_name(dataset: &Dataset, id: &UserId) -> String {
    let Some(id) = dataset.texts.find(id.as_str().as_bytes()) else { return String::new() };
    let data: Vec<_> = dataset.iter().map(|(_, data)| &data.table).collect();
    for table in data.into_iter().rev() {
        for [user, first, last] in NAME_COLUMNS {
            let Some(user) = table.column_index(user) else { continue };
            let (first, last) = (table.column_index(first), table.column_index(last));
            let has_id = |row: &usize| table.code(Some(user), *row) == id;
            let text = |column, row| dataset.texts.text(table.code(column, row)).into_owned();
            let name_in = |row| format_person_name(&text(first, row), &text(last, row));
            let mut names = (0..table.rows()).rev().filter(has_id).map(name_in);
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
    fn the_newest_name_is_found_in_any_of_the_columns() {
        let dataset = dataset(&[
            week("2026-02-02", "userid,first_name,last name", "u1,Ana,Nunes\nu2,Bo,Li\n"),
            week("2026-02-09", "userid,firstname,lastname", "U1,Ana,Nuñez\nu1,,\n"),
            week("2026-02-16", "answer_userid,answer_firstname,answer_lastname", "u3,Cy,Moe\n"),
        ]);
        let names = ["u1", "u2", "u3", "u4"].map(|id| find_name(&dataset, &id.into()));
        assert_eq!(names, ["Nuñez, Ana", "Li, Bo", "Moe, Cy", ""]);
    }
}
