//! Hashes and signatures of our own: sessions, names that stand for people, texts compared without telling how far they
//! agree.

use domain::problem::{Code, Problem};
use domain::settings::Secret;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The SHA-256 of a text, in hexadecimal.
pub(crate) fn digest(text: &str) -> String {
    spell(&Sha256::digest(text.as_bytes()))
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
    spell(&mac(key, purpose, text).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default())
}

/// Whether this is the signature, compared in constant time.
pub(crate) fn is_signed(key: &Secret, purpose: &str, text: &str, signature: &str) -> bool {
    let bytes: Option<Vec<u8>> = (signature.len() == 64 && signature.is_ascii()).then(|| {
        let pairs = (0..64).step_by(2).map(|at| signature.get(at..at + 2).unwrap_or_default());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap_or_default()).collect()
    });
    match (bytes, mac(key, purpose, text)) {
        (Some(bytes), Some(mac)) => mac.verify_slice(&bytes).is_ok(),
        _ => false,
    }
}

/// Whether two secrets are equal, in a time that tells neither how far they agree nor how long they are.
pub(crate) fn is_same(key: &Secret, given: &str, wanted: &Secret) -> bool {
    is_signed(key, "compare", given, &sign(key, "compare", wanted.reveal()))
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

/// No key is too long or too short for this; if one ever were, nothing would be signed, and nothing taken for signed.
fn mac(key: &Secret, purpose: &str, text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()).ok()?;
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(text.as_bytes());
    Some(mac)
}

fn spell(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
