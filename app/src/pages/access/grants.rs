//! Grants: controls that choose a course or section, and labels of grants.

use crate::words;
use crate::words::access as text;
use domain::api::{Course, Courses};
use domain::ids::{CourseId, SectionId};
use domain::role::Grant;
use leptos::prelude::*;

/// Selects a course, and one of its sections or all of them.
#[component]
pub fn GrantSelect(
    /// Courses and terms.
    directory: Memo<Courses>,
    /// The chosen grant.
    chosen: RwSignal<Option<Grant>>,
    /// Whether a section can be chosen.
    #[prop(default = true)]
    has_sections: bool,
) -> impl IntoView {
    let courses = move || {
        let all = directory.with(|directory| {
            directory
                .courses
                .iter()
                .map(|course| (course.id.to_string(), words::course_name(course)))
                .collect::<Vec<_>>()
        });
        let option = |(id, name)| view! { <option value=id>{name}</option> };
        all.into_iter().map(option).collect_view()
    };
    let sections = move || {
        let course = chosen.with(|chosen| chosen.as_ref().map(|chosen| chosen.course.clone()));
        let all = directory.with(|directory| section_choices(directory, course.as_ref()));
        let option =
            |(id, name): (SectionId, String)| view! { <option value=String::from(id)>{name}</option> };
        all.into_iter().map(option).collect_view()
    };
    let choose_course = move |event| {
        let course = CourseId::parse(&event_target_value(&event));
        chosen.set(course.map(|course| Grant { course, section: None }));
    };
    let choose_section = move |event| {
        let section = SectionId::parse(&event_target_value(&event));
        chosen.update(|chosen| {
            if let Some(chosen) = chosen {
                chosen.section = section;
            }
        });
    };
    let course =
        move || chosen.with(|chosen| chosen.as_ref().map(|it| it.course.to_string())).unwrap_or_default();
    let section =
        move || chosen.with(|chosen| chosen.as_ref()?.section.clone().map(String::from)).unwrap_or_default();
    view! {
        <label>
            <span>{words::COURSE}</span>
            <select prop:value=course on:change=choose_course>
                <option value="">{words::CHOOSE_COURSE}</option>
                {courses}
            </select>
        </label>
        <Show when=move || has_sections && chosen.with(Option::is_some)>
            <label>
                <span>{words::SECTION}</span>
                <select prop:value=section on:change=choose_section>
                    <option value="">{words::ALL_SECTIONS}</option>
                    {sections}
                </select>
            </label>
        </Show>
    }
}

fn find_course<'a>(directory: &'a Courses, id: &CourseId) -> Option<&'a Course> {
    directory.courses.iter().find(|course| course.id == *id)
}

/// The sections of a course, each with its id and its label, which includes the term.
fn section_choices(directory: &Courses, course: Option<&CourseId>) -> Vec<(SectionId, String)> {
    let Some(course) = course.and_then(|id| find_course(directory, id)) else { return Vec::new() };
    let term = |id: &Option<String>| {
        let id = id.as_ref()?;
        directory.terms.iter().find(|term| term.id == *id).map(|term| term.name.as_str())
    };
    let choices = course
        .sections
        .iter()
        .map(|section| (section.id.clone(), words::section_option(&section.number, term(&section.term))));
    choices.collect()
}

/// The label of a grant: `BIOL120 Cells and Genes, section 2, Autumn 2026`. Unknown courses and sections are
/// labeled with their ids.
#[must_use]
pub fn grant_label(grant: &Grant, directory: &Courses) -> String {
    let course =
        find_course(directory, &grant.course).map_or_else(|| grant.course.to_string(), words::course_name);
    let Some(id) = &grant.section else { return course };
    let sections = section_choices(directory, Some(&grant.course));
    let section = sections.iter().find(|(other, _)| other == id);
    text::section_of_course(&course, section.map_or(id.as_str(), |(_, name)| name))
}
