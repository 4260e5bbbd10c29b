//! HTTP out: one `fetch` with all the options we need, bodies read piece by piece to their last byte.
//!
//! The runtime crate's own body stream takes an aborted body for a finished one; here a body that is cut is an
//! error, and the caller checks lengths and sums besides.

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

    /// A body: bytes, which can be read into a buffer of the reader's.
    type ByteStream;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &ByteStream, options: &JsValue) -> Result<ByteReader, JsValue>;

    type ByteReader;
    /// Fills the buffer, or what of it the rest fills.
    #[wasm_bindgen(method, catch, js_name = readAtLeast)]
    fn read_at_least(this: &ByteReader, least: u32, room: &Uint8Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn cancel(this: &ByteReader) -> Result<Promise, JsValue>;
}

/// The exchange failed: no answer, or one that was cut. The text is the runtime's, without addresses.
#[derive(Debug, Clone)]
pub(crate) struct TransportError(pub(crate) String);

impl TransportError {
    fn from_js(value: &JsValue) -> Self {
        let text = value
            .dyn_ref::<js_sys::Error>()
            .map_or_else(|| value.as_string().unwrap_or_default(), |error| String::from(error.message()));
        Self(crate::response::sanitize(&text))
    }
}

/// What to send.
#[derive(Debug, Default)]
pub(crate) struct HttpRequest<'a> {
    /// `GET` when empty.
    pub(crate) method: &'a str,
    /// Names and values.
    pub(crate) headers: Vec<(&'a str, String)>,
    /// A text body.
    pub(crate) body: Option<String>,
    /// Milliseconds until the whole exchange is given up.
    pub(crate) timeout: i64,
    /// Leave the body as it is sent, even when it says `Content-Encoding: gzip`.
    pub(crate) keep_encoding: bool,
}

/// What came back.
pub(crate) struct HttpResponse {
    response: web_sys::Response,
}

/// Sends a call. Redirects are never followed: the caller decides where it goes.
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

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.response.headers().get(name).ok().flatten()
    }

    /// The body, piece by piece.
    pub(crate) fn body(&self) -> Result<BodyReader, TransportError> {
        BodyReader::new(self.response.body().as_ref())
    }

    /// The body as text, at most `most` bytes of it.
    pub(crate) async fn text(&self, most: usize) -> Result<String, TransportError> {
        let mut pieces = self.body()?;
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.next().await? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > most {
                return Err(TransportError("the answer is too long".to_owned()));
            }
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Bytes of a piece; the last one may be smaller.
const CHUNK_BYTES: u32 = 256 << 10;

/// A body as it arrives, read into one buffer that goes there and back: a buffer for each piece would be garbage that
/// is collected late, and a large file would take up memory as it passes.
pub(crate) struct BodyReader {
    reading: Option<(ByteReader, Uint8Array)>,
}

impl BodyReader {
    /// The pieces of a stream; none when there is no stream.
    pub(crate) fn new(stream: Option<&ReadableStream>) -> Result<Self, TransportError> {
        let Some(stream) = stream else { return Ok(Self { reading: None }) };
        let options = Object::new();
        Reflect::set(&options, &"mode".into(), &"byob".into())
            .map_err(|error| TransportError::from_js(&error))?;
        let stream: &ByteStream = stream.unchecked_ref();
        let reader = stream.get_reader(&options).map_err(|error| TransportError::from_js(&error))?;
        Ok(Self { reading: Some((reader, Uint8Array::new_with_length(CHUNK_BYTES))) })
    }

    /// The next piece, `None` at the body's own end; a body that stops before it is [`TransportError`].
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        let Some((reader, room)) = &mut self.reading else { return Ok(None) };
        let promise =
            reader.read_at_least(CHUNK_BYTES, room).map_err(|error| TransportError::from_js(&error))?;
        let read = JsFuture::from(promise).await.map_err(|error| TransportError::from_js(&error))?;
        let get =
            |name: &str| Reflect::get(&read, &name.into()).map_err(|error| TransportError::from_js(&error));
        let piece = get("value")?.dyn_into::<Uint8Array>().ok();
        let bytes = piece.as_ref().map(Uint8Array::to_vec).unwrap_or_default();
        match piece {
            Some(piece) if !get("done")?.is_truthy() => *room = Uint8Array::new(&piece.buffer()),
            _ => self.reading = None,
        }
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl Drop for BodyReader {
    fn drop(&mut self) {
        // Nobody reads on: let the other side stop sending. What comes of the promise is of no interest.
        if let Some((reader, _)) = &self.reading {
            let _ = reader.cancel();
        }
    }
}
