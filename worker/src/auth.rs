//! Who is asking, and whether they may ask at all.
//!
//! An [`AuthProvider`] says who somebody is, from what came with the request; the Registry says what they may do. Behind it stand
//! Cloudflare Access and our own sessions; a launch from a learning management system would open such a session too.
//!
//! What the Registry said is kept for some seconds: a sign-out or a changed role holds at once in the isolate that it came
//! through, and within [`IDENTITY_CACHE_TTL`] in every other.

mod cloudflare;
mod jwks;
mod local;
mod session;

pub(crate) use local::{expired_look_as_cookie, local_visitor, look_as_cookie};
pub(crate) use session::{expired_session_cookie, session_cookie};

use crate::rpc::{self, Credential, Identity, RegistryCommand};
use crate::{clock, response};
use cloudflare::CloudflareProvider;
use domain::api::AuthMethod;
use domain::problem::{Code, Problem, SignInOptions};
use domain::scope::{AccessDenied, AccessScope, Action, RoleAssignment, authorize};
use domain::settings::Settings;
use domain::time::{SECOND, Timestamp};
use domain::token::TokenError;
use session::SessionProvider;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use worker::{Env, Request};

/// How long the Registry's word on somebody is taken for current.
pub(crate) const IDENTITY_CACHE_TTL: i64 = 5 * SECOND;

/// People whose standing is kept in one isolate.
const MAX_CACHED_IDENTITIES: usize = 500;

/// Somebody who may ask.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The name by which requests are theirs.
    pub(crate) person: String,
    /// What they may do, and with which courses; nothing before somebody gave them a role.
    pub(crate) role_assignment: Option<RoleAssignment>,
    /// How they came in.
    pub(crate) auth_method: AuthMethod,
}

/// Somebody who is not known.
pub(crate) struct AuthRejection {
    /// What they are told.
    pub(crate) problem: Problem,
    /// What is recorded.
    pub(crate) reason: &'static str,
}

/// A way to authenticate.
pub(crate) trait AuthProvider {
    /// Who this is; `None` when the request does not come this way.
    async fn read_credential(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Credential>, CredentialError>;
}

/// Why a credential is none.
pub(crate) enum CredentialError {
    /// It is wrong.
    Invalid(TokenError),
    /// It could not be checked.
    Unverifiable(Problem),
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
    if let Some(visitor) = local::authenticate(request, settings) {
        return Ok(visitor);
    }
    let now = clock::now();
    match find_credential(request, settings, now).await {
        Ok(Some(credential)) => identify(credential, env, settings, now).await,
        Ok(None) => {
            Err(AuthRejection { problem: sign_in_needed(settings, AccessAssertion::None), reason: "nobody" })
        }
        Err(CredentialError::Invalid(refusal)) => {
            let assertion = match &settings.access {
                Some(_) if cloudflare::has_assertion(request) => AccessAssertion::Refused,
                _ => AccessAssertion::None,
            };
            Err(AuthRejection { problem: sign_in_needed(settings, assertion), reason: refusal.slug() })
        }
        Err(CredentialError::Unverifiable(problem)) => Err(AuthRejection { problem, reason: "unchecked" }),
    }
}

/// Every way in, in turn. One that is wrong ends the search: it is not made good by another.
async fn find_credential(
    request: &Request,
    settings: &Settings,
    now: Timestamp,
) -> Result<Option<Credential>, CredentialError> {
    if let Some(access) = &settings.access
        && let Some(credential) = (CloudflareProvider { access }).read_credential(request, now).await?
    {
        return Ok(Some(credential));
    }
    match &settings.session_key {
        Some(key) => SessionProvider { key }.read_credential(request, now).await,
        None => Ok(None),
    }
}

/// Every credential that holds, beside the one that won: signing out ends them all.
pub(crate) async fn find_all_credentials(request: &Request, settings: &Settings) -> Vec<Credential> {
    let (now, mut credentials) = (clock::now(), Vec::new());
    if let Some(access) = &settings.access {
        credentials
            .extend((CloudflareProvider { access }).read_credential(request, now).await.ok().flatten());
    }
    if let Some(key) = &settings.session_key {
        credentials.extend(SessionProvider { key }.read_credential(request, now).await.ok().flatten());
    }
    credentials
}

thread_local! {
    /// What the Registry said, by the credential, and until when it holds. Values only: nothing of one request's is awaited in
    /// another's.
    static IDENTITY_CACHE: RefCell<HashMap<String, (Identity, Timestamp)>> = RefCell::new(HashMap::new());
    /// How often it was forgotten: what was on its way meanwhile may be old, and is not kept.
    static IDENTITY_CACHE_VERSION: Cell<u64> = const { Cell::new(0) };
}

/// Forgets what the Registry said of anybody: something of it has changed.
pub(crate) fn clear_identity_cache() {
    IDENTITY_CACHE_VERSION.set(IDENTITY_CACHE_VERSION.get().wrapping_add(1));
    IDENTITY_CACHE.with_borrow_mut(HashMap::clear);
}

async fn identify(
    credential: Credential,
    env: &Env,
    settings: &Settings,
    now: Timestamp,
) -> Result<Visitor, AuthRejection> {
    let name = match &credential {
        Credential::Session { id } => format!("session {id}"),
        Credential::Token { email, issued } => format!("token {} {email}", issued.0),
    };
    let is_token = matches!(credential, Credential::Token { .. });
    let kept = IDENTITY_CACHE.with_borrow(|cache| {
        let (kept, until) = cache.get(&name)?;
        // A time further ahead than any that is set is a clock that went back.
        (now < *until && until.since(now) <= IDENTITY_CACHE_TTL).then(|| kept.clone())
    });
    let identity = match kept {
        Some(kept) => kept,
        None => {
            let unchecked = |problem| AuthRejection { problem, reason: "unchecked" };
            let registry = rpc::registry(env, &settings.scheduler_name())
                .map_err(|error| unchecked(response::internal_error(&error)))?;
            let version = IDENTITY_CACHE_VERSION.get();
            let found: Option<Identity> =
                rpc::call(&registry, &RegistryCommand::Identify { credential }).await.map_err(unchecked)?;
            let Some(found) = found else {
                let assertion = if is_token { AccessAssertion::SignedOut } else { AccessAssertion::None };
                let problem = sign_in_needed(settings, assertion);
                return Err(AuthRejection { problem, reason: TokenError::SignedOut.slug() });
            };
            IDENTITY_CACHE.with_borrow_mut(|cache| {
                if cache.len() >= MAX_CACHED_IDENTITIES {
                    cache.clear();
                }
                if version == IDENTITY_CACHE_VERSION.get() {
                    cache.insert(name, (found.clone(), now.plus(IDENTITY_CACHE_TTL)));
                }
            });
            found
        }
    };
    let Identity { person, auth_method, role_assignment } = identity;
    Ok(Visitor { person, role_assignment, auth_method })
}

impl Visitor {
    /// How far the visitor reaches with this.
    ///
    /// # Errors
    /// `no-role`, `not-allowed`; for a report that is not there for them, what there is for one that is not there.
    pub(crate) fn authorize(&self, action: Action<'_>) -> Result<AccessScope, Problem> {
        authorize(&self.person, self.role_assignment.as_ref(), action).map_err(|refused| match (refused, action) {
            (AccessDenied::UnknownReport, Action::RequestReport { report } | Action::ReadRows { report }) => {
                crate::scheduler::unknown_report(report)
            }
            (AccessDenied::NoRole, _) => Problem::new(
                Code::NoRole,
                "You are signed in, and nobody has given you a role yet. Ask whoever runs Lectern at your institution.",
            ),
            (AccessDenied::UnknownCourse, _) => crate::shares::unknown_course(),
            (AccessDenied::NotAllowed | AccessDenied::UnknownReport, _) => Problem::new(
                Code::NotAllowed,
                "This is for administrators. Ask one of them to do it, or to change your role.",
            ),
        })
    }
}

/// Refuses what a browser sent from another site, with whatever cookies.
pub(crate) fn refuse_cross_site(request: &Request) -> Result<(), AuthRejection> {
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let host = request_host(request);
    let from_here = |origin: &String| {
        origin.split_once("://").is_some_and(|(_, origin_host)| origin_host.eq_ignore_ascii_case(&host))
    };
    let is_cross_site = header("origin").is_some_and(|origin| !from_here(&origin))
        || header("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    if is_cross_site {
        let detail = "This came from another site. Open Lectern's own page and try there.";
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

/// What a stranger brought of Cloudflare Access. As long as a browser brings any, a session of ours is not looked at: the
/// key would open one in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccessAssertion {
    /// None.
    None,
    /// One that is not good.
    Refused,
    /// One of somebody who has signed out of Lectern alone.
    SignedOut,
}

/// The ways in for somebody who brought this.
pub(crate) fn sign_in_methods(settings: &Settings, assertion: AccessAssertion) -> Vec<AuthMethod> {
    let mut ways = settings.auth_methods();
    ways.retain(|way| assertion == AccessAssertion::None || *way != AuthMethod::Key);
    ways
}

/// What a stranger is told: how one can sign in here.
pub(crate) fn sign_in_needed(settings: &Settings, assertion: AccessAssertion) -> Problem {
    let ways = sign_in_methods(settings, assertion);
    let detail = match (assertion, ways.as_slice()) {
        (AccessAssertion::SignedOut, _) => {
            "You have signed out of Lectern. Sign out of Cloudflare Access too, then sign in again."
        }
        (AccessAssertion::Refused, _) => {
            "Cloudflare Access let you through, and Lectern does not accept its word. Open Lectern's address anew; if \
             that does not help, sign out of Cloudflare Access and sign in again."
        }
        (_, []) => "There is no way to sign in to this installation yet. Its operator has to set one up.",
        (_, [AuthMethod::Key]) => "Sign in with the key of this installation.",
        (_, [AuthMethod::Access]) => "Open Lectern's address anew: Cloudflare Access asks you to sign in.",
        (_, _) => "Open Lectern's address anew to sign in with Cloudflare Access, or sign in with the key.",
    };
    let access = settings.access.as_ref().filter(|_| assertion == AccessAssertion::SignedOut);
    let sign_out = access.map(|access| access.sign_out());
    let sign_in = Some(Box::new(SignInOptions { auth_methods: ways, sign_out }));
    Problem { sign_in, ..Problem::new(Code::SignInNeeded, detail) }
}
