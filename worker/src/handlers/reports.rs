//! `/api/reports`: the reports that can be requested.

use super::{HandlerResult, Reply};
use crate::request_context::RequestContext;
use crate::rpc::SchedulerCommand;

/// `GET /api/reports`
pub(super) async fn list(context: &RequestContext<'_>) -> HandlerResult {
    Reply::forward(&context.scheduler()?, &SchedulerCommand::ListReports(context.access_scope()?)).await
}
