//! `asset`: a snapshot of every video. `assetbydate` has the same columns.
//!
//! A row is a video in a section it was published to. A video in several sections repeats, and no source says
//! whether its numbers then are the section's or the video's: so views and minutes are shown for each section,
//! and added up only where no video stands twice. Videos themselves are counted once each.

use super::Query;
use super::selection::find_codes;
use crate::dictionary::{Dictionary, EMPTY};
use crate::table::cell_value;
use crate::table::dataset::{Dataset, WindowData};
use std::collections::{BTreeMap, BTreeSet};

/// The numbers of a video in a section; none where a row does not say it, which is no zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ViewSums {
    /// Views, of whatever length.
    pub views: Option<u64>,
    /// Of these, of a live stream.
    pub live: Option<u64>,
    /// Of these, on demand.
    pub on_demand: Option<u64>,
    /// Of these, through a public link.
    pub public: Option<u64>,
    /// Of these, otherwise.
    pub private: Option<u64>,
    /// Downloads.
    pub downloads: Option<u64>,
    /// Minutes watched.
    pub minutes: Option<f64>,
}

impl ViewSums {
    /// The sums of no rows.
    pub const ZERO: Self = Self {
        views: Some(0),
        live: Some(0),
        on_demand: Some(0),
        public: Some(0),
        private: Some(0),
        downloads: Some(0),
        minutes: Some(0.0),
    };

    /// These and those: what one of them does not say, their sum cannot say.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        let sum = |one: Option<u64>, other: Option<u64>| Some(one? + other?);
        Self {
            views: sum(self.views, more.views),
            live: sum(self.live, more.live),
            on_demand: sum(self.on_demand, more.on_demand),
            public: sum(self.public, more.public),
            private: sum(self.private, more.private),
            downloads: sum(self.downloads, more.downloads),
            minutes: self.minutes.zip(more.minutes).map(|(one, other)| one + other),
        }
    }

    /// Whether a row says that there were views.
    #[must_use]
    pub fn is_viewed(&self) -> bool {
        self.views.is_some_and(|views| views > 0)
    }
}

/// What tells rows apart: a video in a section of a course, as codes.
pub type Key = [u32; 3];

/// A video in a section.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LibraryEntry {
    /// The media UUID, as it came. That it is also the `VideoId` of `videoview` is likely, not documented.
    pub id: String,
    /// Its name; may be empty.
    pub name: String,
    /// Its course's id, as it came; may be empty.
    pub course: String,
    /// The section's number, which other courses have too; may be empty.
    pub section: String,
    /// Whose it is; may be empty.
    pub owner: String,
    /// Its length in minutes, where the row says so.
    pub length: Option<f64>,
    /// Whether it was transcribed automatically, where the row says so.
    pub is_transcribed: Option<bool>,
    /// What it is grouped by, in the order of [`Facet::ALL`]; may be empty.
    pub groups: [String; 5],
    /// The latest view, as seconds since 1970, UTC.
    pub last_view: Option<u32>,
    /// Its numbers.
    pub sums: ViewSums,
}

impl LibraryEntry {
    /// Minutes watched as a multiple of the length; `None` without a length or minutes.
    #[must_use]
    pub fn times_watched(&self) -> Option<f64> {
        let length = self.length.filter(|length| *length > 0.0)?;
        Some(self.sums.minutes? / length)
    }
}

/// Whether these are of more than one course, so that a section's number does not say which it is.
pub fn are_of_several_courses<'a>(mut entries: impl Iterator<Item = &'a LibraryEntry>) -> bool {
    let first = entries.next();
    entries.any(|entry| first.is_some_and(|first| first.course != entry.course))
}

/// What videos are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// `term_name`.
    Term,
    /// `department_name`.
    Department,
    /// `campus_name`.
    Campus,
    /// `device`.
    Device,
    /// `room_name`.
    Room,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Self; 5] = [Self::Term, Self::Department, Self::Campus, Self::Device, Self::Room];

    fn column(self) -> &'static str {
        match self {
            Self::Term => "term_name",
            Self::Department => "department_name",
            Self::Campus => "campus_name",
            Self::Device => "device",
            Self::Room => "room_name",
        }
    }
}

/// Videos of one term, one department, …
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its name; may be empty.
    pub name: String,
    /// Distinct videos.
    pub videos: u64,
    /// Their numbers, where no video stands in several sections.
    pub sums: Option<ViewSums>,
}

/// The library.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Videos in sections, most views first.
    pub entries: Vec<LibraryEntry>,
    /// Distinct videos.
    pub videos: u64,
    /// Distinct videos that stand in several sections.
    pub repeated: u64,
    /// Distinct videos without a view in any section; none where no row says how many views there were.
    pub never_viewed: Option<u64>,
    /// Distinct videos that were transcribed, and those of which a row says whether.
    pub transcribed: (u64, u64),
    /// Groups by facet, in the order of [`Facet::ALL`], most videos first.
    pub groups: Vec<Vec<Group>>,
    /// Whether sections were asked for that this report cannot tell: it knows them by number alone.
    pub is_sections_ignored: bool,
    /// Rows with another number of fields than the header.
    pub ragged: u64,
}

/// The videos as they stood.
#[must_use]
pub fn measure(dataset: &Dataset, query: &Query) -> Measures {
    let filter = Filter::new(dataset, query);
    let mut rows: BTreeMap<Key, LibraryEntry> = BTreeMap::new();
    for (_, data) in dataset.iter() {
        for_each_entry(data, &dataset.texts, &filter, |key, entry| keep_greater(&mut rows, key, entry));
    }
    let mut media: BTreeMap<u32, Vec<&LibraryEntry>> = BTreeMap::new();
    for ([id, _, _], entry) in &rows {
        media.entry(*id).or_default().push(entry);
    }
    let count = |is: &dyn Fn(&[&LibraryEntry]) -> bool| media.values().filter(|rows| is(rows)).count() as u64;
    let groups = Facet::ALL.iter().enumerate().map(|(facet, _)| groups(&rows, facet)).collect();
    let (videos, repeated) = (media.len() as u64, count(&|rows| rows.len() > 1));
    let never_viewed = rows
        .values()
        .any(|entry| entry.sums.views.is_some())
        .then(|| count(&|rows| rows.iter().all(|entry| entry.sums.views == Some(0))));
    let transcribed = (
        count(&|rows| rows.iter().any(|entry| entry.is_transcribed == Some(true))),
        count(&|rows| rows.iter().any(|entry| entry.is_transcribed.is_some())),
    );
    let mut entries: Vec<LibraryEntry> = rows.into_values().collect();
    entries.sort_by(|a, b| {
        by_views(&a.sums, &b.sums).then_with(|| (&a.id, &a.section).cmp(&(&b.id, &b.section)))
    });
    Measures {
        entries,
        videos,
        repeated,
        never_viewed,
        transcribed,
        groups,
        is_sections_ignored: filter.is_sections_ignored,
        ragged: dataset.ragged(),
    }
}

pub(super) fn by_views(a: &ViewSums, b: &ViewSums) -> std::cmp::Ordering {
    let minutes = |sums: &ViewSums| sums.minutes.unwrap_or(-1.0);
    b.views.cmp(&a.views).then_with(|| minutes(b).total_cmp(&minutes(a)))
}

/// Of two rows of one video in one section in one file, which should not be, the greater stays: adding them
/// could count views twice.
pub(super) fn keep_greater(rows: &mut BTreeMap<Key, LibraryEntry>, key: Key, entry: LibraryEntry) {
    match rows.get(&key) {
        Some(known) if known.sums.views >= entry.sums.views => {}
        _ => {
            rows.insert(key, entry);
        }
    }
}

fn groups(rows: &BTreeMap<Key, LibraryEntry>, facet: usize) -> Vec<Group> {
    let mut groups: BTreeMap<&str, Vec<(u32, &LibraryEntry)>> = BTreeMap::new();
    for ([id, _, _], entry) in rows {
        groups.entry(entry.groups.get(facet).map_or("", String::as_str)).or_default().push((*id, entry));
    }
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|(name, rows)| {
            let videos = rows.iter().map(|(id, _)| *id).collect::<BTreeSet<u32>>().len();
            let sum = || rows.iter().fold(ViewSums::ZERO, |sum, (_, entry)| sum.plus(entry.sums));
            Group { name: name.to_owned(), videos: videos as u64, sums: (videos == rows.len()).then(sum) }
        })
        .collect();
    groups.sort_by(|a, b| b.videos.cmp(&a.videos).then_with(|| a.name.cmp(&b.name)));
    groups
}

/// The course and sections that a query is about. This report knows sections by number.
pub(super) struct Filter {
    course: Option<BTreeSet<u32>>,
    sections: Option<BTreeSet<u32>>,
    /// Whether sections were asked for by ids that no row holds.
    pub(super) is_sections_ignored: bool,
}

impl Filter {
    pub(super) fn new(dataset: &Dataset, query: &Query) -> Self {
        let sections = find_codes(&query.base.sections, &dataset.texts);
        let is_known = |sections: &BTreeSet<u32>| {
            dataset.iter().any(|(_, data)| {
                let place = data.table.column_index("section_number");
                place.is_some_and(|place| data.table.codes(place).iter().any(|code| sections.contains(code)))
            })
        };
        let is_sections_ignored = sections.as_ref().is_some_and(|sections| !is_known(sections));
        Self {
            course: find_codes(query.base.course.as_slice(), &dataset.texts),
            sections: sections.filter(|_| !is_sections_ignored),
            is_sections_ignored,
        }
    }
}

/// Shows every row of a table that the filter lets pass.
pub(super) fn for_each_entry(
    data: &WindowData,
    texts: &Dictionary,
    filter: &Filter,
    mut show: impl FnMut(Key, LibraryEntry),
) {
    let table = &data.table;
    let place = |name: &str| table.column_index(name);
    let (media, course, section) = (place("mediaid"), place("course_identifier"), place("section_number"));
    let labels =
        ["video_name", "owner_name", "video_duration_in_minutes", "transcribed", "last_view"].map(place);
    let facets = Facet::ALL.map(|facet| place(facet.column()));
    let numbers = ["view_count", "live", "on_demand", "public", "private", "downloads"].map(place);
    let minutes = place("view_duration_in_minutes");
    for row in 0..table.rows() {
        let code = |place| table.code(place, row);
        let key = [code(media), code(course), code(section)];
        let [id, of_course, of_section] = key;
        let passes =
            |wanted: &Option<BTreeSet<u32>>, code: u32| wanted.as_ref().is_none_or(|w| w.contains(&code));
        if id == EMPTY || !passes(&filter.course, of_course) || !passes(&filter.sections, of_section) {
            continue;
        }
        let text = |code: u32| texts.text(code).into_owned();
        let [name, owner, length, transcribed, last_view] = labels.map(code);
        let [views, live, on_demand, public, private, downloads] =
            numbers.map(|place| cell_value::parse_count(texts.bytes_of(code(place))));
        show(
            key,
            LibraryEntry {
                id: text(id),
                name: text(name),
                course: text(of_course),
                section: text(of_section),
                owner: text(owner),
                length: cell_value::parse_number(texts.bytes_of(length)).filter(|length| *length >= 0.0),
                is_transcribed: cell_value::parse_bool(texts.bytes_of(transcribed)),
                groups: facets.map(|place| text(code(place))),
                last_view: cell_value::parse_time(texts.bytes_of(last_view)),
                sums: ViewSums {
                    views,
                    live,
                    on_demand,
                    public,
                    private,
                    downloads,
                    minutes: cell_value::parse_number(texts.bytes_of(code(minutes)))
                        .map(|minutes| minutes.max(0.0)),
                },
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{dataset, query, window};
    use crate::video_view_dataset::WindowCoverage;

    pub(in crate::reports) const HEADER: &str = "video_name,section_number,owner_name,mediaid,course_identifier,department_name,transcribed,device,video_duration_in_minutes,last_view,view_count,downloads,view_duration_in_minutes,public,private,live,on_demand";

    const ROWS: &str = "\
Membranes,1,Bo Li,m1,c,Biology,1,Room box,50.0,2026-02-03 10:00:00,7,1,140.5,2,5,3,4
Membranes,2,Bo Li,m1,c,Biology,1,Room box,50.0,,0,0,0,0,0,0,0
Osmosis,1,Bo Li,m2,c,Biology,0,Laptop,40.0,,0,0,0,0,0,0,0
Cells,1,Cy Moe,m3,d,Physics,,Laptop,,2026-02-05 10:00:00,2,0,9.5,0,2,0,2
";

    fn snapshot(rows: &str) -> Dataset {
        let coverage = WindowCoverage { start: None, end: None, provisional_from: None };
        dataset(&[window(coverage, HEADER, rows)])
    }

    #[test]
    fn a_video_in_several_sections_counts_once_and_its_numbers_are_shown_not_added() {
        let measures = measure(&snapshot(ROWS), &query("2026-02-02", "2026-02-08"));
        assert_eq!((measures.videos, measures.repeated, measures.never_viewed), (3, 1, Some(1)));
        assert_eq!(measures.transcribed, (1, 2), "where no row says whether, nobody knows");
        assert_eq!(measures.entries.len(), 4);
        let departments = &measures.groups[1];
        assert_eq!((departments[0].name.as_str(), departments[0].videos), ("Biology", 2));
        assert_eq!(departments[0].sums, None);
        assert_eq!(departments[1].sums.and_then(|sums| sums.views), Some(2));
        assert_eq!(measures.entries[0].times_watched(), Some(2.81));
    }

    #[test]
    fn one_section_can_be_added_up_and_a_section_it_does_not_know_is_said() {
        let mut query = query("2026-02-02", "2026-02-08");
        query.base.course = Some("C".into());
        query.base.sections = vec!["1".into()];
        let measures = measure(&snapshot(ROWS), &query);
        assert_eq!((measures.videos, measures.repeated), (2, 0));
        assert_eq!(measures.groups[1][0].sums.and_then(|sums| sums.views), Some(7));
        query.base.sections = vec!["0b5a7f9e-0000-4000-8000-000000000000".into()];
        let measures = measure(&snapshot(ROWS), &query);
        assert!(measures.is_sections_ignored && measures.videos == 2);
    }

    #[test]
    fn a_row_that_stands_twice_is_not_added() {
        let measures = measure(&snapshot(&ROWS.repeat(2)), &query("2026-02-02", "2026-02-08"));
        assert_eq!((measures.entries.len(), measures.entries[0].sums.views), (4, Some(7)));
    }

    #[test]
    fn a_number_that_no_row_says_is_no_zero() {
        let header = "mediaid,course_identifier,section_number,view_count";
        let coverage = WindowCoverage { start: None, end: None, provisional_from: None };
        let measured = |rows: &str| {
            measure(&dataset(&[window(coverage, header, rows)]), &query("2026-02-02", "2026-02-08"))
        };
        let measures = measured("m1,c,1,\nm2,c,1,0\nm3,c,1,5\n");
        let views: Vec<Option<u64>> = measures.entries.iter().map(|entry| entry.sums.views).collect();
        assert_eq!(views, [Some(5), Some(0), None], "what is not said stands last");
        assert_eq!(measures.never_viewed, Some(1), "an empty cell is not one that was never viewed");
        assert!(
            measures.entries.iter().all(|entry| entry.sums.live.is_none() && entry.sums.minutes.is_none())
        );
        assert_eq!(measures.groups[0][0].sums.and_then(|sums| sums.views), None, "nor is their sum known");
        assert_eq!(measured("m1,c,1,\n").never_viewed, None);
    }
}
