//! The parts of the page that are fetched when they are first needed, and how: the page's program says it.
//!
//! Split points are exported from whatever program holds them, and what is exported is linked; so they stand in the
//! page's own program, where the threads' programs do not carry them along.

use crate::pages::overview::Chosen;
use crate::pages::report::Here;
use crate::parts::day_choices::Told;
use crate::parts::later::Chunk;

/// All of them.
#[derive(Debug, Clone, Copy)]
pub struct Chunks {
    /// [`ReportView`](crate::pages::report::ReportView).
    pub report: Chunk<Chosen>,
    /// [`Watching`](crate::pages::report::watching::Watching).
    pub watching: Chunk<Here>,
    /// [`Telling`](crate::pages::report::telling::Telling).
    pub telling: Chunk<Here>,
    /// [`CoursePage`](crate::pages::course::CoursePage).
    pub course: Chunk<()>,
    /// [`Board`](crate::pages::requests::Board).
    pub board: Chunk<()>,
    /// [`AccessPage`](crate::pages::access::AccessPage).
    pub access: Chunk<()>,
    /// [`SignInPage`](crate::pages::access::sign_in::SignInPage).
    pub sign_in: Chunk<()>,
    /// [`SharesPage`](crate::pages::shares::SharesPage).
    pub shares: Chunk<()>,
    /// [`ShareBar`](crate::parts::share::ShareBar).
    pub share: Chunk<()>,
    /// [`FirstPlan`](crate::parts::first_plan::FirstPlan).
    pub plan: Chunk<()>,
    /// [`DayChoices`](crate::parts::day_choices::DayChoices).
    pub days: Chunk<Told>,
    /// [`Dialog`](crate::parts::help::dialog::Dialog).
    pub help: Chunk<()>,
}
