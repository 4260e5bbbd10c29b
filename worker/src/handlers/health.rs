//! `/healthz`: whether the installation is usable. It answers 200 also while Echo360 fails: what is loaded can be used.

use super::{HandlerResult, Reply};
use crate::request_context::RequestContext;
use crate::upstream_health;
use domain::api::{Health, HealthWarning, UpstreamHealth};
use domain::problem::{Code, Problem};

/// `GET /healthz`
///
/// # Errors
/// `no-way-in` if no sign-in method is configured. The router refuses missing or wrong settings on every
/// route.
pub(super) async fn get(context: &RequestContext<'_>) -> HandlerResult {
    if !context.settings.local && context.settings.auth_methods().is_empty() {
        return Err(Problem::new(
            Code::NoWayIn,
            "Nobody can sign in: set ACCESS_TEAM_DOMAIN and ACCESS_AUD for Cloudflare Access (and LECTERN_ADMINS, the \
             first administrators), or LECTERN_KEY and LECTERN_SESSION_KEY for a trial.",
        ));
    }
    let upstream = upstream_health::is_failing(context).await.then_some(UpstreamHealth::Failing);
    // With Access, the key would be a second door that Access does not guard.
    let has_both = context.settings.access.is_some() && context.settings.key.is_some();
    let warnings = if has_both { vec![HealthWarning::KeyBesideAccess] } else { Vec::new() };
    Reply::json(&Health { ok: true, upstream, warnings })
}
