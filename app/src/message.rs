//! What the page and its data thread say to each other: JSON in `postMessage`, a few kilobytes each at most.
//!
//! The page says what it looks at, whole and again whenever it changes; the thread works out the difference.
//! So a lost or late message can do no harm. Every answer carries the turn it belongs to.

use crate::client::Trouble;
use domain::report::ReportName;
use engine::listing::Row;
use engine::measures::{Facts, Measures, Question};
use serde::{Deserialize, Serialize};

/// From the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// It looks at something.
    Look(Look),
    /// It shows a part of a list.
    Show(Show),
}

/// A part of a list that is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// What is listed row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum List {
    /// Every row behind the measures, in the order of time.
    Rows,
    /// Every student with recorded activity, most minutes first.
    Students,
}

/// Rows of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Of [`List::Rows`].
    Rows(Vec<Row>),
    /// Of [`List::Students`].
    Students(Vec<Student>),
}

/// A student, as a table shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Student {
    /// `Nuñez, Ana`.
    pub name: String,
    /// Half minutes watched.
    pub rows: u64,
    /// The same by step of the range.
    pub steps: Vec<u32>,
}

/// From the page: what it looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Rises with every look; answers to older ones are of no use.
    pub turn: u32,
    /// What is looked at.
    pub sight: Sight,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// The report.
    pub report: ReportName,
    /// What is to be measured.
    pub question: Question,
    /// The windows whose copies can be fetched.
    pub windows: Vec<Wanted>,
}

/// A window whose copy can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Its id.
    pub id: String,
    /// The copy that serves.
    pub generation: u32,
    /// The days that copy answers for.
    pub facts: Facts,
}

/// From the thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// The measures of all copies that are here.
    Measured {
        /// Of this look.
        turn: u32,
        /// The measures.
        measures: Box<Measures>,
        /// What they were made of.
        load: Load,
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
        trouble: Trouble,
    },
}

/// How much has arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Rows that have been read.
    pub rows: u64,
    /// Bytes as they travelled.
    pub bytes: u64,
    /// Copies that are whole.
    pub copies: usize,
    /// Copies that are still to come.
    pub pending: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::range::Range;
    use domain::role::Role;
    use domain::zone::Zone;

    #[test]
    fn a_look_goes_there_and_back() {
        let look = Look {
            turn: 3,
            sight: Sight {
                report: ReportName::parse("videoview").unwrap(),
                question: Question {
                    range: Range::parse("2026-02-02", "2026-02-08").unwrap(),
                    zone: Zone::utc(),
                    course: None,
                    sections: Vec::new(),
                    roles: vec![Role::Student],
                    videos: Vec::new(),
                    today: "2026-02-09".parse().unwrap(),
                },
                windows: vec![Wanted {
                    id: "2026-02-02".into(),
                    generation: 1,
                    facts: Facts { start: None, end: None, provisional_from: None },
                }],
            },
        };
        for said in
            [Said::Look(look), Said::Show(Show { turn: 3, list: List::Students, from: 20, count: 10 })]
        {
            let text = serde_json::to_string(&said).unwrap();
            assert_eq!(serde_json::from_str::<Said>(&text).unwrap(), said);
        }
    }
}
