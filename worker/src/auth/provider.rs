//! The list of authentication providers, and the trait that each of them implements.
//!
//! Adding one takes a file of its own, an entry in [`providers`], its settings in [`domain::settings`], a variant of
//! [`AuthMethod`] and the text that the sign-in page shows for it.

use super::Visitor;
use super::cloudflare_access::CloudflareAccessProvider;
use super::key::KeyProvider;
use super::local::LocalProvider;
use crate::rpc::Credential;
use domain::api::AuthMethod;
use domain::problem::Problem;
use domain::settings::Settings;
use domain::time::Timestamp;
use domain::token::TokenError;
use futures_util::future::LocalBoxFuture;
use worker::Request;

/// A way to authenticate.
pub(crate) trait AuthProvider {
    /// The method that sessions, the audit log and the sign-in page name it by.
    fn method(&self) -> AuthMethod;

    /// Whether the request carries a credential of this provider, valid or not. The first provider that recognizes one decides:
    /// an invalid credential is not made good by another provider's.
    fn recognizes(&self, request: &Request) -> bool;

    /// Verifies the credential of a request that it recognizes.
    fn verify<'a>(
        &'a self,
        request: &'a Request,
        now: Timestamp,
    ) -> LocalBoxFuture<'a, Result<Verified, CredentialError>>;

    /// Whether the sign-in page offers this method.
    fn offers_sign_in(&self) -> bool;

    /// Where the browser goes to sign out of whatever stands behind this provider.
    fn sign_out_url(&self) -> Option<String> {
        None
    }

    /// The cookie that a visitor's sign-out sets, to delete the provider's own.
    fn sign_out_cookie(&self, _visitor: &Visitor) -> Option<String> {
        None
    }
}

/// A credential that holds.
pub(crate) enum Verified {
    /// It says who somebody is; the Registry knows what they may do.
    Credential(Credential),
    /// It says both.
    Visitor(Visitor),
}

/// Why a credential does not hold.
pub(crate) enum CredentialError {
    /// It is wrong.
    Invalid(TokenError),
    /// It could not be checked.
    Unverifiable(Problem),
}

/// The providers that the settings set up, in the order in which they are asked.
pub(crate) fn providers(settings: &Settings) -> Vec<Box<dyn AuthProvider + '_>> {
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
