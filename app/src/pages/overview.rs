//! `/`: one report over one range: the plan, the windows as they come, and what they show.

use crate::follow::{Follower, Seen, Wish};
use crate::message::{Sight, Wanted};
use crate::page::Ground;
use crate::parts::ask::AskForm;
use crate::parts::coverage::Coverage;
use crate::parts::figure::Minutes;
use crate::parts::notice::Notice;
use crate::parts::windows::Windows;
use crate::{presets, spelling, words};
use domain::api::{ReportInfo, Request, State, Window};
use domain::offer::{Offer, Parameter};
use domain::problem::Problem;
use domain::range::Range;
use domain::report::Shape;
use domain::view::{Uuid, View};
use domain::window::{self, Parameters, WindowKey};
use engine::columns;
use engine::measures::{Facts, Measures, Question};
use leptos::prelude::*;

/// The page of one view.
#[component]
pub fn Overview() -> impl IntoView {
    let ground = expect_context::<Ground>();
    let address = ground.address;
    let info = Memo::new(move |_| ground.report(address.view().report_name()));
    let shape = Memo::new(move |_| info.with(|info| info.as_ref().map(|info| info.shape)));
    let zone = Memo::new(move |_| ground.zone(&address.view()));
    let today = Memo::new(move |_| zone.with(|zone| zone.day_of(ground.clock.now())));
    let range = Memo::new(move |_| address.view().range.filter(|_| shape.get() != Some(Shape::Snapshot)));
    let wish = Memo::new(move |_| {
        let info = info.get()?;
        let range = range.get();
        (range.is_some() || info.shape == Shape::Snapshot).then(|| Wish {
            report: info.name,
            range,
            tz: ground.zone_name(&address.view()),
        })
    });

    let follower = Follower::new();
    Effect::new(move |_| {
        if let Some(wish) = wish.get() {
            follower.follow(wish);
        }
    });
    let seen = Memo::new(move |_| follower.seen(&wish.get()?));
    let request = Memo::new(move |_| seen.with(|seen| seen.as_ref().and_then(|seen| seen.request.clone())));
    let plan = Memo::new(move |_| planned(&info.get()?, range.get(), ground, &address.view()));

    let sight = Memo::new(move |_| sight_of(&request.get()?, range.get()?, ground, &address.view()));
    let loader = ground.loader;
    // A copy may have been replaced since the request was last seen: look it up anew, too.
    let look_again = move || {
        if let Some(wish) = wish.get_untracked() {
            follower.follow(wish);
        }
        if let Some(sight) = sight.get_untracked() {
            loader.look(sight);
        }
    };
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
    let said = Memo::new(move |_| {
        let offset =
            range.get().map_or_else(|| ground.clock.now(), |range| zone.with(|z| z.start_of(range.from())));
        zone.with(|zone| spelling::zone(zone.name(), zone.offset_at(offset)))
    });

    Effect::new(move |_| {
        let days = range.get().map_or_else(String::new, |range| format!(", {}", spelling::range(range)));
        let title = ground.title(address.view().report_name());
        document().set_title(&format!("{title}{days} – {}", words::NAME));
    });
    let heading = move || {
        let title = ground.title(address.view().report_name());
        let days = match (shape.get(), range.get()) {
            (Some(Shape::Snapshot), _) => Some(words::ALL_TIME.to_owned()),
            (_, range) => range.map(spelling::range),
        };
        view! {
            <h1>{title}</h1>
            {days.map(|days| view! { <p class="range">{days} " " <span class="quiet">{said.get()}</span></p> })}
        }
    };
    let charted = Memo::new(move |_| request.with(Option::is_some) && info.with(is_charted));
    let failures = move || {
        loaded.with(|loaded| loaded.failed.first().cloned()).map(|(_, trouble)| {
            view! { <Notice trouble again=Callback::new(move |()| look_again()) /> }
        })
    };
    view! {
        {heading}
        <AskForm today shape />
        {move || info.with(Option::is_none).then(|| view! { <p class="notice">{words::NO_SUCH_REPORT}</p> })}
        {move || wish.with(Option::is_none).then(|| view! { <FirstVisit /> })}
        {move || wish.get().zip(plan.get()).map(|(wish, plan)| {
            view! { <Progress wish plan=plan seen=seen follower shape /> }
        })}
        <Show when=move || charted.get()>
            <Minutes measures zone=said />
            {failures}
            <p class="quiet small" role="status">
                {move || loaded.with(|l| (l.load.pending > 0).then(|| words::arriving(l.load.rows, l.load.bytes)))}
            </p>
        </Show>
        {move || request.get().map(|request| view! { <Download request view=address.view() /> })}
    }
}

/// Whether there is a chart for this report.
fn is_charted(info: &Option<ReportInfo>) -> bool {
    info.as_ref().is_some_and(|info| info.name.as_str() == columns::REPORT)
}

fn are_of(measures: &Measures, range: Range) -> bool {
    let ends = measures.days.first().zip(measures.days.last());
    ends.is_some_and(|((first, _), (last, _))| (*first, *last) == (range.from(), range.to()))
}

/// The windows that `view` needs; `None` before it has a range.
fn planned(
    info: &ReportInfo,
    range: Option<Range>,
    ground: Ground,
    view: &View,
) -> Option<Result<Vec<WindowKey>, Problem>> {
    if range.is_none() && info.shape != Shape::Snapshot {
        return None;
    }
    Some(window::plan(&offered(info), range, &ground.zone(view), &Parameters::new(), ground.clock.now()))
}

/// The offer behind what the API says of a report: its dates are said by its shape.
fn offered(info: &ReportInfo) -> Offer {
    let date = |name: &str| Parameter { name: name.to_owned(), datatype: "date".to_owned(), required: true };
    let dates = if info.shape == Shape::Snapshot { Vec::new() } else { vec![date("start"), date("end")] };
    Offer {
        name: info.name.clone(),
        description: info.title.clone(),
        note: String::new(),
        parameters: dates.into_iter().chain(info.parameters.iter().cloned()).collect(),
    }
}

/// What the data thread is to look at: nothing for a report without a chart.
fn sight_of(request: &Request, range: Range, ground: Ground, view: &View) -> Option<Sight> {
    if request.report.as_str() != columns::REPORT {
        return None;
    }
    let windows = request
        .windows
        .iter()
        .filter(|window| window.state.has_rows())
        .filter_map(|window| {
            let copy = window.copy.as_ref()?;
            let facts =
                Facts { start: window.start, end: copy.end, provisional_from: window.provisional_from };
            Some(Wanted { id: window.id.clone(), generation: copy.generation, facts })
        })
        .collect();
    let id = |id: &Option<Uuid>| id.as_ref().map(|id| id.as_str().to_owned());
    Some(Sight {
        report: request.report.clone(),
        question: Question {
            range,
            zone: ground.zone(view),
            course: id(&view.course),
            section: id(&view.section),
            today: ground.clock.now().day(),
        },
        windows,
    })
}

/// What this is, and one button.
#[component]
fn FirstVisit() -> impl IntoView {
    let ground = expect_context::<Ground>();
    let address = ground.address;
    let range = move || {
        let today = ground.zone(&address.view()).day_of(ground.clock.now());
        presets::FIRST.range(today)
    };
    let to = move || address.view().over(range()).to_url();
    let windows = move || {
        let view = address.view();
        let plan = planned(&ground.report(view.report_name())?, range(), ground, &view)?;
        plan.ok().map(|windows| words::first_plan(windows.len()))
    };
    view! {
        <section class="first">
            <p class="lead">{words::PURPOSE}</p>
            <p><a class="button" href=to>{words::SEE_FOUR_WEEKS}</a></p>
            <p class="quiet">{windows}</p>
        </section>
    }
}

/// The plan before it is asked; then how far it is, and what can be done about it.
#[component]
fn Progress(
    wish: Wish,
    plan: Result<Vec<WindowKey>, Problem>,
    seen: Memo<Option<Seen>>,
    follower: Follower,
    shape: Memo<Option<Shape>>,
) -> impl IntoView {
    let wish = StoredValue::new(wish);
    let plan = StoredValue::new(plan);
    let request = Memo::new(move |_| seen.with(|seen| seen.as_ref().and_then(|seen| seen.request.clone())));
    let is_asked = Memo::new(move |_| request.with(Option::is_some));
    let trouble = Memo::new(move |_| seen.with(|seen| seen.as_ref().and_then(|seen| seen.trouble.clone())));
    let notice = move || {
        let again = Callback::new(move |()| follower.follow(wish.get_value()));
        trouble.get().map(|trouble| view! { <Notice trouble again /> })
    };
    let body = move || {
        if is_asked.get() {
            return view! { <Followed request wish follower /> }.into_any();
        }
        match plan.get_value() {
            Err(problem) => view! {
                <p class="notice" role="status" data-code=words::code(problem.code)>{problem.detail}</p>
            }
            .into_any(),
            Ok(windows) => view! { <Plan windows wish seen follower shape /> }.into_any(),
        }
    };
    view! { <section class="progress">{body}{notice}</section> }
}

/// What will happen when somebody asks, and the button that does.
#[component]
fn Plan(
    windows: Vec<WindowKey>,
    wish: StoredValue<Wish>,
    seen: Memo<Option<Seen>>,
    follower: Follower,
    shape: Memo<Option<Shape>>,
) -> impl IntoView {
    let said = move || {
        // Whether it has been asked is not known before it was looked up.
        let here = seen.with(|seen| {
            let seen = seen.as_ref()?;
            Some(windows.iter().filter(|window| seen.here.contains(&window.id())).count())
        });
        here.map(|here| words::plan(shape.get().unwrap_or(Shape::Rows), windows.len(), here))
    };
    let is_known = Memo::new(move |_| seen.with(Option::is_some));
    view! {
        <Show when=move || is_known.get() fallback=|| view! { <p class="quiet" role="status">{words::LOADING}</p> }>
            <p>{said.clone()} " " {words::PATIENCE}</p>
            <button type="button" class="main" disabled=move || follower.is_busy()
                on:click=move |_| follower.ask(wish.get_value())>
                {words::ASK}
            </button>
        </Show>
    }
}

/// A request that has been asked. What stands here stays while its numbers change, so that what a reader has
/// opened stays open.
#[component]
fn Followed(request: Memo<Option<Request>>, wish: StoredValue<Wish>, follower: Follower) -> impl IntoView {
    let clock = expect_context::<Ground>().clock;
    let has = move |wanted: fn(&Window) -> bool| {
        Memo::new(move |_| {
            request.with(|request| request.as_ref().is_some_and(|r| r.windows.iter().any(wanted)))
        })
    };
    let is_waiting = has(|window| window.state.is_under_way());
    let has_failed = has(|window| window.state == State::Failed);
    let is_charted = wish.with_value(|wish| wish.report.as_str() == columns::REPORT);
    let busy = move || follower.is_busy();
    let held = Memo::new(move |_| request.get()?.desk?.held.map(|held| held.detail));
    let windows = Memo::new(move |_| request.get().map(|request| request.windows).unwrap_or_default());
    view! {
        <div class="status">
            {move || view! { <Coverage windows=windows.get() now=clock.now() /> }}
            <p role="status">{move || request.get().map(|request| words::coverage(&request, clock.now()))}</p>
        </div>
        {move || held.get().map(|detail| view! { <p class="wait" role="status">{detail}</p> })}
        <Show when=move || has_failed.get() || is_waiting.get()>
            <p class="actions">
                <Show when=move || has_failed.get()>
                    <button type="button" disabled=busy
                        on:click=move |_| follower.retry(wish.get_value(), Vec::new())>
                        {words::TRY_AGAIN}
                    </button>
                </Show>
                <Show when=move || is_waiting.get()>
                    <button type="button" class="plain" disabled=busy
                        on:click=move |_| follower.withdraw(wish.get_value())>
                        {words::STOP}
                    </button>
                </Show>
            </p>
        </Show>
        <details open=move || has_failed.get() || !is_charted>
            <summary>{words::DETAILS}</summary>
            {move || view! { <Windows windows=windows.get() now=clock.now() /> }}
        </details>
    }
}

/// The link to the CSV of what is shown, or what is still missing for it.
#[component]
fn Download(request: Request, view: View) -> impl IntoView {
    let missing = request.windows.iter().filter(|window| !window.state.has_rows()).count();
    if missing > 0 {
        return view! { <p class="quiet" data-testid="csv">{words::no_csv_yet(missing)}</p> }.into_any();
    }
    let mut href = format!("/api/csv/{}", request.report);
    let days = request.from.zip(request.to);
    let pairs = [
        ("from", days.map(|(from, _)| from.to_string())),
        ("to", days.map(|(_, to)| to.to_string())),
        ("tz", days.map(|_| request.tz.replace('+', "%2B"))),
        ("course", view.course.map(|id| id.as_str().to_owned())),
        ("section", view.section.map(|id| id.as_str().to_owned())),
    ];
    let mut mark = '?';
    for (key, value) in pairs.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        href.push(mark);
        href.push_str(&format!("{key}={value}"));
        mark = '&';
    }
    view! { <p><a href=href download="" data-testid="csv">{words::DOWNLOAD}</a></p> }.into_any()
}
