//! Handlers, one module for each resource of the API. They do not depend on the router: a handler receives an
//! authenticated and authorized [`RequestContext`], with its body and query read, and returns a [`Reply`].

mod audit_log;
mod courses;
mod csv;
mod data_quality;
mod erasure;
mod health;
mod openapi;
mod person_export;
mod reports;
mod requests;
mod roles;
mod rows;
mod session;
mod sessions;
mod shared_accounts;
mod shares;
mod shrunken;

use crate::request_context::RequestContext;
use crate::{response, rpc};
use domain::ids::{CourseId, normalize_text};
use domain::problem::Problem;
use domain::routes::Operation;
use serde::Serialize;
use std::collections::BTreeMap;
use worker::{Response, Stub};

/// A reply, or the problem to respond with instead.
pub(crate) type HandlerResult = Result<Reply, Problem>;

/// A handler's response, and its text for the audit log.
pub(crate) struct Reply {
    /// The response, which may be a problem forwarded from an object.
    pub(crate) response: Response,
    /// Detail for the audit log if the response is a success, on routes with
    /// [`domain::routes::Audit::AfterAnswer`].
    pub(crate) audit_detail: String,
}

impl Reply {
    /// A reply with this response and no audit detail.
    fn new(response: worker::Result<Response>) -> HandlerResult {
        let response = response.map_err(|error| response::internal_error(&error))?;
        Ok(Self { response, audit_detail: String::new() })
    }

    /// A reply with `value` as JSON.
    fn json<T: Serialize>(value: &T) -> HandlerResult {
        Self::new(response::json(value))
    }

    /// A reply with status 204.
    fn no_content() -> HandlerResult {
        Self::new(response::no_content())
    }

    /// Sends a command to an object and replies with its response unchanged, problems included.
    async fn forward<T: Serialize>(stub: &Stub, command: &T) -> HandlerResult {
        Self::new(rpc::send(stub, command).await)
    }

    /// Adds the detail for the audit log.
    fn with_audit_detail(self, audit_detail: String) -> Self {
        Self { audit_detail, ..self }
    }
}

/// Removes the URL parameters `course` and `section`, in their normal form, from `query`. The section is an id, or a
/// number in reports that have no id.
fn remove_course_and_section(query: &mut BTreeMap<String, String>) -> (Option<CourseId>, Option<String>) {
    let course = query.remove("course").map(CourseId::from);
    let section = query.remove("section").map(|section| normalize_text(&section).into_owned());
    (course, section)
}

/// Calls the handler of an operation.
pub(crate) async fn handle(operation: Operation, context: &RequestContext<'_>) -> HandlerResult {
    match operation {
        Operation::GetHealth => health::get(context).await,
        Operation::GetOpenApi => openapi::get(),
        Operation::GetSession => session::get(context).await,
        Operation::SignIn => session::sign_in(context).await,
        Operation::SignOut => session::sign_out(context).await,
        Operation::ListSessions => sessions::list(context).await,
        Operation::EndSessions => sessions::end_all(context).await,
        Operation::EndSession => sessions::end(context).await,
        Operation::ListReports => reports::list(context).await,
        Operation::ListCourses => courses::list(context).await,
        Operation::ListRequests => requests::list(context).await,
        Operation::CreateRequest => requests::create(context).await,
        Operation::GetRequest => requests::get(context).await,
        Operation::WithdrawRequest => requests::withdraw(context).await,
        Operation::RetryRequest => requests::retry(context).await,
        Operation::ReadRows => rows::read(context).await,
        Operation::DownloadCsv => csv::download(context).await,
        Operation::CountRows => csv::count(context).await,
        Operation::ListShares => shares::list(context).await,
        Operation::CreateShare => shares::create(context).await,
        Operation::SwitchShares => shares::switch(context).await,
        Operation::UpdateShare => shares::update(context).await,
        Operation::RevokeShare => shares::revoke(context).await,
        Operation::OpenShare => shares::open(context).await,
        Operation::CountOpening => shares::count_opening(context).await,
        Operation::GetSharePage => shares::page(context).await,
        Operation::GetEmbeddedSharePage => shares::embedded_page(context).await,
        Operation::ListRoles => roles::list(context).await,
        Operation::AssignRole => roles::assign(context).await,
        Operation::RemoveRole => roles::remove(context).await,
        Operation::UploadRoles => roles::upload(context).await,
        Operation::ReadAuditLog => audit_log::read(context).await,
        Operation::ListErasures => erasure::list(context).await,
        Operation::StartErasure => erasure::start(context).await,
        Operation::CancelErasure => erasure::cancel(context).await,
        Operation::GetDataQuality => data_quality::get(context).await,
        Operation::ExportPerson => person_export::export(context).await,
        Operation::ListSharedAccounts => shared_accounts::list(context).await,
        Operation::MarkAccount => shared_accounts::mark(context).await,
        Operation::ListShrunken => shrunken::list(context).await,
        Operation::ChooseCopy => shrunken::choose(context).await,
    }
}
