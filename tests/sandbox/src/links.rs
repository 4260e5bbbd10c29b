//! Signed links to files. They expire, and must be used exactly as given.

use crate::chance::{Dice, mix};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The query of a link to the file `name`, valid until `expires` (seconds since 1970).
///
/// The signature is percent-encoded Base64, as real file stores use: a client that decodes and encodes it
/// again breaks it.
pub(crate) fn query(seed: u64, name: &str, expires: i64) -> String {
    let key = name.bytes().fold(expires.unsigned_abs(), |key, byte| mix(key ^ u64::from(byte)));
    let mut dice = Dice::new(seed, &[0x3003, key]);
    let mut signature = String::new();
    for _ in 0..27 {
        match dice.pick(ALPHABET) {
            Some(b'+') => signature.push_str("%2B"),
            Some(b'/') => signature.push_str("%2F"),
            other => signature.push(char::from(other.unwrap_or(b'A'))),
        }
    }
    format!("Expires={expires}&Signature={signature}%3D")
}

/// The expiry of a query, in seconds since 1970.
pub(crate) fn expires(query: &str) -> Option<i64> {
    query.strip_prefix("Expires=")?.split('&').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_depends_on_name_and_expiry() {
        let link = query(7, "a.csv.gz", 100);
        assert_eq!(link, query(7, "a.csv.gz", 100));
        assert_ne!(link, query(7, "b.csv.gz", 100));
        assert_eq!(expires(&link), Some(100));
        assert!(link.ends_with("%3D"));
    }
}
