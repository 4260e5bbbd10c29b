//! `/api/record`: the audit log, for administrators.

use super::{HandlerResult, Reply};
use crate::audit_log::flush;
use crate::request_context::RequestContext;
use crate::response;
use crate::rpc::{self, AuditFilter, RegistryCommand};
use domain::api::{AuditAction, AuditLogEntry, AuditLogPage};
use domain::formula_injection::disarm_formulas;
use domain::problem::{Code, Problem};
use domain::time::{SECOND, Timestamp, parse_day};
use futures_util::stream;
use std::collections::{BTreeMap, VecDeque};
use worker::{Response, Stub};

/// `GET /api/record`
pub(super) async fn read(context: &RequestContext<'_>) -> HandlerResult {
    let (filter, is_csv) = parse_query(context.query())?;
    // Entries still buffered in this isolate belong to the log.
    flush(context.env, &context.settings.scheduler_name()).await;
    let registry = context.registry()?;
    if is_csv {
        let response = stream_csv(registry, filter).await?;
        return Ok(Reply::new(Ok(response))?.with_audit_detail("csv".to_owned()));
    }
    Reply::json(&read_page(&registry, filter).await?)
}

/// Parses the filter, and whether the response is to be a CSV file.
///
/// # Errors
/// `bad-day`, `bad-query`.
fn parse_query(mut query: BTreeMap<String, String>) -> Result<(AuditFilter, bool), Problem> {
    let bad_query = |detail: &str| Problem::new(Code::BadQuery, detail);
    let is_csv = match query.remove("as").as_deref() {
        None => false,
        Some("csv") => true,
        Some(_) => return Err(bad_query("`as` must be csv, or be left out.")),
    };
    let mut day = |name: &str| match query.remove(name) {
        None => Ok(None),
        Some(text) => parse_day(&text)
            .map(Some)
            .ok_or_else(|| Problem::new(Code::BadDay, format!("`{name}` must be a day such as 2026-02-02."))),
    };
    let (from, to) = (day("from")?, day("to")?);
    let person = query.remove("person");
    if person.as_ref().is_some_and(|id| id.len() != 16 || !id.bytes().all(|b| b.is_ascii_hexdigit())) {
        return Err(bad_query("`person` must be the id of a person, not an address."));
    }
    let bad_action = || bad_query("`what` must be a kind of entry, such as saw.");
    let what =
        query.remove("what").map(|slug| AuditAction::parse(&slug).ok_or_else(bad_action)).transpose()?;
    let bad_number = |_| bad_query("`before` must be the number of an entry.");
    let before = query.remove("before").map(|text| text.parse().map_err(bad_number)).transpose()?;
    Ok((AuditFilter { from, to, person, role_of: None, what, before }, is_csv))
}

async fn read_page(registry: &Stub, filter: AuditFilter) -> Result<AuditLogPage, Problem> {
    rpc::call(registry, &RegistryCommand::ReadAuditLog(filter)).await
}

/// The header row of the audit log as CSV.
const CSV_HEADER: &str = "at,last,count,person,role,what,scope,view\r\n";

/// All entries of each filter as CSV, each changed by `change`.
pub(super) async fn read_csv(
    context: &RequestContext<'_>,
    registry: &Stub,
    filters: impl IntoIterator<Item = AuditFilter>,
    change: impl Fn(AuditLogEntry) -> AuditLogEntry,
) -> Result<String, Problem> {
    // Entries still buffered in this isolate belong to the log.
    flush(context.env, &context.settings.scheduler_name()).await;
    let mut text = CSV_HEADER.to_owned();
    for mut filter in filters {
        loop {
            let mut page = read_page(registry, filter.clone()).await?;
            page.entries = page.entries.into_iter().map(&change).collect();
            text.push_str(&csv_lines(&page));
            filter.before = page.before;
            if filter.before.is_none() {
                break;
            }
        }
    }
    Ok(text)
}

/// All entries as CSV, read page by page.
///
/// # Errors
/// Errors of the first page. An error of a later page breaks the download off.
async fn stream_csv(registry: Stub, filter: AuditFilter) -> Result<Response, Problem> {
    let first = read_page(&registry, filter.clone()).await?;
    let start = CSV_HEADER.to_owned() + &csv_lines(&first);
    let state = (registry, filter, VecDeque::from([start]), first.before);
    let rows = stream::try_unfold(state, |(registry, filter, mut ready, mut before)| async move {
        if let Some(text) = ready.pop_front() {
            return Ok(Some((text.into_bytes(), (registry, filter, ready, before))));
        }
        let Some(id) = before else { return Ok(None) };
        let page = read_page(&registry, AuditFilter { before: Some(id), ..filter.clone() })
            .await
            .map_err(|_| worker::Error::RustError("the audit log broke off".to_owned()))?;
        before = page.before;
        Ok(Some((csv_lines(&page).into_bytes(), (registry, filter, ready, before))))
    });
    let rows: std::pin::Pin<Box<dyn stream::Stream<Item = worker::Result<Vec<u8>>>>> = Box::pin(rows);
    let respond = || {
        let response = Response::from_stream(rows)?;
        response.headers().set("content-type", "text/csv; charset=utf-8")?;
        response.headers().set("content-disposition", "attachment; filename=\"lectern-record.csv\"")?;
        response::with_private_headers(response)
    };
    respond().map_err(|error| response::internal_error(&error))
}

fn csv_lines(page: &AuditLogPage) -> String {
    let line = |entry: &AuditLogEntry| {
        let role = entry.role.map_or("", |role| role.slug());
        let cells = [
            format_time(entry.at),
            format_time(entry.last),
            entry.count.to_string(),
            csv_cell(&entry.person),
            role.to_owned(),
            entry.what.slug().to_owned(),
            csv_cell(&entry.scope),
            csv_cell(&entry.view),
        ];
        format!("{}\r\n", cells.join(","))
    };
    page.entries.iter().map(line).collect()
}

/// A quoted cell, safe in spreadsheets.
fn csv_cell(text: &str) -> String {
    let disarmed = disarm_formulas(text.as_bytes());
    format!("\"{}\"", String::from_utf8_lossy(&disarmed).replace('"', "\"\""))
}

/// Formats a time as `2026-02-02 09:30:00`, UTC.
fn format_time(at: Timestamp) -> String {
    let seconds = at.since(Timestamp::start_of(at.day())) / SECOND;
    format!("{} {:02}:{:02}:{:02}", at.day(), seconds / 3600, seconds / 60 % 60, seconds % 60)
}
