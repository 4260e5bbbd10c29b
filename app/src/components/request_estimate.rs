//! What the button of a first visit will do: how many reports it loads, how many are loaded already, how long
//! it takes.

use crate::api_signal::ApiSignal;
use crate::context::AppContext;
use crate::pages::overview::plan_windows;
use crate::{api_client, presets, request_tracker, words};
use domain::api::Requests;
use domain::report::ReportName;
use leptos::prelude::*;

/// The sentence.
#[component]
pub fn RequestEstimate() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    // Lists what is loaded already and the usual build time. Without them after an error; empty until then.
    let requests: ApiSignal<Requests> = ApiSignal::new(api_client::REQUESTS);
    let plan = Memo::new(move |_| {
        let view = navigation.view();
        let today = context.zone(&view).day_of(context.clock.now());
        let range = presets::DEFAULT_PRESET.range(today, context.week_start());
        let windows = plan_windows(&context.report(view.report_name())?, range, context, &view)?.ok()?;
        let all = requests.get()?.ok();
        let report = ReportName::parse(view.report_name())?;
        let known = all.as_ref().map(|all| request_tracker::index_windows(&report, all)).unwrap_or_default();
        let today = context.clock.now().day();
        let loaded = windows
            .iter()
            .filter(|key| request_tracker::find_available(key, &known, today).is_some())
            .count();
        let usual = all.as_ref().and_then(|all| all.scheduler.usual);
        Some((windows.len(), loaded, usual))
    });
    move || {
        plan.get().map(|(all, loaded, usual)| {
            format!("{} {}", words::first_visit_plan(all, loaded), words::expected_time(all - loaded, usual))
        })
    }
}
