//! `/`: the first visit with its one button, or one report over a range.

use crate::api_signal::ApiSignal;
use crate::components::first_visit::FirstVisit;
use crate::components::lazy::{self, Placeholder};
use crate::components::view_controls::ViewControls;
use crate::context::AppContext;
use crate::lazy_components::LazyComponents;
use crate::{api_client, locale, words};
use domain::api::{Courses, ReportInfo};
use domain::problem::{Code, Problem};
use domain::range::Range;
use domain::report::Shape;
use domain::report_listing::{ReportListing, ReportParameter};
use domain::view::{Page, View};
use domain::window::{self, Parameters, WindowKey};
use leptos::prelude::*;
use std::time::Duration;

/// The chosen report and days, derived from the view.
#[derive(Debug, Clone, Copy)]
pub struct ViewSelection {
    /// The report; `None` if Echo360 does not offer it.
    pub info: Memo<Option<ReportInfo>>,
    /// The days; `None` before they are chosen, and for a report without days.
    pub range: Memo<Option<Range>>,
    /// The label of their time zone: `UTC+1 Berlin`.
    pub zone: Memo<String>,
    /// Courses and terms.
    pub directory: Memo<Courses>,
    /// Fetches the courses again: those that Echo360 does not list are known from rows.
    pub renew: Callback<()>,
}

/// The page.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let info = Memo::new(move |_| context.report(navigation.view().report_name()));
    let shape = Memo::new(move |_| info.with(|info| info.as_ref().map(|info| info.shape)));
    let zone = Memo::new(move |_| context.zone(&navigation.view()));
    let today = Memo::new(move |_| zone.with(|zone| zone.day_of(context.clock.now())));
    let range = Memo::new(move |_| navigation.view().range.filter(|_| shape.get() != Some(Shape::Snapshot)));
    let zone_label = Memo::new(move |_| {
        let at =
            range.get().map_or_else(|| context.clock.now(), |range| zone.with(|z| z.start_of(range.from())));
        zone.with(|zone| locale::format_zone(zone.name(), zone.offset_at(at)))
    });
    let courses: ApiSignal<Courses> = ApiSignal::new(api_client::COURSES);
    let directory = Memo::new(move |_| courses.ok().unwrap_or_default());
    let renew = Callback::new(move |()| courses.refetch());
    let selection = ViewSelection { info, range, zone: zone_label, directory, renew };
    let is_chosen = Memo::new(move |_| range.with(Option::is_some) || shape.get() == Some(Shape::Snapshot));
    // On a first visit the controls are created in a task of their own, so that the button responds sooner.
    let has_controls = RwSignal::new(is_chosen.get_untracked());
    set_timeout(move || has_controls.set(true), Duration::ZERO);
    let is_unknown = Memo::new(move |_| info.with(Option::is_none));
    Effect::new(move |_| {
        if !is_chosen.get() {
            document().set_title(words::NAME);
        }
    });
    view! {
        <Show when=move || !is_chosen.get() && !is_unknown.get()>
            <FirstVisit />
            <h2 class="choose">{words::CHOOSE_VIEW}</h2>
        </Show>
        <Show when=move || has_controls.get()><ViewControls today shape directory zone=zone_label /></Show>
        <Show when=move || is_unknown.get()>
            <h1>{words::REPORT}</h1>
            <p class="notice">{words::NO_SUCH_REPORT}</p>
        </Show>
        <Show when=move || is_chosen.get() && !is_unknown.get()>{move || lazy::render_lazy(context.components.report_view, selection, Placeholder::Block)}</Show>
    }
}

/// Starts loading the chunks that `view` will need, before the session is known.
pub fn prefetch(components: LazyComponents, view: &View) {
    match view.page {
        Page::Overview if view.range.is_some() || view.report.is_some() => {
            lazy::prefetch(components.report_view);
        }
        Page::Overview => {}
        Page::Course => lazy::prefetch(components.course_page),
        Page::Requests => lazy::prefetch(components.requests_page),
        _ => lazy::prefetch(components.access_page),
    }
}

/// The windows of a request for `range`, or why it cannot be requested. `None` while a range is needed and
/// not chosen.
#[must_use]
pub fn plan_windows(
    info: &ReportInfo,
    range: Option<Range>,
    context: AppContext,
    view: &View,
) -> Option<Result<Vec<WindowKey>, Problem>> {
    if range.is_none() && info.shape != Shape::Snapshot {
        return None;
    }
    let parameters = request_parameters(info, view);
    let missing = info.parameters.iter().find(|it| it.required && !parameters.contains_key(&it.name));
    if let Some(missing) = missing {
        return Some(Err(Problem::new(Code::BadParameters, words::missing_parameter(&missing.name))));
    }
    Some(window::plan_windows(
        &to_listing(info),
        range,
        &context.zone(view),
        &parameters,
        context.clock.now(),
    ))
}

/// The parameters in `view` that the report accepts.
#[must_use]
pub fn request_parameters(info: &ReportInfo, view: &View) -> Parameters {
    let takes = |name: &str| info.parameters.iter().any(|parameter| parameter.name == name);
    view.parameters.values().iter().filter(|(name, _)| takes(name)).cloned().collect()
}

/// The listing that `info` was made from: the API replaces the parameters for dates with the report's shape.
fn to_listing(info: &ReportInfo) -> ReportListing {
    let date =
        |name: &str| ReportParameter { name: name.to_owned(), datatype: "date".to_owned(), required: true };
    let dates = if info.shape == Shape::Snapshot { Vec::new() } else { vec![date("start"), date("end")] };
    ReportListing {
        name: info.name.clone(),
        description: info.title.clone(),
        note: String::new(),
        parameters: dates.into_iter().chain(info.parameters.iter().cloned()).collect(),
    }
}
