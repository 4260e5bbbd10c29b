//! The figures of `videoview`: when, who, what; then every student and every row.

use crate::components::csv_files::CsvFiles;
use crate::components::figure::daily_chart::{DailyChart, DailyMetric};
use crate::components::figure::export::ExportHeader;
use crate::components::figure::hour_heatmap::HourHeatmap;
use crate::components::figure::minutes_distribution::MinutesDistribution;
use crate::components::figure::new_and_returning::NewAndReturning;
use crate::components::figure::ranking::{RankingChart, RankingSubject};
use crate::components::figure::viewing_delay::ViewingDelay;
use crate::components::filter_chips::{self, FilterChips};
use crate::components::row_table::RowTable;
use crate::components::student_table::StudentTable;
use crate::context::AppContext;
use crate::loader::STEPS;
use crate::words::figures as text;
use ::figures::text::reports::NAMES_HIDDEN;
use engine::measures::Measures;
use leptos::prelude::*;

/// The filter chips and all figures.
#[component]
pub fn VideoviewFigures(
    /// The measures, once there are any.
    measures: Memo<Option<Measures>>,
    /// The label of the view's time zone.
    zone: Memo<String>,
    /// Whether the measures are about to change, since rows are still arriving.
    #[prop(into)]
    is_busy: Signal<bool>,
    /// The CSV files, once every window has rows.
    files: Memo<Option<CsvFiles>>,
    /// The label of the comparison; empty without one.
    other: Memo<String>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let name = Callback::new(move |choice| {
        measures.with(|m| {
            let student = m.as_ref().map_or("", |m| m.student.as_str());
            filter_chips::choice_label(&choice, m.as_ref(), student, &context.navigation.view())
        })
    });
    provide_context(ExportHeader(Callback::new(move |()| {
        filter_chips::build_export_header(context, name, zone)
    })));
    let day = RwSignal::new(None);
    let loader = context.loader();
    let measures_from_step =
        move |step: u8| Memo::new(move |_| measures.get().filter(|_| loader.draws(step)));
    let (first, second, third, fourth, last) = (
        measures_from_step(1),
        measures_from_step(2),
        measures_from_step(3),
        measures_from_step(4),
        measures_from_step(STEPS),
    );
    let rows = move || measures.with(|m| m.as_ref().map_or(0, |m| m.total.rows)).to_string();
    let complete = move || measures.with(|m| m.as_ref().is_some_and(Measures::is_complete)).to_string();
    view! {
        <div class="figures" data-testid="minutes" data-rows=rows data-complete=complete
            aria-busy=move || is_busy.get().to_string()>
            <FilterChips name none=text::NO_FILTERS />
            <DailyChart metric=DailyMetric::Minutes measures=first zone other at=day />
            <DailyChart metric=DailyMetric::Viewers measures=second zone other at=day />
            <NewAndReturning measures=third zone />
            <HourHeatmap measures=third zone />
            <RankingChart subject=RankingSubject::Videos measures=fourth />
            <ViewingDelay measures=fourth />
            <div class="pair">
                <RankingChart subject=RankingSubject::Sections measures=last />
                <RankingChart subject=RankingSubject::Roles measures=last />
            </div>
            <MinutesDistribution measures=last />
            <Show
                when=move || !context.navigation.view().names_hidden
                fallback=|| view! { <p class="quiet">{NAMES_HIDDEN}</p> }
            >
                <StudentTable measures=last />
                <RowTable measures=last zone files />
            </Show>
        </div>
    }
}
