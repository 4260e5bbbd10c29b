//! Labels: the name of an id, as its newest row gives it, stored once.

use crate::dictionary::{Dictionary, EMPTY};

/// The two texts that a row says of an id: a video's name and length, a person's first and last name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Label {
    /// Of the newest rows that say each of them: a row that says one alone is no news of the other.
    times: [u32; 2],
    texts: [u32; 2],
}

/// The labels of one dictionary's codes.
#[derive(Debug, Clone, Default)]
pub struct Labels(Vec<Label>);

impl Labels {
    /// Takes in what a row of `time` says of `code`, as codes of `names`: the newest row that says anything wins,
    /// and of two rows of one second the greater text, so that the order of arrival decides nothing.
    #[inline]
    pub fn update(&mut self, code: u32, time: u32, said: [u32; 2], names: &Dictionary) {
        let Some(label) = self.label(code) else { return };
        if label.texts == said {
            label.times = label.times.map(|known| known.max(time));
        } else {
            label.update([time; 2], said, names);
        }
    }

    /// Takes in what other rows came to: two texts, each of its own time.
    #[inline(never)]
    pub(crate) fn merge(&mut self, code: u32, times: [u32; 2], said: [u32; 2], names: &Dictionary) {
        if let Some(label) = self.label(code) {
            label.update(times, said, names);
        }
    }

    /// The times and the texts of each code.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ([u32; 2], [u32; 2])> {
        self.0.iter().map(|label| (label.times, label.texts))
    }

    #[inline]
    fn label(&mut self, code: u32) -> Option<&mut Label> {
        let place = code as usize;
        if place >= self.0.len() {
            self.0.resize(place + 1, Label::default());
        }
        if code == EMPTY { None } else { self.0.get_mut(place) }
    }

    /// The codes of what `code` is called; empty texts where no row said anything.
    #[must_use]
    pub fn get(&self, code: u32) -> [u32; 2] {
        self.0.get(code as usize).map_or([EMPTY; 2], |label| label.texts)
    }
}

impl Label {
    /// Takes in two texts with the times of the rows that say them.
    #[inline(never)]
    fn update(&mut self, times: [u32; 2], said: [u32; 2], names: &Dictionary) {
        let known = self.times.iter_mut().zip(&mut self.texts);
        for ((known_time, known), (time, text)) in known.zip(times.into_iter().zip(said)) {
            if text == EMPTY {
                continue;
            }
            let is_greater = || names.bytes_of(text) > names.bytes_of(*known);
            let is_newer = time > *known_time || time == *known_time && is_greater();
            if *known == EMPTY || is_newer {
                (*known_time, *known) = (time, text);
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
        fn the_newest_row_that_says_a_text_gives_it(
            rows in prop::collection::vec((1u32..5, prop::array::uniform2("[ab]?")), 0..9),
        ) {
            let (mut names, mut labels) = (Dictionary::default(), Labels::default());
            for (time, texts) in &rows {
                let said = texts.each_ref().map(|text| names.code(text.as_bytes()));
                labels.update(1, *time, said, &names);
            }
            for place in 0..2 {
                let said = rows.iter().map(|(time, texts)| (*time, &texts[place]));
                let newest = said.filter(|(_, text)| !text.is_empty()).max().map_or("", |(_, text)| text);
                prop_assert_eq!(names.text(labels.get(1)[place]), newest);
            }
        }
    }

    #[test]
    fn the_newest_name_wins_whatever_the_order_of_arrival() {
        let rows: [(u32, &[u8]); 4] = [(5, b"Old"), (9, b"New"), (9, b"Neu"), (9, b"")];
        for turned in 0..rows.len() {
            let mut names = Dictionary::default();
            let mut labels = Labels::default();
            let mut rows = rows;
            rows.rotate_left(turned);
            for (time, name) in rows {
                let said = [names.code(name), names.code(b"x")];
                labels.update(1, time, said, &names);
            }
            assert_eq!(names.text(labels.get(1)[0]), "New");
            assert_eq!(names.text(labels.get(1)[1]), "x");
        }
        assert_eq!(Labels::default().get(7), [EMPTY; 2]);
    }
}
