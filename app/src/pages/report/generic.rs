//! The figures of all reports but `videoview`. The program of reports sends them ready to draw, with their
//! texts.

use super::{ReportContext, available_windows, build_query, number_weeks};
use crate::components::error_notice::ErrorNotice;
use crate::components::told::Told;
use crate::context::AppContext;
use crate::teller::About;
use crate::{locale, teller, words};
use domain::api::ReportInfo;
use domain::range::Range;
use domain::view::View;
use engine::reports;
use leptos::prelude::*;

/// The figures over all loaded windows.
#[component]
pub fn GenericReport(
    /// The report to show.
    report: ReportContext,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let (info, range, zone) = (report.selection.info, report.selection.range, report.selection.zone);
    let sight = Memo::new(move |_| build_sight(report, range.get(), context, &navigation.view(), zone.get()));
    let teller = context.teller();
    let retry = Callback::new(move |()| {
        report.refresh.run(());
        if let Some(sight) = sight.get_untracked() {
            teller.look(sight, locale::language_tag());
        }
    });
    Effect::new(move |_| {
        if let Some(sight) = sight.get() {
            teller.look(sight, locale::language_tag());
        }
    });
    let told = teller.told();
    let figures = Memo::new(move |_| {
        let about = info.with(|info| info.as_ref().map(|info| About::Report(info.name.clone())));
        told.with(|told| if told.about == about { told.figures.clone() } else { Vec::new() })
    });
    let is_busy = Memo::new(move |_| told.with(|told| !told.is_current || told.load.pending > 0));
    let has_figures = Memo::new(move |_| figures.with(|figures| !figures.is_empty()));
    // Reserves the height until the first answer.
    let is_loading = Memo::new(move |_| !has_figures.get() && told.with(|told| told.failed.is_empty()));
    let failure = move || {
        let failed = told.with(|told| told.failed.first().cloned());
        failed.map(|(_, error)| view! { <ErrorNotice error again=retry /> })
    };
    let arriving = move || {
        let load = told.with(|told| told.load);
        (load.pending > 0).then(|| words::arriving(load.rows, load.bytes))
    };
    view! {
        <Show when=move || info.with(has_free_text)>
            <label class="written">
                <input type="checkbox" prop:checked=move || navigation.view().contents
                    on:change=move |event| {
                        navigation.navigate(View { contents: event_target_checked(&event), ..navigation.view() });
                    } />
                <span>{words::SHOW_WRITING}</span>
            </label>
        </Show>
        <Show when=move || is_loading.get()>
            <div class="room"><p class="quiet" role="status">{words::LOADING}</p></div>
        </Show>
        <Show when=move || has_figures.get()>
            <Told figures zone is_busy />
        </Show>
        {failure}
        <p class="quiet small" role="status">{arriving}</p>
    }
}

/// Whether the report's rows contain texts that people wrote.
fn has_free_text(info: &Option<ReportInfo>) -> bool {
    info.as_ref().and_then(|info| info.name.known()).is_some_and(|report| report.descriptor().has_free_text)
}

/// The query for the program of reports. A snapshot has no days; its query has today, which is ignored.
fn build_sight(
    report: ReportContext,
    range: Option<Range>,
    context: AppContext,
    view: &View,
    zone: String,
) -> Option<teller::Sight> {
    let request = report.request.get()?;
    let before = report.comparison_windows.get();
    let windows = available_windows(before.iter().chain(&request.windows)).map(|(window, copy, coverage)| {
        protocol::WindowSource {
            id: window.id.clone(),
            generation: copy.generation,
            coverage,
            created: copy.created,
        }
    });
    let today = context.clock.now().day();
    let range = range.unwrap_or_else(|| Range::from_day(today));
    Some(teller::Sight {
        subject: protocol::Subject::Report {
            name: request.report.clone(),
            are_names_hidden: view.names_hidden,
            comparison_label: report.comparison_label.get(),
        },
        question: reports::Query {
            base: build_query(range, context, view),
            decks: view.decks.iter().cloned().collect(),
            contents: view.contents,
        },
        zone,
        weeks: report.selection.directory.with(|known| number_weeks(known, view, range)),
        parts: vec![protocol::ReportSource {
            report: request.report.clone(),
            // The Worker does not know whose rows those of an unknown report are.
            course: view.course.clone().filter(|_| request.report.known().is_some()),
            windows: windows.collect(),
        }],
    })
}
