//! Layout of a bar chart in pixels: positions of bars, ticks and labels, and the bar under a given pixel.

use crate::model::Chart;
use crate::scale::{Bands, Linear};
use crate::ticks;

/// Pixels that a character of an axis takes at most, at 13 px with tabular figures.
const CHARACTER: i32 = 8;
/// Pixels between a label and what it is beside.
const SPACE: i32 = 8;
/// Characters that the numbers of an axis have room for at least (`10,000`): charts that stand over each other then
/// have the same day at the same place.
const NUMBERS: i32 = 6;
/// Pixels under the baseline for the names.
const NAMES: i32 = 28;
/// Pixels over the top tick: half a label's height.
const HEAD: i32 = 10;

/// Width and height in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// A number beside the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The number as it is written.
    pub label: String,
    /// The pixel at which it stands.
    pub y: i32,
}

/// Where everything stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartLayout {
    /// The whole drawing.
    pub size: Size,
    /// The pixel left of which the numbers stand.
    pub left: i32,
    /// The pixel at which the bars end.
    pub right: i32,
    /// Numbers to pixels, upwards.
    pub amounts: Linear,
    /// Bars side by side.
    pub bands: Bands,
    /// The pixel of zero.
    pub baseline: i32,
    /// Numbers beside the axis, zero first.
    pub ticks: Vec<Tick>,
    /// Places of the bars whose name is written under the axis.
    pub named: Vec<usize>,
}

impl ChartLayout {
    /// Lays out `chart`; `write` spells a number of the axis.
    #[must_use]
    pub fn new(chart: &Chart, size: Size, write: &dyn Fn(f64) -> String) -> Self {
        let pixels = |n: u32| i32::try_from(n).unwrap_or(i32::MAX / 2);
        let values = ticks::from_zero(chart.largest(), chart.is_whole());
        let labels: Vec<String> = values.iter().map(|value| write(*value)).collect();
        let widest = labels.iter().map(|label| char_count(label)).max().unwrap_or(0).max(NUMBERS);
        let left = (widest * CHARACTER + SPACE).min(pixels(size.width));
        let right = pixels(size.width);
        let baseline = (pixels(size.height) - NAMES).max(0);
        let amounts = Linear::new(values.last().copied().unwrap_or(1.0), baseline, HEAD.min(baseline));
        let bands = Bands::new(chart.bars.len(), left, right);
        let ticks = values
            .iter()
            .zip(labels)
            .map(|(value, label)| Tick { label, y: amounts.to_pixel(*value) })
            .collect();
        let names: Vec<(&str, bool)> =
            chart.bars.iter().map(|bar| (bar.short.as_str(), bar.is_landmark)).collect();
        Self { size, left, right, amounts, bands, baseline, ticks, named: pick_labels(&names, bands, right) }
    }
}

fn char_count(text: &str) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(i32::MAX / (2 * CHARACTER))
}

/// The bars to name, each given by its short name and whether it is a landmark: every landmark if they fit,
/// otherwise every second, third …; every bar if there are no two landmarks. Names begin at their bar's left edge, and
/// none leaves the drawing.
pub(crate) fn pick_labels(names: &[(&str, bool)], bands: Bands, right: i32) -> Vec<usize> {
    let landmarks: Vec<usize> = names
        .iter()
        .enumerate()
        .filter(|(_, (_, is_landmark))| *is_landmark)
        .map(|(place, _)| place)
        .collect();
    let all = || (0..names.len()).collect();
    let candidates: Vec<usize> = if landmarks.len() < 2 { all() } else { landmarks };
    let needs = |place: usize| {
        let name = names.get(place).map_or(0, |(short, _)| char_count(short));
        (bands.edges(place).0, bands.edges(place).0 + name * CHARACTER)
    };
    let fits = |every: usize| {
        let mut reach = i32::MIN;
        candidates.iter().step_by(every).all(|place| {
            let (from, to) = needs(*place);
            let free = from >= reach;
            reach = to.saturating_add(SPACE);
            free
        })
    };
    let every = (1..=candidates.len()).find(|every| fits(*every)).unwrap_or(1);
    candidates.into_iter().step_by(every).filter(|place| needs(*place).1 <= right).collect()
}
