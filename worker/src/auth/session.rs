//! Sessions of our own: a random id in a signed cookie, known to the Registry by its hash.
//!
//! Whoever reads the Registry's tables cannot make a cookie of them, and whoever guesses an id cannot sign it: a forged
//! cookie is refused without asking the Registry.

use super::{AuthProvider, CredentialError, read_cookie};
use crate::crypto;
use crate::rpc::Credential;
use domain::settings::Secret;
use domain::time::Timestamp;
use domain::token::TokenError;
use worker::Request;

/// `__Host-` binds it to this host alone, to `Secure` and to the whole of the site.
const COOKIE: &str = "__Host-lectern";

/// What the signature is for.
const PURPOSE: &str = "session";

/// The sessions of this installation.
pub(super) struct SessionProvider<'a> {
    /// What they are signed with.
    pub(super) key: &'a Secret,
}

impl AuthProvider for SessionProvider<'_> {
    async fn read_credential(
        &self,
        request: &Request,
        _: Timestamp,
    ) -> Result<Option<Credential>, CredentialError> {
        let Some(value) = read_cookie(request, COOKIE).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let (id, signature) = value.split_once('.').ok_or(CredentialError::Invalid(TokenError::NotAToken))?;
        if id.len() != 32 || !crypto::is_valid_signature(self.key, PURPOSE, id, signature) {
            return Err(CredentialError::Invalid(TokenError::WrongSignature));
        }
        Ok(Some(Credential::Session { id: crypto::sha256_hex(id) }))
    }
}

/// The cookie of a session with this id.
pub(crate) fn session_cookie(key: &Secret, id: &str) -> String {
    format!("{COOKIE}={id}.{}; Path=/; Secure; HttpOnly; SameSite=Lax", crypto::sign(key, PURPOSE, id))
}

/// The cookie that ends one.
pub(crate) fn expired_session_cookie() -> String {
    format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}
