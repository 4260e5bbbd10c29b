//! Authentication: who sent a request, and whether they may do what they ask for.
//!
//! A list of [`provider`]s says who somebody is, by what came with the request: local mode, Cloudflare Access, and
//! sessions that a key opened. The Registry says what they may do, and [`Visitor::authorize`] compares that with what they ask
//! for.

mod certificates;
mod cloudflare_access;
mod identity_cache;
mod key;
mod local;
mod provider;

pub(crate) use identity_cache::clear_identity_cache;
pub(crate) use key::session_cookie;
pub(crate) use local::{expired_look_as_cookie, local_visitor, look_as_cookie};

use crate::rpc::{self, Credential, Identity, RegistryCommand};
use crate::{clock, response};
use domain::api::AuthMethod;
use domain::problem::{Code, Problem, SignInOptions};
use domain::scope::{AccessDenied, AccessScope, Action, RoleAssignment, authorize};
use domain::settings::Settings;
use domain::time::Timestamp;
use domain::token::TokenError;
use provider::{CredentialError, Verified, providers};
use worker::{Env, Request};

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The name that requests, shares and audit entries of theirs carry.
    pub(crate) person: String,
    /// What they may do, and with which courses; `None` before somebody gave them a role.
    pub(crate) role_assignment: Option<RoleAssignment>,
    /// How they signed in.
    pub(crate) auth_method: AuthMethod,
}

/// A request that is not authenticated.
pub(crate) struct AuthRejection {
    /// The response.
    pub(crate) problem: Problem,
    /// The reason that the audit log records.
    pub(crate) reason: &'static str,
}

/// The visitor who sent this request.
///
/// # Errors
/// `cross-site` when a browser sent it from another site, `sign-in-needed` for everybody who is not known.
pub(crate) async fn authenticate(
    request: &Request,
    env: &Env,
    settings: &Settings,
) -> Result<Visitor, AuthRejection> {
    refuse_cross_site(request)?;
    let now = clock::now();
    let providers = providers(settings);
    let Some(provider) = providers.iter().find(|provider| provider.recognizes(request)) else {
        return Err(AuthRejection {
            problem: sign_in_needed(settings, AccessAssertion::None),
            reason: "nobody",
        });
    };
    match provider.verify(request, now).await {
        Ok(Verified::Visitor(visitor)) => Ok(visitor),
        Ok(Verified::Credential(credential)) => identify(credential, env, settings, now).await,
        Err(CredentialError::Invalid(error)) => {
            let assertion = match provider.method() {
                AuthMethod::Access => AccessAssertion::Refused,
                AuthMethod::Local | AuthMethod::Key => AccessAssertion::None,
            };
            Err(AuthRejection { problem: sign_in_needed(settings, assertion), reason: error.slug() })
        }
        Err(CredentialError::Unverifiable(problem)) => Err(AuthRejection { problem, reason: "unchecked" }),
    }
}

/// Every credential of the request that holds, whichever of them authenticated it: signing out ends them all.
pub(crate) async fn find_all_credentials(request: &Request, settings: &Settings) -> Vec<Credential> {
    let (now, mut credentials) = (clock::now(), Vec::new());
    for provider in providers(settings).iter().filter(|provider| provider.recognizes(request)) {
        if let Ok(Verified::Credential(credential)) = provider.verify(request, now).await {
            credentials.push(credential);
        }
    }
    credentials
}

/// The cookies that a visitor's sign-out sets, so that nothing of any provider's stays in the browser.
pub(crate) fn sign_out_cookies(settings: &Settings, visitor: &Visitor) -> Vec<String> {
    providers(settings).iter().filter_map(|provider| provider.sign_out_cookie(visitor)).collect()
}

/// Where a browser that signed in by this method goes to sign out of what stands behind it, too.
pub(crate) fn sign_out_url(settings: &Settings, auth_method: AuthMethod) -> Option<String> {
    let providers = providers(settings);
    providers.iter().find(|provider| provider.method() == auth_method)?.sign_out_url()
}

/// Asks the Registry, or the cache of its answers, who this is and what they may do.
async fn identify(
    credential: Credential,
    env: &Env,
    settings: &Settings,
    now: Timestamp,
) -> Result<Visitor, AuthRejection> {
    let is_token = matches!(credential, Credential::Token { .. });
    let cached = identity_cache::Entry::new(&credential);
    let identity = match cached.get(now) {
        Some(identity) => identity,
        None => {
            let unchecked = |problem| AuthRejection { problem, reason: "unchecked" };
            let registry = rpc::registry(env, &settings.scheduler_name())
                .map_err(|error| unchecked(response::internal_error(&error)))?;
            let found: Option<Identity> =
                rpc::call(&registry, &RegistryCommand::Identify { credential }).await.map_err(unchecked)?;
            let Some(found) = found else {
                let assertion = if is_token { AccessAssertion::SignedOut } else { AccessAssertion::None };
                let problem = sign_in_needed(settings, assertion);
                return Err(AuthRejection { problem, reason: TokenError::SignedOut.slug() });
            };
            cached.set(&found, now);
            found
        }
    };
    let Identity { person, auth_method, role_assignment } = identity;
    Ok(Visitor { person, role_assignment, auth_method })
}

impl Visitor {
    /// The part of the data that the visitor may do this with.
    ///
    /// # Errors
    /// `no-role`, `not-allowed`. A report that the visitor may not know of gives the same problem as one that does not exist.
    pub(crate) fn authorize(&self, action: Action<'_>) -> Result<AccessScope, Problem> {
        authorize(&self.person, self.role_assignment.as_ref(), action).map_err(|refused| match (refused, action) {
            (AccessDenied::UnknownReport, Action::RequestReport { report } | Action::ReadRows { report }) => {
                response::unknown_report(report)
            }
            (AccessDenied::NoRole, _) => Problem::new(
                Code::NoRole,
                "You are signed in, but you have no role yet. Ask the people who run Lectern at your institution.",
            ),
            (AccessDenied::UnknownCourse, _) => response::unknown_course(),
            (AccessDenied::NotAllowed | AccessDenied::UnknownReport, _) => Problem::new(
                Code::NotAllowed,
                "Only administrators can do this. Ask one of them to do it, or to change your role.",
            ),
        })
    }
}

/// Refuses a request that a browser sent from another site's page, whatever cookies it carries.
pub(crate) fn refuse_cross_site(request: &Request) -> Result<(), AuthRejection> {
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let host = request_host(request);
    let from_here = |origin: &String| {
        origin.split_once("://").is_some_and(|(_, origin_host)| origin_host.eq_ignore_ascii_case(&host))
    };
    let is_cross_site = header("origin").is_some_and(|origin| !from_here(&origin))
        || header("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    if is_cross_site {
        let detail = "This request came from another site. Open Lectern itself and try again there.";
        return Err(AuthRejection { problem: Problem::new(Code::CrossSite, detail), reason: "cross-site" });
    }
    Ok(())
}

/// The host that the request names, with its port where it has one.
fn request_host(request: &Request) -> String {
    let host = request.url().ok().map(|url| match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        _ => String::new(),
    });
    host.unwrap_or_default()
}

/// A cookie's value.
fn read_cookie(request: &Request, name: &str) -> Option<String> {
    let all = request.headers().get("cookie").ok().flatten()?;
    all.split(';').find_map(|one| {
        let (found, value) = one.trim().split_once('=')?;
        (found == name).then(|| value.to_owned())
    })
}

/// What a request that is not authenticated carries of Cloudflare Access. While the browser carries any assertion, a session
/// of ours is not looked at, and signing in with the key would change nothing: the key is not offered then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccessAssertion {
    /// Nothing.
    None,
    /// An assertion that does not hold.
    Refused,
    /// A valid one of somebody who has signed out of Lectern, but not of Cloudflare Access.
    SignedOut,
}

/// The methods that the sign-in page offers to somebody whose request carries this.
pub(crate) fn sign_in_methods(settings: &Settings, assertion: AccessAssertion) -> Vec<AuthMethod> {
    let offered = providers(settings).into_iter().filter(|provider| provider.offers_sign_in());
    let mut methods: Vec<AuthMethod> = offered.map(|provider| provider.method()).collect();
    methods.retain(|method| assertion == AccessAssertion::None || *method != AuthMethod::Key);
    methods
}

/// The problem that says how one can sign in here.
pub(crate) fn sign_in_needed(settings: &Settings, assertion: AccessAssertion) -> Problem {
    let ways = sign_in_methods(settings, assertion);
    let detail = match (assertion, ways.as_slice()) {
        (AccessAssertion::SignedOut, _) => {
            "You have signed out of Lectern. Sign out of Cloudflare Access too, then sign in again."
        }
        (AccessAssertion::Refused, _) => {
            "Cloudflare Access let you through, but Lectern does not accept its token. Reload Lectern; if that does not \
             help, sign out of Cloudflare Access and sign in again."
        }
        (_, []) => "There is no way to sign in to this installation yet. Its operator has to set one up.",
        (_, [AuthMethod::Key]) => "Sign in with the key of this installation.",
        (_, [AuthMethod::Access]) => "Reload Lectern: Cloudflare Access will ask you to sign in.",
        (_, _) => "Reload Lectern to sign in with Cloudflare Access, or sign in with the key.",
    };
    let has_signed_out = assertion == AccessAssertion::SignedOut;
    let sign_out = has_signed_out.then(|| sign_out_url(settings, AuthMethod::Access)).flatten();
    let sign_in = Some(Box::new(SignInOptions { auth_methods: ways, sign_out }));
    Problem { sign_in, ..Problem::new(Code::SignInNeeded, detail) }
}
