//! The figures of `videoview` from the data worker, with the progress and errors of its downloads.

use super::{ReportContext, available_windows, build_query};
use crate::components::error_notice::ErrorNotice;
use crate::components::videoview_figures::VideoviewFigures;
use crate::context::AppContext;
use crate::loader::STEPS;
use crate::words;
use domain::range::Range;
use domain::view::View;
use engine::measures::Measures;
use leptos::prelude::*;
use thread::message::{Sight, Wanted};

/// The figures over all loaded windows.
#[component]
pub fn VideoviewReport(
    /// The report to show.
    report: ReportContext,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let (range, zone) = (report.selection.range, report.selection.zone);
    let sight = Memo::new(move |_| build_sight(report, range.get()?, context, &navigation.view()));
    let loader = context.loader();
    let retry = Callback::new(move |()| {
        report.refresh.run(());
        if let Some(sight) = sight.get_untracked() {
            loader.look(sight);
        }
    });
    Effect::new(move |_| {
        if let Some(sight) = sight.get() {
            loader.look(sight);
        }
    });
    let loaded = loader.loaded();
    // Measures of other days belong to the previous view.
    let measures = Memo::new(move |_| {
        let range = range.get()?;
        loaded.with(|loaded| loaded.measures.clone().filter(|measures| cover_range(measures, range)))
    });
    // Busy until the data worker has answered the current query and all rows have arrived.
    let version_before = Memo::new(move |_| {
        sight.track();
        loaded.with_untracked(|loaded| loaded.version)
    });
    let is_busy = Memo::new(move |_| {
        let before = version_before.get();
        !loader.draws(STEPS)
            || measures.with(Option::is_none)
            || loaded.with(|l| l.version == before || l.load.pending > 0)
    });
    let failure = move || {
        let failed = loaded.with(|loaded| loaded.failed.first().cloned());
        failed.map(|(_, error)| view! { <ErrorNotice error again=retry /> })
    };
    let arriving = move || {
        let load = loaded.with(|loaded| loaded.load);
        (load.pending > 0).then(|| words::arriving(load.rows, load.bytes))
    };
    view! {
        <VideoviewFigures measures zone is_busy files=report.files other=report.comparison_label />
        {failure}
        <p class="quiet small" role="status">{arriving}</p>
    }
}

fn cover_range(measures: &Measures, range: Range) -> bool {
    let ends = measures.days.first().zip(measures.days.last());
    ends.is_some_and(|((first, _), (last, _))| (*first, *last) == (range.from(), range.to()))
}

/// The query for the data worker.
fn build_sight(report: ReportContext, range: Range, context: AppContext, view: &View) -> Option<Sight> {
    let request = report.request.get()?;
    let before = report.comparison_windows.get();
    let windows = available_windows(before.iter().chain(&request.windows)).map(|(window, copy, coverage)| {
        Wanted { id: window.id.clone(), generation: copy.generation, facts: coverage }
    });
    Some(Sight {
        report: request.report.clone(),
        question: build_query(range, context, view),
        windows: windows.collect(),
    })
}
