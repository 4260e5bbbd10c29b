//! `/api/csv`: the rows of a range's windows as one CSV file, or as a zip file with a CSV file for each window,
//! streamed; and how many rows there are.
//!
//! All windows are checked and the first rows are read before the response begins, so that most errors become
//! a problem response. A later error breaks the stream off: a file never ends as if it were complete.

use super::{HandlerResult, Reply, remove_course_and_section};
use crate::audit_log::AuditView;
use crate::http_client::BodyReader;
use crate::request_context::RequestContext;
use crate::rpc::{
    self, CoursePart, DownloadPlan, PlannedWindow, RegistryCommand, SchedulerCommand, WindowStoreCommand,
};
use crate::scheduler::rows_not_ready;
use crate::{clock, http_client, response, zone};
use domain::api::{ReportRequest, RowCount};
use domain::frame::{Frame, FrameReader};
use domain::ids::CourseId;
use domain::problem::{Code, Problem};
use domain::range::Span;
use domain::report::Shape;
use domain::scope::{AccessScope, RowFilter};
use domain::settings::Settings;
use domain::time::Timestamp;
use domain::window::{Parameters, WindowKey};
use domain::window_state::WindowCopy;
use engine::csv_archive::{ArchiveError, CsvArchive};
use engine::report_file::read_header;
use engine::rewrite::{CorruptSlice, CsvOutput, Rewriter};
use engine::slice::{SliceError, SliceInflater};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use worker::{Env, Response, ResponseBody, Stub};

/// Minimum length of a chunk of the response, except the last. Many small chunks cost the runtime more than
/// their bytes.
const MIN_CHUNK_BYTES: usize = 256 << 10;

/// The number of windows whose rows are counted at the same time.
const CONCURRENT_COUNTS: usize = 6;

/// The parameters of a download.
struct DownloadRequest {
    report_request: ReportRequest,
    course: Option<CourseId>,
    section: Option<String>,
    delimiter: u8,
    safe: bool,
    /// Whether there is a file for each window, in a zip file.
    is_archive: bool,
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
        let is_archive = match query.remove("as").as_deref() {
            None => false,
            Some("zip") => true,
            Some(_) => return bad_query("`as` must be zip."),
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
        Ok(Self { report_request, course, section, delimiter, safe, is_archive })
    }

    /// What the audit log records of the download.
    fn view(&self, is_known: bool) -> AuditView<'_> {
        AuditView {
            report: &self.report_request.report,
            days: self.report_request.from.as_deref().zip(self.report_request.to.as_deref()),
            course: self.course.as_ref(),
            section: self.section.as_deref(),
            is_known,
        }
    }

    fn file_name(&self) -> String {
        let days = match (&self.report_request.from, &self.report_request.to) {
            (Some(from), Some(to)) => format!("-{from}-{to}"),
            _ => String::new(),
        };
        let extension = if self.is_archive { "zip" } else { csv_extension(self.delimiter) };
        format!("lectern-{}{days}.{extension}", self.report_request.report)
    }

    /// Finds the windows of the download and their copies.
    async fn plan(&self, scheduler: &Stub, access_scope: AccessScope) -> Result<DownloadPlan, Problem> {
        let part = CoursePart { course: self.course.clone(), section: self.section.clone() };
        let zone = zone::trace_of_request(&self.report_request, clock::now());
        let command =
            SchedulerCommand::PlanDownload { ask: self.report_request.clone(), zone, part, access_scope };
        rpc::call(scheduler, &command).await
    }
}

fn csv_extension(delimiter: u8) -> &'static str {
    if delimiter == b'\t' { "tsv" } else { "csv" }
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
    /// The zip file that is being written, if the download is one.
    archive: Option<CsvArchive>,
    inflater: SliceInflater,
}

/// `GET /api/csv/{report}`
pub(super) async fn download(context: &RequestContext<'_>) -> HandlerResult {
    let request = DownloadRequest::parse(context.path_parameter("report"), context.query())?;
    let plan = request.plan(&context.scheduler()?, context.access_scope()?).await?;
    charge_reading(context, &plan).await?;
    let audit_detail = request.view(plan.is_known).describe();
    let response = serve(context.env, context.settings, request, plan).await?;
    Ok(Reply::new(Ok(response))?.with_audit_detail(audit_detail))
}

/// Counts the windows of a download against what its reader may read in a day.
async fn charge_reading(context: &RequestContext<'_>, plan: &DownloadPlan) -> Result<(), Problem> {
    let command = RegistryCommand::ChargeReading {
        person: context.visitor()?.person.clone(),
        windows: u32::try_from(plan.windows.len()).unwrap_or(u32::MAX),
        audit_entry: None,
    };
    rpc::call::<_, bool>(&context.registry()?, &command).await.map(drop)
}

/// `GET /api/csv/{report}/count`
pub(super) async fn count(context: &RequestContext<'_>) -> HandlerResult {
    let request = DownloadRequest::parse(context.path_parameter("report"), context.query())?;
    let plan = request.plan(&context.scheduler()?, context.access_scope()?).await?;
    charge_reading(context, &plan).await?;
    // A copy that lacks the last days is counted as an estimate.
    let sources = select_sources(plan.windows, None)?;
    let is_long_enough =
        |source: &Source| is_long_enough(&source.window.key, &source.copy, plan.needed_until);
    let none = RowCount { rows: 0, exact: sources.iter().all(is_long_enough) };
    let span = plan.span.filter(|_| plan.shape == Shape::Rows);
    let selects_everything =
        request.course.is_none() && request.section.is_none() && plan.row_filter == RowFilter::Everything;
    let scheduler_name = context.settings.scheduler_name();
    let count_rows = async |source: &Source| {
        if selects_everything {
            return Ok(source.copy.rows);
        }
        let store = rpc::window_store(context.env, &scheduler_name, &source.window.key)
            .map_err(|error| response::internal_error(&error))?;
        let command = WindowStoreCommand::CountRows {
            generation: source.copy.generation,
            course: request.course.clone(),
            section: request.section.clone(),
            row_filter: plan.row_filter.clone(),
        };
        rpc::call::<_, u64>(&store, &command).await
    };
    let counts: Vec<u64> =
        stream::iter(sources.iter().map(count_rows)).buffered(CONCURRENT_COUNTS).try_collect().await?;
    let total = sources.iter().zip(counts).fold(none, |total, (source, rows)| {
        total.plus(rows, source.window.key.start().zip(source.copy.end), span)
    });
    Reply::json(&total)
}

/// Starts the download.
async fn serve(
    env: &Env,
    settings: &Settings,
    request: DownloadRequest,
    plan: DownloadPlan,
) -> Result<Response, Problem> {
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
        archive: request.is_archive.then(|| CsvArchive::new(clock::now())),
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
    // Each file of a zip file has a header row of its own.
    let header = (!request.is_archive).then(|| output.header_row());
    let start = header.into_iter().chain(first).map(Ok);
    let body = stream::iter(start).chain(rows).map_err(|error: StreamError| {
        worker::console_error!("a download broke off: {}", error.0);
        worker::Error::RustError("the rows broke off".to_owned())
    });
    let respond = || {
        let response = Response::from_stream(body)?;
        let headers = response.headers();
        let content_type = if request.is_archive { "application/zip" } else { "text/csv; charset=utf-8" };
        headers.set("content-type", content_type)?;
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
        match window.copy.clone().filter(|copy| is_long_enough(&window.key, copy, needed_until)) {
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

/// Whether the copy has all days up to `needed_until`, or all of its window.
fn is_long_enough(window: &WindowKey, copy: &WindowCopy, needed_until: Option<Timestamp>) -> bool {
    match (copy.end, window.end(), needed_until) {
        (Some(copy_end), Some(end), Some(needed)) => {
            Timestamp::start_of(copy_end) >= needed.min(Timestamp::start_of(end))
        }
        _ => true,
    }
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

impl From<ArchiveError> for StreamError {
    fn from(error: ArchiveError) -> Self {
        Self(error.to_string())
    }
}

impl From<CorruptSlice> for StreamError {
    fn from(error: CorruptSlice) -> Self {
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
                    match &mut self.archive {
                        None => rewriter.rewrite(rows, &mut ready)?,
                        Some(archive) => {
                            let mut rewritten = Vec::new();
                            rewriter.rewrite(rows, &mut rewritten)?;
                            archive.write(&rewritten)?;
                            ready.append(&mut archive.take());
                        }
                    }
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
                if let Some(archive) = self.archive.take() {
                    ready.append(&mut archive.finish()?);
                }
                return Ok((!ready.is_empty()).then_some(ready));
            };
            if let Some(archive) = &mut self.archive {
                let (key, extension) = (&source.window.key, csv_extension(self.output.delimiter));
                let name = format!("lectern-{}-{}.{extension}", key.report, key.id());
                archive.start_file(&name, source.copy.bytes)?;
                archive.write(&self.output.header_row())?;
            }
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
