//! A heat map: cells by weekday and hour, in five steps of one ink, with the scale drawn under it.

use crate::ink::Ink;
use crate::layout::Size;
use crate::model::{Row, Table};
use crate::scale::Bands;
use crate::svg::{Drawn, block, failed, finished, written};
use crate::ticks;
use domain::wire_struct;
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, VPos};

/// Steps of the scale above nothing.
const STEPS: f64 = 5.0;
/// Pixels down of one line of cells.
pub const LINE: i32 = 28;
/// Pixels under the cells for the names of the columns.
const NAMES: i32 = 24;
/// Pixels down of the scale with its numbers.
const SCALE: i32 = 44;
/// Pixels across of one step of the scale, where there is room.
const SWATCH: i32 = 56;
/// Pixels that a character takes at most.
const CHARACTER: i32 = 8;

/// One line of cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name in full.
    pub name: String,
    /// Its name beside the cells.
    pub short: String,
    /// Its numbers; none where nothing is known.
    pub cells: Vec<Option<f64>>,
    /// The word for its state in the table.
    pub state: String,
}

wire_struct!(Line { name, short, cells, state });

/// A heat map.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    /// Tells its parts from those of other charts in the document: letters, digits, `-`.
    pub id: String,
    /// What is counted.
    pub title: String,
    /// In what.
    pub unit: String,
    /// What it shows, in a sentence.
    pub sentence: String,
    /// What the lines are, above their names in the table.
    pub head: String,
    /// Above the states, in the table.
    pub state: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// Its lines, in order.
    pub lines: Vec<Line>,
}

wire_struct!(Heat { id, title, unit, sentence, head, state, columns, lines });

/// Where everything stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// The columns of cells.
    pub bands: Bands,
    /// The pixel at which the cells begin.
    pub left: i32,
    lines: usize,
}

impl Grid {
    /// The column and line at a pixel.
    #[must_use]
    pub fn at(&self, x: i32, y: i32) -> Option<(usize, usize)> {
        let line = usize::try_from(y.div_euclid(LINE)).ok().filter(|line| *line < self.lines)?;
        Some((self.bands.at(x)?, line))
    }
}

impl Heat {
    /// The same numbers as a table.
    #[must_use]
    pub fn table(&self) -> Table {
        let columns = [&self.head].into_iter().chain(&self.columns).chain([&self.state]).cloned().collect();
        let rows = self.lines.iter().map(|line| Row {
            name: line.name.clone(),
            values: (0..self.columns.len()).map(|column| line.cells.get(column).copied().flatten()).collect(),
            state: Some(line.state.clone()),
        });
        Table { columns, rows: rows.collect() }
    }

    /// Pixels down of the whole drawing.
    #[must_use]
    pub fn height(&self) -> u32 {
        let lines = i32::try_from(self.lines.len()).unwrap_or(1000);
        u32::try_from(lines * LINE + NAMES + SCALE).unwrap_or(0)
    }

    /// Where the cells stand in a drawing `width` pixels across.
    #[must_use]
    pub fn grid(&self, width: u32) -> Grid {
        let right = i32::try_from(width).unwrap_or(i32::MAX / 2);
        let names = self.lines.iter().map(|line| line.short.chars().count()).max().unwrap_or(0);
        let left = (i32::try_from(names).unwrap_or(0) * CHARACTER + CHARACTER).min(right);
        Grid { bands: Bands::new(self.columns.len(), left, right), left, lines: self.lines.len() }
    }

    /// The number at which the scale ends: round, and at or above the largest cell.
    #[must_use]
    pub fn top(&self) -> f64 {
        let cells = self.lines.iter().flat_map(|line| &line.cells).flatten();
        let largest = cells.copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        ticks::from_zero(largest, false).last().copied().unwrap_or(1.0)
    }

    /// Draws it `width` pixels across; `write` spells a number.
    #[must_use]
    pub fn draw(&self, width: u32, write: &dyn Fn(f64) -> String) -> String {
        let mut drawing = String::new();
        // Writing to a string cannot fail; were it ever to, what was drawn until then is shown.
        let _ = self.marks(&mut drawing, Size { width, height: self.height() }, write);
        finished(&drawing, &self.id, &format!("{}. {}", self.title, self.sentence))
    }

    fn marks(&self, into: &mut String, size: Size, write: &dyn Fn(f64) -> String) -> Drawn {
        let area = SVGBackend::with_string(into, (size.width, size.height)).into_drawing_area();
        let Grid { bands, left, .. } = self.grid(size.width);
        let beside = written(&area, Ink::Label, HPos::Left, VPos::Center);
        let under = written(&area, Ink::Label, HPos::Left, VPos::Top);
        let top = self.top();
        let mut y = 0;
        for line in &self.lines {
            area.draw_text(&line.short, &beside, (0, y + LINE / 2)).map_err(failed)?;
            for column in 0..self.columns.len() {
                let (from, to) = bands.edges(column);
                // A pixel stays free between cells, where there is one.
                let to = if to - from > 2 { to - 1 } else { to };
                let ink = match line.cells.get(column).copied().flatten() {
                    None => Ink::Gap,
                    Some(value) => cell(value, top),
                };
                if to > from {
                    block(&area, ink, (from, y), (to, y + LINE - 1))?;
                }
            }
            y += LINE;
        }
        let every = (1..=24usize).find(|every| names_fit(self, bands, *every)).unwrap_or(24);
        for (column, name) in self.columns.iter().enumerate().step_by(every) {
            area.draw_text(name, &under, (bands.edges(column).0, y + 6)).map_err(failed)?;
        }
        self.scale(&area, (left, y + NAMES), size, top, write)?;
        area.present().map_err(failed)
    }

    fn scale(
        &self,
        area: &crate::svg::Area<'_>,
        (left, y): (i32, i32),
        size: Size,
        top: f64,
        write: &dyn Fn(f64) -> String,
    ) -> Drawn {
        let right = i32::try_from(size.width).unwrap_or(i32::MAX / 2);
        let end = format!("{} {}", write(top), self.unit.to_lowercase());
        let needed = i32::try_from(end.chars().count()).unwrap_or(0) * CHARACTER;
        let swatch = SWATCH.min((right - left - needed) / 6).max(1);
        let under = written(area, Ink::Label, HPos::Left, VPos::Top);
        let mut x = left;
        for (step, ink) in (0i32..).zip(Ink::CELLS) {
            block(area, ink, (x, y + 4), (x + swatch - 1, y + 16))?;
            let from = if step == 0 { 0.0 } else { f64::from(step - 1) / STEPS * top };
            // The lowest step begins above nothing, so its number would be nothing's again.
            if step != 1 && (swatch >= 40 || step % 2 == 0) {
                area.draw_text(&write(from), &under, (x, y + 22)).map_err(failed)?;
            }
            x += swatch;
        }
        area.draw_text(&end, &under, (x, y + 22)).map_err(failed)
    }
}

/// The ink of a number on a scale that ends at `top`.
fn cell(value: f64, top: f64) -> Ink {
    if !value.is_finite() || value <= 0.0 {
        return Ink::Cell0;
    }
    match value / top * STEPS {
        share if share <= 1.0 => Ink::Cell1,
        share if share <= 2.0 => Ink::Cell2,
        share if share <= 3.0 => Ink::Cell3,
        share if share <= 4.0 => Ink::Cell4,
        _ => Ink::Cell5,
    }
}

/// Whether every `every`th name of the columns has room beside the next.
fn names_fit(heat: &Heat, bands: Bands, every: usize) -> bool {
    heat.columns.iter().enumerate().step_by(every).all(|(column, name)| {
        let room = bands.edges(column + every).0 - bands.edges(column).0;
        i32::try_from(name.chars().count() + 1).unwrap_or(i32::MAX / 64) * CHARACTER <= room
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heat(cells: &[Option<f64>]) -> Heat {
        Heat {
            id: "hours".into(),
            title: "Minutes by hour".into(),
            unit: "Minutes".into(),
            sentence: "Mostly on Monday".into(),
            head: "Day".into(),
            state: "State".into(),
            columns: (0..24).map(|hour| hour.to_string()).collect(),
            lines: cells
                .chunks(24)
                .map(|cells| Line {
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
        fn every_number_in_the_table_is_a_cell_and_what_is_missing_a_gap(
            cells in prop::collection::vec(
                prop::option::of(prop_oneof![Just(0.0), 0.0f64..1e6, Just(f64::NAN)]), 168,
            ),
            width in 400u32..2600,
        ) {
            let heat = heat(&cells);
            let drawn = heat.draw(width, &|n| format!("{n}"));
            let table = heat.table();
            let numbers = table.rows.iter().flat_map(|row| &row.values).flatten().count();
            prop_assert_eq!(drawn.matches("class=\"cell ").count(), numbers + 6, "and six of the scale");
            prop_assert_eq!(drawn.matches("class=\"gap\"").count(), 168 - numbers);
            prop_assert!(table.rows.iter().all(|row| row.values.len() + 2 == table.columns.len()));
            prop_assert!(!drawn.contains("style=") && !drawn.contains("#01FE"));
        }

        #[test]
        fn everything_can_be_drawn(count in 0usize..200, width in 0u32..300) {
            let drawn = heat(&vec![Some(1.0); count]).draw(width, &|n| format!("{n}"));
            prop_assert!(drawn.starts_with("<svg ") && drawn.trim_end().ends_with("</svg>"));
            prop_assert!(!drawn.contains("width=\"-"));
        }

        #[test]
        fn a_cell_is_found_under_its_own_pixel(column in 0usize..24, line in 0usize..7, width in 300u32..2000) {
            let grid = heat(&[Some(1.0); 168]).grid(width);
            let (from, to) = grid.bands.edges(column);
            let y = i32::try_from(line).unwrap() * LINE + 3;
            prop_assert_eq!(grid.at(from + (to - from) / 2, y), Some((column, line)));
            prop_assert_eq!(grid.at(from, 7 * LINE), None);
        }
    }

    #[test]
    fn steps_are_fifths_and_nothing_is_a_step_of_its_own() {
        let steps = [0.0, 0.1, 20.0, 20.1, 99.0, 100.0].map(|value| cell(value, 100.0));
        assert_eq!(steps, [Ink::Cell0, Ink::Cell1, Ink::Cell1, Ink::Cell2, Ink::Cell5, Ink::Cell5]);
    }
}
