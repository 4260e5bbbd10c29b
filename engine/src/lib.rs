//! From CSV bytes to measures. Pure: no clock, randomness or network.
//!
//! | where | modules, in the order of the data flow |
//! |---|---|
//! | Worker, collecting | [`inflate::file`]: inflates and checks a file · [`erasure_filter`]: drops erased rows · [`report_file`]: header rows, and why a file is refused · [`quoting`]: quotation marks inside cells · `null_marker`: words for no value · `quality_counter`: what is unusual in a file, `simultaneous_views`: users that cannot be one person · [`split`]: slices of one section each · [`pack`]: many slices as one stored value |
//! | Worker, downloads | [`rewrite`]: slices as one CSV · [`csv_archive`]: a zip file of several |
//! | page, `videoview` | [`mod@slice`]: checks ([`crc32`]) and inflates ([`inflate::deflate`]) · [`decode`]: records · [`shared_account`]: users that are many people · [`row_time`], `row_template`: timestamps and repeated rows · [`dictionary`], [`label`], `code_map`: texts as codes · [`rollup`], [`video_view_columns`]: columns · [`video_view_dataset`]: windows · `crossfilter`: the rows of a query · `person_role`: one role for each person, [`identity`]: what is odd about people · [`aggregator`], [`chunked_bit_set`]: counting · [`measures`], [`completeness`]: the result · [`row_index`]: the rows of a table, [`text_search`]: those that are searched for |
//! | page, other reports | [`table`]: any report as columns · [`reports`]: measures of each report and of a course · [`ordering`]: sorts lists |
//! | Worker, shares | [`course_week`]: activity per section and student · [`disclosure_control`]: what is suppressed · [`published_week`]: what is published |

pub mod aggregator;
pub mod chunked_bit_set;
mod code_map;
pub mod completeness;
pub mod course_week;
pub mod crc32;
mod crossfilter;
pub mod csv_archive;
pub mod decode;
pub mod dictionary;
pub mod disclosure_control;
pub mod erasure_filter;
pub mod identity;
pub mod inflate;
pub mod label;
pub mod measures;
mod null_marker;
pub mod ordering;
pub mod pack;
mod person_role;
pub mod published_week;
mod quality_counter;
pub mod quoting;
pub mod report_file;
pub mod reports;
pub mod rewrite;
pub mod rollup;
pub mod row_index;
mod row_template;
pub mod row_time;
pub mod shared_account;
mod simultaneous_views;
pub mod slice;
pub mod split;
pub mod table;
pub mod text_search;
pub mod video_view_columns;
pub mod video_view_dataset;
