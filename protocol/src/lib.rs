//! What the page and its data worker send each other.
//!
//! The page sends a whole [`Query`] whenever the view changes; the data worker answers with figures that are ready to be
//! drawn, text included. So the page needs one component that draws a [`Body`], and knows no report.
//!
//! - [`message`]: queries and responses; [`figure`]: what the page draws.

pub mod figure;
pub mod message;

pub use figure::{Body, Figure, FilterKind};
pub use message::{FetchError, Progress, Query, ReportSource, Response, Subject, TermWeek, WindowSource};
