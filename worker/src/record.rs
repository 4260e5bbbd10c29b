//! The record: who saw, downloaded, asked and changed roles.
//!
//! Changes of roles are recorded where they are made, by the Register. What is only read is noted here, after its answer is
//! known, and handed over once a second: reading rows must not wait for it. An isolate that dies within that second takes
//! its notes along.

use crate::access::Visitor;
use crate::errand::{self, Note, Sought, ToRegister};
use crate::{answer, clock};
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

/// How long notes are gathered.
const GATHERED_FOR: Duration = Duration::from_secs(1);

/// Somebody who should have handed notes over and did not for this long was broken off.
const OVERDUE: i64 = 10 * SECOND;

/// Different notes that are gathered at most; whatever comes beyond in that second is one line, with its count.
const GATHERED_MOST: usize = 2_000;

/// Courses and sections that one line tells.
const GRANTS_TOLD: usize = 20;

thread_local! {
    static GATHERED: RefCell<AuditBuffer<Note>> = const { RefCell::new(AuditBuffer::new(GATHERED_MOST)) };
    /// Since when somebody is about to hand them over.
    static DUE: Cell<Option<Timestamp>> = const { Cell::new(None) };
}

/// What somebody looks at, as it is recorded: nothing that could be what they searched for.
pub(crate) struct View<'a> {
    /// The report's name as it was asked for.
    pub(crate) report: &'a str,
    /// The first and the last day as they were asked for.
    pub(crate) days: Option<(&'a str, &'a str)>,
    /// The course's id as it was asked for.
    pub(crate) course: Option<&'a str>,
    /// The section's id, or its number.
    pub(crate) section: Option<&'a str>,
}

impl View<'_> {
    /// As a line tells it. What is no id, no day and no name of a report is told as `?`.
    pub(crate) fn told(&self) -> String {
        let unknown = || "?".to_owned();
        let mut told = ReportName::parse(self.report).map_or_else(unknown, String::from);
        if let Some((from, to)) = self.days {
            let day = |text| parse_day(text).map_or_else(unknown, |day| day.to_string());
            told.push_str(&format!(" {}..{}", day(from), day(to)));
        }
        if let Some(course) = self.course {
            told.push_str(&format!(" course {}", parse_uuid(course).unwrap_or_else(unknown)));
        }
        if let Some(section) = self.section {
            let is_number = section.len() <= 12 && section.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let number = || if is_number { section.to_owned() } else { unknown() };
            told.push_str(&format!(" section {}", parse_uuid(section).unwrap_or_else(number)));
        }
        told
    }
}

/// A note about somebody who is known.
pub(crate) fn of(visitor: &Visitor, what: AuditAction, view: String) -> Note {
    let scope = match visitor.standing.as_ref().map(|standing| standing.scope()) {
        None => String::new(),
        Some(Scope::Everything) => "everything".to_owned(),
        Some(Scope::Courses(grants)) => {
            let told = grants.iter().take(GRANTS_TOLD).map(|grant| match &grant.section {
                Some(section) => format!("{}/{section}", grant.course),
                None => grant.course.clone(),
            });
            let more = grants.len().checked_sub(GRANTS_TOLD).filter(|more| *more > 0);
            let more = more.map(|more| format!("and {more} more"));
            told.chain(more).collect::<Vec<_>>().join(" ")
        }
    };
    Note {
        person: visitor.person.clone(),
        role: visitor.standing.as_ref().map(|standing| standing.role),
        scope,
        what,
        view,
        count: 1,
    }
}

/// Takes a note, to be handed over soon.
pub(crate) fn take(note: Note, context: &Context, env: &Env, desk_name: &str) {
    let now = clock::now();
    GATHERED.with_borrow_mut(|gathered| gathered.push(note));
    let is_due = DUE.get().is_some_and(|since| (0..OVERDUE).contains(&now.since(since)));
    if !is_due {
        DUE.set(Some(now));
        let (env, desk_name) = (env.clone(), desk_name.to_owned());
        context.wait_until(async move {
            Delay::from(GATHERED_FOR).await;
            hand_over(&env, &desk_name).await;
        });
    }
}

/// Hands over what is gathered.
async fn hand_over(env: &Env, desk_name: &str) {
    DUE.set(None);
    let (notes, lost) = GATHERED.with_borrow_mut(AuditBuffer::drain);
    if notes.is_empty() && lost == 0 {
        return;
    }
    let gap = (lost > 0).then(|| Note::lost(lost));
    let handed = match errand::register(env, desk_name) {
        Ok(register) => {
            let lines = notes.iter().cloned().chain(gap).collect();
            errand::ask::<_, bool>(&register, &ToRegister::Note(lines)).await.map(drop)
        }
        Err(error) => Err(answer::internal(&error)),
    };
    if let Err(problem) = handed {
        worker::console_error!("the record waits for lines: {}", problem.title);
        // They go with the next that are handed over.
        GATHERED.with_borrow_mut(|gathered| gathered.restore(notes, lost));
    }
}

/// Reads the query of `/api/record`: which lines, and whether as a file.
///
/// # Errors
/// `bad-day`, `bad-query`.
pub(crate) fn read(mut query: BTreeMap<String, String>) -> Result<(Sought, bool), Problem> {
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
    crate::route::refuse_rest(&query)?;
    Ok((Sought { from, to, person, what, before }, as_file))
}

/// A page of the record, with what was noted here just now.
///
/// # Errors
/// What the Register says.
pub(crate) async fn page(
    env: &Env,
    desk_name: &str,
    register: &Stub,
    sought: Sought,
) -> Result<AuditLogPage, Problem> {
    hand_over(env, desk_name).await;
    errand::ask(register, &ToRegister::Records(sought)).await
}

/// The record as a file, read page by page.
///
/// # Errors
/// What the Register says to the first page.
pub(crate) async fn file(env: &Env, desk_name: &str, sought: Sought) -> Result<Response, Problem> {
    let register = errand::register(env, desk_name).map_err(|error| answer::internal(&error))?;
    let first = page(env, desk_name, &register, sought.clone()).await?;
    let header = "at,last,count,person,role,what,scope,view\r\n".to_owned();
    let reading = (register, sought, VecDeque::from([header + &lines(&first)]), first.before);
    let rows = stream::try_unfold(reading, |(register, sought, mut ready, mut before)| async move {
        if let Some(text) = ready.pop_front() {
            return Ok(Some((text.into_bytes(), (register, sought, ready, before))));
        }
        let Some(id) = before else { return Ok(None) };
        let next = Sought { before: Some(id), ..sought.clone() };
        let page: AuditLogPage = errand::ask(&register, &ToRegister::Records(next))
            .await
            .map_err(|_| worker::Error::RustError("the record broke off".to_owned()))?;
        before = page.before;
        Ok(Some((lines(&page).into_bytes(), (register, sought, ready, before))))
    });
    let rows: std::pin::Pin<Box<dyn stream::Stream<Item = worker::Result<Vec<u8>>>>> = Box::pin(rows);
    let respond = || {
        let response = Response::from_stream(rows)?;
        response.headers().set("content-type", "text/csv; charset=utf-8")?;
        response.headers().set("content-disposition", "attachment; filename=\"lectern-record.csv\"")?;
        answer::private(response)
    };
    respond().map_err(|error| answer::internal(&error))
}

fn lines(records: &AuditLogPage) -> String {
    let line = |entry: &AuditLogEntry| {
        let role = entry.role.map_or("", |role| role.slug());
        let cells = [
            spelled(entry.at),
            spelled(entry.last),
            entry.count.to_string(),
            cell(&entry.person),
            role.to_owned(),
            entry.what.slug().to_owned(),
            cell(&entry.scope),
            cell(&entry.view),
        ];
        format!("{}\r\n", cells.join(","))
    };
    records.entries.iter().map(line).collect()
}

/// A text as a cell: in quotes, and never one that a spreadsheet would run.
fn cell(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if runs { "'" } else { "" }, text.replace('"', "\"\""))
}

/// `2026-02-02 09:30:00`, UTC.
fn spelled(at: Timestamp) -> String {
    let seconds = at.since(Timestamp::start_of(at.day())) / SECOND;
    format!("{} {:02}:{:02}:{:02}", at.day(), seconds / 3600, seconds / 60 % 60, seconds % 60)
}
