//! What the page and its data thread say to each other: a few kilobytes each at most.
//!
//! The page says what it looks at, whole and again whenever it changes; the thread works out the difference.
//! So a lost or late message can do no harm. Every answer carries the turn it belongs to.

use domain::report::ReportName;
use domain::{wire_enum, wire_struct};
use engine::measures::{Measures, Query, WindowCoverage};
use engine::row_list::RowDetails;
use protocol::{FetchError, Progress};

/// From the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It looks at something.
    Look(Box<Look>),
    /// It shows a part of a list.
    Show(Show),
}

wire_enum!(Said { 0 Look(look), 1 Show(show) });

/// A part of a list that is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Show {
    /// Of this look.
    pub turn: u32,
    /// Of which list.
    pub list: List,
    /// The number of its first row.
    pub from: usize,
    /// How many rows.
    pub count: usize,
}

wire_struct!(Show { turn, list, from, count });

/// What is listed row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Every row behind the measures, in the order of time.
    Rows,
    /// Every student with recorded activity, most minutes first.
    Students,
}

wire_enum!(List { 0 Rows, 1 Students });

/// Rows of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Of [`List::Rows`].
    Rows(Vec<RowDetails>),
    /// Of [`List::Students`].
    Students(Vec<Student>),
}

wire_enum!(Part { 0 Rows(rows), 1 Students(students) });

/// A student, as a table shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Student {
    /// Their UUID, as it came.
    pub id: String,
    /// `Nuñez, Ana`.
    pub name: String,
    /// Half minutes watched.
    pub rows: u64,
    /// The same by step of the range.
    pub steps: Vec<u32>,
}

wire_struct!(Student { id, name, rows, steps });

/// From the page: what it looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Rises with every look; answers to older ones are of no use.
    pub turn: u32,
    /// What is looked at.
    pub sight: Sight,
}

wire_struct!(Look { turn, sight });

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The report.
    pub report: ReportName,
    /// What is to be measured.
    pub question: Query,
    /// The windows whose copies can be fetched.
    pub windows: Vec<Wanted>,
}

wire_struct!(Sight { report, question, windows });

/// A window whose copy can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its id.
    pub id: String,
    /// The copy that serves.
    pub generation: u32,
    /// The days that copy answers for.
    pub facts: WindowCoverage,
}

wire_struct!(Wanted { id, generation, facts });

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
        load: Progress,
    },
    /// The measures of all copies that are here.
    Measured {
        /// Of this look.
        turn: u32,
        /// The measures.
        measures: Box<Measures>,
        /// What they were made of.
        load: Progress,
    },
    /// A part of a list that was asked for.
    Shown {
        /// What was asked.
        show: Show,
        /// Its rows; fewer at the end of the list.
        part: Part,
    },
    /// A copy could not be had.
    Failed {
        /// Of this look.
        turn: u32,
        /// Of this window.
        window: String,
        /// Why.
        refusal: FetchError,
    },
}

wire_enum!(Answer {
    0 Listening,
    1 Arriving { turn, load },
    2 Measured { turn, measures, load },
    3 Shown { show, part },
    4 Failed { turn, window, refusal },
});

#[cfg(test)]
mod tests {
    use super::*;
    use domain::institution_role::InstitutionRole;
    use domain::range::Range;
    use domain::wire;
    use domain::zone::Zone;

    #[test]
    fn a_look_goes_there_and_back() {
        let look = Look {
            turn: 3,
            sight: Sight {
                report: ReportName::parse("videoview").unwrap(),
                question: Query {
                    range: Range::parse("2026-02-02", "2026-02-08").unwrap(),
                    zone: Zone::utc(),
                    course: None,
                    sections: Vec::new(),
                    roles: vec![InstitutionRole::Student],
                    videos: Vec::new(),
                    student: None,
                    comparison: None,
                    today: "2026-02-09".parse().unwrap(),
                },
                windows: vec![Wanted {
                    id: "2026-02-02".into(),
                    generation: 1,
                    facts: WindowCoverage { start: None, end: None, provisional_from: None },
                }],
            },
        };
        for said in [
            Said::Look(Box::new(look)),
            Said::Show(Show { turn: 3, list: List::Students, from: 20, count: 10 }),
        ] {
            assert_eq!(wire::read(&wire::written(&said)), Some(said));
        }
    }
}
