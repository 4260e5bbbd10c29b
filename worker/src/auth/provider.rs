//! The trait that each authentication provider implements.
//!
//! A new provider takes a file of its own and an entry in `providers` of the parent module; ARCHITECTURE.md
//! ("How to add") lists every file.

use super::Visitor;
use crate::rpc::Credential;
use domain::auth_method::AuthMethod;
use domain::problem::Problem;
use domain::time::Timestamp;
use domain::token::TokenError;
use futures_util::future::LocalBoxFuture;
use worker::Request;

/// A way to authenticate.
pub(crate) trait AuthProvider {
    /// The method as sessions, the audit log and the sign-in page name it.
    fn method(&self) -> AuthMethod;

    /// Whether the request carries a credential of this provider, valid or not. The first provider that
    /// recognizes one decides: an invalid credential is final, even if another provider's would be valid.
    fn recognizes(&self, request: &Request) -> bool;

    /// Verifies the credential of a request for which [`Self::recognizes`] is true.
    fn verify<'a>(
        &'a self,
        request: &'a Request,
        now: Timestamp,
    ) -> LocalBoxFuture<'a, Result<Verified, CredentialError>>;

    /// Whether the sign-in page offers this method.
    fn offers_sign_in(&self) -> bool;

    /// The URL at which the browser signs out of the identity provider behind this one, if there is one.
    fn sign_out_url(&self) -> Option<String> {
        None
    }

    /// The `Set-Cookie` value that deletes this provider's cookie when the visitor signs out.
    fn sign_out_cookie(&self, _visitor: &Visitor) -> Option<String> {
        None
    }
}

/// The result of verifying a valid credential.
pub(crate) enum Verified {
    /// It proves an identity; the Registry knows the role.
    Credential(Credential),
    /// It proves both identity and role.
    Visitor(Visitor),
}

/// Why a credential was not accepted.
pub(crate) enum CredentialError {
    /// The credential is invalid.
    Invalid(TokenError),
    /// The credential could not be checked.
    Unverifiable(Problem),
}
