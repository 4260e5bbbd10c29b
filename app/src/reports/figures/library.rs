//! The figures of `asset`: a snapshot, and of when.

use super::telling::{Telling, counted, figure, item, listing, number, ranking, row};
use crate::reports::tongue::Tongue;
use crate::told::{Body, Figure};
use crate::words::reports as said;
use crate::words::titles;
use charts::sortable_table::{Cell, ColumnKind, Row};
use engine::reports::library::{Facet, LibraryEntry, Measures, are_of_several_courses};

/// Videos that are ranked; every other stands in the table.
const RANKED: usize = 20;
/// Groups of one facet that are ranked, most videos first: an institution has hundreds of rooms.
const GROUPS: usize = 20;
/// Videos in the table, most views first.
const LISTED: usize = 2_000;

/// The library as it stood.
#[must_use]
pub fn figures(telling: &Telling<'_>, measures: &Measures) -> Vec<Figure> {
    let tongue = telling.tongue;
    let moment = telling.created.map(|created| tongue.moment(created));
    let as_of = said::as_of(moment.as_deref());
    let sentence = if measures.videos == 0 {
        said::NO_ACTIVITY.to_owned()
    } else {
        said::library(tongue, measures.videos, measures.never_viewed, measures.transcribed)
    };
    let caveat = said::join([
        as_of.clone(),
        ignored(measures.is_sections_ignored),
        said::skipped_rows(tongue, measures.ragged),
    ]);
    let several = if measures.repeated > 0 { said::SEVERAL_SECTIONS } else { "" };
    let titles = ["library", titles::LIBRARY];
    let mut figures = vec![figure(titles, said::VIDEOS.to_owned(), sentence.clone(), caveat, Body::Text)];
    figures.push(ranked(tongue, &measures.entries, &said::join([as_of.clone(), several.to_owned()])));
    figures.push(listed(telling, measures, sentence, &said::join([as_of.clone(), several.to_owned()])));
    for (facet, groups) in Facet::ALL.into_iter().zip(&measures.groups) {
        // A facet that says nothing is no figure.
        if groups.iter().all(|group| group.name.is_empty()) {
            continue;
        }
        let (id, title, head) = facet_words(facet);
        let items = groups.iter().take(GROUPS).map(|group| {
            let name = if group.name.is_empty() { said::NO_NAME.to_owned() } else { group.name.clone() };
            let beside = [
                group.sums.and_then(|sums| sums.views).map(number),
                group.sums.and_then(|sums| sums.minutes),
            ];
            item(name, number(group.videos), beside.to_vec())
        });
        let items: Vec<_> = items.collect();
        let first = said::first_of(tongue, items.len(), groups.len() as u64);
        let sentence = groups.first().map_or_else(String::new, |first| {
            let name = if first.name.is_empty() { said::NO_NAME } else { &first.name };
            format!("{name} has the most: {}.", tongue.of(first.videos, "video", "videos"))
        });
        let caveat = said::join([as_of.clone(), several.to_owned(), first]);
        let beside = (head, [said::VIEWS, said::MINUTES].as_slice());
        figures.push(ranking([id, title, said::VIDEOS], sentence, caveat, beside, items));
    }
    figures
}

/// The caveat of sections that a report cannot tell.
#[must_use]
pub fn ignored(is_ignored: bool) -> String {
    if is_ignored { said::SECTIONS_IGNORED.to_owned() } else { String::new() }
}

/// A section as its number is said, with its course where there are several.
#[must_use]
pub fn section(entry: &LibraryEntry, are_several: bool) -> String {
    said::section(&entry.section, are_several.then_some(entry.course.as_str()))
}

/// A video, with its section.
#[must_use]
pub fn name(entry: &LibraryEntry, are_several: bool) -> String {
    let video = said::named(&entry.name, said::VIDEO, &entry.id);
    if entry.section.is_empty() && !are_several {
        return video;
    }
    format!("{video} · {} {}", said::SECTION, section(entry, are_several))
}

fn facet_words(facet: Facet) -> (&'static str, &'static str, &'static str) {
    match facet {
        Facet::Term => ("terms", titles::BY_TERM, said::TERM),
        Facet::Department => ("departments", titles::BY_DEPARTMENT, said::DEPARTMENT),
        Facet::Campus => ("campuses", titles::BY_CAMPUS, said::CAMPUS),
        Facet::Device => ("devices", titles::BY_DEVICE, said::DEVICE),
        Facet::Room => ("rooms", titles::BY_ROOM, said::ROOM),
    }
}

fn ranked(tongue: &Tongue, entries: &[LibraryEntry], caveat: &str) -> Figure {
    let are_several = are_of_several_courses(entries.iter());
    let items = entries.iter().filter(|entry| entry.sums.is_viewed()).take(RANKED).map(|entry| {
        let sums = &entry.sums;
        let beside = [sums.live, sums.on_demand, sums.public, sums.private].map(|views| views.map(number));
        item(name(entry, are_several), sums.views.map_or(0.0, number), beside.to_vec())
    });
    let items: Vec<_> = items.collect();
    let sentence = items
        .first()
        .map_or_else(|| said::NO_ACTIVITY.to_owned(), |first| format!("{} was viewed most.", first.name));
    let beside = [said::LIVE, said::ON_DEMAND, said::PUBLIC, said::PRIVATE];
    let titles = ["most-viewed", titles::MOST_VIEWED, said::VIEWS];
    let viewed = entries.iter().filter(|entry| entry.sums.is_viewed()).count() as u64;
    let caveat = said::join([caveat.to_owned(), said::first_of(tongue, items.len(), viewed)]);
    ranking(titles, sentence, caveat, (said::VIDEO, &beside), items)
}

fn listed(telling: &Telling<'_>, measures: &Measures, sentence: String, caveat: &str) -> Figure {
    let columns = [
        (said::VIDEO, ColumnKind::Text),
        (said::SECTION, ColumnKind::Text),
        (said::TERM, ColumnKind::Text),
        (said::OWNER, ColumnKind::Text),
        (said::VIEWS, ColumnKind::Number),
        (said::LIVE, ColumnKind::Number),
        (said::ON_DEMAND, ColumnKind::Number),
        (said::PUBLIC, ColumnKind::Number),
        (said::PRIVATE, ColumnKind::Number),
        (said::DOWNLOADS, ColumnKind::Number),
        (said::LENGTH, ColumnKind::Number),
        (said::MINUTES, ColumnKind::Number),
        (said::OF_LENGTH, ColumnKind::Number),
        (said::LAST_VIEW, ColumnKind::Date),
    ];
    let are_several = are_of_several_courses(measures.entries.iter());
    let rows: Vec<Row> = measures
        .entries
        .iter()
        .take(LISTED)
        .map(|entry| {
            let sums = &entry.sums;
            let cells = vec![
                Cell::text(said::named(&entry.name, said::VIDEO, &entry.id)),
                if entry.section.is_empty() { Cell::None } else { Cell::text(section(entry, are_several)) },
                Cell::text(entry.groups.first().cloned().unwrap_or_default()),
                Cell::text(entry.owner.clone()),
                counted(sums.views),
                counted(sums.live),
                counted(sums.on_demand),
                counted(sums.public),
                counted(sums.private),
                counted(sums.downloads),
                Cell::number(entry.length),
                Cell::number(sums.minutes),
                Cell::number(entry.times_watched()),
                telling.moment_cell(entry.last_view),
            ];
            row(cells, &[])
        })
        .collect();
    let total = measures.entries.len() as u64;
    let caveat = said::join([
        caveat.to_owned(),
        said::LENGTH_CAVEAT.to_owned(),
        said::first_of(telling.tongue, rows.len(), total),
    ]);
    figure(
        ["every-video", titles::EVERY_VIDEO],
        String::new(),
        sentence,
        caveat,
        listing(&columns, None, rows, total),
    )
}
