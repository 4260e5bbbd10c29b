//! Sign-in with the installation's key, which opens a session: a random id in a signed cookie. The Registry
//! stores the hash of the id.
//!
//! So the Registry's tables are not enough to make a cookie, and a forged cookie is refused by its signature,
//! without a call to the Registry.

use super::provider::{AuthProvider, CredentialError, Verified};
use super::{Visitor, read_cookie};
use crate::crypto;
use crate::rpc::Credential;
use domain::auth_method::AuthMethod;
use domain::settings::Secret;
use domain::time::Timestamp;
use domain::token::TokenError;
use futures_util::future::LocalBoxFuture;
use worker::Request;

/// The prefix `__Host-` makes browsers require `Secure`, `Path=/` and no `Domain`.
const COOKIE: &str = "__Host-lectern";

/// The purpose argument of [`crypto::sign`].
const PURPOSE: &str = "session";

/// Authenticates sessions that were opened with the key.
pub(super) struct KeyProvider<'a> {
    /// The key that signs session cookies; `None` means that there are no sessions.
    pub(super) session_key: Option<&'a Secret>,
    /// Whether a sign-in key is configured.
    pub(super) has_key: bool,
}

/// The value of the request's session cookie, if it is not empty.
fn session_cookie_value(request: &Request) -> Option<String> {
    read_cookie(request, COOKIE).filter(|value| !value.is_empty())
}

impl AuthProvider for KeyProvider<'_> {
    fn method(&self) -> AuthMethod {
        AuthMethod::Key
    }

    fn recognizes(&self, request: &Request) -> bool {
        self.session_key.is_some() && session_cookie_value(request).is_some()
    }

    fn verify<'a>(
        &'a self,
        request: &'a Request,
        _: Timestamp,
    ) -> LocalBoxFuture<'a, Result<Verified, CredentialError>> {
        Box::pin(async move {
            let value = session_cookie_value(request).unwrap_or_default();
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

/// The `Set-Cookie` value for the session with this id.
pub(crate) fn session_cookie(key: &Secret, id: &str) -> String {
    format!("{COOKIE}={id}.{}; Path=/; Secure; HttpOnly; SameSite=Lax", crypto::sign(key, PURPOSE, id))
}
