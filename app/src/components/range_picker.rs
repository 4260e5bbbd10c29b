//! What lies behind the button of days: the ranges that are a click away, any two days, and their zone.

use crate::context::AppContext;
use crate::presets::{self, PRESETS, Preset};
use crate::{browser_zones, locale, words};
use domain::problem::Problem;
use domain::range::Range;
use domain::time::Day;
use domain::view::{View, ZoneName};
use leptos::html;
use leptos::prelude::*;

/// What the choices of days stand on.
#[derive(Debug, Clone, Copy)]
pub struct RangeSelection {
    /// Today in the view's zone.
    pub today: Memo<Day>,
    /// The days that are chosen.
    pub range: Memo<Option<Range>>,
    /// The courses and terms that are known.
    pub directory: Memo<domain::api::Courses>,
    /// The view's zone, as it is said.
    pub zone: Memo<String>,
}

/// All of them.
#[component]
pub fn RangePicker(
    /// What they stand on.
    selection: RangeSelection,
) -> impl IntoView {
    let RangeSelection { today, range, directory, zone } = selection;
    view! {
        <PresetLinks today range directory />
        <CustomRange range />
        <ZoneSelect zone />
    }
}

/// The ranges that are a click away.
#[component]
fn PresetLinks(
    today: Memo<Day>,
    range: Memo<Option<Range>>,
    directory: Memo<domain::api::Courses>,
) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let offered = Memo::new(move |_| {
        let today = today.get();
        let weeks = |preset: Preset| Some((words::preset(preset.weeks), preset.range(today)?));
        let terms = directory.with(|directory| presets::term_ranges(&directory.terms, today));
        let numbered = |(name, days): (String, Range)| {
            let course = navigation.view().course;
            let weeks = directory.with(|directory| {
                let weeks = presets::find_term_weeks(directory, course.as_ref(), days)?;
                Some(words::term_weeks(&weeks, weeks.term.name == name))
            });
            (name, days, weeks)
        };
        PRESETS.into_iter().filter_map(weeks).chain(terms).map(numbered).collect::<Vec<_>>()
    });
    let preset = move |(name, days, weeks): (String, Range, Option<String>)| {
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
    view! { <ul class="presets">{move || offered.get().into_iter().map(preset).collect_view()}</ul> }
}

/// Any two days.
#[component]
fn CustomRange(range: Memo<Option<Range>>) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let refused = RwSignal::new(None::<Problem>);
    let (first, last) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let shown = move |day: fn(Range) -> Day| {
        move || range.get().map_or_else(String::new, |range| day(range).to_string())
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let value =
            |input: NodeRef<html::Input>| input.get_untracked().map_or_else(String::new, |i| i.value());
        match Range::parse(&value(first), &value(last)) {
            Ok(range) => {
                refused.set(None);
                navigation.navigate(navigation.view().with_range(Some(range)));
            }
            Err(problem) => refused.set(Some(problem)),
        }
    };
    view! {
        <form class="ask-days" on:submit=submit>
            <label>
                <span>{words::FIRST_DAY}</span>
                <input type="date" required node_ref=first prop:value=shown(Range::from) />
            </label>
            <label>
                <span>{words::LAST_DAY}</span>
                <input type="date" required node_ref=last prop:value=shown(Range::to) />
            </label>
            <button type="submit">{words::SHOW_DAYS}</button>
            {move || refused.get().map(|problem| view! { <p class="bad" role="alert">{problem.detail}</p> })}
        </form>
    }
}

/// The zone that days are of. Its options are the browser's own, some 400, so they are made once.
#[component]
fn ZoneSelect(zone: Memo<String>) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let chosen = Memo::new(move |_| context.zone_name(&navigation.view()));
    let own = context.session().time_zone;
    let mut names = browser_zones::list_names();
    for name in [own.clone(), chosen.get_untracked()] {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let options = names
        .into_iter()
        .map(|name| {
            let (value, shown) = (name.clone(), name.replace('_', " "));
            view! { <option value=value selected=move || chosen.get() == name>{shown}</option> }
        })
        .collect_view();
    let choose = move |event| {
        let zone = ZoneName::parse(&event_target_value(&event)).filter(|zone| zone.as_str() != own);
        navigation.navigate(View { zone, ..navigation.view() });
    };
    view! {
        <label class="ask-zone">
            <span>{words::TIME_ZONE} " (" {move || zone.get()} ")"</span>
            <select on:change=choose>{options}</select>
        </label>
    }
}
