//! Figures: a chart or a table with its title, unit, sentence and caveat.

use charts::heatmap::Heatmap;
use charts::model::{Chart, Table};
use charts::poll_answers::PollAnswers;
use charts::ranking::Ranking;
use charts::small_multiples::SmallMultiples;
use charts::sortable_table::SortableTable;
use charts::threads::Threads;
use domain::ids::{PresentationId, SectionId};
use domain::institution_role::InstitutionRole;
use domain::view::Choice;
use domain::{wire_enum, wire_struct};

/// A figure, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
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

wire_struct!(Figure { id, title, unit, sentence, caveat, body });

/// The filter that a click on a bar sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterKind {
    /// A slide deck, by its UUID.
    Deck,
    /// A section, by its UUID.
    Section,
    /// A role, as URLs write it.
    Role,
}

wire_enum!(FilterKind { 0 Deck, 1 Section, 2 Role });

impl FilterKind {
    /// The choice that filters by the item with this id; `None` if the id is invalid.
    #[must_use]
    pub fn choice(self, id: &str) -> Option<Choice> {
        match self {
            Self::Deck => PresentationId::parse(id).map(Choice::Deck),
            Self::Section => SectionId::parse(id).map(Choice::Section),
            Self::Role => InstitutionRole::parse(id).map(Choice::Role),
        }
    }
}

/// What a figure consists of besides its texts.
#[derive(Debug, Clone, PartialEq)]
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
}

wire_enum!(Body {
    0 Bars(chart),
    1 Ranking { ranking, filter, ids },
    2 Heatmap(heatmap),
    3 SortableTable(table),
    4 PollAnswers(answers),
    5 Threads(threads),
    6 SmallMultiples(panels),
    7 Text,
});

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
            Body::SortableTable(_) | Body::Threads(_) | Body::Text => None,
        }
    }
}
