//! `/api/courses`: courses, sections and terms.

use super::{HandlerResult, Reply};
use crate::request_context::RequestContext;
use crate::rpc::SchedulerCommand;

/// `GET /api/courses`
pub(super) async fn list(context: &RequestContext<'_>) -> HandlerResult {
    Reply::forward(&context.scheduler()?, &SchedulerCommand::ListCourses(context.access_scope()?)).await
}
