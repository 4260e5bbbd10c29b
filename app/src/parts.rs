//! What pages are made of.

pub mod ask;
pub mod chips;
pub mod coverage;
pub mod day_choices;
pub mod download;
pub mod figure;
pub mod figures;
pub mod files;
pub mod first_plan;
pub mod first_visit;
pub mod gathering;
pub mod held;
pub mod help;
pub mod later;
pub mod menu;
pub mod notice;
pub mod panel;
pub mod progress;
pub mod rows;
pub mod sign;
pub mod students;
pub mod support_id;
pub mod table;
pub mod told;
pub mod weights;
pub mod windows;
