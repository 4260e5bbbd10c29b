//! `/api/record`: the audit log, for administrators.

use super::{HandlerResult, Reply};
use crate::audit_log::flush;
use crate::request_context::RequestContext;
use crate::rpc::{self, AuditFilter, RegistryCommand};
use crate::{crypto, response};
use domain::api::{AuditAction, AuditLogEntry, AuditLogPage};
use domain::formula_injection::disarm_formulas;
use domain::problem::{Code, Problem};
use domain::time::{SECOND, Timestamp, parse_day};
use futures_util::stream;
use std::collections::{BTreeMap, VecDeque};
use worker::{Response, Stub};

/// `GET /api/record`
pub(super) async fn read(context: &RequestContext<'_>) -> HandlerResult {
    let (filter, format) = parse_query(context.query())?;
    // Entries still buffered in this isolate belong to the log.
    flush(context.env, &context.settings.scheduler_name()).await;
    let registry = context.registry()?;
    match format {
        Format::Page => Reply::json(&read_page(&registry, filter).await?),
        Format::Csv => {
            let response = stream_csv(registry, filter).await?;
            Ok(Reply::new(Ok(response))?.with_audit_detail("csv".to_owned()))
        }
        Format::JsonLines => {
            let page = read_page(&registry, filter).await?;
            Ok(Reply::new(json_lines(&page))?.with_audit_detail("jsonl".to_owned()))
        }
    }
}

/// How entries are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// A page as JSON.
    Page,
    /// All entries as CSV.
    Csv,
    /// The next part of an export.
    JsonLines,
}

/// An entry as JSON on each line.
fn json_lines(page: &AuditLogPage) -> worker::Result<Response> {
    let mut text = String::new();
    for entry in &page.entries {
        text.push_str(&serde_json::to_string(entry)?);
        text.push('\n');
    }
    let response = Response::ok(text)?;
    response.headers().set("content-type", "application/jsonl")?;
    response::with_private_headers(response)
}

/// Parses the filter and the format.
///
/// # Errors
/// `bad-day`, `bad-query`.
fn parse_query(mut query: BTreeMap<String, String>) -> Result<(AuditFilter, Format), Problem> {
    let bad_query = |detail: &str| Problem::new(Code::BadQuery, detail);
    let format = match query.remove("as").as_deref() {
        None => Format::Page,
        Some("csv") => Format::Csv,
        Some("jsonl") => Format::JsonLines,
        Some(_) => return Err(bad_query("`as` must be csv or jsonl, or be left out.")),
    };
    let mut day = |name: &str| match query.remove(name) {
        None => Ok(None),
        Some(text) => parse_day(&text)
            .map(Some)
            .ok_or_else(|| Problem::new(Code::BadDay, format!("`{name}` must be a day such as 2026-02-02."))),
    };
    let (from, to) = (day("from")?, day("to")?);
    let person = query.remove("person");
    if person.as_ref().is_some_and(|id| !crypto::is_well_formed_person_id(id)) {
        return Err(bad_query("`person` must be the id of a person, not an address."));
    }
    let bad_action = || bad_query("`what` must be a kind of entry, such as saw.");
    let what =
        query.remove("what").map(|slug| AuditAction::parse(&slug).ok_or_else(bad_action)).transpose()?;
    let mut number = |name: &str| {
        let parse = |text: String| {
            text.parse::<u64>().map_err(|_| bad_query(&format!("`{name}` must be the number of an entry.")))
        };
        query.remove(name).map(parse).transpose()
    };
    let (before, after) = (number("before")?, number("after")?);
    let is_export = format == Format::JsonLines;
    if (is_export && before.is_some()) || (!is_export && after.is_some()) {
        return Err(bad_query("`after` is for `as=jsonl`, and `before` for everything else."));
    }
    let after = is_export.then_some(after.unwrap_or(0));
    Ok((AuditFilter { from, to, person, role_of: None, what, before, after }, format))
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
