//! Events by section and by role. A click on a bar filters by it.

use crate::figure_context::{FigureContext, FilterBar, Titles, filter_ranking, ratio, to_f64};
use crate::text::reports as text;
use crate::text::titles;
use domain::institution_role::InstitutionRole;
use domain::report::{KnownReport, MeasureUnit, UnitWords};
use engine::reports::groups::{self, Groups};
use engine::table::dataset::Dataset;
use protocol::{Figure, FilterKind};

/// The most sections in a ranking.
const MAX_RANKED: usize = 20;

/// Adds events by section, if there are several sections, and by role, if there are any events, unless the report's own
/// `figures` have a role figure already. The first figure says how many events name no course. Adds nothing for a
/// report whose rows are videos, or half minutes.
pub fn add_figures(
    figures: &mut Vec<Figure>,
    context: &FigureContext<'_>,
    tables: &Dataset,
    report: Option<KnownReport>,
) {
    let is_counted = |report: &KnownReport| {
        let report = report.descriptor();
        report.person.is_some() && report.unit != MeasureUnit::Minutes
    };
    let Some(report) = report.filter(is_counted) else { return };
    let words = report.descriptor().unit.words();
    let groups = groups::measure(tables, context.query, report);
    let sections = (groups.sections.len() > 1).then(|| section_ranking(context, &groups, words));
    let title = titles::by_role(words);
    let has_roles = !groups.roles.is_empty() && figures.iter().all(|figure| figure.title != title);
    let roles = has_roles.then(|| role_ranking(context, &groups, words, &title));
    let events = groups.events_without_course;
    let amount = context.locale.count_of(events, words.one, words.many);
    if let Some(first) = figures.first_mut() {
        let without_course = text::without_course_caveat(&amount, to_f64(events));
        first.caveat = text::join([without_course, std::mem::take(&mut first.caveat)]);
    }
    figures.extend(sections.into_iter().chain(roles));
}

fn section_ranking(context: &FigureContext<'_>, groups: &Groups, words: UnitWords) -> Figure {
    let name = |section: &groups::Section| {
        let parts = [section.course.as_str(), section.number.as_str()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        context.with_term(&section.id, text::name_or_id(&parts.join(" · "), text::SECTION, &section.id))
    };
    let count = groups.sections.len();
    let sentence = groups.sections.first().map(|first| {
        let events = context.locale.count_of(first.count.events, words.one, words.many);
        text::sections_sentence(context.locale, &name(first), &events, count as u64)
    });
    let shown: Vec<_> = groups.sections.iter().take(MAX_RANKED).collect();
    let bars = shown.iter().map(|section| {
        let beside = vec![Some(to_f64(section.count.people)), Some(to_f64(section.count.students))];
        let events = to_f64(section.count.events);
        FilterBar::new(&section.id, name(section), events, beside, section.is_left_out)
    });
    let first = text::truncation_caveat(context.locale, shown.len(), count as u64);
    let unnamed = groups.events_without_section;
    let amount = context.locale.count_of(unnamed, words.one, words.many);
    let without_section = text::without_item_caveat(&amount, to_f64(unnamed), text::SECTION);
    let caveat = text::join([context.coverage(&groups.days), first, without_section]);
    let heads: (&str, &[&str]) = (text::SECTION, &[text::PEOPLE, text::STUDENTS]);
    let title = titles::per_section(words);
    let titles: Titles<'_> = ["sections", &title, words.heading];
    filter_ranking(titles, sentence.unwrap_or_default(), caveat, heads, FilterKind::Section, bars)
}

fn role_ranking(context: &FigureContext<'_>, groups: &Groups, words: UnitWords, title: &str) -> Figure {
    let all: u64 = groups.roles.iter().map(|(_, count, _)| count.events).sum();
    let students: u64 = groups
        .roles
        .iter()
        .filter(|(role, _, _)| *role == InstitutionRole::Student)
        .map(|(_, count, _)| count.events)
        .sum();
    let sentence = ratio(students, all).map_or_else(String::new, |share| {
        text::student_share_sentence(
            context.locale,
            share,
            &context.locale.count_of(all, words.one, words.many),
        )
    });
    let bars = groups.roles.iter().map(|(role, count, is_left_out)| {
        let name = protocol::text::role(*role).to_owned();
        let beside = vec![Some(to_f64(count.people))];
        FilterBar::new(role.slug(), name, to_f64(count.events), beside, *is_left_out)
    });
    let titles: Titles<'_> = ["roles", title, words.heading];
    let identities = text::identities_caveat(context.locale, groups.identities);
    let caveat = text::join([context.coverage(&groups.days), identities]);
    let heads: (&str, &[&str]) = (text::ROLE, &[text::PEOPLE]);
    filter_ranking(titles, sentence, caveat, heads, FilterKind::Role, bars)
}
