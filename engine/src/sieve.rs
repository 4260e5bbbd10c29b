//! Which rows a question is about: the one place where days, course and filters are applied to them.
//!
//! A chart that is filtered by a click must keep showing what was not clicked, or nobody could click a
//! second time. So a row that only one filter turns away still counts in the chart that sets that filter.

use crate::columns::Texts;
use crate::dictionary::Dictionary;
use crate::measures::Question;
use crate::sitting::Sitting;
use domain::institution_role::InstitutionRole;
use domain::time::{DAY, SECOND, plus_days};

/// Which filters a row passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passes {
    /// All of them.
    All,
    /// All but that of sections.
    ButSections,
    /// All but that of roles.
    ButRoles,
    /// All but that of videos.
    ButVideos,
    /// All but that of a student, and perhaps that of roles: it says when a video appeared, and counts nowhere.
    ButStudent,
}

/// A sitting of the question, by where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Its place among the sittings.
    pub(crate) sitting: usize,
    /// Its day, counted from the first of the range.
    pub(crate) day: usize,
    /// The role of its viewer.
    pub(crate) role: InstitutionRole,
    /// Which filters it passes.
    pub(crate) passes: Passes,
}

/// The question in terms of codes: good until a dictionary grows.
pub(crate) struct Sieve<'a> {
    starts: &'a [i64],
    course: Option<Vec<bool>>,
    section: Option<Vec<bool>>,
    video: Option<Vec<bool>>,
    user: Option<Vec<bool>>,
    role: Vec<(InstitutionRole, bool)>,
}

/// The seconds since 1970 at which each day of the question starts, and at last that at which its range ends.
pub(crate) fn starts(question: &Question) -> Vec<i64> {
    let after = plus_days(question.range.to(), 1);
    question.range.each_day().chain([after]).map(|day| question.zone.start_of(day).seconds()).collect()
}

impl<'a> Sieve<'a> {
    /// The sieve of `question`, whose days begin at `starts`.
    pub(crate) fn new(question: &Question, starts: &'a [i64], texts: &Texts) -> Self {
        let wanted = &question.roles;
        let role = texts
            .role
            .texts()
            .map(|text| InstitutionRole::from_text(&String::from_utf8_lossy(text)))
            .map(|role| (role, wanted.is_empty() || wanted.contains(&role)))
            .collect();
        Self {
            starts,
            course: codes(question.course.as_slice(), &texts.course),
            section: codes(&question.sections, &texts.section),
            video: codes(&question.videos, &texts.video),
            user: codes(question.student.as_slice(), &texts.user),
            role,
        }
    }

    /// Shows every sitting that is of one of `days` and passes all filters or all but one.
    #[expect(
        clippy::indexing_slicing,
        reason = "a day's place is checked once and the loop runs over all sittings"
    )]
    pub(crate) fn each(&self, sittings: &[Sitting], days: &[bool], mut show: impl FnMut(Place)) {
        let Some(last) = self.starts.len().checked_sub(2).filter(|last| days.len() == last + 1) else {
            return;
        };
        let (first, end) = (self.starts[0], self.starts[last + 1]);
        let passes = |wanted: &Option<Vec<bool>>, code: u32| {
            wanted.as_ref().is_none_or(|codes| codes.get(code as usize).copied().unwrap_or(false))
        };
        let mut day = 0;
        for (place, sitting) in sittings.iter().enumerate() {
            let time = sitting.start();
            if time < first || time >= end {
                continue;
            }
            // Sittings that stand together are mostly of one day.
            if time < self.starts[day] || time >= self.starts[day + 1] {
                // Days are 23 to 25 hours long, so counting in whole days lands close by.
                day = usize::try_from((time - first) / (DAY / SECOND)).unwrap_or(0).min(last);
                while self.starts[day] > time {
                    day -= 1;
                }
                while self.starts[day + 1] <= time {
                    day += 1;
                }
            }
            if !days[day] || !passes(&self.course, sitting.course) {
                continue;
            }
            let (role, role_passes) =
                self.role.get(sitting.role as usize).copied().unwrap_or((InstitutionRole::Unnamed, true));
            let section_passes = passes(&self.section, sitting.section);
            let video_passes = passes(&self.video, sitting.video);
            let user_passes = passes(&self.user, sitting.user);
            let passes = match (section_passes, role_passes, video_passes) {
                _ if !user_passes => match section_passes && video_passes {
                    true => Passes::ButStudent,
                    false => continue,
                },
                (true, true, true) => Passes::All,
                (false, true, true) => Passes::ButSections,
                (true, false, true) => Passes::ButRoles,
                (true, true, false) => Passes::ButVideos,
                _ => continue,
            };
            show(Place { sitting: place, day, role, passes });
        }
    }
}

/// Which codes are those of `ids`, whatever the case of their letters; `None` when none were asked for.
fn codes(ids: &[String], dictionary: &Dictionary) -> Option<Vec<bool>> {
    let is_wanted = |text: &[u8]| ids.iter().any(|id| text.eq_ignore_ascii_case(id.as_bytes()));
    (!ids.is_empty()).then(|| dictionary.texts().map(is_wanted).collect())
}
