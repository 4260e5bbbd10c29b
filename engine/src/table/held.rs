//! The tables that are here, by window, with the texts behind their codes: what every measure is from.

use super::Table;
use crate::dictionary::Dictionary;
use crate::shelf::Facts;
use domain::range::Range;
use domain::time::{Day, SECOND, Timestamp};
use std::collections::BTreeMap;

/// A table that is here.
#[derive(Debug, Clone)]
pub struct Held {
    /// Which copy of its window.
    pub generation: u32,
    /// Its rows.
    pub table: Table,
    /// The days it answers for.
    pub facts: Facts,
}

/// Whether a day's numbers can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not all of it is here, so that no number of it would be true.
    Missing,
    /// It may still grow.
    Provisional,
    /// Final.
    Complete,
}

/// The tables that are here.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// The texts behind the codes of all of them, whatever the column: a person who asks in one column and
    /// answers in another has one code.
    pub texts: Dictionary,
    held: BTreeMap<String, Held>,
}

impl Tables {
    /// Puts a window's copy in, in place of the one that was there.
    pub fn put(&mut self, window: &str, held: Held) {
        self.held.insert(window.to_owned(), held);
    }

    /// Says anew which days a window's copy answers for.
    pub fn restate(&mut self, window: &str, facts: Facts) {
        if let Some(held) = self.held.get_mut(window) {
            held.facts = facts;
        }
    }

    /// Takes out every window but these.
    pub fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        self.held.retain(|window, _| wanted(window));
    }

    /// Which copy of a window is here.
    #[must_use]
    pub fn generation(&self, window: &str) -> Option<u32> {
        self.held.get(window).map(|held| held.generation)
    }

    /// Every window with its table, by id: for windows with dates, in the order of time.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Held)> {
        self.held.iter().map(|(window, held)| (window.as_str(), held))
    }

    /// Those that answer for any day of `range`: what numbers are held against lies here, too.
    pub fn within(&self, range: Range) -> impl Iterator<Item = &Held> {
        self.held.values().filter(move |Held { facts, .. }| {
            facts.start.is_none_or(|start| start <= range.to())
                && facts.end.is_none_or(|end| range.from() < end)
        })
    }

    /// How many are here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Rows in all tables, and those that are in none of them.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.held.values().map(|held| held.table.rows() as u64 + held.table.ragged).sum()
    }

    /// Rows with another number of fields than their header, in all tables.
    #[must_use]
    pub fn ragged(&self) -> u64 {
        self.held.values().map(|held| held.table.ragged).sum()
    }

    /// How the seconds from `start` to `end` stand: as badly as the worst UTC day that they touch. What begins
    /// `today` or later is not over, and therefore neither final nor missing.
    #[must_use]
    pub fn standing(&self, start: i64, end: i64, today: Day) -> Standing {
        let utc = |seconds: i64| Timestamp(seconds * SECOND).day();
        let last = utc(end - 1);
        let mut standing = Standing::Complete;
        for day in utc(start).iter_days().take_while(|day| *day <= last) {
            if day >= today {
                standing = Standing::Provisional;
                continue;
            }
            let facts = self.held.values().map(|held| held.facts).find(|facts| {
                facts.start.is_none_or(|start| start <= day) && facts.end.is_none_or(|end| day < end)
            });
            match facts {
                None => return Standing::Missing,
                Some(facts) if facts.provisional_from.is_some_and(|from| day >= from) => {
                    standing = Standing::Provisional;
                }
                Some(_) => {}
            }
        }
        standing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::parse_day;

    fn day(text: &str) -> Day {
        parse_day(text).unwrap()
    }

    #[test]
    fn what_lies_outside_a_range_is_not_within_it() {
        let mut tables = Tables::default();
        for (from, to) in [("2026-02-02", "2026-02-09"), ("2026-02-09", "2026-02-16")] {
            let facts = Facts { start: Some(day(from)), end: Some(day(to)), provisional_from: None };
            tables.put(from, Held { generation: 1, table: Table::default(), facts });
        }
        let within = |from: &str, to: &str| tables.within(Range::parse(from, to).unwrap()).count();
        assert_eq!(within("2026-02-08", "2026-02-08"), 1);
        assert_eq!(within("2026-02-08", "2026-02-09"), 2);
        assert_eq!(within("2026-02-16", "2026-02-20"), 0);
    }

    #[test]
    fn a_span_stands_as_badly_as_the_worst_day_it_touches() {
        let mut tables = Tables::default();
        let facts = Facts {
            start: Some(day("2026-02-02")),
            end: Some(day("2026-02-09")),
            provisional_from: Some(day("2026-02-07")),
        };
        tables.put("2026-02-02", Held { generation: 1, table: Table::default(), facts });
        let start = |text: &str| Timestamp::start_of(day(text)).seconds();
        let standing = |from: &str, to: &str| tables.standing(start(from), start(to), day("2026-02-09"));
        assert_eq!(standing("2026-02-02", "2026-02-07"), Standing::Complete);
        assert_eq!(standing("2026-02-06", "2026-02-08"), Standing::Provisional);
        assert_eq!(standing("2026-02-01", "2026-02-03"), Standing::Missing);
        assert_eq!(standing("2026-02-09", "2026-02-10"), Standing::Provisional, "not over");
    }
}
