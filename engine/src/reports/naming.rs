//! How a person is called whose rows alone are counted: as the newest copy names them, in whatever columns.

use super::selection::person;
use crate::table::held::Tables;

/// Columns of a person with those of their name.
const NAMED: [[&str; 3]; 3] = [
    ["userid", "firstname", "lastname"],
    ["answer_userid", "answer_firstname", "answer_lastname"],
    ["question_userid", "question_firstname", "question_lastname"],
];

/// `Nuñez, Ana`; empty where no row names who has this id.
#[must_use]
pub fn name(tables: &Tables, id: &str) -> String {
    let held: Vec<_> = tables.iter().map(|(_, held)| &held.table).collect();
    for table in held.into_iter().rev() {
        for [user, first, last] in NAMED {
            let Some(user) = table.place(user) else { continue };
            let (first, last) = (table.place(first), table.place(last));
            let is_theirs = |row: &usize| {
                let user = tables.texts.bytes_of(table.code(Some(user), *row));
                user.eq_ignore_ascii_case(id.as_bytes())
            };
            let text = |place, row| tables.texts.text(table.code(place, row)).into_owned();
            let named = |row| person(&text(first, row), &text(last, row));
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
    use crate::reports::fixture::{tables, week};

    #[test]
    fn the_newest_row_that_names_somebody_counts_in_whatever_columns() {
        let tables = tables(&[
            week("2026-02-02", "userid,first_name,last name", "u1,Ana,Nunes\nu2,Bo,Li\n"),
            week("2026-02-09", "userid,firstname,lastname", "U1,Ana,Nuñez\nu1,,\n"),
            week("2026-02-16", "answer_userid,answer_firstname,answer_lastname", "u3,Cy,Moe\n"),
        ]);
        let called = ["u1", "u2", "u3", "u4"].map(|id| name(&tables, id));
        assert_eq!(called, ["Nuñez, Ana", "Li, Bo", "Moe, Cy", ""]);
    }
}
