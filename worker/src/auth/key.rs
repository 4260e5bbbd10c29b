//! The key of this installation, which opens sessions: a random id in a signed cookie. The Registry knows a session by the
//! hash of its id.
//!
//! Whoever reads the Registry's tables cannot make a cookie from them. A forged cookie is refused without asking the Registry:
//! its id is not signed.

use super::provider::{AuthProvider, CredentialError, Verified};
use super::{Visitor, read_cookie};
use crate::crypto;
use crate::rpc::Credential;
use domain::api::AuthMethod;
use domain::settings::Secret;
use domain::time::Timestamp;
use domain::token::TokenError;
use futures_util::future::LocalBoxFuture;
use worker::Request;

/// The prefix `__Host-` makes browsers insist on `Secure`, `Path=/` and no `Domain`.
const COOKIE: &str = "__Host-lectern";

/// The purpose that the signature is bound to.
const PURPOSE: &str = "session";

/// Sessions that the key opened.
pub(super) struct KeyProvider<'a> {
    /// What sessions are signed with; without it there are none.
    pub(super) session_key: Option<&'a Secret>,
    /// Whether a key is set up to sign in with.
    pub(super) has_key: bool,
}

/// The session cookie of a request.
fn cookie(request: &Request) -> Option<String> {
    read_cookie(request, COOKIE).filter(|value| !value.is_empty())
}

impl AuthProvider for KeyProvider<'_> {
    fn method(&self) -> AuthMethod {
        AuthMethod::Key
    }

    fn recognizes(&self, request: &Request) -> bool {
        self.session_key.is_some() && cookie(request).is_some()
    }

    fn verify<'a>(
        &'a self,
        request: &'a Request,
        _: Timestamp,
    ) -> LocalBoxFuture<'a, Result<Verified, CredentialError>> {
        Box::pin(async move {
            let value = cookie(request).unwrap_or_default();
            let (id, signature) =
                value.split_once('.').ok_or(CredentialError::Invalid(TokenError::NotAToken))?;
            let is_signed =
                self.session_key.is_some_and(|key| crypto::is_valid_signature(key, PURPOSE, id, signature));
            if id.len() != 32 || !is_signed {
                return Err(CredentialError::Invalid(TokenError::WrongSignature));
            }
            Ok(Verified::Credential(Credential::Session { id: crypto::sha256_hex(id) }))
        })
    }

    fn offers_sign_in(&self) -> bool {
        self.has_key
    }

    fn sign_out_cookie(&self, _visitor: &Visitor) -> Option<String> {
        Some(format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"))
    }
}

/// The cookie of a session with this id.
pub(crate) fn session_cookie(key: &Secret, id: &str) -> String {
    format!("{COOKIE}={id}.{}; Path=/; Secure; HttpOnly; SameSite=Lax", crypto::sign(key, PURPOSE, id))
}
