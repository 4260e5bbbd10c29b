//! Who is asking, and whether they may ask at all.
//!
//! Only local mode so far: `LECTERN_LOCAL=1`, set by `cargo xtask start` and nothing else, together with a
//! loopback client address, a loopback host and no sign of another site. The client chooses `Host`, and may
//! choose the address header too under `wrangler dev`, so no one of them is enough; what makes them count is
//! that a deployed Worker has no such setting and that the local one listens on loopback only.

use domain::api::Way;
use domain::problem::{Code, Problem};
use domain::scope::Standing;
use domain::settings::{Settings, is_loopback};
use worker::Request;

/// Somebody who may ask.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The name by which requests are theirs.
    pub(crate) person: String,
    /// What they may do, and with which courses.
    pub(crate) standing: Standing,
    /// How they came in.
    pub(crate) way: Way,
}

/// The visitor who sent this request.
///
/// # Errors
/// `cross-site` when a browser sent it from another site, `sign-in-needed` for everybody who is not known.
pub(crate) fn visitor(request: &Request, settings: &Settings) -> Result<Visitor, Problem> {
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let host = request.url().ok().map(|url| match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        _ => String::new(),
    });
    let host = host.unwrap_or_default();
    let from_here = |origin: &String| {
        origin.split_once("://").is_some_and(|(_, origin_host)| origin_host.eq_ignore_ascii_case(&host))
    };
    let is_cross_site = header("origin").is_some_and(|origin| !from_here(&origin))
        || header("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    if is_cross_site {
        return Err(Problem::new(
            Code::CrossSite,
            "This came from another site. Open Lectern's own page and try there.",
        ));
    }
    let is_here =
        header("cf-connecting-ip").is_some_and(|address| is_loopback(&address)) && is_loopback(&host);
    if settings.local && is_here {
        return Ok(Visitor {
            person: "local".to_owned(),
            standing: Standing::administrator(),
            way: Way::Local,
        });
    }
    Err(Problem::new(
        Code::SignInNeeded,
        "There is no way to sign in to this installation yet. Its operator has to set one up.",
    ))
}
