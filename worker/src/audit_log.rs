//! The audit log: who saw, downloaded, asked and changed roles.
//!
//! Changes of roles are recorded where they are made, by the Registry. What is only read is noted here, after its answer is
//! known, and handed over once a second: reading rows must not wait for it. An isolate that dies within that second takes
//! its entries along.

use crate::auth::Visitor;
use crate::rpc::{self, AuditEntry, AuditFilter, RegistryCommand};
use crate::{clock, response};
use domain::api::{AuditAction, AuditLogEntry, AuditLogPage, Scope};
use domain::audit_buffer::AuditBuffer;
use domain::problem::{Code, Problem};
use domain::report::ReportName;
use domain::scope::parse_uuid;
use domain::time::{SECOND, Timestamp, parse_day};
use futures_util::stream;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use worker::{Context, Delay, Env, Response, Stub};

/// How long entries are gathered.
const FLUSH_AFTER: Duration = Duration::from_secs(1);

/// Somebody who should have handed entries over and did not for this long was broken off.
const FLUSH_OVERDUE: i64 = 10 * SECOND;

/// Different entries that are gathered at most; whatever comes beyond in that second is one line, with its count.
const MAX_BUFFERED_ENTRIES: usize = 2_000;

/// Courses and sections that one line tells.
const MAX_GRANTS_LISTED: usize = 20;

thread_local! {
    static BUFFER: RefCell<AuditBuffer<AuditEntry>> = const { RefCell::new(AuditBuffer::new(MAX_BUFFERED_ENTRIES)) };
    /// Since when somebody is about to hand them over.
    static FLUSH_DUE: Cell<Option<Timestamp>> = const { Cell::new(None) };
}

/// What somebody looks at, as it is recorded: nothing that could be what they searched for.
pub(crate) struct AuditView<'a> {
    /// The report's name as it was asked for.
    pub(crate) report: &'a str,
    /// The first and the last day as they were asked for.
    pub(crate) days: Option<(&'a str, &'a str)>,
    /// The course's id as it was asked for.
    pub(crate) course: Option<&'a str>,
    /// The section's id, or its number.
    pub(crate) section: Option<&'a str>,
}

impl AuditView<'_> {
    /// As a line tells it. What is no id, no day and no name of a report is told as `?`.
    pub(crate) fn describe(&self) -> String {
        let unknown = || "?".to_owned();
        let mut text = ReportName::parse(self.report).map_or_else(unknown, String::from);
        if let Some((from, to)) = self.days {
            let day = |text| parse_day(text).map_or_else(unknown, |day| day.to_string());
            text.push_str(&format!(" {}..{}", day(from), day(to)));
        }
        if let Some(course) = self.course {
            text.push_str(&format!(" course {}", parse_uuid(course).unwrap_or_else(unknown)));
        }
        if let Some(section) = self.section {
            let is_number = section.len() <= 12 && section.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let number = || if is_number { section.to_owned() } else { unknown() };
            text.push_str(&format!(" section {}", parse_uuid(section).unwrap_or_else(number)));
        }
        text
    }
}

/// A note about somebody who is known.
pub(crate) fn new_entry(visitor: &Visitor, what: AuditAction, view: String) -> AuditEntry {
    let scope = match visitor.role_assignment.as_ref().map(|role_assignment| role_assignment.scope()) {
        None => String::new(),
        Some(Scope::Everything) => "everything".to_owned(),
        Some(Scope::Courses(grants)) => {
            let text = grants.iter().take(MAX_GRANTS_LISTED).map(|grant| match &grant.section {
                Some(section) => format!("{}/{section}", grant.course),
                None => grant.course.clone(),
            });
            let more = grants.len().checked_sub(MAX_GRANTS_LISTED).filter(|more| *more > 0);
            let more = more.map(|more| format!("and {more} more"));
            text.chain(more).collect::<Vec<_>>().join(" ")
        }
    };
    AuditEntry {
        person: visitor.person.clone(),
        role: visitor.role_assignment.as_ref().map(|role_assignment| role_assignment.role),
        scope,
        what,
        view,
        count: 1,
    }
}

/// Takes a note, to be handed over soon.
pub(crate) fn enqueue(audit_entry: AuditEntry, context: &Context, env: &Env, scheduler_name: &str) {
    let now = clock::now();
    BUFFER.with_borrow_mut(|buffer| buffer.push(audit_entry));
    let is_due = FLUSH_DUE.get().is_some_and(|since| (0..FLUSH_OVERDUE).contains(&now.since(since)));
    if !is_due {
        FLUSH_DUE.set(Some(now));
        let (env, scheduler_name) = (env.clone(), scheduler_name.to_owned());
        context.wait_until(async move {
            Delay::from(FLUSH_AFTER).await;
            flush(&env, &scheduler_name).await;
        });
    }
}

/// Hands over what is gathered.
async fn flush(env: &Env, scheduler_name: &str) {
    FLUSH_DUE.set(None);
    let (entries, lost) = BUFFER.with_borrow_mut(AuditBuffer::drain);
    if entries.is_empty() && lost == 0 {
        return;
    }
    let gap = (lost > 0).then(|| AuditEntry::for_dropped(lost));
    let handed = match rpc::registry(env, scheduler_name) {
        Ok(registry) => {
            let lines = entries.iter().cloned().chain(gap).collect();
            rpc::call::<_, bool>(&registry, &RegistryCommand::AppendAuditEntries(lines)).await.map(drop)
        }
        Err(error) => Err(response::internal_error(&error)),
    };
    if let Err(problem) = handed {
        worker::console_error!("the audit log waits for lines: {}", problem.title);
        // They go with the next that are handed over.
        BUFFER.with_borrow_mut(|buffer| buffer.restore(entries, lost));
    }
}

/// Reads the query of `/api/record`: which lines, and whether as a file.
///
/// # Errors
/// `bad-day`, `bad-query`.
pub(crate) fn parse_query(mut query: BTreeMap<String, String>) -> Result<(AuditFilter, bool), Problem> {
    let wrong = |detail: &str| Problem::new(Code::BadQuery, detail);
    let as_file = match query.remove("as").as_deref() {
        None => false,
        Some("csv") => true,
        Some(_) => return Err(wrong("`as` must be csv, or be left out.")),
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
        return Err(wrong("`person` must be the id of a person, not an address."));
    }
    let what = match query.remove("what") {
        None => None,
        Some(slug) => Some(
            AuditAction::parse(&slug).ok_or_else(|| wrong("`what` must be a kind of entry, such as saw."))?,
        ),
    };
    let before = match query.remove("before") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| wrong("`before` must be the number of an entry."))?),
    };
    crate::router::refuse_unknown_parameters(&query)?;
    Ok((AuditFilter { from, to, person, what, before }, as_file))
}

/// A page of the audit log, with what was noted here just now.
///
/// # Errors
/// What the Registry says.
pub(crate) async fn read_page(
    env: &Env,
    scheduler_name: &str,
    registry: &Stub,
    filter: AuditFilter,
) -> Result<AuditLogPage, Problem> {
    flush(env, scheduler_name).await;
    rpc::call(registry, &RegistryCommand::ReadAuditLog(filter)).await
}

/// The audit log as a file, read page by page.
///
/// # Errors
/// What the Registry says to the first page.
pub(crate) async fn stream_csv(
    env: &Env,
    scheduler_name: &str,
    filter: AuditFilter,
) -> Result<Response, Problem> {
    let registry = rpc::registry(env, scheduler_name).map_err(|error| response::internal_error(&error))?;
    let first = read_page(env, scheduler_name, &registry, filter.clone()).await?;
    let header = "at,last,count,person,role,what,scope,view\r\n".to_owned();
    let reading = (registry, filter, VecDeque::from([header + &csv_lines(&first)]), first.before);
    let rows = stream::try_unfold(reading, |(registry, filter, mut ready, mut before)| async move {
        if let Some(text) = ready.pop_front() {
            return Ok(Some((text.into_bytes(), (registry, filter, ready, before))));
        }
        let Some(id) = before else { return Ok(None) };
        let next = AuditFilter { before: Some(id), ..filter.clone() };
        let page: AuditLogPage = rpc::call(&registry, &RegistryCommand::ReadAuditLog(next))
            .await
            .map_err(|_| worker::Error::RustError("the record broke off".to_owned()))?;
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

fn csv_lines(records: &AuditLogPage) -> String {
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
    records.entries.iter().map(line).collect()
}

/// A text as a cell: in quotes, and never one that a spreadsheet would run.
fn csv_cell(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if runs { "'" } else { "" }, text.replace('"', "\"\""))
}

/// `2026-02-02 09:30:00`, UTC.
fn format_time(at: Timestamp) -> String {
    let seconds = at.since(Timestamp::start_of(at.day())) / SECOND;
    format!("{} {:02}:{:02}:{:02}", at.day(), seconds / 3600, seconds / 60 % 60, seconds % 60)
}
