//! What a first visit's button will do: how many reports, how many of them are here already, how long it takes.

use crate::fetched::Fetched;
use crate::page::Ground;
use crate::pages::overview::planned;
use crate::{client, follow, presets, words};
use domain::api::Requests;
use domain::report::ReportName;
use leptos::prelude::*;

/// The sentence.
#[component]
pub fn FirstPlan() -> impl IntoView {
    let ground = expect_context::<Ground>();
    let address = ground.address;
    // What is here already and how long it usually takes; without an answer the plan is said without them.
    let known: Fetched<Requests> = Fetched::new(client::REQUESTS);
    let plan = Memo::new(move |_| {
        let view = address.view();
        let range = presets::FIRST.range(ground.zone(&view).day_of(ground.clock.now()));
        let windows = planned(&ground.report(view.report_name())?, range, ground, &view)?.ok()?;
        let all = known.get()?.ok();
        let report = ReportName::parse(view.report_name())?;
        let held = all.as_ref().map(|all| follow::known(&report, all)).unwrap_or_default();
        let today = ground.clock.now().day();
        let here = windows.iter().filter(|key| follow::here(key, &held, today).is_some()).count();
        let usual = all.as_ref().and_then(|all| all.scheduler.usual);
        Some((windows.len(), here, usual))
    });
    move || {
        plan.get().map(|(all, here, usual)| {
            format!("{} {}", words::first_plan(all, here), words::expectation(all - here, usual))
        })
    }
}
