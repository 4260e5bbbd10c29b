//! `/`: one report over one range: the plan, the windows as they come, and what they show.

use crate::follow::{Follower, Wish};
use crate::message::{Sight, Wanted};
use crate::page::Ground;
use crate::parts::ask::AskForm;
use crate::parts::download::Download;
use crate::parts::figures::Figures;
use crate::parts::files::Files;
use crate::parts::first_visit::FirstVisit;
use crate::parts::notice::Notice;
use crate::parts::progress::Progress;
use crate::parts::told::Told;
use crate::teller::About;
use crate::{capacity, client, spelling, teller, told, words};
use domain::api::{self, Course, ReportInfo, Request};
use domain::offer::{Offer, Parameter};
use domain::problem::Problem;
use domain::range::Range;
use domain::report::{Report, Shape};
use domain::view::View;
use domain::window::{self, Parameters, WindowKey};
use engine::columns;
use engine::measures::{Facts, Measures, Question};
use engine::reports;
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
            follower.attend(wish);
        }
    });
    let seen = Memo::new(move |_| follower.seen(&wish.get()?));
    let plan = Memo::new(move |_| planned(&info.get()?, range.get(), ground, &address.view()));
    let request = Memo::new(move |_| {
        let keys = plan.get().and_then(Result::ok).unwrap_or_default();
        seen.with(|seen| seen.as_ref()?.shown(&keys, ground.clock.now().day()))
    });

    // Courses that Echo360 does not list are known from rows: with every window that arrives there may be more.
    let here = Memo::new(move |_| {
        request.with(|r| r.iter().flat_map(|r| &r.windows).filter(|window| window.state.has_rows()).count())
    });
    let answer = LocalResource::new(move || {
        here.track();
        client::courses()
    });
    let known = Memo::new(move |_| answer.get().and_then(Result::ok).unwrap_or_default());

    let most = capacity::most_rows();
    let too_large = Memo::new(move |_| {
        let rows = request
            .with(|r| r.iter().flat_map(|r| &r.windows).filter_map(|w| Some(w.copy.as_ref()?.rows)).sum());
        (rows > most).then_some(rows)
    });
    let sight = Memo::new(move |_| {
        let fits = too_large.with(Option::is_none) && info.with(is_watching);
        sight_of(&request.get().filter(|_| fits)?, range.get()?, ground, &address.view())
    });
    let loader = ground.loader;
    let said = Memo::new(move |_| {
        let offset =
            range.get().map_or_else(|| ground.clock.now(), |range| zone.with(|z| z.start_of(range.from())));
        zone.with(|zone| spelling::zone(zone.name(), zone.offset_at(offset)))
    });
    // Every other report is read by a thread of its own, that answers with figures.
    let teller = ground.teller;
    let other = Memo::new(move |_| {
        let fits = too_large.with(Option::is_none) && !info.with(is_watching);
        let request = request.get().filter(|_| fits)?;
        Some(other_sight(&request, range.get(), ground, &address.view(), said.get()))
    });
    Effect::new(move |_| {
        if let Some(sight) = other.get() {
            teller.look(sight, spelling::locale());
        }
    });
    let told = teller.told();
    let figures = Memo::new(move |_| {
        let about = info.with(|info| info.as_ref().map(|info| About::Report(info.name.clone())));
        told.with(|told| if told.about == about { told.figures.clone() } else { Vec::new() })
    });
    let is_told_busy = Memo::new(move |_| told.with(|told| !told.is_current || told.load.pending > 0));
    // A copy may have been replaced since the request was last seen: look it up anew, too.
    let look_again = move || {
        if let Some(wish) = wish.get_untracked() {
            follower.follow(wish);
        }
        if let Some(sight) = sight.get_untracked() {
            loader.look(sight);
        }
        if let Some(sight) = other.get_untracked() {
            teller.look(sight, spelling::locale());
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
    // Until the thread has answered for what is looked at now, and nothing of it is on its way any more.
    let looked_at = Memo::new(move |_| {
        sight.track();
        loaded.with_untracked(|loaded| loaded.version)
    });
    let is_busy = Memo::new(move |_| {
        let before = looked_at.get();
        measures.with(Option::is_none) || loaded.with(|l| l.version == before || l.load.pending > 0)
    });
    Effect::new(move |_| {
        let days = range.get().map_or_else(String::new, |range| format!(", {}", spelling::range(range)));
        let title = ground.title(address.view().report_name());
        let mark =
            request.with(|r| r.as_ref().map_or_else(String::new, |r| format!("{}: ", words::title_mark(r))));
        let title =
            if wish.with(Option::is_some) { format!("{mark}{title}{days} – ") } else { String::new() };
        document().set_title(&format!("{title}{}", words::NAME));
    });
    let heading = move || {
        let title = ground.title(address.view().report_name());
        let days = match (shape.get(), range.get()) {
            (Some(Shape::Snapshot), _) => words::ALL_TIME.to_owned(),
            (_, range) => range.map_or_else(String::new, spelling::range),
        };
        let of = move || known.with(|known| chosen_course(&known.courses, &address.view()));
        view! {
            <header class="heading">
                <h1>{title}</h1>
                <p class="range">
                    {move || of().map(|of| format!("{of}, "))} {days} " " <span class="quiet">{move || said.get()}</span>
                </p>
            </header>
        }
    };
    let has_wish = Memo::new(move |_| wish.with(Option::is_some));
    let is_shown = Memo::new(move |_| request.with(Option::is_some) && too_large.with(Option::is_none));
    let watching = Memo::new(move |_| info.with(is_watching));
    let failures = move || {
        let of_reports = move || told.with(|told| told.failed.first().cloned());
        let of_views = move || loaded.with(|loaded| loaded.failed.first().cloned());
        let failed = if watching.get() { of_views() } else { of_reports() };
        failed.map(|(_, trouble)| {
            view! { <Notice trouble again=Callback::new(move |()| look_again()) /> }
        })
    };
    let too_large = move || {
        too_large.get().map(|rows| {
            view! {
                <section class="notice waits" role="status" data-code="too-large">
                    <h2>{words::TOO_LARGE}</h2>
                    <p>{words::too_large(rows, most)}</p>
                </section>
            }
        })
    };
    let arriving = move || {
        let load =
            if watching.get() { loaded.with(|loaded| loaded.load) } else { told.with(|told| told.load) };
        (load.pending > 0).then(|| words::arriving(load.rows, load.bytes))
    };
    let files = Memo::new(move |_| Files::of(&request.get()?, &address.view(), &known.get().courses));
    let is_unknown = Memo::new(move |_| info.with(Option::is_none));
    view! {
        <Show when=move || !has_wish.get() && !is_unknown.get()>
            <FirstVisit follower />
            <h2 class="choose">{words::CHOOSE}</h2>
        </Show>
        <AskForm today shape known zone=said />
        <Show when=move || has_wish.get()>{heading}</Show>
        <Show when=move || is_unknown.get()>
            <h1>{words::REPORT}</h1>
            <p class="notice">{words::NO_SUCH_REPORT}</p>
        </Show>
        {move || wish.get().zip(plan.get()).map(|(wish, plan)| {
            view! { <Progress wish plan seen request follower shape /> }
        })}
        {too_large}
        <Show when=move || has_wish.get() && request.with(Option::is_none)>
            <div class="room"></div>
        </Show>
        <Show when=move || is_shown.get()>
            <Show when=move || watching.get()>
                <Figures measures zone=said is_busy files />
            </Show>
            <Show when=move || info.with(holds_writing)>
                <label class="written">
                    <input type="checkbox" prop:checked=move || address.view().contents
                        on:change=move |event| {
                            address.go(View { contents: event_target_checked(&event), ..address.view() });
                        } />
                    <span>{words::SHOW_WRITING}</span>
                </label>
            </Show>
            // Its room is kept until its thread has come, been told and answered.
            <Show when=move || {
                let is_empty = figures.with(Vec::is_empty) && told.with(|told| told.failed.is_empty());
                !watching.get() && is_empty
            }>
                <div class="room"><p class="quiet" role="status">{words::LOADING}</p></div>
            </Show>
            <Show when=move || !watching.get() && figures.with(|figures| !figures.is_empty())>
                <Told figures zone=said is_busy=is_told_busy />
            </Show>
            {failures}
            <p class="quiet small" role="status">{arriving}</p>
        </Show>
        <Download request files />
    }
}

/// Whether its rows hold what people wrote.
fn holds_writing(info: &Option<ReportInfo>) -> bool {
    info.as_ref().and_then(|info| info.name.known()).is_some_and(Report::holds_writing)
}

/// Whether it is the report that the data thread reads.
fn is_watching(info: &Option<ReportInfo>) -> bool {
    info.as_ref().is_some_and(|info| info.name.as_str() == columns::REPORT)
}

/// The course and section of a view, as they are called.
pub(super) fn chosen_course(all: &[Course], view: &View) -> Option<String> {
    let chosen = view.course.as_ref()?;
    let course = all.iter().find(|course| course.id.eq_ignore_ascii_case(chosen.as_str()))?;
    let section = view.sections.iter().next().filter(|_| view.sections.len() == 1).and_then(|chosen| {
        course.sections.iter().find(|section| section.id.eq_ignore_ascii_case(chosen.as_str()))
    });
    let name = words::course(course);
    Some(section.map_or_else(|| name.clone(), |it| format!("{name}, {}", words::section(&it.number))))
}

fn are_of(measures: &Measures, range: Range) -> bool {
    let ends = measures.days.first().zip(measures.days.last());
    ends.is_some_and(|((first, _), (last, _))| (*first, *last) == (range.from(), range.to()))
}

/// The windows that `view` needs; `None` before it has a range.
#[must_use]
pub fn planned(
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

/// What the data thread is to look at.
fn sight_of(request: &Request, range: Range, ground: Ground, view: &View) -> Option<Sight> {
    let windows = held(&request.windows).map(|(window, copy, facts)| Wanted {
        id: window.id.clone(),
        generation: copy.generation,
        facts,
    });
    Some(Sight {
        report: request.report.clone(),
        question: question(range, ground, view),
        windows: windows.collect(),
    })
}

/// What the thread of all other reports is to look at. A snapshot has no days: any will do.
fn other_sight(
    request: &Request,
    range: Option<Range>,
    ground: Ground,
    view: &View,
    zone: String,
) -> teller::Sight {
    let windows = held(&request.windows).map(|(window, copy, facts)| told::Wanted {
        id: window.id.clone(),
        generation: copy.generation,
        facts,
        created: copy.created,
    });
    let today = ground.clock.now().day();
    let range = range.unwrap_or_else(|| Range::of_day(today));
    teller::Sight {
        subject: told::Subject::Report { name: request.report.clone(), is_nameless: view.nameless },
        question: reports::Question {
            base: question(range, ground, view),
            decks: view.decks.iter().map(|id| id.as_str().to_owned()).collect(),
            contents: view.contents,
        },
        zone,
        parts: vec![told::Part { report: request.report.clone(), course: None, windows: windows.collect() }],
    }
}

/// The windows whose rows are here, with the copy that serves and the days it answers for.
pub(super) fn held<'a>(
    windows: impl IntoIterator<Item = &'a api::Window>,
) -> impl Iterator<Item = (&'a api::Window, &'a api::Copy, Facts)> {
    windows.into_iter().filter(|window| window.state.has_rows()).filter_map(|window| {
        let copy = window.copy.as_ref()?;
        let facts = Facts { start: window.start, end: copy.end, provisional_from: window.provisional_from };
        Some((window, copy, facts))
    })
}

/// What is to be measured of the days in `range`.
pub(super) fn question(range: Range, ground: Ground, view: &View) -> Question {
    Question {
        range,
        zone: ground.zone(view),
        course: view.course.as_ref().map(|id| id.as_str().to_owned()),
        sections: view.sections.iter().map(|id| id.as_str().to_owned()).collect(),
        roles: view.roles.iter().copied().collect(),
        videos: view.videos.iter().map(|id| id.as_str().to_owned()).collect(),
        today: ground.clock.now().day(),
    }
}
