//! `/course`: everything of one course side by side, or of one of its students.
//!
//! The thread of reports measures and words all of it; what stands here finds the course and the days, gathers the
//! windows of the reports that are needed, and draws what is told.

use crate::fetched::Fetched;
use crate::follow::gather::{Gatherer, Wished};
use crate::follow::{self, Wish};
use crate::page::Ground;
use crate::pages::report::{self, chosen_course, held, question, term_weeks};
use crate::parts::ask::AskForm;
use crate::parts::compare::{self, CompareWith};
use crate::parts::figure::export::About as Exported;
use crate::parts::gathering::Gathering;
use crate::parts::later::{Meanwhile, later};
use crate::parts::notice::Notice;
use crate::parts::tabs::Tabs;
use crate::parts::told::{ActivityKind as Drawn, One};
use crate::parts::too_large::TooLarge;
use crate::parts::weights::Sliders;
use crate::teller::Sight;
use crate::told::{Part, Subject, Wanted};
use crate::words::course as said;
use crate::words::figures;
use crate::{capacity, client, spelling, told, words};
use domain::activity::ActivityKind;
use domain::api::{Courses, Requests};
use domain::range::Range;
use domain::report::{ReportName, Shape};
use domain::time::SECOND;
use domain::view::{ComparisonTarget, Uuid, View};
use domain::window::WindowKey;
use engine::reports::{Query, course};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// The reports of a course: a kind of activity each, and the library, which knows when a video was captured.
const LIBRARY: &str = "asset";

/// Every report that `view` needs, over its days and over those that it is compared with.
fn wished(ground: Ground, view: &View) -> Vec<Wished> {
    let Some(range) = view.range else { return Vec::new() };
    let names = ActivityKind::ALL.iter().map(|kind| kind.report()).chain([LIBRARY]);
    let before =
        range.previous_weeks().map(|before| (before, view.compare == Some(ComparisonTarget::Before)));
    let ranges: Vec<(Range, bool)> = [(range, true)].into_iter().chain(before).collect();
    names
        .filter_map(|name| ground.report(name))
        .flat_map(|info| {
            let is_snapshot = info.shape == Shape::Snapshot;
            let ranges = ranges.iter().take(if is_snapshot { 1 } else { ranges.len() });
            let wished = ranges.filter_map(|(range, is_asked)| {
                let range = Some(*range).filter(|_| !is_snapshot);
                report::wished(ground, &info, range, view, *is_asked)
            });
            wished.collect::<Vec<_>>()
        })
        .collect()
}

/// What the thread is to look at: whatever is here of what is wished.
fn sight(
    ground: Ground,
    view: &View,
    wished: &[Wished],
    all: &Requests,
    zone: String,
    other: String,
    known: &Courses,
) -> Option<Sight> {
    let (range, course) = view.range.zip(view.course.as_ref())?;
    let from = range.previous_weeks().map_or(range.from(), Range::from);
    let whole = view.clone().with_range(Range::new(from, range.to()).ok());
    let mut base = question(range, ground, view);
    base.zone = ground.zone(&whole);
    let mut reports: Vec<&ReportName> = wished.iter().map(|it| &it.wish.report).collect();
    reports.dedup();
    let parts = reports.into_iter().map(|report| {
        let known = follow::known(report, all);
        let mut keys: Vec<String> = wished
            .iter()
            .filter(|it| it.wish.report == *report)
            .flat_map(|it| &it.keys)
            .map(WindowKey::id)
            .collect();
        keys.sort();
        keys.dedup();
        let windows = held(keys.iter().filter_map(|id| known.get(id))).map(|(window, copy, facts)| Wanted {
            id: window.id.clone(),
            generation: copy.generation,
            facts,
            created: copy.created,
        });
        Part { report: report.clone(), course: Some(course.as_str().to_owned()), windows: windows.collect() }
    });
    let against = base.comparison.take().unwrap_or(course::Comparison::Before);
    Some(Sight {
        subject: Subject::Course {
            wanted: course::CourseOptions {
                student: view.student.as_ref().map(|id| id.as_str().to_owned()),
                comparison: against,
                is_chosen: view.compare.is_some(),
                weights: view.weights,
                is_nameless: view.names_hidden,
            },
            other,
        },
        question: Query {
            base,
            decks: view.decks.iter().map(|id| id.as_str().to_owned()).collect(),
            contents: view.contents,
        },
        zone,
        weeks: report::week_numbers(known, view, range),
        parts: parts.collect(),
    })
}

/// The page of a course.
#[component]
pub fn CoursePage() -> impl IntoView {
    let ground = expect_context::<Ground>();
    let address = ground.address;
    let zone = Memo::new(move |_| ground.zone(&address.view()));
    let today = Memo::new(move |_| zone.with(|zone| zone.day_of(ground.clock.now())));
    let range = Memo::new(move |_| address.view().range);
    let shape = Memo::new(move |_| Some(Shape::Rows));
    let in_zone = Memo::new(move |_| {
        let at =
            range.get().map_or_else(|| ground.clock.now(), |range| zone.with(|z| z.start_of(range.from())));
        zone.with(|zone| spelling::zone(zone.name(), zone.offset_at(at)))
    });
    let is_chosen = Memo::new(move |_| address.view().course.is_some() && range.get().is_some());

    let gatherer = Gatherer::new();
    let wished = Memo::new(move |_| {
        let view = address.view();
        // Of the view only what the windows depend on: weights and names ask for nothing.
        if view.course.is_some() { wished(ground, &view) } else { Vec::new() }
    });
    Effect::new(move |_| {
        let wishes: Vec<Wish> = wished.with(|all| all.iter().map(|it| it.wish.clone()).collect());
        if !wishes.is_empty() {
            gatherer.attend(wishes);
        }
    });
    let gathered = gatherer.gathered();
    let copies = Memo::new(move |_| {
        gathered.with(|g| {
            let windows = g.all.iter().flat_map(|all| &all.requests).flat_map(|request| &request.windows);
            windows.filter(|window| window.state.has_rows()).count()
        })
    });
    let courses: Fetched<Courses> = Fetched::new(client::COURSES);
    Effect::new(move |before: Option<usize>| {
        let count = copies.get();
        if before.is_some_and(|before| before != count) {
            courses.renew();
        }
        count
    });
    let known = Memo::new(move |_| courses.ok().unwrap_or_default());
    let other = Memo::new(move |_| known.with(|known| compare::section_name(known, &address.view())));

    let teller = ground.teller();
    let sight = Memo::new(move |_| {
        let zone = in_zone.get();
        gathered.with(|g| {
            wished.with(|wished| {
                let all = g.all.as_ref()?;
                known.with(|known| sight(ground, &address.view(), wished, all, zone, other.get(), known))
            })
        })
    });
    Effect::new(move |_| {
        if let Some(sight) = sight.get() {
            teller.look(sight, spelling::locale());
        }
    });
    let told = teller.told();
    let figures = Memo::new(move |_| {
        let about = sight.with(|sight| sight.as_ref().map(Sight::about));
        told.with(|told| if told.about == about { told.figures.clone() } else { Vec::new() })
    });
    let is_busy = Memo::new(move |_| told.with(|told| !told.is_current || told.load.pending > 0));
    let name = Memo::new(move |_| known.with(|known| chosen_course(&known.courses, &address.view())));
    let lead =
        Memo::new(move |_| figures.with(|figures| figures.iter().find(|figure| figure.id == LEAD).cloned()));
    let is_alone = Memo::new(move |_| address.view().student.is_some());
    // A student's page is called as they are, once it is known how.
    let heading = Memo::new(move |_| {
        let course = name.get().unwrap_or_else(|| said::COURSE.to_owned());
        match (is_alone.get(), lead.get()) {
            (true, Some(lead)) => (lead.title, Some(course)),
            _ => (course, None),
        }
    });
    let days = Memo::new(move |_| range.get().map_or_else(String::new, spelling::range));
    let weeks = move || known.with(|known| term_weeks(known, &address.view(), range.get()));
    Effect::new(move |_| {
        let course = name.get().unwrap_or_else(|| said::COURSE.to_owned());
        // No name of a person in a window's title: it stands in histories and on shared screens.
        let title = if is_chosen.get() { format!("{course}, {} – ", days.get()) } else { String::new() };
        document().set_title(&format!("{title}{}", words::NAME));
    });
    provide_context(Exported(Callback::new(move |()| {
        let now = ground.clock.now();
        let offset = zone.with_untracked(|zone| zone.offset_at(now));
        let (title, course) = heading.get_untracked();
        [
            course.map_or_else(|| title.clone(), |course| format!("{course}: {title}")),
            days.get_untracked(),
            in_zone.get_untracked(),
            figures::NONE.to_owned(),
            spelling::moment(now.plus(i64::from(offset) * SECOND)),
        ]
    })));
    let keys = Memo::new(move |_| {
        let key = |figure: &told::Figure| (figure.id.clone(), figure.title.clone(), Drawn::of(&figure.body));
        figures.with(|figures| figures.iter().filter(|figure| figure.id != LEAD).map(key).collect::<Vec<_>>())
    });
    let one = move |(id, title, kind): (String, String, Drawn)| {
        let figure = Memo::new(move |_| {
            let is_it = |figure: &&told::Figure| figure.id == id && figure.title == title;
            figures.with(|figures| figures.iter().find(is_it).cloned())
        });
        view! { <One figure kind /> }
    };
    let failures = move || {
        let failed = told.with(|told| told.failed.first().cloned());
        failed.map(|(_, trouble)| {
            let again = Callback::new(move |()| {
                gatherer.look();
                if let Some(sight) = sight.get_untracked() {
                    teller.look(sight, spelling::locale());
                }
            });
            view! { <Notice trouble again /> }
        })
    };
    // A course's rows are counted where they are sent: before that only the institution's are known.
    let too_large = move || {
        let rows = told.with(|told| told.too_large)?;
        Some(view! { <TooLarge words=words::too_large_course(rows, capacity::most_rows()) /> })
    };
    // Somebody is opened far down in a list: their page begins at its top, for the eye and for the keyboard.
    Effect::new(move |before: Option<Option<Uuid>>| {
        let now = address.view().student;
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
            let href = move || View { student: None, ..address.view() }.to_url();
            view! { <p><a href=href>{said::WHOLE_COURSE}</a></p> }
        })
    };
    view! {
        <AskForm today shape known zone=in_zone is_of_course=true />
        <Show
            when=move || is_chosen.get()
            fallback=move || {
                let why = if address.view().course.is_none() { said::WHY_COURSE } else { said::WHY_DAYS };
                view! { <h1>{said::CHOOSE_COURSE}</h1> <p class="quiet">{why}</p> }
            }
        >
            <Tabs />
            <header class="heading" class:alone=move || is_alone.get()>
                {back}
                <h1>{move || heading.get().0}</h1>
                <p class="range">
                    {move || heading.get().1.map(|course| format!("{course}, "))}
                    {move || days.get()} " " <span class="quiet">{move || in_zone.get()} {weeks}</span>
                </p>
            </header>
            <div class="share-place">{later(ground.chunks.share, (), Meanwhile::Nothing)}</div>
            <div class="first-word" data-testid="lead">
                <p class="lead">{move || lead.get().map(|lead| lead.sentence)}</p>
                {move || lead.get().filter(|lead| !lead.caveat.is_empty()).map(|lead| view! {
                    <p class="caveat quiet small">{lead.caveat}</p>
                })}
            </div>
            <Gathering wished gatherer />
            <Choices known is_alone />
            {too_large}
            <Show when=move || figures.with(Vec::is_empty) && told.with(|told| told.too_large.is_none())>
                <div class="room"><p class="quiet" role="status">{words::LOADING}</p></div>
            </Show>
            <div class="figures course" class:alone=move || is_alone.get() data-testid="course"
                aria-busy=move || is_busy.get().to_string()>
                <For each=move || keys.get() key=Clone::clone children=one />
                <Show when=move || !is_alone.get() && figures.with(|figures| !figures.is_empty())>
                    <Sliders />
                </Show>
            </div>
            {failures}
        </Show>
    }
}

/// The figure that is the page's first sentence.
const LEAD: &str = "lead";

/// What can be chosen of the page: what it is compared with, whether names stand there, and on a student's page what
/// was answered; and paper.
#[component]
fn Choices(known: Memo<Courses>, is_alone: Memo<bool>) -> impl IntoView {
    let address = expect_context::<Ground>().address;
    let checked = move |event| event_target_checked(&event);
    view! {
        <section class="course-choices" aria-label=said::CHOICES>
            <Show when=move || !is_alone.get()>
                <CompareWith known />
            </Show>
            <label class="written">
                <input type="checkbox" prop:checked=move || address.view().names_hidden
                    on:change=move |event| address.go(View { names_hidden: checked(event), ..address.view() }) />
                <span>{said::HIDE_NAMES}</span>
            </label>
            <Show when=move || is_alone.get()>
                <label class="written">
                    <input type="checkbox" prop:checked=move || address.view().contents
                        on:change=move |event| address.go(View { contents: checked(event), ..address.view() }) />
                    <span>{words::SHOW_WRITING}</span>
                </label>
                <button type="button" on:click=move |_| { let _ = window().print(); }>{said::PRINT}</button>
            </Show>
        </section>
    }
}
