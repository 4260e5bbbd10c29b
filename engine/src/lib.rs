//! From CSV bytes to measures, pure: decode, columns, measures.
//!
//! In the Worker, in this order:
//!
//! - [`inflate`]: a file, gzip or not, checked; [`split`]: its rows as slices of one section each.
//! - [`forgotten`]: the rows that are kept out.
//! - [`rewrite`]: slices as one CSV for download; [`cells`]: what a spreadsheet would run.
//!
//! On the page, in this order:
//!
//! - [`slice`]: deflated bytes, inflated ([`deflate`]) and checked ([`crc`]); [`decode`]: CSV as records; [`instant`]: a row's time;
//!   `stencil`: rows like others but for it.
//! - [`dictionary`], [`label`], [`sitting`], [`columns`]: what the rows say, as numbers; [`portion`]: some of them,
//!   decoded in another thread; [`copy`]: whole or not at all; [`shelf`]: the copies that are here.
//! - [`measures`]: what is asked and answered; [`tally`]: how it is counted, with [`codes`] for distinct viewers.
//! - [`listing`]: the rows behind the measures, by number, for a table; [`order`]: how both are sorted.
//!
//! And for every report but the largest:
//!
//! - [`table`]: a copy of any report, its columns found by name; [`reports`]: what each of them can say.
//!
//! In the Worker, for people who cannot sign in:
//!
//! - [`snapshot`]: what a course's students did in a week, by section; [`withheld`]: what of it is not shown; [`frozen`]: what
//!   is kept.

pub mod cells;
pub mod codes;
pub mod columns;
pub mod copy;
pub mod crc;
pub mod decode;
pub mod deflate;
pub mod dictionary;
pub mod forgotten;
pub mod frozen;
pub mod inflate;
pub mod instant;
pub mod label;
pub mod listing;
pub mod measures;
pub mod order;
pub mod portion;
pub mod reports;
pub mod rewrite;
pub mod shelf;
mod sieve;
pub mod sitting;
pub mod slice;
pub mod snapshot;
pub mod split;
mod stencil;
pub mod table;
pub mod tally;
pub mod withheld;
