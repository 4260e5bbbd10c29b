//! Figures: a chart or a table with its title, unit, sentence and caveat.

use charts::heatmap::Heatmap;
use charts::model::{Chart, Table};
use charts::poll_answers::PollAnswers;
use charts::ranking::Ranking;
use charts::small_multiples::SmallMultiples;
use charts::sortable_table::SortableTable;
use charts::threads::Threads;
use domain::ids::{MediaId, PresentationId, SectionId};
use domain::institution_role::InstitutionRole;
use domain::view::Choice;
use serde::{Deserialize, Serialize};

/// A figure, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Identifies the figure among those of its report: letters, digits and `-`. It stays the same from response to
    /// response.
    pub id: String,
    /// What is shown.
    pub title: String,
    /// The unit, and the zone of the days; may be empty.
    pub unit: String,
    /// What the figure shows, in one or two sentences.
    pub sentence: String,
    /// What limits its numbers; may be empty.
    pub caveat: String,
    /// The chart or table.
    pub body: Body,
}

/// The filter that a click on a bar sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilterKind {
    /// A slide deck, by its UUID.
    Deck,
    /// A section, by its UUID.
    Section,
    /// A role, as URLs write it.
    Role,
    /// A video, by its UUID.
    Video,
}

impl FilterKind {
    /// The choice that filters by the item with this id; `None` if the id is invalid.
    #[must_use]
    pub fn choice(self, id: &str) -> Option<Choice> {
        match self {
            Self::Deck => PresentationId::parse(id).map(Choice::Deck),
            Self::Section => SectionId::parse(id).map(Choice::Section),
            Self::Role => InstitutionRole::parse(id).map(Choice::Role),
            Self::Video => MediaId::parse(id).map(Choice::Video),
        }
    }
}

/// What a figure consists of besides its texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// Vertical bars over time or over categories.
    Bars(Chart),
    /// Horizontal bars, the largest first.
    Ranking {
        /// The bars.
        ranking: Ranking,
        /// The filter that a click on a bar sets.
        filter: FilterKind,
        /// By bar, the id to filter by; empty if bars cannot be clicked.
        ids: Vec<String>,
    },
    /// Cells by weekday and hour.
    Heatmap(Heatmap),
    /// A table. If its rows have ids, they are those of slide decks.
    SortableTable(SortableTable),
    /// The answers to one poll.
    PollAnswers(PollAnswers),
    /// Questions with their answers.
    Threads(Threads),
    /// Small charts on one time axis.
    SmallMultiples(SmallMultiples),
    /// Nothing: the sentence stands alone.
    Text,
    /// A table that is too long to be sent whole: the page requests the rows that are on the screen.
    LongTable(LongTable),
}

/// What a long table lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RowList {
    /// Every row behind the measures, in the order of time.
    Rows,
    /// Every student with recorded activity, most minutes first.
    Students,
}

/// A table without its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongTable {
    /// What it lists.
    pub list: RowList,
    /// Its columns.
    pub columns: Vec<LongTableColumn>,
    /// The number of rows.
    pub count: u64,
    /// The steps of the rows' sparklines, as exports name them; empty if rows have none.
    pub steps: Vec<String>,
}

/// A column of a [`LongTable`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongTableColumn {
    /// Its heading.
    pub head: String,
    /// What its cells contain.
    pub content: ColumnContent,
}

/// What the cells of a column contain, which decides how wide it is and how it is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColumnContent {
    /// A date with a time.
    Time,
    /// The name of a video.
    Video,
    /// The code of a course.
    Course,
    /// The number of a section.
    Section,
    /// The name of a person.
    Person,
    /// A role.
    Role,
    /// A number.
    Amount,
    /// The row's sparkline.
    Sparkline,
    /// What can be done with the row's student.
    Actions,
    /// The name of a slide deck.
    Deck,
    /// Any other text.
    Text,
}

/// A row of a [`LongTable`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LongTableRow {
    /// The UUID of its student; empty if it is about no single student.
    pub student: String,
    /// The texts of its cells, in the order of the columns; empty for sparklines and actions.
    pub cells: Vec<String>,
    /// Its amount, for exports; `None` if it has none.
    pub amount: Option<f64>,
    /// The values of its sparkline; `None` for a step that is not loaded.
    pub steps: Vec<Option<f64>>,
    /// The accessible name of its sparkline.
    pub steps_label: String,
}

/// Whether the figure with this id names people. Any cell of an unknown report may contain a name, so all figures that
/// show its cells do. A figure may also have a column of owners ([`crate::text::OWNER`]).
#[must_use]
pub fn names_people(id: &str) -> bool {
    matches!(id, "note-takers" | "written" | "threads" | "students" | "rows") || id.starts_with("column-")
}

impl Figure {
    /// The numbers as a table; `None` if the body is a table already, or has no numbers.
    #[must_use]
    pub fn table(&self) -> Option<Table> {
        match &self.body {
            Body::Bars(chart) => Some(chart.table()),
            Body::Ranking { ranking, .. } => Some(ranking.table()),
            Body::Heatmap(heatmap) => Some(heatmap.table()),
            Body::PollAnswers(answers) => Some(answers.table()),
            Body::SmallMultiples(panels) => Some(panels.table()),
            Body::SortableTable(_) | Body::Threads(_) | Body::Text | Body::LongTable(_) => None,
        }
    }
}
