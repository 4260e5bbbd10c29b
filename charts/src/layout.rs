//! Layout of a bar chart in pixels: positions of bars, ticks and labels.

use crate::model::Chart;
use crate::scale::{Bands, Linear};
use crate::ticks;

/// Largest width of a character of an axis label, in pixels, at 13 px with tabular figures.
const CHARACTER_WIDTH: i32 = 8;
/// Gap beside a label, in pixels.
const LABEL_GAP: i32 = 8;
/// Smallest width of the numbers beside the axis, in characters (`10,000`). Charts above each other then have
/// the same day at the same pixel.
const MIN_NUMBER_LENGTH: i32 = 6;
/// Height of the bar names below the baseline, in pixels.
const NAMES_HEIGHT: i32 = 28;
/// Height above the top tick, in pixels: half of its label.
const TOP_MARGIN: i32 = 10;

/// Width and height in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// A number beside the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The formatted number.
    pub label: String,
    /// Its vertical position, in pixels.
    pub y: i32,
}

/// Positions of a bar chart's parts, in pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartLayout {
    /// Size of the whole drawing.
    pub size: Size,
    /// Left edge of the bars; the numbers of the axis are to the left of it.
    pub left: i32,
    /// Right edge of the bars.
    pub right: i32,
    /// The vertical scale.
    pub amounts: Linear,
    /// One band for each bar.
    pub bands: Bands,
    /// Vertical position of zero.
    pub baseline: i32,
    /// Ticks of the vertical axis, zero first.
    pub ticks: Vec<Tick>,
    /// Indexes of the bars whose name is written below the axis.
    pub named: Vec<usize>,
}

impl ChartLayout {
    /// Lays out `chart`; `write` formats a number of the axis.
    #[must_use]
    pub fn new(chart: &Chart, size: Size, write: &dyn Fn(f64) -> String) -> Self {
        let pixels = |n: u32| i32::try_from(n).unwrap_or(i32::MAX / 2);
        let values = ticks::from_zero(chart.largest(), chart.is_whole());
        let labels: Vec<String> = values.iter().map(|value| write(*value)).collect();
        let widest = labels.iter().map(|label| char_count(label)).max().unwrap_or(0).max(MIN_NUMBER_LENGTH);
        let left = (widest * CHARACTER_WIDTH + LABEL_GAP).min(pixels(size.width));
        let right = pixels(size.width);
        let baseline = (pixels(size.height) - NAMES_HEIGHT).max(0);
        let amounts = Linear::new(values.last().copied().unwrap_or(1.0), baseline, TOP_MARGIN.min(baseline));
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
    i32::try_from(text.chars().count()).unwrap_or(i32::MAX / (2 * CHARACTER_WIDTH))
}

/// Chooses which bars are named below the axis, and returns their indexes. `names` has each bar's short name
/// and whether it is a landmark. Names every landmark if the names fit, otherwise every second, third …; with
/// fewer than two landmarks all bars are candidates. Names begin at the left edge of their bar, and none
/// exceeds the drawing.
pub(crate) fn pick_labels(names: &[(&str, bool)], bands: Bands, right: i32) -> Vec<usize> {
    let landmarks: Vec<usize> = names
        .iter()
        .enumerate()
        .filter(|(_, (_, is_landmark))| *is_landmark)
        .map(|(index, _)| index)
        .collect();
    let all = || (0..names.len()).collect();
    let candidates: Vec<usize> = if landmarks.len() < 2 { all() } else { landmarks };
    let extent = |index: usize| {
        let name = names.get(index).map_or(0, |(short, _)| char_count(short));
        (bands.edges(index).0, bands.edges(index).0 + name * CHARACTER_WIDTH)
    };
    let fits = |every: usize| {
        let mut next_free = i32::MIN;
        candidates.iter().step_by(every).all(|index| {
            let (from, to) = extent(*index);
            let is_free = from >= next_free;
            next_free = to.saturating_add(LABEL_GAP);
            is_free
        })
    };
    let every = (1..=candidates.len()).find(|every| fits(*every)).unwrap_or(1);
    candidates.into_iter().step_by(every).filter(|index| extent(*index).1 <= right).collect()
}
