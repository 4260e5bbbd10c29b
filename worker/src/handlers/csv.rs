//! `/api/csv`: the rows of a range's windows as one CSV file, streamed.
//!
//! All windows are checked and the first rows are read before the response begins, so that most errors become
//! a problem response. A later error breaks the stream off: a file never ends as if it were complete.

use super::{HandlerResult, Reply, remove_course_and_section};
use crate::audit_log::AuditView;
use crate::http_client::BodyReader;
use crate::request_context::RequestContext;
use crate::rpc::{self, DownloadPlan, PlannedWindow, SchedulerCommand, WindowStoreCommand};
use crate::scheduler::rows_not_ready;
use crate::{http_client, response};
use domain::api::ReportRequest;
use domain::frame::{Frame, FrameReader};
use domain::ids::CourseId;
use domain::problem::{Code, Problem};
use domain::range::Span;
use domain::report::Shape;
use domain::scope::{AccessScope, RowFilter};
use domain::settings::Settings;
use domain::time::Timestamp;
use domain::window::Parameters;
use domain::window_state::WindowCopy;
use engine::report_file::read_header;
use engine::rewrite::{CsvOutput, Rewriter};
use engine::slice::{SliceError, SliceInflater};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use worker::{Env, Response, ResponseBody, Stub};

/// Minimum length of a chunk of the response, except the last. Many small chunks cost the runtime more than
/// their bytes.
const MIN_CHUNK_BYTES: usize = 256 << 10;

/// The parameters of a download.
struct DownloadRequest {
    report_request: ReportRequest,
    course: Option<CourseId>,
    section: Option<String>,
    delimiter: u8,
    safe: bool,
}

impl DownloadRequest {
    /// # Errors
    /// `bad-query`. Days, zone and parameters are checked by the scheduler.
    fn parse(report: &str, mut query: BTreeMap<String, String>) -> Result<Self, Problem> {
        let bad_query = |detail: &str| Err(Problem::new(Code::BadQuery, detail));
        let delimiter = match query.remove("delimiter").as_deref() {
            None | Some(",") => b',',
            Some("\t") => b'\t',
            Some("|") => b'|',
            Some(_) => return bad_query("`delimiter` must be a comma, a tab (%09) or | (%7C)."),
        };
        let safe = match query.remove("cells").as_deref() {
            None | Some("safe") => true,
            Some("raw") => false,
            Some(_) => return bad_query("`cells` must be safe or raw."),
        };
        let parameters: Parameters = query
            .keys()
            .filter_map(|name| name.strip_prefix("parameters."))
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(|name| query.remove(&format!("parameters.{name}")).map(|value| (name, value)))
            .collect();
        let mut take = |name: &str| query.remove(name);
        let (from, to, tz) = (take("from"), take("to"), take("tz"));
        let (course, section) = remove_course_and_section(&mut query);
        let report_request = ReportRequest { report: report.to_owned(), from, to, tz, parameters };
        Ok(Self { report_request, course, section, delimiter, safe })
    }

    /// What the audit log records of the download.
    fn view(&self) -> AuditView<'_> {
        AuditView {
            report: &self.report_request.report,
            days: self.report_request.from.as_deref().zip(self.report_request.to.as_deref()),
            course: self.course.as_ref(),
            section: self.section.as_deref(),
        }
    }

    fn file_name(&self) -> String {
        let days = match (&self.report_request.from, &self.report_request.to) {
            (Some(from), Some(to)) => format!("-{from}-{to}"),
            _ => String::new(),
        };
        let extension = if self.delimiter == b'\t' { "tsv" } else { "csv" };
        format!("lectern-{}{days}.{extension}", self.report_request.report)
    }
}

/// A window to send, with the delimiter and columns of its stored CSV.
struct Source {
    window: PlannedWindow,
    copy: WindowCopy,
    delimiter: u8,
    columns: Vec<String>,
}

/// The state of a download in progress.
struct Download {
    env: Env,
    scheduler_name: String,
    output: Rc<CsvOutput>,
    time: Option<&'static str>,
    span: Option<Span>,
    course: Option<CourseId>,
    section: Option<String>,
    row_filter: RowFilter,
    sources: VecDeque<Source>,
    current: Option<(Source, BodyReader, FrameReader)>,
    inflater: SliceInflater,
}

/// `GET /api/csv/{report}`
pub(super) async fn download(context: &RequestContext<'_>) -> HandlerResult {
    let request = DownloadRequest::parse(context.path_parameter("report"), context.query())?;
    let audit_detail = request.view().describe();
    let (scheduler, access_scope) = (context.scheduler()?, context.access_scope()?);
    let response = serve(context.env, context.settings, &scheduler, request, access_scope).await?;
    Ok(Reply::new(Ok(response))?.with_audit_detail(audit_detail))
}

/// Starts the download.
async fn serve(
    env: &Env,
    settings: &Settings,
    scheduler: &Stub,
    request: DownloadRequest,
    access_scope: AccessScope,
) -> Result<Response, Problem> {
    let plan: DownloadPlan = rpc::call(
        scheduler,
        &SchedulerCommand::PlanDownload { ask: request.report_request.clone(), access_scope },
    )
    .await?;
    let report = plan.windows.first().map(|window| window.key.report.clone());
    let time = report.and_then(|report| report.known()).and_then(|report| report.descriptor().time);
    let sources = select_sources(plan.windows, plan.needed_until)?;
    let appended = if plan.shape == Shape::Sums { vec!["window_start", "window_end"] } else { Vec::new() };
    let output = CsvOutput {
        columns: CsvOutput::merge_columns(sources.iter().map(|source| &source.columns[..])),
        appended,
        local_time: None,
        delimiter: request.delimiter,
        safe: request.safe,
    };
    let output = Rc::new(match time {
        Some(time) => output.with_local_time(time, plan.zone),
        None => output,
    });
    let file_name = request.file_name();
    let download = Download {
        env: env.clone(),
        scheduler_name: settings.scheduler_name(),
        time,
        span: plan.span.filter(|_| plan.shape == Shape::Rows),
        course: request.course,
        section: request.section,
        row_filter: plan.row_filter,
        sources: sources.into(),
        current: None,
        inflater: SliceInflater::default(),
        output: Rc::clone(&output),
    };
    let mut rows = Box::pin(stream::try_unfold(download, |mut download| async move {
        let next = download.next().await?;
        Ok::<_, StreamError>(next.map(|bytes| (bytes, download)))
    }));
    // An error in the first rows can still become a problem response.
    let first = rows.next().await.transpose().map_err(|error| {
        worker::console_error!("a download failed: {}", error.0);
        Problem::new(Code::Internal, "The stored rows could not be read. Request their weeks again.")
            .retry_after(5)
    })?;
    let start = [Ok(output.header_row())].into_iter().chain(first.map(Ok));
    let body = stream::iter(start).chain(rows).map_err(|error: StreamError| {
        worker::console_error!("a download broke off: {}", error.0);
        worker::Error::RustError("the rows broke off".to_owned())
    });
    let respond = || {
        let response = Response::from_stream(body)?;
        let headers = response.headers();
        headers.set("content-type", "text/csv; charset=utf-8")?;
        headers.set("content-disposition", &format!("attachment; filename=\"{file_name}\""))?;
        response::with_private_headers(response)
    };
    respond().map_err(|error: worker::Error| response::internal_error(&error))
}

/// Pairs each window with its copy and the columns of the copy.
///
/// # Errors
/// `rows-not-ready`, naming the windows without a copy and those whose copy ends before `needed_until`.
fn select_sources(
    windows: Vec<PlannedWindow>,
    needed_until: Option<Timestamp>,
) -> Result<Vec<Source>, Problem> {
    let (mut missing, mut failed) = (Vec::new(), None);
    let mut sources = Vec::new();
    for window in windows {
        let is_long_enough = |copy: &WindowCopy| match (copy.end, window.key.end(), needed_until) {
            (Some(copy_end), Some(end), Some(needed)) => {
                Timestamp::start_of(copy_end) >= needed.min(Timestamp::start_of(end))
            }
            _ => true,
        };
        match window.copy.clone().filter(is_long_enough) {
            None => {
                missing.push(window.key.id());
                failed = failed.or(window.failed);
            }
            Some(copy) => {
                let (delimiter, columns) = read_header(copy.header.as_bytes(), window.key.report.known())
                    .ok_or_else(|| Problem::new(Code::Internal, "A stored header row cannot be read."))?;
                sources.push(Source { window, copy, delimiter, columns });
            }
        }
    }
    if missing.is_empty() { Ok(sources) } else { Err(rows_not_ready(missing, failed)) }
}

/// Why the stream broke off, as a text for the log.
struct StreamError(String);

impl From<worker::Error> for StreamError {
    fn from(error: worker::Error) -> Self {
        Self(response::sanitize(&error.to_string()))
    }
}

impl From<http_client::TransportError> for StreamError {
    fn from(error: http_client::TransportError) -> Self {
        Self(error.0)
    }
}

impl From<domain::frame::FrameError> for StreamError {
    fn from(error: domain::frame::FrameError) -> Self {
        Self(error.to_string())
    }
}

impl From<SliceError> for StreamError {
    fn from(error: SliceError) -> Self {
        Self(error.to_string())
    }
}

impl Download {
    /// The next chunk; `None` after the last.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StreamError> {
        let mut ready = Vec::new();
        loop {
            if let Some((source, body, frames)) = &mut self.current {
                while let Some(frame) = frames.next()? {
                    let Frame::Slice(head, deflated) = frame else { continue };
                    let rows = self.inflater.inflate(&head, &deflated)?;
                    let trim = trim_span(source, self.span);
                    let appended = if self.output.appended.is_empty() {
                        Vec::new()
                    } else {
                        [source.window.key.start(), source.copy.end]
                            .map(|day| day.map_or_else(String::new, |day| day.to_string()))
                            .to_vec()
                    };
                    let (delimiter, columns) = (source.delimiter, &source.columns);
                    let rewriter = Rewriter::new(&self.output, delimiter, columns, self.time, trim, appended);
                    rewriter.rewrite(rows, &mut ready).map_err(|error| StreamError(error.to_string()))?;
                    if ready.len() >= MIN_CHUNK_BYTES {
                        return Ok(Some(ready));
                    }
                }
                match body.next().await? {
                    Some(piece) => frames.push(&piece),
                    None => {
                        frames.finish()?;
                        self.current = None;
                    }
                }
                continue;
            }
            let Some(source) = self.sources.pop_front() else {
                return Ok((!ready.is_empty()).then_some(ready));
            };
            let body = self.open(&source).await?;
            self.current = Some((source, body, FrameReader::default()));
        }
    }

    async fn open(&self, source: &Source) -> Result<BodyReader, StreamError> {
        let stub = rpc::window_store(&self.env, &self.scheduler_name, &source.window.key)?;
        let command = WindowStoreCommand::ReadRows {
            generation: Some(source.copy.generation),
            course: self.course.clone(),
            section: self.section.clone(),
            row_filter: self.row_filter.clone(),
        };
        let response = rpc::send(&stub, &command).await?;
        match (response.status_code(), response.body()) {
            (200, ResponseBody::Stream(stream)) => {
                BodyReader::new(Some(stream)).map_err(|error| StreamError(error.0))
            }
            (status, _) => Err(StreamError(format!("a WindowStore answered {status}"))),
        }
    }
}

/// The span to trim the rows to, if the window has days outside it.
fn trim_span(source: &Source, span: Option<Span>) -> Option<Span> {
    let (span, key) = (span?, &source.window.key);
    let is_inside =
        Timestamp::start_of(key.start()?) >= span.start && Timestamp::start_of(key.end()?) <= span.end;
    (!is_inside).then_some(span)
}
