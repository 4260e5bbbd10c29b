//! The rows of a file: each report's cells in the order of its columns.

use super::FileSpec;
use super::csv::{JoinedCells, Page};
use crate::clock::{DAY_SECONDS, day_text};
use crate::events::{self, Detail, Event, Kind, Note, Poll, Question, Scene, Span, Totals};
use crate::institution::{Institution, Term, TermKey};
use crate::report::Report;
use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::ControlFlow;

/// A length in seconds, a multiple of 6, displayed in minutes with one decimal.
struct MinutesOfSeconds(i64);

impl std::fmt::Display for MinutesOfSeconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0 / 60, self.0 % 60 / 6)
    }
}

/// With `missing-section`, the section whose rows are left out.
struct MissingSection {
    is_on: bool,
    section: Option<(TermKey, usize)>,
}

impl MissingSection {
    fn new(spec: &FileSpec) -> Self {
        Self { is_on: spec.shape.missing_section, section: None }
    }

    /// Whether to leave out a row of this section. The first one that is asked for is the missing one.
    fn skips(&mut self, term: &Term, section: usize) -> bool {
        let section = (term.key, section);
        self.is_on && *self.section.get_or_insert(section) == section
    }
}

/// Writes all rows of a report.
pub(super) fn write<W: Write>(
    institution: &Institution,
    spec: &FileSpec,
    page: &mut Page<W>,
) -> io::Result<()> {
    match spec.report {
        Report::Asset | Report::AssetByDate => assets(institution, spec, page),
        Report::VideoView => views(institution, spec, page),
        Report::Visit => visits(institution, spec, page),
        Report::Presentation => events_of_kind(institution, spec, Kind::Deck, page),
        Report::Confused => events_of_kind(institution, spec, Kind::Confused, page),
        Report::Polling => events_of_kind(institution, spec, Kind::Poll, page),
        Report::Qanda => events_of_kind(institution, spec, Kind::Answer, page),
        Report::Notes => events_of_kind(institution, spec, Kind::Note, page),
    }
}

fn span_or_all_time(spec: &FileSpec) -> Span {
    spec.span.unwrap_or(Span { start: i64::MIN / 2, end: i64::MAX / 2 })
}

fn assets<W: Write>(institution: &Institution, spec: &FileSpec, page: &mut Page<W>) -> io::Result<()> {
    let span = span_or_all_time(spec).until(spec.as_of);
    let mut missing = MissingSection::new(spec);
    for term in institution.terms_until((span.end - 1).div_euclid(DAY_SECONDS)) {
        if term.end() <= span.start {
            continue;
        }
        for (index, lecture) in term.lectures.iter().enumerate() {
            if lecture.starts >= span.end {
                continue;
            }
            let scene = Scene { institution, term: &term, lecture, index };
            for section in &lecture.sections {
                let totals = Totals::of(&scene, *section, span);
                let is_listed = match spec.report {
                    Report::Asset => lecture.published < spec.as_of || !totals.is_empty(),
                    _ => !totals.is_empty(),
                };
                if is_listed && !missing.skips(&term, *section) && page.begin()? {
                    asset(&scene, *section, &totals, page);
                    page.end();
                }
            }
        }
    }
    Ok(())
}

fn asset<W: Write>(scene: &Scene<'_>, section: usize, totals: &Totals, page: &mut Page<W>) {
    let (institution, lecture) = (scene.institution, scene.lecture);
    let course = institution.courses.get(lecture.course);
    let owner = course.and_then(|course| institution.people.get(course.instructor));
    let (campus, building, room) = &lecture.place;
    page.text(&lecture.title);
    page.time(Some(lecture.starts));
    page.text(scene.term.sections.get(section).map_or("", |section| &section.number));
    page.text(&owner.map(|owner| format!("{} {}", owner.first, owner.last)).unwrap_or_default());
    page.text(&lecture.media);
    page.number(u8::from(lecture.scheduled));
    page.text(course.map_or("", |course| &course.id));
    page.text(institution.name);
    page.text(course.map_or("", |course| course.department));
    page.text(room);
    page.text(building);
    page.text(campus);
    page.text(&scene.term.key.name());
    page.number(u8::from(lecture.transcribed));
    page.text(lecture.device);
    page.number(MinutesOfSeconds(lecture.seconds));
    page.time(totals.last);
    page.number(totals.views);
    page.number(totals.downloads);
    page.number(format_args!("{}.{}", totals.events / 2, totals.events % 2 * 5));
    page.number(totals.public);
    page.number(totals.views - totals.public);
    page.number(totals.live);
    page.number(totals.views - totals.live);
    page.time(Some(lecture.published));
}

fn visits<W: Write>(institution: &Institution, spec: &FileSpec, page: &mut Page<W>) -> io::Result<()> {
    for day in span_or_all_time(spec).days() {
        if (day + 1) * DAY_SECONDS > spec.as_of {
            break;
        }
        let is_requested = |visit: &events::Visit| {
            spec.page.as_deref().is_none_or(|page| page == visit.page) && visit.count >= spec.least
        };
        for visit in events::visits_of_day(institution, day).into_iter().filter(is_requested) {
            if page.begin()? {
                let name = institution.people.get(visit.person);
                page.text(
                    &name.map(|person| format!("{} {}", person.first, person.last)).unwrap_or_default(),
                );
                page.text(visit.page);
                page.number(visit.count);
                page.text(&day_text(day));
                page.end();
            }
        }
    }
    Ok(())
}

/// The cells of section and course; empty for an embedded video.
fn section_cells<'a>(institution: &'a Institution, term: &'a Term, event: &Event) -> [&'a str; 5] {
    if event.is_embedded(institution) {
        return [""; 5];
    }
    let section = term.sections.get(event.section);
    let course = section.and_then(|section| institution.courses.get(section.course));
    [
        section.map_or("", |section| &section.id),
        section.map_or("", |section| &section.number),
        course.map_or("", |course| &course.id),
        course.map_or("", |course| &course.code),
        course.map_or("", |course| &course.name),
    ]
}

/// The cells of the anonymous account through which the public link of a lecture is watched: one of sixteen.
fn anonymous_cells(lecture: usize) -> [String; 5] {
    let number = lecture % 16;
    let id = format!("a0000000-0000-4000-8000-{number:012x}");
    let [first, last] = [format!("Anon-{:04x}", 0x4f2a + number), "User".to_owned()];
    [id, first, last, format!("anonymous+{number:x}@echo360.example"), "Student".to_owned()]
}

/// The cells of a person in a row at a time; empty for an unknown one.
fn person_cells(institution: &Institution, person: Option<usize>, at: i64, as_of: i64) -> [&str; 5] {
    let found = person.and_then(|index| Some((index, institution.people.get(index)?)));
    found.map_or([""; 5], |(index, person)| {
        let [first, last] = institution.name(index, as_of);
        [&person.id, first, last, &person.email, institution.role(index, at)]
    })
}

/// Writes the rows of `videoview`. They are many, so repeated cells are joined once per lecture and section,
/// and once per person.
fn views<W: Write>(institution: &Institution, spec: &FileSpec, page: &mut Page<W>) -> io::Result<()> {
    let mut lecture_cells: HashMap<(TermKey, usize, usize, bool), JoinedCells> = HashMap::new();
    // By person and role, or by lecture for a view of an anonymous account.
    let mut people: HashMap<Result<(usize, &str), usize>, JoinedCells> = HashMap::new();
    let mut missing = MissingSection::new(spec);
    let mut sections = 0_u64;
    let mut result = Ok(());
    let _ =
        events::each_view(institution, spec.bulk, span_or_all_time(spec), spec.as_of, &mut |term, event| {
            if missing.skips(term, event.section) {
                return ControlFlow::Continue(());
            }
            match page.begin() {
                Ok(true) => {}
                Ok(false) => return ControlFlow::Continue(()),
                Err(error) => {
                    result = Err(error);
                    return ControlFlow::Break(());
                }
            }
            let Some(lecture) = term.lectures.get(event.lecture) else { return ControlFlow::Continue(()) };
            let key = (term.key, event.lecture, event.section, event.is_embedded(institution));
            let [section, number, course, code, name] = section_cells(institution, term, event);
            let join =
                |section| page.joined(&[&lecture.media, &lecture.title, section, number, course, code, name]);
            if spec.shape.many_sections {
                sections += 1;
                let cells = join(&format!("5ec70000-0000-4000-8000-{sections:012x}"));
                page.cells(&cells);
            } else {
                let cells = lecture_cells.entry(key).or_insert_with(|| join(section));
                page.cells(cells);
            }
            page.time(Some(event.at));
            page.number(MinutesOfSeconds(lecture.seconds));
            match event.person {
                Some(index) => {
                    let join = || page.joined(&person_cells(institution, Some(index), event.at, spec.as_of));
                    let key = Ok((index, institution.role(index, event.at)));
                    let cells = people.entry(key).or_insert_with(join);
                    page.cells(cells);
                }
                None if spec.anonymous_accounts => {
                    page.cells(people.entry(Err(event.lecture)).or_insert_with(|| {
                        page.joined(&anonymous_cells(event.lecture).each_ref().map(String::as_str))
                    }));
                }
                None => [""; 5].iter().for_each(|text| page.text(text)),
            }
            page.end();
            ControlFlow::Continue(())
        });
    result
}

fn events_of_kind<W: Write>(
    institution: &Institution,
    spec: &FileSpec,
    kind: Kind,
    page: &mut Page<W>,
) -> io::Result<()> {
    let mut missing = MissingSection::new(spec);
    let mut result = Ok(());
    let _ = events::each(institution, kind, span_or_all_time(spec), spec.as_of, &mut |term, event| {
        if missing.skips(term, event.section) {
            return ControlFlow::Continue(());
        }
        match page.begin() {
            Ok(true) => {
                if let Some(lecture) = term.lectures.get(event.lecture) {
                    row(&Scene { institution, term, lecture, index: event.lecture }, event, spec.as_of, page);
                }
                page.end();
                ControlFlow::Continue(())
            }
            Ok(false) => ControlFlow::Continue(()),
            Err(error) => {
                result = Err(error);
                ControlFlow::Break(())
            }
        }
    });
    result
}

fn row<W: Write>(scene: &Scene<'_>, event: &Event, as_of: i64, page: &mut Page<W>) {
    let Scene { institution, term, lecture, .. } = *scene;
    let section_cells = section_cells(institution, term, event);
    let actor = person_cells(institution, event.person, event.at, as_of);
    let mut texts = |texts: &[&str]| texts.iter().for_each(|text| page.text(text));
    match event.detail {
        // Views are written by `views`, downloads only as totals.
        Detail::View { .. } | Detail::Download => {}
        Detail::Deck => {
            texts(&[&lecture.deck, &lecture.deck_title]);
            texts(&section_cells);
            page.time(Some(event.at));
            actor.iter().for_each(|text| page.text(text));
            page.number(lecture.slides);
        }
        Detail::Confused => {
            texts(&[&lecture.deck, &lecture.deck_title]);
            texts(&section_cells);
            page.time(Some(event.at));
            actor.iter().for_each(|text| page.text(text));
        }
        Detail::Poll { poll, choice } => {
            let poll_data = Poll::of(institution, lecture, poll);
            let answer = Poll::answer_id(institution, lecture, poll, event.person.unwrap_or(0));
            texts(&[&lecture.deck, &lecture.deck_title]);
            texts(&section_cells);
            texts(&[
                &poll_data.id,
                poll_data.prompt,
                &poll_data.content(),
                poll_data.choice(poll_data.right),
            ]);
            page.time(Some(event.at));
            page.text(&answer);
            page.text(poll_data.choice(choice));
            // The column `isCorrect`, which is deprecated and no longer correct.
            page.number(0);
            actor.iter().for_each(|text| page.text(text));
        }
        Detail::Answer { question, answer, revision } => {
            let students = term.sections.get(event.section).map_or(&[][..], |section| &section.students);
            let question_data = Question::of(institution, lecture, event.section, students, question);
            texts(&[&question_data.id, question_data.text]);
            texts(&section_cells);
            texts(&person_cells(institution, Some(question_data.asker), event.at, as_of));
            texts(&[
                &question_data.answer_id(institution, lecture, answer),
                &question_data.answer_text(institution, answer, revision),
            ]);
            page.time(Some(event.at));
            actor.iter().for_each(|text| page.text(text));
        }
        Detail::Note { revision } => {
            let note = Note::of(institution, lecture, event.person.unwrap_or(0), revision);
            texts(&[&lecture.deck, &lecture.deck_title]);
            texts(&section_cells);
            page.text(&note.content);
            page.number(note.words);
            page.time(Some(event.at));
            actor.iter().for_each(|text| page.text(text));
        }
    }
}
