//! How far the reports of a course are, in one quiet line; which of them, on demand; and the button that asks for all.

use crate::follow::gather::{Gatherer, Wished};
use crate::follow::{self, Wish};
use crate::page::Ground;
use crate::parts::notice::Notice;
use crate::words;
use crate::words::against;
use crate::words::course as said;
use domain::api::{Requests, WindowStatus};
use domain::time::Day;
use domain::view::Page;
use leptos::prelude::*;

/// How far one report is.
#[derive(Debug, Clone, PartialEq, Default)]
struct Far {
    name: &'static str,
    all: usize,
    here: usize,
    under_way: usize,
    failed: usize,
    provisional: usize,
}

impl Far {
    /// What nobody has asked for yet.
    fn unasked(&self) -> usize {
        self.all - self.here - self.under_way - self.failed
    }
}

/// How far each of them is.
fn far(wished: &[Wished], all: &Requests, today: Day) -> Vec<Far> {
    let mut reports: Vec<Far> = Vec::new();
    for it in wished.iter().filter(|it| it.is_asked) {
        let known = follow::known(&it.wish.report, all);
        let name = said::part(it.wish.report.as_str());
        if reports.last().is_none_or(|last| last.name != name) {
            reports.push(Far { name, ..Far::default() });
        }
        let Some(far) = reports.last_mut() else { continue };
        for key in &it.keys {
            let window = known.get(&key.id());
            // What was forgotten is not missed.
            if window.is_some_and(|window| window.state == WindowStatus::Forgotten) {
                continue;
            }
            far.all += 1;
            if let Some(window) = follow::here(key, &known, today) {
                far.here += 1;
                let is_renewed = window.again.is_some_and(WindowStatus::is_under_way);
                far.provisional += usize::from(window.state == WindowStatus::Provisional && !is_renewed);
            } else if window
                .is_some_and(|w| w.state.is_under_way() || w.again.is_some_and(WindowStatus::is_under_way))
            {
                far.under_way += 1;
            } else if window.is_some_and(|window| window.state == WindowStatus::Failed) {
                far.failed += 1;
            }
        }
    }
    reports
}

/// What is to be asked for: the wishes that something is missing of, and the requests of which something failed.
fn missing(wished: &[Wished], all: &Requests, today: Day, is_for_more: bool) -> (Vec<Wish>, Vec<String>) {
    let asked = wished.iter().filter(|it| it.is_asked);
    let wishes = asked.clone().filter(|it| {
        let known = follow::known(&it.wish.report, all);
        it.keys.iter().any(|key| match follow::here(key, &known, today) {
            Some(window) => is_for_more && window.state == WindowStatus::Provisional,
            None => known.get(&key.id()).is_none_or(|window| window.state != WindowStatus::Forgotten),
        })
    });
    let failed = asked.filter_map(|it| {
        let request = all.requests.iter().find(|request| it.wish.is_met_by(request))?;
        request.windows.iter().any(|window| window.state == WindowStatus::Failed).then(|| request.id.clone())
    });
    (wishes.map(|it| it.wish.clone()).collect(), failed.collect())
}

/// The line.
#[component]
pub fn Gathering(
    /// The reports that are needed.
    wished: Memo<Vec<Wished>>,
    /// What is known of them.
    gatherer: Gatherer,
    /// What they are needed for, where that is not the whole page.
    #[prop(optional, into)]
    other: Signal<String>,
) -> impl IntoView {
    let ground = expect_context::<Ground>();
    let gathered = gatherer.gathered();
    let today = move || ground.clock.now().day();
    let reports = Memo::new(move |_| {
        gathered.with(|g| g.all.as_ref().map(|all| wished.with(|wished| far(wished, all, today()))))
    });
    let sum = move |of: fn(&Far) -> usize| {
        reports.with(|reports: &Option<Vec<Far>>| reports.iter().flatten().map(of).sum::<usize>())
    };
    let line = move || {
        reports
            .with(Option::is_some)
            .then(|| said::far([sum(|f| f.here), sum(|f| f.all), sum(|f| f.under_way), sum(|f| f.failed)]))
            .map(|far| if other.with(String::is_empty) { far } else { against::far(&other.get(), &far) })
    };
    let ask = move |is_for_more: bool| {
        move |_| {
            let asked = gathered.with_untracked(|g| {
                let all = g.all.as_ref()?;
                Some(wished.with_untracked(|wished| missing(wished, all, today(), is_for_more)))
            });
            if let Some((wishes, failed)) = asked {
                gatherer.ask(wishes, failed);
            }
        }
    };
    let is_busy = move || gathered.with(|gathered| gathered.is_busy);
    let is_missing = Memo::new(move |_| sum(|far| far.unasked() + far.failed) > 0);
    let may_grow = Memo::new(move |_| !is_missing.get() && sum(|far| far.provisional) > 0);
    let list = move || {
        reports.get().into_iter().flatten().map(|far| view! { <li>{said::far_of(far.name, [far.here, far.all, far.under_way, far.failed])}</li> }).collect_view()
    };
    let trouble = move || {
        let again = Callback::new(move |()| gatherer.look());
        gathered.with(|g| g.trouble.clone()).map(|trouble| view! { <Notice trouble again /> })
    };
    let board = move || ground.address.view().with_page(Page::Requests).to_url();
    view! {
        <section class="progress gathering" data-testid="gathering">
            <p class="progress-far"><span role="status">{line}</span></p>
            <Show when=move || is_missing.get() || may_grow.get()>
                <p class="actions">
                    <Show when=move || is_missing.get()>
                        <button type="button" class="main" disabled=is_busy on:click=ask(false)>{said::ASK}</button>
                        <span class="small quiet">{words::MAY_CLOSE}</span>
                    </Show>
                    <Show when=move || may_grow.get()>
                        <button type="button" class="plain" disabled=is_busy on:click=ask(true)>{said::ASK_FOR_MORE}</button>
                        <span class="small quiet">{words::MAY_HAVE_GROWN}</span>
                    </Show>
                </p>
            </Show>
            <details>
                <summary>{words::DETAILS}</summary>
                <ul class="small parts">{list}</ul>
                <p class="small"><a href=board>{words::SEE_REQUESTS}</a></p>
            </details>
            {trouble}
        </section>
    }
}
