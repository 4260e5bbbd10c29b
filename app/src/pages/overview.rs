//! `/`: what is chosen, and what is shown of it: a first visit's one button, or one report over one range.

use crate::api_signal::ApiSignal;
use crate::components::first_visit::FirstVisit;
use crate::components::lazy::{self, Placeholder};
use crate::components::view_controls::ViewControls;
use crate::context::AppContext;
use crate::lazy_components::LazyComponents;
use crate::pages::report;
use crate::{api_client, locale, words};
use domain::api::{Courses, ReportInfo};
use domain::problem::{Code, Problem};
use domain::range::Range;
use domain::report::{KnownReport, Shape};
use domain::report_listing::{ReportListing, ReportParameter};
use domain::view::{Page, View};
use domain::window::{self, Parameters, WindowKey};
use leptos::prelude::*;
use std::time::Duration;

/// What has been chosen, read from the view: what every part of the page below the choices stands on.
#[derive(Debug, Clone, Copy)]
pub struct ViewSelection {
    /// The report, if it is offered.
    pub info: Memo<Option<ReportInfo>>,
    /// The days, where the report has days.
    pub range: Memo<Option<Range>>,
    /// The zone of those days, as it is said.
    pub zone: Memo<String>,
    /// The courses and terms that are known.
    pub directory: Memo<Courses>,
    /// Looks for more courses: those that Echo360 does not list are known from rows.
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
    let said = Memo::new(move |_| {
        let offset =
            range.get().map_or_else(|| context.clock.now(), |range| zone.with(|z| z.start_of(range.from())));
        zone.with(|zone| locale::format_zone(zone.name(), zone.offset_at(offset)))
    });
    let courses: ApiSignal<Courses> = ApiSignal::new(api_client::COURSES);
    let directory = Memo::new(move |_| courses.ok().unwrap_or_default());
    let renew = Callback::new(move |()| courses.refetch());
    let selection = ViewSelection { info, range, zone: said, directory, renew };
    let is_chosen = Memo::new(move |_| range.with(Option::is_some) || shape.get() == Some(Shape::Snapshot));
    // A first visit's button stands before the choices are made: both in one task would hold up whoever touches it.
    let is_apart = RwSignal::new(is_chosen.get_untracked());
    set_timeout(move || is_apart.set(true), Duration::ZERO);
    let is_unknown = Memo::new(move |_| info.with(Option::is_none));
    Effect::new(move |_| {
        if !is_chosen.get() {
            document().set_title(words::NAME);
        }
    });
    view! {
        <Show when=move || !is_chosen.get() && !is_unknown.get()>
            <FirstVisit />
            <h2 class="choose">{words::CHOOSE}</h2>
        </Show>
        <Show when=move || is_apart.get()><ViewControls today shape directory zone=said /></Show>
        <Show when=move || is_unknown.get()>
            <h1>{words::REPORT}</h1>
            <p class="notice">{words::NO_SUCH_REPORT}</p>
        </Show>
        <Show when=move || is_chosen.get() && !is_unknown.get()>{move || lazy::render_lazy(context.components.report_view, selection, Placeholder::Block)}</Show>
    }
}

/// Begins to fetch what `view` will need, before it is known who looks at it.
pub fn prefetch(components: LazyComponents, view: &View) {
    match view.page {
        Page::Overview if view.range.is_some() || view.report.is_some() => {
            lazy::prefetch(components.report_view);
            lazy::prefetch(report::figures_component(
                components,
                view.known_report() == Some(KnownReport::VideoView),
            ));
        }
        Page::Overview => {}
        Page::Course => lazy::prefetch(components.course_page),
        Page::Requests => lazy::prefetch(components.requests_page),
        _ => lazy::prefetch(components.access_page),
    }
}

/// The windows that `view` needs; `None` before it has a range.
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
    let lacking = info.parameters.iter().find(|it| it.required && !parameters.contains_key(&it.name));
    if let Some(lacking) = lacking {
        return Some(Err(Problem::new(Code::BadParameters, words::lacking(&lacking.name))));
    }
    Some(window::plan_windows(
        &to_listing(info),
        range,
        &context.zone(view),
        &parameters,
        context.clock.now(),
    ))
}

/// What `view` asks a report with beside its days: those of its parameters that the report takes.
#[must_use]
pub fn request_parameters(info: &ReportInfo, view: &View) -> Parameters {
    let takes = |name: &str| info.parameters.iter().any(|parameter| parameter.name == name);
    view.parameters.values().iter().filter(|(name, _)| takes(name)).cloned().collect()
}

/// The offer behind what the API says of a report: its dates are said by its shape.
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
