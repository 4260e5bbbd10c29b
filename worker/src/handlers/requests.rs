//! `/api/requests`: people's requests, each for one report over one range.

use super::{HandlerResult, Reply};
use crate::audit_log::AuditView;
use crate::request_context::RequestContext;
use crate::rpc::{self, SchedulerCommand};
use crate::{clock, zone};
use domain::api::{ReportRequest, RetryRequest};
use domain::problem::{Code, Problem};
use domain::role::Role;
use domain::scope::Action;
use domain::window::is_window_id;

const BAD_ID: &str = "A request's id is 32 hexadecimal digits.";

/// `GET /api/requests`
pub(super) async fn list(context: &RequestContext<'_>) -> HandlerResult {
    Reply::forward(&context.scheduler()?, &SchedulerCommand::ListRequests(context.access_scope()?)).await
}

/// `POST /api/requests`
pub(super) async fn create(context: &RequestContext<'_>) -> HandlerResult {
    let (person, role) = requester(context)?;
    let request: ReportRequest = context.json()?;
    let access_scope = context.visitor()?.authorize(Action::RequestReport { report: &request.report })?;
    let view = AuditView {
        report: &request.report,
        days: request.from.as_deref().zip(request.to.as_deref()),
        course: None,
        section: None,
        is_known: false,
    };
    let audit_detail = view.describe();
    let zone = zone::trace_of_request(&request, clock::now());
    let command = SchedulerCommand::CreateRequest { person, role, ask: request, zone, access_scope };
    let reply = Reply::forward(&context.scheduler()?, &command).await?;
    Ok(reply.with_audit_detail(audit_detail))
}

/// `GET /api/requests/{id}`
pub(super) async fn get(context: &RequestContext<'_>) -> HandlerResult {
    let (id, access_scope) = (context.hex_id(BAD_ID)?, context.access_scope()?);
    Reply::forward(&context.scheduler()?, &SchedulerCommand::GetRequest { id, access_scope }).await
}

/// `DELETE /api/requests/{id}`
pub(super) async fn withdraw(context: &RequestContext<'_>) -> HandlerResult {
    let (id, access_scope) = (context.hex_id(BAD_ID)?, context.access_scope()?);
    let command = SchedulerCommand::WithdrawRequest { id: id.clone(), access_scope };
    rpc::call::<_, bool>(&context.scheduler()?, &command).await?;
    Ok(Reply::no_content()?.with_audit_detail(id))
}

/// `POST /api/requests/{id}/retry`
pub(super) async fn retry(context: &RequestContext<'_>) -> HandlerResult {
    let (id, access_scope) = (context.hex_id(BAD_ID)?, context.access_scope()?);
    let (person, role) = requester(context)?;
    let RetryRequest { windows } = context.json()?;
    if !windows.iter().all(|window| is_window_id(window)) {
        return Err(Problem::new(Code::BadId, "`windows` must be ids of this request's windows."));
    }
    let command = SchedulerCommand::RetryWindows { id: id.clone(), windows, person, role, access_scope };
    let reply = Reply::forward(&context.scheduler()?, &command).await?;
    Ok(reply.with_audit_detail(id))
}

/// The owner of a new request, and the role whose quota it counts towards.
fn requester(context: &RequestContext<'_>) -> Result<(String, Role), Problem> {
    let visitor = context.visitor()?;
    let role = visitor.role_assignment.as_ref().map_or(Role::Instructor, |assignment| assignment.role);
    Ok((visitor.person.clone(), role))
}
