//! Local mode: whoever sends a request from this machine is an administrator, without signing in.
//!
//! It requires `LECTERN_LOCAL=1`, which only `cargo xtask start` sets, a loopback client address, a loopback
//! host, and no sign of another site. None of these suffices alone: under `wrangler dev` the client chooses
//! `Host`, and possibly the address header. Together they do, because a deployed Worker lacks the setting and
//! the local one listens on loopback only.
//!
//! A local administrator can view Lectern as another role. The cookie for this is not signed, since it can
//! only take permissions away.

use super::provider::{AuthProvider, CredentialError, Verified};
use super::{Visitor, read_cookie, request_host};
use domain::api::Impersonation;
use domain::auth_method::AuthMethod;
use domain::problem::{Code, Problem};
use domain::role::{Grant, Role, RoleAssignment};
use domain::role_upload::parse_role_assignment;
use domain::settings::is_loopback;
use domain::time::Timestamp;
use futures_util::future::LocalBoxFuture;
use worker::Request;

/// Holds the role that the local administrator views Lectern as.
const COOKIE: &str = "lectern-look";

/// Maximum number of grants, so that the cookie stays under 4 KB.
const MAX_GRANTS: usize = 20;

/// Authenticates requests from this machine; used only if the settings switch local mode on.
pub(super) struct LocalProvider;

impl AuthProvider for LocalProvider {
    fn method(&self) -> AuthMethod {
        AuthMethod::Local
    }

    fn recognizes(&self, request: &Request) -> bool {
        let address = request.headers().get("cf-connecting-ip").ok().flatten();
        address.is_some_and(|address| is_loopback(&address)) && is_loopback(&request_host(request))
    }

    fn verify<'a>(
        &'a self,
        request: &'a Request,
        _: Timestamp,
    ) -> LocalBoxFuture<'a, Result<Verified, CredentialError>> {
        let impersonated = read_cookie(request, COOKIE).and_then(|text| parse_cookie(&text));
        Box::pin(async move { Ok(Verified::Visitor(local_visitor(impersonated))) })
    }

    fn offers_sign_in(&self) -> bool {
        false
    }

    fn sign_out_cookie(&self, visitor: &Visitor) -> Option<String> {
        (visitor.auth_method == AuthMethod::Local).then(expired_look_as_cookie)
    }
}

/// The visitor in local mode: an administrator, or the role that they view Lectern as. Each such role has its
/// own name, so that it does not see the administrator's requests.
pub(crate) fn local_visitor(impersonated: Option<RoleAssignment>) -> Visitor {
    let person = match &impersonated {
        Some(role_assignment) => format!("local {}", role_assignment.role.slug()),
        None => "local".to_owned(),
    };
    let role_assignment = impersonated.unwrap_or_else(RoleAssignment::administrator);
    Visitor { person, role_assignment: Some(role_assignment), auth_method: AuthMethod::Local }
}

/// The `Set-Cookie` value with which a local administrator views Lectern as another role.
///
/// # Errors
/// `bad-grant`.
pub(crate) fn look_as_cookie(impersonation: &Impersonation) -> Result<String, Problem> {
    let role_assignment = parse_role_assignment(impersonation.role, &impersonation.courses)?;
    if role_assignment.grants.len() > MAX_GRANTS {
        return Err(Problem::new(Code::BadGrant, "Choose at most 20 courses and sections to view as."));
    }
    let grants = role_assignment.grants.iter().map(|grant| match &grant.section {
        Some(section) => format!("~{}.{section}", grant.course),
        None => format!("~{}", grant.course),
    });
    let value: String = [role_assignment.role.slug().to_owned()].into_iter().chain(grants).collect();
    Ok(format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict"))
}

/// The `Set-Cookie` value that deletes the cookie of [`look_as_cookie`].
pub(crate) fn expired_look_as_cookie() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}

fn parse_cookie(text: &str) -> Option<RoleAssignment> {
    let mut parts = text.split('~');
    let role = Role::parse(parts.next()?)?;
    let grants: Vec<Grant> = parts
        .map(|part| match part.split_once('.') {
            Some((course, section)) => Grant { course: course.into(), section: Some(section.into()) },
            None => Grant { course: part.into(), section: None },
        })
        .collect();
    parse_role_assignment(role, &grants).ok()
}
