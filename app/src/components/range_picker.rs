//! The panel that chooses days: preset ranges, any two days, and the time zone.

use crate::context::AppContext;
use crate::presets::{self, PRESETS, Preset};
use crate::{browser_zones, locale, words};
use domain::calendar::WeekStart;
use domain::problem::Problem;
use domain::range::Range;
use domain::time::Day;
use domain::view::{View, ZoneName};
use leptos::html;
use leptos::prelude::*;

/// What the panel needs to know.
#[derive(Debug, Clone, Copy)]
pub struct RangeSelection {
    /// Today in the view's time zone.
    pub today: Memo<Day>,
    /// The chosen days.
    pub range: Memo<Option<Range>>,
    /// Courses and terms.
    pub directory: Memo<domain::api::Courses>,
    /// The label of the view's time zone: `UTC+1 Berlin`.
    pub zone: Memo<String>,
}

/// The panel.
#[component]
pub fn RangePicker(
    /// The current choice and its context.
    selection: RangeSelection,
) -> impl IntoView {
    let RangeSelection { today, range, directory, zone } = selection;
    view! {
        <PresetLinks today range directory />
        <CustomRange range />
        <ZoneSelect zone />
    }
}

/// Links to preset ranges and terms, each with the numbers of its weeks in a term.
#[component]
fn PresetLinks(
    today: Memo<Day>,
    range: Memo<Option<Range>>,
    directory: Memo<domain::api::Courses>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let (navigation, week_start) = (context.navigation, context.week_start());
    let offered = Memo::new(move |_| {
        let today = today.get();
        let weeks =
            |preset: Preset| Some((words::preset_label(preset.weeks), preset.range(today, week_start)?));
        let terms = directory.with(|directory| presets::term_ranges(&directory.terms, today));
        let with_week_numbers = |(name, days): (String, Range)| {
            let course = navigation.view().course;
            let weeks = directory.with(|directory| {
                let weeks = presets::find_term_weeks(directory, course.as_ref(), days, week_start)?;
                Some(words::term_weeks(&weeks, weeks.term.name == name))
            });
            (name, days, weeks)
        };
        PRESETS.into_iter().filter_map(weeks).chain(terms).map(with_week_numbers).collect::<Vec<_>>()
    });
    let link = move |(name, days, weeks): (String, Range, Option<String>)| {
        let href = move || navigation.view().with_range(Some(days)).to_url();
        let current = move || (range.get() == Some(days)).then_some("true");
        view! {
            <li>
                <a href=href aria-current=current>
                    <span class="preset">{name}</span>
                    <span class="quiet small">{locale::format_range(days)}</span>
                    {weeks.map(|weeks| view! { <span class="quiet small">{weeks}</span> })}
                </a>
            </li>
        }
    };
    // Whoever counts weeks from Sunday is told where they still are from Monday.
    let note = (week_start == WeekStart::Sunday)
        .then(|| view! { <p class="quiet small" data-testid="week-start">{words::SUNDAY_WEEKS}</p> });
    view! {
        <ul class="presets">{move || offered.get().into_iter().map(link).collect_view()}</ul>
        {note}
    }
}

/// A form for any two days.
#[component]
fn CustomRange(range: Memo<Option<Range>>) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let error = RwSignal::new(None::<Problem>);
    let (first, last) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let value_of = move |day: fn(Range) -> Day| {
        move || range.get().map_or_else(String::new, |range| day(range).to_string())
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let value =
            |input: NodeRef<html::Input>| input.get_untracked().map_or_else(String::new, |i| i.value());
        match Range::parse(&value(first), &value(last)) {
            Ok(range) => {
                error.set(None);
                navigation.navigate(navigation.view().with_range(Some(range)));
            }
            Err(problem) => error.set(Some(problem)),
        }
    };
    view! {
        <form class="ask-days" on:submit=submit>
            <label>
                <span>{words::FIRST_DAY}</span>
                <input type="date" required node_ref=first prop:value=value_of(Range::from) />
            </label>
            <label>
                <span>{words::LAST_DAY}</span>
                <input type="date" required node_ref=last prop:value=value_of(Range::to) />
            </label>
            <button type="submit">{words::SHOW_DAYS}</button>
            {move || error.get().map(|problem| view! { <p class="bad" role="alert">{problem.detail}</p> })}
        </form>
    }
}

/// Selects the time zone of days. The browser's some 400 zones become options only once.
#[component]
fn ZoneSelect(zone: Memo<String>) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let chosen = Memo::new(move |_| context.zone_name(&navigation.view()));
    let default = context.session().time_zone;
    let mut names = browser_zones::list_names();
    for name in [default.clone(), chosen.get_untracked()] {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let options = names
        .into_iter()
        .map(|name| {
            let (value, label) = (name.clone(), name.replace('_', " "));
            view! { <option value=value selected=move || chosen.get() == name>{label}</option> }
        })
        .collect_view();
    let choose = move |event| {
        let zone = ZoneName::parse(&event_target_value(&event)).filter(|zone| zone.as_str() != default);
        navigation.navigate(View { zone, ..navigation.view() });
    };
    view! {
        <label class="ask-zone">
            <span>{words::TIME_ZONE} " (" {move || zone.get()} ")"</span>
            <select on:change=choose>{options}</select>
        </label>
    }
}
