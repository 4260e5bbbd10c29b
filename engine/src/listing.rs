//! The rows behind the measures, by number: what a table shows of them, and never more at a time.
//!
//! The order is that of time. A listing is four bytes for each row, made when a table first asks.

use crate::columns::Texts;
use crate::dictionary::EMPTY;
use crate::measures::Question;
use crate::order;
use crate::shelf::{Held, Shelf};
use crate::sieve::{self, Passes, Sieve};
use domain::wire_struct;

/// What a table shows of one row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Seconds since 1970, UTC.
    pub time: u32,
    /// The video's name.
    pub video: String,
    /// The course, as displayed.
    pub course: String,
    /// The section's number.
    pub section: String,
    /// The viewer's name; empty for nobody known.
    pub person: String,
    /// The viewer's role, as Echo360 writes it.
    pub role: String,
    /// The video's whole minutes.
    pub length: Option<u32>,
}

wire_struct!(Row { time, video, course, section, person, role, length });

/// Rows of one window's copy, in the order of time.
#[derive(Debug)]
struct Run {
    window: String,
    rows: Vec<u32>,
}

/// The rows of a question that are counted in its measures.
#[derive(Debug, Default)]
pub struct Listing {
    runs: Vec<Run>,
}

impl Listing {
    /// The rows of `question` on the shelf, of the days that are `counted`.
    #[must_use]
    pub fn new(question: &Question, counted: &[bool], shelf: &Shelf) -> Self {
        let starts = sieve::starts(question);
        let sieve = Sieve::new(question, &starts, &shelf.texts);
        let runs = shelf
            .iter()
            .map(|(window, held)| {
                let columns = &held.copy.columns;
                let mut passes = vec![false; columns.sittings.len()];
                sieve.each(&columns.sittings, counted, |place| {
                    if let (Passes::All, Some(passes)) = (place.passes, passes.get_mut(place.sitting)) {
                        *passes = true;
                    }
                });
                let is_listed = |sitting: &u32| passes.get(*sitting as usize).copied().unwrap_or(false);
                let rows = (0u64..).zip(&columns.sitting).zip(&columns.time);
                // Equal times stay in the order of the file.
                let mut rows: Vec<u64> = rows
                    .filter(|((_, at), _)| is_listed(at))
                    .map(|((row, _), time)| u64::from(*time) << 32 | row)
                    .collect();
                order::ascending(&mut rows);
                let rows = rows.into_iter().map(|row| (row & 0xffff_ffff) as u32).collect();
                Run { window: window.to_owned(), rows }
            })
            .filter(|run| !run.rows.is_empty())
            .collect();
        Self { runs }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.iter().map(|run| run.rows.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// At most `count` rows from number `from` on.
    #[must_use]
    pub fn rows(&self, from: usize, count: usize, shelf: &Shelf) -> Vec<Row> {
        let mut skip = from;
        let mut shown = Vec::new();
        for run in &self.runs {
            let left = count.saturating_sub(shown.len());
            if let Some(held) = shelf.get(&run.window) {
                let rows = run.rows.iter().skip(skip).take(left);
                shown.extend(rows.map(|row| read(held, *row as usize, &shelf.texts)));
            }
            skip = skip.saturating_sub(run.rows.len());
        }
        shown
    }
}

fn read(held: &Held, row: usize, texts: &Texts) -> Row {
    let columns = &held.copy.columns;
    let time = columns.time.get(row).copied().unwrap_or(0);
    let Some(said) = columns.sitting_of(row) else { return Row { time, ..Row::default() } };
    Row {
        time,
        video: texts.video_name(said.video),
        course: texts.course_code(said.course),
        section: texts.section_number(said.section).0,
        person: if said.user == EMPTY { String::new() } else { texts.person(said.user) },
        role: texts.role.text(said.role).into_owned(),
        length: Some(said.length).filter(|minutes| *minutes > 0),
    }
}
