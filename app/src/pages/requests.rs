//! `/requests`: everything that has been asked for, newest first, as a board.

use crate::client;
use crate::page::Ground;
use crate::parts::coverage::Coverage;
use crate::parts::notice::Notice;
use crate::{spelling, words};
use domain::api::Request;
use domain::range::Range;
use domain::view::{Place, View, ZoneName};
use leptos::prelude::*;
use std::time::Duration;

/// How often the board is renewed.
const RENEWED: Duration = Duration::from_secs(15);

/// The board.
#[component]
pub fn Board() -> impl IntoView {
    let requests = LocalResource::new(client::requests);
    if let Ok(interval) = set_interval_with_handle(move || requests.refetch(), RENEWED) {
        on_cleanup(move || interval.clear());
    }
    view! {
        <h1>{words::REQUESTS}</h1>
        {move || match requests.get() {
            None => view! { <p class="quiet" role="status">{words::LOADING}</p> }.into_any(),
            Some(Err(trouble)) => view! {
                <Notice trouble again=Callback::new(move |()| requests.refetch()) />
            }
            .into_any(),
            Some(Ok(all)) => view! {
                {all.desk.held.map(|held| view! { <p class="wait" role="status">{held.detail}</p> })}
                {all.requests.is_empty().then(|| view! { <p>{words::NO_REQUESTS}</p> })}
                <ul class="board">
                    {all.requests.into_iter().map(|request| view! { <Line request /> }).collect_view()}
                </ul>
            }
            .into_any(),
        }}
    }
}

/// One request.
#[component]
fn Line(request: Request) -> impl IntoView {
    let ground = expect_context::<Ground>();
    let range = request.from.zip(request.to).and_then(|(from, to)| Range::new(from, to).ok());
    let own = ground.session().time_zone;
    let to = View {
        place: Place::Overview,
        report: Some(request.report.clone()),
        range,
        zone: ZoneName::parse(&request.tz).filter(|zone| zone.as_str() != own),
        ..View::default()
    };
    let now = ground.clock.now();
    let days = range.map_or_else(|| words::ALL_TIME.to_owned(), spelling::range);
    view! {
        <li>
            <h2><a href=to.to_url()>{ground.title(request.report.as_str())} ", " {days}</a></h2>
            <Coverage windows=request.windows.clone() now />
            <p class="small quiet">{words::coverage(&request, now)}</p>
        </li>
    }
}
