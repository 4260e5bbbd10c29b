//! The copies that are here, by window, with the texts behind their codes: what every measure and table is from.

use crate::columns::Texts;
use crate::copy::Copy;
use domain::time::{Day, SECOND, Timestamp};
use domain::wire_struct;

/// The days a window's copy answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The first UTC day; `None` without dates.
    pub start: Option<Day>,
    /// The UTC day after the last that the copy covers; `None` without dates.
    pub end: Option<Day>,
    /// The first UTC day that was not complete when the copy was asked for.
    pub provisional_from: Option<Day>,
}

wire_struct!(Facts { start, end, provisional_from });

/// A copy that is here.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its rows.
    pub copy: Copy,
    /// The days it answers for.
    pub facts: Facts,
}

/// The copies that are here.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// The texts behind the codes of all of them, and of those that are arriving.
    pub texts: Texts,
    /// By window, in the order of their ids.
    held: Vec<(String, Held)>,
}

impl Shelf {
    /// Puts a window's copy in, in place of the one that was there.
    pub fn put(&mut self, window: &str, copy: Copy, facts: Facts) {
        let held = Held { copy, facts };
        match self.place(window) {
            Ok(place) => {
                if let Some((_, old)) = self.held.get_mut(place) {
                    *old = held;
                }
            }
            Err(place) => self.held.insert(place, (window.to_owned(), held)),
        }
    }

    /// Says anew which days a window's copy answers for.
    pub fn restate(&mut self, window: &str, facts: Facts) {
        if let Some((_, held)) = self.place(window).ok().and_then(|place| self.held.get_mut(place)) {
            held.facts = facts;
        }
    }

    /// Takes out every window but these.
    pub fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        self.held.retain(|(window, _)| wanted(window));
    }

    /// Which copy of a window is here.
    #[must_use]
    pub fn generation(&self, window: &str) -> Option<u32> {
        self.get(window).map(|held| held.copy.generation)
    }

    /// Every window with its copy, by id: for windows with dates, in the order of time.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Held)> {
        self.held.iter().map(|(window, held)| (window.as_str(), held))
    }

    /// A window's copy.
    #[must_use]
    pub fn get(&self, window: &str) -> Option<&Held> {
        self.held.get(self.place(window).ok()?).map(|(_, held)| held)
    }

    /// Where a window is, or would be put.
    fn place(&self, window: &str) -> Result<usize, usize> {
        self.held.binary_search_by(|(id, _)| id.as_str().cmp(window))
    }

    /// How many copies are here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether the seconds from `start` to `end` are final; `None` when not all of them are here. What
    /// begins `today` or later is not over, and therefore neither final nor missing.
    #[must_use]
    pub fn is_final(&self, start: i64, end: i64, today: Day) -> Option<bool> {
        let utc = |seconds: i64| Timestamp(seconds * SECOND).day();
        let last = utc(end - 1);
        let mut is_final = true;
        for day in utc(start).iter_days().take_while(|day| *day <= last) {
            if day >= today {
                is_final = false;
                continue;
            }
            let facts = self.held.iter().map(|(_, held)| held.facts).find(|facts| {
                facts.start.is_none_or(|start| start <= day) && facts.end.is_none_or(|end| day < end)
            })?;
            is_final &= facts.provisional_from.is_none_or(|from| day < from);
        }
        Some(is_final)
    }
}
