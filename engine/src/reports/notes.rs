//! `notes`: note events. Notes have no id, so each edit of a note is another event with all of its words.
//! Events and words can be counted, but not notes.

use super::activity::{self, Activity};
use super::cell_text;
use super::selection::{Column, ColumnNames, Row, Selection};
use crate::dictionary::EMPTY;
use crate::ordering::sort_by;
use crate::table::cell_value;
use crate::table::dataset::Dataset;
use domain::institution_role::InstitutionRole;
use domain::query::MeasureQuery;
use domain::report::KnownReport;
use domain::time::Day;
use std::collections::BTreeMap;

/// Column of the number of words.
const WORDS: &str = "note_count";

/// Largest number of events returned with their text.
const MAX_NOTES: usize = 500;

/// A student's note events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Student {
    /// Their UUID, as in the rows.
    pub id: String,
    /// `Nuñez, Ana`; may be empty.
    pub name: String,
    /// Number of note events.
    pub events: u64,
    /// Words of these events.
    pub words: u64,
    /// The day of the last event.
    pub last: Day,
    /// Events by step of the range; `None` for a step without loaded days.
    pub steps: Vec<Option<u64>>,
}

/// A note event with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteEvent {
    /// Seconds since 1970, UTC.
    pub at: u32,
    /// The deck's name; may be empty.
    pub deck: String,
    /// The author's name; may be empty.
    pub person: String,
    /// Number of words, if the row has it.
    pub words: Option<u64>,
    /// The text of the note after this event.
    pub text: String,
}

/// Measures of `notes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// Note events by day, hour and deck; their amount is words.
    pub activity: Activity,
    /// Students, most events first.
    pub students: Vec<Student>,
    /// The newest events with their texts, newest first; empty unless the query includes contents.
    pub newest: Vec<NoteEvent>,
}

/// Accumulates a student's note events.
#[derive(Default)]
struct StudentCounter<'a> {
    words: u64,
    /// Events by step.
    series: Vec<u64>,
    rows: Vec<&'a Row>,
    /// Index of the last event's day.
    last: usize,
}

/// Measures note events and words.
#[must_use]
pub fn measure(dataset: &Dataset, query: &MeasureQuery) -> Measures {
    let selection = Selection::new(dataset, query, &ColumnNames::of(KnownReport::Notes));
    let activity = Activity::from_selection(&selection, activity::DECK_NAME, WORDS);
    let [deck_names, word_counts, contents, first_names, last_names] =
        [activity::DECK_NAME, WORDS, "content", "firstname", "lastname"].map(|name| selection.column(name));
    let people = selection.names();
    let words = |row: &Row| cell_value::parse_count(selection.texts.bytes_of(word_counts.code(row)));
    let mut students: BTreeMap<u32, StudentCounter<'_>> = BTreeMap::new();
    for row in selection.chosen_rows().filter(|row| row.role == InstitutionRole::Student && row.user != EMPTY)
    {
        let StudentCounter { words: sum, series, rows, last } = students.entry(row.user).or_default();
        *sum += words(row).unwrap_or(0);
        activity.steps.add_event(series, row.day);
        rows.push(row);
        *last = row.day;
    }
    let mut students: Vec<Student> = students
        .into_iter()
        .filter_map(|(id, StudentCounter { words, series, rows, last })| {
            let (last, _) = *selection.days.get(last)?;
            Some(Student {
                id: selection.text(id).into_owned(),
                name: people.label(id, [EMPTY; 2], selection.texts),
                events: rows.len() as u64,
                words,
                last,
                steps: activity.steps.series(&series),
            })
        })
        .collect();
    sort_by(&mut students, |a, b| b.events.cmp(&a.events).then_with(|| a.name.cmp(&b.name)));
    let limit = if query.contents { MAX_NOTES } else { 0 };
    let newest = selection.chosen_rows().rev().take(limit).map(|row| {
        let text = |column: &Column<'_>| selection.text(column.code(row));
        NoteEvent {
            at: row.at,
            deck: text(&deck_names).into_owned(),
            person: people.label(
                row.user,
                [&first_names, &last_names].map(|column| column.code(row)),
                selection.texts,
            ),
            words: words(row),
            text: cell_text::plain_text(&text(&contents)),
        }
    });
    let newest = newest.collect();
    Measures { activity, students, newest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{dataset, query, week};

    const HEADER: &str = "PresentationID,PresentationName,sectionId,courseId,content,note_count,event_timestamp,userid,firstname,lastname,role";

    const ROWS: &str = "\
d,Membranes,s,c,\"{\"\"slide\"\":3,\"\"text\"\":\"\"Osmosis\"\"}\",4,2026-02-02 10:00:00,u1,Ana,Nuñez,Student
d,Membranes,s,c,\"{\"\"slide\"\":3,\"\"text\"\":\"\"Osmosis, again\"\"}\",9,2026-02-02 11:00:00,u1,Ana,Nuñez,Student
d,Membranes,s,c,plain words,2,2026-02-03 11:00:00,u2,Bo,Li,Instructor
d,Membranes,s,c,,many,2026-02-03 12:00:00,,,,
";

    #[test]
    fn events_and_words_are_counted_and_only_students_are_listed() {
        let dataset = dataset(&[week("2026-02-02", HEADER, ROWS)]);
        let measures = measure(&dataset, &query("2026-02-02", "2026-02-08"));
        let total = measures.activity.total;
        assert_eq!(
            (total.events, total.amount, total.people, total.students, total.unnamed),
            (4, 15, 2, 1, 1)
        );
        assert_eq!(measures.students.len(), 1);
        assert_eq!(measures.students[0].name, "Nuñez, Ana");
        assert_eq!((measures.students[0].events, measures.students[0].words), (2, 13));
        assert!(measures.newest.is_empty(), "contents are off by default");
    }

    #[test]
    fn texts_are_returned_only_if_the_query_includes_contents() {
        let dataset = dataset(&[week("2026-02-02", HEADER, ROWS)]);
        let mut query = query("2026-02-02", "2026-02-08");
        query.contents = true;
        let texts: Vec<String> =
            measure(&dataset, &query).newest.into_iter().map(|event| event.text).collect();
        assert_eq!(texts, ["", "plain words", "Osmosis, again", "Osmosis"]);
    }
}
