//! `/course`: all reports of a course on one page, or the activity of one of its students.
//!
//! The program of reports computes the figures with their texts. This page chooses course and days, tracks
//! the requests of all reports that it needs, and draws the figures.

use crate::api_signal::ApiSignal;
use crate::components::comparison_select::{self, ComparisonSelect};
use crate::components::course_tabs::CourseTabs;
use crate::components::error_notice::ErrorNotice;
use crate::components::figure::export::ExportHeader;
use crate::components::figure_list;
use crate::components::request_progress::RequestProgress;
use crate::components::share::ShareBar;
use crate::components::too_large_notice::TooLargeNotice;
use crate::components::view_controls::ViewControls;
use crate::components::weight_sliders::WeightSliders;
use crate::context::AppContext;
use crate::data_worker::ViewQuery;
use crate::pages::report::{self, available_windows, build_query, course_label, term_weeks_label};
use crate::request_tracker::request_set::{PlannedRequest, RequestSetTracker};
use crate::request_tracker::{self, RequestKey};
use crate::words::{course as text, figures};
use crate::{api_client, device, locale, presets, words};
use domain::activity::ActivityKind;
use domain::api::{Courses, Requests};
use domain::ids::UserId;
use domain::query::{Comparison, CourseOptions, MeasureQuery};
use domain::range::Range;
use domain::report::{KnownReport, ReportName, Shape};
use domain::time::SECOND;
use domain::view::{ComparisonTarget, View};
use domain::window::WindowKey;
use leptos::prelude::*;
use protocol::{ReportSource, Subject};
use wasm_bindgen::JsCast;

/// The requests that `view` needs: every report over its days, and over the days before for comparisons. The
/// days before are required only if the reader chose that comparison.
fn plan_requests(context: AppContext, view: &View, directory: &Courses) -> Vec<PlannedRequest> {
    let Some(range) = view.range else { return Vec::new() };
    // One report for each kind of activity, and the library, which has the capture dates of videos.
    let reports = ActivityKind::ALL.map(KnownReport::of_activity).into_iter().chain([KnownReport::Asset]);
    let before = presets::find_breaks(directory, view, range).days_before(range);
    let before = before.map(|before| (before, view.compare == Some(ComparisonTarget::Before)));
    let ranges: Vec<(Range, bool)> = [(range, true)].into_iter().chain(before).collect();
    reports
        .filter_map(|report| context.report(report.name()))
        .flat_map(|info| {
            let is_snapshot = info.shape == Shape::Snapshot;
            let ranges = ranges.iter().take(if is_snapshot { 1 } else { ranges.len() });
            let planned = ranges.filter_map(|(range, is_required)| {
                let range = Some(*range).filter(|_| !is_snapshot);
                report::plan_request(context, &info, range, view, *is_required)
            });
            planned.collect::<Vec<_>>()
        })
        .collect()
}

/// The query of the view, over all planned windows whose copies can be downloaded.
fn build_view_query(
    context: AppContext,
    view: &View,
    planned: &[PlannedRequest],
    all: &Requests,
    zone_label: String,
    comparison_label: String,
    directory: &Courses,
) -> Option<ViewQuery> {
    let (range, course) = view.range.zip(view.course.as_ref())?;
    let mut base = build_query(range, context, view, directory);
    let from = base.calendar.breaks.days_before(range).map_or(range.from(), Range::from);
    let whole = view.clone().with_range(Range::new(from, range.to()).ok());
    base.zone = context.zone(&whole);
    let mut reports: Vec<&ReportName> = planned.iter().map(|it| &it.request_key.report).collect();
    reports.dedup();
    let sources = reports.into_iter().map(|report| {
        let windows_by_id = request_tracker::index_windows(report, all);
        let mut keys: Vec<String> = planned
            .iter()
            .filter(|it| it.request_key.report == *report)
            .flat_map(|it| &it.windows)
            .map(WindowKey::id)
            .collect();
        keys.sort();
        keys.dedup();
        let windows = available_windows(keys.iter().filter_map(|id| windows_by_id.get(id)));
        ReportSource { report: report.clone(), course: Some(course.clone()), windows: windows.collect() }
    });
    let comparison = base.comparison.take().unwrap_or(Comparison::Before);
    Some(ViewQuery {
        subject: Subject::Course {
            options: CourseOptions {
                student: view.student.clone(),
                comparison,
                is_chosen: view.compare.is_some(),
                weights: view.weights,
                is_nameless: view.names_hidden,
            },
            comparison_label,
        },
        measure: MeasureQuery { base, decks: view.decks.iter().cloned().collect(), contents: view.contents },
        zone_label,
        weeks: report::number_weeks(directory, view, range),
        section_terms: presets::list_section_terms(directory, view),
        sources: sources.collect(),
    })
}

/// The page of a course.
#[component]
pub fn CoursePage() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let zone = Memo::new(move |_| context.zone(&navigation.view()));
    let today = Memo::new(move |_| zone.with(|zone| zone.day_of(context.clock.now())));
    let range = Memo::new(move |_| navigation.view().range);
    let shape = Memo::new(move |_| Some(Shape::Rows));
    let in_zone = Memo::new(move |_| {
        let at =
            range.get().map_or_else(|| context.clock.now(), |range| zone.with(|z| z.start_of(range.from())));
        zone.with(|zone| locale::format_zone(zone.name(), zone.offset_at(at)))
    });
    let is_chosen = Memo::new(move |_| navigation.view().course.is_some() && range.get().is_some());

    let set_tracker = RequestSetTracker::new();
    let courses: ApiSignal<Courses> = ApiSignal::new(api_client::COURSES);
    let directory = Memo::new(move |_| courses.ok().unwrap_or_default());
    let planned = Memo::new(move |_| {
        let view = navigation.view();
        // Memoized: other weights or hidden names give the same plan, and nothing is requested again.
        if view.course.is_none() {
            return Vec::new();
        }
        directory.with(|directory| plan_requests(context, &view, directory))
    });
    Effect::new(move |_| {
        let request_keys: Vec<RequestKey> =
            planned.with(|all| all.iter().map(|it| it.request_key.clone()).collect());
        if !request_keys.is_empty() {
            set_tracker.track(request_keys);
        }
    });
    let status = set_tracker.status();
    let copies = Memo::new(move |_| {
        status.with(|g| {
            let windows = g.all.iter().flat_map(|all| &all.requests).flat_map(|request| &request.windows);
            windows.filter(|window| window.state.has_rows()).count()
        })
    });
    Effect::new(move |before: Option<usize>| {
        let count = copies.get();
        if before.is_some_and(|before| before != count) {
            courses.refetch();
        }
        count
    });
    let other = Memo::new(move |_| {
        directory.with(|directory| comparison_select::compared_section_label(directory, &navigation.view()))
    });

    let data_worker = context.data_worker();
    let query = Memo::new(move |_| {
        let zone = in_zone.get();
        status.with(|g| {
            planned.with(|planned| {
                let all = g.all.as_ref()?;
                directory.with(|directory| {
                    build_view_query(context, &navigation.view(), planned, all, zone, other.get(), directory)
                })
            })
        })
    });
    let send_query = move || {
        if let Some(query) = query.get_untracked() {
            data_worker.send_query(query);
        }
    };
    Effect::new(move |_| {
        query.track();
        send_query();
    });
    let answer = data_worker.answer();
    let figures = Memo::new(move |_| {
        let topic = query.with(|query| query.as_ref().map(ViewQuery::topic));
        answer.with(|answer| if answer.topic == topic { answer.figures.clone() } else { Vec::new() })
    });
    let is_busy = Memo::new(move |_| {
        let is_drawn = data_worker.drawn().get() >= figures.with(Vec::len);
        !is_drawn || answer.with(|answer| !answer.is_current || answer.progress.pending > 0)
    });
    let name = Memo::new(move |_| directory.with(|directory| course_label(directory, &navigation.view())));
    let lead =
        Memo::new(move |_| figures.with(|figures| figures.iter().find(|figure| figure.id == LEAD).cloned()));
    let is_alone = Memo::new(move |_| navigation.view().student.is_some());
    // The heading is the student's name, once it is known.
    let heading = Memo::new(move |_| {
        let course = name.get().unwrap_or_else(|| words::COURSE.to_owned());
        match (is_alone.get(), lead.get()) {
            (true, Some(lead)) => (lead.title, Some(course)),
            _ => (course, None),
        }
    });
    let days = Memo::new(move |_| range.get().map_or_else(String::new, locale::format_range));
    let weeks = move || {
        directory.with(|directory| term_weeks_label(context, directory, &navigation.view(), range.get()))
    };
    Effect::new(move |_| {
        let course = name.get().unwrap_or_else(|| words::COURSE.to_owned());
        // Never the name of a student: titles appear in histories and on shared screens.
        let title = if is_chosen.get() { format!("{course}, {} – ", days.get()) } else { String::new() };
        document().set_title(&format!("{title}{}", words::NAME));
    });
    provide_context(ExportHeader(Callback::new(move |()| {
        let now = context.clock.now();
        let offset = zone.with_untracked(|zone| zone.offset_at(now));
        let (title, course) = heading.get_untracked();
        [
            course.map_or_else(|| title.clone(), |course| format!("{course}: {title}")),
            days.get_untracked(),
            in_zone.get_untracked(),
            figures::NONE.to_owned(),
            locale::format_date_time(now.plus(i64::from(offset) * SECOND)),
        ]
    })));
    let keys = Memo::new(move |_| {
        let drawn = data_worker.drawn().get();
        figures.with(|figures| {
            let keys = figure_list::keys(figures).take(drawn).filter(|(id, ..)| id != LEAD);
            keys.collect::<Vec<_>>()
        })
    });
    let failures = move || {
        let failed = answer.with(|answer| answer.failed.first().cloned());
        failed.map(|(_, error)| {
            let again = Callback::new(move |()| {
                set_tracker.refresh();
                send_query();
            });
            view! { <ErrorNotice error again /> }
        })
    };
    // The rows of one course are counted only while they arrive: requests list the rows of the whole
    // institution.
    let too_large = move || {
        let rows = answer.with(|answer| answer.too_large)?;
        Some(view! { <TooLargeNotice detail=words::too_large_course(rows, device::max_rows()) /> })
    };
    // A student's page is opened from far down in a list: scroll to its top and move the focus there.
    Effect::new(move |before: Option<Option<UserId>>| {
        let now = navigation.view().student;
        if now.is_some() && before.is_some_and(|before| before != now) {
            let content = document().get_element_by_id("content");
            if let Some(content) = content.and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
                let _ = content.focus();
            }
            window().scroll_to_with_x_and_y(0.0, 0.0);
        }
        now
    });
    let back = move || {
        is_alone.get().then(|| {
            let href = move || View { student: None, ..navigation.view() }.to_url();
            view! { <p><a href=href>{words::WHOLE_COURSE}</a></p> }
        })
    };
    view! {
        <ViewControls today shape directory zone=in_zone is_of_course=true />
        <Show
            when=move || is_chosen.get()
            fallback=move || {
                let why = if navigation.view().course.is_none() { text::WHY_COURSE } else { text::WHY_DAYS };
                view! { <h1>{words::CHOOSE_COURSE}</h1> <p class="quiet">{why}</p> }
            }
        >
            <CourseTabs />
            <header class="heading" class:alone=move || is_alone.get()>
                {back}
                <h1>{move || heading.get().0}</h1>
                <p class="range">
                    {move || heading.get().1.map(|course| format!("{course}, "))}
                    {move || days.get()} " " <span class="quiet">{move || in_zone.get()} {weeks}</span>
                </p>
            </header>
            <div class="share-place"><ShareBar /></div>
            <div class="first-word" data-testid="lead">
                <p class="lead">{move || lead.get().map(|lead| lead.sentence)}</p>
                {move || lead.get().filter(|lead| !lead.caveat.is_empty()).map(|lead| view! {
                    <p class="caveat quiet small">{lead.caveat}</p>
                })}
            </div>
            <RequestProgress planned set_tracker />
            <CourseDisplayOptions directory is_alone />
            {too_large}
            <Show when=move || figures.with(Vec::is_empty) && answer.with(|answer| answer.too_large.is_none())>
                <div class="room"><p class="quiet" role="status">{words::LOADING}</p></div>
            </Show>
            <div class="figures course" class:alone=move || is_alone.get() data-testid="course"
                aria-busy=move || is_busy.get().to_string()>
                <For each=move || keys.get() key=Clone::clone children=move |key| figure_list::render_figure(figures, key) />
                <Show when=move || !is_alone.get() && figures.with(|figures| !figures.is_empty())>
                    <WeightSliders />
                </Show>
            </div>
            {failures}
        </Show>
    }
}

/// The id of the figure whose sentence introduces the page.
const LEAD: &str = "lead";

/// The options of the page: comparison, hidden names; on a student's page the texts of answers, and printing.
#[component]
fn CourseDisplayOptions(directory: Memo<Courses>, is_alone: Memo<bool>) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let checked = move |event| event_target_checked(&event);
    view! {
        <section class="course-choices" aria-label=text::DISPLAY_OPTIONS>
            <Show when=move || !is_alone.get()>
                <ComparisonSelect directory />
            </Show>
            <label class="written">
                <input type="checkbox" prop:checked=move || navigation.view().names_hidden
                    on:change=move |event| navigation.navigate(View { names_hidden: checked(event), ..navigation.view() }) />
                <span>{text::HIDE_NAMES}</span>
            </label>
            <Show when=move || is_alone.get()>
                <label class="written">
                    <input type="checkbox" prop:checked=move || navigation.view().contents
                        on:change=move |event| navigation.navigate(View { contents: checked(event), ..navigation.view() }) />
                    <span>{words::SHOW_WRITING}</span>
                </label>
                <button type="button" on:click=move |_| { let _ = window().print(); }>{text::PRINT}</button>
            </Show>
        </section>
    }
}
