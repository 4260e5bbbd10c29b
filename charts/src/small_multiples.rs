//! Small multiples: small charts below each other on one shared time axis, one per kind of activity.
//!
//! Each has a scale of its own from zero, since their units differ; how far it reaches is written beside it. What
//! a place of the axis says in all of them is one text, made beforehand: one read-out for all.

use crate::layout::{Size, pick_labels};
use crate::model::{DataPoint, Row, Table};
use crate::palette::PaletteColor;
use crate::scale::{Bands, Linear};
use crate::svg::{DrawResult, fill_rect, finish_svg, text_style, to_error};
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
pub struct AxisStep {
    /// Its name in full.
    pub name: String,
    /// Its name under the axis.
    pub short: String,
    /// Whether a name under the axis would best stand here.
    pub is_landmark: bool,
    /// What every chart says of it.
    pub summary: String,
}

wire_struct!(AxisStep { name, short, is_landmark, summary });

/// One small chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What is counted, with its unit.
    pub name: String,
    /// A number for each place.
    pub levels: Vec<DataPoint>,
    /// What it is compared with, for each place; empty where it is compared with nothing.
    pub others: Vec<Option<f64>>,
    /// All of it, as it is written.
    pub total: String,
    /// How far its scale reaches, as it is written; may be empty.
    pub most: String,
}

wire_struct!(Panel { name, levels, others, total, most });

/// Small charts on one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct SmallMultiples {
    /// Tells its parts from those of other charts in the document: letters, digits, `-`.
    pub id: String,
    /// What is shown.
    pub title: String,
    /// What it shows, in a sentence.
    pub sentence: String,
    /// The axis.
    pub steps: Vec<AxisStep>,
    /// The charts, from the top.
    pub panels: Vec<Panel>,
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

wire_struct!(SmallMultiples {
    id,
    title,
    sentence,
    steps,
    panels,
    other,
    head,
    state,
    complete,
    provisional,
    missing
});

/// Where everything stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelLayout {
    /// The places of the axis.
    pub bands: Bands,
    /// The pixel under the last chart.
    pub bottom: i32,
    is_wide: bool,
    right: i32,
}

impl PanelLayout {
    /// Top and foot of the bars of one chart.
    fn bars(&self, line: usize) -> (i32, i32) {
        let line = i32::try_from(line).unwrap_or(0);
        let over = if self.is_wide { 0 } else { OVER };
        let top = line * (BARS + SPACE + over) + over;
        (top, top + BARS)
    }
}

impl SmallMultiples {
    /// The whole drawing's height at a width.
    #[must_use]
    pub fn height(&self, width: u32) -> u32 {
        let layout = self.layout(width);
        u32::try_from(layout.bottom + NAMES).unwrap_or(0)
    }

    /// Where everything stands at a width.
    #[must_use]
    pub fn layout(&self, width: u32) -> PanelLayout {
        let width = i32::try_from(width).unwrap_or(i32::MAX / 2);
        let is_wide = width >= WIDE;
        let (left, right) = if is_wide { (BESIDE, width - NUMBERS) } else { (0, width) };
        let mut layout = PanelLayout {
            bands: Bands::new(self.steps.len(), left, right),
            bottom: 0,
            is_wide,
            right: width,
        };
        layout.bottom = layout.bars(self.panels.len().saturating_sub(1)).1;
        layout
    }

    /// The same numbers as a table.
    #[must_use]
    pub fn table(&self) -> Table {
        let names = self.panels.iter().map(|panel| panel.name.clone());
        let compared = || self.panels.iter().filter(|panel| !panel.others.is_empty());
        let other = self.other.clone().unwrap_or_default();
        let others = compared().map(|panel| format!("{}, {other}", panel.name));
        let columns =
            [self.head.clone()].into_iter().chain(names).chain(others).chain([self.state.clone()]).collect();
        let row = |(place, of): (usize, &AxisStep)| {
            let values = self.panels.iter().map(|panel| level_of(panel, place).value());
            let others = compared().map(|panel| panel.others.get(place).copied().flatten());
            Row {
                name: of.name.clone(),
                values: values.chain(others).collect(),
                state: Some(self.state_of(place)),
            }
        };
        Table { columns, rows: self.steps.iter().enumerate().map(row).collect() }
    }

    /// How a place stands in all charts, in words: which are not here, where only some are not.
    fn state_of(&self, place: usize) -> String {
        let is = |wanted: fn(&DataPoint) -> bool| {
            let of = self.panels.iter().filter(move |panel| panel.levels.get(place).is_none_or(wanted));
            of.map(|panel| panel.name.as_str()).collect::<Vec<_>>()
        };
        let missing = is(|level| *level == DataPoint::Missing);
        let provisional = is(|level| matches!(level, DataPoint::Missing | DataPoint::Provisional(_)));
        match (missing.len(), provisional.len()) {
            (0, 0) => self.complete.clone(),
            (0, _) => self.provisional.clone(),
            (n, _) if n == self.panels.len() => self.missing.clone(),
            _ => format!("{}: {}", self.missing, missing.join(", ")),
        }
    }

    /// Draws them at a width. Whatever they are, the result is one `<svg>` element without `style` attributes.
    #[must_use]
    pub fn draw(&self, width: u32) -> String {
        let mut drawing = String::new();
        // Writing to a string cannot fail; were it ever to, what was drawn until then is shown.
        let _ = self.draw_marks(&mut drawing, Size { width, height: self.height(width) });
        finish_svg(&drawing, &self.id, &format!("{}. {}", self.title, self.sentence))
    }

    fn draw_marks(&self, into: &mut String, size: Size) -> DrawResult {
        let area = SVGBackend::with_string(into, (size.width, size.height)).into_drawing_area();
        let layout = self.layout(size.width);
        let text = |color: PaletteColor, horizontal, vertical| text_style(&area, color, horizontal, vertical);
        let across = |left: i32, right: i32, y: i32, color: PaletteColor| {
            area.draw(&PathElement::new(vec![(left, y), (right, y)], ShapeStyle::from(&color.placeholder())))
                .map_err(to_error)
        };
        let (left, right) =
            (layout.bands.edges(0).0, layout.bands.edges(self.steps.len().saturating_sub(1)).1);
        for (line, panel) in self.panels.iter().enumerate() {
            let (top, foot) = layout.bars(line);
            let mut words = vec![(&panel.name, PaletteColor::Name, HPos::Left, 0)];
            let most = if panel.most.is_empty() {
                String::new()
            } else {
                format!("{} · {}", panel.total, panel.most)
            };
            if layout.is_wide {
                words.push((&panel.total, PaletteColor::Name, HPos::Right, layout.right));
                let y = top + BARS / 2;
                for (word, color, horizontal, x) in words {
                    area.draw_text(word, &text(color, horizontal, VPos::Center), (x, y - 8))
                        .map_err(to_error)?;
                }
                area.draw_text(
                    &panel.most,
                    &text(PaletteColor::Label, HPos::Right, VPos::Center),
                    (layout.right, y + 10),
                )
                .map_err(to_error)?;
            } else {
                let most = if most.is_empty() { &panel.total } else { &most };
                words.push((most, PaletteColor::Label, HPos::Right, layout.right));
                for (word, color, horizontal, x) in words {
                    area.draw_text(word, &text(color, horizontal, VPos::Top), (x, top - OVER + 2))
                        .map_err(to_error)?;
                }
            }
            self.bars(
                panel,
                &layout,
                (top, foot),
                &|color, from, to| fill_rect(&area, color, from, to),
                &|from, to| {
                    let needed = i32::try_from(self.missing.chars().count()).unwrap_or(i32::MAX / CHARACTER)
                        * CHARACTER;
                    let middle = (from + (to - from) / 2, top + BARS / 2);
                    if to - from < needed {
                        return Ok(());
                    }
                    area.draw_text(
                        &self.missing,
                        &text(PaletteColor::Word, HPos::Center, VPos::Center),
                        middle,
                    )
                    .map_err(to_error)
                },
                &|from, to, y| across(from, to, y, PaletteColor::Other),
            )?;
            across(left, right, foot, PaletteColor::Baseline)?;
        }
        let names: Vec<(&str, bool)> =
            self.steps.iter().map(|place| (place.short.as_str(), place.is_landmark)).collect();
        for place in pick_labels(&names, layout.bands, right) {
            let short = self.steps.get(place).map_or("", |place| place.short.as_str());
            let at = (layout.bands.edges(place).0, layout.bottom + 8);
            area.draw_text(short, &text(PaletteColor::Label, HPos::Left, VPos::Top), at).map_err(to_error)?;
        }
        area.present().map_err(to_error)
    }

    /// Runs of steps: the first and the last of each.
    fn runs(&self, is_in: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for place in (0..self.steps.len()).filter(|place| is_in(*place)) {
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
        panel: &Panel,
        layout: &PanelLayout,
        (top, foot): (i32, i32),
        fill: &dyn Fn(PaletteColor, (i32, i32), (i32, i32)) -> DrawResult,
        word: &dyn Fn(i32, i32) -> DrawResult,
        mark: &dyn Fn(i32, i32, i32) -> DrawResult,
    ) -> DrawResult {
        let numbers = panel.levels.iter().filter_map(|level| level.value());
        let largest = numbers.chain(panel.others.iter().flatten().copied()).fold(0.0, f64::max);
        let scale = Linear::new(largest, foot, top);
        let edges = |place: usize| layout.bands.edges(place);
        for (first, last) in self.runs(|place| level_of(panel, place) == DataPoint::Missing) {
            let (from, to) = (edges(first).0, edges(last).1);
            fill(PaletteColor::Gap, (from, top), (to, foot))?;
            word(from, to)?;
        }
        for (first, last) in self.runs(|place| matches!(level_of(panel, place), DataPoint::Provisional(_))) {
            fill(PaletteColor::Provisional, (edges(first).0, foot + MARK.0), (edges(last).1, foot + MARK.1))?;
        }
        for place in 0..self.steps.len() {
            let (level, (from, to)) = (level_of(panel, place), edges(place));
            let color = if matches!(level, DataPoint::Provisional(_)) {
                PaletteColor::Provisional
            } else {
                PaletteColor::Complete
            };
            let (left, right) = layout.bands.bar(place);
            if let Some(value) = level.value().filter(|value| *value > 0.0 && right > left) {
                // What is more than nothing shows, if only as a pixel.
                fill(color, (left, scale.to_pixel(value).min(foot - 1)), (right, foot))?;
            }
            if let Some(other) = panel.others.get(place).copied().flatten().filter(|other| *other > 0.0) {
                mark(from, to, scale.to_pixel(other))?;
            }
        }
        Ok(())
    }
}

fn level_of(panel: &Panel, place: usize) -> DataPoint {
    panel.levels.get(place).copied().unwrap_or(DataPoint::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn level() -> impl Strategy<Value = DataPoint> {
        prop_oneof![
            Just(DataPoint::Missing),
            (0.0f64..1e6).prop_map(DataPoint::Provisional),
            prop_oneof![Just(0.0), 0.0f64..1e6].prop_map(DataPoint::Complete),
        ]
    }

    fn panels(levels: Vec<Vec<DataPoint>>, others: bool) -> SmallMultiples {
        let places = levels.iter().map(Vec::len).max().unwrap_or(0);
        let panel = |levels: Vec<DataPoint>| Panel {
            name: "Minutes <watched>".into(),
            others: if others { levels.iter().map(|level| level.value()).collect() } else { Vec::new() },
            levels,
            total: "12".into(),
            most: "most 3 a day".into(),
        };
        SmallMultiples {
            id: "activity".into(),
            title: "Activity".into(),
            sentence: "Some & more.".into(),
            steps: (0..places)
                .map(|n| AxisStep {
                    name: format!("Day {n}"),
                    short: n.to_string(),
                    is_landmark: n % 7 == 0,
                    summary: String::new(),
                })
                .collect(),
            panels: levels.into_iter().map(panel).collect(),
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
            let panels = panels(levels.clone(), others);
            let drawn = panels.draw(width);
            let all = || levels.iter().flatten();
            let bars = all().filter(|level| level.value().is_some_and(|value| value > 0.0)).count();
            let runs = |is_in: fn(&DataPoint) -> bool| -> usize {
                let of = |levels: &Vec<DataPoint>| (0..levels.len()).filter(|n| is_in(&levels[*n]) && (*n == 0 || !is_in(&levels[n - 1]))).count();
                levels.iter().map(of).sum()
            };
            let marks = runs(|level| matches!(level, DataPoint::Provisional(_)));
            prop_assert_eq!(drawn.matches("class=\"bar").count(), bars + marks);
            let hatched = all().filter(|l| matches!(l, DataPoint::Provisional(value) if *value > 0.0)).count();
            prop_assert_eq!(drawn.matches("class=\"bar provisional\"").count(), hatched + marks);
            prop_assert_eq!(drawn.matches("class=\"gap\"").count(), runs(|level| *level == DataPoint::Missing));
            prop_assert_eq!(drawn.matches("class=\"other\"").count(), if others { bars } else { 0 });
            let table = panels.table();
            for (n, row) in table.rows.iter().enumerate() {
                prop_assert_eq!(row.values.len() + 2, table.columns.len());
                for (panel, value) in levels.iter().zip(&row.values) {
                    prop_assert_eq!(*value, panel[n].value());
                }
            }
        }

        #[test]
        fn the_same_day_stands_at_the_same_place_in_all_and_is_found_there(
            count in 1usize..60, width in 200u32..1600, at in 0usize..60,
        ) {
            let panels = panels(vec![vec![DataPoint::Complete(1.0); count]; 6], false);
            let layout = panels.layout(width);
            let (from, to) = layout.bands.edges(at % count);
            for pixel in from..to {
                prop_assert_eq!(layout.bands.band_at(pixel), Some(at % count));
            }
            prop_assert!(layout.bottom < i32::try_from(panels.height(width)).unwrap());
        }

        #[test]
        fn everything_can_be_drawn(
            levels in prop::collection::vec(prop::collection::vec(any::<f64>().prop_map(DataPoint::Complete), 0..9), 0..4),
            width in 0u32..700,
        ) {
            let drawn = panels(levels, true).draw(width);
            prop_assert!(drawn.trim_end().ends_with("</svg>") && !drawn.contains("style="));
        }
    }

    #[test]
    fn a_day_says_which_charts_lack_it() {
        let level = |value| vec![DataPoint::Complete(value)];
        let state =
            |levels: Vec<Vec<DataPoint>>| panels(levels, false).table().rows[0].state.clone().unwrap();
        assert_eq!(state(vec![level(1.0), level(0.0)]), "Final");
        assert_eq!(state(vec![level(1.0), vec![DataPoint::Provisional(0.0)]]), "Not final yet");
        assert_eq!(state(vec![vec![DataPoint::Missing], level(1.0)]), "Not here yet: Minutes <watched>");
        assert_eq!(state(vec![vec![DataPoint::Missing], vec![DataPoint::Missing]]), "Not here yet");
    }
}
