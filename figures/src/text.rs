//! The texts of figures, in plain English.
//!
//! - [`reports`], [`titles`]: reports; [`videoview`]: what only that report has.
//! - [`course`]: the page of a course; [`comparison`]: comparisons; [`share`]: share pages.
#![allow(missing_docs, reason = "a constant's text and name say what it is")]

pub mod comparison;
pub mod course;
pub mod reports;
pub mod share;
pub mod titles;
pub mod videoview;

use charts::model::ChartText;
use domain::institution_role::InstitutionRole;

pub const STATE: &str = "State";
pub const DAY: &str = "Day";
pub const FINAL: &str = "Final";
pub const NOT_FINAL: &str = "Not final yet";
/// The state of a day whose rows are not loaded.
pub const NOT_LOADED: &str = "Not loaded yet";
pub const HATCHED: &str =
    "Hatched days are not final yet: Echo360 completes a day two days after it is over.";

/// `Days in UTC+1 Berlin`.
#[must_use]
pub fn days_in(zone: &str) -> String {
    format!("Days in {zone}")
}

/// The texts of a chart; `bars` is the heading of the column of bar names, such as [`DAY`].
#[must_use]
pub fn chart_text(bars: &str) -> ChartText {
    ChartText {
        bars: bars.to_owned(),
        state: STATE.to_owned(),
        complete: FINAL.to_owned(),
        provisional: NOT_FINAL.to_owned(),
        missing: NOT_LOADED.to_owned(),
        // Nothing is withheld from people who sign in.
        withheld: String::new(),
    }
}

/// The people who have a role.
#[must_use]
pub fn role(role: InstitutionRole) -> &'static str {
    match role {
        InstitutionRole::Student => "Students",
        InstitutionRole::Instructor => "Instructors",
        InstitutionRole::Assistant => "Assistants",
        InstitutionRole::Administrator => "Administrators",
        InstitutionRole::Other => "Other roles",
        InstitutionRole::Unnamed => "No role given",
    }
}
