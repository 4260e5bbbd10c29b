//! The rows of `asset` and `assetbydate`: one for each video in each section, and in each week.

use super::{Cell, Listing};
use crate::dictionary::{Dictionary, EMPTY};
use crate::ordering::sort_by_cached_key;
use crate::reports::library::{self, Key, LibraryEntry};
use crate::reports::weekly;
use crate::table::dataset::Dataset;
use domain::query::MeasureQuery;
use domain::time::Day;
use std::collections::BTreeMap;

/// Videos of the library in the order of their names: video, course, section, owner, views, minutes, downloads,
/// length, last view.
#[must_use]
pub fn list_library(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    let mut listing = Listing::default();
    push_entries(&mut listing, None, library::entries(dataset, query), &dataset.texts);
    listing
}

/// Videos of each week in the order of time, then of their names: the week's days, then the cells of [`list_library`].
#[must_use]
pub fn list_weeks(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    let mut listing = Listing::default();
    weekly::for_each_window(dataset, query, |window| {
        push_entries(&mut listing, Some(window.days), window.entries, &dataset.texts);
    });
    listing
}

fn push_entries(
    listing: &mut Listing,
    week: Option<(Day, Day)>,
    entries: BTreeMap<Key, LibraryEntry>,
    texts: &Dictionary,
) {
    let mut entries: Vec<(Key, LibraryEntry)> = entries.into_iter().collect();
    sort_by_cached_key(&mut entries, |(_, entry)| {
        (entry.name.to_lowercase(), entry.course.clone(), entry.section.clone(), entry.id.clone())
    });
    #[expect(clippy::cast_precision_loss, reason = "views are far below 2^53")]
    let count = |count: Option<u64>| Cell::number(count.map(|count| count as f64));
    for ([id, course, section], entry) in entries {
        let name = match entry.name.as_str() {
            "" => Cell::Video { name: EMPTY, id },
            name => match texts.find(name.as_bytes()) {
                Some(name) => Cell::Video { name, id },
                // Bytes that are not UTF-8 were replaced.
                None => listing.add_label(entry.name.clone()),
            },
        };
        let owner = listing.add_label(entry.owner);
        let sums = entry.sums;
        let cells = [
            name,
            Cell::Course(course),
            Cell::Text(section),
            owner,
            count(sums.views),
            Cell::number(sums.minutes),
            count(sums.downloads),
            Cell::number(entry.length),
            Cell::time(entry.last_view),
        ];
        listing.push(week.map(|(from, to)| Cell::Days(from, to)).into_iter().chain(cells));
    }
}
