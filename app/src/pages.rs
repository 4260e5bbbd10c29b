//! One file per route, and one for what the first of them shows.

pub mod access;
pub mod course;
pub mod overview;
pub mod report;
pub mod requests;
pub mod shares;
