//! Model of a vertical bar chart: bars, sentence and table, all from the same numbers.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A number and its state.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum DataPoint {
    /// Not loaded: drawn as a gap with a word, never as zero.
    Missing,
    /// Suppressed by disclosure control: drawn as a gap with its own word.
    Withheld,
    /// May still change: drawn hatched.
    Provisional(f64),
    /// Final.
    Complete(f64),
}

impl DataPoint {
    /// The number, if it can be drawn: finite and not negative.
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Its full name, for the table.
    pub name: String,
    /// Its short name below the axis.
    pub short: String,
    /// Whether its name is preferred below the axis (a Monday among days).
    pub is_landmark: bool,
    /// Its number.
    pub level: DataPoint,
}

/// Further numbers, one for each bar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// A number for each bar; `None` where the bar is missing.
    pub values: Vec<Option<f64>>,
}

/// The words of a chart, which the caller supplies in the page's language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChartText {
    /// Table heading of the column of bar names.
    pub bars: String,
    /// Table heading of the column of states.
    pub state: String,
    /// Word for [`DataPoint::Complete`].
    pub complete: String,
    /// Word for [`DataPoint::Provisional`].
    pub provisional: String,
    /// Word for [`DataPoint::Missing`].
    pub missing: String,
    /// Word for [`DataPoint::Withheld`].
    pub withheld: String,
    /// Word for a bar in a break.
    pub on_break: String,
}

/// A bar chart over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// Prefix of element ids, unique in the document: letters, digits, `-`.
    pub id: String,
    /// What is counted.
    pub title: String,
    /// The unit of the bars.
    pub unit: String,
    /// The main finding, in a sentence. Also part of the accessible name.
    pub sentence: String,
    /// The bars, left to right.
    pub bars: Vec<Bar>,
    /// The indices of the bars in breaks: days without classes.
    pub breaks: BTreeSet<usize>,
    /// Further numbers for the table; not drawn, except as `is_stacked` says.
    pub beside: Vec<Series>,
    /// Whether the first series of `beside` is drawn as hollow bars on top of the bars.
    pub is_stacked: bool,
    /// The comparison, drawn as a line across each bar.
    pub other: Option<Series>,
    /// Words for states and table headings.
    pub words: ChartText,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name: the first column.
    pub name: String,
    /// Its numbers, one for each column between name and state; `None` is an empty cell.
    pub values: Vec<Option<f64>>,
    /// The word for its state, if rows have one: the last column.
    pub state: Option<String>,
}

/// A chart's numbers as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Column headings: names, each number, and the state if rows have one.
    pub columns: Vec<String>,
    /// The rows, in the order of the chart.
    pub rows: Vec<Row>,
}

impl Chart {
    /// The numbers as a table: a row for each bar with its number, the comparison, and the further series.
    #[must_use]
    pub fn table(&self) -> Table {
        let other = self.other.as_ref().map(|other| format!("{}, {}", self.unit, other.name));
        let columns = [self.words.bars.clone(), self.unit.clone()]
            .into_iter()
            .chain(other)
            .chain(self.beside.iter().map(|series| series.name.clone()))
            .chain([self.words.state.clone()])
            .collect();
        let further_series = || self.other.iter().chain(&self.beside);
        let rows = self
            .bars
            .iter()
            .enumerate()
            .map(|(index, bar)| Row {
                name: bar.name.clone(),
                values: [bar.level.value()]
                    .into_iter()
                    .chain(further_series().map(|series| series.values.get(index).copied().flatten()))
                    .collect(),
                state: Some(self.describe_state(index, bar.level)),
            })
            .collect();
        Table { columns, rows }
    }

    /// The state of a bar in words: `Final`, or `Final, break`.
    fn describe_state(&self, index: usize, level: DataPoint) -> String {
        let state = match level {
            DataPoint::Missing => &self.words.missing,
            DataPoint::Withheld => &self.words.withheld,
            DataPoint::Provisional(_) => &self.words.provisional,
            DataPoint::Complete(_) => &self.words.complete,
        };
        add_break(state.clone(), self.breaks.contains(&index).then_some(&self.words.on_break))
    }

    /// The height of a bar including the bar stacked on it; `None` if the bar has no number.
    #[must_use]
    pub fn reach(&self, index: usize) -> Option<f64> {
        let value = self.bars.get(index)?.level.value()?;
        let stacked_series = self.beside.first().filter(|_| self.is_stacked);
        let stacked = stacked_series.and_then(|series| series.values.get(index).copied().flatten());
        Some(value + stacked.filter(|stacked| stacked.is_finite() && *stacked >= 0.0).unwrap_or(0.0))
    }

    /// The comparison of a bar, if it can be drawn: finite and not negative.
    #[must_use]
    pub fn other(&self, index: usize) -> Option<f64> {
        let value = self.other.as_ref()?.values.get(index).copied().flatten()?;
        Some(value).filter(|value| value.is_finite() && *value >= 0.0)
    }

    /// Whether all drawn numbers are whole, as in a chart of counts; also if there are none.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let drawn = |index: usize| self.reach(index).into_iter().chain(self.other(index));
        (0..self.bars.len()).flat_map(drawn).all(|number| number.fract() == 0.0)
    }

    /// The largest drawn number; 0 if there are none.
    #[must_use]
    pub fn largest(&self) -> f64 {
        let drawn = |index: usize| self.reach(index).into_iter().chain(self.other(index));
        (0..self.bars.len()).flat_map(drawn).fold(0.0, f64::max)
    }

    /// Runs of bars without a number for the same reason: index of the first bar, index after the last, and
    /// the word.
    #[must_use]
    pub fn gaps(&self) -> Vec<(usize, usize, &str)> {
        let mut gaps: Vec<(usize, usize, &str)> = Vec::new();
        for (index, bar) in self.bars.iter().enumerate() {
            let word = match bar.level {
                DataPoint::Missing => self.words.missing.as_str(),
                DataPoint::Withheld => self.words.withheld.as_str(),
                DataPoint::Provisional(_) | DataPoint::Complete(_) => continue,
            };
            match gaps.last_mut() {
                Some((_, end, last_word)) if *end == index && *last_word == word => *end += 1,
                _ => gaps.push((index, index + 1, word)),
            }
        }
        gaps
    }
}

/// Adds the word for a break, if there is one, to the state of a bar or step.
pub(crate) fn add_break(state: String, word: Option<&String>) -> String {
    match word {
        Some(word) => format!("{state}, {}", word.to_lowercase()),
        None => state,
    }
}

/// The runs of consecutive numbers in `indices`: the first and the last of each run.
pub(crate) fn find_runs(indices: impl IntoIterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for index in indices {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => runs.push((index, index)),
        }
    }
    runs
}
