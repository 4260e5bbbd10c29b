//! Every row behind the measures, and the files that hold them.

use crate::loader::Shown;
use crate::page::Ground;
use crate::parts::figure::menu::Menu;
use crate::parts::files::{File, Files};
use crate::parts::table::{Column, LongTable};
use crate::words::figures as said;
use crate::{spelling, words};
use domain::time::{SECOND, Timestamp};
use domain::zone::Zone;
use engine::measures::Measures;
use leptos::prelude::*;
use thread::message::{List, Part};

const COLUMNS: &[Column] = &[
    Column { head: said::TIME, class: "cell-time" },
    Column { head: said::VIDEO, class: "cell-video" },
    Column { head: said::COURSE, class: "cell-course" },
    Column { head: said::SECTION, class: "cell-section" },
    Column { head: said::PERSON, class: "cell-person" },
    Column { head: said::ROLE, class: "cell-role" },
    Column { head: said::LENGTH, class: "cell-amount" },
];

/// Every row behind the measures: made when somebody wants to see it.
#[component]
pub fn EveryRow(
    /// The numbers, once there are any.
    measures: Memo<Option<Measures>>,
    /// The zone of the days, as it is said.
    zone: Memo<String>,
    /// The files of all rows, once they are whole.
    files: Memo<Option<Files>>,
) -> impl IntoView {
    let ground = expect_context::<Ground>();
    let version = Memo::new(move |_| ground.loader().loaded().with(|loaded| loaded.version));
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
    let link = |File { href, label }: File| view! { <a href=href download="">{label}</a> };
    let links = move || files.get().map(|files| files.files.into_iter().map(link).collect_view());
    view! {
        <section class="figure" id="rows" aria-labelledby="rows-title">
            <header>
                <h2 id="rows-title">{said::ALL_ROWS}</h2>
                <p class="quiet small">{move || words::days_in(&zone.get())}</p>
                <Menu title=said::ALL_ROWS>{links}</Menu>
            </header>
            <p class="sentence">{sentence}</p>
            <Show when=move || is_open.get()
                fallback=move || view! {
                    // Disabled and not gone while there are none: nothing jumps when the first arrive.
                    <p>
                        <button type="button" disabled=move || count.get() == 0
                            on:click=move |_| is_open.set(true)>
                            {said::SHOW_ROWS}
                        </button>
                    </p>
                }>
                <LongTable list=List::Rows title=said::ALL_ROWS columns=COLUMNS count version cells
                    loader=ground.loader() />
            </Show>
        </section>
    }
}
