//! Cryptography: hashes, HMAC signatures under a key of the installation, constant-time comparison, random
//! ids and keys.

use domain::encoding::{encode_base64, encode_base64url};
use domain::problem::{Code, Problem};
use domain::settings::Secret;
use domain::share_link::ShareLink;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use wasm_bindgen::{JsCast, JsValue};

/// The SHA-256 of a text, in hexadecimal.
pub(crate) fn sha256_hex(text: &str) -> String {
    to_hex(&Sha256::digest(text.as_bytes()))
}

/// A person's pseudonym for paths, queries and logs: the first 64 bits of an HMAC of their e-mail address, in
/// hexadecimal; empty for an empty address. It is stable for one key. Without the key, a reader of a log
/// cannot find an address by trying candidates.
pub(crate) fn person_id(key: &Secret, person: &str) -> String {
    if person.is_empty() {
        return String::new();
    }
    sign(key, "person", person).chars().take(16).collect()
}

/// The HMAC-SHA-256 of a text for one purpose, in hexadecimal. A signature for one purpose is invalid for any
/// other.
pub(crate) fn sign(key: &Secret, purpose: &str, text: &str) -> String {
    to_hex(&new_mac(key, purpose, text).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default())
}

/// Whether `signature` is the result of [`sign`]. The comparison takes constant time.
pub(crate) fn is_valid_signature(key: &Secret, purpose: &str, text: &str, signature: &str) -> bool {
    let bytes: Option<Vec<u8>> = (signature.len() == 64 && signature.is_ascii()).then(|| {
        let pairs = (0..64).step_by(2).map(|at| signature.get(at..at + 2).unwrap_or_default());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap_or_default()).collect()
    });
    match (bytes, new_mac(key, purpose, text)) {
        (Some(bytes), Some(mac)) => mac.verify_slice(&bytes).is_ok(),
        _ => false,
    }
}

/// Whether two secrets are equal. Compares HMACs of both, so that the time depends neither on a common prefix
/// nor on the lengths.
pub(crate) fn is_same_secret(key: &Secret, candidate: &str, expected: &Secret) -> bool {
    is_valid_signature(key, "compare", candidate, &sign(key, "compare", expected.reveal()))
}

/// A random id: 32 hexadecimal digits with 128 random bits. Of a UUID's bits only 122 are random, too few for the id of a
/// session.
pub(crate) fn new_id() -> Result<String, Problem> {
    let fault = |_| Problem::new(Code::Internal, "No random id could be made. Try again.");
    random_bytes(16).map(|bytes| to_hex(&bytes)).map_err(fault)
}

/// Whether a text has the form of an id from [`new_id`]: 32 hexadecimal digits.
pub(crate) fn is_well_formed_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text has the form of a [`person_id`]: 16 hexadecimal digits.
pub(crate) fn is_well_formed_person_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The token of a share's link.
pub(crate) fn share_token(key: &Secret, link: &ShareLink) -> Option<String> {
    link.to_token(|text| sign(key, "share link", text))
}

/// The link that a token names, if the token is signed with this key. The comparison takes constant time.
pub(crate) fn verify_share_token(key: &Secret, token: &str) -> Option<ShareLink> {
    let link = ShareLink::parse(token)?;
    let expected = Secret::new(share_token(key, &link)?);
    is_same_secret(key, token, &expected).then_some(link)
}

/// A random key: 32 bytes from `crypto.getRandomValues`, in base64url without padding.
pub(crate) fn new_key() -> Result<String, Problem> {
    let bytes = random_bytes(32)
        .map_err(|_| Problem::new(Code::Internal, "No random key could be made. Try again."))?;
    Ok(encode_base64url(&bytes))
}

/// The source expression `'sha256-…'` for a Content-Security-Policy, which admits exactly this inline script
/// or style.
pub(crate) fn csp_hash(text: &str) -> String {
    format!("'sha256-{}'", encode_base64(&Sha256::digest(text.as_bytes())))
}

/// The MAC over purpose and text. HMAC accepts keys of every length; should the library ever refuse one,
/// [`sign`] returns an empty text, which [`is_valid_signature`] rejects.
fn new_mac(key: &Secret, purpose: &str, text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()).ok()?;
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(text.as_bytes());
    Some(mac)
}

/// Random bytes from `crypto.getRandomValues`.
fn random_bytes(length: u32) -> Result<Vec<u8>, JsValue> {
    let crypto = js_sys::Reflect::get(&js_sys::global(), &"crypto".into())?;
    let fill: js_sys::Function = js_sys::Reflect::get(&crypto, &"getRandomValues".into())?.dyn_into()?;
    let bytes = js_sys::Uint8Array::new_with_length(length);
    fill.call1(&crypto, &bytes)?;
    Ok(bytes.to_vec())
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
