//! The page's data worker: a Web Worker that downloads, decodes and measures the rows of `videoview`.
//!
//! | module | |
//! |---|---|
//! | [`keeper`] | the data worker: holds the dataset and answers queries |
//! | [`message`], [`post`] | its messages, and how they are sent |
//! | [`readers`], [`reader`] | further workers that decode rows for it |
//! | [`stream`] | reads frames from `/api/rows` as they arrive |

pub mod keeper;
pub mod message;
pub mod post;
pub mod reader;
pub mod readers;
pub mod stream;
