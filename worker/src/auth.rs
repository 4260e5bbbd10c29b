//! Authentication: who sent a request, and whether they may do what they ask for.
//!
//! A list of [`provider`]s identifies the visitor by the request's credential: local mode, Cloudflare Access,
//! or a session opened with the key. The Registry stores the visitor's role, and [`Visitor::authorize`]
//! checks an action against it.

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
use cloudflare_access::CloudflareAccessProvider;
use domain::auth_method::AuthMethod;
use domain::problem::{Code, Problem, SignInOptions};
use domain::role::RoleAssignment;
use domain::scope::{AccessDenied, AccessScope, Action, authorize};
use domain::settings::Settings;
use domain::time::Timestamp;
use domain::token::TokenError;
use key::KeyProvider;
use local::LocalProvider;
use provider::{AuthProvider, CredentialError, Verified};
use worker::{Env, Request};

/// The providers that the settings enable, in the order in which they are tried.
fn providers(settings: &Settings) -> Vec<Box<dyn AuthProvider + '_>> {
    let mut providers: Vec<Box<dyn AuthProvider + '_>> = Vec::new();
    if settings.local {
        providers.push(Box::new(LocalProvider));
    }
    if let Some(access) = &settings.access {
        providers.push(Box::new(CloudflareAccessProvider { access }));
    }
    providers.push(Box::new(KeyProvider {
        session_key: settings.session_key.as_ref(),
        has_key: settings.key.is_some(),
    }));
    providers
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The name recorded in this person's requests, shares and audit entries.
    pub(crate) person: String,
    /// Their role and grants; `None` until an administrator assigns a role.
    pub(crate) role_assignment: Option<RoleAssignment>,
    /// How they signed in.
    pub(crate) auth_method: AuthMethod,
}

/// The response to a request that could not be authenticated, and the reason for it.
pub(crate) struct AuthRejection {
    /// The problem to respond with.
    pub(crate) problem: Problem,
    /// The reason as the audit log records it.
    pub(crate) reason: &'static str,
}

/// Finds out which visitor sent this request.
///
/// # Errors
/// `cross-site` when a browser sent it from another site, `sign-in-needed` without a valid credential.
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
                AuthMethod::Access if error == TokenError::TooOld => AccessAssertion::TooOld,
                AuthMethod::Access => AccessAssertion::Refused,
                AuthMethod::Local | AuthMethod::Key => AccessAssertion::None,
            };
            Err(AuthRejection { problem: sign_in_needed(settings, assertion), reason: error.slug() })
        }
        Err(CredentialError::Unverifiable(problem)) => Err(AuthRejection { problem, reason: "unchecked" }),
    }
}

/// Every valid credential of the request, including those that did not authenticate it: signing out ends them
/// all.
pub(crate) async fn find_all_credentials(request: &Request, settings: &Settings) -> Vec<Credential> {
    let (now, mut credentials) = (clock::now(), Vec::new());
    for provider in providers(settings).iter().filter(|provider| provider.recognizes(request)) {
        if let Ok(Verified::Credential(credential)) = provider.verify(request, now).await {
            credentials.push(credential);
        }
    }
    credentials
}

/// The `Set-Cookie` values of a sign-out, which delete every provider's cookies.
pub(crate) fn sign_out_cookies(settings: &Settings, visitor: &Visitor) -> Vec<String> {
    providers(settings).iter().filter_map(|provider| provider.sign_out_cookie(visitor)).collect()
}

/// The URL at which a browser signs out of the identity provider behind this method, if there is one.
pub(crate) fn sign_out_url(settings: &Settings, auth_method: AuthMethod) -> Option<String> {
    let providers = providers(settings);
    providers.iter().find(|provider| provider.method() == auth_method)?.sign_out_url()
}

/// Looks up the person behind a credential and their role, in the cache or the Registry.
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
            let rejection = |problem| AuthRejection { problem, reason: "unchecked" };
            let registry = rpc::registry(env, &settings.scheduler_name())
                .map_err(|error| rejection(response::internal_error(&error)))?;
            let found: Option<Identity> =
                rpc::call(&registry, &RegistryCommand::Identify { credential }).await.map_err(rejection)?;
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
    /// The part of the data on which the visitor may perform this action.
    ///
    /// # Errors
    /// `no-role`, `not-allowed`. A report outside the visitor's role gives the same problem as one that does
    /// not exist.
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

/// Refuses a request that a browser sent from another site's page, whatever cookies it carries: protection
/// against CSRF.
pub(crate) fn refuse_cross_site(request: &Request) -> Result<(), AuthRejection> {
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let host = request_host(request);
    let is_same_origin = |origin: &String| {
        origin.split_once("://").is_some_and(|(_, origin_host)| origin_host.eq_ignore_ascii_case(&host))
    };
    let is_cross_site = header("origin").is_some_and(|origin| !is_same_origin(&origin))
        || header("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    if is_cross_site {
        let detail = "This request came from another site. Open Lectern itself and try again there.";
        return Err(AuthRejection { problem: Problem::new(Code::CrossSite, detail), reason: "cross-site" });
    }
    Ok(())
}

/// The host in the request's URL, with its port if it has one.
fn request_host(request: &Request) -> String {
    let host = request.url().ok().map(|url| match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        _ => String::new(),
    });
    host.unwrap_or_default()
}

/// The value of the request's cookie called `name`.
fn read_cookie(request: &Request, name: &str) -> Option<String> {
    let all = request.headers().get("cookie").ok().flatten()?;
    all.split(';').find_map(|one| {
        let (found, value) = one.trim().split_once('=')?;
        (found == name).then(|| value.to_owned())
    })
}

/// The Cloudflare Access assertion of a request that is not authenticated. While the browser sends any
/// assertion, session cookies are ignored and signing in with the key would have no effect; so the key is not
/// offered then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccessAssertion {
    /// The request has no assertion.
    None,
    /// The assertion is invalid.
    Refused,
    /// The assertion is older than a session may be, but Cloudflare Access still accepts it.
    TooOld,
    /// The assertion is valid, but the person has signed out of Lectern and not of Cloudflare Access, or their session
    /// was ended.
    SignedOut,
}

/// The methods that the sign-in page offers, given the request's assertion.
pub(crate) fn sign_in_methods(settings: &Settings, assertion: AccessAssertion) -> Vec<AuthMethod> {
    let offered = providers(settings).into_iter().filter(|provider| provider.offers_sign_in());
    let mut methods: Vec<AuthMethod> = offered.map(|provider| provider.method()).collect();
    methods.retain(|method| assertion == AccessAssertion::None || *method != AuthMethod::Key);
    methods
}

/// The problem `sign-in-needed`, with the available methods.
pub(crate) fn sign_in_needed(settings: &Settings, assertion: AccessAssertion) -> Problem {
    let methods = sign_in_methods(settings, assertion);
    let detail = match (assertion, methods.as_slice()) {
        (AccessAssertion::SignedOut, _) => {
            "You have signed out of Lectern, or your session was ended. Sign out of Cloudflare Access too, then sign in \
             again."
        }
        (AccessAssertion::TooOld, _) => {
            "A session lasts 24 hours at most. Sign out of Cloudflare Access, then sign in again."
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
    let has_ended = matches!(assertion, AccessAssertion::SignedOut | AccessAssertion::TooOld);
    let sign_out = has_ended.then(|| sign_out_url(settings, AuthMethod::Access)).flatten();
    let sign_in = Some(Box::new(SignInOptions { auth_methods: methods, sign_out }));
    Problem { sign_in, ..Problem::new(Code::SignInNeeded, detail) }
}
