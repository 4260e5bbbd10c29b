//! One file per route.

pub mod overview;
pub mod requests;
