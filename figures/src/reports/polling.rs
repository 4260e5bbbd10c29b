//! The figures of `polling`.

use super::rows;
use crate::figure_context::{
    FigureContext, count_cell, days_by, describe_empty, new_figure, plain_row, ratio, table_body, to_f64,
};
use crate::text::reports as text;
use crate::text::titles;
use crate::{RowSource, SubjectBuilder, build_report_figures};
use charts::poll_answers::{PollAnswers, PollOption};
use charts::sortable_table::{Cell, ColumnKind};
use engine::reports::listing;
use engine::reports::polling::{AnswerOption, Measures, Poll, RespondentCounts, Solution, measure};
use engine::table::dataset::Dataset;
use protocol::{Body, ColumnContent, Figure};

/// The most polls with their own figure, the newest first. The table has all of them.
const MAX_DRAWN: usize = 40;

/// What answers the queries about `polling`.
pub const BUILDER: SubjectBuilder = SubjectBuilder {
    figures: |query, loaded, locale| build_report_figures(query, loaded, locale, figures),
    rows: RowSource::Table(listing::polls::list_answers),
};

/// Poll answers per day, a table of polls, and the answers to each poll.
#[must_use]
pub fn figures(context: &FigureContext<'_>, dataset: &Dataset) -> Vec<Figure> {
    let measures = &measure(dataset, context.query);
    let locale = context.locale;
    let sentence = if measures.polls.is_empty() {
        describe_empty(&measures.days)
    } else {
        let others = measures.people - measures.students.min(measures.people);
        let polls = measures.polls.len() as u64;
        text::polls_sentence(locale, (measures.students, others), polls, share_right(&measures.polls))
    };
    let caveat = text::join([
        text::CHANGES_CAVEAT.to_owned(),
        context.coverage(&measures.days),
        text::unnamed_caveat(locale, measures.answers.unnamed, "answer", "answers"),
        context.skipped_rows(measures.skipped_rows),
    ]);
    let per_day = context.per_day(
        ["poll-answers", titles::POLL_ANSWERS_PER_DAY, text::ANSWERS],
        sentence.clone(),
        &days_by(&measures.days, |rows| *rows),
        Vec::new(),
        caveat,
    );
    let mut figures = vec![per_day, poll_table(context, measures, sentence)];
    figures.extend(measures.polls.iter().take(MAX_DRAWN).map(|poll| poll_figure(context, measures, poll)));
    figures.push(row_table(context, measures));
    figures
}

fn row_table(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let count = measures.days.iter().filter_map(|(_, known)| known.value()).sum();
    let sentence = if count == 0 {
        describe_empty(&measures.days)
    } else {
        text::rows_sentence(context.locale, count, ["poll answer", "poll answers"], Some(text::BY_TIME))
    };
    let hidden = if context.query.contents { "" } else { text::TYPED_HIDDEN };
    let caveat = text::join([
        hidden.to_owned(),
        text::CHANGE_ROWS_CAVEAT.to_owned(),
        context.coverage(&measures.days),
    ]);
    let columns =
        rows::event_columns(&[(text::POLL, ColumnContent::Text), (text::ANSWER, ColumnContent::Text)]);
    rows::build_figure(&columns, count, crate::text::days_in(context.zone_label), sentence, caveat)
}

/// The share of right answers among those that can be compared with a solution.
fn share_right(polls: &[Poll]) -> Option<f64> {
    let known = polls.iter().filter_map(|poll| match poll.solution {
        Solution::Known { right, of } => Some((right, of)),
        Solution::None | Solution::Unmatched => None,
    });
    let (right, of) = known.fold((0, 0), |(right, of), (r, o)| (right + r, of + o));
    ratio(right, of)
}

fn prompt_or_id(poll: &Poll) -> String {
    text::name_or_id(&poll.prompt, text::POLL, &poll.id)
}

fn poll_table(context: &FigureContext<'_>, measures: &Measures, sentence: String) -> Figure {
    let rows: Vec<_> = measures
        .polls
        .iter()
        .map(|poll| {
            let right = match poll.solution {
                Solution::Known { right, of } => ratio(right, of),
                Solution::None | Solution::Unmatched => None,
            };
            let cells = vec![
                Cell::text(prompt_or_id(poll)),
                Cell::text(poll.deck.clone()),
                Cell::text(poll.course.clone()),
                context.day_cell(poll.day),
                count_cell(poll.answered.students),
                Cell::number(ratio(poll.answered.students, poll.active)),
                Cell::number(right),
                count_cell(poll.changed),
            ];
            plain_row(cells, &[])
        })
        .collect();
    let columns = [
        (text::POLL, ColumnKind::Text),
        (text::DECK, ColumnKind::Text),
        (text::COURSE, ColumnKind::Text),
        (text::FIRST_ANSWERED, ColumnKind::Date),
        (text::STUDENTS_ANSWERED, ColumnKind::Number),
        (text::OF_ACTIVE, ColumnKind::Share),
        (text::RIGHT, ColumnKind::Share),
        (text::CHANGED, ColumnKind::Number),
    ];
    let total = rows.len() as u64;
    let caveat = text::join([text::POLLS_CAVEAT.to_owned(), context.coverage(&measures.days)]);
    new_figure(
        ["polls", titles::EVERY_POLL],
        String::new(),
        sentence,
        caveat,
        table_body(&columns, None, rows, total),
    )
}

fn poll_figure(context: &FigureContext<'_>, measures: &Measures, poll: &Poll) -> Figure {
    let right = match poll.solution {
        Solution::Known { right, of } => Some((right, of)),
        Solution::None | Solution::Unmatched => None,
    };
    let is_typed =
        |option: &&AnswerOption| !option.is_choice && !option.is_solution && !option.text.is_empty();
    let (hidden, shown): (Vec<&AnswerOption>, Vec<&AnswerOption>) =
        poll.options.iter().partition(|option| !context.query.contents && is_typed(option));
    let choice = |text: &str, respondents: RespondentCounts, is_solution: bool| PollOption {
        text: text.to_owned(),
        count: to_f64(respondents.students),
        others: to_f64(respondents.others + respondents.unnamed),
        is_solution,
    };
    let mut choices: Vec<PollOption> = shown
        .iter()
        .map(|option| {
            let text = if option.text.is_empty() { text::EMPTY_ANSWER } else { &option.text };
            choice(text, option.respondents, option.is_solution)
        })
        .collect();
    let other_options = hidden.iter().fold(poll.other_options, |sum, option| sum.plus(option.respondents));
    if other_options.total() > 0 {
        choices.push(choice(text::OTHER_ANSWERS, other_options, false));
    }
    let off = if hidden.is_empty() { "" } else { text::CONTENTS_HIDDEN };
    let body = PollAnswers {
        head: text::ANSWER.to_owned(),
        counts: text::STUDENTS.to_owned(),
        others: text::OTHERS.to_owned(),
        solution: text::SOLUTION.to_owned(),
        has_solution: matches!(poll.solution, Solution::Known { .. }),
        choices,
    };
    let id: String = poll.id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let sentence =
        text::poll_sentence(context.locale, poll.answered.students, poll.active, right, poll.changed);
    let unmatched = if poll.solution == Solution::Unmatched { text::UNMATCHED_CAVEAT } else { "" };
    let caveat = text::join([
        off.to_owned(),
        unmatched.to_owned(),
        context.coverage(&measures.days),
        text::unnamed_caveat(context.locale, poll.answered.unnamed, "answer", "answers"),
    ]);
    let place = [poll.deck.clone(), context.locale.format_day(poll.day)];
    let place: Vec<String> = place.into_iter().filter(|part| !part.is_empty()).collect();
    let unit = [text::STUDENTS.to_owned(), place.join(", ")].join(" · ");
    new_figure([&format!("poll-{id}"), &prompt_or_id(poll)], unit, sentence, caveat, Body::PollAnswers(body))
}
