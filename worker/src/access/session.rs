//! Sessions of our own: a random id in a signed cookie, known to the Register by its hash.
//!
//! Whoever reads the Register's tables cannot make a cookie of them, and whoever guesses an id cannot sign it: a forged
//! cookie is refused without asking the Register.

use super::{Doubt, WayIn, cookie};
use crate::errand::Proof;
use crate::seal;
use domain::settings::Secret;
use domain::time::Timestamp;
use domain::token::TokenError;
use worker::Request;

/// `__Host-` binds it to this host alone, to `Secure` and to the whole of the site.
const COOKIE: &str = "__Host-lectern";

/// What the signature is for.
const PURPOSE: &str = "session";

/// The sessions of this installation.
pub(super) struct Sessions<'a> {
    /// What they are signed with.
    pub(super) key: &'a Secret,
}

impl WayIn for Sessions<'_> {
    async fn proof(&self, request: &Request, _: Timestamp) -> Result<Option<Proof>, Doubt> {
        let Some(value) = cookie(request, COOKIE).filter(|value| !value.is_empty()) else { return Ok(None) };
        let (id, signature) = value.split_once('.').ok_or(Doubt::Refused(TokenError::NotAToken))?;
        if id.len() != 32 || !seal::is_signed(self.key, PURPOSE, id, signature) {
            return Err(Doubt::Refused(TokenError::WrongSignature));
        }
        Ok(Some(Proof::Session { id: seal::digest(id) }))
    }
}

/// The cookie of a session with this id.
pub(crate) fn open(key: &Secret, id: &str) -> String {
    format!("{COOKIE}={id}.{}; Path=/; Secure; HttpOnly; SameSite=Lax", seal::sign(key, PURPOSE, id))
}

/// The cookie that ends one.
pub(crate) fn close() -> String {
    format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}
