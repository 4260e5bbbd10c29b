//! `/api/rows`: one window's rows, as a stream of frames for the page's data worker.

use super::{HandlerResult, Reply, remove_course_and_section};
use crate::audit_log::AuditView;
use crate::request_context::RequestContext;
use crate::response;
use crate::rpc::{self, CoursePart, ReadableWindow, SchedulerCommand, WindowStoreCommand};
use domain::problem::{Code, Problem};
use domain::time::minus_days;

/// `GET /api/rows/{report}/{window}`
pub(super) async fn read(context: &RequestContext<'_>) -> HandlerResult {
    let mut query = context.query();
    let bad_generation = |_| Problem::new(Code::BadQuery, "`generation` must be a whole number.");
    let generation =
        query.remove("generation").map(|text| text.parse().map_err(bad_generation)).transpose()?;
    let (course, section) = remove_course_and_section(&mut query);
    let find = SchedulerCommand::FindWindow {
        report: context.path_parameter("report").to_owned(),
        window: context.path_parameter("window").to_owned(),
        part: CoursePart { course: course.clone(), section: section.clone() },
        access_scope: context.access_scope()?,
    };
    let ReadableWindow { key, row_filter, is_known } = rpc::call(&context.scheduler()?, &find).await?;
    let days = key.start().zip(key.end()).map(|(start, end)| (start, minus_days(end, 1)));
    let days = days.map(|(first, last)| (first.to_string(), last.to_string()));
    let view = AuditView {
        report: context.path_parameter("report"),
        days: days.as_ref().map(|(first, last)| (first.as_str(), last.as_str())),
        course: course.as_ref(),
        section: section.as_deref(),
        is_known,
    };
    let audit_detail = view.describe();
    let store = rpc::window_store(context.env, &context.settings.scheduler_name(), &key)
        .map_err(|error| response::internal_error(&error))?;
    let reply =
        Reply::forward(&store, &WindowStoreCommand::ReadRows { generation, course, section, row_filter })
            .await?;
    Ok(reply.with_audit_detail(audit_detail))
}
