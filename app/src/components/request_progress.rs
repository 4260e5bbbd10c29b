//! The progress of several requests: a line for all, details per report, and a button that requests what is
//! missing.

use crate::components::error_notice::ErrorNotice;
use crate::context::AppContext;
use crate::request_tracker::request_set::{PlannedRequest, RequestSetTracker};
use crate::request_tracker::{self, RequestKey};
use crate::words::{self, comparison, course};
use domain::api::{Requests, WindowStatus};
use domain::time::Day;
use domain::view::Page;
use leptos::prelude::*;

/// Windows of one report, by their state. Erased windows count in none.
#[derive(Debug, Clone, PartialEq, Default)]
struct ReportProgress {
    name: &'static str,
    all: usize,
    loaded: usize,
    under_way: usize,
    failed: usize,
    provisional: usize,
}

impl ReportProgress {
    /// Windows that nobody has requested yet.
    fn not_requested(&self) -> usize {
        self.all - self.loaded - self.under_way - self.failed
    }
}

/// The progress of each required report.
fn measure_progress(planned: &[PlannedRequest], all: &Requests, today: Day) -> Vec<ReportProgress> {
    let mut reports: Vec<ReportProgress> = Vec::new();
    for request in planned.iter().filter(|it| it.is_required) {
        let known = request_tracker::index_windows(&request.request_key.report, all);
        let name = course::report_tab(request.request_key.report.known());
        if reports.last().is_none_or(|last| last.name != name) {
            reports.push(ReportProgress { name, ..ReportProgress::default() });
        }
        let Some(progress) = reports.last_mut() else { continue };
        for key in &request.windows {
            let window = known.get(&key.id());
            // Erased windows are not missing.
            if window.is_some_and(|window| window.state == WindowStatus::Forgotten) {
                continue;
            }
            progress.all += 1;
            if let Some(window) = request_tracker::find_available(key, &known, today) {
                progress.loaded += 1;
                let is_renewed = window.again.is_some_and(WindowStatus::is_under_way);
                progress.provisional += usize::from(window.state == WindowStatus::Provisional && !is_renewed);
            } else if window
                .is_some_and(|w| w.state.is_under_way() || w.again.is_some_and(WindowStatus::is_under_way))
            {
                progress.under_way += 1;
            } else if window.is_some_and(|window| window.state == WindowStatus::Failed) {
                progress.failed += 1;
            }
        }
    }
    reports
}

/// The keys of required requests that lack windows, and the ids of requests with failed windows. Provisional
/// windows count as lacking if `includes_provisional`.
fn find_missing(
    planned: &[PlannedRequest],
    all: &Requests,
    today: Day,
    includes_provisional: bool,
) -> (Vec<RequestKey>, Vec<String>) {
    let required = planned.iter().filter(|it| it.is_required);
    let request_keys = required.clone().filter(|it| {
        let known = request_tracker::index_windows(&it.request_key.report, all);
        it.windows.iter().any(|key| match request_tracker::find_available(key, &known, today) {
            Some(window) => includes_provisional && window.state == WindowStatus::Provisional,
            None => known.get(&key.id()).is_none_or(|window| window.state != WindowStatus::Forgotten),
        })
    });
    let failed = required.filter_map(|it| {
        let request = all.requests.iter().find(|request| it.request_key.matches_request(request))?;
        request.windows.iter().any(|window| window.state == WindowStatus::Failed).then(|| request.id.clone())
    });
    (request_keys.map(|it| it.request_key.clone()).collect(), failed.collect())
}

/// The progress of the planned requests.
#[component]
pub fn RequestProgress(
    /// The requests that the view needs.
    planned: Memo<Vec<PlannedRequest>>,
    /// Follows them.
    set_tracker: RequestSetTracker,
    /// The label of the comparison that they are for; empty if they are for the view itself.
    #[prop(optional, into)]
    other: Signal<String>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let status = set_tracker.status();
    let today = move || context.clock.now().day();
    let reports = Memo::new(move |_| {
        status.with(|g| {
            g.all.as_ref().map(|all| planned.with(|planned| measure_progress(planned, all, today())))
        })
    });
    let sum = move |of: fn(&ReportProgress) -> usize| {
        reports.with(|reports: &Option<Vec<ReportProgress>>| reports.iter().flatten().map(of).sum::<usize>())
    };
    let line = move || {
        reports
            .with(Option::is_some)
            .then(|| {
                words::total_progress([
                    sum(|p| p.loaded),
                    sum(|p| p.all),
                    sum(|p| p.under_way),
                    sum(|p| p.failed),
                ])
            })
            .map(|progress| {
                if other.with(String::is_empty) {
                    progress
                } else {
                    comparison::label_progress(&other.get(), &progress)
                }
            })
    };
    let request = move |includes_provisional: bool| {
        move |_| {
            let missing = status.with_untracked(|g| {
                let all = g.all.as_ref()?;
                Some(
                    planned
                        .with_untracked(|planned| find_missing(planned, all, today(), includes_provisional)),
                )
            });
            if let Some((request_keys, failed)) = missing {
                set_tracker.create_requests(request_keys, failed);
            }
        }
    };
    let is_busy = move || status.with(|status| status.is_busy);
    let is_missing = Memo::new(move |_| sum(|progress| progress.not_requested() + progress.failed) > 0);
    let may_grow = Memo::new(move |_| !is_missing.get() && sum(|progress| progress.provisional) > 0);
    let list = move || {
        reports.get().into_iter().flatten().map(|progress| view! { <li>{words::report_progress(progress.name, [progress.loaded, progress.all, progress.under_way, progress.failed])}</li> }).collect_view()
    };
    let error = move || {
        let again = Callback::new(move |()| set_tracker.refresh());
        status.with(|g| g.error.clone()).map(|error| view! { <ErrorNotice error again /> })
    };
    let requests_href = move || context.navigation.view().with_page(Page::Requests).to_url();
    view! {
        <section class="progress gathering" data-testid="gathering">
            <p class="progress-far"><span role="status">{line}</span></p>
            <Show when=move || is_missing.get() || may_grow.get()>
                <p class="actions">
                    <Show when=move || is_missing.get()>
                        <button type="button" class="main" disabled=is_busy on:click=request(false)>{words::REQUEST_MISSING}</button>
                        <span class="small quiet">{words::CAN_CLOSE_PAGE}</span>
                    </Show>
                    <Show when=move || may_grow.get()>
                        <button type="button" class="plain" disabled=is_busy on:click=request(true)>{words::REQUEST_REST}</button>
                        <span class="small quiet">{words::WAS_NOT_FINAL}</span>
                    </Show>
                </p>
            </Show>
            <details>
                <summary>{words::DETAILS}</summary>
                <ul class="small parts">{list}</ul>
                <p class="small"><a href=requests_href>{words::SEE_REQUESTS}</a></p>
            </details>
            {error}
        </section>
    }
}
