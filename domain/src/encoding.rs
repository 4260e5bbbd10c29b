//! Base64 (RFC 4648): the standard alphabet with padding, and the URL-safe one without.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Encodes bytes in base64 with padding.
#[must_use]
pub fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Encodes bytes in base64url without padding.
#[must_use]
pub fn encode_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes base64url without padding; `None` for any other text.
///
/// ```
/// use domain::encoding::{decode_base64url, encode_base64url};
/// assert_eq!(encode_base64url(&[251, 255]), "-_8");
/// assert_eq!(decode_base64url("-_8"), Some(vec![251, 255]));
/// assert_eq!(decode_base64url("-_8="), None);
/// ```
#[must_use]
pub fn decode_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
