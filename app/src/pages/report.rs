//! One report over one range: the plan, the windows as they come, and what they show. Fetched when a range is chosen.
//!
//! [`videoview`]: what the data thread measures; [`generic`]: what the thread of all other reports tells.

pub mod generic;
pub mod videoview;

use crate::components::comparison_select::{self, ComparisonSelect};
use crate::components::course_tabs::CourseTabs;
use crate::components::csv_files::CsvFiles;
use crate::components::download_links::DownloadLinks;
use crate::components::lazy::{self, LazyComponent, Placeholder};
use crate::components::report_parameters::ReportParameters;
use crate::components::request_panel::RequestPanel;
use crate::components::request_progress::RequestProgress;
use crate::components::too_large_notice::TooLargeNotice;
use crate::context::AppContext;
use crate::lazy_components::LazyComponents;
use crate::pages::overview::{ViewSelection, plan_windows, request_parameters};
use crate::request_tracker::request_set::{PlannedRequest, RequestSetTracker};
use crate::request_tracker::{self, RequestKey, RequestTracker};
use crate::told::TermWeek;
use crate::words::against;
use crate::{device_memory, locale, presets, words};
use domain::api::{self, Course, Courses, ReportInfo, RequestInfo};
use domain::range::Range;
use domain::report::{KnownReport, Shape};
use domain::time::{monday, plus_days};
use domain::view::{ComparisonTarget, View};
use domain::window::WindowKey;
use engine::measures::{Comparison, Query, WindowCoverage};
use leptos::prelude::*;

/// What there is to show: the same for whichever thread reads it.
#[derive(Debug, Clone, Copy)]
pub struct ReportContext {
    /// What has been chosen.
    pub selection: ViewSelection,
    /// The request with the windows that are here, as long as this device can hold its rows.
    pub request: Memo<Option<RequestInfo>>,
    /// The files of all rows, once they are whole.
    pub files: Memo<Option<CsvFiles>>,
    /// Windows of the days that these are held against, as far as they are here.
    pub comparison_windows: Memo<Vec<api::WindowInfo>>,
    /// What these days are held against, as it is called; empty where it is nothing.
    pub comparison_label: Memo<String>,
    /// Looks the request up anew: a copy may have been replaced since.
    pub refresh: Callback<()>,
}

/// Everything below the choices.
#[component]
pub fn ReportView(
    /// What has been chosen.
    selection: ViewSelection,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let ViewSelection { info, range, zone: said, directory, renew } = selection;
    let shape = Memo::new(move |_| info.with(|info| info.as_ref().map(|info| info.shape)));
    let request_key = Memo::new(move |_| {
        let info = info.get()?;
        let range = range.get();
        let view = navigation.view();
        (range.is_some() || info.shape == Shape::Snapshot).then(|| RequestKey {
            parameters: request_parameters(&info, &view),
            report: info.name,
            range,
            tz: context.zone_name(&view),
        })
    });

    let tracker = RequestTracker::new();
    Effect::new(move |_| {
        let Some(request_key) = request_key.get() else { return };
        // What was clicked before this part was here.
        if context.take_scheduled_request() {
            tracker.create_request(request_key);
        } else {
            tracker.ensure_tracking(request_key);
        }
    });
    let status = Memo::new(move |_| tracker.status(&request_key.get()?));
    let plan = Memo::new(move |_| plan_windows(&info.get()?, range.get(), context, &navigation.view()));
    let request = Memo::new(move |_| {
        let keys = plan.get().and_then(Result::ok).unwrap_or_default();
        status.with(|status| status.as_ref()?.effective_request(&keys, context.clock.now().day()))
    });

    // Courses that Echo360 does not list are known from rows: with every window that arrives there may be more.
    let rows_of = Memo::new(move |_| {
        request.with(|r| r.iter().flat_map(|r| &r.windows).filter(|window| window.state.has_rows()).count())
    });
    Effect::new(move |before: Option<usize>| {
        let count = rows_of.get();
        if before.is_some_and(|before| before != count) {
            renew.run(());
        }
        count
    });

    let other = Memo::new(move |_| {
        let view = navigation.view();
        match view.compare {
            Some(ComparisonTarget::Before) => range
                .get()
                .map(|range| against::days_before(range.days(), &locale::format_count))
                .unwrap_or_default(),
            _ => directory.with(|directory| comparison_select::compared_section_label(directory, &view)),
        }
    });
    let set_tracker = RequestSetTracker::new();
    let planned = Memo::new(move |_| {
        let view = navigation.view();
        let before =
            range.get().filter(|_| view.compare == Some(ComparisonTarget::Before))?.previous_weeks()?;
        plan_request(context, &info.get()?, Some(before), &view, true)
    });
    Effect::new(move |_| {
        if let Some(planned) = planned.get() {
            set_tracker.track(vec![planned.request_key]);
        }
    });
    let others = Memo::new(move |_| {
        let here: Vec<String> =
            request.with(|r| r.iter().flat_map(|r| &r.windows).map(|w| w.id.clone()).collect());
        planned
            .get()
            .and_then(|planned| {
                let all = set_tracker.status().with(|g| {
                    Some(request_tracker::index_windows(&planned.request_key.report, g.all.as_ref()?))
                })?;
                let ids = planned.windows.iter().map(WindowKey::id).filter(|id| !here.contains(id));
                let windows = ids.filter_map(|id| all.get(&id).cloned());
                Some(windows.filter(|window| window.state.has_rows()).collect::<Vec<_>>())
            })
            .unwrap_or_default()
    });

    let most = device_memory::max_rows();
    let too_large = Memo::new(move |_| {
        // Who may not see all rows is not told how many there are, and has few.
        let rows = |window: &api::WindowInfo| window.copy.as_ref().and_then(|copy| copy.rows).unwrap_or(0);
        let now: u64 = request.with(|r| r.iter().flat_map(|r| &r.windows).map(rows).sum());
        let all = now + others.with(|others| others.iter().map(rows).sum::<u64>());
        (all > most).then_some(all)
    });
    Effect::new(move |_| {
        let days = range.get().map_or_else(String::new, |range| format!(", {}", locale::format_range(range)));
        let title = context.report_title(navigation.view().report_name());
        let mark =
            request.with(|r| r.as_ref().map_or_else(String::new, |r| format!("{}: ", words::title_mark(r))));
        document().set_title(&format!("{mark}{title}{days} – {}", words::NAME));
    });
    let heading = move || {
        let title = context.report_title(navigation.view().report_name());
        let days = match (shape.get(), range.get()) {
            (Some(Shape::Snapshot), _) => words::ALL_TIME.to_owned(),
            (_, range) => range.map_or_else(String::new, locale::format_range),
        };
        let weeks =
            move || directory.with(|directory| term_weeks_label(directory, &navigation.view(), range.get()));
        let of = move || directory.with(|directory| course_label(&directory.courses, &navigation.view()));
        view! {
            <header class="heading">
                <h1>{title}</h1>
                <p class="range">
                    {move || of().map(|of| format!("{of}, "))} {days} " " <span class="quiet">{move || said.get()} {weeks}</span>
                </p>
            </header>
        }
    };
    let fits = Memo::new(move |_| request.get().filter(|_| too_large.with(Option::is_none)));
    let files = Memo::new(move |_| {
        CsvFiles::for_request(&request.get()?, &navigation.view(), &directory.get().courses)
    });
    let refresh = Callback::new(move |()| {
        if let Some(request_key) = request_key.get_untracked() {
            tracker.track(request_key);
        }
    });
    let report = ReportContext {
        selection,
        request: fits,
        files,
        comparison_windows: others,
        comparison_label: other,
        refresh,
    };
    let is_shown = Memo::new(move |_| fits.with(Option::is_some));
    // What shows a report stays while another of the same thread is looked at.
    let is_videoview = Memo::new(move |_| {
        info.with(|i| i.as_ref().is_some_and(|i| i.name.known() == Some(KnownReport::VideoView)))
    });
    let shown = move || {
        is_shown.get().then(|| {
            lazy::render_lazy(
                figures_component(context.components, is_videoview.get()),
                report,
                Placeholder::Block,
            )
        })
    };
    let too_large =
        move || too_large.get().map(|rows| view! { <TooLargeNotice words=words::too_large(rows, most) /> });
    view! {
        <Show when=move || navigation.view().course.is_some()><CourseTabs /></Show>
        {heading}
        <div class="share-place">{lazy::render_lazy(context.components.share_bar, (), Placeholder::Hidden)}</div>
        <ReportParameters info />
        {move || request_key.get().zip(plan.get()).map(|(request_key, plan)| {
            view! { <RequestPanel request_key plan status request tracker shape /> }
        })}
        <Show when=move || range.with(Option::is_some) && request.with(Option::is_some)>
            <section class="course-choices"><ComparisonSelect directory /></section>
        </Show>
        <Show when=move || planned.with(Option::is_some)>
            <RequestProgress planned=Memo::new(move |_| planned.get().into_iter().collect()) set_tracker other />
        </Show>
        {too_large}
        <Show when=move || request.with(Option::is_none)>
            <div class="room"></div>
        </Show>
        {shown}
        <DownloadLinks request files />
    }
}

/// The part that shows a report: `videoview`, or any other.
#[must_use]
pub fn figures_component(components: LazyComponents, is_videoview: bool) -> LazyComponent<ReportContext> {
    if is_videoview { components.videoview } else { components.generic }
}

/// The course and section of a view, as they are called.
pub(super) fn course_label(all: &[Course], view: &View) -> Option<String> {
    let chosen = view.course.as_ref()?;
    let course = all.iter().find(|course| course.id == *chosen)?;
    let section = view
        .sections
        .iter()
        .next()
        .filter(|_| view.sections.len() == 1)
        .and_then(|chosen| course.sections.iter().find(|section| section.id == *chosen));
    let name = words::course(course);
    Some(section.map_or_else(|| name.clone(), |it| format!("{name}, {}", words::section(&it.number))))
}

/// The weeks of a term that `range` is of, as they stand behind the days and their zone.
pub(super) fn term_weeks_label(directory: &Courses, view: &View, range: Option<Range>) -> Option<String> {
    let weeks = presets::find_term_weeks(directory, view.course.as_ref(), range?)?;
    Some(format!(" · {}", words::term_weeks(&weeks, false)))
}

/// The weeks of `range` that have a number in a term.
pub(super) fn number_weeks(directory: &Courses, view: &View, range: Range) -> Vec<TermWeek> {
    let course = view.course.as_ref();
    let first = monday(range.from());
    let weeks = (0..).map(|week| plus_days(first, week * 7)).take_while(|from| *from <= range.to());
    let named = weeks.filter_map(|from| {
        let days = Range::new(from.max(range.from()), plus_days(from, 6).min(range.to())).ok()?;
        let weeks = presets::find_term_weeks(directory, course, days)?;
        let [short, name] = [true, false].map(|is_named| words::term_weeks(&weeks, is_named));
        Some(TermWeek { monday: from, short, name })
    });
    named.collect()
}

/// The windows whose rows are here, with the copy that serves and the days it answers for.
pub(super) fn available_windows<'a>(
    windows: impl IntoIterator<Item = &'a api::WindowInfo>,
) -> impl Iterator<Item = (&'a api::WindowInfo, &'a api::CopyInfo, WindowCoverage)> {
    windows.into_iter().filter(|window| window.state.has_rows()).filter_map(|window| {
        let copy = window.copy.as_ref()?;
        let facts =
            WindowCoverage { start: window.start, end: copy.end, provisional_from: window.provisional_from };
        Some((window, copy, facts))
    })
}

/// The request for a report over some days; `None` where these days cannot be asked for.
pub(super) fn plan_request(
    context: AppContext,
    info: &ReportInfo,
    range: Option<Range>,
    view: &View,
    is_required: bool,
) -> Option<PlannedRequest> {
    let over = view.clone().with_range(range.or(view.range));
    let windows = plan_windows(info, range, context, &over)?.ok()?;
    let request_key = RequestKey {
        parameters: request_parameters(info, &over),
        report: info.name.clone(),
        range,
        tz: context.zone_name(&over),
    };
    Some(PlannedRequest { request_key, windows, is_required })
}

/// What is to be measured of the days in `range`.
pub(super) fn build_query(range: Range, context: AppContext, view: &View) -> Query {
    let against = view.compare.as_ref().map(|compare| match compare {
        ComparisonTarget::Before => Comparison::Before,
        ComparisonTarget::Section(id) => Comparison::Section(id.clone()),
    });
    // A zone is known for the days that it was traced for.
    let before = range.previous_weeks().filter(|_| against == Some(Comparison::Before));
    let whole = before.and_then(|before| Range::new(before.from(), range.to()).ok());
    Query {
        range,
        zone: context.zone(&view.clone().with_range(whole.or(view.range))),
        course: view.course.clone(),
        sections: view.sections.iter().cloned().collect(),
        roles: view.roles.iter().copied().collect(),
        videos: view.videos.iter().cloned().collect(),
        student: view.student.clone(),
        comparison: against,
        today: context.clock.now().day(),
    }
}
