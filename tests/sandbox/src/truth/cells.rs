//! The cells of true rows, each report's in the order of its columns.

use crate::clock::{DAY_SECONDS, date_of_day};
use crate::events::{self, Detail, Event, Kind, Note, Poll, Question, Span, Totals};
use crate::institution::{Institution, Lecture, Term};
use crate::report::Report;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Restricts rows to a course or a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) course: Option<&'a str>,
    pub(super) section: Option<&'a str>,
}

impl Scope<'_> {
    /// Whether the row of an event is in the scope.
    pub(super) fn holds_event(self, institution: &Institution, term: &Term, event: &Event) -> bool {
        if event.is_embedded(institution) {
            return self.course.is_none() && self.section.is_none();
        }
        self.holds(institution, term, event.section)
    }

    /// Whether a section is in the scope.
    pub(super) fn holds(self, institution: &Institution, term: &Term, section: usize) -> bool {
        let Some(section) = term.sections.get(section) else { return false };
        let course = institution.courses.get(section.course);
        self.section.is_none_or(|id| id == section.id)
            && self.course.is_none_or(|id_or_code| {
                course.is_some_and(|course| id_or_code == course.id || id_or_code == course.code)
            })
    }
}

/// Calls `visit` with each row of a report.
pub(super) fn each(
    institution: &Institution,
    bulk: Option<u64>,
    report: Report,
    span: Span,
    as_of: i64,
    scope: Scope<'_>,
    visit: &mut dyn FnMut(&[&str]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let kind = match report {
        Report::Asset | Report::AssetByDate => {
            return assets(institution, report, span.until(as_of), scope, visit);
        }
        Report::Visit => {
            if scope.course.is_some() || scope.section.is_some() {
                return ControlFlow::Continue(());
            }
            return visits(institution, span, as_of, visit);
        }
        Report::VideoView => {
            return events::each_view(institution, bulk, span, as_of, &mut |term, event| {
                visit_event(institution, term, event, as_of, scope, visit)
            });
        }
        Report::Presentation => Kind::Deck,
        Report::Confused => Kind::Confused,
        Report::Polling => Kind::Poll,
        Report::Qanda => Kind::Answer,
        Report::Notes => Kind::Note,
    };
    events::each(institution, kind, span, as_of, &mut |term, event| {
        visit_event(institution, term, event, as_of, scope, visit)
    })
}

fn visit_event(
    institution: &Institution,
    term: &Term,
    event: &Event,
    as_of: i64,
    scope: Scope<'_>,
    visit: &mut dyn FnMut(&[&str]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if !scope.holds_event(institution, term, event) {
        return ControlFlow::Continue(());
    }
    let row = cells(institution, term, event, as_of).unwrap_or_default();
    let row: Vec<&str> = row.iter().map(String::as_str).collect();
    visit(&row)
}

fn time(at: i64) -> String {
    chrono::DateTime::from_timestamp(at, 0)
        .map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}

/// Formats a length in seconds as minutes with one decimal.
fn minutes(seconds: i64) -> String {
    format!("{:.1}", seconds as f64 / 60.0)
}

fn push_person(row: &mut Vec<String>, institution: &Institution, person: Option<usize>, at: i64, as_of: i64) {
    match person.and_then(|index| Some((index, institution.people.get(index)?))) {
        None => row.extend(std::iter::repeat_n(String::new(), 5)),
        Some((index, person)) => {
            row.push(person.id.clone());
            row.extend(institution.name(index, as_of).map(str::to_owned));
            row.push(person.email.clone());
            row.push(institution.role(index, at).to_owned());
        }
    }
}

fn push_section(row: &mut Vec<String>, institution: &Institution, term: &Term, section: usize) -> Option<()> {
    let section = term.sections.get(section)?;
    let course = institution.courses.get(section.course)?;
    row.push(section.id.clone());
    row.push(section.number.clone());
    row.push(course.id.clone());
    row.push(course.code.clone());
    row.push(course.name.clone());
    Some(())
}

fn cells(institution: &Institution, term: &Term, event: &Event, as_of: i64) -> Option<Vec<String>> {
    let lecture = term.lectures.get(event.lecture)?;
    let mut row = Vec::with_capacity(20);
    match event.detail {
        Detail::Download => return None,
        Detail::View { .. } => {
            row.push(lecture.media.clone());
            row.push(lecture.title.clone());
            match event.is_embedded(institution) {
                true => row.extend(std::iter::repeat_n(String::new(), 5)),
                false => push_section(&mut row, institution, term, event.section)?,
            }
            row.push(time(event.at));
            row.push(minutes(lecture.seconds));
            push_person(&mut row, institution, event.person, event.at, as_of);
        }
        Detail::Deck => {
            push_deck(&mut row, lecture);
            push_section(&mut row, institution, term, event.section)?;
            row.push(time(event.at));
            push_person(&mut row, institution, event.person, event.at, as_of);
            row.push(lecture.slides.to_string());
        }
        Detail::Confused => {
            push_deck(&mut row, lecture);
            push_section(&mut row, institution, term, event.section)?;
            row.push(time(event.at));
            push_person(&mut row, institution, event.person, event.at, as_of);
        }
        Detail::Poll { poll, choice } => {
            let poll_data = Poll::of(institution, lecture, poll);
            push_deck(&mut row, lecture);
            push_section(&mut row, institution, term, event.section)?;
            row.push(poll_data.id.clone());
            row.push(poll_data.prompt.to_owned());
            row.push(poll_data.content());
            row.push(poll_data.choice(poll_data.right).to_owned());
            row.push(time(event.at));
            row.push(Poll::answer_id(institution, lecture, poll, event.person?));
            row.push(poll_data.choice(choice).to_owned());
            row.push("0".to_owned());
            push_person(&mut row, institution, event.person, event.at, as_of);
        }
        Detail::Answer { question, answer, revision } => {
            let students = &term.sections.get(event.section)?.students;
            let question_data = Question::of(institution, lecture, event.section, students, question);
            row.push(question_data.id.clone());
            row.push(question_data.text.to_owned());
            push_section(&mut row, institution, term, event.section)?;
            push_person(&mut row, institution, Some(question_data.asker), event.at, as_of);
            row.push(question_data.answer_id(institution, lecture, answer));
            row.push(question_data.answer_text(institution, answer, revision));
            row.push(time(event.at));
            push_person(&mut row, institution, event.person, event.at, as_of);
        }
        Detail::Note { revision } => {
            let note = Note::of(institution, lecture, event.person?, revision);
            push_deck(&mut row, lecture);
            push_section(&mut row, institution, term, event.section)?;
            row.push(note.content);
            row.push(note.words.to_string());
            row.push(time(event.at));
            push_person(&mut row, institution, event.person, event.at, as_of);
        }
    }
    Some(row)
}

fn push_deck(row: &mut Vec<String>, lecture: &Lecture) {
    row.push(lecture.deck.clone());
    row.push(lecture.deck_title.clone());
}

fn visits(
    institution: &Institution,
    span: Span,
    as_of: i64,
    visit: &mut dyn FnMut(&[&str]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for day in span.days() {
        let date = date_of_day(day).to_string();
        for seen in events::visits_of_day(institution, day) {
            // A day has rows once it is over.
            if (day + 1) * DAY_SECONDS <= as_of {
                let Some(person) = institution.people.get(seen.person) else { continue };
                let name = [person.first.as_str(), person.last.as_str()].join(" ");
                visit(&[&name, seen.page, &seen.count.to_string(), &date])?;
            }
        }
    }
    ControlFlow::Continue(())
}

/// Visits the totals of a span, summed event by event and term by term.
fn assets(
    institution: &Institution,
    report: Report,
    span: Span,
    scope: Scope<'_>,
    visit: &mut dyn FnMut(&[&str]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for term in institution.terms_until((span.end - 1).div_euclid(DAY_SECONDS)) {
        let term_span =
            Span { start: span.start.max(term.first_day * DAY_SECONDS), end: span.end.min(term.end()) };
        let mut sums: BTreeMap<(usize, usize), Totals> = BTreeMap::new();
        if report == Report::Asset {
            for (index, lecture) in term.lectures.iter().enumerate().filter(|(_, it)| it.published < span.end)
            {
                sums.extend(lecture.sections.iter().map(|section| ((index, *section), Totals::default())));
            }
        }
        for kind in [Kind::View, Kind::Download] {
            let _ = events::each(institution, kind, term_span, span.end, &mut |_, event| {
                let sum = sums.entry((event.lecture, event.section)).or_default();
                match event.detail {
                    Detail::View { first, live, public } => {
                        sum.events += 1;
                        sum.last = sum.last.max(Some(event.at));
                        if first {
                            sum.views += 1;
                            sum.live += u64::from(live);
                            sum.public += u64::from(public);
                        }
                    }
                    _ => sum.downloads += 1,
                }
                ControlFlow::Continue(())
            });
        }
        for ((lecture, section), sum) in &sums {
            if !scope.holds(institution, &term, *section) {
                continue;
            }
            if let Some(row) = asset(institution, &term, *lecture, *section, sum) {
                let row: Vec<&str> = row.iter().map(String::as_str).collect();
                visit(&row)?;
            }
        }
    }
    ControlFlow::Continue(())
}

fn asset(
    institution: &Institution,
    term: &Term,
    lecture: usize,
    section: usize,
    sum: &Totals,
) -> Option<Vec<String>> {
    let lecture = term.lectures.get(lecture)?;
    let course = institution.courses.get(lecture.course)?;
    let owner = institution.people.get(course.instructor)?;
    Some(vec![
        lecture.title.clone(),
        time(lecture.starts),
        term.sections.get(section)?.number.clone(),
        [owner.first.as_str(), owner.last.as_str()].join(" "),
        lecture.media.clone(),
        if lecture.scheduled { "1" } else { "0" }.to_owned(),
        course.id.clone(),
        institution.name.to_owned(),
        course.department.to_owned(),
        lecture.place.2.clone(),
        lecture.place.1.to_owned(),
        lecture.place.0.to_owned(),
        term.key.name(),
        if lecture.transcribed { "1" } else { "0" }.to_owned(),
        lecture.device.to_owned(),
        minutes(lecture.seconds),
        sum.last.map(time).unwrap_or_default(),
        sum.views.to_string(),
        sum.downloads.to_string(),
        format!("{:.1}", sum.events as f64 / 2.0),
        sum.public.to_string(),
        (sum.views - sum.public).to_string(),
        sum.live.to_string(),
        (sum.views - sum.live).to_string(),
        time(lecture.published),
    ])
}
