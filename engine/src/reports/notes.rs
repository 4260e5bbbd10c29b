//! `notes`: note events. Notes have no id, so a note that is written on is another event with all its words:
//! events and words are counted, never notes.

use super::activity::{self, Activity, Counting};
use super::selection::{Columns, Selection, person};
use super::{Question, text};
use crate::dictionary::EMPTY;
use crate::table::held::Tables;
use crate::table::reading;
use domain::institution_role::InstitutionRole;
use domain::time::Day;
use std::collections::BTreeMap;

/// How many events are answered with what was written.
const MOST_WRITTEN: usize = 500;

/// A student's note events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Student {
    /// Their UUID, as it came.
    pub id: String,
    /// `Nuñez, Ana`; may be empty.
    pub name: String,
    /// Note events.
    pub events: u64,
    /// Their words.
    pub words: u64,
    /// The day of the last.
    pub last: Day,
    /// Events by step of the range; none where nothing is known.
    pub steps: Vec<Option<u64>>,
}

/// A note event with what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Seconds since 1970, UTC.
    pub at: u32,
    /// The deck's name; may be empty.
    pub deck: String,
    /// Who wrote it; may be empty.
    pub person: String,
    /// Its words, where the row counts them.
    pub words: Option<u64>,
    /// The note as it stood then.
    pub text: String,
}

/// What was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// Note events by day, hour and deck; their amount is words.
    pub activity: Activity,
    /// Students, most events first.
    pub students: Vec<Student>,
    /// The newest events with what was written, newest first; empty unless the question wants contents.
    pub written: Vec<Written>,
}

/// A student's note events so far.
#[derive(Default)]
struct Growing {
    count: Counting,
    /// Events by step.
    series: Vec<u64>,
    /// The cells of each row.
    rows: Vec<[u32; 5]>,
    /// The place of the last day.
    last: usize,
}

/// Note events and words.
#[must_use]
pub fn measure(tables: &Tables, question: &Question) -> Measures {
    let activity = activity::measured(tables, question, "note_count");
    let columns = Columns {
        time: "event_timestamp",
        course: "courseId",
        section: "sectionId",
        user: "userid",
        role: "role",
        deck: "presentationID",
        cells: ["presentationName", "note_count", "content", "firstname", "lastname"],
    };
    let selection = Selection::new(tables, question, &columns);
    let words = |code: u32| reading::count(selection.texts.bytes_of(code));
    let mut students: BTreeMap<u32, Growing> = BTreeMap::new();
    for row in selection.chosen().filter(|row| row.role == InstitutionRole::Student && row.user != EMPTY) {
        let Growing { count, series, rows, last } = students.entry(row.user).or_default();
        count.add(row.user, row.role, words(row.cells[1]).unwrap_or(0));
        activity.steps.note(series, row.day);
        rows.push(row.cells);
        *last = row.day;
    }
    let mut students: Vec<Student> = students
        .into_iter()
        .filter_map(|(id, Growing { count, series, rows, last })| {
            let (last, _) = *selection.days.get(last)?;
            let [first_name, last_name] = [3, 4]
                .map(|place: usize| selection.newest(rows.iter().filter_map(|r| r.get(place).copied())));
            let count = count.count();
            Some(Student {
                id: selection.text(id).into_owned(),
                name: person(&first_name, &last_name),
                events: count.events,
                words: count.amount,
                last,
                steps: activity.steps.series(&series),
            })
        })
        .collect();
    students.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.name.cmp(&b.name)));
    let wanted = if question.contents { MOST_WRITTEN } else { 0 };
    let written = selection.chosen().rev().take(wanted).map(|row| {
        let [deck, count, content, first, last] = row.cells;
        Written {
            at: row.at,
            deck: selection.text(deck).into_owned(),
            person: person(&selection.text(first), &selection.text(last)),
            words: words(count),
            text: text::said(&selection.text(content)),
        }
    });
    let written = written.collect();
    Measures { activity, students, written }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{question, tables, week};

    const HEADER: &str = "PresentationID,PresentationName,sectionId,courseId,content,note_count,event_timestamp,userid,firstname,lastname,role";

    const ROWS: &str = "\
d,Membranes,s,c,\"{\"\"slide\"\":3,\"\"text\"\":\"\"Osmosis\"\"}\",4,2026-02-02 10:00:00,u1,Ana,Nuñez,Student
d,Membranes,s,c,\"{\"\"slide\"\":3,\"\"text\"\":\"\"Osmosis, again\"\"}\",9,2026-02-02 11:00:00,u1,Ana,Nuñez,Student
d,Membranes,s,c,plain words,2,2026-02-03 11:00:00,u2,Bo,Li,Instructor
d,Membranes,s,c,,many,2026-02-03 12:00:00,,,,
";

    #[test]
    fn events_and_words_are_counted_and_students_apart() {
        let tables = tables(&[week("2026-02-02", HEADER, ROWS)]);
        let measures = measure(&tables, &question("2026-02-02", "2026-02-08"));
        let total = measures.activity.total;
        assert_eq!(
            (total.events, total.amount, total.people, total.students, total.unnamed),
            (4, 15, 2, 1, 1)
        );
        assert_eq!(measures.students.len(), 1);
        assert_eq!(measures.students[0].name, "Nuñez, Ana");
        assert_eq!((measures.students[0].events, measures.students[0].words), (2, 13));
        assert!(measures.written.is_empty(), "contents are off at first");
    }

    #[test]
    fn what_was_written_comes_only_when_it_is_wanted() {
        let tables = tables(&[week("2026-02-02", HEADER, ROWS)]);
        let mut question = question("2026-02-02", "2026-02-08");
        question.contents = true;
        let texts: Vec<String> =
            measure(&tables, &question).written.into_iter().map(|written| written.text).collect();
        assert_eq!(texts, ["", "plain words", "Osmosis, again", "Osmosis"]);
    }
}
