//! Audit log entries that the router writes: who saw, downloaded or requested data, and who was refused.
//!
//! Entries are buffered and sent to the registry once a second, so that reading rows does not wait for the
//! registry. An isolate that dies within that second loses them. The registry itself records changes of
//! roles, sessions and shares, in the same transaction as the change.

use crate::auth::Visitor;
use crate::rpc::{self, RegistryCommand};
use crate::{clock, response};
use domain::api::{AuditAction, Scope};
use domain::audit_buffer::AuditBuffer;
use domain::audit_log::AuditEntry;
use domain::ids::{CourseId, SectionId};
use domain::report::ReportName;
use domain::time::{SECOND, Timestamp, parse_day};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use worker::{Context, Delay, Env};

/// How long entries are buffered.
const FLUSH_AFTER: Duration = Duration::from_secs(1);

/// A flush still outstanding this many milliseconds after it was scheduled was aborted with its HTTP request.
const FLUSH_OVERDUE: i64 = 10 * SECOND;

/// Maximum number of distinct entries in the buffer. Further ones are replaced by one entry with their count.
const MAX_BUFFERED_ENTRIES: usize = 2_000;

/// Number of distinct entries in the buffer from which networks are no longer told apart.
const MAX_NETWORK_ENTRIES: usize = 20;

/// Maximum number of courses and sections that an entry lists.
const MAX_GRANTS_LISTED: usize = 20;

thread_local! {
    static BUFFER: RefCell<AuditBuffer<AuditEntry>> = const { RefCell::new(AuditBuffer::new(MAX_BUFFERED_ENTRIES)) };
    /// When the next flush was scheduled.
    static FLUSH_DUE: Cell<Option<Timestamp>> = const { Cell::new(None) };
}

/// The rows that a person reads or requests, as an audit entry names them. Search terms are left out.
pub(crate) struct AuditView<'a> {
    /// The report's name as requested.
    pub(crate) report: &'a str,
    /// The first and the last day as requested.
    pub(crate) days: Option<(&'a str, &'a str)>,
    /// The course's id as requested.
    pub(crate) course: Option<&'a CourseId>,
    /// The section's id, or its number.
    pub(crate) section: Option<&'a str>,
    /// Whether there are rows of this course and section. Otherwise they are not written down, since anybody could fill
    /// the audit log with made-up ids.
    pub(crate) is_known: bool,
}

impl AuditView<'_> {
    /// Formats as `videoview 2026-02-02..2026-02-08 course <id>`, with `?` in place of an invalid name or day,
    /// and of an unknown course or section.
    pub(crate) fn describe(&self) -> String {
        let unknown = || "?".to_owned();
        let mut text = ReportName::parse(self.report).map_or_else(unknown, String::from);
        if let Some((from, to)) = self.days {
            let day = |text| parse_day(text).map_or_else(unknown, |day| day.to_string());
            text.push_str(&format!(" {}..{}", day(from), day(to)));
        }
        if let Some(course) = self.course {
            let is_known = self.is_known && course.is_uuid();
            text.push_str(&format!(" course {}", if is_known { course.to_string() } else { unknown() }));
        }
        if let Some(section) = self.section {
            let is_number = section.len() <= 12 && section.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let number = || if is_number { section.to_owned() } else { unknown() };
            let name = if self.is_known {
                SectionId::parse(section).map_or_else(number, String::from)
            } else {
                unknown()
            };
            text.push_str(&format!(" section {name}"));
        }
        text
    }
}

/// An entry about what a visitor did; `view` is the text of [`AuditView::describe`].
pub(crate) fn new_entry(visitor: &Visitor, what: AuditAction, view: String) -> AuditEntry {
    let scope = match visitor.role_assignment.as_ref().map(Scope::from) {
        None => String::new(),
        Some(Scope::Everything) => "everything".to_owned(),
        Some(Scope::Courses(grants)) => {
            let text = grants.iter().take(MAX_GRANTS_LISTED).map(|grant| match &grant.section {
                Some(section) => format!("{}/{section}", grant.course),
                None => grant.course.to_string(),
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
        network: String::new(),
        count: 1,
    }
}

/// Buffers an entry and schedules a flush.
pub(crate) fn enqueue(mut audit_entry: AuditEntry, context: &Context, env: &Env, scheduler_name: &str) {
    let now = clock::now();
    BUFFER.with_borrow_mut(|buffer| {
        // So that strangers from many networks leave room for people who are signed in, and keep no Registry busy.
        if buffer.entry_count() >= MAX_NETWORK_ENTRIES {
            audit_entry.network.clear();
        }
        buffer.push(audit_entry);
    });
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

/// Sends the buffered entries to the registry.
pub(crate) async fn flush(env: &Env, scheduler_name: &str) {
    FLUSH_DUE.set(None);
    let (entries, lost) = BUFFER.with_borrow_mut(AuditBuffer::drain);
    if entries.is_empty() && lost == 0 {
        return;
    }
    let gap = (lost > 0).then(|| AuditEntry::for_dropped(lost));
    let result = match rpc::registry(env, scheduler_name) {
        Ok(registry) => {
            let lines = entries.iter().cloned().chain(gap).collect();
            rpc::call::<_, bool>(&registry, &RegistryCommand::AppendAuditEntries(lines)).await.map(drop)
        }
        Err(error) => Err(response::internal_error(&error)),
    };
    if let Err(problem) = result {
        worker::console_error!("entries of the audit log wait: {}", problem.title);
        // The next flush sends them.
        BUFFER.with_borrow_mut(|buffer| buffer.restore(entries, lost));
    }
}
