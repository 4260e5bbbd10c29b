//! Heat map: one cell per weekday and hour, in five shades of one color, with its scale below.

use crate::layout::Size;
use crate::model::{Row, Table};
use crate::palette::PaletteColor;
use crate::scale::Bands;
use crate::svg::{DrawResult, fill_rect, finish_svg, text_style, to_error};
use crate::ticks;
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, VPos};
use serde::{Deserialize, Serialize};

/// Shades of the color scale for numbers above zero.
const SHADES: f64 = 5.0;
/// Height of one row of cells, in pixels.
pub const ROW_HEIGHT: i32 = 28;
/// Height of the column names below the cells, in pixels.
const COLUMN_NAMES_HEIGHT: i32 = 24;
/// Height of the color scale with its numbers, in pixels.
const SCALE_HEIGHT: i32 = 44;
/// Largest width of one swatch of the color scale, in pixels.
const SWATCH_WIDTH: i32 = 56;
/// Largest width of a character, in pixels.
const CHARACTER_WIDTH: i32 = 8;

/// One row of cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeatmapRow {
    /// Its name in full.
    pub name: String,
    /// Its short name beside the cells.
    pub short: String,
    /// Its numbers, one for each column; `None` without data.
    pub cells: Vec<Option<f64>>,
    /// The word for its state in the table.
    pub state: String,
}

/// A heat map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heatmap {
    /// Prefix of element ids, unique in the document: letters, digits, `-`.
    pub id: String,
    /// What is counted.
    pub title: String,
    /// The unit of the numbers.
    pub unit: String,
    /// The main finding, in a sentence.
    pub sentence: String,
    /// Table heading of the column of row names.
    pub head: String,
    /// Table heading of the column of states.
    pub state: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// Its rows, in order.
    pub rows: Vec<HeatmapRow>,
}

/// Positions of the cells, in pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// One band for each column.
    pub bands: Bands,
    /// The left edge of the cells.
    pub left: i32,
    rows: usize,
}

impl Grid {
    /// The column and row at a pixel; `None` outside the cells.
    #[must_use]
    pub fn cell_at(&self, x: i32, y: i32) -> Option<(usize, usize)> {
        let row = usize::try_from(y.div_euclid(ROW_HEIGHT)).ok().filter(|row| *row < self.rows)?;
        Some((self.bands.band_at(x)?, row))
    }
}

impl Heatmap {
    /// The numbers as a table with the same rows and columns.
    #[must_use]
    pub fn table(&self) -> Table {
        let columns = [&self.head].into_iter().chain(&self.columns).chain([&self.state]).cloned().collect();
        let rows = self.rows.iter().map(|row| Row {
            name: row.name.clone(),
            values: (0..self.columns.len()).map(|column| row.cells.get(column).copied().flatten()).collect(),
            state: Some(row.state.clone()),
        });
        Table { columns, rows: rows.collect() }
    }

    /// Height of the whole drawing, in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        let rows = i32::try_from(self.rows.len()).unwrap_or(1000);
        u32::try_from(rows * ROW_HEIGHT + COLUMN_NAMES_HEIGHT + SCALE_HEIGHT).unwrap_or(0)
    }

    /// Positions of the cells in a drawing `width` pixels wide.
    #[must_use]
    pub fn grid(&self, width: u32) -> Grid {
        let right = i32::try_from(width).unwrap_or(i32::MAX / 2);
        let names = self.rows.iter().map(|row| row.short.chars().count()).max().unwrap_or(0);
        let left = (i32::try_from(names).unwrap_or(0) * CHARACTER_WIDTH + CHARACTER_WIDTH).min(right);
        Grid { bands: Bands::new(self.columns.len(), left, right), left, rows: self.rows.len() }
    }

    /// The end of the color scale: a round number at or above the largest cell.
    #[must_use]
    pub fn scale_max(&self) -> f64 {
        let cells = self.rows.iter().flat_map(|row| &row.cells).flatten();
        let largest = cells.copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        ticks::from_zero(largest, false).last().copied().unwrap_or(1.0)
    }

    /// Draws the heat map, `width` pixels wide; `write` formats a number.
    #[must_use]
    pub fn draw(&self, width: u32, write: &dyn Fn(f64) -> String) -> String {
        let mut drawing = String::new();
        // Writing to a string cannot fail; if it did, the marks drawn so far would be returned.
        let _ = self.draw_marks(&mut drawing, Size { width, height: self.height() }, write);
        finish_svg(&drawing, &self.id, &format!("{}. {}", self.title, self.sentence))
    }

    fn draw_marks(&self, into: &mut String, size: Size, write: &dyn Fn(f64) -> String) -> DrawResult {
        let area = SVGBackend::with_string(into, (size.width, size.height)).into_drawing_area();
        let Grid { bands, left, .. } = self.grid(size.width);
        let beside = text_style(&area, PaletteColor::Label, HPos::Left, VPos::Center);
        let under = text_style(&area, PaletteColor::Label, HPos::Left, VPos::Top);
        let top = self.scale_max();
        let mut y = 0;
        for row in &self.rows {
            area.draw_text(&row.short, &beside, (0, y + ROW_HEIGHT / 2)).map_err(to_error)?;
            for column in 0..self.columns.len() {
                let (from, to) = bands.edges(column);
                // Leaves one pixel between cells that are wide enough.
                let to = if to - from > 2 { to - 1 } else { to };
                let color = match row.cells.get(column).copied().flatten() {
                    None => PaletteColor::Gap,
                    Some(value) => cell_color(value, top),
                };
                if to > from {
                    fill_rect(&area, color, (from, y), (to, y + ROW_HEIGHT - 1))?;
                }
            }
            y += ROW_HEIGHT;
        }
        let every = (1..=24usize).find(|every| do_names_fit(self, bands, *every)).unwrap_or(24);
        for (column, name) in self.columns.iter().enumerate().step_by(every) {
            area.draw_text(name, &under, (bands.edges(column).0, y + 6)).map_err(to_error)?;
        }
        self.draw_scale(&area, (left, y + COLUMN_NAMES_HEIGHT), size, top, write)?;
        area.present().map_err(to_error)
    }

    /// Draws the color scale with its numbers below the cells.
    fn draw_scale(
        &self,
        area: &crate::svg::Area<'_>,
        (left, y): (i32, i32),
        size: Size,
        top: f64,
        write: &dyn Fn(f64) -> String,
    ) -> DrawResult {
        let right = i32::try_from(size.width).unwrap_or(i32::MAX / 2);
        let end = format!("{} {}", write(top), self.unit.to_lowercase());
        let needed = i32::try_from(end.chars().count()).unwrap_or(0) * CHARACTER_WIDTH;
        let swatch = SWATCH_WIDTH.min((right - left - needed) / 6).max(1);
        let under = text_style(area, PaletteColor::Label, HPos::Left, VPos::Top);
        let mut x = left;
        for (step, color) in (0i32..).zip(PaletteColor::CELLS) {
            fill_rect(area, color, (x, y + 4), (x + swatch - 1, y + 16))?;
            let from = if step == 0 { 0.0 } else { f64::from(step - 1) / SHADES * top };
            // Step 0 is the color of zero and step 1 the lowest fifth: both begin at 0, which is written
            // once.
            if step != 1 && (swatch >= 40 || step % 2 == 0) {
                area.draw_text(&write(from), &under, (x, y + 22)).map_err(to_error)?;
            }
            x += swatch;
        }
        area.draw_text(&end, &under, (x, y + 22)).map_err(to_error)
    }
}

/// The color of a number on a scale from zero to `top`.
fn cell_color(value: f64, top: f64) -> PaletteColor {
    if !value.is_finite() || value <= 0.0 {
        return PaletteColor::Cell0;
    }
    match value / top * SHADES {
        share if share <= 1.0 => PaletteColor::Cell1,
        share if share <= 2.0 => PaletteColor::Cell2,
        share if share <= 3.0 => PaletteColor::Cell3,
        share if share <= 4.0 => PaletteColor::Cell4,
        _ => PaletteColor::Cell5,
    }
}

/// Whether the column names fit if only every `every`th one is drawn.
fn do_names_fit(heat: &Heatmap, bands: Bands, every: usize) -> bool {
    heat.columns.iter().enumerate().step_by(every).all(|(column, name)| {
        let available = bands.edges(column + every).0 - bands.edges(column).0;
        i32::try_from(name.chars().count() + 1).unwrap_or(i32::MAX / 64) * CHARACTER_WIDTH <= available
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heat(cells: &[Option<f64>]) -> Heatmap {
        Heatmap {
            id: "hours".into(),
            title: "Minutes by hour".into(),
            unit: "Minutes".into(),
            sentence: "Mostly on Monday".into(),
            head: "Day".into(),
            state: "State".into(),
            columns: (0..24).map(|hour| hour.to_string()).collect(),
            rows: cells
                .chunks(24)
                .map(|cells| HeatmapRow {
                    name: "Monday".into(),
                    short: "Mon".into(),
                    cells: cells.to_vec(),
                    state: "Final".into(),
                })
                .collect(),
        }
    }

    proptest! {
        #[test]
        fn numbers_of_the_table_are_cells_and_missing_numbers_are_gaps(
            cells in prop::collection::vec(
                prop::option::of(prop_oneof![Just(0.0), 0.0f64..1e6, Just(f64::NAN)]), 168,
            ),
            width in 400u32..2600,
        ) {
            let heat = heat(&cells);
            let drawn = heat.draw(width, &|n| format!("{n}"));
            let table = heat.table();
            let numbers = table.rows.iter().flat_map(|row| &row.values).flatten().count();
            prop_assert_eq!(drawn.matches("class=\"cell ").count(), numbers + 6, "six in the color scale");
            prop_assert_eq!(drawn.matches("class=\"gap\"").count(), 168 - numbers);
            prop_assert!(table.rows.iter().all(|row| row.values.len() + 2 == table.columns.len()));
            prop_assert!(!drawn.contains("style=") && !drawn.contains("#01FE"));
        }

        #[test]
        fn any_number_of_cells_can_be_drawn(count in 0usize..200, width in 0u32..300) {
            let drawn = heat(&vec![Some(1.0); count]).draw(width, &|n| format!("{n}"));
            prop_assert!(drawn.starts_with("<svg ") && drawn.trim_end().ends_with("</svg>"));
            prop_assert!(!drawn.contains("width=\"-"));
        }

        #[test]
        fn a_pixel_of_a_cell_leads_back_to_the_cell(column in 0usize..24, row in 0usize..7, width in 300u32..2000) {
            let grid = heat(&[Some(1.0); 168]).grid(width);
            let (from, to) = grid.bands.edges(column);
            let y = i32::try_from(row).unwrap() * ROW_HEIGHT + 3;
            prop_assert_eq!(grid.cell_at(from + (to - from) / 2, y), Some((column, row)));
            prop_assert_eq!(grid.cell_at(from, 7 * ROW_HEIGHT), None);
        }
    }

    #[test]
    fn each_fifth_of_the_scale_has_a_color_and_zero_has_its_own() {
        let steps = [0.0, 0.1, 20.0, 20.1, 99.0, 100.0].map(|value| cell_color(value, 100.0));
        assert_eq!(
            steps,
            [
                PaletteColor::Cell0,
                PaletteColor::Cell1,
                PaletteColor::Cell1,
                PaletteColor::Cell2,
                PaletteColor::Cell5,
                PaletteColor::Cell5
            ]
        );
    }
}
