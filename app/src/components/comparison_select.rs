//! The comparison of a view: none, the days before, or another section of the course.

use crate::context::AppContext;
use crate::words::comparison as text;
use crate::{presets, words};
use domain::api::Courses;
use domain::ids::SectionId;
use domain::view::{ComparisonTarget, View};
use leptos::prelude::*;

/// The option of the days before. Other options are the ids of sections.
const BEFORE: &str = "before";

/// Selects what the view is compared with.
#[component]
pub fn ComparisonSelect(
    /// Courses and terms.
    directory: Memo<Courses>,
) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let chosen = Memo::new(move |_| match navigation.view().compare {
        None => String::new(),
        Some(ComparisonTarget::Before) => BEFORE.to_owned(),
        Some(ComparisonTarget::Section(id)) => id.as_str().to_owned(),
    });
    let options = move || {
        let view = navigation.view();
        let sections = directory.with(|directory| {
            let course = directory.courses.iter().find(|course| view.course.as_ref() == Some(&course.id))?;
            let sections = presets::list_sections(course, &directory.terms, view.range).into_iter();
            let named = sections.map(|(section, term)| {
                let name = words::section_name(&words::section_option(&section.number, term));
                (section.id.to_string(), name)
            });
            Some(named.collect::<Vec<_>>())
        });
        let is_shown = |id: &str| view.sections.iter().any(|section| section.as_str() == id);
        let fixed =
            [("", text::NOTHING), (BEFORE, text::BEFORE)].map(|(id, name)| (id.to_owned(), name.to_owned()));
        fixed
            .into_iter()
            .chain(sections.into_iter().flatten().filter(|(id, _)| !is_shown(id)))
            .map(|(id, name)| {
                let value = id.clone();
                view! { <option value=value selected=move || chosen.get() == id>{name}</option> }
            })
            .collect_view()
    };
    let compare = move |event| {
        let value = event_target_value(&event);
        let compare = match value.as_str() {
            BEFORE => Some(ComparisonTarget::Before),
            id => SectionId::parse(id).map(ComparisonTarget::Section),
        };
        navigation.navigate(View { compare, ..navigation.view() });
    };
    view! {
        <label>
            <span>{text::COMPARE}</span>
            <select on:change=compare>{options}</select>
        </label>
    }
}

/// The name of the section that the view is compared with; empty without such a comparison.
#[must_use]
pub fn compared_section_label(directory: &Courses, view: &View) -> String {
    let Some(ComparisonTarget::Section(id)) = &view.compare else { return String::new() };
    let found = directory.courses.iter().find_map(|course| {
        let section = course.sections.iter().find(|section| section.id == *id)?;
        Some(words::section_of_course(directory, course, section, view.range))
    });
    found.unwrap_or_else(|| words::UNKNOWN_SECTION.to_owned())
}
