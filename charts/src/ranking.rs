//! Ranking: horizontal bars, largest first, for example minutes per video, section or role.
//!
//! Each bar has a row of the same height, name before it and number behind, so that the page can lay a button
//! over every row without measuring anything.

use crate::model::{Row, Table};
use crate::palette::PaletteColor;
use crate::scale::Linear;
use crate::svg::{DrawResult, fill_rect, finish_svg, text_style, to_error};
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, VPos};
use serde::{Deserialize, Serialize};

/// Height of one row in pixels: large enough as a touch target.
pub const ROW: u32 = 32;

/// Width of a character in pixels, at 13 px. Sufficient for section numbers, which are capitals and digits.
const CHARACTER_WIDTH: i32 = 8;
/// Gap between a name, its bar and its number, in pixels.
const GAP: i32 = 8;

/// One bar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// The number that it shows, in the unit of the ranking.
    pub value: f64,
    /// Further numbers for the table, which are not drawn: one for each of [`Ranking::beside`].
    pub beside: Vec<Option<f64>>,
    /// Whether a filter excludes it from all other figures.
    pub is_left_out: bool,
}

impl Item {
    /// The value as drawn: 0 if it is negative or not finite.
    #[must_use]
    pub fn drawn(&self) -> f64 {
        if self.value.is_finite() { self.value.max(0.0) } else { 0.0 }
    }
}

/// Horizontal bars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// Prefix of element ids, unique in the document: letters, digits, `-`.
    pub id: String,
    /// What is counted.
    pub title: String,
    /// The unit of the bars.
    pub unit: String,
    /// The main finding, in a sentence.
    pub sentence: String,
    /// Table heading of the column of bar names.
    pub head: String,
    /// Table headings of the further numbers.
    pub beside: Vec<String>,
    /// What follows each further number when it is read out: `viewers`, `% of its length per viewer`. One for
    /// each of `beside`.
    pub beside_units: Vec<String>,
    /// The bars, from the top.
    pub items: Vec<Item>,
}

impl Ranking {
    /// The numbers as a table: a row for each bar, with its further numbers.
    #[must_use]
    pub fn table(&self) -> Table {
        let columns = [&self.head, &self.unit].into_iter().chain(&self.beside).cloned().collect();
        let rows = self.items.iter().map(|item| Row {
            name: item.name.clone(),
            values: [Some(item.drawn())].into_iter().chain(item.beside.iter().copied()).collect(),
            state: None,
        });
        Table { columns, rows: rows.collect() }
    }

    /// Height of the whole drawing, in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        u32::try_from(self.items.len()).unwrap_or(u32::MAX / ROW).saturating_mul(ROW)
    }

    /// Draws the bars, `width` pixels wide; `write` formats a number. The result is always one `<svg>`
    /// element without `style` attributes.
    #[must_use]
    pub fn draw(&self, width: u32, write: &dyn Fn(f64) -> String) -> String {
        let mut drawing = String::new();
        // Writing to a string cannot fail; if it did, the marks drawn so far would be returned.
        let _ = self.draw_marks(&mut drawing, width, write);
        finish_svg(&drawing, &self.id, &format!("{}. {}", self.title, self.sentence))
    }

    fn draw_marks(&self, into: &mut String, width: u32, write: &dyn Fn(f64) -> String) -> DrawResult {
        let area = SVGBackend::with_string(into, (width, self.height())).into_drawing_area();
        let name = text_style(&area, PaletteColor::Name, HPos::Left, VPos::Center);
        let number = text_style(&area, PaletteColor::Label, HPos::Left, VPos::Center);
        let right = i32::try_from(width).unwrap_or(i32::MAX / 2);
        let row = i32::try_from(ROW).unwrap_or(32);
        let numbers: Vec<String> = self.items.iter().map(|item| write(item.drawn())).collect();
        let widest = |texts: &mut dyn Iterator<Item = usize>| {
            i32::try_from(texts.max().unwrap_or(0)).unwrap_or(i32::MAX / 64).saturating_mul(CHARACTER_WIDTH)
        };
        // The names take at most two fifths of the width, and no more than the longest needs.
        let names = widest(&mut self.items.iter().map(|item| item.name.chars().count())).min(right * 2 / 5);
        let left = names + GAP;
        let end = (right - GAP - widest(&mut numbers.iter().map(|text| text.chars().count()))).max(left);
        let largest = self.items.iter().map(Item::drawn).fold(0.0, f64::max);
        let scale = Linear::new(largest, left, end);
        for ((item, label), top) in self.items.iter().zip(&numbers).zip((0..).step_by(ROW as usize)) {
            let middle = top + row / 2;
            let max_length = usize::try_from(names / CHARACTER_WIDTH).unwrap_or(0);
            area.draw_text(&truncate(&item.name, max_length), &name, (0, middle)).map_err(to_error)?;
            let color = if item.is_left_out { PaletteColor::Hollow } else { PaletteColor::Complete };
            let mut bar_end = scale.to_pixel(item.drawn());
            if item.drawn() > 0.0 {
                // A number above zero is at least one pixel wide.
                bar_end = bar_end.max(left + 1);
                fill_rect(&area, color, (left, top + 8), (bar_end, top + row - 8))?;
            }
            area.draw_text(label, &number, (bar_end + GAP, middle)).map_err(to_error)?;
        }
        area.present().map_err(to_error)
    }
}

/// A name in at most `max_length` characters; a longer name ends in `…`.
fn truncate(name: &str, max_length: usize) -> String {
    if name.chars().count() <= max_length {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(max_length.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranking(values: &[f64]) -> Ranking {
        Ranking {
            id: "videos".into(),
            title: "Minutes per video".into(),
            unit: "minutes".into(),
            sentence: "Most of \"Membranes\" <1>".into(),
            head: "Video".into(),
            beside: vec!["Viewers".into()],
            beside_units: vec!["viewers".into()],
            items: values
                .iter()
                .enumerate()
                .map(|(n, value)| Item {
                    name: format!("Lecture {n}: a name that is longer than there is room for on a phone"),
                    value: *value,
                    beside: vec![Some(1.0)],
                    is_left_out: n % 2 == 1,
                })
                .collect(),
        }
    }

    proptest! {
        #[test]
        fn every_number_above_zero_is_a_bar(
            values in prop::collection::vec(
                prop_oneof![Just(0.0), 0.0f64..1e7, Just(f64::NAN), Just(f64::INFINITY), Just(-1.0)], 0..40,
            ),
            width in prop_oneof![Just(0u32), Just(1), 2u32..2600],
        ) {
            let ranking = ranking(&values);
            let drawn = ranking.draw(width, &|n| format!("{n}"));
            let table = ranking.table();
            prop_assert_eq!(table.rows.len(), values.len());
            prop_assert!(table.rows.iter().all(|row| row.values.len() + 1 == table.columns.len()));
            let shown = table.rows.iter().filter(|row| row.values[0] > Some(0.0)).count();
            prop_assert_eq!(drawn.matches("class=\"bar").count(), shown);
            prop_assert!(drawn.starts_with("<svg ") && drawn.trim_end().ends_with("</svg>"));
            prop_assert!(!drawn.contains("style=") && !drawn.contains("#01FE") && !drawn.contains("width=\"-"));
        }
    }

    #[test]
    fn bar_lengths_are_proportional_and_left_out_bars_are_hollow() {
        let drawn = ranking(&[100.0, 50.0]).draw(1000, &|n| format!("{n}"));
        let width = |class: &str| {
            let rect = drawn.lines().find(|line| line.contains(class)).unwrap();
            let width = rect.split("width=\"").nth(1).unwrap().split('"').next().unwrap();
            width.parse::<f64>().unwrap()
        };
        assert!((width("class=\"bar\"") - 2.0 * width("class=\"bar hollow\"")).abs() <= 2.0);
    }

    #[test]
    fn a_long_name_ends_in_an_ellipsis() {
        assert_eq!(truncate("Membranes", 9), "Membranes");
        assert_eq!(truncate("Cell Membranes", 6), "Cell…");
        assert_eq!(truncate("Zellbiologie für alle", 0), "…");
    }
}
