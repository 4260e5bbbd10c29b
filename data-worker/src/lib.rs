//! The data worker: a Web Worker of the page that downloads rows, holds them as datasets and answers queries with
//! figures. One program for all reports.
//!
//! | module | |
//! |---|---|
//! | [`program`] | receives requests, starts downloads, sends responses |
//! | [`schedule`] | pure: which copies are wanted, loaded and downloaded, and which one comes next |
//! | [`download`] | reads one copy from `GET /api/rows`, frame by frame |
//! | [`source`] | the rows of one source: complete copies, and those that are arriving |
//! | [`store`] | all sources, and the counts of the current query |
//! | [`messages`] | encodes, sends and receives messages |
//! | [`intl_formatter`] | formats numbers and dates through `Intl` |

pub mod download;
pub mod intl_formatter;
pub mod messages;
pub mod program;
pub mod schedule;
pub mod source;
pub mod store;
