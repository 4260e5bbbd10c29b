//! The figures of `qanda`.

use super::rows;
use crate::figure_context::{
    FigureContext, days_by, describe_empty, new_figure, ranking_figure, ranking_item, ratio, to_f64,
};
use crate::text::reports as text;
use crate::text::titles;
use crate::{RowSource, SubjectBuilder, build_report_figures};
use charts::threads::{Post, Thread, Threads};
use domain::institution_role::InstitutionRole;
use domain::report::MeasureUnit;
use engine::reports::listing;
use engine::reports::qanda::{Measures, ThreadCounts, measure};
use engine::table::dataset::Dataset;
use protocol::{Body, ColumnContent, Figure};

/// The columns of the table of every row, in the order of its cells ([`listing::answers::list_answers`]).
const ROW_COLUMNS: [rows::Column<'_>; 8] = [
    rows::TIME,
    rows::COURSE,
    rows::SECTION,
    (text::ANSWERED_BY, ColumnContent::Person),
    rows::ROLE,
    (text::ASKED_BY, ColumnContent::Person),
    (text::QUESTION, ColumnContent::Text),
    (text::ANSWER, ColumnContent::Text),
];

/// What answers the queries about `qanda`.
pub const BUILDER: SubjectBuilder = SubjectBuilder {
    figures: |query, loaded, locale| build_report_figures(query, loaded, locale, figures),
    rows: RowSource::Table(listing::answers::list_answers),
};

/// Answers per day, answers by role, and questions with their answers.
#[must_use]
pub fn figures(context: &FigureContext<'_>, dataset: &Dataset) -> Vec<Figure> {
    let measures = &measure(dataset, context.query);
    let locale = context.locale;
    let describe = |counts: &ThreadCounts| {
        if counts.answers == 0 {
            return describe_empty(&measures.days);
        }
        text::questions_sentence(locale, counts.questions, counts.answers, counts.askers)
    };
    let is_by_role = !context.query.base.roles.is_empty();
    let of_roles = if is_by_role { text::ANSWER_ROLES_CAVEAT } else { "" };
    let caveat = text::join([
        of_roles.to_owned(),
        text::QUESTIONS_CAVEAT.to_owned(),
        text::EDITS_CAVEAT.to_owned(),
        context.coverage(&measures.days),
        context.skipped_rows(measures.skipped_rows),
    ]);
    let per_day = context.per_day(
        ["answers", titles::ANSWERS_PER_DAY, text::ANSWERS],
        describe(&measures.chosen),
        &days_by(&measures.days, |answers| *answers),
        Vec::new(),
        caveat,
    );
    vec![
        per_day,
        role_ranking(context, measures),
        thread_list(context, measures, describe(&measures.all)),
        row_table(context, measures),
    ]
}

fn row_table(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let count = measures.rows;
    let sentence = if count == 0 {
        describe_empty(&measures.days)
    } else {
        text::rows_sentence(context.locale, count, ["row", "rows"], Some(text::BY_TIME))
    };
    let of_roles = if context.query.base.roles.is_empty() { "" } else { text::ANSWER_ROLES_CAVEAT };
    let hidden = if context.query.contents { "" } else { text::CONTENTS_HIDDEN };
    let caveat = text::join([
        of_roles.to_owned(),
        hidden.to_owned(),
        text::EDIT_ROWS_CAVEAT.to_owned(),
        context.coverage(&measures.days),
    ]);
    let columns = rows::without_contents(&ROW_COLUMNS, 2, context.query);
    rows::build_figure(columns, count, crate::text::days_in(context.zone_label), sentence, caveat)
}

/// The caveat about a choice of roles that does not apply.
fn ignored_roles_caveat(context: &FigureContext<'_>) -> String {
    if context.query.base.roles.is_empty() { String::new() } else { text::ROLES_NOT_APPLIED.to_owned() }
}

fn role_ranking(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let students =
        measures.roles.iter().find(|by| by.role == InstitutionRole::Student).map_or(0, |by| by.answers);
    let sentence = ratio(students, measures.all.answers).map_or_else(
        || describe_empty(&measures.days),
        |share| {
            text::answer_roles_sentence(
                context.locale,
                share,
                measures.answered_by_students,
                measures.all.questions,
            )
        },
    );
    let items = measures.roles.iter().map(|by| {
        ranking_item(
            protocol::text::role(by.role).to_owned(),
            to_f64(by.answers),
            vec![Some(to_f64(by.people))],
        )
    });
    let items = items.collect();
    let title = titles::by_role(MeasureUnit::Answers.words());
    let titles = ["who-answers", &title, text::ANSWERS];
    let caveat = text::join([
        ignored_roles_caveat(context),
        text::QUESTIONS_CAVEAT.to_owned(),
        context.coverage(&measures.days),
    ]);
    ranking_figure(titles, sentence, caveat, (text::ROLE, &[text::PEOPLE]), items)
}

fn thread_list(context: &FigureContext<'_>, measures: &Measures, sentence: String) -> Figure {
    let build_post =
        |who: &str, role: InstitutionRole, when: String, text: &Option<String>, note: String| Post {
            who: if who.is_empty() { text::NO_NAME.to_owned() } else { who.to_owned() },
            role: text::role_name(role).to_owned(),
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
            question: build_post(&thread.person, thread.role, String::new(), &thread.text, String::new()),
            answers: thread
                .answers
                .iter()
                .map(|answer| {
                    let note = text::edits_note(answer.earlier);
                    build_post(&answer.person, answer.role, context.moment(answer.at), &answer.text, note)
                })
                .collect(),
        })
        .collect();
    let off = if context.query.contents { "" } else { text::CONTENTS_HIDDEN };
    let caveat = text::join([
        ignored_roles_caveat(context),
        off.to_owned(),
        text::QUESTIONS_CAVEAT.to_owned(),
        context.coverage(&measures.days),
        text::truncation_caveat(context.locale, threads.len(), measures.all.questions),
    ]);
    let body = Body::Threads(Threads { threads, total: measures.all.questions });
    new_figure(["threads", titles::THREADS], String::new(), sentence, caveat, body)
}
