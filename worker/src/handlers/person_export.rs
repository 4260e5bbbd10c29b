//! `/api/person-export`: everything held about one person, as a zip file, for administrators who answer a request for
//! access.
//!
//! All windows are read twice: the first time for the other ids of the person, which stand beside the given one in some
//! rows, the second time for the rows with any of them.

use super::{HandlerResult, Reply, audit_log};
use crate::request_context::RequestContext;
use crate::rpc::{
    self, AccountRecord, AuditFilter, AvailableWindow, PersonExportPlan, RegistryCommand, SchedulerCommand,
    SharesCommand, WindowStoreCommand,
};
use crate::{clock, response};
use domain::erasure::{IdentityLink, PersonIdentifier, Tombstones};
use domain::ids::Email;
use domain::problem::Problem;
use domain::scope::AccessScope;
use engine::csv_archive::{ArchiveError, CsvArchive};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use worker::{Response, Stub};

/// The number of windows that are searched at the same time.
const CONCURRENT_WINDOWS: usize = 6;

/// `POST /api/person-export`. The audit log records the hash that erasures of the same person have, and not whom it is
/// about.
pub(super) async fn export(context: &RequestContext<'_>) -> HandlerResult {
    let person: PersonIdentifier = context.json()?;
    let email = match &person {
        PersonIdentifier::Email(text) => Email::parse(text),
        PersonIdentifier::Id(_) => None,
    };
    let plan: PersonExportPlan =
        rpc::call(&context.scheduler()?, &SchedulerCommand::PlanPersonExport { person }).await?;
    let PersonExportPlan { mark, mut tombstones, windows } = plan;
    let search = PersonSearch { context, windows: &windows };
    for link in search.find_links(&tombstones).await? {
        tombstones.add_link(&link);
    }
    let archive_problem = |error: ArchiveError| response::internal_error(&error.to_string().into());
    let mut archive = CsvArchive::new(clock::now());
    let mut files = 0;
    let mut found = Box::pin(search.rows(&tombstones));
    while let Some((window, rows)) = found.try_next().await? {
        files += 1;
        archive
            .start_file(&format!("lectern-{}-{}.csv", window.key.report, window.key.id()), window.copy.bytes)
            .and_then(|()| archive.write(format!("{}\n", window.copy.header.trim_end()).as_bytes()))
            .and_then(|()| archive.write(&rows))
            .map_err(archive_problem)?;
    }
    let mut texts = vec![("about.txt", describe(files, email.is_some()))];
    if let Some(email) = email {
        let registry = context.registry()?;
        let command = RegistryCommand::ReadAccount { email: email.clone() };
        let account: AccountRecord = rpc::call(&registry, &command).await?;
        let filter = AuditFilter { person: Some(account.id.clone()), ..AuditFilter::default() };
        texts.push(("audit-log.csv", audit_log::read_csv(context, &registry, filter).await?));
        let account = describe_account(context, &registry, &email, account).await?;
        texts.push(("account.json", format!("{account:#}\n")));
    }
    for (name, text) in texts {
        archive.start_file(name, 0).and_then(|()| archive.write(text.as_bytes())).map_err(archive_problem)?;
    }
    let bytes = archive.finish().map_err(archive_problem)?;
    Ok(Reply::new(respond(bytes))?.with_audit_detail(mark))
}

/// Searches every window for one person.
struct PersonSearch<'a> {
    context: &'a RequestContext<'a>,
    windows: &'a [AvailableWindow],
}

impl PersonSearch<'_> {
    fn store(&self, window: &AvailableWindow) -> Result<Stub, Problem> {
        rpc::window_store(self.context.env, &self.context.settings.scheduler_name(), &window.key)
            .map_err(|error| response::internal_error(&error))
    }

    /// The identifiers beside those of the tombstones.
    async fn find_links(&self, tombstones: &Tombstones) -> Result<BTreeSet<IdentityLink>, Problem> {
        let find = async |window: &AvailableWindow| {
            let command =
                WindowStoreCommand::FindLinks { key: window.key.clone(), tombstones: tombstones.clone() };
            rpc::call::<_, BTreeSet<IdentityLink>>(&self.store(window)?, &command).await
        };
        let links = stream::iter(self.windows.iter().map(find)).buffered(CONCURRENT_WINDOWS);
        Ok(links.try_collect::<Vec<_>>().await?.into_iter().flatten().collect())
    }

    /// The person's rows as CSV, of each window that has any.
    fn rows(
        &self,
        tombstones: &Tombstones,
    ) -> impl stream::Stream<Item = Result<(&AvailableWindow, Vec<u8>), Problem>> {
        let read = async |window: &AvailableWindow| {
            let command = WindowStoreCommand::ReadPersonRows {
                key: window.key.clone(),
                tombstones: tombstones.clone(),
            };
            rpc::call_for_bytes(&self.store(window)?, &command).await
        };
        let rows = self.windows.iter().map(move |window| async move { Ok((window, read(window).await?)) });
        let rows = stream::iter(rows).buffered(CONCURRENT_WINDOWS);
        rows.try_filter(|(_, rows)| std::future::ready(!rows.is_empty()))
    }
}

/// The text of `account.json`: what the Registry and the Scheduler hold about the person with this address.
async fn describe_account(
    context: &RequestContext<'_>,
    registry: &Stub,
    email: &Email,
    account: AccountRecord,
) -> Result<Value, Problem> {
    let person = email.as_str().to_owned();
    let list = RegistryCommand::Shares(SharesCommand::List { person: person.clone(), all: false });
    // Passed on as JSON: parsing them into their types would take more code than all else here.
    let shares: Value = rpc::call(registry, &list).await?;
    let own = AccessScope::Only { person, grants: Vec::new() };
    let list = SchedulerCommand::ListRequests(own);
    let requests: Value = rpc::call(&context.scheduler()?, &list).await?;
    Ok(json!({
        "email": email,
        "role": account.role,
        "signed_out": account.signed_out,
        "requests": requests.get("requests"),
        "shares": shares.get("shares"),
    }))
}

/// The text of `about.txt`.
fn describe(files: usize, has_account: bool) -> String {
    let account = if has_account {
        "account.json has the person's role, sign-out, requests and shares, and audit-log.csv what they did in Lectern."
    } else {
        "Role, requests, shares and the audit log are stored by e-mail address: ask with the address to get them, too."
    };
    let now = clock::now().rfc3339();
    format!(
        "What Lectern holds about one person, as of {now} (UTC).\r\n\r\n\
         Rows of Echo360's reports about them: {files} CSV files, named by report and by the Monday of their week.\r\n\
         In rows about several people, the ids, addresses and names of the others were left empty. What others wrote \
         may still mention them.\r\n{account}\r\n\r\n\
         Rows are found by user id and e-mail address, never by name alone. Erased rows are not held any more.\r\n"
    )
}

fn respond(bytes: Vec<u8>) -> worker::Result<Response> {
    let response = Response::from_bytes(bytes)?;
    response.headers().set("content-type", "application/zip")?;
    response.headers().set("content-disposition", "attachment; filename=\"lectern-person.zip\"")?;
    response::with_private_headers(response)
}
