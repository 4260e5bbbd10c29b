//! The program of the data worker.
//!
//! Each function with `wasm_split` is a split point: the build moves the code that only it needs into a chunk, which is
//! loaded when a query first needs it. What reads rows, and what `videoview` needs, is loaded at once.

use data_worker::program::{self, LoadBuilder};
use domain::report::KnownReport;
use figures::{SubjectBuilder, SubjectGroup, reports};
use js_sys::Reflect;
use protocol::FetchError;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

fn main() {
    let load_builder: LoadBuilder = |group| {
        Box::pin(async move {
            let loaded = match group {
                SubjectGroup::Course => load_course().await,
                SubjectGroup::Report(Some(KnownReport::VideoView)) => return Ok(reports::videoview::BUILDER),
                SubjectGroup::Report(Some(KnownReport::Presentation)) => load_presentation().await,
                SubjectGroup::Report(Some(KnownReport::Confused)) => load_confused().await,
                SubjectGroup::Report(Some(KnownReport::Notes)) => load_notes().await,
                SubjectGroup::Report(Some(KnownReport::Polling)) => load_polling().await,
                SubjectGroup::Report(Some(KnownReport::QAndA)) => load_qanda().await,
                // The code of all reports, for those that are opened less often: a new one needs no line here.
                SubjectGroup::Report(report) => load_all().await.map(|builder| builder(report)),
            };
            loaded.map_err(|_| FetchError::for_chunk(&chunk_failure()))
        })
    };
    program::run(load_builder);
}

/// Why the last chunk that could not be loaded is missing, as its loader recorded it (`fetch-chunk.js`).
fn chunk_failure() -> String {
    let reason = Reflect::get(&js_sys::global(), &"lecternChunkFailure".into());
    reason.ok().and_then(|reason| reason.as_string()).unwrap_or_default()
}

/// Declares the split points of reports, by the name of their chunk: functions, each with its report.
macro_rules! report_split_points {
    ($($chunk:ident: $($load:ident $report:ident),+;)+) => {
        $($(
            #[wasm_split($chunk, fallible)]
            fn $load() -> Result<SubjectBuilder, SplitLoaderError> {
                Ok(reports::$report::BUILDER)
            }
        )+)+
    };
}

// Reports that share most of their code have one chunk. Each further chunk cuts the code that several share into more
// files.
report_split_points! {
    decks: load_presentation presentation, load_confused confused, load_notes notes;
    answers: load_polling polling, load_qanda qanda;
}

#[wasm_split(all, fallible)]
fn load_all() -> Result<fn(Option<KnownReport>) -> SubjectBuilder, SplitLoaderError> {
    Ok(reports::builder)
}

#[wasm_split(course, fallible)]
fn load_course() -> Result<SubjectBuilder, SplitLoaderError> {
    Ok(figures::course::BUILDER)
}
