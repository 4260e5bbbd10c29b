//! `/api/forget`: erasures. Administrators start, follow and cancel them.

use super::{HandlerResult, Reply};
use crate::request_context::RequestContext;
use crate::rpc::{self, SchedulerCommand};
use domain::erasure::ErasureRequest;

/// `GET /api/forget`
pub(super) async fn list(context: &RequestContext<'_>) -> HandlerResult {
    Reply::forward(&context.scheduler()?, &SchedulerCommand::ListErasures).await
}

/// `POST /api/forget`. The audit log records who started an erasure, never whose data it erases.
pub(super) async fn start(context: &RequestContext<'_>) -> HandlerResult {
    let request: ErasureRequest = context.json()?;
    let by = context.visitor()?.person.clone();
    Reply::forward(&context.scheduler()?, &SchedulerCommand::StartErasure { by, forget: request }).await
}

/// `DELETE /api/forget/{id}`
pub(super) async fn cancel(context: &RequestContext<'_>) -> HandlerResult {
    let id = context.hex_id("The id of an erasure is 32 hexadecimal digits.")?;
    rpc::call::<_, bool>(&context.scheduler()?, &SchedulerCommand::CancelErasure { id }).await?;
    Ok(Reply::no_content()?.with_audit_detail("canceled".to_owned()))
}
