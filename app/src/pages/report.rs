//! One report over one range: the plan, the windows as they come, and what they show. Fetched when a range is chosen.
//!
//! [`watching`]: what the data thread measures; [`telling`]: what the thread of all other reports tells.

pub mod telling;
pub mod watching;

use crate::chunks::Chunks;
use crate::follow::gather::{Gatherer, Wished};
use crate::follow::{self, Follower, Wish};
use crate::page::Ground;
use crate::pages::overview::{Chosen, given, planned};
use crate::parts::compare::{self, CompareWith};
use crate::parts::download::Download;
use crate::parts::files::Files;
use crate::parts::gathering::Gathering;
use crate::parts::given::GivenFields;
use crate::parts::later::{self, Chunk, Meanwhile};
use crate::parts::progress::Progress;
use crate::parts::tabs::Tabs;
use crate::parts::too_large::TooLarge;
use crate::told::TermWeek;
use crate::words::against;
use crate::{capacity, presets, spelling, words};
use domain::api::{self, Course, Courses, ReportInfo, RequestInfo};
use domain::range::Range;
use domain::report::Shape;
use domain::time::{monday, plus_days};
use domain::view::{ComparisonTarget, Uuid, View};
use domain::window::WindowKey;
use engine::measures::{Comparison, Query, WindowCoverage};
use engine::video_view_columns;
use leptos::prelude::*;

/// What there is to show: the same for whichever thread reads it.
#[derive(Debug, Clone, Copy)]
pub struct Here {
    /// What has been chosen.
    pub chosen: Chosen,
    /// The request with the windows that are here, as long as this device can hold its rows.
    pub request: Memo<Option<RequestInfo>>,
    /// The files of all rows, once they are whole.
    pub files: Memo<Option<Files>>,
    /// Windows of the days that these are held against, as far as they are here.
    pub others: Memo<Vec<api::WindowInfo>>,
    /// What these days are held against, as it is called; empty where it is nothing.
    pub other: Memo<String>,
    /// Looks the request up anew: a copy may have been replaced since.
    pub follow: Callback<()>,
}

/// Everything below the choices.
#[component]
pub fn ReportView(
    /// What has been chosen.
    chosen: Chosen,
) -> impl IntoView {
    let ground = expect_context::<Ground>();
    let address = ground.address;
    let Chosen { info, range, zone: said, known, renew } = chosen;
    let shape = Memo::new(move |_| info.with(|info| info.as_ref().map(|info| info.shape)));
    let wish = Memo::new(move |_| {
        let info = info.get()?;
        let range = range.get();
        let view = address.view();
        (range.is_some() || info.shape == Shape::Snapshot).then(|| Wish {
            parameters: given(&info, &view),
            report: info.name,
            range,
            tz: ground.zone_name(&view),
        })
    });

    let follower = Follower::new();
    Effect::new(move |_| {
        let Some(wish) = wish.get() else { return };
        // What was clicked before this part was here.
        if ground.take_asked() {
            follower.ask(wish);
        } else {
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
        let view = address.view();
        match view.compare {
            Some(ComparisonTarget::Before) => range
                .get()
                .map(|range| against::days_before(range.days(), &spelling::count))
                .unwrap_or_default(),
            _ => known.with(|known| compare::section_name(known, &view)),
        }
    });
    let gatherer = Gatherer::new();
    let wished = Memo::new(move |_| {
        let view = address.view();
        let before =
            range.get().filter(|_| view.compare == Some(ComparisonTarget::Before))?.previous_weeks()?;
        wished(ground, &info.get()?, Some(before), &view, true)
    });
    Effect::new(move |_| {
        if let Some(wished) = wished.get() {
            gatherer.attend(vec![wished.wish]);
        }
    });
    let others = Memo::new(move |_| {
        let here: Vec<String> =
            request.with(|r| r.iter().flat_map(|r| &r.windows).map(|w| w.id.clone()).collect());
        wished
            .get()
            .and_then(|wished| {
                let all = gatherer
                    .gathered()
                    .with(|g| Some(follow::known(&wished.wish.report, g.all.as_ref()?)))?;
                let ids = wished.keys.iter().map(WindowKey::id).filter(|id| !here.contains(id));
                let windows = ids.filter_map(|id| all.get(&id).cloned());
                Some(windows.filter(|window| window.state.has_rows()).collect::<Vec<_>>())
            })
            .unwrap_or_default()
    });

    let most = capacity::most_rows();
    let too_large = Memo::new(move |_| {
        // Who may not see all rows is not told how many there are, and has few.
        let rows = |window: &api::WindowInfo| window.copy.as_ref().and_then(|copy| copy.rows).unwrap_or(0);
        let now: u64 = request.with(|r| r.iter().flat_map(|r| &r.windows).map(rows).sum());
        let all = now + others.with(|others| others.iter().map(rows).sum::<u64>());
        (all > most).then_some(all)
    });
    Effect::new(move |_| {
        let days = range.get().map_or_else(String::new, |range| format!(", {}", spelling::range(range)));
        let title = ground.title(address.view().report_name());
        let mark =
            request.with(|r| r.as_ref().map_or_else(String::new, |r| format!("{}: ", words::title_mark(r))));
        document().set_title(&format!("{mark}{title}{days} – {}", words::NAME));
    });
    let heading = move || {
        let title = ground.title(address.view().report_name());
        let days = match (shape.get(), range.get()) {
            (Some(Shape::Snapshot), _) => words::ALL_TIME.to_owned(),
            (_, range) => range.map_or_else(String::new, spelling::range),
        };
        let weeks = move || known.with(|known| term_weeks(known, &address.view(), range.get()));
        let of = move || known.with(|known| chosen_course(&known.courses, &address.view()));
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
    let files = Memo::new(move |_| Files::of(&request.get()?, &address.view(), &known.get().courses));
    let follow = Callback::new(move |()| {
        if let Some(wish) = wish.get_untracked() {
            follower.follow(wish);
        }
    });
    let here = Here { chosen, request: fits, files, others, other, follow };
    let is_shown = Memo::new(move |_| fits.with(Option::is_some));
    // What shows a report stays while another of the same thread is looked at.
    let is_watching = Memo::new(move |_| {
        info.with(|i| i.as_ref().is_some_and(|i| i.name.as_str() == video_view_columns::REPORT))
    });
    let shown = move || {
        is_shown.get().then(|| later::later(part(ground.chunks, is_watching.get()), here, Meanwhile::Room))
    };
    let too_large =
        move || too_large.get().map(|rows| view! { <TooLarge words=words::too_large(rows, most) /> });
    view! {
        <Show when=move || address.view().course.is_some()><Tabs /></Show>
        {heading}
        <div class="share-place">{later::later(ground.chunks.share, (), Meanwhile::Nothing)}</div>
        <GivenFields info />
        {move || wish.get().zip(plan.get()).map(|(wish, plan)| {
            view! { <Progress wish plan seen request follower shape /> }
        })}
        <Show when=move || range.with(Option::is_some) && request.with(Option::is_some)>
            <section class="course-choices"><CompareWith known /></section>
        </Show>
        <Show when=move || wished.with(Option::is_some)>
            <Gathering wished=Memo::new(move |_| wished.get().into_iter().collect()) gatherer other />
        </Show>
        {too_large}
        <Show when=move || request.with(Option::is_none)>
            <div class="room"></div>
        </Show>
        {shown}
        <Download request files />
    }
}

/// The part that shows a report: `videoview`, or any other.
#[must_use]
pub fn part(chunks: Chunks, is_watching: bool) -> Chunk<Here> {
    if is_watching { chunks.watching } else { chunks.telling }
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

/// The weeks of a term that `range` is of, as they stand behind the days and their zone.
pub(super) fn term_weeks(known: &Courses, view: &View, range: Option<Range>) -> Option<String> {
    let weeks = presets::weeks_of_term(known, view.course.as_ref().map(Uuid::as_str), range?)?;
    Some(format!(" · {}", words::term_weeks(&weeks, false)))
}

/// The weeks of `range` that have a number in a term.
pub(super) fn week_numbers(known: &Courses, view: &View, range: Range) -> Vec<TermWeek> {
    let course = view.course.as_ref().map(Uuid::as_str);
    let first = monday(range.from());
    let weeks = (0..).map(|week| plus_days(first, week * 7)).take_while(|from| *from <= range.to());
    let named = weeks.filter_map(|from| {
        let days = Range::new(from.max(range.from()), plus_days(from, 6).min(range.to())).ok()?;
        let weeks = presets::weeks_of_term(known, course, days)?;
        let [short, name] = [true, false].map(|is_named| words::term_weeks(&weeks, is_named));
        Some(TermWeek { monday: from, short, name })
    });
    named.collect()
}

/// The windows whose rows are here, with the copy that serves and the days it answers for.
pub(super) fn held<'a>(
    windows: impl IntoIterator<Item = &'a api::WindowInfo>,
) -> impl Iterator<Item = (&'a api::WindowInfo, &'a api::CopyInfo, WindowCoverage)> {
    windows.into_iter().filter(|window| window.state.has_rows()).filter_map(|window| {
        let copy = window.copy.as_ref()?;
        let facts =
            WindowCoverage { start: window.start, end: copy.end, provisional_from: window.provisional_from };
        Some((window, copy, facts))
    })
}

/// A report over some days as it is wished for; `None` where these days cannot be asked for.
pub(super) fn wished(
    ground: Ground,
    info: &ReportInfo,
    range: Option<Range>,
    view: &View,
    is_asked: bool,
) -> Option<Wished> {
    let over = view.clone().with_range(range.or(view.range));
    let keys = planned(info, range, ground, &over)?.ok()?;
    let wish = Wish {
        parameters: given(info, &over),
        report: info.name.clone(),
        range,
        tz: ground.zone_name(&over),
    };
    Some(Wished { wish, keys, is_asked })
}

/// What is to be measured of the days in `range`.
pub(super) fn question(range: Range, ground: Ground, view: &View) -> Query {
    let against = view.compare.as_ref().map(|compare| match compare {
        ComparisonTarget::Before => Comparison::Before,
        ComparisonTarget::Section(id) => Comparison::Section(id.as_str().to_owned()),
    });
    // A zone is known for the days that it was traced for.
    let before = range.previous_weeks().filter(|_| against == Some(Comparison::Before));
    let whole = before.and_then(|before| Range::new(before.from(), range.to()).ok());
    Query {
        range,
        zone: ground.zone(&view.clone().with_range(whole.or(view.range))),
        course: view.course.as_ref().map(|id| id.as_str().to_owned()),
        sections: view.sections.iter().map(|id| id.as_str().to_owned()).collect(),
        roles: view.roles.iter().copied().collect(),
        videos: view.videos.iter().map(|id| id.as_str().to_owned()).collect(),
        student: view.student.as_ref().map(|id| id.as_str().to_owned()),
        comparison: against,
        today: ground.clock.now().day(),
    }
}
