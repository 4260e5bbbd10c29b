//! `asset`: a snapshot of every video. `assetbydate` has the same columns.
//!
//! A row is a video in a section that it was published to. A video in several sections has several rows, and
//! the reference does not say whether their numbers are the section's or the video's. So views and minutes
//! are shown for each section, and added up only if no video is repeated. Videos themselves are counted once
//! each.

use super::selection::find_codes;
use crate::dictionary::{Dictionary, EMPTY};
use crate::measures::is_short;
use crate::ordering::sort_by;
use crate::table::cell_value;
use crate::table::dataset::{Dataset, WindowData};
use domain::query::MeasureQuery;
use std::collections::{BTreeMap, BTreeSet};

/// The numbers of a video in a section, or sums of them. `None` means unknown, since a cell was empty; it is
/// not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ViewSums {
    /// Views of any length.
    pub views: Option<u64>,
    /// Of `views`, those of a live stream.
    pub live: Option<u64>,
    /// Of `views`, those on demand.
    pub on_demand: Option<u64>,
    /// Of `views`, those through a public link.
    pub public: Option<u64>,
    /// Of `views`, those not through a public link.
    pub private: Option<u64>,
    /// Number of downloads.
    pub downloads: Option<u64>,
    /// Minutes watched.
    pub minutes: Option<f64>,
}

impl ViewSums {
    /// The sums over no rows.
    pub const ZERO: Self = Self {
        views: Some(0),
        live: Some(0),
        on_demand: Some(0),
        public: Some(0),
        private: Some(0),
        downloads: Some(0),
        minutes: Some(0.0),
    };

    /// The sums of both, field by field; `None` where either is `None`.
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

    /// Whether the number of views is known and above zero.
    #[must_use]
    pub fn is_viewed(&self) -> bool {
        self.views.is_some_and(|views| views > 0)
    }
}

/// Key of a row: dictionary codes of video, course and section number.
pub type Key = [u32; 3];

/// A video in a section.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LibraryEntry {
    /// The media UUID, as in the rows. Probably equal to the `VideoId` of `videoview`, but that is not
    /// documented.
    pub id: String,
    /// The video's name; may be empty.
    pub name: String,
    /// The course's id, as in the rows; may be empty.
    pub course: String,
    /// The section's number, which is unique only within its course; may be empty.
    pub section: String,
    /// The owner's name; may be empty.
    pub owner: String,
    /// Length of the video in minutes, if known.
    pub length: Option<f64>,
    /// Whether the video was transcribed automatically, if known.
    pub is_transcribed: Option<bool>,
    /// The value of each facet, in the order of [`Facet::ALL`]; may be empty.
    pub groups: [String; 5],
    /// Time of the latest view, if there is one: seconds since 1970, UTC.
    pub last_view: Option<u32>,
    /// Views, downloads and minutes.
    pub sums: ViewSums,
}

impl LibraryEntry {
    /// Whether it has no share of its length.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.length.is_some_and(is_short)
    }

    /// Minutes watched divided by the length. `None` if either is unknown, for a short video, and for one whose views were
    /// all too short to be counted in minutes: it was watched, and a share of zero would say that it was not.
    #[must_use]
    pub fn times_watched(&self) -> Option<f64> {
        let length = self.length.filter(|_| !self.is_short())?;
        let minutes = self.sums.minutes.filter(|minutes| *minutes > 0.0 || !self.sums.is_viewed())?;
        Some(minutes / length)
    }
}

/// Whether the entries belong to more than one course, so that a section number alone is ambiguous.
pub fn are_of_several_courses<'a>(mut entries: impl Iterator<Item = &'a LibraryEntry>) -> bool {
    let first = entries.next();
    entries.any(|entry| first.is_some_and(|first| first.course != entry.course))
}

/// A property that videos are grouped by. Each variant is documented with its column.
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
    /// All facets, in display order.
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

/// Videos with the same value of a facet: of one term, one department, …
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The facet's value; may be empty.
    pub name: String,
    /// Distinct videos.
    pub videos: u64,
    /// Their sums; `None` if one of these videos is in several sections.
    pub sums: Option<ViewSums>,
}

/// Measures of `asset`.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Videos in sections, most views first.
    pub entries: Vec<LibraryEntry>,
    /// Distinct videos.
    pub videos: u64,
    /// Distinct videos that are in several sections.
    pub repeated: u64,
    /// Distinct videos with zero views in every section; `None` if no row has a number of views.
    pub never_viewed: Option<u64>,
    /// Distinct transcribed videos, and distinct videos for which that is known.
    pub transcribed: (u64, u64),
    /// The groups of each facet, in the order of [`Facet::ALL`]; in each, most videos first.
    pub groups: Vec<Vec<Group>>,
    /// Whether the section filter was ignored: this report has section numbers only, and the filter has ids.
    pub is_sections_ignored: bool,
    /// Rows whose number of fields differs from the header's.
    pub ragged: u64,
}

/// Measures the library as of its snapshot.
#[must_use]
pub fn measure(dataset: &Dataset, query: &MeasureQuery) -> Measures {
    let filter = Filter::new(dataset, query);
    let rows = filtered_entries(dataset, &filter);
    let mut media: BTreeMap<u32, Vec<&LibraryEntry>> = BTreeMap::new();
    for ([id, _, _], entry) in &rows {
        media.entry(*id).or_default().push(entry);
    }
    let count = |is_match: &dyn Fn(&[&LibraryEntry]) -> bool| {
        media.values().filter(|rows| is_match(rows)).count() as u64
    };
    let groups = Facet::ALL.iter().enumerate().map(|(facet, _)| group_videos(&rows, facet)).collect();
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
    sort_by(&mut entries, |a, b| {
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

/// The videos in sections that pass the filters of a query.
pub(super) fn entries(dataset: &Dataset, query: &MeasureQuery) -> BTreeMap<Key, LibraryEntry> {
    filtered_entries(dataset, &Filter::new(dataset, query))
}

fn filtered_entries(dataset: &Dataset, filter: &Filter) -> BTreeMap<Key, LibraryEntry> {
    let mut rows = BTreeMap::new();
    for (_, data) in dataset.iter() {
        read_entries(data, &dataset.texts, filter, &mut rows);
    }
    rows
}

/// Order: most views first, then most minutes; unknown numbers last.
pub(super) fn by_views(a: &ViewSums, b: &ViewSums) -> std::cmp::Ordering {
    let minutes = |sums: &ViewSums| sums.minutes.unwrap_or(-1.0);
    b.views.cmp(&a.views).then_with(|| minutes(b).total_cmp(&minutes(a)))
}

/// Adds an entry. If one file has two rows for a video in a section, which is not expected, keeps the row
/// with more views: adding them could count views twice.
fn keep_greater(rows: &mut BTreeMap<Key, LibraryEntry>, key: Key, entry: LibraryEntry) {
    match rows.get(&key) {
        Some(existing) if existing.sums.views >= entry.sums.views => {}
        _ => {
            rows.insert(key, entry);
        }
    }
}

/// Groups by the facet at an index of [`Facet::ALL`], most videos first.
fn group_videos(rows: &BTreeMap<Key, LibraryEntry>, facet: usize) -> Vec<Group> {
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
    sort_by(&mut groups, |a, b| b.videos.cmp(&a.videos).then_with(|| a.name.cmp(&b.name)));
    groups
}

/// The course and section filter of a query, as dictionary codes. This report identifies sections by number.
pub(super) struct Filter {
    course: Option<BTreeSet<u32>>,
    sections: Option<BTreeSet<u32>>,
    /// Whether the section filter is ignored, since no row has any of its sections.
    pub(super) is_sections_ignored: bool,
}

impl Filter {
    pub(super) fn new(dataset: &Dataset, query: &MeasureQuery) -> Self {
        let sections = find_codes(&query.base.sections, &dataset.texts);
        let is_known = |sections: &BTreeSet<u32>| {
            dataset.iter().any(|(_, data)| {
                let column = data.table.column_index("section_number");
                column
                    .is_some_and(|column| data.table.codes(column).iter().any(|code| sections.contains(code)))
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

/// Adds every row of a table that passes the filter to `rows`.
pub(super) fn read_entries(
    data: &WindowData,
    texts: &Dictionary,
    filter: &Filter,
    rows: &mut BTreeMap<Key, LibraryEntry>,
) {
    let table = &data.table;
    let column = |name: &str| table.column_index(name);
    let (media, course, section) = (column("mediaid"), column("course_identifier"), column("section_number"));
    let labels =
        ["video_name", "owner_name", "video_duration_in_minutes", "transcribed", "last_view"].map(column);
    let facets = Facet::ALL.map(|facet| column(facet.column()));
    let numbers = ["view_count", "live", "on_demand", "public", "private", "downloads"].map(column);
    let minutes = column("view_duration_in_minutes");
    for row in 0..table.rows() {
        let code = |column| table.code(column, row);
        let key = [code(media), code(course), code(section)];
        let [id, course, section] = key;
        let passes = |filter: &Option<BTreeSet<u32>>, code: u32| {
            filter.as_ref().is_none_or(|codes| codes.contains(&code))
        };
        if id == EMPTY || !passes(&filter.course, course) || !passes(&filter.sections, section) {
            continue;
        }
        let text = |code: u32| texts.text(code).into_owned();
        let [name, owner, length, transcribed, last_view] = labels.map(code);
        let [views, live, on_demand, public, private, downloads] =
            numbers.map(|column| cell_value::parse_count(texts.bytes_of(code(column))));
        let minutes = cell_value::parse_number(texts.bytes_of(code(minutes)));
        let entry = LibraryEntry {
            id: text(id),
            name: text(name),
            course: text(course),
            section: text(section),
            owner: text(owner),
            length: cell_value::parse_number(texts.bytes_of(length)).filter(|length| *length >= 0.0),
            is_transcribed: cell_value::parse_bool(texts.bytes_of(transcribed)),
            groups: facets.map(|column| text(code(column))),
            last_view: cell_value::parse_time(texts.bytes_of(last_view)),
            sums: ViewSums {
                views,
                live,
                on_demand,
                public,
                private,
                downloads,
                minutes: minutes.map(|minutes| minutes.max(0.0)),
            },
        };
        keep_greater(rows, key, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{dataset, query, window};
    use domain::query::WindowCoverage;

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
    fn a_video_in_several_sections_counts_once_and_its_views_are_not_added_up() {
        let measures = measure(&snapshot(ROWS), &query("2026-02-02", "2026-02-08"));
        assert_eq!((measures.videos, measures.repeated, measures.never_viewed), (3, 1, Some(1)));
        assert_eq!(measures.transcribed, (1, 2), "an empty cell is unknown");
        assert_eq!(measures.entries.len(), 4);
        let departments = &measures.groups[1];
        assert_eq!((departments[0].name.as_str(), departments[0].videos), ("Biology", 2));
        assert_eq!(departments[0].sums, None);
        assert_eq!(departments[1].sums.and_then(|sums| sums.views), Some(2));
        assert_eq!(measures.entries[0].times_watched(), Some(2.81));
    }

    #[test]
    fn short_videos_and_views_without_minutes_have_no_share_of_their_length() {
        let share = |length: &str, minutes: &str, views: u32| {
            let row = format!("Clip,1,Bo,m1,c,,,,{length},,{views},0,{minutes},0,0,0,0\n");
            let entry = measure(&snapshot(&row), &query("2026-02-02", "2026-02-08")).entries.remove(0);
            (entry.is_short(), entry.times_watched())
        };
        assert_eq!(share("0", "3.5", 7), (true, None), "no division by zero");
        assert_eq!(share("0.4", "3.5", 7), (true, None));
        assert_eq!(share("0.5", "1.0", 7), (false, Some(2.0)));
        assert_eq!(share("", "3.5", 7), (false, None));
        assert_eq!(share("50.0", "0.0", 7), (false, None), "watched, if not for half a minute");
        assert_eq!(share("50.0", "0.0", 0), (false, Some(0.0)), "nobody watched it");
    }

    #[test]
    fn one_section_is_added_up_and_an_unknown_section_is_reported_as_ignored() {
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
    fn a_duplicate_row_is_not_counted_twice() {
        let measures = measure(&snapshot(&ROWS.repeat(2)), &query("2026-02-02", "2026-02-08"));
        assert_eq!((measures.entries.len(), measures.entries[0].sums.views), (4, Some(7)));
    }

    #[test]
    fn an_empty_cell_is_unknown_not_zero() {
        let header = "mediaid,course_identifier,section_number,view_count";
        let coverage = WindowCoverage { start: None, end: None, provisional_from: None };
        let measure_rows = |rows: &str| {
            measure(&dataset(&[window(coverage, header, rows)]), &query("2026-02-02", "2026-02-08"))
        };
        let measures = measure_rows("m1,c,1,\nm2,c,1,0\nm3,c,1,5\n");
        let views: Vec<Option<u64>> = measures.entries.iter().map(|entry| entry.sums.views).collect();
        assert_eq!(views, [Some(5), Some(0), None], "unknown is last");
        assert_eq!(measures.never_viewed, Some(1), "unknown views do not count as never viewed");
        assert!(
            measures.entries.iter().all(|entry| entry.sums.live.is_none() && entry.sums.minutes.is_none())
        );
        assert_eq!(
            measures.groups[0][0].sums.and_then(|sums| sums.views),
            None,
            "a sum with an unknown number is unknown"
        );
        assert_eq!(measure_rows("m1,c,1,\n").never_viewed, None);
    }
}
