//! Whether an administrator has to act so that data can be loaded from Echo360: [`domain::upstream_health`].

use crate::clock;
use crate::request_context::RequestContext;
use crate::rpc::{self, SchedulerCommand};
use domain::time::{SECOND, Timestamp};
use domain::upstream_health::UpstreamFailure;
use std::cell::RefCell;

/// For how long an isolate uses an answer for strangers, so that they cannot keep the Scheduler busy.
const TTL: i64 = 30 * SECOND;

thread_local! {
    /// The latest answer for strangers, of which installation it is, and when it was requested.
    static CACHE: RefCell<Option<(String, Timestamp, bool)>> = const { RefCell::new(None) };
}

/// Why an administrator has to act, if so. `None` also if the Scheduler does not answer.
pub(crate) async fn find_failure(context: &RequestContext<'_>) -> Option<UpstreamFailure> {
    let scheduler = context.scheduler().ok()?;
    rpc::call::<_, Option<UpstreamFailure>>(&scheduler, &SchedulerCommand::GetUpstreamFailure).await.ok()?
}

/// Whether an administrator has to act, for strangers: at most [`TTL`] old.
pub(crate) async fn is_failing(context: &RequestContext<'_>) -> bool {
    let (name, now) = (context.settings.scheduler_name(), clock::now());
    let cached = CACHE.with_borrow(|cache| cache.clone().filter(|(cached, ..)| *cached == name));
    if let Some((_, at, is_failing)) = cached
        && (0..TTL).contains(&now.since(at))
    {
        return is_failing;
    }
    let previous = cached.is_some_and(|(.., is_failing)| is_failing);
    // Before the call, so that requests meanwhile make no further ones.
    CACHE.set(Some((name.clone(), now, previous)));
    let is_failing = find_failure(context).await.is_some();
    CACHE.set(Some((name, now, is_failing)));
    is_failing
}
