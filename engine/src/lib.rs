//! From CSV bytes to measures, pure: decode, columns, measures.
//!
//! In the Worker, in this order:
//!
//! - [`inflate`]: a file, gzip or not, checked; [`split`]: its rows as slices of one section each.
//! - [`erasure_filter`]: the rows that are kept out.
//! - [`rewrite`]: slices as one CSV for download; [`formula_injection`]: what a spreadsheet would run.
//!
//! On the page, in this order:
//!
//! - [`slice`]: deflated bytes, inflated ([`deflate`]) and checked ([`crc32`]); [`decode`]: CSV as records; [`row_time`]: a row's time;
//!   `row_template`: rows like others but for it.
//! - [`dictionary`], [`label`], [`rollup`], [`video_view_columns`]: what the rows say, as numbers; [`row_batch`]: some of them,
//!   decoded in another thread; [`video_view_table`]: whole or not at all; [`video_view_dataset`]: the copies that are here.
//! - [`measures`]: what is asked and answered; [`aggregator`]: how it is counted, with [`chunked_bit_set`] for distinct viewers.
//! - [`row_list`]: the rows behind the measures, by number, for a table; [`sort`]: how both are sorted.
//!
//! And for every report but the largest:
//!
//! - [`table`]: a copy of any report, its columns found by name; [`reports`]: what each of them can say.
//!
//! In the Worker, for people who cannot sign in:
//!
//! - [`course_week`]: what a course's students did in a week, by section; [`disclosure_control`]: what of it is not shown; [`published_week`]: what
//!   is kept.

pub mod aggregator;
pub mod chunked_bit_set;
pub mod course_week;
pub mod crc32;
mod crossfilter;
pub mod decode;
pub mod deflate;
pub mod dictionary;
pub mod disclosure_control;
pub mod erasure_filter;
pub mod formula_injection;
pub mod inflate;
pub mod label;
pub mod measures;
pub mod published_week;
pub mod reports;
pub mod rewrite;
pub mod rollup;
pub mod row_batch;
pub mod row_list;
mod row_template;
pub mod row_time;
pub mod slice;
pub mod sort;
pub mod split;
pub mod table;
pub mod video_view_columns;
pub mod video_view_dataset;
pub mod video_view_table;
