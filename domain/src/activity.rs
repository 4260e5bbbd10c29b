//! The kinds of activity in a course, and their weights in an engagement score.
//!
//! Six reports record who did what and when. Their units differ (half minutes, views, answers, marks), so
//! they are never added up: a score ranks people within each kind, and the weights say how much each kind
//! counts.

use serde::{Deserialize, Serialize};

/// A kind of activity. `KnownReport::of_activity` is the report that records it.
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
    /// Every kind, in display order.
    pub const ALL: [Self; 6] =
        [Self::Watch, Self::Slides, Self::Polls, Self::Answers, Self::Marks, Self::Notes];

    /// The kind's name in a URL.
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

    /// The kind's index in [`ActivityKind::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// The largest weight of a kind.
pub const MAX_WEIGHT: u8 = 5;

/// How much each kind counts in a score, from 0 (ignored) to [`MAX_WEIGHT`]. Indexed by
/// [`ActivityKind::index`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "[u8; 6]")]
pub struct Weights([u8; 6]);

impl Default for Weights {
    /// Watching counts most, since it makes up most of the data. Confusion marks count as little as notes,
    /// since neither their presence nor their absence says that somebody learns less.
    fn default() -> Self {
        Self([3, 2, 2, 1, 1, 1])
    }
}

impl TryFrom<[u8; 6]> for Weights {
    type Error = &'static str;
    fn try_from(all: [u8; 6]) -> Result<Self, Self::Error> {
        if all.iter().all(|weight| *weight <= MAX_WEIGHT) {
            Ok(Self(all))
        } else {
            Err("a weight is too large")
        }
    }
}

impl Weights {
    /// The weight of a kind.
    #[must_use]
    pub fn get(self, kind: ActivityKind) -> u8 {
        let Self(all) = self;
        all.get(kind.index()).copied().unwrap_or(0)
    }

    /// Sets the weight of one kind, at most [`MAX_WEIGHT`].
    #[must_use]
    pub fn with(mut self, kind: ActivityKind, weight: u8) -> Self {
        if let Some(current) = self.0.get_mut(kind.index()) {
            *current = weight.min(MAX_WEIGHT);
        }
        self
    }

    /// Parses what [`Weights::to_text`] writes, in any order. A kind that is missing or invalid has its
    /// default weight.
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

    /// The weights that differ from the defaults, such as `watch-5,notes-0`; `None` when none does.
    #[must_use]
    pub fn to_text(self) -> Option<String> {
        let default = Self::default();
        let changed: Vec<String> = ActivityKind::ALL
            .into_iter()
            .filter(|kind| self.get(*kind) != default.get(*kind))
            .map(|kind| format!("{}-{}", kind.slug(), self.get(kind)))
            .collect();
        (!changed.is_empty()).then(|| changed.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn weights_survive_formatting_and_parsing(all in prop::array::uniform6(0..=MAX_WEIGHT)) {
            let weights = Weights(all);
            prop_assert_eq!(weights.to_text().map_or(Weights::default(), |text| Weights::parse(&text)), weights);
        }

        #[test]
        fn no_parsed_weight_exceeds_the_maximum(text in "[a-z0-9,-]{0,60}") {
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
    fn weights_above_the_maximum_are_not_deserialized() {
        let weights = |json| serde_json::from_value::<Weights>(json).map_err(|error| error.to_string());
        assert_eq!(weights(serde_json::json!([3, 2, 2, 1, 1, 1])), Ok(Weights::default()));
        assert_eq!(weights(serde_json::json!([3, 2, 2, 1, 1, 6])), Err("a weight is too large".to_owned()));
    }

    #[test]
    fn the_index_of_a_kind_is_its_position_in_all() {
        for (index, kind) in ActivityKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), index);
        }
    }
}
