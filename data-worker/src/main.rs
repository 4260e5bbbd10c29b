//! The program of the data worker.
//!
//! Each function with `wasm_split` is a split point: the build moves the code that only it needs into a chunk, which is
//! loaded when a query first needs it. What reads rows, and what `videoview` needs, is loaded at once.

use data_worker::program::{self, LoadBuilder};
use figures::{SubjectBuilder, SubjectGroup};
use protocol::FetchError;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

fn main() {
    let load_builder: LoadBuilder = |group| {
        Box::pin(async move {
            let loaded = match group {
                SubjectGroup::VideoViews => return Ok(figures::VIDEO_VIEW_BUILDER),
                SubjectGroup::Report => report_builder().await,
                SubjectGroup::Course => course_builder().await,
            };
            loaded.map_err(|_| FetchError::Unreachable)
        })
    };
    program::run(load_builder);
}

#[wasm_split(report, fallible)]
fn report_builder() -> Result<SubjectBuilder, SplitLoaderError> {
    Ok(figures::REPORT_BUILDER)
}

#[wasm_split(course, fallible)]
fn course_builder() -> Result<SubjectBuilder, SplitLoaderError> {
    Ok(figures::COURSE_BUILDER)
}
