//! Messages as bytes: serde's derives with [`postcard`], a compact binary format.
//!
//! A value is its fields one after the other: numbers in as few bytes as they need, texts and lists after their length,
//! an enum after the number of its variant. JSON would make both programs larger.
//!
//! There are no field names and no versions: page and data worker always come from one build (`data-worker-start.js` refuses
//! another), and the bytes are never stored. They do not say what they contain either, so a type of a message must not use what needs that: `untagged`,
//! `flatten`, `skip_serializing_if`, or a tag inside the value.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Encodes a message.
///
/// ```
/// use protocol::{Request, RowList, RowRange, codec};
/// let request = Request::Rows(RowRange { sequence: 3, list: RowList::Students, search: String::new(), start: 300, count: 20 });
/// let bytes = codec::encode(&request);
/// assert_eq!(bytes, [1, 3, 1, 0, 172, 2, 20]);
/// assert_eq!(codec::decode(&bytes), Some(request));
/// ```
#[must_use]
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    let encoded = postcard::to_allocvec(message);
    // Cannot fail: a vector grows as needed, and every list in a message knows its length.
    debug_assert!(encoded.is_ok(), "a type of a message must not use `flatten` or the like");
    encoded.unwrap_or_default()
}

/// Decodes a message; `None` if the bytes are not exactly one valid message.
#[must_use]
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (message, rest) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then_some(message)
}

#[cfg(test)]
mod tests;
