//! A copy's frames as they arrive: `GET /api/rows/{report}/{window}`, read piece by piece.

use domain::frame::{Frame, FrameReader};
use domain::ids::CourseId;
use domain::report::ReportName;
use js_sys::{Promise, Reflect, Uint8Array};
use protocol::FetchError;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, DedicatedWorkerGlobalScope, ReadableStreamDefaultReader, RequestInit, Response};

/// Whose rows.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The report.
    pub report: &'a ReportName,
    /// The window's id.
    pub window: &'a str,
    /// Which copy of it.
    pub generation: u32,
    /// Of this course only.
    pub course: Option<&'a CourseId>,
}

impl Rows<'_> {
    fn url(&self) -> String {
        let course = self.course.map_or_else(String::new, |id| format!("&course={id}"));
        format!("/api/rows/{}/{}?generation={}{course}", self.report.as_str(), self.window, self.generation)
    }
}

/// Reads a copy from its head to its last slice. `take` is given what has come, after every piece: the frames that it
/// completed, and the bytes that have travelled so far.
///
/// # Errors
/// [`FetchError`], and what `take` says.
pub async fn read(
    from: &Rows<'_>,
    signal: &AbortSignal,
    mut take: impl FnMut(Frames<'_>, u64) -> Result<(), FetchError>,
) -> Result<(), FetchError> {
    let response = asked(&from.url(), signal).await?;
    let body = response.body().ok_or(FetchError::Unreachable)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut frames = FrameReader::default();
    let mut bytes = 0;
    loop {
        let chunk = come(reader.read()).await?;
        if signal.aborted() {
            return Err(FetchError::Unreachable);
        }
        let part = |name: &str| Reflect::get(&chunk, &JsValue::from_str(name)).unwrap_or_default();
        if part("done").is_truthy() {
            return frames.finish().map_err(|e| FetchError::invalid(&e));
        }
        let piece = part("value").unchecked_into::<Uint8Array>().to_vec();
        bytes += piece.len() as u64;
        frames.push(&piece);
        take(Frames(&mut frames), bytes)?;
    }
}

/// The frames that are whole.
#[derive(Debug)]
pub struct Frames<'a>(&'a mut FrameReader);

impl Frames<'_> {
    /// The next of them; `None` until more bytes come.
    ///
    /// # Errors
    /// [`FetchError::InvalidResponse`].
    #[expect(clippy::should_implement_trait, reason = "an iterator ends at `None`; this one waits for more")]
    pub fn next(&mut self) -> Result<Option<Frame>, FetchError> {
        self.0.next().map_err(|e| FetchError::invalid(&e))
    }
}

/// The answer, with its body unread.
async fn asked(url: &str, signal: &AbortSignal) -> Result<Response, FetchError> {
    let scope: DedicatedWorkerGlobalScope =
        js_sys::global().dyn_into().map_err(|_| FetchError::Unreachable)?;
    let options = RequestInit::new();
    options.set_signal(Some(signal));
    let response: Response = come(scope.fetch_with_str_and_init(url, &options)).await?.unchecked_into();
    if response.ok() {
        return Ok(response);
    }
    let body = come(response.text().map_err(|_| FetchError::Unreachable)?).await?;
    Err(FetchError::Problem(response.status(), body.as_string().unwrap_or_default()))
}

async fn come(promise: Promise) -> Result<JsValue, FetchError> {
    JsFuture::from(promise).await.map_err(|_| FetchError::Unreachable)
}
