//! What the data thread measures of `videoview`: its figures, how much has arrived, what could not be had.

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

/// The figures of everything that is here.
#[component]
pub fn VideoviewReport(
    /// What there is to show.
    report: ReportContext,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let (range, zone) = (report.selection.range, report.selection.zone);
    let sight = Memo::new(move |_| build_sight(report, range.get()?, context, &navigation.view()));
    let loader = context.loader();
    let look_again = Callback::new(move |()| {
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
    // Measures of other days are those of the view before this one.
    let measures = Memo::new(move |_| {
        let range = range.get()?;
        loaded.with(|loaded| loaded.measures.clone().filter(|measures| are_of(measures, range)))
    });
    // Until the thread has answered for what is looked at now, and nothing of it is on its way any more.
    let looked_at = Memo::new(move |_| {
        sight.track();
        loaded.with_untracked(|loaded| loaded.version)
    });
    let is_busy = Memo::new(move |_| {
        let before = looked_at.get();
        !loader.draws(STEPS)
            || measures.with(Option::is_none)
            || loaded.with(|l| l.version == before || l.load.pending > 0)
    });
    let failure = move || {
        let failed = loaded.with(|loaded| loaded.failed.first().cloned());
        failed.map(|(_, error)| view! { <ErrorNotice error again=look_again /> })
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

fn are_of(measures: &Measures, range: Range) -> bool {
    let ends = measures.days.first().zip(measures.days.last());
    ends.is_some_and(|((first, _), (last, _))| (*first, *last) == (range.from(), range.to()))
}

/// What the data thread is to look at.
fn build_sight(report: ReportContext, range: Range, context: AppContext, view: &View) -> Option<Sight> {
    let request = report.request.get()?;
    let others = report.comparison_windows.get();
    let windows = available_windows(others.iter().chain(&request.windows))
        .map(|(window, copy, facts)| Wanted { id: window.id.clone(), generation: copy.generation, facts });
    Some(Sight {
        report: request.report.clone(),
        question: build_query(range, context, view),
        windows: windows.collect(),
    })
}
