//! One report over a range: its request, its figures and its downloads. Loaded once a range is chosen.
//!
//! [`figures`]: the figures, with the progress of their downloads.

pub mod figures;

use crate::components::comparison_select::{self, ComparisonSelect};
use crate::components::course_tabs::CourseTabs;
use crate::components::csv_files::CsvFiles;
use crate::components::download_links::DownloadLinks;
use crate::components::figure::export::ExportCourse;
use crate::components::report_parameters::ReportParameters;
use crate::components::request_panel::RequestPanel;
use crate::components::request_progress::RequestProgress;
use crate::components::share::ShareBar;
use crate::components::too_large_notice::TooLargeNotice;
use crate::context::AppContext;
use crate::pages::overview::{ViewSelection, plan_windows, request_parameters};
use crate::request_tracker::request_set::{PlannedRequest, RequestSetTracker};
use crate::request_tracker::{self, RequestKey, RequestTracker};
use crate::{device, locale, presets, words};
use domain::api::{self, Courses, ReportInfo, RequestInfo};
use domain::calendar::{Calendar, WeekStart};
use domain::query::{Comparison, RowQuery, WindowCoverage};
use domain::range::Range;
use domain::report::Shape;
use domain::time::{monday, plus_days};
use domain::view::{ComparisonTarget, View};
use domain::window::WindowKey;
use figures::ReportFigures;
use leptos::prelude::*;
use protocol::{TermWeek, WindowSource, text};

/// Rows of the whole institution that a phone loads without asking: some 4 MB of transfer.
const PHONE_ROWS: u64 = 100_000;

/// The report to show.
#[derive(Debug, Clone, Copy)]
pub struct ReportContext {
    /// The chosen report and days.
    pub selection: ViewSelection,
    /// The request; `None` while it is unknown, or if its rows are not to be loaded on this device.
    pub request: Memo<Option<RequestInfo>>,
    /// The CSV files, once every window has rows.
    pub files: Memo<Option<CsvFiles>>,
    /// The loaded windows of the days before, if the view is compared with them.
    pub comparison_windows: Memo<Vec<api::WindowInfo>>,
    /// The label of the comparison; empty without one.
    pub comparison_label: Memo<String>,
    /// Fetches the request again, since a copy may have been replaced.
    pub refresh: Callback<()>,
}

/// Everything below the controls.
#[component]
pub fn ReportView(
    /// The chosen report and days.
    selection: ViewSelection,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let ViewSelection { info, range, zone, directory, renew } = selection;
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
        // The button of a first visit was pressed before this component was loaded.
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

    // Courses that Echo360 does not list are known from rows: every loaded window may add some.
    let loaded_windows = Memo::new(move |_| {
        request.with(|r| r.iter().flat_map(|r| &r.windows).filter(|window| window.state.has_rows()).count())
    });
    Effect::new(move |before: Option<usize>| {
        let count = loaded_windows.get();
        if before.is_some_and(|before| before != count) {
            renew.run(());
        }
        count
    });

    let comparison_label = Memo::new(move |_| {
        let view = navigation.view();
        match view.compare {
            Some(ComparisonTarget::Before) => range
                .get()
                .map(|range| {
                    let breaks = directory.with(|directory| presets::find_breaks(directory, &view, range));
                    let skipped_weeks = breaks.skipped_weeks(range);
                    text::days_before(range.days(), skipped_weeks, &locale::format_count)
                })
                .unwrap_or_default(),
            _ => directory.with(|directory| comparison_select::compared_section_label(directory, &view)),
        }
    });
    let set_tracker = RequestSetTracker::new();
    let planned = Memo::new(move |_| {
        let view = navigation.view();
        let range = range.get().filter(|_| view.compare == Some(ComparisonTarget::Before))?;
        let breaks = directory.with(|directory| presets::find_breaks(directory, &view, range));
        let before = breaks.previous_weeks(range)?;
        plan_request(context, &info.get()?, Some(before), &view, true)
    });
    Effect::new(move |_| {
        if let Some(planned) = planned.get() {
            set_tracker.track(vec![planned.request_key]);
        }
    });
    let comparison_windows = Memo::new(move |_| {
        let shown: Vec<String> =
            request.with(|r| r.iter().flat_map(|r| &r.windows).map(|w| w.id.clone()).collect());
        planned
            .get()
            .and_then(|planned| {
                let all = set_tracker.status().with(|g| {
                    Some(request_tracker::index_windows(&planned.request_key.report, g.all.as_ref()?))
                })?;
                let ids = planned.windows.iter().map(WindowKey::id).filter(|id| !shown.contains(id));
                let windows = ids.filter_map(|id| all.get(&id).cloned());
                Some(windows.filter(|window| window.state.has_rows()).collect::<Vec<_>>())
            })
            .unwrap_or_default()
    });

    // The rows of the whole institution, which are downloaded unless the view is of one course. The API leaves the count out
    // for people who may not see all rows; they have few.
    let all_rows = Memo::new(move |_| {
        let is_of_course =
            navigation.view().course.is_some() && info.with(|info| info.as_ref().is_some_and(is_known));
        let rows = |window: &api::WindowInfo| window.copy.as_ref().and_then(|copy| copy.rows).unwrap_or(0);
        let now: u64 = request.with(|r| r.iter().flat_map(|r| &r.windows).map(rows).sum());
        let before = comparison_windows.with(|windows| windows.iter().map(rows).sum::<u64>());
        if is_of_course { 0 } else { now + before }
    });
    let max_rows = device::max_rows();
    let too_large = Memo::new(move |_| Some(all_rows.get()).filter(|rows| *rows > max_rows));
    // Somebody who agreed to load so many rows is asked again only about more.
    let confirmed_rows = RwSignal::new(if device::is_phone() { PHONE_ROWS } else { u64::MAX });
    let unconfirmed = Memo::new(move |_| {
        Some(all_rows.get()).filter(|rows| *rows > confirmed_rows.get() && too_large.with(Option::is_none))
    });
    Effect::new(move |_| {
        let days = range.get().map_or_else(String::new, |range| format!(", {}", locale::format_range(range)));
        let title = context.report_title(navigation.view().report_name());
        let prefix = request
            .with(|r| r.as_ref().map_or_else(String::new, |r| format!("{}: ", words::title_prefix(r))));
        document().set_title(&format!("{prefix}{title}{days} – {}", words::NAME));
    });
    let heading = move || {
        let title = context.report_title(navigation.view().report_name());
        let days = match (shape.get(), range.get()) {
            (Some(Shape::Snapshot), _) => words::ALL_TIME.to_owned(),
            (_, range) => range.map_or_else(String::new, locale::format_range),
        };
        let weeks = move || {
            directory.with(|directory| term_weeks_label(context, directory, &navigation.view(), range.get()))
        };
        let course = move || directory.with(|directory| course_label(directory, &navigation.view()));
        view! {
            <header class="heading">
                <h1>{title}</h1>
                <p class="range">
                    {move || course().map(|course| format!("{course}, "))} {days} " " <span class="quiet">{move || zone.get()} {weeks}</span>
                </p>
            </header>
        }
    };
    provide_context(ExportCourse(Signal::derive(move || {
        directory.with(|directory| course_label(directory, &navigation.view()))
    })));
    let fits = Memo::new(move |_| {
        request.get().filter(|_| too_large.with(Option::is_none) && unconfirmed.with(Option::is_none))
    });
    let files = Memo::new(move |_| {
        directory.with(|directory| CsvFiles::for_request(&request.get()?, &navigation.view(), directory))
    });
    let refresh = Callback::new(move |()| {
        if let Some(request_key) = request_key.get_untracked() {
            tracker.track(request_key);
        }
    });
    let (answer, drawn) = (context.data_worker().answer(), context.data_worker().drawn());
    let is_settled = Memo::new(move |_| {
        let are_all_drawn = answer.with(|answer| {
            let is_complete = answer.is_current && answer.progress.pending == 0;
            is_complete && !answer.figures.is_empty() && drawn.get() >= answer.figures.len()
        });
        too_large.with(Option::is_some) || unconfirmed.with(Option::is_some) || are_all_drawn
    });
    let report =
        ReportContext { selection, request: fits, files, comparison_windows, comparison_label, refresh };
    // While the request of other days is looked up, the figures stay, faded: drawing all of them anew would take longer than
    // measuring, and the page would jump. After any other change they could be taken for what was chosen.
    let shown_view = Memo::new(move |before: Option<&Option<View>>| {
        let view = navigation.view().with_range(None);
        let is_looked_up = request_key.with(Option::is_some) && status.with(Option::is_none);
        let is_same = before.is_some_and(|before| before.as_ref() == Some(&view));
        (fits.with(Option::is_some) || (is_looked_up && is_same)).then_some(view)
    });
    let is_shown = Memo::new(move |_| shown_view.with(Option::is_some));
    let shown = move || is_shown.get().then(|| view! { <ReportFigures report /> });
    let too_large = move || {
        too_large.get().map(|rows| view! { <TooLargeNotice detail=words::too_large(rows, max_rows) /> })
    };
    let confirmation = move || {
        unconfirmed.get().map(|rows| {
            let confirm = move |_| confirmed_rows.set(rows);
            view! {
                <section class="notice waits" role="status" data-testid="large-download">
                    <h2>{words::WHOLE_INSTITUTION}</h2>
                    <p>{words::large_download(rows)}</p>
                    <button type="button" on:click=confirm>{words::LOAD_ALL_ROWS}</button>
                </section>
            }
        })
    };
    view! {
        <Show when=move || navigation.view().course.is_some()><CourseTabs /></Show>
        {heading}
        <div class="share-place"><ShareBar /></div>
        <ReportParameters info />
        {move || request_key.get().zip(plan.get()).map(|(request_key, plan)| {
            view! { <RequestPanel request_key plan status request tracker shape /> }
        })}
        <Show when=move || range.with(Option::is_some) && (request.with(Option::is_some) || is_shown.get())>
            <section class="course-choices"><ComparisonSelect directory /></section>
        </Show>
        <Show when=move || planned.with(Option::is_some)>
            <RequestProgress planned=Memo::new(move |_| planned.get().into_iter().collect()) set_tracker
                other=comparison_label />
        </Show>
        {too_large}
        {confirmation}
        <Show when=move || request.with(Option::is_none) && !is_shown.get()>
            <div class="room"></div>
        </Show>
        {shown}
        <DownloadLinks request files is_settled />
    }
}

/// Whether Lectern knows the report, so that it can limit downloads to one course.
fn is_known(info: &ReportInfo) -> bool {
    info.name.known().is_some()
}

/// The chosen course, with its section if exactly one is chosen: `BIOL120 Cells and Genes, section 2`.
pub(super) fn course_label(directory: &Courses, view: &View) -> Option<String> {
    let chosen = view.course.as_ref()?;
    let course = directory.courses.iter().find(|course| course.id == *chosen)?;
    let section = view
        .sections
        .iter()
        .next()
        .filter(|_| view.sections.len() == 1)
        .and_then(|chosen| course.sections.iter().find(|section| section.id == *chosen));
    let name = words::course_name(course);
    let section = section.map(|section| words::section_of_course(directory, course, section, view.range));
    Some(section.map_or_else(|| name.clone(), |section| format!("{name}, {section}")))
}

/// The numbers of the weeks of `range` in their term, for the heading: ` · Weeks 3–6 of Autumn 2026`.
pub(super) fn term_weeks_label(
    context: AppContext,
    directory: &Courses,
    view: &View,
    range: Option<Range>,
) -> Option<String> {
    let weeks = presets::find_term_weeks(directory, view.course.as_ref(), range?, context.week_start())?;
    Some(format!(" · {}", words::term_weeks(&weeks, false)))
}

/// The Monday weeks of `range` that have a number in a term, with labels.
pub(super) fn number_weeks(directory: &Courses, view: &View, range: Range) -> Vec<TermWeek> {
    let course = view.course.as_ref();
    let first = monday(range.from());
    let weeks = (0..).map(|week| plus_days(first, week * 7)).take_while(|from| *from <= range.to());
    let numbered = weeks.filter_map(|from| {
        let days = Range::new(from.max(range.from()), plus_days(from, 6).min(range.to())).ok()?;
        let weeks = presets::find_term_weeks(directory, course, days, WeekStart::Monday)?;
        let [short, name] = [true, false].map(|is_named| words::term_weeks(&weeks, is_named));
        Some(TermWeek { monday: from, short, name })
    });
    numbered.collect()
}

/// The windows whose copies can be downloaded.
pub(super) fn available_windows<'a>(
    windows: impl IntoIterator<Item = &'a api::WindowInfo>,
) -> impl Iterator<Item = WindowSource> {
    windows.into_iter().filter(|window| window.state.has_rows()).filter_map(|window| {
        let copy = window.copy.as_ref()?;
        let coverage =
            WindowCoverage { start: window.start, end: copy.end, provisional_from: window.provisional_from };
        let (generation, created) = (copy.generation, copy.created);
        Some(WindowSource { id: window.id.clone(), generation, coverage, created })
    })
}

/// The request for a report over `range`; `None` if it cannot be requested.
pub(super) fn plan_request(
    context: AppContext,
    info: &ReportInfo,
    range: Option<Range>,
    view: &View,
    is_required: bool,
) -> Option<PlannedRequest> {
    let view = view.clone().with_range(range.or(view.range));
    let windows = plan_windows(info, range, context, &view)?.ok()?;
    let request_key = RequestKey {
        parameters: request_parameters(info, &view),
        report: info.name.clone(),
        range,
        tz: context.zone_name(&view),
    };
    Some(PlannedRequest { request_key, windows, is_required })
}

/// The query for the days of `range`, with the filters and the comparison of `view`.
pub(super) fn build_query(range: Range, context: AppContext, view: &View, directory: &Courses) -> RowQuery {
    let breaks = presets::find_breaks(directory, view, range);
    let comparison = view.compare.as_ref().map(|compare| match compare {
        ComparisonTarget::Before => Comparison::Before,
        ComparisonTarget::Section(id) => Comparison::Section(id.clone()),
    });
    // The zone has offsets only for the days that it is traced for: include the days before.
    let before = breaks.previous_weeks(range).filter(|_| comparison == Some(Comparison::Before));
    let whole = before.and_then(|before| Range::new(before.from(), range.to()).ok());
    RowQuery {
        range,
        zone: context.zone(&view.clone().with_range(whole.or(view.range))),
        course: view.course.clone(),
        sections: view.sections.iter().cloned().collect(),
        roles: view.roles.iter().copied().collect(),
        videos: view.videos.iter().cloned().collect(),
        student: view.student.clone(),
        comparison,
        calendar: Calendar { week_start: context.week_start(), breaks },
        today: context.clock.now().day(),
    }
}
