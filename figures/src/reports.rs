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

use crate::SubjectBuilder;
use crate::figure_context::FigureContext;
use crate::text::reports as text;
use domain::query::MeasureQuery;
use domain::report::{KnownReport, ReportDescriptor, ReportName};
use engine::table::dataset::Dataset;
use protocol::Figure;

/// What answers the queries about a report: a known one, or any other (`None`). A program that loads builders when they are
/// first needed names each of them instead.
#[must_use]
pub fn builder(report: Option<KnownReport>) -> SubjectBuilder {
    let Some(report) = report else { return unknown::BUILDER };
    match report {
        KnownReport::VideoView => videoview::BUILDER,
        KnownReport::Presentation => presentation::BUILDER,
        KnownReport::Confused => confused::BUILDER,
        KnownReport::Polling => polling::BUILDER,
        KnownReport::QAndA => qanda::BUILDER,
        KnownReport::Notes => notes::BUILDER,
        KnownReport::Asset => library::BUILDER,
        KnownReport::AssetByDate => weekly::BUILDER,
    }
}

/// Measures a report's rows and makes its figures, in reading order, without those that all reports about activity share
/// ([`groups`]).
pub type ReportFigures = fn(&FigureContext<'_>, &Dataset) -> Vec<Figure>;

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
