//! What an id is called, as its newest row says: each name is kept once, however many rows repeat it.

use crate::dictionary::{Dictionary, EMPTY};

/// The two texts that a row says of an id: a video's name and length, a person's first and last name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Label {
    time: u32,
    texts: [u32; 2],
}

/// The labels of one dictionary's codes.
#[derive(Debug, Clone, Default)]
pub struct Labels(Vec<Label>);

impl Labels {
    /// Takes in what a row of `time` says of `code`, as codes of `names`: the newest row that says anything wins,
    /// and of two rows of one second the greater text, so that the order of arrival decides nothing.
    #[inline]
    pub fn note(&mut self, code: u32, time: u32, said: [u32; 2], names: &Dictionary) {
        if code == EMPTY {
            return;
        }
        let place = code as usize;
        if place >= self.0.len() {
            self.0.resize(place + 1, Label::default());
        }
        let Some(label) = self.0.get_mut(place).filter(|label| time >= label.time) else { return };
        if label.texts != said {
            for (known, text) in label.texts.iter_mut().zip(said) {
                let is_greater = || names.bytes_of(text) > names.bytes_of(*known);
                if *known != text && text != EMPTY && (time > label.time || is_greater()) {
                    *known = text;
                }
            }
        }
        label.time = time;
    }

    /// The codes of what `code` is called; empty texts where no row said anything.
    #[must_use]
    pub fn of(&self, code: u32) -> [u32; 2] {
        self.0.get(code as usize).map_or([EMPTY; 2], |label| label.texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                labels.note(1, time, said, &names);
            }
            assert_eq!(names.text(labels.of(1)[0]), "New");
            assert_eq!(names.text(labels.of(1)[1]), "x");
        }
        assert_eq!(Labels::default().of(7), [EMPTY; 2]);
    }
}
