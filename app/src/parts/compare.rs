//! What numbers are held against: the days before, or another section of the course.

use crate::page::Ground;
use crate::words::against as said;
use crate::{presets, words};
use domain::api::{Courses, Section};
use domain::view::{ComparisonTarget, Uuid, View};
use leptos::prelude::*;

/// The choice of the days before.
const BEFORE: &str = "before";

/// Chooses what the view is compared with.
#[component]
pub fn CompareWith(
    /// The courses and terms that are known.
    known: Memo<Courses>,
) -> impl IntoView {
    let address = expect_context::<Ground>().address;
    let chosen = Memo::new(move |_| match address.view().compare {
        None => String::new(),
        Some(ComparisonTarget::Before) => BEFORE.to_owned(),
        Some(ComparisonTarget::Section(id)) => id.as_str().to_owned(),
    });
    let options = move || {
        let view = address.view();
        let sections = known.with(|known| {
            let is_it = |id: &str| {
                view.course.as_ref().is_some_and(|course| id.eq_ignore_ascii_case(course.as_str()))
            };
            let course = known.courses.iter().find(|course| is_it(&course.id))?;
            let sections = presets::sections_in(course, &known.terms, view.range).into_iter();
            let named = sections.map(|(section, term)| {
                let name = words::section(&words::section_of(&section.number, term));
                (section.id.to_ascii_lowercase(), name)
            });
            Some(named.collect::<Vec<_>>())
        });
        let own = |id: &str| view.sections.iter().any(|section| section.as_str() == id);
        let first =
            [("", said::NOTHING), (BEFORE, said::BEFORE)].map(|(id, name)| (id.to_owned(), name.to_owned()));
        first
            .into_iter()
            .chain(sections.into_iter().flatten().filter(|(id, _)| !own(id)))
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
            id => Uuid::parse(id).map(ComparisonTarget::Section),
        };
        address.go(View { compare, ..address.view() });
    };
    view! {
        <label>
            <span>{said::COMPARE}</span>
            <select on:change=compare>{options}</select>
        </label>
    }
}

/// The section that is compared with, as it is called; empty where it is none.
#[must_use]
pub fn section_name(known: &Courses, view: &View) -> String {
    let Some(ComparisonTarget::Section(id)) = &view.compare else { return String::new() };
    let is_it = |section: &Section| section.id.eq_ignore_ascii_case(id.as_str());
    let found = known.courses.iter().flat_map(|course| &course.sections).find(|section| is_it(section));
    found.map_or_else(|| words::UNKNOWN_SECTION.to_owned(), |section| words::section(&section.number))
}
