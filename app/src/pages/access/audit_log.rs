//! `/record`: who saw, downloaded, asked and changed what.

use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::context::AppContext;
use crate::words;
use crate::words::access as said;
use crate::{browser_zones, locale};
use domain::api::{AuditAction, AuditLogEntry, AuditLogPage, Roles};
use domain::range::Range;
use domain::time::{SECOND, minus_days};
use domain::zone::Zone;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Days back from today for which clock times are known as they were: more than a record is usually kept.
const YEARS: u64 = 3 * 365;

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq)]
struct AuditFilter {
    from: String,
    to: String,
    person: String,
    what: String,
}

impl AuditFilter {
    fn url(&self, more: &[(&str, &str)]) -> String {
        let own = [("from", &self.from), ("to", &self.to), ("person", &self.person), ("what", &self.what)];
        let all = own.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied());
        // Days, ids and words of a list: nothing that a URL would have to spell otherwise.
        let given: Vec<String> = all
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let query = if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) };
        format!("{}{query}", api_client::access::RECORD)
    }
}

/// The page.
#[component]
pub fn AuditPage() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let roles: ApiSignal<Roles> = ApiSignal::new(api_client::access::ROLES);
    let filter = RwSignal::new(AuditFilter::default());
    let entries = RwSignal::new(Vec::<AuditLogEntry>::new());
    let before = RwSignal::new(None::<u64>);
    let kept = RwSignal::new(None::<u32>);
    let error = RwSignal::new(None::<ApiError>);
    let turn = StoredValue::new(0_u32);
    let fetch = move |older_than: Option<u64>| {
        turn.update_value(|turn| *turn = turn.wrapping_add(1));
        let this = turn.get_value();
        let before_text = older_than.map(|id| id.to_string()).unwrap_or_default();
        let url = filter.with_untracked(|filter| filter.url(&[("before", &before_text)]));
        spawn_local(async move {
            let answer = api_client::parse_json::<AuditLogPage>(api_client::fetch_text(&url).await);
            if turn.try_get_value() != Some(this) {
                return;
            }
            match answer {
                Ok(answer) => {
                    error.set(None);
                    kept.set(Some(answer.kept_days));
                    before.set(answer.before);
                    entries.update(|entries| {
                        if older_than.is_none() {
                            entries.clear();
                        }
                        entries.extend(answer.entries);
                    });
                }
                Err(what) => error.set(Some(what)),
            }
        });
    };
    Effect::new(move |_| {
        filter.track();
        fetch(None);
    });
    let zone_name = context.session().time_zone;
    let now = context.session().now;
    let range = Range::new(minus_days(now.day(), YEARS), now.day()).ok();
    let zone = browser_zones::trace(&zone_name, range, now).unwrap_or_else(Zone::utc);
    let zone = StoredValue::new(zone);
    let row = move |entry: AuditLogEntry| {
        let at = zone.with_value(|zone| entry.last.plus(i64::from(zone.offset_at(entry.last)) * SECOND));
        let times = (entry.count > 1).then(|| format!(" ×{}", entry.count));
        let who = said::who(&entry.person).to_owned();
        view! {
            <tr>
                <th scope="row">{locale::format_date_time(at)}</th>
                <td>{who}</td>
                <td>{entry.role.map(said::role)}</td>
                <td>{said::what(entry.what)} {times}</td>
                <td>{entry.view}</td>
                <td class="small quiet">{said::scope(&entry.scope)}</td>
            </tr>
        }
    };
    let people = move || {
        let all = roles.ok().unwrap_or_default().people;
        all.into_iter().map(|it| view! { <option value=it.id>{it.email}</option> }).collect_view()
    };
    let kinds = AuditAction::ALL.map(|it| view! { <option value=it.slug()>{said::what(it)}</option> });
    let day = move |label: &'static str, set: fn(&mut AuditFilter) -> &mut String| {
        view! {
            <label>
                <span>{label}</span>
                <input type="date" on:change=move |event| {
                    filter.update(|filter| *set(filter) = event_target_value(&event));
                } />
            </label>
        }
    };
    let choose = move |set: fn(&mut AuditFilter) -> &mut String| {
        move |event| filter.update(|filter| *set(filter) = event_target_value(&event))
    };
    view! {
        <form class="in-line" on:submit=|event: web_sys::SubmitEvent| event.prevent_default()>
            {day(words::FIRST_DAY, |filter| &mut filter.from)}
            {day(words::LAST_DAY, |filter| &mut filter.to)}
            <label>
                <span>{said::WHO}</span>
                <select on:change=choose(|filter| &mut filter.person)>
                    <option value="">{said::ANYBODY}</option>
                    {people}
                </select>
            </label>
            <label>
                <span>{said::WHAT}</span>
                <select on:change=choose(|filter| &mut filter.what)>
                    <option value="">{said::ANYTHING}</option>
                    {kinds.into_iter().collect_view()}
                </select>
            </label>
            <a class="button" download="" href=move || filter.with(|filter| filter.url(&[("as", "csv")]))>
                {words::DOWNLOAD}
            </a>
        </form>
        <p class="quiet small">{move || kept.get().map(said::kept)} " " {said::days_in_utc(&zone_name)}</p>
        {move || error.get().map(|error| view! {
            <ErrorNotice error again=Callback::new(move |()| fetch(None)) />
        })}
        <Show when=move || !entries.with(Vec::is_empty)
            fallback=move || view! { {move || kept.get().map(|_| view! { <p>{said::NO_ENTRIES}</p> })} }>
            <div class="wide">
                <table data-testid="record">
                    <thead>
                        <tr>
                            <th scope="col">{said::WHEN}</th>
                            <th scope="col">{said::WHO}</th>
                            <th scope="col">{said::ROLE}</th>
                            <th scope="col">{said::WHAT}</th>
                            <th scope="col">{said::ON_WHAT}</th>
                            <th scope="col">{said::COULD_SEE}</th>
                        </tr>
                    </thead>
                    <tbody>{move || entries.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </Show>
        <Show when=move || before.get().is_some()>
            <p><button type="button" on:click=move |_| fetch(before.get_untracked())>{said::OLDER}</button></p>
        </Show>
    }
}
