//! Small charts under each other on one axis of time: what was done of each kind, the same day at the same place.
//!
//! Each has a scale of its own from zero, since their units differ; how far it reaches is written beside it. What
//! a place of the axis says in all of them is one text, made beforehand: one read-out for all.

use crate::ink::Ink;
use crate::layout::{Size, named};
use crate::model::{Level, Row, Table};
use crate::scale::{Bands, Linear};
use crate::svg::{Drawn, block, failed, finished, written};
use domain::wire_struct;
use plotters::prelude::{IntoDrawingArea, PathElement, SVGBackend};
use plotters::style::ShapeStyle;
use plotters::style::text_anchor::{HPos, VPos};

/// The least width at which names stand beside their bars, not over them.
const WIDE: i32 = 620;
/// Pixels left of the bars for names.
const BESIDE: i32 = 164;
/// Pixels right of the bars for numbers.
const NUMBERS: i32 = 132;
/// Pixels down of the bars of one chart.
const BARS: i32 = 44;
/// Pixels between two charts.
const SPACE: i32 = 14;
/// Pixels over the bars for a name, where it stands over them.
const OVER: i32 = 22;
/// Pixels under the last chart for the names of days.
const NAMES: i32 = 28;
/// Where, under the line at zero, the mark of places that may still change begins and ends: a place of nothing has no
/// bar that could be hatched.
const MARK: (i32, i32) = (3, 7);
/// Pixels that a character of a word in a gap takes at most.
const CHARACTER: i32 = 8;

/// One place of the axis: a day or a week.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its name in full.
    pub name: String,
    /// Its name under the axis.
    pub short: String,
    /// Whether a name under the axis would best stand here.
    pub is_landmark: bool,
    /// What every chart says of it.
    pub told: String,
}

wire_struct!(Place { name, short, is_landmark, told });

/// One small chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Strip {
    /// What is counted, with its unit.
    pub name: String,
    /// A number for each place.
    pub levels: Vec<Level>,
    /// What it is compared with, for each place; empty where it is compared with nothing.
    pub others: Vec<Option<f64>>,
    /// All of it, as it is written.
    pub total: String,
    /// How far its scale reaches, as it is written; may be empty.
    pub most: String,
}

wire_struct!(Strip { name, levels, others, total, most });

/// Small charts on one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Strips {
    /// Tells its parts from those of other charts in the document: letters, digits, `-`.
    pub id: String,
    /// What is shown.
    pub title: String,
    /// What it shows, in a sentence.
    pub sentence: String,
    /// The axis.
    pub places: Vec<Place>,
    /// The charts, from the top.
    pub strips: Vec<Strip>,
    /// What the marks of a comparison are, if there are any.
    pub other: Option<String>,
    /// Above the names of places, in the table.
    pub head: String,
    /// Above the states, in the table.
    pub state: String,
    /// A final number.
    pub complete: String,
    /// A number that may still change.
    pub provisional: String,
    /// No number.
    pub missing: String,
}

wire_struct!(Strips {
    id,
    title,
    sentence,
    places,
    strips,
    other,
    head,
    state,
    complete,
    provisional,
    missing
});

/// Where everything stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// The places of the axis.
    pub bands: Bands,
    /// The pixel under the last chart.
    pub bottom: i32,
    is_wide: bool,
    right: i32,
}

impl Lines {
    /// Top and foot of the bars of one chart.
    fn bars(&self, line: usize) -> (i32, i32) {
        let line = i32::try_from(line).unwrap_or(0);
        let over = if self.is_wide { 0 } else { OVER };
        let top = line * (BARS + SPACE + over) + over;
        (top, top + BARS)
    }
}

impl Strips {
    /// The whole drawing's height at a width.
    #[must_use]
    pub fn height(&self, width: u32) -> u32 {
        let lines = self.lines(width);
        u32::try_from(lines.bottom + NAMES).unwrap_or(0)
    }

    /// Where everything stands at a width.
    #[must_use]
    pub fn lines(&self, width: u32) -> Lines {
        let width = i32::try_from(width).unwrap_or(i32::MAX / 2);
        let is_wide = width >= WIDE;
        let (left, right) = if is_wide { (BESIDE, width - NUMBERS) } else { (0, width) };
        let mut lines =
            Lines { bands: Bands::new(self.places.len(), left, right), bottom: 0, is_wide, right: width };
        lines.bottom = lines.bars(self.strips.len().saturating_sub(1)).1;
        lines
    }

    /// The same numbers as a table.
    #[must_use]
    pub fn table(&self) -> Table {
        let names = self.strips.iter().map(|strip| strip.name.clone());
        let compared = || self.strips.iter().filter(|strip| !strip.others.is_empty());
        let other = self.other.clone().unwrap_or_default();
        let others = compared().map(|strip| format!("{}, {other}", strip.name));
        let columns =
            [self.head.clone()].into_iter().chain(names).chain(others).chain([self.state.clone()]).collect();
        let row = |(place, of): (usize, &Place)| {
            let values = self.strips.iter().map(|strip| level_of(strip, place).value());
            let others = compared().map(|strip| strip.others.get(place).copied().flatten());
            Row {
                name: of.name.clone(),
                values: values.chain(others).collect(),
                state: Some(self.state_of(place)),
            }
        };
        Table { columns, rows: self.places.iter().enumerate().map(row).collect() }
    }

    /// How a place stands in all charts, in words: which are not here, where only some are not.
    fn state_of(&self, place: usize) -> String {
        let is = |wanted: fn(&Level) -> bool| {
            let of = self.strips.iter().filter(move |strip| strip.levels.get(place).is_none_or(wanted));
            of.map(|strip| strip.name.as_str()).collect::<Vec<_>>()
        };
        let missing = is(|level| *level == Level::Missing);
        let provisional = is(|level| matches!(level, Level::Missing | Level::Provisional(_)));
        match (missing.len(), provisional.len()) {
            (0, 0) => self.complete.clone(),
            (0, _) => self.provisional.clone(),
            (n, _) if n == self.strips.len() => self.missing.clone(),
            _ => format!("{}: {}", self.missing, missing.join(", ")),
        }
    }

    /// Draws them at a width. Whatever they are, the result is one `<svg>` element without `style` attributes.
    #[must_use]
    pub fn draw(&self, width: u32) -> String {
        let mut drawing = String::new();
        // Writing to a string cannot fail; were it ever to, what was drawn until then is shown.
        let _ = self.marks(&mut drawing, Size { width, height: self.height(width) });
        finished(&drawing, &self.id, &format!("{}. {}", self.title, self.sentence))
    }

    fn marks(&self, into: &mut String, size: Size) -> Drawn {
        let area = SVGBackend::with_string(into, (size.width, size.height)).into_drawing_area();
        let lines = self.lines(size.width);
        let text = |ink: Ink, horizontal, vertical| written(&area, ink, horizontal, vertical);
        let across = |left: i32, right: i32, y: i32, ink: Ink| {
            area.draw(&PathElement::new(vec![(left, y), (right, y)], ShapeStyle::from(&ink.sentinel())))
                .map_err(failed)
        };
        let (left, right) =
            (lines.bands.edges(0).0, lines.bands.edges(self.places.len().saturating_sub(1)).1);
        for (line, strip) in self.strips.iter().enumerate() {
            let (top, foot) = lines.bars(line);
            let mut words = vec![(&strip.name, Ink::Name, HPos::Left, 0)];
            let most = if strip.most.is_empty() {
                String::new()
            } else {
                format!("{} · {}", strip.total, strip.most)
            };
            if lines.is_wide {
                words.push((&strip.total, Ink::Name, HPos::Right, lines.right));
                let y = top + BARS / 2;
                for (word, ink, horizontal, x) in words {
                    area.draw_text(word, &text(ink, horizontal, VPos::Center), (x, y - 8)).map_err(failed)?;
                }
                area.draw_text(
                    &strip.most,
                    &text(Ink::Label, HPos::Right, VPos::Center),
                    (lines.right, y + 10),
                )
                .map_err(failed)?;
            } else {
                let most = if most.is_empty() { &strip.total } else { &most };
                words.push((most, Ink::Label, HPos::Right, lines.right));
                for (word, ink, horizontal, x) in words {
                    area.draw_text(word, &text(ink, horizontal, VPos::Top), (x, top - OVER + 2))
                        .map_err(failed)?;
                }
            }
            self.bars(
                strip,
                &lines,
                (top, foot),
                &|ink, from, to| block(&area, ink, from, to),
                &|from, to| {
                    let needed = i32::try_from(self.missing.chars().count()).unwrap_or(i32::MAX / CHARACTER)
                        * CHARACTER;
                    let middle = (from + (to - from) / 2, top + BARS / 2);
                    if to - from < needed {
                        return Ok(());
                    }
                    area.draw_text(&self.missing, &text(Ink::Word, HPos::Center, VPos::Center), middle)
                        .map_err(failed)
                },
                &|from, to, y| across(from, to, y, Ink::Other),
            )?;
            across(left, right, foot, Ink::Baseline)?;
        }
        let names: Vec<(&str, bool)> =
            self.places.iter().map(|place| (place.short.as_str(), place.is_landmark)).collect();
        for place in named(&names, lines.bands, right) {
            let short = self.places.get(place).map_or("", |place| place.short.as_str());
            let at = (lines.bands.edges(place).0, lines.bottom + 8);
            area.draw_text(short, &text(Ink::Label, HPos::Left, VPos::Top), at).map_err(failed)?;
        }
        area.present().map_err(failed)
    }

    /// Runs of places: the first and the last of each.
    fn runs(&self, is_in: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for place in (0..self.places.len()).filter(|place| is_in(*place)) {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == place => *last = place,
                _ => runs.push((place, place)),
            }
        }
        runs
    }

    /// The bars, gaps and marks of one chart.
    fn bars(
        &self,
        strip: &Strip,
        lines: &Lines,
        (top, foot): (i32, i32),
        block: &dyn Fn(Ink, (i32, i32), (i32, i32)) -> Drawn,
        word: &dyn Fn(i32, i32) -> Drawn,
        mark: &dyn Fn(i32, i32, i32) -> Drawn,
    ) -> Drawn {
        let numbers = strip.levels.iter().filter_map(|level| level.value());
        let largest = numbers.chain(strip.others.iter().flatten().copied()).fold(0.0, f64::max);
        let scale = Linear::new(largest, foot, top);
        let edges = |place: usize| lines.bands.edges(place);
        for (first, last) in self.runs(|place| level_of(strip, place) == Level::Missing) {
            let (from, to) = (edges(first).0, edges(last).1);
            block(Ink::Gap, (from, top), (to, foot))?;
            word(from, to)?;
        }
        for (first, last) in self.runs(|place| matches!(level_of(strip, place), Level::Provisional(_))) {
            block(Ink::Provisional, (edges(first).0, foot + MARK.0), (edges(last).1, foot + MARK.1))?;
        }
        for place in 0..self.places.len() {
            let (level, (from, to)) = (level_of(strip, place), edges(place));
            let ink = if matches!(level, Level::Provisional(_)) { Ink::Provisional } else { Ink::Complete };
            let (left, right) = lines.bands.bar(place);
            if let Some(value) = level.value().filter(|value| *value > 0.0 && right > left) {
                // What is more than nothing shows, if only as a pixel.
                block(ink, (left, scale.pixel(value).min(foot - 1)), (right, foot))?;
            }
            if let Some(other) = strip.others.get(place).copied().flatten().filter(|other| *other > 0.0) {
                mark(from, to, scale.pixel(other))?;
            }
        }
        Ok(())
    }
}

fn level_of(strip: &Strip, place: usize) -> Level {
    strip.levels.get(place).copied().unwrap_or(Level::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn level() -> impl Strategy<Value = Level> {
        prop_oneof![
            Just(Level::Missing),
            (0.0f64..1e6).prop_map(Level::Provisional),
            prop_oneof![Just(0.0), 0.0f64..1e6].prop_map(Level::Complete),
        ]
    }

    fn strips(levels: Vec<Vec<Level>>, others: bool) -> Strips {
        let places = levels.iter().map(Vec::len).max().unwrap_or(0);
        let strip = |levels: Vec<Level>| Strip {
            name: "Minutes <watched>".into(),
            others: if others { levels.iter().map(|level| level.value()).collect() } else { Vec::new() },
            levels,
            total: "12".into(),
            most: "most 3 a day".into(),
        };
        Strips {
            id: "activity".into(),
            title: "Activity".into(),
            sentence: "Some & more.".into(),
            places: (0..places)
                .map(|n| Place {
                    name: format!("Day {n}"),
                    short: n.to_string(),
                    is_landmark: n % 7 == 0,
                    told: String::new(),
                })
                .collect(),
            strips: levels.into_iter().map(strip).collect(),
            other: others.then(|| "before".into()),
            head: "Day".into(),
            state: "State".into(),
            complete: "Final".into(),
            provisional: "Not final yet".into(),
            missing: "Not here yet".into(),
        }
    }

    proptest! {
        #[test]
        fn every_number_above_zero_is_a_bar_every_run_of_none_a_gap_and_all_are_in_the_table(
            levels in prop::collection::vec(prop::collection::vec(level(), 30..=30), 1..7),
            width in prop_oneof![Just(320u32), Just(1000)],
            others in any::<bool>(),
        ) {
            let strips = strips(levels.clone(), others);
            let drawn = strips.draw(width);
            let all = || levels.iter().flatten();
            let bars = all().filter(|level| level.value().is_some_and(|value| value > 0.0)).count();
            let runs = |is_in: fn(&Level) -> bool| -> usize {
                let of = |levels: &Vec<Level>| (0..levels.len()).filter(|n| is_in(&levels[*n]) && (*n == 0 || !is_in(&levels[n - 1]))).count();
                levels.iter().map(of).sum()
            };
            let marks = runs(|level| matches!(level, Level::Provisional(_)));
            prop_assert_eq!(drawn.matches("class=\"bar").count(), bars + marks);
            let hatched = all().filter(|l| matches!(l, Level::Provisional(value) if *value > 0.0)).count();
            prop_assert_eq!(drawn.matches("class=\"bar provisional\"").count(), hatched + marks);
            prop_assert_eq!(drawn.matches("class=\"gap\"").count(), runs(|level| *level == Level::Missing));
            prop_assert_eq!(drawn.matches("class=\"other\"").count(), if others { bars } else { 0 });
            let table = strips.table();
            for (n, row) in table.rows.iter().enumerate() {
                prop_assert_eq!(row.values.len() + 2, table.columns.len());
                for (strip, value) in levels.iter().zip(&row.values) {
                    prop_assert_eq!(*value, strip[n].value());
                }
            }
        }

        #[test]
        fn the_same_day_stands_at_the_same_place_in_all_and_is_found_there(
            count in 1usize..60, width in 200u32..1600, at in 0usize..60,
        ) {
            let strips = strips(vec![vec![Level::Complete(1.0); count]; 6], false);
            let lines = strips.lines(width);
            let (from, to) = lines.bands.edges(at % count);
            for pixel in from..to {
                prop_assert_eq!(lines.bands.at(pixel), Some(at % count));
            }
            prop_assert!(lines.bottom < i32::try_from(strips.height(width)).unwrap());
        }

        #[test]
        fn everything_can_be_drawn(
            levels in prop::collection::vec(prop::collection::vec(any::<f64>().prop_map(Level::Complete), 0..9), 0..4),
            width in 0u32..700,
        ) {
            let drawn = strips(levels, true).draw(width);
            prop_assert!(drawn.trim_end().ends_with("</svg>") && !drawn.contains("style="));
        }
    }

    #[test]
    fn a_day_says_which_charts_lack_it() {
        let level = |value| vec![Level::Complete(value)];
        let state = |levels: Vec<Vec<Level>>| strips(levels, false).table().rows[0].state.clone().unwrap();
        assert_eq!(state(vec![level(1.0), level(0.0)]), "Final");
        assert_eq!(state(vec![level(1.0), vec![Level::Provisional(0.0)]]), "Not final yet");
        assert_eq!(state(vec![vec![Level::Missing], level(1.0)]), "Not here yet: Minutes <watched>");
        assert_eq!(state(vec![vec![Level::Missing], vec![Level::Missing]]), "Not here yet");
    }
}
