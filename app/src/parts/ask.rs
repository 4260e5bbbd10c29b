//! What is looked at: report and days, each choice a view of its own.

use crate::page::Ground;
use crate::presets::PRESETS;
use crate::words;
use domain::problem::Problem;
use domain::range::Range;
use domain::report::{ReportName, Shape};
use domain::time::Day;
use domain::view::View;
use leptos::html;
use leptos::prelude::*;

/// Chooses report and days.
#[component]
pub fn AskForm(
    /// Today in the view's zone.
    today: Memo<Day>,
    /// How the chosen report's range is cut.
    shape: Memo<Option<Shape>>,
) -> impl IntoView {
    let ground = expect_context::<Ground>();
    let address = ground.address;
    let chosen = Memo::new(move |_| address.view().report_name().to_owned());
    let options = ground
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
        address.go(View { report, ..address.view() });
    };
    view! {
        <div class="ask">
            <label>
                <span>{words::REPORT}</span>
                <select on:change=choose>{options}</select>
            </label>
            <Show when=move || shape.get() != Some(Shape::Snapshot)>
                <Days today />
            </Show>
        </div>
    }
}

/// Chooses days: a preset, or any two.
#[component]
fn Days(today: Memo<Day>) -> impl IntoView {
    let address = expect_context::<Ground>().address;
    let refused = RwSignal::new(None::<Problem>);
    let (first, last) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let presets = PRESETS.map(|preset| {
        let range = move || preset.range(today.get());
        let href = move || address.view().over(range()).to_url();
        let current = move || (address.view().range == range()).then_some("true");
        view! { <li><a href=href aria-current=current>{words::preset(preset.weeks)}</a></li> }
    });
    let shown = move |day: fn(Range) -> Day| {
        move || address.view().range.map_or_else(String::new, |range| day(range).to_string())
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let value =
            |input: NodeRef<html::Input>| input.get_untracked().map_or_else(String::new, |i| i.value());
        match Range::parse(&value(first), &value(last)) {
            Ok(range) => {
                refused.set(None);
                address.go(address.view().over(Some(range)));
            }
            Err(problem) => refused.set(Some(problem)),
        }
    };
    view! {
        <nav aria-label=words::RANGES>
            <ul class="presets">{presets}</ul>
        </nav>
        <form class="days" on:submit=submit>
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
