//! What pages are made of.

pub mod ask;
pub mod coverage;
pub mod figure;
pub mod notice;
pub mod windows;
