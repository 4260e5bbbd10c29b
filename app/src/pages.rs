//! One file per route.

pub mod course;
pub mod overview;
pub mod requests;
