//! Labels: the names of an id, from its newest row, stored once per id instead of once per row.
//!
//! The newest row is one of the newest copy: Echo360 writes the names of the day on which a file is made. So a copy that was
//! made later wins, even for rows of older weeks. For people ([`PeopleLabels`]) it also wins if it has no name: then theirs
//! was deleted.

use crate::dictionary::{Dictionary, EMPTY};
use domain::time::Timestamp;

/// When a text was written: the time of its copy, then that of its row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextAge {
    copy: u32,
    row: u32,
}

impl TextAge {
    /// The age of texts in a row, in a copy that was made at `copy`. Both are seconds since 1970.
    #[must_use]
    #[inline]
    pub fn new(copy: u32, row: u32) -> Self {
        Self { copy, row }
    }
}

/// The second of a copy's time, for [`TextAge::new`].
#[must_use]
pub fn seconds_of_copy(created: Timestamp) -> u32 {
    u32::try_from(created.seconds().max(0)).unwrap_or(u32::MAX)
}

/// The two texts of an id, for example a video's name and length, or a person's first and last name. `IS_PERSON`: whether an
/// empty text of a newer copy replaces one of an older copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Label<const IS_PERSON: bool = false> {
    /// The age of each text: a row may have only one of the two.
    ages: [TextAge; 2],
    /// Codes of the two texts.
    texts: [u32; 2],
}

/// The labels of a dictionary's texts, indexed by code.
#[derive(Debug, Clone, Default)]
pub struct Labels<const IS_PERSON: bool = false>(Vec<Label<IS_PERSON>>);

/// The first and last names of people, by the codes of their user ids.
pub type PeopleLabels = Labels<true>;

impl<const IS_PERSON: bool> Labels<IS_PERSON> {
    /// Updates the label of `code` from a row, with `texts` as codes of `names`.
    #[inline]
    pub fn update(&mut self, code: u32, age: TextAge, texts: [u32; 2], names: &Dictionary) {
        if let Some(label) = self.entry(code) {
            label.update(age, texts, names);
        }
    }

    /// The label of `code`, inserted if missing; `None` for the empty text.
    #[inline]
    fn entry(&mut self, code: u32) -> Option<&mut Label<IS_PERSON>> {
        let index = code as usize;
        if index >= self.0.len() {
            self.0.resize(index + 1, Label::default());
        }
        if code == EMPTY { None } else { self.0.get_mut(index) }
    }

    /// The texts of `code`, as codes; [`EMPTY`] where there is none.
    #[must_use]
    pub fn get(&self, code: u32) -> [u32; 2] {
        self.0.get(code as usize).map_or([EMPTY; 2], |label| label.texts)
    }
}

impl<const IS_PERSON: bool> Label<IS_PERSON> {
    /// Replaces each text that is older. Of two in the same second of a copy, the greater one wins, so that the order of
    /// arrival does not matter.
    #[inline]
    pub fn update(&mut self, age: TextAge, texts: [u32; 2], names: &Dictionary) {
        if self.texts == texts {
            self.ages = self.ages.map(|newest| newest.max(age));
        } else {
            self.replace(age, texts, names);
        }
    }

    #[inline(never)]
    fn replace(&mut self, age: TextAge, texts: [u32; 2], names: &Dictionary) {
        for ((current_age, current), text) in self.ages.iter_mut().zip(&mut self.texts).zip(texts) {
            let replaces = match (text, *current) {
                (EMPTY, _) => IS_PERSON && age.copy > current_age.copy,
                (_, EMPTY) => !IS_PERSON || age.copy >= current_age.copy,
                _ if age == *current_age => names.bytes_of(text) > names.bytes_of(*current),
                _ => age > *current_age,
            };
            if replaces {
                (*current_age, *current) = (age, text);
            }
        }
    }

    /// The two texts, as codes; [`EMPTY`] where there is none.
    #[must_use]
    pub fn texts(&self) -> [u32; 2] {
        self.texts
    }

    /// The age of the newer text.
    #[must_use]
    pub fn age(&self) -> TextAge {
        let [first, second] = self.ages;
        first.max(second)
    }
}

/// A name in sorting order: `Nuñez, Ana`. Empty if both parts are.
#[must_use]
pub fn format_person_name(first: &str, last: &str) -> String {
    match (last.is_empty(), first.is_empty()) {
        (true, _) => first.to_owned(),
        (_, true) => last.to_owned(),
        _ => format!("{last}, {first}"),
    }
}

/// Whether a name is the one that Echo360 gives to people whose accounts are deleted.
#[must_use]
pub fn is_deleted_user(first: &str, last: &str) -> bool {
    let mut words = first.split_whitespace().chain(last.split_whitespace());
    let mut is_next = |word: &str| words.next().is_some_and(|next| next.eq_ignore_ascii_case(word));
    is_next("deleted") && is_next("user") && words.next().is_none()
}

/// A person's name as it is shown: `Nuñez, Ana`. Deleted users are told apart by the beginning of their id: `Deleted User
/// 1a2b3c4d`.
#[must_use]
pub fn person_label(first: &str, last: &str, id: &str) -> String {
    if is_deleted_user(first, last) {
        let short_id: String = id.chars().take(8).collect();
        return format!("Deleted User {short_id}").trim_end().to_owned();
    }
    format_person_name(first, last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type TestRow = (u32, u32, [String; 2]);

    fn rows() -> impl Strategy<Value = Vec<TestRow>> {
        prop::collection::vec((1u32..4, 1u32..5, prop::array::uniform2("[ab]?")), 0..9)
    }

    fn texts<const IS_PERSON: bool>(rows: &[TestRow]) -> [String; 2] {
        let (mut names, mut labels) = (Dictionary::default(), Labels::<IS_PERSON>::default());
        for (copy, row, texts) in rows {
            let codes = texts.each_ref().map(|text| names.code(text.as_bytes()));
            labels.update(1, TextAge::new(*copy, *row), codes, &names);
        }
        labels.get(1).map(|text| names.text(text).into_owned())
    }

    /// The text of the newest row among those that `is_candidate` chooses.
    fn newest(rows: &[TestRow], index: usize, is_candidate: impl Fn(&TestRow) -> bool) -> String {
        let rows = rows.iter().filter(|row| is_candidate(row) && !row.2[index].is_empty());
        rows.map(|(copy, row, texts)| (*copy, *row, &texts[index]))
            .max()
            .map_or_else(String::new, |it| it.2.clone())
    }

    proptest! {
        #[test]
        fn each_text_comes_from_the_newest_row_that_has_one(rows in rows()) {
            prop_assert_eq!(texts::<false>(&rows), [0, 1].map(|index| newest(&rows, index, |_| true)));
        }

        #[test]
        fn a_person_has_the_name_of_the_newest_copy_or_none(rows in rows()) {
            let newest_copy = rows.iter().map(|row| row.0).max().unwrap_or(0);
            let expected = [0, 1].map(|index| newest(&rows, index, |row| row.0 == newest_copy));
            prop_assert_eq!(&texts::<true>(&rows), &expected);
            let reversed: Vec<TestRow> = rows.into_iter().rev().collect();
            prop_assert_eq!(texts::<true>(&reversed), expected, "in any order of arrival");
        }
    }

    #[test]
    fn unknown_codes_have_no_texts() {
        assert_eq!(Labels::<false>::default().get(7), [EMPTY; 2]);
    }

    #[test]
    fn deleted_users_are_told_apart() {
        for (first, last) in [("Deleted", "User"), ("deleted user", ""), ("", "DELETED USER")] {
            assert_eq!(person_label(first, last, "1a2b3c4d-0000"), "Deleted User 1a2b3c4d");
        }
        assert_eq!(person_label("Deleted", "Users", "1a2b3c4d-0000"), "Users, Deleted");
        assert_eq!(person_label("", "", "1a2b3c4d-0000"), "");
    }
}
