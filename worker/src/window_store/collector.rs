//! Collecting: downloads the files behind signed links and splits them into slices. It needs a few MB of
//! memory, however large the files are. [`domain::collector`] decides which links may be followed.
//!
//! Each file is read by RFC 4180. If that fails in a way that backslashes before quotation marks explain, all
//! files are fetched again and this one is read by the next rule ([`engine::quoting`]).

use super::SplitResult;
use super::store::Store;
use crate::clock;
use crate::http_client::{self, HttpRequest, HttpResponse};
use crate::rpc::CollectJob;
use domain::collector::{
    FileLink, LinkResponse, MAX_REDIRECTS, check_link, judge_response, storage_unreachable, unreadable_link,
};
use domain::settings::Settings;
use domain::window_state::CollectOutcome;
use engine::erasure_filter::ErasureFilter;
use engine::inflate::file::FileInflater;
use engine::pack::PackBuilder;
use engine::quoting::Quoting;
use engine::report_file::BadFile;
use engine::split::{Slice, SplitSummary, Splitter};
use std::cell::RefCell;
use worker::{Result, Url};

/// Why a file could not be read.
struct ReadError {
    outcome: CollectOutcome,
    /// The rule by which the file may be valid.
    other_quoting: Option<Quoting>,
}

impl From<CollectOutcome> for ReadError {
    fn from(outcome: CollectOutcome) -> Self {
        Self { outcome, other_quoting: None }
    }
}

impl From<BadFile> for ReadError {
    fn from(bad: BadFile) -> Self {
        Self { outcome: CollectOutcome::BadFile { detail: bad.detail() }, other_quoting: bad.other_quoting() }
    }
}

/// Collects a job's files into slices under its lease. The inner result is about the files; the outer one
/// fails only if the object's own storage fails.
pub(crate) async fn collect(store: &Store, job: &CollectJob, settings: &Settings) -> Result<SplitResult> {
    let mut readings = vec![Reading::default(); job.links.len()];
    loop {
        let (file, error) = match read_files(store, job, settings, &readings).await? {
            Ok(summary) => return Ok(Ok(summary)),
            Err(failed) => failed,
        };
        let Some(reading) = readings.get_mut(file) else { return Ok(Err(error.outcome)) };
        let Some(quoting) = error.other_quoting else {
            let is_bad_file = matches!(error.outcome, CollectOutcome::BadFile { .. });
            let first_problem = reading.first_problem.take().filter(|_| is_bad_file);
            return Ok(Err(first_problem.unwrap_or(error.outcome)));
        };
        reading.quoting = quoting;
        reading.first_problem.get_or_insert(error.outcome);
        // The slices of this reading.
        store.delete_orphans().await?;
    }
}

/// How a file is read.
#[derive(Clone, Default)]
struct Reading {
    quoting: Quoting,
    /// The problem of its first reading, which tells best what is wrong with the file.
    first_problem: Option<CollectOutcome>,
}

/// Reads all files of a job once. If this fails, returns also the index of the file.
async fn read_files(
    store: &Store,
    job: &CollectJob,
    settings: &Settings,
    readings: &[Reading],
) -> Result<std::result::Result<SplitSummary, (usize, ReadError)>> {
    let pack_builder = RefCell::new(PackBuilder::default());
    let storage_fault = RefCell::new(None);
    let mut sink = |slice: Slice| {
        if storage_fault.borrow().is_some() {
            return;
        }
        let Some(pack) = pack_builder.borrow_mut().push(slice) else { return };
        if let Err(error) = store.write_pack(job.lease, pack) {
            *storage_fault.borrow_mut() = Some(error);
        }
    };
    let mut splitter =
        Splitter::new(job.key.report.known()).with_erasures(ErasureFilter::new(&job.tombstones));
    for (at, (link, reading)) in job.links.iter().zip(readings).enumerate() {
        let reply = match open_link(link, job, settings).await {
            Ok(reply) => reply,
            Err(outcome) => return Ok(Err((at, outcome.into()))),
        };
        splitter.set_quoting(reading.quoting);
        let read = read_file(&reply, &mut splitter, &mut sink).await;
        if let Some(error) = storage_fault.borrow_mut().take() {
            return Err(error);
        }
        if let Err(error) = read {
            return Ok(Err((at, error)));
        }
    }
    let result = splitter.finish(&mut sink).map_err(|bad| (job.links.len(), ReadError::from(bad)));
    if let Some(error) = storage_fault.into_inner() {
        return Err(error);
    }
    if result.is_ok()
        && let Some(pack) = pack_builder.borrow_mut().finish()
    {
        store.write_pack(job.lease, pack)?;
    }
    Ok(result)
}

/// Opens a link, following redirects inside the allowed hosts.
async fn open_link(
    link: &str,
    job: &CollectJob,
    settings: &Settings,
) -> std::result::Result<HttpResponse, CollectOutcome> {
    let mut link = parse_link(link, settings)?;
    for redirects in 0..=MAX_REDIRECTS {
        // No access token: the link is signed, and the file storage is not Echo360.
        let call = HttpRequest {
            timeout: job.until.since(clock::now()),
            // Keeps proxies from compressing the file again.
            headers: vec![("accept-encoding", "identity".to_owned())],
            keep_encoding: true,
            ..HttpRequest::default()
        };
        let reply = http_client::send(&link, call).await.map_err(|_| storage_unreachable())?;
        match judge_response(reply.status(), redirects) {
            LinkResponse::File => return Ok(reply),
            LinkResponse::Failed(outcome) => return Err(outcome),
            LinkResponse::Redirect => {
                let base = Url::parse(&link).map_err(|_| storage_unreachable())?;
                let next = reply.header("location").and_then(|next| base.join(&next).ok());
                link = parse_link(next.ok_or_else(storage_unreachable)?.as_str(), settings)?;
            }
        }
    }
    // Not reached: the last response is never judged to be a redirect.
    Err(storage_unreachable())
}

/// Checks a link with [`check_link`] and returns the URL to fetch.
fn parse_link(link: &str, settings: &Settings) -> std::result::Result<String, CollectOutcome> {
    let url = Url::parse(link).map_err(|_| unreadable_link())?;
    let parts = FileLink {
        link,
        scheme: url.scheme(),
        host: url.host_str().ok_or_else(unreadable_link)?,
        port: url.port(),
        has_credentials: !url.username().is_empty() || url.password().is_some(),
    };
    check_link(parts, &settings.file_hosts)
}

async fn read_file(
    reply: &HttpResponse,
    splitter: &mut Splitter,
    sink: &mut impl FnMut(Slice),
) -> std::result::Result<(), ReadError> {
    let expected: Option<u64> = reply.header("content-length").and_then(|length| length.trim().parse().ok());
    let mut inflate = FileInflater::default();
    let truncated = || CollectOutcome::BadFile { detail: "The file ended too early.".to_owned() };
    let mut body = reply.body().map_err(|_| truncated())?;
    let mut length = 0_u64;
    while let Some(chunk) = body.next().await.map_err(|_| truncated())? {
        length += chunk.len() as u64;
        inflate.push(&chunk, |bytes| splitter.push(bytes, sink))?;
    }
    if expected.is_some_and(|expected| expected != length) {
        return Err(truncated().into());
    }
    inflate.finish(|bytes| splitter.push(bytes, sink))?;
    Ok(splitter.end_file(sink)?)
}
