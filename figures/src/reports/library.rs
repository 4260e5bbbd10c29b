//! The figures of `asset`, a snapshot.

use super::rows;
use crate::figure_context::{
    FigureContext, new_figure, optional_count_cell, plain_row, ranking_figure, ranking_item, table_body,
    to_f64,
};
use crate::locale::LocaleFormatter;
use crate::text::reports as text;
use crate::text::titles;
use crate::{RowSource, SubjectBuilder, build_report_figures};
use charts::sortable_table::{Cell, ColumnKind, Row};
use engine::reports::library::{Facet, LibraryEntry, Measures, are_of_several_courses, measure};
use engine::reports::listing;
use engine::table::dataset::Dataset;
use protocol::{Body, Figure};

/// The most videos in the ranking.
const MAX_RANKED: usize = 20;
/// The most groups of a facet, those with the most videos first: an institution has hundreds of rooms.
const MAX_GROUPS: usize = 20;
/// The most videos in the table, those with the most views first.
const MAX_LISTED: usize = 2_000;

/// What answers the queries about `asset`.
pub const BUILDER: SubjectBuilder = SubjectBuilder {
    figures: |query, loaded, locale| build_report_figures(query, loaded, locale, figures),
    rows: RowSource::Table(listing::videos::list_library),
};

/// The library as of one moment: totals, rankings, and a table of videos.
#[must_use]
pub fn figures(context: &FigureContext<'_>, dataset: &Dataset) -> Vec<Figure> {
    let measures = &measure(dataset, context.query);
    let locale = context.locale;
    let moment = context.oldest_copy.map(|created| locale.format_date_time(created));
    let as_of = text::snapshot_caveat(moment.as_deref());
    let sentence = if measures.videos == 0 {
        text::NO_ACTIVITY.to_owned()
    } else {
        text::library_sentence(locale, measures.videos, measures.never_viewed, measures.transcribed)
    };
    let without_course = measures.entries.iter().filter(|entry| entry.course.is_empty()).count() as u64;
    let rows_without_course = locale.count_of(without_course, "row", "rows");
    let caveat = text::join([
        as_of.clone(),
        text::without_course_caveat(&rows_without_course, to_f64(without_course)),
        ignored_sections_caveat(measures.is_sections_ignored),
        text::skipped_rows_caveat(locale, measures.ragged),
    ]);
    let several = if measures.repeated > 0 { text::SEVERAL_SECTIONS } else { "" };
    let titles = ["library", titles::LIBRARY];
    let mut figures = vec![new_figure(titles, text::VIDEOS.to_owned(), sentence.clone(), caveat, Body::Text)];
    figures.push(most_viewed(locale, &measures.entries, &text::join([as_of.clone(), several.to_owned()])));
    figures.push(video_table(context, measures, sentence, &text::join([as_of.clone(), several.to_owned()])));
    for (facet, groups) in Facet::ALL.into_iter().zip(&measures.groups) {
        // A facet that says nothing is no figure.
        if groups.iter().all(|group| group.name.is_empty()) {
            continue;
        }
        let (id, title, head) = facet_texts(facet);
        let items = groups.iter().take(MAX_GROUPS).map(|group| {
            let name = if group.name.is_empty() { text::NO_NAME.to_owned() } else { group.name.clone() };
            let beside = [
                group.sums.and_then(|sums| sums.views).map(to_f64),
                group.sums.and_then(|sums| sums.minutes),
            ];
            ranking_item(name, to_f64(group.videos), beside.to_vec())
        });
        let items: Vec<_> = items.collect();
        let first = text::truncation_caveat(locale, items.len(), groups.len() as u64);
        let sentence = groups.first().map_or_else(String::new, |first| {
            let name = if first.name.is_empty() { text::NO_NAME } else { &first.name };
            format!("{name} has the most: {}.", locale.count_of(first.videos, "video", "videos"))
        });
        let caveat = text::join([as_of.clone(), several.to_owned(), first]);
        let beside = (head, [text::VIEWS, text::MINUTES].as_slice());
        figures.push(ranking_figure([id, title, text::VIDEOS], sentence, caveat, beside, items));
    }
    figures.push(row_table(context, measures, text::join([as_of, several.to_owned()])));
    figures
}

fn row_table(context: &FigureContext<'_>, measures: &Measures, caveat: String) -> Figure {
    let count = measures.entries.len() as u64;
    let sentence = if count == 0 {
        text::NO_ACTIVITY.to_owned()
    } else {
        text::rows_sentence(context.locale, count, ["row", "rows"], Some(text::BY_NAME))
    };
    rows::build_figure(rows::VIDEO_COLUMNS, count, String::new(), sentence, caveat)
}

/// The caveat about a choice of sections that a report cannot apply.
#[must_use]
pub fn ignored_sections_caveat(is_ignored: bool) -> String {
    if is_ignored { text::SECTIONS_IGNORED.to_owned() } else { String::new() }
}

/// A section's number, with its course if there are several.
#[must_use]
pub fn section_label(entry: &LibraryEntry, are_several: bool) -> String {
    text::section_label(&entry.section, are_several.then_some(entry.course.as_str()))
}

/// A video's name with its section; also with its term, if it is known and sections of several terms are listed.
#[must_use]
pub fn video_label(entry: &LibraryEntry, are_several: bool, are_several_terms: bool) -> String {
    let video = text::name_or_id(&entry.name, text::VIDEO, &entry.id);
    if entry.section.is_empty() && !are_several {
        return video;
    }
    let section = section_label(entry, are_several);
    let term = entry.groups.first().filter(|term| are_several_terms && !term.is_empty());
    let section = term.map_or_else(|| section.clone(), |term| format!("{section} ({term})"));
    format!("{video} · {} {section}", text::SECTION)
}

/// Whether entries belong to more than one term, so that a section number alone is ambiguous.
fn are_of_several_terms(entries: &[LibraryEntry]) -> bool {
    let term = |entry: &LibraryEntry| entry.groups.first().cloned();
    let first = entries.first().and_then(term);
    entries.iter().any(|entry| term(entry) != first)
}

fn facet_texts(facet: Facet) -> (&'static str, &'static str, &'static str) {
    match facet {
        Facet::Term => ("terms", titles::BY_TERM, text::TERM),
        Facet::Department => ("departments", titles::BY_DEPARTMENT, text::DEPARTMENT),
        Facet::Campus => ("campuses", titles::BY_CAMPUS, text::CAMPUS),
        Facet::Device => ("devices", titles::BY_DEVICE, text::DEVICE),
        Facet::Room => ("rooms", titles::BY_ROOM, text::ROOM),
    }
}

fn most_viewed(locale: &dyn LocaleFormatter, entries: &[LibraryEntry], caveat: &str) -> Figure {
    let are_several = are_of_several_courses(entries.iter());
    let are_several_terms = are_of_several_terms(entries);
    let items = entries.iter().filter(|entry| entry.sums.is_viewed()).take(MAX_RANKED).map(|entry| {
        let sums = &entry.sums;
        let beside = [sums.live, sums.on_demand, sums.public, sums.private].map(|views| views.map(to_f64));
        ranking_item(
            video_label(entry, are_several, are_several_terms),
            sums.views.map_or(0.0, to_f64),
            beside.to_vec(),
        )
    });
    let items: Vec<_> = items.collect();
    let sentence = items
        .first()
        .map_or_else(|| text::NO_ACTIVITY.to_owned(), |first| format!("{} was viewed most.", first.name));
    let beside = [text::LIVE, text::ON_DEMAND, text::PUBLIC, text::PRIVATE];
    let titles = ["most-viewed", titles::MOST_VIEWED, text::VIEWS];
    let viewed = entries.iter().filter(|entry| entry.sums.is_viewed()).count() as u64;
    let caveat = text::join([caveat.to_owned(), text::truncation_caveat(locale, items.len(), viewed)]);
    ranking_figure(titles, sentence, caveat, (text::VIDEO, &beside), items)
}

fn video_table(context: &FigureContext<'_>, measures: &Measures, sentence: String, caveat: &str) -> Figure {
    let columns = [
        (text::VIDEO, ColumnKind::Text),
        (text::SECTION, ColumnKind::Text),
        (text::TERM, ColumnKind::Text),
        (text::OWNER, ColumnKind::Text),
        (text::VIEWS, ColumnKind::Number),
        (text::LIVE, ColumnKind::Number),
        (text::ON_DEMAND, ColumnKind::Number),
        (text::PUBLIC, ColumnKind::Number),
        (text::PRIVATE, ColumnKind::Number),
        (text::DOWNLOADS, ColumnKind::Number),
        (text::LENGTH, ColumnKind::Number),
        (text::MINUTES, ColumnKind::Number),
        (text::OF_LENGTH, ColumnKind::Number),
        (text::LAST_VIEW, ColumnKind::Date),
    ];
    let are_several = are_of_several_courses(measures.entries.iter());
    let rows: Vec<Row> = measures
        .entries
        .iter()
        .take(MAX_LISTED)
        .map(|entry| {
            let sums = &entry.sums;
            let cells = vec![
                Cell::text(text::name_or_id(&entry.name, text::VIDEO, &entry.id)),
                if entry.section.is_empty() {
                    Cell::None
                } else {
                    Cell::text(section_label(entry, are_several))
                },
                Cell::text(entry.groups.first().cloned().unwrap_or_default()),
                Cell::text(entry.owner.clone()),
                optional_count_cell(sums.views),
                optional_count_cell(sums.live),
                optional_count_cell(sums.on_demand),
                optional_count_cell(sums.public),
                optional_count_cell(sums.private),
                optional_count_cell(sums.downloads),
                Cell::number(entry.length),
                Cell::number(sums.minutes),
                Cell::number(entry.times_watched()),
                context.moment_cell(entry.last_view),
            ];
            plain_row(cells, &[])
        })
        .collect();
    let total = measures.entries.len() as u64;
    let caveat = text::join([
        caveat.to_owned(),
        text::LENGTH_CAVEAT.to_owned(),
        text::short_videos_caveat(measures.entries.iter().any(LibraryEntry::is_short)),
        text::truncation_caveat(context.locale, rows.len(), total),
    ]);
    new_figure(
        ["every-video", titles::EVERY_VIDEO],
        String::new(),
        sentence,
        caveat,
        table_body(&columns, None, rows, total),
    )
}
