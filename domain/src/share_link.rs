//! The link of a share: `/s#TOKEN`, or `/s/ID#TOKEN` for embedding.
//!
//! A token names a share and the version of its link, and is signed: base64url of 16 bytes of the share's id, 4
//! of the version (big-endian), and the first 16 of an HMAC of both. So a forged token is found out without
//! looking anything up. Whether a signed token opens its share is for the Registry to say.

use crate::encoding::{decode_base64url, encode_base64url};
use serde::{Deserialize, Serialize};

/// The length of a token, in characters: 36 bytes in base64url.
pub const TOKEN_LENGTH: usize = 48;

/// The part of an id or of an HMAC in hexadecimal that a token contains: 128 bits.
const HEX_LENGTH: usize = 32;

/// `#` where a mail filter has encoded it.
const ENCODED_HASH: &str = "%23";

/// A share, and the version of its link. Replacing the link raises the version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ShareLink {
    /// The share's id: 32 hexadecimal digits in lower case.
    pub id: String,
    /// The version, from 1 up.
    pub version: u32,
}

impl ShareLink {
    /// The token of the link. `sign` returns the HMAC of a text, in hexadecimal. `None` if the id or the HMAC
    /// is malformed.
    #[must_use]
    pub fn to_token(&self, sign: impl FnOnce(&str) -> String) -> Option<String> {
        let bits = |hex: &str| u128::from_str_radix(hex.get(..HEX_LENGTH)?, 16).ok();
        let id = bits(&self.id).filter(|_| self.id.len() == HEX_LENGTH)?;
        let mac = bits(&sign(&format!("{} {}", self.id, self.version)))?;
        let parts: [&[u8]; 3] = [&id.to_be_bytes(), &self.version.to_be_bytes(), &mac.to_be_bytes()];
        Some(encode_base64url(&parts.concat()))
    }

    /// The link that a token names. The caller has to compare the token with [`Self::to_token`] in constant
    /// time before it believes it. `None` for any text that is no token.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        let bytes = decode_base64url(token).filter(|_| token.len() == TOKEN_LENGTH)?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (version, _) = rest.split_first_chunk::<4>()?;
        Some(Self { id: format!("{:032x}", u128::from_be_bytes(*id)), version: u32::from_be_bytes(*version) })
    }
}

/// The path and the fragment of a link in which a mail filter has encoded `#`: `/s%23TOKEN` or `/s/ID%23TOKEN`.
/// `None` for all other paths, such as `/start.js` and `/shares`.
#[must_use]
pub fn split_encoded_fragment(path: &str) -> Option<(&str, &str)> {
    let (page, fragment) = path.split_once(ENCODED_HASH)?;
    let id = page.strip_prefix("/s")?;
    let is_id = |id: &str| id.len() == HEX_LENGTH && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (id.is_empty() || id.strip_prefix('/').is_some_and(is_id)).then_some((page, fragment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A stand-in for an HMAC: every text gets another value.
    fn sign(text: &str) -> String {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        format!("{hash:016x}").repeat(4)
    }

    /// Whether a token is the one of the link that it names.
    fn is_valid(token: &str) -> bool {
        ShareLink::parse(token).is_some_and(|link| link.to_token(sign).as_deref() == Some(token))
    }

    #[test]
    fn token_format_unchanged() {
        let link = ShareLink { id: "000102030405060708090a0b0c0d0e0f".to_owned(), version: 258 };
        let token = link.to_token(|text| {
            assert_eq!(text, "000102030405060708090a0b0c0d0e0f 258");
            "f".repeat(64)
        });
        assert_eq!(token.as_deref(), Some("AAECAwQFBgcICQoLDA0ODwAAAQL_____________________"));
        assert_eq!(ShareLink::parse(&token.unwrap()), Some(link));
    }

    #[test]
    fn malformed_ids_signatures_and_tokens_are_rejected() {
        let link = |id: &str| ShareLink { id: id.to_owned(), version: 1 };
        assert_eq!(link(&"a".repeat(31)).to_token(sign), None);
        assert_eq!(link(&"a".repeat(33)).to_token(sign), None);
        assert_eq!(link(&"g".repeat(32)).to_token(sign), None);
        assert_eq!(link(&"a".repeat(32)).to_token(|_| String::new()), None);
        for text in ["", "x", &"A".repeat(43), &"A".repeat(47), &"A".repeat(52), &"%".repeat(48)] {
            assert_eq!(ShareLink::parse(text), None, "{text}");
        }
    }

    #[test]
    fn links_with_an_encoded_hash_are_recognized_and_no_other_path_is() {
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(split_encoded_fragment("/s%23tok-en_"), Some(("/s", "tok-en_")));
        assert_eq!(split_encoded_fragment("/s%23a%23b"), Some(("/s", "a%23b")));
        let (page, path) = (format!("/s/{id}"), format!("/s/{id}%23token"));
        assert_eq!(split_encoded_fragment(&path), Some((page.as_str(), "token")));
        for path in [
            "/s",
            "/s/",
            "/start.js",
            "/shares",
            "/shares%23token",
            "/start.js%23token",
            "/api/shares%23token",
            "/s/short%23token",
            "/s/x/y%23token",
            "/%23token",
            "//s%23token",
            &format!("/s/{id}"),
            &format!("/s/{id}/%23token"),
        ] {
            assert_eq!(split_encoded_fragment(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_token_names_its_link_and_no_changed_token_is_valid(
            id: u128, version: u32, at in 0..TOKEN_LENGTH, other in "[A-Za-z0-9_-]",
        ) {
            let link = ShareLink { id: format!("{id:032x}"), version };
            let token = link.to_token(sign).unwrap();
            prop_assert_eq!(token.len(), TOKEN_LENGTH);
            prop_assert_eq!(ShareLink::parse(&token), Some(link.clone()));
            prop_assert!(is_valid(&token));
            let mut changed = token.clone();
            changed.replace_range(at..=at, &other);
            prop_assert_eq!(is_valid(&changed), changed == token);
            let next = ShareLink { version: version.wrapping_add(1), ..link };
            prop_assert_ne!(next.to_token(sign), Some(token));
        }

        #[test]
        fn any_text_can_be_parsed(text in "\\PC{0,60}") {
            let _ = (ShareLink::parse(&text), split_encoded_fragment(&text));
        }
    }
}
