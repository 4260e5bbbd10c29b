//! Every row of a report that its figures count, as a long table lists them.
//!
//! A [`Listing`] is the same for all reports: cells are codes of the dataset's texts, numbers and times, which are
//! formatted when a row is shown. Each report says which cells a row has, in a function of its own, so that a program
//! can load the code of one report alone. The rows are those that pass the same filters as in the report's measures.
//!
//! - [`events`]: slide views, confusion marks and notes; [`polls`], [`answers`]: poll answers, and answers to
//!   questions; [`videos`]: the library, as a snapshot and by week; [`columns`]: whatever an unknown report has.

pub mod answers;
pub mod columns;
pub mod events;
pub mod polls;
pub mod videos;

use super::activity;
use super::person_name::PersonNames;
use super::selection::{Column, Row, Selection};
use crate::dictionary::{Dictionary, EMPTY};
use crate::label::person_label;
use crate::text_search::TextSearch;
use domain::time::Day;
use std::collections::HashMap;

/// What a cell shows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// A text of the dataset, by its code.
    Text(u32),
    /// A text that the listing has made of one of the dataset, by its index; see [`Listing::label`].
    Label(u32),
    /// A text that is not shown, since somebody wrote it and the query does not include contents.
    Hidden,
    /// An answer without a text.
    EmptyAnswer,
    /// A time in seconds since 1970, UTC.
    Time(u32),
    /// A day.
    Day(Day),
    /// A span of days, both included.
    Days(Day, Day),
    /// A number.
    Number(f64),
    /// A person, by the codes of their user id and names.
    Person {
        /// The user id; may be [`EMPTY`].
        id: u32,
        /// The first name.
        first: u32,
        /// The last name.
        last: u32,
    },
    /// A slide deck, by the codes of its name and id.
    Deck {
        /// The name; may be [`EMPTY`].
        name: u32,
        /// The id.
        id: u32,
    },
    /// A video, by the codes of its name and id.
    Video {
        /// The name; may be [`EMPTY`].
        name: u32,
        /// The id.
        id: u32,
    },
    /// A course, by the code of its id or of what people see in its place.
    Course(u32),
}

impl Cell {
    /// A number, or nothing.
    fn number(number: Option<f64>) -> Self {
        number.map_or(Self::Empty, Self::Number)
    }

    /// A time in seconds since 1970, or nothing.
    fn time(time: Option<u32>) -> Self {
        time.map_or(Self::Empty, Self::Time)
    }
}

/// The rows of a report's long table, in its order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The number of cells of a row; 0 without rows.
    width: usize,
    /// The cells of all rows.
    cells: Vec<Cell>,
    labels: Vec<String>,
}

impl Listing {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cells of a row, by its index.
    #[must_use]
    pub fn row(&self, index: usize) -> &[Cell] {
        let start = index * self.width;
        self.cells.get(start..start + self.width).unwrap_or_default()
    }

    /// The cells of each row.
    pub fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunks(self.width.max(1))
    }

    /// The indices of the rows that have a text which the search finds: a name, a course, a role, a poll, or whatever
    /// else is neither a number nor a time.
    #[must_use]
    pub fn find(&self, search: &TextSearch, texts: &Dictionary) -> Vec<usize> {
        // The same few texts stand in most rows. Of a person all codes are needed, of all others one.
        let mut known: HashMap<(u8, [u32; 3]), bool> = HashMap::new();
        let mut is_found = |cell: &Cell| {
            let key = match *cell {
                Cell::Text(code) | Cell::Course(code) => (0, [code, 0, 0]),
                // Shown by its id if it has no name.
                Cell::Deck { name, id } | Cell::Video { name, id } => {
                    (0, [if name == EMPTY { id } else { name }, 0, 0])
                }
                Cell::Label(index) => (1, [index, 0, 0]),
                Cell::Person { id, first, last } => (2, [id, first, last]),
                Cell::Empty
                | Cell::Hidden
                | Cell::EmptyAnswer
                | Cell::Time(_)
                | Cell::Day(_)
                | Cell::Days(..)
                | Cell::Number(_) => return false,
            };
            let text = || match *cell {
                Cell::Person { id, first, last } => {
                    person_label(&texts.text(first), &texts.text(last), &texts.text(id))
                }
                Cell::Label(index) => self.label(index).to_owned(),
                _ => key.1.first().map_or_else(String::new, |code| texts.text(*code).into_owned()),
            };
            *known.entry(key).or_insert_with(|| search.finds(&text()))
        };
        let found = self.rows().enumerate().filter(|(_, cells)| cells.iter().any(&mut is_found));
        found.map(|(index, _)| index).collect()
    }

    /// The text of a [`Cell::Label`].
    #[must_use]
    pub fn label(&self, index: u32) -> &str {
        self.labels.get(index as usize).map_or("", String::as_str)
    }

    /// Appends a row. All rows of a listing have the same number of cells.
    fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let before = self.cells.len();
        self.cells.extend(cells);
        self.width = self.cells.len() - before;
    }

    /// A cell with a text of its own.
    fn add_label(&mut self, text: String) -> Cell {
        if text.is_empty() {
            return Cell::Empty;
        }
        // 2^32 texts do not fit into a page's memory.
        let index = u32::try_from(self.labels.len()).unwrap_or(u32::MAX);
        self.labels.push(text);
        Cell::Label(index)
    }
}

/// The columns that the cells of every event come from: time, deck, course, section, person, role.
struct EventColumns<'a> {
    deck_names: Column<'a>,
    courses: Column<'a>,
    sections: Column<'a>,
    first_names: Column<'a>,
    last_names: Column<'a>,
    roles: Column<'a>,
    people: PersonNames,
}

impl<'a> EventColumns<'a> {
    fn find(selection: &Selection<'a>) -> Self {
        Self {
            deck_names: selection.column(activity::DECK_NAME),
            courses: selection.column(activity::COURSE_NAME),
            sections: selection.column("sectionNumber"),
            first_names: selection.column("firstname"),
            last_names: selection.column("lastname"),
            roles: selection.column("role"),
            people: selection.names(),
        }
    }

    fn cells(&self, row: &Row) -> [Cell; 6] {
        [
            Cell::Time(row.at),
            Cell::Deck { name: self.deck_names.code(row), id: row.deck },
            Cell::Text(self.courses.code(row)),
            Cell::Text(self.sections.code(row)),
            person_cell(&self.people, row.user, [self.first_names.code(row), self.last_names.code(row)]),
            Cell::Text(self.roles.code(row)),
        ]
    }
}

/// A person, with the newest of their names; `names` are those in the row, for one without a user id.
fn person_cell(people: &PersonNames, id: u32, names: [u32; 2]) -> Cell {
    let [first, last] = people.codes(id, names);
    Cell::Person { id, first, last }
}

/// The readable texts of cells that hold JSON or HTML: each distinct one is read once.
#[derive(Debug, Default)]
struct PlainTexts {
    cells: HashMap<u32, Cell>,
}

impl PlainTexts {
    /// The readable text of a code.
    fn cell(&mut self, code: u32, texts: &Dictionary, listing: &mut Listing) -> Cell {
        if code == EMPTY {
            return Cell::Empty;
        }
        let read = || listing.add_label(super::cell_text::plain_text(&texts.text(code)));
        *self.cells.entry(code).or_insert_with(read)
    }
}

#[cfg(test)]
mod tests;
