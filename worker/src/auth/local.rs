//! Local mode: whoever sits at this very machine is administrator without signing in.
//!
//! `LECTERN_LOCAL=1`, set by `cargo xtask start` and nothing else, together with a loopback client address, a loopback
//! host and no sign of another site. The client chooses `Host`, and may choose the address header too under `wrangler
//! dev`, so no one of them is enough; what makes them count is that a deployed Worker has no such setting and that the
//! local one listens on loopback only.
//!
//! A local administrator may look with other eyes. The cookie that says so is not signed: it can only take away.

use super::{Visitor, read_cookie, request_host};
use domain::api::{AuthMethod, Impersonation};
use domain::problem::{Code, Problem};
use domain::role_upload::parse_role_assignment;
use domain::scope::{Grant, Role, RoleAssignment};
use domain::settings::{Settings, is_loopback};
use worker::Request;

/// Whom the local administrator looks as.
const COOKIE: &str = "lectern-look";

/// Grants that fit a cookie of 4 KB.
const MAX_GRANTS: usize = 20;

/// The local administrator, or whoever they look as; `None` when this is not local mode.
pub(super) fn authenticate(request: &Request, settings: &Settings) -> Option<Visitor> {
    let address = request.headers().get("cf-connecting-ip").ok().flatten();
    let is_here = address.is_some_and(|address| is_loopback(&address)) && is_loopback(&request_host(request));
    if !settings.local || !is_here {
        return None;
    }
    let impersonated = read_cookie(request, COOKIE).and_then(|text| parse_cookie(&text));
    Some(local_visitor(impersonated))
}

/// Whoever is here, looking with other eyes or with an administrator's. Requests that are asked for with other eyes are of
/// somebody else: what these cannot see they do not see.
pub(crate) fn local_visitor(impersonated: Option<RoleAssignment>) -> Visitor {
    let person = match &impersonated {
        Some(role_assignment) => format!("local {}", role_assignment.role.slug()),
        None => "local".to_owned(),
    };
    let role_assignment = impersonated.unwrap_or_else(RoleAssignment::administrator);
    Visitor { person, role_assignment: Some(role_assignment), auth_method: AuthMethod::Local }
}

/// The cookie with which a local administrator looks as somebody else.
///
/// # Errors
/// `bad-grant`.
pub(crate) fn look_as_cookie(look: &Impersonation) -> Result<String, Problem> {
    let role_assignment = parse_role_assignment(look.role, &look.courses)?;
    if role_assignment.grants.len() > MAX_GRANTS {
        return Err(Problem::new(Code::BadGrant, "Look with the eyes of at most 20 courses and sections."));
    }
    let grants = role_assignment.grants.iter().map(|grant| match &grant.section {
        Some(section) => format!("~{}.{section}", grant.course),
        None => format!("~{}", grant.course),
    });
    let value: String = [role_assignment.role.slug().to_owned()].into_iter().chain(grants).collect();
    Ok(format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict"))
}

/// The cookie that ends it.
pub(crate) fn expired_look_as_cookie() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}

fn parse_cookie(text: &str) -> Option<RoleAssignment> {
    let mut parts = text.split('~');
    let role = Role::parse(parts.next()?)?;
    let grants: Vec<Grant> = parts
        .map(|part| match part.split_once('.') {
            Some((course, section)) => Grant { course: course.to_owned(), section: Some(section.to_owned()) },
            None => Grant { course: part.to_owned(), section: None },
        })
        .collect();
    parse_role_assignment(role, &grants).ok()
}
