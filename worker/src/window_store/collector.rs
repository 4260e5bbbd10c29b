//! Collecting: from signed links to slices, in a few MB however large the file.

use super::SplitResult;
use super::store::{PackBuilder, Store};
use crate::clock;
use crate::http_client::{self, HttpRequest, HttpResponse};
use crate::rpc::CollectJob;
use domain::settings::{Settings, is_loopback};
use domain::window_state::CollectOutcome;
use engine::erasure_filter::ErasureFilter;
use engine::inflate::FileInflater;
use engine::split::{BadFile, Slice, Splitter};
use std::cell::RefCell;
use worker::{Result, Url};

/// Redirects of one link that are followed, each held to the same hosts.
const MAX_REDIRECTS: usize = 3;

/// Collects a job's files into slices under its lease. The inner result says how it went with the file; the
/// outer fails only when our own storage does.
pub(crate) async fn collect(store: &Store, job: &CollectJob, settings: &Settings) -> Result<SplitResult> {
    let pack_builder = RefCell::new(PackBuilder::default());
    let storage_fault = RefCell::new(None);
    let mut sink = |slice: Slice| {
        if storage_fault.borrow().is_some() {
            return;
        }
        if let Err(error) = store.add_slice(job.lease, &mut pack_builder.borrow_mut(), slice) {
            *storage_fault.borrow_mut() = Some(error);
        }
    };
    let mut splitter =
        Splitter::new(job.key.report.known()).with_erasures(ErasureFilter::new(&job.tombstones));
    for link in &job.links {
        let reply = match open_link(link, job, settings).await {
            Ok(reply) => reply,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let end = read_file(&reply, &mut splitter, &mut sink).await;
        if let Some(error) = storage_fault.borrow_mut().take() {
            return Err(error);
        }
        if let Err(outcome) = end {
            return Ok(Err(outcome));
        }
    }
    let end = splitter.finish(&mut sink).map_err(|bad| bad_file(&bad));
    if let Some(error) = storage_fault.into_inner() {
        return Err(error);
    }
    if end.is_ok() {
        store.flush_pack(job.lease, &mut pack_builder.into_inner())?;
    }
    Ok(end)
}

/// Opens a link, following redirects inside the allowed hosts.
async fn open_link(
    link: &str,
    job: &CollectJob,
    settings: &Settings,
) -> std::result::Result<HttpResponse, CollectOutcome> {
    let mut link = check_link(link, settings)?;
    for _ in 0..=MAX_REDIRECTS {
        // No token here: the link is signed, and the storage is not Echo360.
        let call = HttpRequest {
            timeout: job.until.since(clock::now()),
            // Nothing between may compress it once more.
            headers: vec![("accept-encoding", "identity".to_owned())],
            keep_encoding: true,
            ..HttpRequest::default()
        };
        let unreachable = || CollectOutcome::Unreachable {
            detail: "The storage that holds the file could not be reached.".to_owned(),
        };
        let reply = http_client::send(&link, call).await.map_err(|_| unreachable())?;
        match reply.status() {
            200 => return Ok(reply),
            301 | 302 | 303 | 307 | 308 => {
                let base = Url::parse(&link).map_err(|_| unreachable())?;
                let next = reply.header("location").and_then(|next| base.join(&next).ok());
                link = check_link(next.ok_or_else(unreachable)?.as_str(), settings)?;
            }
            400 | 401 | 403 | 404 | 410 => return Err(CollectOutcome::LinkExpired),
            _ => return Err(unreachable()),
        }
    }
    let detail = format!("Echo360's link to the file leads through more than {MAX_REDIRECTS} redirects.");
    Err(CollectOutcome::BadFile { detail })
}

/// The link as it may be fetched: on an allowed host, by https, or by http on this very machine.
fn check_link(link: &str, settings: &Settings) -> std::result::Result<String, CollectOutcome> {
    let barred = |detail: &str| CollectOutcome::Barred { detail: detail.to_owned() };
    let unreadable = "Echo360's link to the file cannot be read.";
    let url = Url::parse(link).map_err(|_| barred(unreadable))?;
    let host = url.host_str().ok_or_else(|| barred(unreadable))?.to_owned();
    let host_and_port = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
    if !url.username().is_empty() || url.password().is_some() || !settings.allows_file_host(&host_and_port) {
        // With its port: the host alone may well be allowed.
        let detail = format!(
            "Echo360's file lies on {host_and_port}, where none may come from: set LECTERN_ASSET_HOSTS."
        );
        return Err(barred(&detail));
    }
    match (url.scheme(), link.strip_prefix("http://")) {
        ("https", _) => Ok(link.to_owned()),
        ("http", _) if is_loopback(&host) => Ok(link.to_owned()),
        // The vendor's own sample is http:; the signature does not cover the scheme.
        ("http", Some(rest)) => Ok(format!("https://{rest}")),
        _ => Err(barred(unreadable)),
    }
}

async fn read_file(
    reply: &HttpResponse,
    splitter: &mut Splitter,
    sink: &mut impl FnMut(Slice),
) -> std::result::Result<(), CollectOutcome> {
    let expected: Option<u64> = reply.header("content-length").and_then(|length| length.trim().parse().ok());
    let mut inflate = FileInflater::default();
    let truncated = || CollectOutcome::BadFile { detail: "The file stopped before its end.".to_owned() };
    let mut pieces = reply.body().map_err(|_| truncated())?;
    let mut length = 0_u64;
    while let Some(piece) = pieces.next().await.map_err(|_| truncated())? {
        length += piece.len() as u64;
        inflate.push(&piece, |bytes| splitter.push(bytes, sink)).map_err(|bad| bad_file(&bad))?;
    }
    if expected.is_some_and(|expected| expected != length) {
        return Err(truncated());
    }
    inflate.finish(|bytes| splitter.push(bytes, sink)).map_err(|bad| bad_file(&bad))?;
    splitter.end_file(sink).map_err(|bad| bad_file(&bad))
}

fn bad_file(bad: &BadFile) -> CollectOutcome {
    let sentence = bad.to_string();
    let rest = sentence.strip_prefix("It ").unwrap_or(&sentence);
    CollectOutcome::BadFile {
        detail: format!("Echo360's file is not what it should be: it {}", lower_first(rest)),
    }
}

fn lower_first(text: &str) -> String {
    text.strip_prefix("Its ").map_or_else(|| text.to_owned(), |rest| format!("its {rest}"))
}
