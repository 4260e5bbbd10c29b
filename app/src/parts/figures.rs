//! The figures of `videoview`, in the order in which they answer: when, who, what; then every row.

use crate::loader::STEPS;
use crate::page::Ground;
use crate::parts::chips::{self, Chips};
use crate::parts::figure::after::DaysAfter;
use crate::parts::figure::arrivals::NewAndReturning;
use crate::parts::figure::days::{Counted, Days};
use crate::parts::figure::export::About;
use crate::parts::figure::hours::Hours;
use crate::parts::figure::ranking::{Bars, Ranked};
use crate::parts::figure::spread::Spread;
use crate::parts::files::Files;
use crate::parts::rows::EveryRow;
use crate::parts::students::EachStudent;
use crate::words::figures as said;
use crate::words::reports::NAMES_HIDDEN;
use engine::measures::Measures;
use leptos::prelude::*;

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
    /// The files of all rows, once they are whole.
    files: Memo<Option<Files>>,
    /// What the days are held against, as it is called.
    other: Memo<String>,
) -> impl IntoView {
    let ground = expect_context::<Ground>();
    let name = Callback::new(move |choice| {
        measures.with(|m| {
            let student = m.as_ref().map_or("", |m| m.student.as_str());
            chips::name(&choice, m.as_ref(), student, &ground.address.view())
        })
    });
    provide_context(About(Callback::new(move |()| chips::about(ground, name, zone))));
    let day = RwSignal::new(None);
    let loader = ground.loader();
    let drawn = move |step: u8| Memo::new(move |_| measures.get().filter(|_| loader.draws(step)));
    let (first, second, third, fourth, last) = (drawn(1), drawn(2), drawn(3), drawn(4), drawn(STEPS));
    let rows = move || measures.with(|m| m.as_ref().map_or(0, |m| m.total.rows)).to_string();
    let complete = move || measures.with(|m| m.as_ref().is_some_and(Measures::is_complete)).to_string();
    view! {
        <div class="figures" data-testid="minutes" data-rows=rows data-complete=complete
            aria-busy=move || is_busy.get().to_string()>
            <Chips name none=said::NO_FILTERS />
            <Days counted=Counted::Minutes measures=first zone other at=day />
            <Days counted=Counted::Viewers measures=second zone other at=day />
            <NewAndReturning measures=third zone />
            <Hours measures=third zone />
            <Bars ranked=Ranked::Videos measures=fourth />
            <DaysAfter measures=fourth />
            <div class="pair">
                <Bars ranked=Ranked::Sections measures=last />
                <Bars ranked=Ranked::Roles measures=last />
            </div>
            <Spread measures=last />
            <Show
                when=move || !ground.address.view().names_hidden
                fallback=|| view! { <p class="quiet">{NAMES_HIDDEN}</p> }
            >
                <EachStudent measures=last />
                <EveryRow measures=last zone files />
            </Show>
        </div>
    }
}
