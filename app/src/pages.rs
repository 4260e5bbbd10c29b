//! The pages: a module for each route, and [`report`], the part of [`overview`] that shows one report.

pub mod access;
pub mod course;
pub mod overview;
pub mod report;
pub mod requests;
pub mod shares;
