//! `/healthz`: whether somebody can use this installation at all.

use super::{HandlerResult, Reply};
use crate::request_context::RequestContext;
use domain::api::Health;
use domain::problem::{Code, Problem};

/// `GET /healthz`
///
/// # Errors
/// `no-way-in`. Settings that are missing or wrong are refused for every route.
pub(super) fn get(context: &RequestContext<'_>) -> HandlerResult {
    if !context.settings.local && context.settings.auth_methods().is_empty() {
        return Err(Problem::new(
            Code::NoWayIn,
            "Nobody can sign in: set ACCESS_TEAM_DOMAIN and ACCESS_AUD for Cloudflare Access (and LECTERN_ADMINS, the \
             first administrators), or LECTERN_KEY and LECTERN_SESSION_KEY for a trial.",
        ));
    }
    Reply::json(&Health { ok: true })
}
