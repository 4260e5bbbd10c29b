//! The figures of `videoview`, in the order in which they answer: when, who, what; then every row.

use crate::loader::Shown;
use crate::message::{List, Part};
use crate::page::Ground;
use crate::parts::chips::{self, Chips};
use crate::parts::figure::days::{Counted, Days};
use crate::parts::figure::export::About;
use crate::parts::figure::hours::Hours;
use crate::parts::figure::ranking::{Bars, Ranked};
use crate::parts::figure::spread::Spread;
use crate::parts::table::{Column, LongTable};
use crate::words::figures as said;
use crate::{spelling, words};
use charts::layout::Size;
use charts::spark;
use domain::time::{SECOND, Timestamp};
use domain::zone::Zone;
use engine::measures::{self, Measures, Students};
use leptos::prelude::*;

/// The size of a spark-line.
const SPARK: Size = Size { width: 168, height: 20 };

const STUDENT_COLUMNS: &[Column] = &[
    Column { head: said::STUDENT, class: "person" },
    Column { head: words::MINUTES, class: "number" },
    Column { head: said::COURSE_OF_TIME, class: "spark" },
];

const ROW_COLUMNS: &[Column] = &[
    Column { head: said::TIME, class: "time" },
    Column { head: said::VIDEO, class: "video" },
    Column { head: said::COURSE, class: "course" },
    Column { head: said::SECTION, class: "section" },
    Column { head: said::PERSON, class: "person" },
    Column { head: said::ROLE, class: "role" },
    Column { head: said::LENGTH, class: "number" },
];

/// Everything that is shown of the measures.
#[component]
pub fn Figures(
    /// The numbers, once there are any.
    measures: Memo<Option<Measures>>,
    /// The zone of the days, as it is said.
    zone: Memo<String>,
    /// Whether the numbers are about to change: rows of them are on their way.
    #[prop(into)]
    is_busy: Signal<bool>,
) -> impl IntoView {
    let ground = expect_context::<Ground>();
    provide_context(About(Callback::new(move |()| about(ground, measures, zone))));
    let day = RwSignal::new(None);
    let rows = move || measures.with(|m| m.as_ref().map_or(0, |m| m.total.rows)).to_string();
    let complete = move || measures.with(|m| m.as_ref().is_some_and(Measures::is_complete)).to_string();
    view! {
        <div class="figures" data-testid="minutes" data-rows=rows data-complete=complete
            aria-busy=move || is_busy.get().to_string()>
            <Chips measures />
            <Days counted=Counted::Minutes measures zone at=day />
            <Days counted=Counted::Viewers measures zone at=day />
            <Hours measures zone />
            <Bars ranked=Ranked::Videos measures />
            <div class="pair">
                <Bars ranked=Ranked::Sections measures />
                <Bars ranked=Ranked::Roles measures />
            </div>
            <Spread measures />
            <EachStudent measures />
            <EveryRow measures zone />
        </div>
    }
}

/// The header of an export.
fn about(ground: Ground, measures: Memo<Option<Measures>>, zone: Memo<String>) -> [String; 5] {
    let view = ground.address.view();
    let filters = measures.with_untracked(|measures| {
        let names =
            view.choices().iter().map(|choice| chips::name(choice, measures.as_ref())).collect::<Vec<_>>();
        if names.is_empty() { said::NONE.to_owned() } else { names.join("; ") }
    });
    let now = ground.clock.now();
    let offset = ground.zone(&view).offset_at(now);
    [
        ground.title(view.report_name()),
        view.range.map(spelling::range).unwrap_or_default(),
        zone.get_untracked(),
        filters,
        spelling::moment(now.plus(i64::from(offset) * SECOND)),
    ]
}

fn version_of(ground: Ground) -> Memo<u32> {
    Memo::new(move |_| ground.loader.loaded().with(|loaded| loaded.version))
}

/// Every student with recorded activity.
#[component]
fn EachStudent(measures: Memo<Option<Measures>>) -> impl IntoView {
    let ground = expect_context::<Ground>();
    let students = Memo::new(move |_| measures.with(|m| m.as_ref().map(|m| m.students.clone())));
    let count = Signal::derive(move || {
        students.with(|s| s.as_ref().and_then(|s| usize::try_from(s.active).ok()).unwrap_or(0))
    });
    let sentence = move || measures.with(|m| m.as_ref().map(said::students_sentence)).unwrap_or_default();
    let caveat = move || {
        let coverage = measures.with(|m| m.as_ref().and_then(said::coverage)).unwrap_or_default();
        format!("{coverage} {} {}", said::STUDENTS_CAVEAT, said::SPARK_CAVEAT).trim().to_owned()
    };
    let cells = Callback::new(move |(shown, place): (Shown, usize)| {
        let Part::Students(listed) = shown.part else { return Vec::new() };
        let Some(student) = listed.into_iter().nth(place) else { return Vec::new() };
        let name = if student.name.is_empty() { said::NOBODY.to_owned() } else { student.name };
        let line = students.with_untracked(|students| {
            let Students { step_days, steps_known, .. } = students.clone().unwrap_or_default();
            let steps: Vec<Option<f64>> = student
                .steps
                .iter()
                .zip(&steps_known)
                .map(|(rows, known)| known.then(|| measures::minutes(u64::from(*rows))))
                .collect();
            let most = steps.iter().flatten().copied().fold(0.0, f64::max);
            spark::draw(&steps, most, SPARK, &said::spark(student.rows, step_days))
        });
        vec![
            name.into_any(),
            spelling::number(measures::minutes(student.rows)).into_any(),
            view! { <div inner_html=line></div> }.into_any(),
        ]
    });
    view! {
        <section class="figure" id="students" aria-labelledby="students-title">
            <header>
                <h2 id="students-title">{said::STUDENTS}</h2>
                <p class="quiet small">{words::MINUTES}</p>
            </header>
            <p class="sentence">{sentence}</p>
            <LongTable list=List::Students title=said::STUDENTS columns=STUDENT_COLUMNS count
                version=version_of(ground) cells loader=ground.loader />
            <p class="caveat quiet small">{caveat}</p>
        </section>
    }
}

/// Every row behind the measures: made when somebody wants to see it.
#[component]
fn EveryRow(measures: Memo<Option<Measures>>, zone: Memo<String>) -> impl IntoView {
    let ground = expect_context::<Ground>();
    let is_open = RwSignal::new(false);
    let count = Signal::derive(move || {
        measures.with(|m| m.as_ref().and_then(|m| usize::try_from(m.total.rows).ok()).unwrap_or(0))
    });
    let sentence = move || measures.with(|m| m.as_ref().map(said::rows_sentence)).unwrap_or_default();
    let traced: Memo<Zone> = Memo::new(move |_| ground.zone(&ground.address.view()));
    let cells = Callback::new(move |(shown, place): (Shown, usize)| {
        let Part::Rows(listed) = shown.part else { return Vec::new() };
        let Some(row) = listed.into_iter().nth(place) else { return Vec::new() };
        let time = Timestamp(i64::from(row.time) * SECOND);
        let local = traced.with_untracked(|zone| time.plus(i64::from(zone.offset_at(time)) * SECOND));
        let person = if row.person.is_empty() { said::NOBODY.to_owned() } else { row.person };
        let length = row.length.map(|minutes| spelling::count(u64::from(minutes))).unwrap_or_default();
        let texts = [spelling::moment(local), row.video, row.course, row.section, person, row.role, length];
        texts.into_iter().map(IntoAny::into_any).collect()
    });
    view! {
        <section class="figure" id="rows" aria-labelledby="rows-title">
            <header>
                <h2 id="rows-title">{said::ALL_ROWS}</h2>
                <p class="quiet small">{move || words::days_in(&zone.get())}</p>
            </header>
            <p class="sentence">{sentence}</p>
            <Show when=move || is_open.get()
                fallback=move || view! {
                    <p><button type="button" on:click=move |_| is_open.set(true)>{said::SHOW_ROWS}</button></p>
                }>
                <LongTable list=List::Rows title=said::ALL_ROWS columns=ROW_COLUMNS count
                    version=version_of(ground) cells loader=ground.loader />
            </Show>
        </section>
    }
}
