//! The sandbox over real HTTP, seen by a plain client.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise, in its helpers too"
)]

mod api;
mod client;
mod data;
mod faults;
mod program;
