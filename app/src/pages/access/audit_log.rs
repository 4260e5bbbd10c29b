//! `/record`: the audit log, with a filter and a CSV download.

use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::context::AppContext;
use crate::words;
use crate::words::access as text;
use crate::{browser_zones, locale};
use domain::api::{AuditAction, AuditLogEntry, AuditLogPage, Roles};
use domain::range::Range;
use domain::time::{SECOND, minus_days};
use domain::zone::Zone;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Days before today for which the time zone's offsets are traced: longer than audit entries are usually
/// kept.
const TRACED_DAYS: u64 = 3 * 365;

/// The filter, as query parameters. Empty values do not filter.
#[derive(Debug, Clone, Default, PartialEq)]
struct AuditFilter {
    from: String,
    to: String,
    person: String,
    what: String,
}

impl AuditFilter {
    /// The URL of the entries that match, with further query parameters.
    fn url(&self, more: &[(&str, &str)]) -> String {
        let own = [("from", &self.from), ("to", &self.to), ("person", &self.person), ("what", &self.what)];
        let all = own.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied());
        // Days, ids and slugs need no percent-encoding.
        let pairs: Vec<String> = all
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
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
    let retention_days = RwSignal::new(None::<u32>);
    let error = RwSignal::new(None::<ApiError>);
    let turn = StoredValue::new(0_u32);
    let fetch = move |older_than: Option<u64>| {
        turn.update_value(|turn| *turn = turn.wrapping_add(1));
        let current = turn.get_value();
        let before_text = older_than.map(|id| id.to_string()).unwrap_or_default();
        let url = filter.with_untracked(|filter| filter.url(&[("before", &before_text)]));
        spawn_local(async move {
            let result = api_client::parse_json::<AuditLogPage>(api_client::fetch_text(&url).await);
            if turn.try_get_value() != Some(current) {
                return;
            }
            match result {
                Ok(page) => {
                    error.set(None);
                    retention_days.set(Some(page.kept_days));
                    before.set(page.before);
                    entries.update(|entries| {
                        if older_than.is_none() {
                            entries.clear();
                        }
                        entries.extend(page.entries);
                    });
                }
                Err(failure) => error.set(Some(failure)),
            }
        });
    };
    Effect::new(move |_| {
        filter.track();
        fetch(None);
    });
    let zone_name = context.session().time_zone;
    let now = context.session().now;
    let range = Range::new(minus_days(now.day(), TRACED_DAYS), now.day()).ok();
    let zone = browser_zones::trace(&zone_name, range, now).unwrap_or_else(Zone::utc);
    let zone = StoredValue::new(zone);
    let row = move |entry: AuditLogEntry| {
        let at = zone.with_value(|zone| entry.last.plus(i64::from(zone.offset_at(entry.last)) * SECOND));
        let times = (entry.count > 1).then(|| format!(" ×{}", entry.count));
        let person = text::person_label(&entry.person).to_owned();
        view! {
            <tr>
                <th scope="row">{locale::format_date_time(at)}</th>
                <td>{person}</td>
                <td>{entry.role.map(text::role)}</td>
                <td>{text::audit_action(entry.what)} {times}</td>
                <td>{entry.view}</td>
                <td class="small quiet">{text::scope_label(&entry.scope)}</td>
            </tr>
        }
    };
    let people = move || {
        let all = roles.ok().unwrap_or_default().people;
        all.into_iter()
            .map(|it| view! { <option value=it.id>{String::from(it.email)}</option> })
            .collect_view()
    };
    let actions =
        AuditAction::ALL.map(|it| view! { <option value=it.slug()>{text::audit_action(it)}</option> });
    let day_field = move |label: &'static str, field: fn(&mut AuditFilter) -> &mut String| {
        view! {
            <label>
                <span>{label}</span>
                <input type="date" on:change=move |event| {
                    filter.update(|filter| *field(filter) = event_target_value(&event));
                } />
            </label>
        }
    };
    let choose = move |field: fn(&mut AuditFilter) -> &mut String| {
        move |event| filter.update(|filter| *field(filter) = event_target_value(&event))
    };
    view! {
        <form class="in-line" on:submit=|event: web_sys::SubmitEvent| event.prevent_default()>
            {day_field(words::FIRST_DAY, |filter| &mut filter.from)}
            {day_field(words::LAST_DAY, |filter| &mut filter.to)}
            <label>
                <span>{text::WHO}</span>
                <select on:change=choose(|filter| &mut filter.person)>
                    <option value="">{text::ANYBODY}</option>
                    {people}
                </select>
            </label>
            <label>
                <span>{text::ACTION}</span>
                <select on:change=choose(|filter| &mut filter.what)>
                    <option value="">{text::ANY_ACTION}</option>
                    {actions.into_iter().collect_view()}
                </select>
            </label>
            <a class="button" download="" href=move || filter.with(|filter| filter.url(&[("as", "csv")]))>
                {words::DOWNLOAD}
            </a>
        </form>
        <p class="quiet small">{move || retention_days.get().map(text::audit_retention)} " " {text::audit_zones(&zone_name)}</p>
        {move || error.get().map(|error| view! {
            <ErrorNotice error again=Callback::new(move |()| fetch(None)) />
        })}
        <Show when=move || !entries.with(Vec::is_empty)
            fallback=move || view! { {move || retention_days.get().map(|_| view! { <p>{text::NO_ENTRIES}</p> })} }>
            <div class="wide">
                <table data-testid="record">
                    <thead>
                        <tr>
                            <th scope="col">{text::WHEN}</th>
                            <th scope="col">{text::WHO}</th>
                            <th scope="col">{text::ROLE}</th>
                            <th scope="col">{text::ACTION}</th>
                            <th scope="col">{text::DETAILS}</th>
                            <th scope="col">{text::SCOPE}</th>
                        </tr>
                    </thead>
                    <tbody>{move || entries.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </Show>
        <Show when=move || before.get().is_some()>
            <p><button type="button" on:click=move |_| fetch(before.get_untracked())>{text::OLDER}</button></p>
        </Show>
    }
}
