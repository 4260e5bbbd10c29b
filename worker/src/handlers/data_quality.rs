//! `/api/quality`: what is unusual in Echo360's files, for administrators.

use super::{HandlerResult, Reply};
use crate::request_context::RequestContext;
use crate::rpc::SchedulerCommand;

/// `GET /api/quality`
pub(super) async fn get(context: &RequestContext<'_>) -> HandlerResult {
    Reply::forward(&context.scheduler()?, &SchedulerCommand::ListQuality).await
}
