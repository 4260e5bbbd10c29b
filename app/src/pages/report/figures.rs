//! The figures of a report, with the progress and errors of their downloads.

use super::{ReportContext, available_windows, build_query, number_weeks};
use crate::components::error_notice::ErrorNotice;
use crate::components::figure::ChartCursorGroup;
use crate::components::figure::long_table_exports::RowFiles;
use crate::components::figure_list::FigureList;
use crate::components::too_large_notice::TooLargeNotice;
use crate::context::AppContext;
use crate::data_worker::{Topic, ViewQuery};
use crate::{device, presets, words};
use domain::api::ReportInfo;
use domain::query::MeasureQuery;
use domain::range::Range;
use domain::view::View;
use leptos::prelude::*;
use protocol::{ReportSource, Subject};

/// The figures over all loaded windows.
#[component]
pub fn ReportFigures(
    /// The report to show.
    report: ReportContext,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let (info, range, zone) = (report.selection.info, report.selection.range, report.selection.zone);
    let query =
        Memo::new(move |_| build_view_query(report, range.get(), context, &navigation.view(), zone.get()));
    let data_worker = context.data_worker();
    let send_query = move || {
        if let Some(query) = query.get_untracked() {
            data_worker.send_query(query);
        }
    };
    let retry = Callback::new(move |()| {
        report.refresh.run(());
        send_query();
    });
    Effect::new(move |_| {
        query.track();
        send_query();
    });
    let answer = data_worker.answer();
    let figures = Memo::new(move |_| {
        let topic = info.with(|info| info.as_ref().map(|info| Topic::Report(info.name.clone())));
        answer.with(|answer| if answer.topic == topic { answer.figures.clone() } else { Vec::new() })
    });
    let is_outdated = Memo::new(move |_| report.request.with(Option::is_none));
    let is_busy = Memo::new(move |_| {
        let is_drawn = data_worker.drawn().get() >= figures.with(Vec::len);
        !is_drawn
            || is_outdated.get()
            || answer.with(|answer| !answer.is_current || answer.progress.pending > 0)
    });
    let has_figures = Memo::new(move |_| figures.with(|figures| !figures.is_empty()));
    // Reserves the height until the first answer.
    let is_loading = Memo::new(move |_| {
        let is_waiting = answer.with(|answer| answer.failed.is_empty() && answer.too_large.is_none());
        !has_figures.get() && is_waiting
    });
    let failure = move || {
        let failed = answer.with(|answer| answer.failed.first().cloned());
        failed.map(|(_, error)| view! { <ErrorNotice error again=retry /> })
    };
    // The rows of one course are counted only as they arrive: requests list the rows of the whole institution.
    let too_large = move || {
        let rows = answer.with(|answer| answer.too_large)?;
        Some(view! { <TooLargeNotice detail=words::too_large(rows, device::max_rows()) /> })
    };
    let arriving = move || {
        let progress = answer.with(|answer| answer.progress);
        (progress.pending > 0).then(|| words::arriving(progress.rows, progress.bytes))
    };
    provide_context(ChartCursorGroup(RwSignal::new(None)));
    provide_context(RowFiles(report.files));
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
            <FigureList figures zone is_busy is_outdated />
        </Show>
        {too_large}
        {failure}
        <p class="quiet small" role="status">{arriving}</p>
    }
}

/// Whether the report's rows contain texts that people wrote.
fn has_free_text(info: &Option<ReportInfo>) -> bool {
    info.as_ref().and_then(|info| info.name.known()).is_some_and(|report| report.descriptor().has_free_text)
}

/// The query of the view. A snapshot has no days; its query has today, which is ignored.
fn build_view_query(
    report: ReportContext,
    range: Option<Range>,
    context: AppContext,
    view: &View,
    zone_label: String,
) -> Option<ViewQuery> {
    let request = report.request.get()?;
    let before = report.comparison_windows.get();
    let windows = available_windows(before.iter().chain(&request.windows));
    let range = range.unwrap_or_else(|| Range::from_day(context.clock.now().day()));
    Some(ViewQuery {
        subject: Subject::Report {
            name: request.report.clone(),
            are_names_hidden: view.names_hidden,
            comparison_label: report.comparison_label.get(),
        },
        measure: MeasureQuery {
            base: report.selection.directory.with(|known| build_query(range, context, view, known)),
            decks: view.decks.iter().cloned().collect(),
            contents: view.contents,
        },
        zone_label,
        weeks: report.selection.directory.with(|known| number_weeks(known, view, range)),
        section_terms: report.selection.directory.with(|known| presets::list_section_terms(known, view)),
        sources: vec![ReportSource {
            report: request.report.clone(),
            // The Worker does not know whose rows those of an unknown report are.
            course: view.course.clone().filter(|_| request.report.known().is_some()),
            windows: windows.collect(),
        }],
    })
}
