//! `/api/shrunken`: windows whose newer copy has lost rows. Administrators choose one of the copies.

use super::{HandlerResult, Reply};
use crate::request_context::RequestContext;
use crate::rpc::SchedulerCommand;
use domain::api::CopyChoiceRequest;
use domain::problem::{Code, Problem};
use domain::shrinkage::CopyChoice;
use domain::window::is_window_id;

/// `GET /api/shrunken`
pub(super) async fn list(context: &RequestContext<'_>) -> HandlerResult {
    Reply::forward(&context.scheduler()?, &SchedulerCommand::ListShrunken).await
}

/// `POST /api/shrunken`
pub(super) async fn choose(context: &RequestContext<'_>) -> HandlerResult {
    let choice: CopyChoiceRequest = context.json()?;
    if !is_window_id(&choice.window) {
        return Err(Problem::new(Code::BadId, "`window` must be the id of a window, such as 2026-02-02."));
    }
    let verb = match choice.choice {
        CopyChoice::Keep => "keep",
        CopyChoice::Replace => "replace",
    };
    let audit_detail = format!("{verb} {}/{}", choice.report, choice.window);
    let person = context.visitor()?.person.clone();
    let reply =
        Reply::forward(&context.scheduler()?, &SchedulerCommand::ChooseCopy { person, choice }).await?;
    Ok(reply.with_audit_detail(audit_detail))
}
