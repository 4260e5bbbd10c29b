//! Cloudflare Access: people sign in there before a request reaches the Worker, and every request carries a
//! signed token with their identity.
//!
//! The signature is always checked: a Worker may be reachable without passing Access, and then any client can
//! set the header. A valid token is cached for some minutes, or until it expires.

use super::certificates::{self, KeyLookup};
use super::provider::{AuthProvider, CredentialError, Verified};
use crate::crypto;
use crate::rpc::Credential;
use domain::auth_method::AuthMethod;
use domain::settings::CloudflareAccess;
use domain::time::{MINUTE, Timestamp};
use domain::token::{LEEWAY, PublicKey, TokenError, UnverifiedToken, VerifiedClaims};
use futures_util::future::LocalBoxFuture;
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use std::cell::RefCell;
use std::collections::HashMap;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use worker::Request;

const HEADER: &str = "cf-access-jwt-assertion";

/// How long a token counts as valid without another check.
const TOKEN_CACHE_TTL: i64 = 5 * MINUTE;

/// Maximum number of valid tokens cached in one isolate.
const MAX_CACHED_TOKENS: usize = 500;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = importKey)]
    fn import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &JsValue,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = verify)]
    fn verify(
        algorithm: &JsValue,
        key: &JsValue,
        signature: &Uint8Array,
        signed: &Uint8Array,
    ) -> Result<Promise, JsValue>;
}

thread_local! {
    /// Claims of valid tokens, by the SHA-256 of the token, each with the time at which the entry expires.
    static TOKEN_CACHE: RefCell<HashMap<String, (VerifiedClaims, Timestamp)>> = RefCell::new(HashMap::new());
}

/// Authenticates requests that passed Cloudflare Access.
pub(super) struct CloudflareAccessProvider<'a> {
    /// The team, and the application's audience tag.
    pub(super) access: &'a CloudflareAccess,
}

impl AuthProvider for CloudflareAccessProvider<'_> {
    fn method(&self) -> AuthMethod {
        AuthMethod::Access
    }

    fn recognizes(&self, request: &Request) -> bool {
        request.headers().has(HEADER).unwrap_or(false)
    }

    fn verify<'a>(
        &'a self,
        request: &'a Request,
        now: Timestamp,
    ) -> LocalBoxFuture<'a, Result<Verified, CredentialError>> {
        Box::pin(async move {
            let text = request.headers().get(HEADER).ok().flatten().unwrap_or_default();
            let claims = self.verify_cached(&text, now).await?;
            Ok(Verified::Credential(Credential::Token { email: claims.email, issued: claims.issued }))
        })
    }

    fn offers_sign_in(&self) -> bool {
        true
    }

    fn sign_out_url(&self) -> Option<String> {
        Some(self.access.sign_out())
    }
}

impl CloudflareAccessProvider<'_> {
    async fn verify_cached(&self, text: &str, now: Timestamp) -> Result<VerifiedClaims, CredentialError> {
        let hash = crypto::sha256_hex(text);
        let cached = TOKEN_CACHE.with_borrow(|cache| {
            let (claims, until) = cache.get(&hash)?;
            (now < *until && until.since(now) <= TOKEN_CACHE_TTL).then(|| claims.clone())
        });
        if let Some(claims) = cached {
            return Ok(claims);
        }
        let claims = self.verify_token(text, now).await?;
        let until = now.plus(TOKEN_CACHE_TTL).min(claims.expires.plus(LEEWAY));
        TOKEN_CACHE.with_borrow_mut(|cache| {
            if cache.len() >= MAX_CACHED_TOKENS {
                cache.clear();
            }
            cache.insert(hash, (claims.clone(), until));
        });
        Ok(claims)
    }

    async fn verify_token(&self, text: &str, now: Timestamp) -> Result<VerifiedClaims, CredentialError> {
        let token = UnverifiedToken::parse(text).map_err(CredentialError::Invalid)?;
        // Claims are checked first, so that a token for another application costs no fetch of keys.
        let claims = token
            .verify_claims(&self.access.issuer(), &self.access.audience, now)
            .map_err(CredentialError::Invalid)?;
        let key = match certificates::find_key(&self.access.certs, &token.key).await {
            KeyLookup::Found(key) => key,
            KeyLookup::Unknown => return Err(CredentialError::Invalid(TokenError::UnknownKey)),
            KeyLookup::Unreachable(problem) => return Err(CredentialError::Unverifiable(problem)),
        };
        match verify_signature(&key, &token).await {
            Ok(true) => Ok(claims),
            Ok(false) | Err(_) => Err(CredentialError::Invalid(TokenError::WrongSignature)),
        }
    }
}

/// Checks the signature with Web Crypto. The algorithm is always RS256, whatever the token or the key
/// declares.
async fn verify_signature(key: &PublicKey, token: &UnverifiedToken) -> Result<bool, JsValue> {
    let object = |entries: &[(&str, &str)]| {
        let object = Object::new();
        for (name, value) in entries {
            Reflect::set(&object, &(*name).into(), &(*value).into())?;
        }
        Ok::<_, JsValue>(object)
    };
    let jwk = object(&[("kty", "RSA"), ("alg", "RS256"), ("n", &key.modulus), ("e", &key.exponent)])?;
    let algorithm = object(&[("name", "RSASSA-PKCS1-v1_5"), ("hash", "SHA-256")])?;
    let usages = Array::of1(&"verify".into());
    let key = JsFuture::from(import_key("jwk", &jwk, &algorithm, false, &usages)?).await?;
    let (signature, signed) =
        (Uint8Array::from(token.signature.as_slice()), Uint8Array::from(token.signed.as_slice()));
    let result = JsFuture::from(verify(&algorithm, &key, &signature, &signed)?).await?;
    Ok(result.as_bool() == Some(true))
}
