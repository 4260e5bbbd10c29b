//! Minutes watched and distinct viewers per day, kept up as copies come, go and are replaced.
//!
//! Each copy is measured once when it is included; an answer only adds up what the copies contributed. One
//! row is 30 seconds watched, so minutes are rows halved. Rows that name nobody count minutes, never viewers.
//!
//! A day is a day of the question's zone, but copies are whole in UTC days. A local day touches one or two
//! of those, and is as good as the worst of them: missing when one is in no copy, provisional when one was not
//! complete when its copy was asked for, or is not over at all.

use crate::columns::{PassedOver, Texts};
use crate::copy::Copy;
use crate::dictionary::{Dictionary, EMPTY};
use domain::range::Range;
use domain::time::{DAY, Day, SECOND, Timestamp};
use domain::zone::Zone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is to be measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Which days.
    pub range: Range,
    /// In which zone they begin and end.
    pub zone: Zone,
    /// Only rows of this course (UUID).
    pub course: Option<String>,
    /// Only rows of this section (UUID).
    pub section: Option<String>,
    /// The current UTC day: it and what follows is not over.
    pub today: Day,
}

/// The days a window's copy answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The first UTC day; `None` without dates.
    pub start: Option<Day>,
    /// The UTC day after the last that the copy covers; `None` without dates.
    pub end: Option<Day>,
    /// The first UTC day that was not complete when the copy was asked for.
    pub provisional_from: Option<Day>,
}

/// What was watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Rows: half minutes.
    pub rows: u64,
    /// Distinct viewers.
    pub viewers: u64,
}

impl Watched {
    /// Minutes watched.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "half minutes stay exact below 2^53 rows")]
    pub fn minutes(self) -> f64 {
        self.rows as f64 / 2.0
    }
}

/// What is known of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
    /// Not all of it is here, so that no number of it would be true.
    Missing,
    /// It may still grow.
    Provisional(Watched),
    /// Final.
    Complete(Watched),
}

impl Known {
    /// What was watched, where it is known.
    #[must_use]
    pub fn watched(self) -> Option<Watched> {
        match self {
            Self::Missing => None,
            Self::Provisional(watched) | Self::Complete(watched) => Some(watched),
        }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measures {
    /// Every day of the range, first to last.
    pub days: Vec<(Day, Known)>,
    /// Over all days that are not missing: rows, and viewers each counted once.
    pub total: Watched,
    /// Rows of the included copies that could not be placed, whatever their day, course and section.
    pub passed_over: PassedOver,
}

impl Measures {
    /// Whether every day is final.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.days.iter().all(|(_, known)| matches!(known, Known::Complete(_)))
    }
}

/// A set of codes, a bit each.
#[derive(Debug, Clone, Default)]
struct Codes(Vec<u64>);

impl Codes {
    #[inline]
    fn insert(&mut self, code: u32) {
        let place = (code / 64) as usize;
        if place >= self.0.len() {
            self.0.resize(place + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(place) {
            *bits |= 1 << (code % 64);
        }
    }

    fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (bits, more) in self.0.iter_mut().zip(&other.0) {
            *bits |= more;
        }
    }

    fn len(&self) -> u64 {
        self.0.iter().map(|bits| u64::from(bits.count_ones())).sum()
    }
}

/// What one copy contributes to one day.
#[derive(Debug, Clone, Default)]
struct Share {
    rows: u64,
    viewers: Codes,
}

/// What one copy contributes.
#[derive(Debug)]
struct Part {
    generation: u32,
    facts: Facts,
    /// The place in the range of the first of `days`.
    first: usize,
    days: Vec<Share>,
    passed_over: PassedOver,
}

/// The measures of one question over the copies that are here.
#[derive(Debug)]
pub struct Daily {
    question: Question,
    /// Seconds since 1970 at which each day starts, and at last that at which the range ends.
    starts: Vec<i64>,
    parts: BTreeMap<String, Part>,
}

impl Daily {
    /// Measures of nothing yet.
    #[must_use]
    pub fn new(question: Question) -> Self {
        let after = domain::time::plus_days(question.range.to(), 1);
        let starts = question
            .range
            .each_day()
            .chain([after])
            .map(|day| question.zone.start_of(day).seconds())
            .collect();
        Self { question, starts, parts: BTreeMap::new() }
    }

    /// What is being measured.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// Includes a window's copy in place of the one it had. Including the same generation again only takes
    /// note of its facts.
    pub fn include(&mut self, window: &str, copy: &Copy, facts: Facts, texts: &Texts) {
        if let Some(part) = self.parts.get_mut(window)
            && part.generation == copy.generation
        {
            part.facts = facts;
            return;
        }
        let part = self.measure(copy, facts, texts);
        self.parts.insert(window.to_owned(), part);
    }

    /// Takes a window's copy out.
    pub fn exclude(&mut self, window: &str) {
        self.parts.remove(window);
    }

    /// Takes out every window but these.
    pub fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        self.parts.retain(|window, _| wanted(window));
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "a day's place is checked once and the loop runs over millions of rows"
    )]
    fn measure(&self, copy: &Copy, facts: Facts, texts: &Texts) -> Part {
        let columns = &copy.columns;
        let course = wanted(self.question.course.as_deref(), &texts.course);
        let section = wanted(self.question.section.as_deref(), &texts.section);
        let days = self.starts.len() - 1;
        let (first, end) = (self.starts[0], self.starts[days]);
        let mut shares = vec![Share::default(); days];
        for (row, time) in columns.time.iter().enumerate() {
            let time = i64::from(*time);
            let passes = |codes: &Option<Vec<bool>>, code: u32| {
                codes.as_ref().is_none_or(|codes| codes.get(code as usize).copied().unwrap_or(false))
            };
            if time < first
                || time >= end
                || !passes(&course, columns.course.at(row))
                || !passes(&section, columns.section.at(row))
            {
                continue;
            }
            // Days are 23 to 25 hours long, so counting in whole days lands close by.
            let guess = usize::try_from((time - first) / (DAY / SECOND)).unwrap_or(0);
            let mut day = guess.min(days - 1);
            while self.starts[day] > time {
                day -= 1;
            }
            while self.starts[day + 1] <= time {
                day += 1;
            }
            shares[day].rows += 1;
            let user = columns.user.at(row);
            if user != EMPTY {
                shares[day].viewers.insert(user);
            }
        }
        let used = |share: &Share| share.rows > 0;
        let first = shares.iter().position(used).unwrap_or(0);
        let last = shares.iter().rposition(used).map_or(first, |last| last + 1);
        Part {
            generation: copy.generation,
            facts,
            first,
            days: shares.drain(first..last).collect(),
            passed_over: columns.passed_over,
        }
    }

    /// The answer as of now.
    #[must_use]
    pub fn answer(&self) -> Measures {
        let mut all = Codes::default();
        let mut total = Watched::default();
        let days = self
            .question
            .range
            .each_day()
            .zip(self.starts.iter().zip(self.starts.iter().skip(1)))
            .enumerate()
            .map(|(place, (day, (start, end)))| {
                let Some(is_final) = self.is_final(*start, *end) else { return (day, Known::Missing) };
                let mut viewers = Codes::default();
                let mut rows = 0;
                for share in self.parts.values().filter_map(|p| p.days.get(place.checked_sub(p.first)?)) {
                    rows += share.rows;
                    viewers.add(&share.viewers);
                }
                all.add(&viewers);
                total.rows += rows;
                let watched = Watched { rows, viewers: viewers.len() };
                (day, if is_final { Known::Complete(watched) } else { Known::Provisional(watched) })
            })
            .collect();
        total.viewers = all.len();
        let passed_over = self.parts.values().fold(PassedOver::default(), |sum, p| sum.and(p.passed_over));
        Measures { days, total, passed_over }
    }

    /// Whether the seconds from `start` to `end` are final; `None` when not all of them are here.
    fn is_final(&self, start: i64, end: i64) -> Option<bool> {
        let utc = |seconds: i64| Timestamp(seconds * SECOND).day();
        let last = utc(end - 1);
        let mut is_final = true;
        for day in utc(start).iter_days().take_while(|day| *day <= last) {
            if day >= self.question.today {
                is_final = false;
                continue;
            }
            let facts = self.parts.values().map(|part| part.facts).find(|facts| {
                facts.start.is_none_or(|start| start <= day) && facts.end.is_none_or(|end| day < end)
            })?;
            is_final &= facts.provisional_from.is_none_or(|from| day < from);
        }
        Some(is_final)
    }
}

/// Which codes are those of `id`, whatever the case of its letters; `None` when none was asked for.
fn wanted(id: Option<&str>, dictionary: &Dictionary) -> Option<Vec<bool>> {
    id.map(|id| dictionary.texts().map(|text| text.eq_ignore_ascii_case(id.as_bytes())).collect())
}

#[cfg(test)]
mod tests;
