//! The controls that choose report, course, section and days. Each choice navigates to another view.

use crate::components::dropdown_menu::DropdownMenu;
use crate::components::lazy::{self, Placeholder};
use crate::components::range_picker::RangeSelection;
use crate::context::AppContext;
use crate::{locale, presets, words};
use domain::api::Section;
use domain::ids::{CourseId, SectionId};
use domain::range::Range;
use domain::report::{ReportName, Shape};
use domain::time::Day;
use domain::view::View;
use leptos::prelude::*;

/// The controls.
#[component]
pub fn ViewControls(
    /// Today in the view's time zone.
    today: Memo<Day>,
    /// The shape of the chosen report; a snapshot has no days to choose.
    shape: Memo<Option<Shape>>,
    /// Courses and terms.
    directory: Memo<domain::api::Courses>,
    /// The label of the view's time zone.
    zone: Memo<String>,
    /// Whether they are on a course page, which has no report to choose.
    #[prop(optional)]
    is_of_course: bool,
) -> impl IntoView {
    view! {
        <section class="ask" aria-label=words::VIEW>
            {(!is_of_course).then(|| view! { <ReportSelect /> })}
            <div class="ask-line">
                <CourseSelect directory />
                <Show when=move || shape.get() != Some(Shape::Snapshot)>
                    <DaySelect today directory zone />
                </Show>
            </div>
        </section>
    }
}

/// Selects a report.
#[component]
fn ReportSelect() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let chosen = Memo::new(move |_| navigation.view().report_name().to_owned());
    let options = context
        .reports()
        .into_iter()
        .map(|info| {
            let name = info.name.to_string();
            let value = name.clone();
            view! { <option value=value selected=move || chosen.get() == name>{info.title}</option> }
        })
        .collect_view();
    let choose = move |event| {
        let report = ReportName::parse(&event_target_value(&event));
        navigation.navigate(navigation.view().with_report(report));
    };
    view! {
        <label class="ask-report">
            <span>{words::REPORT}</span>
            <select on:change=choose>{options}</select>
        </label>
    }
}

/// Selects a course, and one of its sections.
#[component]
fn CourseSelect(directory: Memo<domain::api::Courses>) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let course = Memo::new(move |_| navigation.view().course);
    // Several sections are filters, which the chips show: then no option is selected here.
    let section = Memo::new(move |_| {
        let mut sections = navigation.view().sections.into_iter();
        sections.next().filter(|_| sections.next().is_none())
    });
    let range = Memo::new(move |_| navigation.view().range);
    let course_choices = Memo::new(move |_| {
        let all = directory.with(|directory| {
            directory.courses.iter().map(|it| (it.id.to_string(), words::course_name(it))).collect()
        });
        build_choices(
            words::ALL_COURSES,
            words::UNKNOWN_COURSE,
            course.get().as_ref().map(CourseId::as_str),
            all,
        )
    });
    let section_choices = Memo::new(move |_| {
        let (course, section) = (course.get(), section.get());
        let all = directory
            .with(|directory| find_sections(directory, course.as_ref(), range.get(), section.as_ref()));
        build_choices(
            words::ALL_SECTIONS,
            words::UNKNOWN_SECTION,
            section.as_ref().map(SectionId::as_str),
            all,
        )
    });
    let course_id = Memo::new(move |_| course.get().map_or_else(String::new, String::from));
    let section_id = Memo::new(move |_| section.get().map_or_else(String::new, String::from));
    let choose_course = move |event| {
        let course = CourseId::parse(&event_target_value(&event));
        navigation.navigate(navigation.view().with_course(course));
    };
    let choose_section = move |event| {
        let sections = SectionId::parse(&event_target_value(&event)).into_iter().collect();
        navigation.navigate(View { sections, ..navigation.view() });
    };
    view! {
        <label class="ask-course">
            <span>{words::COURSE}</span>
            <select on:change=choose_course>{render_options(course_choices, course_id)}</select>
        </label>
        <Show when=move || course.with(Option::is_some)>
            <label class="ask-section">
                <span>{words::SECTION}</span>
                <select on:change=choose_section>{render_options(section_choices, section_id)}</select>
            </label>
        </Show>
    }
}

/// The sections of the chosen course that could have rows in `range`, and the chosen one, as pairs of id and
/// label.
fn find_sections(
    directory: &domain::api::Courses,
    course: Option<&CourseId>,
    range: Option<Range>,
    chosen: Option<&SectionId>,
) -> Vec<(String, String)> {
    let course = course.and_then(|chosen| directory.courses.iter().find(|course| course.id == *chosen));
    let Some(course) = course else { return Vec::new() };
    let mut sections = presets::list_sections(course, &directory.terms, range);
    if let Some(chosen) = chosen
        && !sections.iter().any(|(section, _)| section.id == *chosen)
    {
        let all = presets::list_sections(course, &directory.terms, None);
        sections.extend(all.into_iter().filter(|(section, _)| section.id == *chosen));
    }
    let option = |(section, term): (&Section, Option<&str>)| {
        (section.id.to_string(), words::section_option(&section.number, term))
    };
    sections.into_iter().map(option).collect()
}

/// Options as pairs of id and label: `all` without an id, those `listed`, and the chosen id if it is not
/// listed.
fn build_choices(
    all: &str,
    unknown: &str,
    chosen: Option<&str>,
    listed: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let unlisted = chosen
        .filter(|chosen| !listed.iter().any(|(id, _)| id == chosen))
        .map(|chosen| (chosen.to_owned(), unknown.to_owned()));
    std::iter::once((String::new(), all.to_owned())).chain(listed).chain(unlisted).collect()
}

fn render_options(choices: Memo<Vec<(String, String)>>, chosen: Memo<String>) -> impl IntoView {
    move || {
        let option = |(id, name): (String, String)| {
            let value = id.clone();
            let is_chosen = move || chosen.with(|chosen| *chosen == id);
            view! { <option value=value selected=is_chosen>{name}</option> }
        };
        choices.get().into_iter().map(option).collect_view()
    }
}

/// Selects days: with arrows, or in a panel with presets, any two days, and the time zone.
#[component]
fn DaySelect(today: Memo<Day>, directory: Memo<domain::api::Courses>, zone: Memo<String>) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let range = Memo::new(move |_| navigation.view().range);
    let earlier = Memo::new(move |_| range.get().and_then(presets::step_back));
    let later = Memo::new(move |_| range.get().and_then(|range| presets::step_forward(range, today.get())));
    let go_to = move |range: Memo<Option<Range>>| {
        move |_| {
            if let Some(range) = range.get_untracked() {
                navigation.navigate(navigation.view().with_range(Some(range)));
            }
        }
    };
    let days = move || range.get().map_or(0, Range::days);
    let name = move |is_back| move || words::step_label(is_back, days());
    let panel = Callback::new(move |()| {
        lazy::render_lazy(
            context.components.range_picker,
            RangeSelection { today, range, directory, zone },
            Placeholder::Line,
        )
    });
    let label = move || match range.get() {
        Some(range) => (locale::format_range(range), locale::format_short_days(range.from(), range.to())),
        None => (words::CHOOSE_DAYS.to_owned(), words::CHOOSE_DAYS.to_owned()),
    };
    view! {
        <div class="range-choice" role="group" aria-label=words::RANGES>
            <span class="ask-label" aria-hidden="true">{words::RANGES}</span>
            <Show when=move || range.with(Option::is_some)>
                <button type="button" class="arrow" title=name(true) aria-label=name(true)
                    aria-disabled=move || earlier.with(Option::is_none).then_some("true")
                    on:click=go_to(earlier)>
                    <ArrowIcon is_back=true />
                </button>
            </Show>
            <DropdownMenu label=Signal::derive(label) panel />
            <Show when=move || range.with(Option::is_some)>
                <button type="button" class="arrow" aria-label=name(false)
                    title=move || if later.get().is_some() { name(false)() } else { words::NOT_OVER.to_owned() }
                    aria-disabled=move || later.with(Option::is_none).then_some("true")
                    on:click=go_to(later)>
                    <ArrowIcon is_back=false />
                </button>
            </Show>
        </div>
    }
}

#[component]
fn ArrowIcon(is_back: bool) -> impl IntoView {
    let path = if is_back { "M10 3L5 8L10 13" } else { "M6 3L11 8L6 13" };
    view! { <svg class="sign" viewBox="0 0 16 16" aria-hidden="true"><path d=path /></svg> }
}
