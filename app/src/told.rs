//! What the page and the thread of reports say to each other.
//!
//! The page says what it looks at, whole and again whenever it changes; the thread answers with figures that are
//! ready to be drawn, words included. So the page needs one part that draws a [`Body`], and knows no report.

use charts::heatmap::Heatmap;
use charts::model::Chart;
use charts::poll_answers::PollAnswers;
use charts::ranking::Ranking;
use charts::small_multiples::SmallMultiples;
use charts::sortable_table::SortableTable;
use charts::threads::Threads;
use domain::ids::{PresentationId, SectionId};
use domain::institution_role::InstitutionRole;
use domain::report::ReportName;
use domain::time::{Day, Timestamp};
use domain::view::Choice;
use domain::{wire_enum, wire_struct};
use engine::measures::WindowCoverage;
use engine::reports::{Query, course};
use thread::message::Load;
use thread::stream::Refusal;

/// From the page: what it looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Rises with every look; answers to older ones are of no use.
    pub turn: u32,
    /// What is told.
    pub subject: Subject,
    /// What is to be measured.
    pub question: Query,
    /// The zone of the days, as it is said: `UTC+1 Berlin`.
    pub zone: String,
    /// The weeks of the range that have a number in a term.
    pub weeks: Vec<TermWeek>,
    /// The most rows that this device has memory for.
    pub most_rows: u64,
    /// The language in which the page spells numbers and days: `en-GB`. A worker may know another.
    pub language: String,
    /// Each report that is needed.
    pub parts: Vec<Part>,
}

wire_struct!(Look { turn, subject, question, zone, weeks, most_rows, language, parts });

/// A week by its number in a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermWeek {
    /// Its Monday.
    pub monday: Day,
    /// `Week 3`.
    pub short: String,
    /// `Week 3 of Autumn 2026`.
    pub name: String,
}

wire_struct!(TermWeek { monday, short, name });

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One report, the only part of its look.
    Report {
        /// Which.
        name: ReportName,
        /// Whether what names people is left out.
        is_nameless: bool,
        /// What it is held against, as it is called.
        other: String,
    },
    /// One course, over all parts of its look.
    Course {
        /// What is wanted of it.
        wanted: course::CourseOptions,
        /// What it is compared with, as it is called.
        other: String,
    },
}

wire_enum!(Subject { 0 Report { name, is_nameless, other }, 1 Course { wanted, other } });

/// A report with the windows whose copies can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The report.
    pub report: ReportName,
    /// Rows of this course only (UUID): what is read of a course need not carry the institution's.
    pub course: Option<String>,
    /// Its windows.
    pub windows: Vec<Wanted>,
}

wire_struct!(Part { report, course, windows });

/// A window whose copy can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its id.
    pub id: String,
    /// The copy that serves.
    pub generation: u32,
    /// The days that copy answers for.
    pub facts: WindowCoverage,
    /// When Echo360 was asked for it: of when a snapshot is.
    pub created: Timestamp,
}

wire_struct!(Wanted { id, generation, facts, created });

/// From the thread.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It listens: what was said before this is lost.
    Listening,
    /// Rows are arriving.
    Arriving {
        /// Of this look.
        turn: u32,
        /// What has arrived.
        load: Load,
    },
    /// The figures of all copies that are here.
    Told {
        /// Of this look.
        turn: u32,
        /// In the order in which they answer.
        figures: Vec<Figure>,
        /// What the student is called whose rows alone they are of; empty where nobody is, or is named.
        student: String,
        /// What they are made of.
        load: Load,
    },
    /// There is more than this device has memory for: what was here is let go of, and nothing more is fetched.
    TooLarge {
        /// Of this look.
        turn: u32,
        /// Rows that were announced by then: there may be more.
        rows: u64,
    },
    /// A copy could not be had.
    Failed {
        /// Of this look.
        turn: u32,
        /// Of this window.
        window: String,
        /// Why.
        refusal: Refusal,
    },
}

wire_enum!(Answer {
    0 Listening,
    1 Arriving { turn, load },
    2 Told { turn, figures, student, load },
    3 Failed { turn, window, refusal },
    4 TooLarge { turn, rows },
});

/// A figure, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Tells it from the others of its report: letters, digits, `-`. Stays the same from answer to answer.
    pub id: String,
    /// What is shown.
    pub title: String,
    /// In what, and in which days; may be empty.
    pub unit: String,
    /// What it shows, in a sentence or two.
    pub sentence: String,
    /// What limits it; may be empty.
    pub caveat: String,
    /// What is drawn.
    pub body: Body,
}

wire_struct!(Figure { id, title, unit, sentence, caveat, body });

/// What choosing a bar filters by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chooses {
    /// A deck (UUID).
    Deck,
    /// A section (UUID).
    Section,
    /// A role, as it stands in a URL.
    Role,
}

wire_enum!(Chooses { 0 Deck, 1 Section, 2 Role });

impl Chooses {
    /// What the bar of `id` filters by.
    #[must_use]
    pub fn choice(self, id: &str) -> Option<Choice> {
        match self {
            Self::Deck => PresentationId::parse(id).map(Choice::Deck),
            Self::Section => SectionId::parse(id).map(Choice::Section),
            Self::Role => InstitutionRole::parse(id).map(Choice::Role),
        }
    }
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Upright bars over time or over steps.
    Bars(Chart),
    /// Lying bars.
    Ranking {
        /// The bars.
        ranking: Ranking,
        /// What choosing a bar filters by.
        chooses: Chooses,
        /// The id of what each bar is of, where bars can be chosen; otherwise empty.
        ids: Vec<String>,
    },
    /// Cells by weekday and hour.
    Heatmap(Heatmap),
    /// A table. The ids of its rows, where there are any, are of decks.
    SortableTable(SortableTable),
    /// What a poll was answered with.
    PollAnswers(PollAnswers),
    /// Questions and answers.
    Threads(Threads),
    /// Small charts on one axis.
    SmallMultiples(SmallMultiples),
    /// The sentence alone.
    Text,
}

wire_enum!(Body {
    0 Bars(chart),
    1 Ranking { ranking, chooses, ids },
    2 Heatmap(heat),
    3 SortableTable(listing),
    4 PollAnswers(answers),
    5 Threads(threads),
    6 SmallMultiples(strips),
    7 Text,
});

impl Figure {
    /// Its numbers as a table, where it has any that its body does not show as one.
    #[must_use]
    pub fn table(&self) -> Option<charts::model::Table> {
        match &self.body {
            Body::Bars(chart) => Some(chart.table()),
            Body::Ranking { ranking, .. } => Some(ranking.table()),
            Body::Heatmap(heat) => Some(heat.table()),
            Body::PollAnswers(answers) => Some(answers.table()),
            Body::SmallMultiples(strips) => Some(strips.table()),
            Body::SortableTable(_) | Body::Threads(_) | Body::Text => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::range::Range;
    use domain::wire;
    use domain::zone::Zone;
    use engine::measures;

    #[test]
    fn a_look_goes_there_and_back() {
        let look = Look {
            turn: 3,
            subject: Subject::Report {
                name: ReportName::parse("polling").unwrap(),
                is_nameless: false,
                other: String::new(),
            },
            question: Query {
                base: measures::Query {
                    range: Range::parse("2026-02-02", "2026-02-08").unwrap(),
                    zone: Zone::utc(),
                    course: None,
                    sections: Vec::new(),
                    roles: Vec::new(),
                    videos: Vec::new(),
                    student: None,
                    comparison: None,
                    today: "2026-02-09".parse().unwrap(),
                },
                decks: vec!["d".into()],
                contents: true,
            },
            zone: "UTC".into(),
            weeks: vec![TermWeek {
                monday: "2026-02-02".parse().unwrap(),
                short: "Week 3".into(),
                name: "Week 3 of Spring".into(),
            }],
            most_rows: 10,
            language: "en-GB".into(),
            parts: vec![Part {
                report: ReportName::parse("polling").unwrap(),
                course: None,
                windows: vec![Wanted {
                    id: "2026-02-02".into(),
                    generation: 1,
                    facts: WindowCoverage { start: None, end: None, provisional_from: None },
                    created: Timestamp(7),
                }],
            }],
        };
        assert_eq!(wire::read(&wire::written(&look)), Some(look));
    }
}
