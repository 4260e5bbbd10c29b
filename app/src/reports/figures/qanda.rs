//! The figures of `qanda`.

use super::telling::{Telling, by, figure, item, nothing, number, ranking, share};
use crate::told::{Body, Figure};
use crate::words;
use crate::words::reports as said;
use crate::words::titles;
use charts::threads::{Post, Thread, Threads};
use domain::institution_role::InstitutionRole;
use engine::reports::qanda::{Measures, ThreadCounts};

/// Answers: when, by whom, and the threads.
#[must_use]
pub fn figures(telling: &Telling<'_>, measures: &Measures) -> Vec<Figure> {
    let tongue = telling.tongue;
    let told = |counts: &ThreadCounts| {
        if counts.answers == 0 {
            return nothing(&measures.days);
        }
        said::answered(tongue, counts.questions, counts.answers, counts.askers)
    };
    let is_by_role = !telling.question.base.roles.is_empty();
    let of_roles = if is_by_role { said::ROLES_OF_ANSWERS } else { "" };
    let caveat = said::join([
        of_roles.to_owned(),
        said::QUESTIONS_CAVEAT.to_owned(),
        said::EDITS_CAVEAT.to_owned(),
        telling.coverage(&measures.days),
        telling.skipped_rows(measures.skipped_rows),
    ]);
    let per_day = telling.per_day(
        ["answers", titles::ANSWERS_PER_DAY, said::ANSWERS],
        told(&measures.chosen),
        &by(&measures.days, |answers| *answers),
        Vec::new(),
        caveat,
    );
    vec![per_day, roles(telling, measures), threads(telling, measures, told(&measures.all))]
}

/// What is said where a choice of roles is not applied.
fn everybody(telling: &Telling<'_>) -> String {
    if telling.question.base.roles.is_empty() { String::new() } else { said::ROLES_NOT_APPLIED.to_owned() }
}

fn roles(telling: &Telling<'_>, measures: &Measures) -> Figure {
    let students =
        measures.roles.iter().find(|by| by.role == InstitutionRole::Student).map_or(0, |by| by.answers);
    let sentence = share(students, measures.all.answers).map_or_else(
        || nothing(&measures.days),
        |share| {
            said::who_answers(telling.tongue, share, measures.answered_by_students, measures.all.questions)
        },
    );
    let items = measures.roles.iter().map(|by| {
        item(words::figures::role(by.role).to_owned(), number(by.answers), vec![Some(number(by.people))])
    });
    let items = items.collect();
    let titles = ["who-answers", titles::WHO_ANSWERS, said::ANSWERS];
    let caveat =
        said::join([everybody(telling), said::QUESTIONS_CAVEAT.to_owned(), telling.coverage(&measures.days)]);
    ranking(titles, sentence, caveat, (said::ROLE, &[said::PEOPLE]), items)
}

fn threads(telling: &Telling<'_>, measures: &Measures, sentence: String) -> Figure {
    let said_by =
        |who: &str, role: InstitutionRole, when: String, text: &Option<String>, note: String| Post {
            who: if who.is_empty() { said::NO_NAME.to_owned() } else { who.to_owned() },
            role: said::role(role).to_owned(),
            is_staff: matches!(
                role,
                InstitutionRole::Instructor | InstitutionRole::Assistant | InstitutionRole::Administrator
            ),
            when,
            text: text.clone(),
            note,
        };
    let threads: Vec<Thread> = measures
        .threads
        .iter()
        .map(|thread| Thread {
            id: thread.id.clone(),
            question: said_by(&thread.person, thread.role, String::new(), &thread.text, String::new()),
            answers: thread
                .answers
                .iter()
                .map(|answer| {
                    let note = said::edited(answer.earlier);
                    said_by(&answer.person, answer.role, telling.moment(answer.at), &answer.text, note)
                })
                .collect(),
        })
        .collect();
    let off = if telling.question.contents { "" } else { said::CONTENTS_OFF };
    let caveat = said::join([
        everybody(telling),
        off.to_owned(),
        said::QUESTIONS_CAVEAT.to_owned(),
        telling.coverage(&measures.days),
        said::first_of(telling.tongue, threads.len(), measures.all.questions),
    ]);
    let body = Body::Threads(Threads { threads, total: measures.all.questions });
    figure(["threads", titles::THREADS], String::new(), sentence, caveat, body)
}
