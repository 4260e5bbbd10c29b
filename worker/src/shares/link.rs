//! The links of shares. A token is verified here, in the isolate, with the key that the Registry generated: a
//! forged one reaches no object. What a signed token opens, if anything, the Registry decides each time.

use crate::rpc::{self, RegistryCommand, SharesCommand};
use crate::{clock, crypto, response};
use domain::link_limits::LinkLimits;
use domain::problem::{Code, Problem};
use domain::settings::{Secret, Settings};
use domain::share_link::ShareLink;
use domain::shares::OpenShareRequest;
use std::cell::RefCell;
use worker::{Response, Stub};

thread_local! {
    /// The key of an installation, read once.
    static KEY: RefCell<Option<(String, Secret)>> = const { RefCell::new(None) };
    static LIMITS: RefCell<LinkLimits> = RefCell::default();
}

/// Verifies the token of a request. `network` is the client's: forged tokens are limited by network, valid ones
/// only by share, since a class opens one link from behind one address.
///
/// # Errors
/// `share-gone`; `too-many-tries` beyond a limit.
pub(super) async fn verify(
    registry: &Stub,
    settings: &Settings,
    OpenShareRequest { token, id }: &OpenShareRequest,
    network: &str,
) -> Result<ShareLink, Problem> {
    let Some(link) = verify_token(registry, settings, token).await? else {
        let wait = LIMITS.with_borrow_mut(|limits| limits.count_forged(network, clock::now()));
        return Err(wait.map_or_else(response::share_gone, too_many_forged));
    };
    limit_calls(&link)?;
    // A page that may embed one share may not embed others.
    if id.as_ref().is_some_and(|id| *id != link.id) {
        return Err(response::share_gone());
    }
    Ok(link)
}

/// Redirects a link in which a mail filter has encoded `#` to the link as it was made, and records that its
/// token was in a path.
pub(crate) async fn restore_fragment(
    registry: &Stub,
    settings: &Settings,
    page: &str,
    fragment: &str,
    network: &str,
) -> Result<Response, Problem> {
    match verify_token(registry, settings, fragment).await? {
        None => {
            if let Some(wait) = LIMITS.with_borrow_mut(|limits| limits.count_forged(network, clock::now())) {
                return Err(too_many_forged(wait));
            }
        }
        Some(link) if limit_calls(&link).is_ok() => {
            // The link works even if its owner cannot be told to replace it.
            let command = RegistryCommand::Shares(SharesCommand::RecordExposure(link));
            if let Err(problem) = rpc::call::<_, bool>(registry, &command).await {
                worker::console_error!("an exposed link could not be recorded: {}", problem.code.slug());
            }
        }
        Some(_) => {}
    }
    let redirect = || {
        let response = Response::empty()?.with_status(302);
        response.headers().set("location", &format!("{page}#{fragment}"))?;
        response::with_private_headers(response)
    };
    redirect().map_err(|error| response::internal_error(&error))
}

/// The link that a token names; `None` for a forged token.
async fn verify_token(
    registry: &Stub,
    settings: &Settings,
    token: &str,
) -> Result<Option<ShareLink>, Problem> {
    if ShareLink::parse(token).is_none() {
        return Ok(None);
    }
    let installation = settings.scheduler_name();
    let find_key = || {
        KEY.with_borrow(|key| key.as_ref().filter(|(of, _)| *of == installation).map(|(_, key)| key.clone()))
    };
    let key = match find_key() {
        Some(key) => key,
        None => {
            let command = RegistryCommand::Shares(SharesCommand::GetLinkKey);
            let key = Secret::new(rpc::call(registry, &command).await?);
            KEY.set(Some((installation, key.clone())));
            key
        }
    };
    Ok(crypto::verify_share_token(&key, token))
}

fn too_many_forged(seconds: u32) -> Problem {
    let detail = "Several invalid links came from this address. Wait a while before the next try.";
    Problem::new(Code::TooManyTries, detail).retry_after(seconds)
}

fn limit_calls(link: &ShareLink) -> Result<(), Problem> {
    match LIMITS.with_borrow_mut(|limits| limits.count_call(link, clock::now())) {
        None => Ok(()),
        Some(seconds) => {
            let detail = "This link is opened too often right now. Try again in a minute.";
            Err(Problem::new(Code::TooManyTries, detail).retry_after(seconds))
        }
    }
}
