//! `/api/person-export`: everything held about one person, as a zip file, for administrators who answer a request for
//! access.
//!
//! All windows are read twice: the first time for the other ids of the person, which stand beside the given one in some
//! rows, the second time for the rows with any of them.

use super::{HandlerResult, Reply, audit_log};
use crate::audit_log::new_entry;
use crate::request_context::RequestContext;
use crate::rpc::{
    self, AccountRecord, AuditFilter, PersonExportPlan, RegistryCommand, SchedulerCommand, SharesCommand,
    WindowStoreCommand,
};
use crate::{clock, response};
use domain::api::{AuditAction, AuditLogEntry};
use domain::erasure::{IdentifierKind, IdentityLink, PersonIdentifier, Tombstones};
use domain::ids::Email;
use domain::problem::{Code, Problem};
use domain::scope::AccessScope;
use domain::window::WindowKey;
use engine::csv_archive::{ArchiveError, CsvArchive};
use engine::report_file::read_header;
use engine::rewrite::{CsvOutput, Rewriter};
use engine::shared_account::is_shared_account;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use worker::{Response, Stub};

/// The number of windows that are searched at the same time. Each holds at most 16 MB of rows.
const CONCURRENT_WINDOWS: usize = 3;

/// `POST /api/person-export`. The audit log records who saved somebody's data, and not whose, as for erasures.
pub(super) async fn export(context: &RequestContext<'_>) -> HandlerResult {
    let person: PersonIdentifier = context.json()?;
    let email = match &person {
        PersonIdentifier::Email(text) if is_shared_account(b"", text.as_bytes()) => {
            return Err(Problem::new(
                Code::BadBody,
                "This is an anonymous account of a public link. It stands for many people.",
            ));
        }
        PersonIdentifier::Email(text) => Email::parse(text),
        PersonIdentifier::Id(_) => None,
    };
    let kind = person.kind();
    let command = SchedulerCommand::PlanPersonExport { person };
    let PersonExportPlan { mut tombstones, windows } = rpc::call(&context.scheduler()?, &command).await?;
    let search = PersonSearch { context, windows: &windows };
    let links = search.find_links(&tombstones).await?;
    check_is_one_person(kind, &links)?;
    links.iter().for_each(|link| tombstones.add_link(link));
    let mut archive = CsvArchive::new(clock::now());
    let mut files = 0;
    let mut found = Box::pin(search.rows(&tombstones));
    while let Some((key, csv)) = found.try_next().await? {
        files += 1;
        let name = format!("lectern-{}-{}.csv", key.report, key.id());
        write_file(&mut archive, &name, &rewrite_for_spreadsheets(key, &csv)?)?;
    }
    // Passed on as JSON, see below.
    let accounts: Value =
        rpc::call(&context.scheduler()?, &SchedulerCommand::FindAccounts { person: tombstones.clone() })
            .await?;
    if accounts.as_array().is_some_and(|accounts| !accounts.is_empty()) {
        write_file(&mut archive, "shared-account.json", format!("{accounts:#}\n").as_bytes())?;
    }
    write_file(&mut archive, "about.txt", describe(files, kind, email.is_some()).as_bytes())?;
    let registry = context.registry()?;
    if let Some(email) = email {
        let command = RegistryCommand::ReadAccount { email: email.clone() };
        let account: AccountRecord = rpc::call(&registry, &command).await?;
        let log = read_audit_log(context, &registry, &email, &account.id).await?;
        write_file(&mut archive, "audit-log.csv", log.as_bytes())?;
        let account = describe_account(context, &registry, &email, account).await?;
        write_file(&mut archive, "account.json", format!("{account:#}\n").as_bytes())?;
    }
    let bytes = archive.finish().map_err(archive_problem)?;
    // Before the answer, so that nobody gets somebody's data without an entry.
    let detail = match kind {
        IdentifierKind::Email => "by e-mail address",
        IdentifierKind::Id => "by user id",
    };
    let entry = new_entry(context.visitor()?, AuditAction::PersonExported, detail.to_owned());
    rpc::call::<_, bool>(&registry, &RegistryCommand::AppendAuditEntries(vec![entry])).await?;
    Reply::new(respond(bytes))
}

/// Refuses an address with rows of several user ids: they may be different people, and none of them is to get the rows
/// of another.
fn check_is_one_person(given: IdentifierKind, links: &BTreeSet<IdentityLink>) -> Result<(), Problem> {
    let ids = links.iter().filter(|link| link.by == IdentifierKind::Id).count();
    if given == IdentifierKind::Email && ids > 1 {
        let detail = format!(
            "{ids} user ids have rows with this address, and they may be different people. Save the data of each by its id, \
             from the column `userid` of a download."
        );
        return Err(Problem::new(Code::BadBody, detail));
    }
    Ok(())
}

/// Searches every window for one person.
struct PersonSearch<'a> {
    context: &'a RequestContext<'a>,
    windows: &'a [WindowKey],
}

impl PersonSearch<'_> {
    fn store(&self, key: &WindowKey) -> Result<Stub, Problem> {
        rpc::window_store(self.context.env, &self.context.settings.scheduler_name(), key)
            .map_err(|error| response::internal_error(&error))
    }

    /// The identifiers beside those of the tombstones.
    async fn find_links(&self, tombstones: &Tombstones) -> Result<BTreeSet<IdentityLink>, Problem> {
        let find = async |key: &WindowKey| {
            let command = WindowStoreCommand::FindLinks { key: key.clone(), tombstones: tombstones.clone() };
            rpc::call::<_, BTreeSet<IdentityLink>>(&self.store(key)?, &command).await
        };
        let links = stream::iter(self.windows.iter().map(find)).buffered(CONCURRENT_WINDOWS);
        Ok(links.try_collect::<Vec<_>>().await?.into_iter().flatten().collect())
    }

    /// The header row and the person's rows of each window that has any.
    fn rows(
        &self,
        tombstones: &Tombstones,
    ) -> impl stream::Stream<Item = Result<(&WindowKey, Vec<u8>), Problem>> {
        let read = async |key: &WindowKey| {
            let command =
                WindowStoreCommand::ReadPersonRows { key: key.clone(), tombstones: tombstones.clone() };
            rpc::call_for_bytes(&self.store(key)?, &command).await
        };
        let rows = self.windows.iter().map(move |key| async move { Ok((key, read(key).await?)) });
        let rows = stream::iter(rows).buffered(CONCURRENT_WINDOWS);
        rows.try_filter(|(_, csv)| std::future::ready(!csv.is_empty()))
    }
}

/// A stored header row and rows as a file that spreadsheets open safely, like any download.
fn rewrite_for_spreadsheets(key: &WindowKey, csv: &[u8]) -> Result<Vec<u8>, Problem> {
    let unreadable = || Problem::new(Code::Internal, "A stored header row cannot be read.");
    let (delimiter, columns) = read_header(csv, key.report.known()).ok_or_else(unreadable)?;
    let rows_start = csv.iter().position(|byte| *byte == b'\n').ok_or_else(unreadable)? + 1;
    let columns_of_all = CsvOutput::merge_columns([&columns[..]]);
    let output = CsvOutput {
        columns: columns_of_all,
        appended: Vec::new(),
        local_time: None,
        delimiter: b',',
        safe: true,
    };
    let mut file = output.header_row();
    Rewriter::new(&output, delimiter, &columns, None, None, Vec::new())
        .rewrite(csv.get(rows_start..).unwrap_or_default(), &mut file)
        .map_err(|error| response::internal_error(&error.to_string().into()))?;
    Ok(file)
}

fn write_file(archive: &mut CsvArchive, name: &str, content: &[u8]) -> Result<(), Problem> {
    let length = u64::try_from(content.len()).unwrap_or(u64::MAX);
    archive.start_file(name, length).and_then(|()| archive.write(content)).map_err(archive_problem)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn archive_problem(error: ArchiveError) -> Problem {
    response::internal_error(&error.to_string().into())
}

/// What the person did, and the changes of their role. What names others in these entries is left empty.
async fn read_audit_log(
    context: &RequestContext<'_>,
    registry: &Stub,
    email: &Email,
    id: &str,
) -> Result<String, Problem> {
    let without_others = |mut entry: AuditLogEntry| {
        if entry.person_id != id {
            entry.person = String::new();
            entry.scope = String::new();
        } else if matches!(
            entry.what,
            AuditAction::RoleGiven | AuditAction::RoleTaken | AuditAction::RolesUploaded
        ) {
            entry.view = String::new();
        }
        entry
    };
    let own = AuditFilter { person: Some(id.to_owned()), ..AuditFilter::default() };
    let role = AuditFilter { role_of: Some(email.clone()), ..AuditFilter::default() };
    audit_log::read_csv(context, registry, [own, role], without_others).await
}

/// The text of `account.json`: what the Registry and the Scheduler hold about the person with this address.
async fn describe_account(
    context: &RequestContext<'_>,
    registry: &Stub,
    email: &Email,
    account: AccountRecord,
) -> Result<Value, Problem> {
    let person = email.as_str().to_owned();
    let scheduler = context.scheduler()?;
    // Passed on as JSON: parsing them into their types would take more code than all else here.
    let list = RegistryCommand::Shares(SharesCommand::List { person: person.clone(), all: false });
    let shares: Value = rpc::call(registry, &list).await?;
    let list = RegistryCommand::ListSessions { person: Some(person.clone()), current: None };
    let sessions: Value = rpc::call(registry, &list).await?;
    let erasures: Value = rpc::call(&scheduler, &SchedulerCommand::ListErasures).await?;
    let is_own = |erasure: &&Value| erasure.get("by").and_then(Value::as_str) == Some(&person);
    let erasures = erasures.get("forgettings").and_then(Value::as_array).into_iter().flatten().filter(is_own);
    let erasures: Vec<&Value> = erasures.collect();
    let own = AccessScope::Only { person: person.clone(), grants: Vec::new() };
    let requests: Value = rpc::call(&scheduler, &SchedulerCommand::ListRequests(own)).await?;
    Ok(json!({
        "email": email,
        "role": account.role,
        "signed_out": account.signed_out,
        "sessions": sessions.get("sessions"),
        "requests": requests.get("requests"),
        "erasures": erasures,
        "shares": shares.get("shares"),
    }))
}

/// The text of `about.txt`.
fn describe(files: usize, given: IdentifierKind, has_account: bool) -> String {
    let account = match given {
        _ if has_account => {
            "account.json has the person's role, sign-out, sessions, requests, erasures that they started, and shares; audit-log.csv \
             what they did in Lectern, and changes of their role. How many weeks they requested or read today is not \
             included."
        }
        IdentifierKind::Id => {
            "Role, requests, shares and the audit log are stored by e-mail address: ask with the address to get them, too."
        }
        IdentifierKind::Email => "Nobody can sign in with this address, so there is no account.",
    };
    let now = clock::now().rfc3339();
    format!(
        "What Lectern holds about one person, as of {now} (UTC).\r\n\r\n\
         Rows about them: {files} CSV files, named by report and week, as on the page of requests.\r\n\
         Rows are found by user id and e-mail address. Rows that give only a name, such as the owner of a video, are not \
         included.\r\n\
         In rows about several people, the ids, addresses and first and last names of the others were left empty. What \
         others wrote may still mention them.\r\n\
         shared-account.json, if there is one: their id or address is in the list of shared accounts.\r\n{account}\r\n"
    )
}

fn respond(bytes: Vec<u8>) -> worker::Result<Response> {
    let response = Response::from_bytes(bytes)?;
    response.headers().set("content-type", "application/zip")?;
    response.headers().set("content-disposition", "attachment; filename=\"lectern-person.zip\"")?;
    response::with_private_headers(response)
}
