//! Inflating: files as Echo360 sends them, and the slices that Lectern stores.
//!
//! - [`mod@file`]: gzip or plain, as a stream of unknown length; the library inflates.
//! - [`deflate`]: one slice at once, whose length is known. It is our own, since a library adds 15 KB to what a page
//!   loads before its first figure, and is slower (`BENCHMARKS.md`). The library is its oracle in tests.

pub mod deflate;
pub mod file;
