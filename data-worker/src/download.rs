//! Downloads: `GET /api/rows/{report}/{window}`, read frame by frame as it arrives, and the accounts that these rows are read
//! with, `GET /api/shared-accounts`.

use crate::messages::worker_scope;
use crate::schedule::{DownloadOrder, SourceKey};
use domain::api::SCRIPT_HEADER;
use domain::frame::{Frame, FrameReader, Head, SliceHead};
use engine::shared_account::SharedAccountSet;
use js_sys::{Array, Promise, Reflect, Uint8Array};
use protocol::FetchError;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, Headers, ReadableStreamDefaultReader, RequestInit, RequestRedirect, Response, ResponseType,
};

/// What happens to the frames of a download as they arrive. An error ends the download.
pub trait Receiver {
    /// The head, which announces the number of rows.
    ///
    /// # Errors
    /// [`FetchError`], which ends the download.
    fn receive_head(&mut self, head: &Head) -> Result<(), FetchError>;

    /// A slice, after the head.
    ///
    /// # Errors
    /// [`FetchError`], which ends the download.
    fn receive_slice(&mut self, head: &SliceHead, deflated: &[u8]) -> Result<(), FetchError>;

    /// Rows and bytes that have arrived, after each piece of the response.
    ///
    /// # Errors
    /// [`FetchError`], which ends the download.
    fn receive_progress(&mut self, rows: u64, bytes: u64) -> Result<(), FetchError>;
}

/// Downloads a copy, from its head to its last slice. The response is read once `accounts` has settled.
///
/// # Errors
/// [`FetchError`]: the Worker's, the connection's, or the receiver's.
pub async fn run(
    order: &DownloadOrder,
    signal: &AbortSignal,
    accounts: Option<Promise>,
    receiver: &mut impl Receiver,
) -> Result<(), FetchError> {
    let response = fetch(&url(order), Some(signal)).await?;
    if let Some(accounts) = accounts {
        wait(accounts).await?;
    }
    let body = response.body().ok_or(FetchError::Unreachable)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut frames = FrameReader::default();
    let (mut has_head, mut rows, mut bytes) = (false, 0, 0);
    loop {
        let chunk = wait(reader.read()).await?;
        if signal.aborted() {
            return Err(FetchError::Unreachable);
        }
        let field = |name: &str| property(&chunk, name);
        if field("done").is_truthy() {
            frames.finish().map_err(|e| FetchError::invalid(&e))?;
            return if has_head { Ok(()) } else { Err(FetchError::invalid(&"the response is empty")) };
        }
        let piece = field("value").unchecked_into::<Uint8Array>().to_vec();
        bytes += piece.len() as u64;
        frames.push(&piece);
        while let Some(frame) = frames.next().map_err(|e| FetchError::invalid(&e))? {
            match frame {
                Frame::Head(head) => {
                    receiver.receive_head(&head)?;
                    has_head = true;
                }
                Frame::Slice(head, deflated) => {
                    receiver.receive_slice(&head, &deflated)?;
                    rows += u64::from(head.rows);
                }
            }
        }
        receiver.receive_progress(rows, bytes)?;
    }
}

/// Fetches the accounts that are counted as shared.
///
/// # Errors
/// [`FetchError`]: the Worker's or the connection's.
pub async fn fetch_shared_accounts() -> Result<SharedAccountSet, FetchError> {
    let response = fetch("/api/shared-accounts", None).await?;
    let body = wait(response.json().map_err(|_| FetchError::Unreachable)?).await?;
    let hashes = property(&body, "hashes").dyn_into::<Array>().ok();
    let texts = hashes.map(|hashes| hashes.iter().map(|hash| hash.as_string().unwrap_or_default()).collect());
    let accounts = texts.and_then(|texts: Vec<String>| SharedAccountSet::parse(texts));
    accounts.ok_or_else(|| FetchError::invalid(&"the shared accounts cannot be read"))
}

fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or_default()
}

fn url(order: &DownloadOrder) -> String {
    let SourceKey { report, course, .. } = &order.key.source;
    let course = course.as_ref().map_or_else(String::new, |id| format!("&course={id}"));
    let (report, window, generation) = (report.as_str(), &order.key.window, order.generation);
    format!("/api/rows/{report}/{window}?generation={generation}{course}")
}

/// The response, with its body unread.
async fn fetch(url: &str, signal: Option<&AbortSignal>) -> Result<Response, FetchError> {
    let scope = worker_scope().ok_or(FetchError::Unreachable)?;
    let headers = Headers::new().map_err(|_| FetchError::Unreachable)?;
    let (name, value) = SCRIPT_HEADER;
    let _ = headers.set(name, value);
    let options = RequestInit::new();
    options.set_signal(signal);
    options.set_headers(&headers);
    options.set_redirect(RequestRedirect::Manual);
    let response: Response = wait(scope.fetch_with_str_and_init(url, &options)).await?.unchecked_into();
    // The API never redirects.
    if response.type_() == ResponseType::Opaqueredirect {
        return Err(FetchError::SignedOut);
    }
    if response.ok() {
        return Ok(response);
    }
    let body = wait(response.text().map_err(|_| FetchError::Unreachable)?).await?;
    Err(FetchError::Problem(response.status(), body.as_string().unwrap_or_default()))
}

async fn wait(promise: Promise) -> Result<JsValue, FetchError> {
    JsFuture::from(promise).await.map_err(|_| FetchError::Unreachable)
}
