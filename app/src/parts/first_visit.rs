//! What this is, one button, and what will happen.

use crate::follow::{self, Follower, Wish};
use crate::page::Ground;
use crate::pages::overview::planned;
use crate::{client, presets, words};
use domain::report::ReportName;
use domain::view::View;
use leptos::prelude::*;

/// A first visit: nothing has been chosen.
#[component]
pub fn FirstVisit(
    /// Asks, and follows what was asked.
    follower: Follower,
) -> impl IntoView {
    let ground = expect_context::<Ground>();
    let address = ground.address;
    let range = move || {
        let today = ground.zone(&address.view()).day_of(ground.clock.now());
        presets::FIRST.range(today)
    };
    // What is here already and how long it usually takes; without an answer the plan is said without them.
    let known = LocalResource::new(client::requests);
    let plan = Memo::new(move |_| {
        let view = address.view();
        let windows = planned(&ground.report(view.report_name())?, range(), ground, &view)?.ok()?;
        let all = known.get()?.ok();
        let report = ReportName::parse(view.report_name())?;
        let held = all.as_ref().map(|all| follow::known(&report, all)).unwrap_or_default();
        let today = ground.clock.now().day();
        let here = windows.iter().filter(|key| follow::here(key, &held, today).is_some()).count();
        let usual = all.as_ref().and_then(|all| all.desk.usual);
        Some((windows.len(), here, usual))
    });
    let see = move |_| {
        let view = address.view().over(range());
        if let (Some(range), Some(report)) = (view.range, ReportName::parse(view.report_name())) {
            let tz = ground.zone_name(&view);
            follower.ask(Wish { report, range: Some(range), tz });
        }
        address.go(View { ..view });
    };
    view! {
        <section class="first">
            <h1>{words::WELCOME}</h1>
            <p class="lead">{words::PURPOSE}</p>
            <button type="button" class="main" on:click=see>{words::SEE_FOUR_WEEKS}</button>
            <p class="quiet plan">
                {move || plan.get().map(|(all, here, usual)| {
                    format!("{} {}", words::first_plan(all, here), words::expectation(all - here, usual))
                })}
            </p>
        </section>
    }
}
