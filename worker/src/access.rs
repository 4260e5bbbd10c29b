//! Who is asking, and whether they may ask at all.
//!
//! A [`WayIn`] says who somebody is, from what came with the request; the Register says what they may do. Behind it stand
//! Cloudflare Access and our own sessions; a launch from a learning management system would open such a session too.
//!
//! What the Register said is kept for some seconds: a sign-out or a changed role holds at once in the isolate that it came
//! through, and within [`KNOWN_FOR`] in every other.

mod certificates;
mod cloudflare;
mod local;
mod session;

pub(crate) use local::{local_visitor, look_as, look_no_more};
pub(crate) use session::{close, open};

use crate::errand::{self, Known, Proof, ToRegister};
use crate::{answer, clock};
use cloudflare::Cloudflare;
use domain::api::AuthMethod;
use domain::problem::{Code, Problem, SignInOptions};
use domain::scope::{AccessDenied, AccessScope, Action, RoleAssignment, authorize};
use domain::settings::Settings;
use domain::time::{SECOND, Timestamp};
use domain::token::TokenError;
use session::Sessions;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use worker::{Env, Request};

/// How long the Register's word on somebody is taken for current.
pub(crate) const KNOWN_FOR: i64 = 5 * SECOND;

/// People whose standing is kept in one isolate.
const KNOWN_MOST: usize = 500;

/// Somebody who may ask.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The name by which requests are theirs.
    pub(crate) person: String,
    /// What they may do, and with which courses; nothing before somebody gave them a role.
    pub(crate) standing: Option<RoleAssignment>,
    /// How they came in.
    pub(crate) way: AuthMethod,
}

/// Somebody who is not known.
pub(crate) struct Stranger {
    /// What they are told.
    pub(crate) problem: Problem,
    /// What is recorded.
    pub(crate) why: &'static str,
}

/// A way in.
pub(crate) trait WayIn {
    /// Who this is; `None` when the request does not come this way.
    async fn proof(&self, request: &Request, now: Timestamp) -> Result<Option<Proof>, Doubt>;
}

/// Why a proof is none.
pub(crate) enum Doubt {
    /// It is wrong.
    Refused(TokenError),
    /// It could not be checked.
    Unchecked(Problem),
}

/// The visitor who sent this request.
///
/// # Errors
/// `cross-site` when a browser sent it from another site, `sign-in-needed` for everybody who is not known.
pub(crate) async fn visitor(request: &Request, env: &Env, settings: &Settings) -> Result<Visitor, Stranger> {
    refuse_other_sites(request)?;
    if let Some(visitor) = local::visitor(request, settings) {
        return Ok(visitor);
    }
    let now = clock::now();
    match proof(request, settings, now).await {
        Ok(Some(proof)) => known(proof, env, settings, now).await,
        Ok(None) => Err(Stranger { problem: sign_in_needed(settings, Assertion::None), why: "nobody" }),
        Err(Doubt::Refused(refusal)) => {
            let brought = match &settings.access {
                Some(_) if cloudflare::is_presented(request) => Assertion::Refused,
                _ => Assertion::None,
            };
            Err(Stranger { problem: sign_in_needed(settings, brought), why: refusal.slug() })
        }
        Err(Doubt::Unchecked(problem)) => Err(Stranger { problem, why: "unchecked" }),
    }
}

/// Every way in, in turn. One that is wrong ends the search: it is not made good by another.
async fn proof(request: &Request, settings: &Settings, now: Timestamp) -> Result<Option<Proof>, Doubt> {
    if let Some(access) = &settings.access
        && let Some(proof) = (Cloudflare { access }).proof(request, now).await?
    {
        return Ok(Some(proof));
    }
    match &settings.session_key {
        Some(key) => Sessions { key }.proof(request, now).await,
        None => Ok(None),
    }
}

/// Every proof that holds, beside the one that won: signing out ends them all.
pub(crate) async fn proofs(request: &Request, settings: &Settings) -> Vec<Proof> {
    let (now, mut proofs) = (clock::now(), Vec::new());
    if let Some(access) = &settings.access {
        proofs.extend((Cloudflare { access }).proof(request, now).await.ok().flatten());
    }
    if let Some(key) = &settings.session_key {
        proofs.extend(Sessions { key }.proof(request, now).await.ok().flatten());
    }
    proofs
}

thread_local! {
    /// What the Register said, by the proof, and until when it holds. Values only: nothing of one request's is awaited in
    /// another's.
    static KNOWN: RefCell<HashMap<String, (Known, Timestamp)>> = RefCell::new(HashMap::new());
    /// How often it was forgotten: what was on its way meanwhile may be old, and is not kept.
    static FORGOTTEN: Cell<u64> = const { Cell::new(0) };
}

/// Forgets what the Register said of anybody: something of it has changed.
pub(crate) fn forget_known() {
    FORGOTTEN.set(FORGOTTEN.get().wrapping_add(1));
    KNOWN.with_borrow_mut(HashMap::clear);
}

async fn known(proof: Proof, env: &Env, settings: &Settings, now: Timestamp) -> Result<Visitor, Stranger> {
    let name = match &proof {
        Proof::Session { id } => format!("session {id}"),
        Proof::Token { email, issued } => format!("token {} {email}", issued.0),
    };
    let is_token = matches!(proof, Proof::Token { .. });
    let kept = KNOWN.with_borrow(|known| {
        let (kept, until) = known.get(&name)?;
        // A time further ahead than any that is set is a clock that went back.
        (now < *until && until.since(now) <= KNOWN_FOR).then(|| kept.clone())
    });
    let known = match kept {
        Some(kept) => kept,
        None => {
            let unchecked = |problem| Stranger { problem, why: "unchecked" };
            let register = errand::register(env, &settings.scheduler_name())
                .map_err(|error| unchecked(answer::internal(&error)))?;
            let forgotten = FORGOTTEN.get();
            let found: Option<Known> =
                errand::ask(&register, &ToRegister::Arrive { proof }).await.map_err(unchecked)?;
            let Some(found) = found else {
                let brought = if is_token { Assertion::SignedOut } else { Assertion::None };
                let problem = sign_in_needed(settings, brought);
                return Err(Stranger { problem, why: TokenError::SignedOut.slug() });
            };
            KNOWN.with_borrow_mut(|known| {
                if known.len() >= KNOWN_MOST {
                    known.clear();
                }
                if forgotten == FORGOTTEN.get() {
                    known.insert(name, (found.clone(), now.plus(KNOWN_FOR)));
                }
            });
            found
        }
    };
    let Known { person, way, standing } = known;
    Ok(Visitor { person, standing, way })
}

impl Visitor {
    /// How far the visitor reaches with this.
    ///
    /// # Errors
    /// `no-role`, `not-allowed`; for a report that is not there for them, what there is for one that is not there.
    pub(crate) fn may(&self, action: Action<'_>) -> Result<AccessScope, Problem> {
        authorize(&self.person, self.standing.as_ref(), action).map_err(|refused| match (refused, action) {
            (AccessDenied::UnknownReport, Action::RequestReport { report } | Action::ReadRows { report }) => {
                crate::desk::unknown_report(report)
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
pub(crate) fn refuse_other_sites(request: &Request) -> Result<(), Stranger> {
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let host = host(request);
    let from_here = |origin: &String| {
        origin.split_once("://").is_some_and(|(_, origin_host)| origin_host.eq_ignore_ascii_case(&host))
    };
    let is_cross_site = header("origin").is_some_and(|origin| !from_here(&origin))
        || header("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    if is_cross_site {
        let detail = "This came from another site. Open Lectern's own page and try there.";
        return Err(Stranger { problem: Problem::new(Code::CrossSite, detail), why: "cross-site" });
    }
    Ok(())
}

/// The host that the request names, with its port where it has one.
fn host(request: &Request) -> String {
    let host = request.url().ok().map(|url| match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        _ => String::new(),
    });
    host.unwrap_or_default()
}

/// A cookie's value.
fn cookie(request: &Request, name: &str) -> Option<String> {
    let all = request.headers().get("cookie").ok().flatten()?;
    all.split(';').find_map(|one| {
        let (found, value) = one.trim().split_once('=')?;
        (found == name).then(|| value.to_owned())
    })
}

/// What a stranger brought of Cloudflare Access. As long as a browser brings any, a session of ours is not looked at: the
/// key would open one in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Assertion {
    /// None.
    None,
    /// One that is not good.
    Refused,
    /// One of somebody who has signed out of Lectern alone.
    SignedOut,
}

/// The ways in for somebody who brought this.
pub(crate) fn ways(settings: &Settings, brought: Assertion) -> Vec<AuthMethod> {
    let mut ways = settings.auth_methods();
    ways.retain(|way| brought == Assertion::None || *way != AuthMethod::Key);
    ways
}

/// What a stranger is told: how one can sign in here.
pub(crate) fn sign_in_needed(settings: &Settings, brought: Assertion) -> Problem {
    let ways = ways(settings, brought);
    let detail = match (brought, ways.as_slice()) {
        (Assertion::SignedOut, _) => {
            "You have signed out of Lectern. Sign out of Cloudflare Access too, then sign in again."
        }
        (Assertion::Refused, _) => {
            "Cloudflare Access let you through, and Lectern does not accept its word. Open Lectern's address anew; if \
             that does not help, sign out of Cloudflare Access and sign in again."
        }
        (_, []) => "There is no way to sign in to this installation yet. Its operator has to set one up.",
        (_, [AuthMethod::Key]) => "Sign in with the key of this installation.",
        (_, [AuthMethod::Access]) => "Open Lectern's address anew: Cloudflare Access asks you to sign in.",
        (_, _) => "Open Lectern's address anew to sign in with Cloudflare Access, or sign in with the key.",
    };
    let access = settings.access.as_ref().filter(|_| brought == Assertion::SignedOut);
    let sign_out = access.map(|access| access.sign_out());
    let sign_in = Some(Box::new(SignInOptions { auth_methods: ways, sign_out }));
    Problem { sign_in, ..Problem::new(Code::SignInNeeded, detail) }
}
