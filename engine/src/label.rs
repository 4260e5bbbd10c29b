//! Labels: the names of an id, from its newest row, stored once per id instead of once per row.

use crate::dictionary::{Dictionary, EMPTY};

/// The two texts of an id, for example a video's name and length, or a person's first and last name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Label {
    /// For each text, the time of the newest row that has it: a row may have only one of the two.
    times: [u32; 2],
    /// Codes of the two texts.
    texts: [u32; 2],
}

/// The labels of a dictionary's texts, indexed by code.
#[derive(Debug, Clone, Default)]
pub struct Labels(Vec<Label>);

impl Labels {
    /// Updates the label of `code` from a row at `time`, with `texts` as codes of `names`. For each text, the
    /// newest row that has one wins; of two rows in the same second, the greater text, so that the order of
    /// arrival does not matter.
    #[inline]
    pub fn update(&mut self, code: u32, time: u32, texts: [u32; 2], names: &Dictionary) {
        let Some(label) = self.entry(code) else { return };
        if label.texts == texts {
            label.times = label.times.map(|newest| newest.max(time));
        } else {
            label.update(time, texts, names);
        }
    }

    /// The label of `code`, inserted if missing; `None` for the empty text.
    #[inline]
    fn entry(&mut self, code: u32) -> Option<&mut Label> {
        let index = code as usize;
        if index >= self.0.len() {
            self.0.resize(index + 1, Label::default());
        }
        if code == EMPTY { None } else { self.0.get_mut(index) }
    }

    /// The texts of `code`, as codes; [`EMPTY`] where no row had one.
    #[must_use]
    pub fn get(&self, code: u32) -> [u32; 2] {
        self.0.get(code as usize).map_or([EMPTY; 2], |label| label.texts)
    }
}

impl Label {
    /// Replaces each text whose row is older.
    #[inline(never)]
    fn update(&mut self, time: u32, texts: [u32; 2], names: &Dictionary) {
        let current = self.times.iter_mut().zip(&mut self.texts);
        for ((current_time, current), text) in current.zip(texts) {
            if text == EMPTY {
                continue;
            }
            let is_greater = || names.bytes_of(text) > names.bytes_of(*current);
            let is_newer = time > *current_time || time == *current_time && is_greater();
            if *current == EMPTY || is_newer {
                (*current_time, *current) = (time, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_text_comes_from_the_newest_row_that_has_one(
            rows in prop::collection::vec((1u32..5, prop::array::uniform2("[ab]?")), 0..9),
        ) {
            let (mut names, mut labels) = (Dictionary::default(), Labels::default());
            for (time, texts) in &rows {
                let codes = texts.each_ref().map(|text| names.code(text.as_bytes()));
                labels.update(1, *time, codes, &names);
            }
            for index in 0..2 {
                let texts = rows.iter().map(|(time, texts)| (*time, &texts[index]));
                let newest = texts.filter(|(_, text)| !text.is_empty()).max().map_or("", |(_, text)| text);
                prop_assert_eq!(names.text(labels.get(1)[index]), newest);
            }
        }
    }

    #[test]
    fn the_newest_name_wins_in_any_order_of_arrival() {
        let rows: [(u32, &[u8]); 4] = [(5, b"Old"), (9, b"New"), (9, b"Neu"), (9, b"")];
        for rotation in 0..rows.len() {
            let mut names = Dictionary::default();
            let mut labels = Labels::default();
            let mut rows = rows;
            rows.rotate_left(rotation);
            for (time, name) in rows {
                let texts = [names.code(name), names.code(b"x")];
                labels.update(1, time, texts, &names);
            }
            assert_eq!(names.text(labels.get(1)[0]), "New");
            assert_eq!(names.text(labels.get(1)[1]), "x");
        }
        assert_eq!(Labels::default().get(7), [EMPTY; 2]);
    }
}
