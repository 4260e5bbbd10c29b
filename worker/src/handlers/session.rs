//! `/api/session`: who is signed in, signing in with the key, and signing out; in local mode, viewing Lectern
//! as another role.

use super::{HandlerResult, Reply};
use crate::auth::{self, AccessAssertion, Visitor};
use crate::request_context::RequestContext;
use crate::rpc::{self, OpenSessionRequest, RegistryCommand};
use crate::{audit_log, clock, crypto, response, upstream_health};
use domain::api::{AuditAction, Session, SignInRequest};
use domain::auth_method::AuthMethod;
use domain::problem::{Code, Problem};
use domain::role::{Role, RoleAssignment};
use domain::role_upload::parse_role_assignment;
use domain::settings::Settings;

/// The person recorded for everybody who signs in with the key.
const KEY_HOLDER: &str = "key";

/// What the browser deletes at sign-out. `"cookies"` is left out, since it would delete those of every site
/// under the same domain; the session cookie is deleted by name.
const CLEAR_SITE_DATA: &str = "\"cache\", \"storage\"";

/// `GET /api/session`
pub(super) async fn get(context: &RequestContext<'_>) -> HandlerResult {
    let session = describe(context.visitor()?, context.settings);
    let upstream_failure = match session.role {
        Role::Administrator => upstream_health::find_failure(context).await,
        Role::Analyst | Role::Instructor => None,
    };
    Reply::json(&Session { upstream_failure, ..session })
}

/// `POST /api/session`. In local mode the visitor is already authenticated and may switch to another role's
/// view.
pub(super) async fn sign_in(context: &RequestContext<'_>) -> HandlerResult {
    let request: SignInRequest = context.json()?;
    match context.visitor_if_any() {
        Some(visitor) => impersonate(context, visitor, request),
        None => open_session(context, request).await,
    }
}

async fn open_session(context: &RequestContext<'_>, request: SignInRequest) -> HandlerResult {
    let settings = context.settings;
    let SignInRequest { key, look_as } = request;
    if look_as.is_some() {
        return Err(Problem::new(
            Code::NotAllowed,
            "Viewing as another role is only possible in local mode.",
        ));
    }
    let (Some(expected), Some(session_key)) = (&settings.key, &settings.session_key) else {
        return Err(auth::sign_in_needed(settings, AccessAssertion::None));
    };
    let key = key.ok_or_else(|| Problem::new(Code::BadBody, "The body must be {\"key\": …}."))?;
    let id = crypto::new_id()?;
    let role_assignment = Some(RoleAssignment::administrator());
    let visitor = Visitor { person: KEY_HOLDER.to_owned(), role_assignment, auth_method: AuthMethod::Key };
    let session_request = OpenSessionRequest {
        address: crypto::sign(session_key, "address", &context.client_network()),
        network: context.client_network(),
        is_right: crypto::is_same_secret(session_key, key.trim(), expected),
        id: crypto::sha256_hex(&id),
        person: visitor.person.clone(),
        auth_method: AuthMethod::Key,
        audit_entry: audit_log::new_entry(&visitor, AuditAction::SignedIn, String::new()),
    };
    rpc::call::<_, bool>(&context.registry()?, &RegistryCommand::OpenSession(session_request)).await?;
    let reply = Reply::json(&describe(&visitor, settings))?;
    set_cookie(&reply, &auth::session_cookie(session_key, &id))?;
    Ok(reply)
}

/// Switches the local administrator to another role's view, or back to their own.
fn impersonate(context: &RequestContext<'_>, visitor: &Visitor, request: SignInRequest) -> HandlerResult {
    if visitor.auth_method != AuthMethod::Local {
        // The client is on another machine; a Worker in local mode opens no sessions.
        return Err(auth::sign_in_needed(context.settings, AccessAssertion::None));
    }
    let SignInRequest { key, look_as } = request;
    if key.is_some() {
        return Err(Problem::new(Code::BadBody, "Local mode needs no key: you are signed in already."));
    }
    let (role_assignment, cookie, audit_detail) = match &look_as {
        Some(impersonation) => {
            let cookie = auth::look_as_cookie(impersonation)?;
            let assignment = parse_role_assignment(impersonation.role, &impersonation.courses)?;
            let audit_detail = format!("{} of {}", impersonation.role.slug(), assignment.grants.len());
            (Some(assignment), cookie, audit_detail)
        }
        None => (None, auth::expired_look_as_cookie(), "administrator".to_owned()),
    };
    let visitor = auth::local_visitor(role_assignment);
    let reply = Reply::json(&describe(&visitor, context.settings))?;
    set_cookie(&reply, &cookie)?;
    Ok(reply.with_audit_detail(audit_detail))
}

/// `DELETE /api/session`, also for visitors without a role. Ends every credential that came with the HTTP
/// request.
pub(super) async fn sign_out(context: &RequestContext<'_>) -> HandlerResult {
    let visitor = context.visitor()?;
    if visitor.auth_method != AuthMethod::Local {
        let credentials = auth::find_all_credentials(context.request, context.settings).await;
        let audit_entry = audit_log::new_entry(visitor, AuditAction::SignedOut, String::new());
        let command = RegistryCommand::SignOut { credentials, audit_entry };
        let signed_out = rpc::call::<_, bool>(&context.registry()?, &command).await;
        auth::clear_identity_cache();
        signed_out?;
    }
    let reply = Reply::no_content()?;
    let headers = reply.response.headers();
    headers.set("clear-site-data", CLEAR_SITE_DATA).map_err(|error| response::internal_error(&error))?;
    for cookie in auth::sign_out_cookies(context.settings, visitor) {
        set_cookie(&reply, &cookie)?;
    }
    Ok(reply)
}

fn set_cookie(reply: &Reply, cookie: &str) -> Result<(), Problem> {
    reply.response.headers().append("set-cookie", cookie).map_err(|error| response::internal_error(&error))
}

fn describe(visitor: &Visitor, settings: &Settings) -> Session {
    // The router refuses visitors without a role, so this default is not reached.
    let no_role = || RoleAssignment { role: Role::Instructor, grants: Vec::new() };
    let role_assignment = visitor.role_assignment.clone().unwrap_or_else(no_role);
    Session {
        person: visitor.person.clone(),
        role: role_assignment.role,
        scope: (&role_assignment).into(),
        auth_method: visitor.auth_method,
        local: visitor.auth_method == AuthMethod::Local,
        sign_out: auth::sign_out_url(settings, visitor.auth_method),
        institution: settings.institution.clone(),
        time_zone: settings.time_zone.clone(),
        week_start: settings.week_start,
        now: clock::now(),
        upstream_failure: None,
    }
}
