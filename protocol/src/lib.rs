//! What the page and its data worker send each other.
//!
//! The page sends a whole [`Query`] whenever the view changes; the data worker answers with figures that are ready to be
//! drawn, text included. So the page needs one component that draws a [`Body`], and knows no report. The rows of a long
//! table are requested separately, a [`RowRange`] at a time.
//!
//! - [`message`]: requests and responses; [`codec`]: messages as bytes; [`figure`]: what the page draws; [`text`]: texts
//!   that the page and the figures share.

pub mod codec;
pub mod figure;
pub mod message;
pub mod text;

pub use figure::{
    Body, ColumnContent, Figure, FilterKind, LongTable, LongTableColumn, LongTableRow, RowList, names_people,
};
pub use message::{
    CountedRows, FetchError, Progress, Query, ReportSource, Request, Response, RowRange, SectionTerm,
    Subject, TermWeek, WindowSource,
};
