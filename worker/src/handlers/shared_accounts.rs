//! `/api/shared-accounts`: accounts that stand for many people. Readers of rows get hashes, administrators also the accounts.

use super::{HandlerResult, Reply};
use crate::request_context::RequestContext;
use crate::rpc::SchedulerCommand;
use domain::role::Role;
use domain::shared_accounts::{AccountMark, AccountMarkRequest};

/// `GET /api/shared-accounts`
pub(super) async fn list(context: &RequestContext<'_>) -> HandlerResult {
    let role = context.visitor()?.role_assignment.as_ref().map(|assignment| assignment.role);
    let has_accounts = role == Some(Role::Administrator);
    Reply::forward(&context.scheduler()?, &SchedulerCommand::ListSharedAccounts { has_accounts }).await
}

/// `POST /api/shared-accounts`. The audit log records who marked an account and how, not which, as for erasures.
pub(super) async fn mark(context: &RequestContext<'_>) -> HandlerResult {
    let request: AccountMarkRequest = context.json()?;
    let audit_detail = request.mark.map_or("mark removed", AccountMark::slug).to_owned();
    let by = context.visitor()?.person.clone();
    let reply = Reply::forward(&context.scheduler()?, &SchedulerCommand::MarkAccount { by, request }).await?;
    Ok(reply.with_audit_detail(audit_detail))
}
