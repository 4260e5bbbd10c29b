//! What the page and its data thread say to each other: JSON in `postMessage`, a few hundred bytes each.
//!
//! The page says what it looks at, whole and again whenever it changes; the thread works out the difference.
//! So a lost or late message can do no harm. Every answer carries the turn it belongs to.

use crate::client::Trouble;
use domain::report::ReportName;
use engine::measures::{Facts, Measures, Question};
use serde::{Deserialize, Serialize};

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
        measures: Measures,
        /// What they were made of.
        load: Load,
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
                    section: None,
                    today: "2026-02-09".parse().unwrap(),
                },
                windows: vec![Wanted {
                    id: "2026-02-02".into(),
                    generation: 1,
                    facts: Facts { start: None, end: None, provisional_from: None },
                }],
            },
        };
        let text = serde_json::to_string(&look).unwrap();
        assert_eq!(serde_json::from_str::<Look>(&text).unwrap(), look);
    }
}
