//! Events by section and by role. A click on a bar filters by it.

use crate::figure_context::{FigureContext, FilterBar, Titles, filter_ranking, ratio, to_f64};
use crate::text::reports as text;
use crate::text::titles;
use domain::institution_role::InstitutionRole;
use domain::report::KnownReport;
use engine::reports::groups::{self, Groups};
use engine::table::dataset::Dataset;
use protocol::{Figure, FilterKind};

/// The most sections in a ranking.
const MAX_RANKED: usize = 20;

/// A report's texts for its events: unit, singular and plural, and the titles of both figures. `roles` is
/// `None` if the report has its own figure by role.
struct EventTexts {
    unit: &'static str,
    events: [&'static str; 2],
    sections: &'static str,
    roles: Option<&'static str>,
}

fn event_texts(report: KnownReport) -> Option<EventTexts> {
    let texts = |unit, events, sections, roles| Some(EventTexts { unit, events, sections, roles });
    match report {
        KnownReport::Presentation => {
            texts(text::VIEWS, ["view", "views"], titles::VIEWS_PER_SECTION, Some(titles::VIEWS_BY_ROLE))
        }
        KnownReport::Confused => {
            texts(text::MARKS, ["mark", "marks"], titles::MARKS_PER_SECTION, Some(titles::MARKS_BY_ROLE))
        }
        KnownReport::Polling => texts(
            text::ANSWERS,
            ["answer", "answers"],
            titles::POLL_ANSWERS_PER_SECTION,
            Some(titles::POLL_ANSWERS_BY_ROLE),
        ),
        KnownReport::Notes => texts(
            text::EVENTS,
            ["note event", "note events"],
            titles::EVENTS_PER_SECTION,
            Some(titles::EVENTS_BY_ROLE),
        ),
        KnownReport::QAndA => texts(text::ANSWERS, ["answer", "answers"], titles::ANSWERS_PER_SECTION, None),
        KnownReport::VideoView | KnownReport::Asset | KnownReport::AssetByDate => None,
    }
}

/// Events by section, if there are several sections, and by role, if there are any events.
#[must_use]
pub fn figures(context: &FigureContext<'_>, tables: &Dataset, report: Option<KnownReport>) -> Vec<Figure> {
    let Some((report, texts)) = report.and_then(|report| Some((report, event_texts(report)?))) else {
        return Vec::new();
    };
    let groups = groups::measure(tables, context.query, report);
    let sections = (groups.sections.len() > 1).then(|| section_ranking(context, &groups, &texts));
    let roles = texts
        .roles
        .filter(|_| !groups.roles.is_empty())
        .map(|title| role_ranking(context, &groups, &texts, title));
    sections.into_iter().chain(roles).collect()
}

fn section_ranking(context: &FigureContext<'_>, groups: &Groups, texts: &EventTexts) -> Figure {
    let [one, many] = texts.events;
    let name = |section: &groups::Section| {
        let parts = [section.course.as_str(), section.number.as_str()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        text::name_or_id(&parts.join(" · "), text::SECTION, &section.id)
    };
    let count = groups.sections.len();
    let sentence = groups.sections.first().map(|first| {
        let events = context.locale.count_of(first.count.events, one, many);
        text::sections_sentence(context.locale, &name(first), &events, count as u64)
    });
    let shown: Vec<_> = groups.sections.iter().take(MAX_RANKED).collect();
    let bars = shown.iter().map(|section| {
        let beside = vec![Some(to_f64(section.count.people)), Some(to_f64(section.count.students))];
        let events = to_f64(section.count.events);
        FilterBar::new(&section.id, name(section), events, beside, section.is_left_out)
    });
    let first = text::truncation_caveat(context.locale, shown.len(), count as u64);
    let caveat = text::join([context.coverage(&groups.days), first]);
    let heads: (&str, &[&str]) = (text::SECTION, &[text::PEOPLE, text::STUDENTS]);
    let titles: Titles<'_> = ["sections", texts.sections, texts.unit];
    filter_ranking(titles, sentence.unwrap_or_default(), caveat, heads, FilterKind::Section, bars)
}

fn role_ranking(context: &FigureContext<'_>, groups: &Groups, texts: &EventTexts, title: &str) -> Figure {
    let [one, many] = texts.events;
    let all: u64 = groups.roles.iter().map(|(_, count, _)| count.events).sum();
    let students: u64 = groups
        .roles
        .iter()
        .filter(|(role, _, _)| *role == InstitutionRole::Student)
        .map(|(_, count, _)| count.events)
        .sum();
    let sentence = ratio(students, all).map_or_else(String::new, |share| {
        text::student_share_sentence(context.locale, share, &context.locale.count_of(all, one, many))
    });
    let bars = groups.roles.iter().map(|(role, count, is_left_out)| {
        let name = protocol::text::role(*role).to_owned();
        let beside = vec![Some(to_f64(count.people))];
        FilterBar::new(role.slug(), name, to_f64(count.events), beside, *is_left_out)
    });
    let titles: Titles<'_> = ["roles", title, texts.unit];
    let caveat = context.coverage(&groups.days);
    let heads: (&str, &[&str]) = (text::ROLE, &[text::PEOPLE]);
    filter_ranking(titles, sentence, caveat, heads, FilterKind::Role, bars)
}
