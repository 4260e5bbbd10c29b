//! From measures to figures, a file for each report: titles, sentences and caveats beside the numbers they limit.
//!
//! - [`telling`]: what all of them need to say anything; [`decks`]: what reports about decks have in common.
//! - [`compared`]: other days or another section, laid over the charts over time.
//! - [`groups`]: by section and by role.
//! - [`course`]: what is told of a course over six of them.

pub mod any;
pub mod compared;
pub mod confused;
pub mod course;
pub mod decks;
pub mod groups;
pub mod library;
pub mod notes;
pub mod polling;
pub mod presentation;
pub mod qanda;
pub mod telling;
pub mod weekly;

use crate::reports::Source;
use crate::reports::tongue::Tongue;
use crate::told::{Figure, Look, Part, Subject, Wanted};
use crate::words::reports as said;
use domain::report::{KnownReport, ReportName};
use engine::reports::{Query, person_name};
use engine::table::dataset::Dataset;
use std::collections::BTreeMap;
use telling::Telling;

/// The figures of a look over the tables that are here. Of a report that no file here knows, what the kinds of
/// its columns allow.
#[must_use]
pub fn of(look: &Look, held: &BTreeMap<Source, Dataset>, tongue: &Tongue) -> Vec<Figure> {
    let is_here = |part: &Part, window: &Wanted| {
        let tables = held.get(&(part.report.clone(), part.course.clone()));
        tables.and_then(|tables| tables.generation(&window.id)) == Some(window.generation)
    };
    let windows = look.parts.iter().flat_map(|part| part.windows.iter().map(move |window| (part, window)));
    let telling = Telling {
        tongue,
        zone: &look.zone,
        weeks: &look.weeks,
        question: &look.question,
        created: windows.filter(|(part, w)| is_here(part, w)).map(|(_, window)| window.created).min(),
    };
    let mut figures = match &look.subject {
        Subject::Course { wanted, other } => course::figures(&telling, held, wanted, other),
        Subject::Report { name, is_nameless, other } => {
            let tables = held.iter().find(|((report, _), _)| report == name).map(|(_, tables)| tables);
            let (none, tables) = (Dataset::default(), tables);
            let tables = tables.unwrap_or(&none);
            let mut figures = of_report(name, &telling, tables);
            figures.extend(groups::figures(&telling, tables, name.known()));
            let not_compared = compared::lay(&mut figures, name, &telling, tables, other);
            let hidden = if *is_nameless { leave_out_people(&mut figures) } else { "" };
            if let Some(first) = figures.first_mut() {
                let ignored = ignored(name, &look.question);
                first.caveat = said::join([
                    hidden.to_owned(),
                    ignored,
                    not_compared.to_owned(),
                    std::mem::take(&mut first.caveat),
                ]);
            }
            figures
        }
    };
    tell_apart(&mut figures);
    figures
}

/// What the student is called whose rows alone a look is at; empty where no row names them.
#[must_use]
pub fn student(look: &Look, held: &BTreeMap<Source, Dataset>) -> String {
    let Some(id) = &look.question.base.student else { return String::new() };
    let names = held.values().map(|tables| person_name::find_name(tables, id));
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
}

/// The figures of one report.
fn of_report(name: &ReportName, telling: &Telling<'_>, tables: &Dataset) -> Vec<Figure> {
    let question = telling.question;
    match name.known() {
        Some(KnownReport::Presentation) => {
            presentation::figures(telling, &engine::reports::presentation::measure(tables, question))
        }
        Some(KnownReport::Confused) => {
            confused::figures(telling, &engine::reports::confused::measure(tables, question))
        }
        Some(KnownReport::Polling) => {
            polling::figures(telling, &engine::reports::polling::measure(tables, question))
        }
        Some(KnownReport::QAndA) => {
            qanda::figures(telling, &engine::reports::qanda::measure(tables, question))
        }
        Some(KnownReport::Notes) => {
            notes::figures(telling, &engine::reports::notes::measure(tables, question))
        }
        Some(KnownReport::Asset) => {
            library::figures(telling, &engine::reports::library::measure(tables, question))
        }
        Some(KnownReport::AssetByDate) => {
            weekly::figures(telling, &engine::reports::weekly::measure(tables, question))
        }
        // The figures of `videoview` come from a thread of its own.
        Some(KnownReport::VideoView) | None => {
            any::figures(telling, &engine::reports::unknown::measure(tables, question))
        }
    }
}

/// Leaves out what names people, and says so: of a report that nobody knows, whatever its cells hold.
fn leave_out_people(figures: &mut Vec<Figure>) -> &'static str {
    let names_people = |figure: &Figure| {
        let id = figure.id.as_str();
        matches!(id, "note-takers" | "written" | "threads" | "rows") || id.starts_with("column-")
    };
    let before = figures.len();
    figures.retain(|figure| !names_people(figure));
    if figures.len() < before { said::NAMES_HIDDEN } else { "" }
}

/// What was chosen that a report cannot apply. Of roles in a report that nobody knows, its own figures say it.
fn ignored(name: &ReportName, question: &Query) -> String {
    let report = name.known();
    let [has_roles, has_decks] = match report {
        Some(KnownReport::Asset | KnownReport::AssetByDate) => [false, false],
        Some(
            KnownReport::Presentation | KnownReport::Confused | KnownReport::Polling | KnownReport::Notes,
        ) => [true, true],
        Some(KnownReport::VideoView | KnownReport::QAndA) | None => [true, false],
    };
    let said = |is_ignored: bool, caveat: &str| if is_ignored { caveat.to_owned() } else { String::new() };
    said::join([
        said(!has_roles && !question.base.roles.is_empty(), said::ROLES_IGNORED),
        said(!has_decks && !question.decks.is_empty(), said::DECKS_IGNORED),
        said(!question.base.videos.is_empty(), said::VIDEOS_IGNORED),
        said(!has_roles && question.base.student.is_some(), said::STUDENT_IGNORED),
        said(report == Some(KnownReport::QAndA) && question.base.student.is_some(), said::STUDENT_IN_THREADS),
    ])
}

/// Numbers figures of one title: a question is asked in several sections, and a reader goes from heading to heading.
fn tell_apart(figures: &mut [Figure]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for figure in figures {
        let count = seen.entry(figure.title.clone()).or_default();
        *count += 1;
        if *count > 1 {
            figure.title = said::again(&figure.title, *count);
        }
    }
}

#[cfg(test)]
mod tests;
