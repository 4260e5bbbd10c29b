//! The kinds of activity in a course, and their weights in an engagement score.
//!
//! Six reports say who did what and when. Their units differ (half minutes, views, answers, marks), so they are
//! never added up: a score compares people within a kind, and the weights say how much a kind counts.

use crate::wire::{Reader, Wire};

/// A kind of activity: each is recorded by one report, `KnownReport::of_activity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActivityKind {
    /// Videos watched.
    Watch,
    /// Slide decks looked at.
    Slides,
    /// Polls answered.
    Polls,
    /// Questions answered.
    Answers,
    /// Slides marked as confusing.
    Marks,
    /// Notes written.
    Notes,
}

impl ActivityKind {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Watch, Self::Slides, Self::Polls, Self::Answers, Self::Marks, Self::Notes];

    /// The word for it in a URL.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Slides => "slides",
            Self::Polls => "polls",
            Self::Answers => "answers",
            Self::Marks => "marks",
            Self::Notes => "notes",
        }
    }

    /// Its place among [`ActivityKind::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// The most that one kind can weigh.
pub const MAX_WEIGHT: u8 = 5;

/// How much each kind counts in a score, from 0 (not at all) to [`MAX_WEIGHT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights([u8; 6]);

impl Default for Weights {
    /// Watching most, since it is most of what reports know; marks of confusion as little as notes, since
    /// neither doing it nor leaving it says that somebody learns less.
    fn default() -> Self {
        Self([3, 2, 2, 1, 1, 1])
    }
}

impl Wire for Weights {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.0);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut all = [0; 6];
        for weight in &mut all {
            *weight = from.byte().filter(|weight| *weight <= MAX_WEIGHT)?;
        }
        Some(Self(all))
    }
}

impl Weights {
    /// How much a kind counts.
    #[must_use]
    pub fn get(self, kind: ActivityKind) -> u8 {
        let Self(all) = self;
        all.get(kind.index()).copied().unwrap_or(0)
    }

    /// The same with another weight of one kind, held at [`MAX_WEIGHT`].
    #[must_use]
    pub fn with(mut self, kind: ActivityKind, weight: u8) -> Self {
        if let Some(of) = self.0.get_mut(kind.index()) {
            *of = weight.min(MAX_WEIGHT);
        }
        self
    }

    /// Reads what [`Weights::to_text`] writes, in any order; what cannot be read weighs what it does at first.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.split(',').filter_map(|part| part.split_once('-')).fold(
            Self::default(),
            |weights, (slug, weight)| {
                let kind = ActivityKind::ALL.into_iter().find(|kind| kind.slug() == slug);
                let weight = weight.parse().ok().filter(|weight: &u8| *weight <= MAX_WEIGHT);
                kind.zip(weight).map_or(weights, |(kind, weight)| weights.with(kind, weight))
            },
        )
    }

    /// Those that are not as at first: `watch-5,notes-0`; `None` when all are.
    #[must_use]
    pub fn to_text(self) -> Option<String> {
        let first = Self::default();
        let others: Vec<String> = ActivityKind::ALL
            .into_iter()
            .filter(|kind| self.get(*kind) != first.get(*kind))
            .map(|kind| format!("{}-{}", kind.slug(), self.get(kind)))
            .collect();
        (!others.is_empty()).then(|| others.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn weights_come_back_from_what_is_written(all in prop::array::uniform6(0..=MAX_WEIGHT)) {
            let weights = Weights(all);
            prop_assert_eq!(weights.to_text().map_or(Weights::default(), |text| Weights::parse(&text)), weights);
        }

        #[test]
        fn whatever_is_read_weighs_no_more_than_it_can(text in "[a-z0-9,-]{0,60}") {
            let weights = Weights::parse(&text);
            prop_assert!(ActivityKind::ALL.iter().all(|kind| weights.get(*kind) <= MAX_WEIGHT));
        }
    }

    #[test]
    fn weights_format_unchanged() {
        assert_eq!(Weights::default().to_text(), None);
        let weights = Weights::parse("notes-0,watch-5,slides-9,dancing-3,polls-,answers-1");
        assert_eq!(weights.to_text().as_deref(), Some("watch-5,notes-0"));
    }

    #[test]
    fn every_kind_stands_at_its_place() {
        for (place, kind) in ActivityKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), place);
        }
    }
}
