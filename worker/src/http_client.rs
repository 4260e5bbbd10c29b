//! The client for outgoing HTTP requests: `fetch` with a timeout and without following redirects, and response
//! bodies that are read in chunks.
//!
//! The body stream of the `worker` crate treats an aborted body as complete, so this module reads bodies without it
//! and reports a truncated one as an error. Callers also check lengths and checksums.

use domain::time::SECOND;
use js_sys::{Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStream;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, init: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = AbortSignal, js_name = timeout)]
    fn timeout(milliseconds: f64) -> Result<JsValue, JsValue>;

    /// A `ReadableStream` of bytes, which supports reading into the caller's buffer.
    type ByteStream;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &ByteStream, options: &JsValue) -> Result<ByteReader, JsValue>;

    type ByteReader;
    /// Fills the buffer, or as much of it as the rest of the stream has.
    #[wasm_bindgen(method, catch, js_name = readAtLeast)]
    fn read_at_least(this: &ByteReader, min_bytes: u32, buffer: &Uint8Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn cancel(this: &ByteReader) -> Result<Promise, JsValue>;
}

/// The exchange failed: there was no response, it was truncated, or it is longer than the caller reads. The text is
/// the runtime's, without addresses.
#[derive(Debug, Clone)]
pub(crate) struct TransportError(pub(crate) String);

/// The text for a body that is longer than the caller reads.
const TOO_LONG: &str = "the answer is too long";

impl TransportError {
    /// Whether the body is longer than the caller reads.
    pub(crate) fn is_too_long(&self) -> bool {
        self.0 == TOO_LONG
    }

    fn from_js(value: &JsValue) -> Self {
        let text = value
            .dyn_ref::<js_sys::Error>()
            .map_or_else(|| value.as_string().unwrap_or_default(), |error| String::from(error.message()));
        Self(crate::response::sanitize(&text))
    }
}

/// An outgoing HTTP request.
#[derive(Debug, Default)]
pub(crate) struct HttpRequest<'a> {
    /// The method; `GET` if empty.
    pub(crate) method: &'a str,
    /// Headers as (name, value).
    pub(crate) headers: Vec<(&'a str, String)>,
    /// The body, if there is one.
    pub(crate) body: Option<String>,
    /// Timeout of the whole exchange, in milliseconds, at least one second.
    pub(crate) timeout: i64,
    /// Deliver the body as sent, even with `Content-Encoding: gzip`.
    pub(crate) keep_encoding: bool,
}

/// The response to an outgoing HTTP request.
pub(crate) struct HttpResponse {
    response: web_sys::Response,
}

/// Sends an HTTP request. Redirects are never followed: the caller decides whether to.
pub(crate) async fn send(url: &str, call: HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
    let init = Object::new();
    let headers = Object::new();
    let set = |object: &Object, name: &str, value: &JsValue| {
        Reflect::set(object, &name.into(), value).map_err(|error| TransportError::from_js(&error)).map(|_| ())
    };
    for (name, value) in &call.headers {
        set(&headers, name, &value.into())?;
    }
    set(&init, "method", &if call.method.is_empty() { "GET" } else { call.method }.into())?;
    set(&init, "headers", &headers)?;
    set(&init, "redirect", &"manual".into())?;
    if let Some(body) = call.body {
        set(&init, "body", &body.into())?;
    }
    if call.keep_encoding {
        set(&init, "encodeResponseBody", &"manual".into())?;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most minutes, in milliseconds")]
    let signal = timeout(call.timeout.max(SECOND) as f64).map_err(|error| TransportError::from_js(&error))?;
    set(&init, "signal", &signal)?;
    let promise = fetch(url, &init).map_err(|error| TransportError::from_js(&error))?;
    let response = JsFuture::from(promise).await.map_err(|error| TransportError::from_js(&error))?;
    Ok(HttpResponse { response: response.unchecked_into() })
}

impl HttpResponse {
    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.response.status()
    }

    /// The value of the header called `name`.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.response.headers().get(name).ok().flatten()
    }

    /// The body, to be read in chunks.
    pub(crate) fn body(&self) -> Result<BodyReader, TransportError> {
        BodyReader::new(self.response.body().as_ref())
    }

    /// The body as text. A body of more than `max_bytes` is an error.
    pub(crate) async fn text(&self, max_bytes: usize) -> Result<String, TransportError> {
        let mut reader = self.body()?;
        let mut bytes = Vec::new();
        while let Some(chunk) = reader.next().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > max_bytes {
                return Err(TransportError(TOO_LONG.to_owned()));
            }
        }
        // Without a second copy of what may be megabytes.
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }
}

/// Length of a chunk in bytes; the last one may be smaller.
const CHUNK_BYTES: u32 = 256 << 10;

/// Reads a body in chunks, through one buffer that is transferred to the runtime and back. One buffer for
/// each chunk would be garbage that is collected late, so that a large file would fill the memory.
pub(crate) struct BodyReader {
    source: Option<(ByteReader, Uint8Array)>,
}

impl BodyReader {
    /// Reads `stream`; `None` is an empty body.
    pub(crate) fn new(stream: Option<&ReadableStream>) -> Result<Self, TransportError> {
        let Some(stream) = stream else { return Ok(Self { source: None }) };
        let options = Object::new();
        Reflect::set(&options, &"mode".into(), &"byob".into())
            .map_err(|error| TransportError::from_js(&error))?;
        let stream: &ByteStream = stream.unchecked_ref();
        let reader = stream.get_reader(&options).map_err(|error| TransportError::from_js(&error))?;
        Ok(Self { source: Some((reader, Uint8Array::new_with_length(CHUNK_BYTES))) })
    }

    /// The next chunk; `None` after the last.
    ///
    /// # Errors
    /// [`TransportError`] if the body ends early.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        let Some((reader, buffer)) = &mut self.source else { return Ok(None) };
        let promise =
            reader.read_at_least(CHUNK_BYTES, buffer).map_err(|error| TransportError::from_js(&error))?;
        let read = JsFuture::from(promise).await.map_err(|error| TransportError::from_js(&error))?;
        let get =
            |name: &str| Reflect::get(&read, &name.into()).map_err(|error| TransportError::from_js(&error));
        let chunk = get("value")?.dyn_into::<Uint8Array>().ok();
        let bytes = chunk.as_ref().map(Uint8Array::to_vec).unwrap_or_default();
        match chunk {
            Some(chunk) if !get("done")?.is_truthy() => *buffer = Uint8Array::new(&chunk.buffer()),
            _ => self.source = None,
        }
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl Drop for BodyReader {
    fn drop(&mut self) {
        // Tells the other side to stop sending. The result of the promise does not matter.
        if let Some((reader, _)) = &self.source {
            let _ = reader.cancel();
        }
    }
}
