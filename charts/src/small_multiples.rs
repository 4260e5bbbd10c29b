//! Small multiples: small charts below each other on one shared time axis, one per kind of activity.
//!
//! Each panel has its own scale from zero, since their units differ; the end of its scale is written beside
//! it. All panels share one readout: each step of the axis has one summary text.

use crate::layout::{Size, pick_labels};
use crate::model::{DataPoint, Row, Table, add_break, find_runs};
use crate::palette::PaletteColor;
use crate::scale::{Bands, Linear};
use crate::svg::{DrawResult, fill_rect, finish_svg, text_style, to_error, word_width};
use plotters::prelude::{IntoDrawingArea, PathElement, SVGBackend};
use plotters::style::ShapeStyle;
use plotters::style::text_anchor::{HPos, VPos};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Smallest width, in pixels, at which names are to the left of the bars instead of above them.
const WIDE_MIN_WIDTH: i32 = 620;
/// Width of the column of names, in pixels.
const NAMES_WIDTH: i32 = 164;
/// Width of the column of totals, in pixels.
const TOTALS_WIDTH: i32 = 132;
/// Height of the bars of one panel, in pixels.
const BARS_HEIGHT: i32 = 44;
/// Pixels between two panels.
const PANEL_GAP: i32 = 14;
/// Height of a name above the bars, in pixels.
const NAME_HEIGHT: i32 = 22;
/// Height of the step names below the last panel, in pixels.
const STEP_NAMES_HEIGHT: i32 = 28;
/// First and last pixel, below the baseline, of the mark for provisional steps. A provisional zero has no bar
/// that could be hatched, so the mark is needed, too.
const PROVISIONAL_MARK: (i32, i32) = (3, 7);

/// One step of the axis: a day or a week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AxisStep {
    /// Its name in full.
    pub name: String,
    /// Its short name below the axis.
    pub short: String,
    /// Whether its name is preferred below the axis (a Monday among days).
    pub is_landmark: bool,
    /// The numbers of all panels for this step, as text: the readout.
    pub summary: String,
}

/// One of the small charts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// What is counted, with its unit.
    pub name: String,
    /// A number for each step.
    pub levels: Vec<DataPoint>,
    /// The number of the comparison for each step; empty without a comparison.
    pub others: Vec<Option<f64>>,
    /// The formatted total.
    pub total: String,
    /// The formatted end of its scale; may be empty.
    pub most: String,
}

/// Small charts on one time axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SmallMultiples {
    /// Prefix of element ids, unique in the document: letters, digits, `-`.
    pub id: String,
    /// What is counted.
    pub title: String,
    /// The main finding, in a sentence.
    pub sentence: String,
    /// The steps of the shared axis, first to last.
    pub steps: Vec<AxisStep>,
    /// The indices of the steps in breaks: days without classes.
    pub breaks: BTreeSet<usize>,
    /// The panels, from the top.
    pub panels: Vec<Panel>,
    /// The name of the comparison, if there is one.
    pub other: Option<String>,
    /// Table heading of the column of step names.
    pub head: String,
    /// Table heading of the column of states.
    pub state: String,
    /// Word for the state of a final number.
    pub complete: String,
    /// Word for the state of a number that may still change.
    pub provisional: String,
    /// Word for the state of a missing number.
    pub missing: String,
    /// Word for a step in a break.
    pub on_break: String,
}

/// Positions in pixels at one width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelLayout {
    /// One band for each step of the axis.
    pub bands: Bands,
    /// The baseline of the last panel.
    pub bottom: i32,
    is_wide: bool,
    right: i32,
}

impl PanelLayout {
    /// Top and bottom of the bars of one panel.
    fn bar_area(&self, panel: usize) -> (i32, i32) {
        let panel = i32::try_from(panel).unwrap_or(0);
        let name_height = if self.is_wide { 0 } else { NAME_HEIGHT };
        let top = panel * (BARS_HEIGHT + PANEL_GAP + name_height) + name_height;
        (top, top + BARS_HEIGHT)
    }
}

impl SmallMultiples {
    /// Height of the whole drawing, in pixels, at a width in pixels.
    #[must_use]
    pub fn height(&self, width: u32) -> u32 {
        let layout = self.layout(width);
        u32::try_from(layout.bottom + STEP_NAMES_HEIGHT).unwrap_or(0)
    }

    /// Positions at a width in pixels.
    #[must_use]
    pub fn layout(&self, width: u32) -> PanelLayout {
        let width = i32::try_from(width).unwrap_or(i32::MAX / 2);
        let is_wide = width >= WIDE_MIN_WIDTH;
        let (left, right) = if is_wide { (NAMES_WIDTH, width - TOTALS_WIDTH) } else { (0, width) };
        let mut layout = PanelLayout {
            bands: Bands::new(self.steps.len(), left, right),
            bottom: 0,
            is_wide,
            right: width,
        };
        layout.bottom = layout.bar_area(self.panels.len().saturating_sub(1)).1;
        layout
    }

    /// The numbers as a table: a row for each step, with a column for each panel.
    #[must_use]
    pub fn table(&self) -> Table {
        let names = self.panels.iter().map(|panel| panel.name.clone());
        let compared = || self.panels.iter().filter(|panel| !panel.others.is_empty());
        let other = self.other.clone().unwrap_or_default();
        let others = compared().map(|panel| format!("{}, {other}", panel.name));
        let columns =
            [self.head.clone()].into_iter().chain(names).chain(others).chain([self.state.clone()]).collect();
        let row = |(index, step): (usize, &AxisStep)| {
            let values = self.panels.iter().map(|panel| level_at(panel, index).value());
            let others = compared().map(|panel| panel.others.get(index).copied().flatten());
            Row {
                name: step.name.clone(),
                values: values.chain(others).collect(),
                state: Some(self.step_state(index)),
            }
        };
        Table { columns, rows: self.steps.iter().enumerate().map(row).collect() }
    }

    /// The state of a step over all panels, in words. If only some panels lack the step, names them.
    fn step_state(&self, step: usize) -> String {
        let names_where = |is_match: fn(&DataPoint) -> bool| {
            let panels = self.panels.iter().filter(move |panel| panel.levels.get(step).is_none_or(is_match));
            panels.map(|panel| panel.name.as_str()).collect::<Vec<_>>()
        };
        let missing = names_where(|level| *level == DataPoint::Missing);
        let provisional =
            names_where(|level| matches!(level, DataPoint::Missing | DataPoint::Provisional(_)));
        let state = match (missing.len(), provisional.len()) {
            (0, 0) => self.complete.clone(),
            (0, _) => self.provisional.clone(),
            (n, _) if n == self.panels.len() => self.missing.clone(),
            _ => format!("{}: {}", self.missing, missing.join(", ")),
        };
        add_break(state, self.breaks.contains(&step).then_some(&self.on_break))
    }

    /// Draws the panels, `width` pixels wide. The result is always one `<svg>` element without `style`
    /// attributes.
    #[must_use]
    pub fn draw(&self, width: u32) -> String {
        let mut drawing = String::new();
        // Writing to a string cannot fail; if it did, the marks drawn so far would be returned.
        let _ = self.draw_marks(&mut drawing, Size { width, height: self.height(width) });
        finish_svg(&drawing, &self.id, &format!("{}. {}", self.title, self.sentence))
    }

    fn draw_marks(&self, into: &mut String, size: Size) -> DrawResult {
        let area = SVGBackend::with_string(into, (size.width, size.height)).into_drawing_area();
        let layout = self.layout(size.width);
        let text = |color: PaletteColor, horizontal, vertical| text_style(&area, color, horizontal, vertical);
        let draw_line = |left: i32, right: i32, y: i32, color: PaletteColor| {
            area.draw(&PathElement::new(vec![(left, y), (right, y)], ShapeStyle::from(&color.placeholder())))
                .map_err(to_error)
        };
        let (left, right) =
            (layout.bands.edges(0).0, layout.bands.edges(self.steps.len().saturating_sub(1)).1);
        for (index, panel) in self.panels.iter().enumerate() {
            let (top, baseline) = layout.bar_area(index);
            for (first, last) in
                find_runs(self.breaks.iter().copied().filter(|step| *step < self.steps.len()))
            {
                let (from, to) = (layout.bands.edges(first).0, layout.bands.edges(last).1);
                fill_rect(&area, PaletteColor::Break, (from, top), (to, baseline))?;
                if to - from >= word_width(&self.on_break) {
                    let style = text(PaletteColor::Word, HPos::Center, VPos::Top);
                    area.draw_text(&self.on_break, &style, (from + (to - from) / 2, top + 2))
                        .map_err(to_error)?;
                }
            }
            let mut labels = vec![(&panel.name, PaletteColor::Name, HPos::Left, 0)];
            let total_and_most = if panel.most.is_empty() {
                String::new()
            } else {
                format!("{} · {}", panel.total, panel.most)
            };
            if layout.is_wide {
                labels.push((&panel.total, PaletteColor::Name, HPos::Right, layout.right));
                let y = top + BARS_HEIGHT / 2;
                for (label, color, horizontal, x) in labels {
                    area.draw_text(label, &text(color, horizontal, VPos::Center), (x, y - 8))
                        .map_err(to_error)?;
                }
                area.draw_text(
                    &panel.most,
                    &text(PaletteColor::Label, HPos::Right, VPos::Center),
                    (layout.right, y + 10),
                )
                .map_err(to_error)?;
            } else {
                let total = if total_and_most.is_empty() { &panel.total } else { &total_and_most };
                labels.push((total, PaletteColor::Label, HPos::Right, layout.right));
                for (label, color, horizontal, x) in labels {
                    area.draw_text(label, &text(color, horizontal, VPos::Top), (x, top - NAME_HEIGHT + 2))
                        .map_err(to_error)?;
                }
            }
            self.draw_panel(
                panel,
                &layout,
                (top, baseline),
                &|color, from, to| fill_rect(&area, color, from, to),
                &|from, to| {
                    let middle = (from + (to - from) / 2, top + BARS_HEIGHT / 2);
                    if to - from < word_width(&self.missing) {
                        return Ok(());
                    }
                    area.draw_text(
                        &self.missing,
                        &text(PaletteColor::Word, HPos::Center, VPos::Center),
                        middle,
                    )
                    .map_err(to_error)
                },
                &|from, to, y| draw_line(from, to, y, PaletteColor::Other),
            )?;
            draw_line(left, right, baseline, PaletteColor::Baseline)?;
        }
        let names: Vec<(&str, bool)> =
            self.steps.iter().map(|step| (step.short.as_str(), step.is_landmark)).collect();
        for index in pick_labels(&names, layout.bands, right) {
            let short = self.steps.get(index).map_or("", |step| step.short.as_str());
            let position = (layout.bands.edges(index).0, layout.bottom + 8);
            area.draw_text(short, &text(PaletteColor::Label, HPos::Left, VPos::Top), position)
                .map_err(to_error)?;
        }
        area.present().map_err(to_error)
    }

    /// The runs of consecutive steps that satisfy `is_in`: the first and the last step of each run.
    fn find_runs(&self, is_in: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
        find_runs((0..self.steps.len()).filter(|step| is_in(*step)))
    }

    /// Draws the bars, gaps and comparison lines of one panel between `top` and `baseline`. `draw_gap_word`
    /// takes the left and right pixel of a gap, `draw_comparison` those of a line and its height.
    fn draw_panel(
        &self,
        panel: &Panel,
        layout: &PanelLayout,
        (top, baseline): (i32, i32),
        fill: &dyn Fn(PaletteColor, (i32, i32), (i32, i32)) -> DrawResult,
        draw_gap_word: &dyn Fn(i32, i32) -> DrawResult,
        draw_comparison: &dyn Fn(i32, i32, i32) -> DrawResult,
    ) -> DrawResult {
        let numbers = panel.levels.iter().filter_map(|level| level.value());
        let largest = numbers.chain(panel.others.iter().flatten().copied()).fold(0.0, f64::max);
        let scale = Linear::new(largest, baseline, top);
        let edges = |step: usize| layout.bands.edges(step);
        for (first, last) in self.find_runs(|step| level_at(panel, step) == DataPoint::Missing) {
            let (from, to) = (edges(first).0, edges(last).1);
            fill(PaletteColor::Gap, (from, top), (to, baseline))?;
            draw_gap_word(from, to)?;
        }
        for (first, last) in self.find_runs(|step| matches!(level_at(panel, step), DataPoint::Provisional(_)))
        {
            let (mark_top, mark_bottom) = (baseline + PROVISIONAL_MARK.0, baseline + PROVISIONAL_MARK.1);
            fill(PaletteColor::Provisional, (edges(first).0, mark_top), (edges(last).1, mark_bottom))?;
        }
        for step in 0..self.steps.len() {
            let (level, (from, to)) = (level_at(panel, step), edges(step));
            let color = if matches!(level, DataPoint::Provisional(_)) {
                PaletteColor::Provisional
            } else {
                PaletteColor::Complete
            };
            let (left, right) = layout.bands.bar(step);
            if let Some(value) = level.value().filter(|value| *value > 0.0 && right > left) {
                // A number above zero is at least one pixel high.
                fill(color, (left, scale.to_pixel(value).min(baseline - 1)), (right, baseline))?;
            }
            if let Some(other) = panel.others.get(step).copied().flatten().filter(|other| *other > 0.0) {
                draw_comparison(from, to, scale.to_pixel(other))?;
            }
        }
        Ok(())
    }
}

fn level_at(panel: &Panel, step: usize) -> DataPoint {
    panel.levels.get(step).copied().unwrap_or(DataPoint::Missing)
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

    fn small_multiples(levels: Vec<Vec<DataPoint>>, others: bool) -> SmallMultiples {
        let step_count = levels.iter().map(Vec::len).max().unwrap_or(0);
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
            steps: (0..step_count)
                .map(|n| AxisStep {
                    name: format!("Day {n}"),
                    short: n.to_string(),
                    is_landmark: n % 7 == 0,
                    summary: String::new(),
                })
                .collect(),
            breaks: BTreeSet::new(),
            panels: levels.into_iter().map(panel).collect(),
            other: others.then(|| "before".into()),
            head: "Day".into(),
            state: "State".into(),
            complete: "Final".into(),
            provisional: "Not final yet".into(),
            missing: "Not loaded yet".into(),
            on_break: "Break".into(),
        }
    }

    #[test]
    fn a_break_is_a_band_with_its_word_and_a_state() {
        let mut chart =
            small_multiples(vec![vec![DataPoint::Complete(1.0); 20], vec![DataPoint::Missing; 20]], false);
        assert!(!chart.draw(1000).contains("class=\"break\""));
        chart.breaks = (7..14).chain([19, 99]).collect();
        let drawn = chart.draw(1000);
        assert_eq!(drawn.matches("class=\"break\"").count(), 2 * 2, "two breaks in each of two panels");
        assert_eq!(drawn.matches("Break").count(), 2, "the word does not fit above a single day");
        let state = |step: usize| chart.table().rows[step].state.clone().unwrap();
        assert_eq!(state(6), "Not loaded yet: Minutes <watched>");
        assert_eq!(state(7), "Not loaded yet: Minutes <watched>, break");
    }

    proptest! {
        #[test]
        fn numbers_above_zero_are_bars_and_runs_of_missing_steps_are_gaps(
            levels in prop::collection::vec(prop::collection::vec(level(), 30..=30), 1..7),
            width in prop_oneof![Just(320u32), Just(1000)],
            others in any::<bool>(),
        ) {
            let chart = small_multiples(levels.clone(), others);
            let drawn = chart.draw(width);
            let all = || levels.iter().flatten();
            let bars = all().filter(|level| level.value().is_some_and(|value| value > 0.0)).count();
            let count_runs = |is_in: fn(&DataPoint) -> bool| -> usize {
                let is_start =
                    |levels: &[DataPoint], n: usize| is_in(&levels[n]) && (n == 0 || !is_in(&levels[n - 1]));
                levels.iter().map(|levels| (0..levels.len()).filter(|n| is_start(levels, *n)).count()).sum()
            };
            let marks = count_runs(|level| matches!(level, DataPoint::Provisional(_)));
            prop_assert_eq!(drawn.matches("class=\"bar").count(), bars + marks);
            let hatched = all().filter(|l| matches!(l, DataPoint::Provisional(value) if *value > 0.0)).count();
            prop_assert_eq!(drawn.matches("class=\"bar provisional\"").count(), hatched + marks);
            let gaps = count_runs(|level| *level == DataPoint::Missing);
            prop_assert_eq!(drawn.matches("class=\"gap\"").count(), gaps);
            prop_assert_eq!(drawn.matches("class=\"other\"").count(), if others { bars } else { 0 });
            let table = chart.table();
            for (n, row) in table.rows.iter().enumerate() {
                prop_assert_eq!(row.values.len() + 2, table.columns.len());
                for (panel, value) in levels.iter().zip(&row.values) {
                    prop_assert_eq!(*value, panel[n].value());
                }
            }
        }

        #[test]
        fn every_pixel_of_a_step_leads_back_to_the_step(
            count in 1usize..60, width in 200u32..1600, step in 0usize..60,
        ) {
            let chart = small_multiples(vec![vec![DataPoint::Complete(1.0); count]; 6], false);
            let layout = chart.layout(width);
            let (from, to) = layout.bands.edges(step % count);
            for pixel in from..to {
                prop_assert_eq!(layout.bands.band_at(pixel), Some(step % count));
            }
            prop_assert!(layout.bottom < i32::try_from(chart.height(width)).unwrap());
        }

        #[test]
        fn any_numbers_can_be_drawn(
            levels in prop::collection::vec(prop::collection::vec(any::<f64>().prop_map(DataPoint::Complete), 0..9), 0..4),
            width in 0u32..700,
        ) {
            let drawn = small_multiples(levels, true).draw(width);
            prop_assert!(drawn.trim_end().ends_with("</svg>") && !drawn.contains("style="));
        }
    }

    #[test]
    fn the_state_of_a_step_names_the_panels_that_lack_it() {
        let level = |value| vec![DataPoint::Complete(value)];
        let state = |levels: Vec<Vec<DataPoint>>| {
            small_multiples(levels, false).table().rows[0].state.clone().unwrap()
        };
        assert_eq!(state(vec![level(1.0), level(0.0)]), "Final");
        assert_eq!(state(vec![level(1.0), vec![DataPoint::Provisional(0.0)]]), "Not final yet");
        assert_eq!(state(vec![vec![DataPoint::Missing], level(1.0)]), "Not loaded yet: Minutes <watched>");
        assert_eq!(state(vec![vec![DataPoint::Missing], vec![DataPoint::Missing]]), "Not loaded yet");
    }
}
