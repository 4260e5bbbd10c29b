//! Hashes and signatures of our own: sessions, names that stand for people, texts compared without telling how far they
//! agree.

use domain::problem::{Code, Problem};
use domain::settings::Secret;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The SHA-256 of a text, in hexadecimal.
pub(crate) fn sha256_hex(text: &str) -> String {
    to_hex(&Sha256::digest(text.as_bytes()))
}

/// What a person is called in paths, queries and logs: not their address, and always the same under one key. Whoever reads
/// a log cannot try addresses without it.
pub(crate) fn person_id(key: &Secret, person: &str) -> String {
    if person.is_empty() {
        return String::new();
    }
    sign(key, "person", person).chars().take(16).collect()
}

/// A signature over a text for one purpose: what was signed for one is none for another.
pub(crate) fn sign(key: &Secret, purpose: &str, text: &str) -> String {
    to_hex(&new_mac(key, purpose, text).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default())
}

/// Whether this is the signature, compared in constant time.
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

/// Whether two secrets are equal, in a time that tells neither how far they agree nor how long they are.
pub(crate) fn is_same_secret(key: &Secret, candidate: &str, expected: &Secret) -> bool {
    is_valid_signature(key, "compare", candidate, &sign(key, "compare", expected.reveal()))
}

/// 122 random bits from the runtime, as hexadecimal.
pub(crate) fn new_id() -> Result<String, Problem> {
    let fault = || Problem::new(Code::Internal, "No random id could be made. Try again.");
    let crypto = js_sys::Reflect::get(&js_sys::global(), &"crypto".into()).map_err(|_| fault())?;
    let uuid = js_sys::Reflect::get(&crypto, &"randomUUID".into()).map_err(|_| fault())?;
    let uuid: js_sys::Function = wasm_bindgen::JsCast::dyn_into(uuid).map_err(|_| fault())?;
    let id = uuid.call0(&crypto).map_err(|_| fault())?.as_string().ok_or_else(fault)?;
    Ok(id.replace('-', ""))
}

/// 32 bytes from the runtime, by chance, in base64url.
pub(crate) fn new_token() -> Result<String, Problem> {
    let fault = || Problem::new(Code::Internal, "No random token could be made. Try again.");
    let crypto = js_sys::Reflect::get(&js_sys::global(), &"crypto".into()).map_err(|_| fault())?;
    let fill = js_sys::Reflect::get(&crypto, &"getRandomValues".into()).map_err(|_| fault())?;
    let fill: js_sys::Function = wasm_bindgen::JsCast::dyn_into(fill).map_err(|_| fault())?;
    let bytes = js_sys::Uint8Array::new_with_length(32);
    fill.call1(&crypto, &bytes).map_err(|_| fault())?;
    let token = encode_base64(&bytes.to_vec(), *b"-_");
    if token.len() == domain::shares::TOKEN_LENGTH { Ok(token) } else { Err(fault()) }
}

/// The SHA-256 of a text as a content security policy names it.
pub(crate) fn csp_hash(text: &str) -> String {
    let mut hash = encode_base64(&Sha256::digest(text.as_bytes()), *b"+/");
    while !hash.len().is_multiple_of(4) {
        hash.push('=');
    }
    format!("'sha256-{hash}'")
}

/// Bytes in base64 without padding; `last` are the two letters in which its kinds differ.
fn encode_base64(bytes: &[u8], last: [u8; 2]) -> String {
    let letters = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(last);
    let letters: Vec<char> = letters.map(char::from).collect();
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 1);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..=three.len() {
            let letter = (bits >> (18 - 6 * place)) & 63;
            text.extend(usize::try_from(letter).ok().and_then(|letter| letters.get(letter)));
        }
    }
    text
}

/// No key is too long or too short for this; if one ever were, nothing would be signed, and nothing taken for signed.
fn new_mac(key: &Secret, purpose: &str, text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()).ok()?;
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(text.as_bytes());
    Some(mac)
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
