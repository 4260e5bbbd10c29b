//! The answers to a poll: its options in their own order, with the solution marked.
//!
//! Separate from [`crate::ranking`], since options keep their order and one of them may be the solution.

use crate::model::{Row, Table};
use crate::ranking::{Item, Ranking};
use serde::{Deserialize, Serialize};

/// One option.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PollOption {
    /// Its text.
    pub text: String,
    /// Number of students who chose it.
    pub count: f64,
    /// Number of other answers with it.
    pub others: f64,
    /// Whether it is the solution.
    pub is_solution: bool,
}

/// The options of a poll with their counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PollAnswers {
    /// Table heading of the options.
    pub head: String,
    /// Table heading of the counts of students; also the unit of the bars.
    pub counts: String,
    /// Table heading of the other counts.
    pub others: String,
    /// The word that marks the solution in the table.
    pub solution: String,
    /// Whether a solution is known. If not, no option is marked.
    pub has_solution: bool,
    /// The options, in their order.
    pub choices: Vec<PollOption>,
}

impl PollAnswers {
    /// The numbers as a table: a row for each option.
    #[must_use]
    pub fn table(&self) -> Table {
        let state = |choice: &PollOption| {
            self.has_solution.then(|| if choice.is_solution { self.solution.clone() } else { String::new() })
        };
        let heads = [&self.head, &self.counts, &self.others].into_iter();
        Table {
            columns: heads.chain(self.has_solution.then_some(&self.solution)).cloned().collect(),
            rows: self
                .choices
                .iter()
                .map(|choice| Row {
                    name: choice.text.clone(),
                    values: vec![Some(choice.count), Some(choice.others)],
                    state: state(choice),
                })
                .collect(),
        }
    }

    /// The options as horizontal bars. A check mark before its name marks the solution, so that color is not
    /// needed.
    #[must_use]
    pub fn ranking(&self, id: &str, title: &str, sentence: &str) -> Ranking {
        let name = |choice: &PollOption| {
            if choice.is_solution { format!("\u{2713} {}", choice.text) } else { choice.text.clone() }
        };
        Ranking {
            id: id.to_owned(),
            title: title.to_owned(),
            unit: self.counts.clone(),
            sentence: sentence.to_owned(),
            head: self.head.clone(),
            beside: vec![self.others.clone()],
            beside_units: vec![self.others.to_lowercase()],
            items: self
                .choices
                .iter()
                .map(|choice| Item {
                    name: name(choice),
                    value: choice.count,
                    beside: vec![Some(choice.others)],
                    is_left_out: false,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(has_solution: bool) -> PollAnswers {
        let choice = |text: &str, count, is_solution| PollOption {
            text: text.into(),
            count,
            others: 0.0,
            is_solution,
        };
        PollAnswers {
            head: "Answer".into(),
            counts: "Students".into(),
            others: "Others".into(),
            solution: "Solution".into(),
            has_solution,
            choices: vec![choice("Yes", 3.0, false), choice("No", 5.0, has_solution)],
        }
    }

    #[test]
    fn options_keep_their_order_and_the_solution_is_marked() {
        let ranking = answers(true).ranking("poll", "Which?", "");
        let names: Vec<&str> = ranking.items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["Yes", "\u{2713} No"]);
        let table = answers(true).table();
        assert_eq!(table.columns.len(), 4);
        assert_eq!(table.rows[1].state.as_deref(), Some("Solution"));
    }

    #[test]
    fn without_a_solution_nothing_is_marked() {
        let table = answers(false).table();
        assert_eq!(table.columns.len(), 3);
        assert!(table.rows.iter().all(|row| row.state.is_none()));
    }
}
