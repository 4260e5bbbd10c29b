//! The names of people by user id: those of the newest copy, for all rows.

use crate::code_map::CodeMap;
use crate::dictionary::{Dictionary, EMPTY};
use crate::label::{Label, TextAge, is_deleted_user, person_label};
use crate::row_time;
use crate::shared_account::PersonFields;
use crate::table::dataset::Dataset;
use domain::ids::UserId;

/// Column of the time in all reports with people.
const TIME: &str = "event_timestamp";

/// First and last names, by the codes of user ids.
#[derive(Debug, Default)]
pub struct PersonNames(CodeMap<Label<true>>);

impl PersonNames {
    /// Reads the names in all rows of a dataset that have a time, or whose table has none.
    #[must_use]
    pub fn read(dataset: &Dataset) -> Self {
        let (texts, mut labels) = (&dataset.texts, CodeMap::<Label<true>>::default());
        for (_, data) in dataset.iter() {
            let table = &data.table;
            let names: Vec<String> = table.names().map(str::to_owned).collect();
            let times = table.column_index(TIME).map(|time| table.codes(time));
            for person in PersonFields::find(&names) {
                let [first, last] = person.names();
                if first.is_none() && last.is_none() {
                    continue;
                }
                for row in 0..table.rows() {
                    let time = match times.map(|times| times.get(row).copied().unwrap_or(EMPTY)) {
                        None => Some(0),
                        Some(time) => row_time::parse_seconds(texts.bytes_of(time)),
                    };
                    let user = table.code(Some(person.user()), row);
                    if let (Some(time), Some(label)) = (time, labels.entry(user)) {
                        let names = [table.code(first, row), table.code(last, row)];
                        label.update(TextAge::new(table.created, time), names, texts);
                    }
                }
            }
        }
        Self(labels)
    }

    /// The codes of a person's names; `names` for a row without a user id.
    #[must_use]
    pub fn codes(&self, user: u32, names: [u32; 2]) -> [u32; 2] {
        self.0.get(user).map_or(names, Label::texts)
    }

    /// A person's name as it is shown; `names` has the codes of it in a row, for one without a user id.
    #[must_use]
    pub fn label(&self, user: u32, names: [u32; 2], texts: &Dictionary) -> String {
        let [first, last] = self.codes(user, names).map(|code| texts.text(code));
        person_label(&first, &last, &texts.text(user))
    }

    /// How old a person's name is.
    #[must_use]
    pub fn age(&self, user: u32) -> TextAge {
        self.0.get(user).map_or_else(TextAge::default, Label::age)
    }

    /// Whether a person's account has been deleted at Echo360.
    #[must_use]
    pub fn is_deleted(&self, user: u32, texts: &Dictionary) -> bool {
        let [first, last] = self.codes(user, [EMPTY; 2]).map(|code| texts.text(code));
        is_deleted_user(&first, &last)
    }
}

/// The name of the person with this user id, as `Nuñez, Ana`; empty if there is none.
#[must_use]
pub fn find_name(dataset: &Dataset, id: &UserId) -> String {
    let Some(user) = dataset.texts.find(id.as_str().as_bytes()) else { return String::new() };
    PersonNames::read(dataset).label(user, [EMPTY; 2], &dataset.texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{dataset, dataset_of_copies, week};

    #[test]
    fn the_newest_name_is_found_in_any_of_the_columns() {
        let dataset = dataset(&[
            week("2026-02-02", "userid,first_name,last name", "u1,Ana,Nunes\nu2,Bo,Li\n"),
            week("2026-02-16", "answer_userid,answer_firstname,answer_lastname", "u3,Cy,Moe\n"),
        ]);
        let names = ["u1", "u2", "u3", "u4"].map(|id| find_name(&dataset, &id.into()));
        assert_eq!(names, ["Nunes, Ana", "Li, Bo", "Moe, Cy", ""]);
    }

    #[test]
    fn the_name_in_the_copy_that_was_made_last_wins_even_if_it_is_empty() {
        const HEADER: &str = "event_timestamp,userid,firstname,lastname";
        let older =
            "2026-02-10 10:00:00,u1,Ana,Nuñez\n2026-02-10 10:00:00,u2,Bo,Li\n2026-02-10 10:00:00,u3,Cy,Moe\n";
        let newer = "2026-02-03 10:00:00,U1,Deleted,User\n2026-02-03 10:00:00,{u2},,\n";
        let copies = [(20, week("2026-02-02", HEADER, newer)), (10, week("2026-02-09", HEADER, older))];
        let dataset = dataset_of_copies(&copies);
        let names = ["u1", "u2", "u3"].map(|id| find_name(&dataset, &id.into()));
        assert_eq!(names, ["Deleted User u1", "", "Moe, Cy"]);
        let user = dataset.texts.find(b"u1").unwrap();
        assert!(PersonNames::read(&dataset).is_deleted(user, &dataset.texts));
    }
}
