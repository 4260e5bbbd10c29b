//! A copy's frames as they arrive: `GET /api/rows/{report}/{window}`, read piece by piece.

use domain::frame::{Frame, FrameReader};
use domain::report::ReportName;
use domain::wire_enum;
use js_sys::{Promise, Reflect, Uint8Array};
use std::fmt::Display;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, DedicatedWorkerGlobalScope, ReadableStreamDefaultReader, RequestInit, Response};

/// Why a copy could not be had. What the Worker says of it is read by the page, which knows all problems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The Worker says what is wrong: the status and the body of its answer.
    Said(u16, String),
    /// It could not be reached at all, or not to the end.
    Unreachable,
    /// What came is not what was promised.
    Garbled(String),
}

wire_enum!(Refusal { 0 Said(status, body), 1 Unreachable, 2 Garbled(what) });

impl Refusal {
    /// What came is not what was promised, for this reason.
    pub fn garbled(why: &dyn Display) -> Self {
        Self::Garbled(why.to_string())
    }
}

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
    pub course: Option<&'a str>,
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
/// [`Refusal`], and what `take` says.
pub async fn read(
    from: &Rows<'_>,
    signal: &AbortSignal,
    mut take: impl FnMut(Frames<'_>, u64) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let response = asked(&from.url(), signal).await?;
    let body = response.body().ok_or(Refusal::Unreachable)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut frames = FrameReader::default();
    let mut bytes = 0;
    loop {
        let chunk = come(reader.read()).await?;
        if signal.aborted() {
            return Err(Refusal::Unreachable);
        }
        let part = |name: &str| Reflect::get(&chunk, &JsValue::from_str(name)).unwrap_or_default();
        if part("done").is_truthy() {
            return frames.finish().map_err(|e| Refusal::garbled(&e));
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
    /// [`Refusal::Garbled`].
    #[expect(clippy::should_implement_trait, reason = "an iterator ends at `None`; this one waits for more")]
    pub fn next(&mut self) -> Result<Option<Frame>, Refusal> {
        self.0.next().map_err(|e| Refusal::garbled(&e))
    }
}

/// The answer, with its body unread.
async fn asked(url: &str, signal: &AbortSignal) -> Result<Response, Refusal> {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into().map_err(|_| Refusal::Unreachable)?;
    let options = RequestInit::new();
    options.set_signal(Some(signal));
    let response: Response = come(scope.fetch_with_str_and_init(url, &options)).await?.unchecked_into();
    if response.ok() {
        return Ok(response);
    }
    let body = come(response.text().map_err(|_| Refusal::Unreachable)?).await?;
    Err(Refusal::Said(response.status(), body.as_string().unwrap_or_default()))
}

async fn come(promise: Promise) -> Result<JsValue, Refusal> {
    JsFuture::from(promise).await.map_err(|_| Refusal::Unreachable)
}
