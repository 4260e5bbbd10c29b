//! The figures of one report: a module for each report, and what several of them share.
//!
//! - [`videoview`]: the report whose rows have columns of their own in `engine`, and its long tables.
//! - [`groups`]: by section and by role; [`decks`]: what reports about slide decks have in common.
//! - [`rows`]: the long table of every row of a report other than `videoview`.
//! - [`unknown`]: whatever the columns of an unknown report allow.

pub mod confused;
pub mod decks;
pub mod groups;
pub mod library;
pub mod notes;
pub mod polling;
pub mod presentation;
pub mod qanda;
pub mod rows;
pub mod unknown;
pub mod videoview;
pub mod weekly;

use crate::figure_context::FigureContext;
use crate::text::reports as text;
use domain::query::MeasureQuery;
use domain::report::{KnownReport, ReportDescriptor, ReportName};
use engine::reports as measures;
use engine::reports::listing::{self, Listing};
use engine::table::dataset::Dataset;
use protocol::Figure;

/// The figures of one report other than `videoview`, in reading order.
#[must_use]
pub fn figures(name: &ReportName, context: &FigureContext<'_>, dataset: &Dataset) -> Vec<Figure> {
    let mut figures = own_figures(name, context, dataset);
    // The table of every row proves the other figures, so it comes after all of them.
    let rows = figures.pop_if(|last| last.id == rows::ID);
    figures.extend(groups::figures(context, dataset, name.known(), &figures));
    figures.extend(rows);
    figures
}

/// The figures of one report without those that all reports about activity share.
#[must_use]
pub fn own_figures(name: &ReportName, context: &FigureContext<'_>, dataset: &Dataset) -> Vec<Figure> {
    let query = context.query;
    match name.known() {
        Some(KnownReport::Presentation) => {
            presentation::figures(context, &measures::presentation::measure(dataset, query))
        }
        Some(KnownReport::Confused) => {
            confused::figures(context, &measures::confused::measure(dataset, query))
        }
        Some(KnownReport::Polling) => polling::figures(context, &measures::polling::measure(dataset, query)),
        Some(KnownReport::QAndA) => qanda::figures(context, &measures::qanda::measure(dataset, query)),
        Some(KnownReport::Notes) => notes::figures(context, &measures::notes::measure(dataset, query)),
        Some(KnownReport::Asset) => library::figures(context, &measures::library::measure(dataset, query)),
        Some(KnownReport::AssetByDate) => {
            weekly::figures(context, &measures::weekly::measure(dataset, query))
        }
        // `videoview` has columns and figures of its own ([`videoview`]); as a table it is described by its columns.
        Some(KnownReport::VideoView) | None => {
            unknown::figures(context, &measures::unknown::measure(dataset, query))
        }
    }
}

/// Lists the rows of a report that its figures count.
#[must_use]
pub fn list_rows(name: &ReportName, dataset: &Dataset, query: &MeasureQuery) -> Listing {
    let list = match name.known() {
        Some(KnownReport::Presentation) => listing::events::slide_views,
        Some(KnownReport::Confused) => listing::events::marks,
        Some(KnownReport::Notes) => listing::events::notes,
        Some(KnownReport::Polling) => listing::polls::answers,
        Some(KnownReport::QAndA) => listing::answers::answers,
        Some(KnownReport::Asset) => listing::videos::library,
        Some(KnownReport::AssetByDate) => listing::videos::weeks,
        // Like its figures: as a table, `videoview` is described by its columns.
        Some(KnownReport::VideoView) | None => listing::columns::rows,
    };
    list(dataset, query)
}

/// The chosen filters that a report cannot apply, as a caveat. The figures of an unknown report say
/// themselves whether they can filter by role.
pub(crate) fn ignored_filters(name: &ReportName, query: &MeasureQuery) -> String {
    let report = name.known();
    let [has_roles, has_decks, has_videos] = report.map_or([true, false, false], |report| {
        let ReportDescriptor { person, deck, video, .. } = report.descriptor();
        [person.is_some(), deck.is_some(), video.is_some()]
    });
    let if_ignored =
        |is_ignored: bool, caveat: &str| if is_ignored { caveat.to_owned() } else { String::new() };
    let has_student = query.base.student.is_some();
    text::join([
        if_ignored(!has_roles && !query.base.roles.is_empty(), text::ROLES_IGNORED),
        if_ignored(!has_decks && !query.decks.is_empty(), text::DECKS_IGNORED),
        if_ignored(!has_videos && !query.base.videos.is_empty(), text::VIDEOS_IGNORED),
        if_ignored(!has_roles && has_student, text::STUDENT_IGNORED),
        if_ignored(report == Some(KnownReport::QAndA) && has_student, text::STUDENT_IN_THREADS),
    ])
}
