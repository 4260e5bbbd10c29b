//! Tests of the sandbox over real HTTP, with a minimal client.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail at the first error"
)]

mod api;
mod client;
mod data;
mod faults;
mod program;
