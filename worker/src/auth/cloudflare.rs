//! Cloudflare Access: who stands before it has signed in there, and every request brings a signed word on it.
//!
//! The header without a good signature is nothing: a Worker can be reached past Access, and then anybody writes it. A token
//! that was found good is not checked again for some minutes, or until it ends.

use super::jwks::{self, KeyLookup};
use super::{AuthProvider, CredentialError};
use crate::crypto;
use crate::rpc::Credential;
use domain::settings::CloudflareAccess;
use domain::time::{MINUTE, Timestamp};
use domain::token::{LEEWAY, PublicKey, TokenError, UnverifiedToken, VerifiedClaims};
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use std::cell::RefCell;
use std::collections::HashMap;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use worker::Request;

const HEADER: &str = "cf-access-jwt-assertion";

/// How long a good token is not checked again.
const TOKEN_CACHE_TTL: i64 = 5 * MINUTE;

/// Good tokens that are remembered in one isolate.
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
    /// Tokens that were found good, by their hash, and until when that holds.
    static TOKEN_CACHE: RefCell<HashMap<String, (VerifiedClaims, Timestamp)>> = RefCell::new(HashMap::new());
}

/// Access as it stands before this Worker.
pub(super) struct CloudflareProvider<'a> {
    /// Where it is, and what it calls this application.
    pub(super) access: &'a CloudflareAccess,
}

/// Whether a request brings a word of Access, good or not.
pub(super) fn has_assertion(request: &Request) -> bool {
    request.headers().has(HEADER).unwrap_or(false)
}

impl AuthProvider for CloudflareProvider<'_> {
    async fn read_credential(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Credential>, CredentialError> {
        let Some(text) = request.headers().get(HEADER).ok().flatten() else { return Ok(None) };
        let hash = crypto::sha256_hex(&text);
        let good = TOKEN_CACHE.with_borrow(|good| {
            let (bearer, until) = good.get(&hash)?;
            (now < *until && until.since(now) <= TOKEN_CACHE_TTL).then(|| bearer.clone())
        });
        let bearer = match good {
            Some(bearer) => bearer,
            None => {
                let bearer = self.verify_token(&text, now).await?;
                let until = now.plus(TOKEN_CACHE_TTL).min(bearer.expires.plus(LEEWAY));
                TOKEN_CACHE.with_borrow_mut(|good| {
                    if good.len() >= MAX_CACHED_TOKENS {
                        good.clear();
                    }
                    good.insert(hash, (bearer.clone(), until));
                });
                bearer
            }
        };
        Ok(Some(Credential::Token { email: bearer.email, issued: bearer.issued }))
    }
}

impl CloudflareProvider<'_> {
    async fn verify_token(&self, text: &str, now: Timestamp) -> Result<VerifiedClaims, CredentialError> {
        let token = UnverifiedToken::parse(text).map_err(CredentialError::Invalid)?;
        // Judged before its key is looked for: what is for somebody else costs no call.
        let bearer = token
            .verify_claims(&self.access.issuer(), &self.access.audience, now)
            .map_err(CredentialError::Invalid)?;
        let key = match jwks::find_key(&self.access.certs, &token.key).await {
            KeyLookup::Found(key) => key,
            KeyLookup::Unknown => return Err(CredentialError::Invalid(TokenError::UnknownKey)),
            KeyLookup::Unreachable(problem) => return Err(CredentialError::Unverifiable(problem)),
        };
        match verify_signature(&key, &token).await {
            Ok(true) => Ok(bearer),
            Ok(false) | Err(_) => Err(CredentialError::Invalid(TokenError::WrongSignature)),
        }
    }
}

/// The runtime's own check. The algorithm is ours, whatever the token or the key say.
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
    let answer = JsFuture::from(verify(&algorithm, &key, &signature, &signed)?).await?;
    Ok(answer.as_bool() == Some(true))
}
