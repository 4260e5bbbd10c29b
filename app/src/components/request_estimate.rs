//! What a first visit's button will do: how many reports, how many of them are here already, how long it takes.

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
    // What is here already and how long it usually takes; without an answer the plan is said without them.
    let known: ApiSignal<Requests> = ApiSignal::new(api_client::REQUESTS);
    let plan = Memo::new(move |_| {
        let view = navigation.view();
        let range = presets::DEFAULT_PRESET.range(context.zone(&view).day_of(context.clock.now()));
        let windows = plan_windows(&context.report(view.report_name())?, range, context, &view)?.ok()?;
        let all = known.get()?.ok();
        let report = ReportName::parse(view.report_name())?;
        let held = all.as_ref().map(|all| request_tracker::index_windows(&report, all)).unwrap_or_default();
        let today = context.clock.now().day();
        let here =
            windows.iter().filter(|key| request_tracker::find_available(key, &held, today).is_some()).count();
        let usual = all.as_ref().and_then(|all| all.scheduler.usual);
        Some((windows.len(), here, usual))
    });
    move || {
        plan.get().map(|(all, here, usual)| {
            format!("{} {}", words::first_plan(all, here), words::expectation(all - here, usual))
        })
    }
}
