//! Model of a bar chart: bars, sentence and table, all from the same numbers.

use domain::{wire_enum, wire_struct};

/// What is known of one bar's number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DataPoint {
    /// Not here: a gap with a word, never a zero.
    Missing,
    /// Here, and not told: a gap with a word of its own.
    Withheld,
    /// May still change: hatched.
    Provisional(f64),
    /// Final.
    Complete(f64),
}

wire_enum!(DataPoint { 0 Missing, 1 Provisional(value), 2 Complete(value), 3 Withheld });

impl DataPoint {
    /// The number, where there is one that can be drawn: finite and not below zero.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Missing | Self::Withheld => None,
            Self::Provisional(value) | Self::Complete(value) => Some(value),
        }
        .filter(|value| value.is_finite() && *value >= 0.0)
    }
}

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its name in the table, in full.
    pub name: String,
    /// Its name under the axis, short.
    pub short: String,
    /// Whether a name under the axis would best stand here (a Monday among days).
    pub is_landmark: bool,
    /// Its height.
    pub level: DataPoint,
}

wire_struct!(Bar { name, short, is_landmark, level });

/// Numbers that stand beside the bars in the table and are not drawn: one for each bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What they are.
    pub name: String,
    /// A number for each bar; none where the bar is missing.
    pub values: Vec<Option<f64>>,
}

wire_struct!(Series { name, values });

/// The words that a chart needs and cannot know.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartText {
    /// Above the names of the bars, in the table.
    pub bars: String,
    /// Above the states, in the table.
    pub state: String,
    /// A final number.
    pub complete: String,
    /// A number that may still change.
    pub provisional: String,
    /// No number.
    pub missing: String,
    /// A number that is not told.
    pub withheld: String,
}

wire_struct!(ChartText { bars, state, complete, provisional, missing, withheld });

/// Bars over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Tells its parts from those of other charts in the document: letters, digits, `-`.
    pub id: String,
    /// What is counted.
    pub title: String,
    /// In what.
    pub unit: String,
    /// What it shows, in a sentence: also what it is called to somebody who cannot see it.
    pub sentence: String,
    /// Its bars, in order.
    pub bars: Vec<Bar>,
    /// Further numbers in the table.
    pub beside: Vec<Series>,
    /// Whether the first of those stand hollow upon the bars.
    pub is_stacked: bool,
    /// What the bars are held against, one number for each: drawn as lines across them.
    pub other: Option<Series>,
    /// Its words.
    pub words: ChartText,
}

wire_struct!(Chart { id, title, unit, sentence, bars, beside, is_stacked, other, words });

/// One row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The bar's name.
    pub name: String,
    /// Its number, then those beside it; none where there is none.
    pub values: Vec<Option<f64>>,
    /// The word for its state, where rows have one.
    pub state: Option<String>,
}

/// A chart's numbers as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The names of the columns: bars, each number, state if rows have one.
    pub columns: Vec<String>,
    /// A row for each bar.
    pub rows: Vec<Row>,
}

impl Chart {
    /// The same numbers as a table.
    #[must_use]
    pub fn table(&self) -> Table {
        let other = self.other.as_ref().map(|other| format!("{}, {}", self.unit, other.name));
        let columns = [self.words.bars.clone(), self.unit.clone()]
            .into_iter()
            .chain(other)
            .chain(self.beside.iter().map(|beside| beside.name.clone()))
            .chain([self.words.state.clone()])
            .collect();
        let beside = || self.other.iter().chain(&self.beside);
        let rows = self
            .bars
            .iter()
            .enumerate()
            .map(|(place, bar)| Row {
                name: bar.name.clone(),
                values: [bar.level.value()]
                    .into_iter()
                    .chain(beside().map(|beside| beside.values.get(place).copied().flatten()))
                    .collect(),
                state: Some(match bar.level {
                    DataPoint::Missing => self.words.missing.clone(),
                    DataPoint::Withheld => self.words.withheld.clone(),
                    DataPoint::Provisional(_) => self.words.provisional.clone(),
                    DataPoint::Complete(_) => self.words.complete.clone(),
                }),
            })
            .collect();
        Table { columns, rows }
    }

    /// How high a bar reaches with what stands upon it; none without either.
    #[must_use]
    pub fn reach(&self, place: usize) -> Option<f64> {
        let value = self.bars.get(place)?.level.value()?;
        let beside = self.beside.first().filter(|_| self.is_stacked);
        let upon = beside.and_then(|beside| beside.values.get(place).copied().flatten());
        Some(value + upon.filter(|upon| upon.is_finite() && *upon >= 0.0).unwrap_or(0.0))
    }

    /// What a bar is held against, where that can be drawn.
    #[must_use]
    pub fn other(&self, place: usize) -> Option<f64> {
        let value = self.other.as_ref()?.values.get(place).copied().flatten()?;
        Some(value).filter(|value| value.is_finite() && *value >= 0.0)
    }

    /// Whether no number that is drawn has a part: a chart of counts, and one of nothing at all.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let drawn = |place: usize| self.reach(place).into_iter().chain(self.other(place));
        (0..self.bars.len()).flat_map(drawn).all(|number| number.fract() == 0.0)
    }

    /// The largest number that is drawn; 0 without any.
    #[must_use]
    pub fn largest(&self) -> f64 {
        let drawn = |place: usize| self.reach(place).into_iter().chain(self.other(place));
        (0..self.bars.len()).flat_map(drawn).fold(0.0, f64::max)
    }

    /// Runs of bars without a number for one reason: the first and the one after the last of each, and the word for it.
    #[must_use]
    pub fn gaps(&self) -> Vec<(usize, usize, &str)> {
        let mut gaps: Vec<(usize, usize, &str)> = Vec::new();
        for (place, bar) in self.bars.iter().enumerate() {
            let word = match bar.level {
                DataPoint::Missing => self.words.missing.as_str(),
                DataPoint::Withheld => self.words.withheld.as_str(),
                DataPoint::Provisional(_) | DataPoint::Complete(_) => continue,
            };
            match gaps.last_mut() {
                Some((_, end, said)) if *end == place && *said == word => *end += 1,
                _ => gaps.push((place, place + 1, word)),
            }
        }
        gaps
    }
}
