//! Reads Echo360's lists of courses, sections and terms, so that a person can choose a course before any of
//! its rows is collected, and courses without activity.
//!
//! Best effort: the vendor's reference does not describe these lists, and the credentials may not be allowed
//! to read them. Whatever is missing or invalid is left out. Courses in collected rows are known without the
//! lists.

use crate::calendar::Breaks;
use crate::ids::{CourseId, SectionId};
use crate::range::Range;
use crate::time::{Day, HOUR, MINUTE, Timestamp, iso, plus_days};
use crate::upstream::{UpstreamError, next_page};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// How long the lists count as current, in milliseconds.
pub const FRESH: i64 = 24 * HOUR;

/// How long to wait after Echo360 failed before reading the lists again, in milliseconds.
const RETRY: i64 = 10 * MINUTE;

/// The number of entries of a list after which no further page is read: more than the largest universities
/// teach in ten years.
const MAX_ENTRIES: usize = 50_000;

/// The maximum number of pages of a list.
const MAX_PAGES: usize = 1_000;

/// The number of exceptions of a term after which no further one is read: more than a year has days.
const MAX_EXCEPTIONS: usize = 400;

/// The length at which texts are cut off, in characters.
const MAX_TEXT_CHARS: usize = 200;

/// A term of the institution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Term {
    /// The term's id.
    pub id: String,
    /// The term's name, such as `Autumn 2026`.
    pub name: String,
    /// The first day.
    #[serde(with = "iso")]
    #[cfg_attr(feature = "schema", schemars(with = "Day"))]
    pub from: Day,
    /// The last day, inclusive.
    #[serde(with = "iso")]
    #[cfg_attr(feature = "schema", schemars(with = "Day"))]
    pub to: Day,
    /// Its days without classes; left out if Echo360 lists none.
    #[serde(default, skip_serializing_if = "Breaks::is_empty")]
    pub breaks: Breaks,
}

/// A course in Echo360's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryCourse {
    /// The course's UUID.
    pub id: CourseId,
    /// The code that people see; may be empty.
    pub code: String,
    /// The course's name; may be empty.
    pub name: String,
}

/// A section in Echo360's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectorySection {
    /// The section's UUID.
    pub id: SectionId,
    /// The UUID of the section's course.
    pub course: CourseId,
    /// The section's number, as text.
    pub number: String,
    /// The id of the section's term; may be empty.
    pub term: String,
}

/// The three lists, each as last read completely.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// The terms, oldest first.
    pub terms: Vec<Term>,
    /// The courses, in Echo360's order.
    pub courses: Vec<DirectoryCourse>,
    /// The sections, in Echo360's order.
    pub sections: Vec<DirectorySection>,
}

impl Directory {
    /// Removes these courses and their sections.
    #[must_use]
    pub fn without_courses(mut self, ids: &BTreeSet<CourseId>) -> Self {
        self.courses.retain(|course| !ids.contains(&course.id));
        self.sections.retain(|section| !ids.contains(&section.course));
        self
    }

    /// The sections that Echo360 lists for a course; `None` if it lists none. Sections that are known only from rows
    /// say nothing about how many a course has.
    #[must_use]
    pub fn listed_sections(&self, course: &CourseId) -> Option<Vec<ListedSection>> {
        let describe = |section: &DirectorySection| {
            let term = self.terms.iter().find(|term| term.id == section.term);
            ListedSection {
                id: section.id.clone(),
                number: section.number.clone(),
                from: term.map(|term| term.from),
                to: term.map(|term| term.to),
            }
        };
        let sections = self.sections.iter().filter(|section| section.course == *course);
        Some(sections.map(describe).collect::<Vec<_>>()).filter(|sections| !sections.is_empty())
    }
}

/// A section that Echo360 lists for a course, with the days of its term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedSection {
    /// The section's UUID.
    pub id: SectionId,
    /// The section's number, as text.
    pub number: String,
    /// The first day of its term; `None` if the term is unknown.
    #[serde(default, with = "iso::option")]
    pub from: Option<Day>,
    /// The last day of its term.
    #[serde(default, with = "iso::option")]
    pub to: Option<Day>,
}

impl ListedSection {
    /// Whether its term overlaps the week that starts on this day. A section of an unknown term may be taught in any
    /// week.
    #[must_use]
    pub fn is_taught_in(&self, monday: Day) -> bool {
        self.from.is_none_or(|from| from <= plus_days(monday, 6)) && self.to.is_none_or(|to| monday <= to)
    }
}

/// One of the three lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Terms,
    Courses,
    Sections,
}

impl List {
    const ALL: [Self; 3] = [Self::Terms, Self::Courses, Self::Sections];

    fn path(self) -> &'static str {
        match self {
            Self::Terms => "/public/api/v1/terms",
            Self::Courses => "/public/api/v1/courses",
            Self::Sections => "/public/api/v1/sections",
        }
    }
}

/// Reads the lists page by page: [`DirectoryReader::next_path`] returns a path, and its response goes to
/// [`DirectoryReader::record_page`]. A list of which a page fails keeps its previous entries. A list without
/// an end is cut off.
#[derive(Debug)]
pub struct DirectoryReader {
    /// The result so far: the previous lists, replaced by those that were read completely.
    directory: Directory,
    /// The lists to read, the current one last.
    lists: Vec<List>,
    /// The path of the current list's next page; `None` for its first.
    path: Option<String>,
    /// The number of pages read of the current list.
    pages: usize,
    /// The entries read so far of the current list.
    partial: Directory,
    /// Whether Echo360 failed, so that the lists are read again soon.
    failed: bool,
}

impl DirectoryReader {
    /// Starts to read all lists. `previous` is the last result.
    #[must_use]
    pub fn new(previous: Directory) -> Self {
        let lists = List::ALL.into_iter().rev().collect();
        Self {
            directory: previous,
            lists,
            path: None,
            pages: 0,
            partial: Directory::default(),
            failed: false,
        }
    }

    /// The path to read next; `None` when all lists are read.
    #[must_use]
    pub fn next_path(&self) -> Option<String> {
        let list = self.lists.last()?;
        Some(self.path.clone().unwrap_or_else(|| list.path().to_owned()))
    }

    /// Records the response to a request of `path` at the base URL `upstream`. A response to any other path
    /// than the next one is ignored.
    pub fn record_page(&mut self, path: &str, response: Result<Value, UpstreamError>, upstream: &str) {
        let Some(list) = self.lists.last().copied().filter(|_| self.next_path().as_deref() == Some(path))
        else {
            return;
        };
        let page = match response {
            Ok(response) => parse_entries(&response).zip(next_page(&response, upstream, path)),
            Err(UpstreamError::Absent | UpstreamError::Refused { .. }) => None,
            Err(error) => {
                self.failed = true;
                // Refused credentials and rate limits affect the other lists, too.
                if matches!(error, UpstreamError::Denied { .. } | UpstreamError::TooMany { .. }) {
                    self.lists.clear();
                }
                None
            }
        };
        let Some((entries, next)) = page else { return self.start_next_list() };
        let is_last = entries.is_empty();
        // Parsed page by page: the JSON of fifty thousand entries would take the memory that other work
        // needs.
        let partial = &mut self.partial;
        match list {
            List::Terms => partial.terms.extend(entries.iter().filter_map(parse_term)),
            List::Courses => partial.courses.extend(entries.iter().filter_map(parse_course)),
            List::Sections => partial.sections.extend(entries.iter().filter_map(parse_section)),
        }
        self.pages += 1;
        let count = partial.terms.len() + partial.courses.len() + partial.sections.len();
        match next {
            Some(next) if !is_last && next != path && self.pages < MAX_PAGES && count < MAX_ENTRIES => {
                self.path = Some(next);
            }
            _ => {
                self.replace_list(list);
                self.start_next_list();
            }
        }
    }

    fn start_next_list(&mut self) {
        self.lists.pop();
        self.path = None;
        self.pages = 0;
        self.partial = Directory::default();
    }

    fn replace_list(&mut self, list: List) {
        let complete = std::mem::take(&mut self.partial);
        match list {
            List::Terms => {
                self.directory.terms = complete.terms;
                self.directory.terms.sort_by(|a, b| (a.from, a.to, &a.name).cmp(&(b.from, b.to, &b.name)));
            }
            List::Courses => self.directory.courses = complete.courses,
            List::Sections => self.directory.sections = complete.sections,
        }
    }

    /// The directory after reading at `now`, and when to read it again.
    #[must_use]
    pub fn finish(self, now: Timestamp) -> (Directory, Timestamp) {
        (self.directory, now.plus(if self.failed { RETRY } else { FRESH }))
    }
}

/// The entries of a page: `{"data":[…]}`, as in the rest of Echo360's API, or a bare array.
fn parse_entries(response: &Value) -> Option<Vec<Value>> {
    response.as_array().or_else(|| response.get("data").and_then(Value::as_array)).cloned()
}

/// The first of the fields `names` that is present, as text without control characters and cut off; `None` if
/// empty.
fn read_text(entry: &Value, names: &[&str]) -> Option<String> {
    let value = names.iter().find_map(|name| entry.get(name).filter(|value| !value.is_null()))?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(MAX_TEXT_CHARS).collect();
    (!text.is_empty()).then_some(text)
}

fn parse_term(entry: &Value) -> Option<Term> {
    let (from, to) = (read_day(entry, &["startDate", "start"])?, read_day(entry, &["endDate", "end"])?);
    let exceptions = entry.get("exceptions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let breaks = Breaks::new(exceptions.iter().take(MAX_EXCEPTIONS).filter_map(parse_exception));
    let term = Term {
        id: read_text(entry, &["id"])?,
        name: read_text(entry, &["name", "title"])?,
        from,
        to,
        breaks: Breaks::new(breaks.between(from, to)),
    };
    (from <= to).then_some(term)
}

/// An exception of a term: a day as text, or an object with a day or with a first and a last one. The vendor's reference
/// does not describe them.
fn parse_exception(entry: &Value) -> Option<Range> {
    if let Value::String(text) = entry {
        return Some(Range::from_day(parse_day_of(text)?));
    }
    let from = read_day(entry, &["startDate", "start", "from", "date", "day"])?;
    Range::new(from, read_day(entry, &["endDate", "end", "to"]).unwrap_or(from)).ok()
}

fn read_day(entry: &Value, names: &[&str]) -> Option<Day> {
    parse_day_of(&read_text(entry, names)?)
}

/// The day of a text that begins with one.
fn parse_day_of(text: &str) -> Option<Day> {
    text.trim().get(..10)?.parse().ok()
}

fn parse_course(entry: &Value) -> Option<DirectoryCourse> {
    Some(DirectoryCourse {
        id: read_text(entry, &["id"])?.into(),
        code: read_text(entry, &["courseIdentifier", "identifier", "code"]).unwrap_or_default(),
        name: read_text(entry, &["name", "courseName"]).unwrap_or_default(),
    })
}

fn parse_section(entry: &Value) -> Option<DirectorySection> {
    Some(DirectorySection {
        id: read_text(entry, &["id"])?.into(),
        course: read_text(entry, &["courseId"])?.into(),
        number: read_text(entry, &["sectionNumber", "number", "name"])?,
        term: read_text(entry, &["termId"]).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const UPSTREAM: &str = "https://echo360.org";

    #[test]
    fn an_erased_course_is_removed_with_its_sections() {
        let course = |id: &str| DirectoryCourse { id: id.into(), code: id.into(), name: String::new() };
        let section = |id: &str, course: &str| DirectorySection {
            id: id.into(),
            course: course.into(),
            number: "001".into(),
            term: String::new(),
        };
        let all = Directory {
            terms: Vec::new(),
            courses: vec![course("AB"), course("cd")],
            sections: vec![section("1", "ab"), section("2", "cd"), section("3", "Ab")],
        };
        let remaining = all.clone().without_courses(&BTreeSet::from(["ab".into()]));
        assert_eq!((remaining.courses, remaining.sections), (vec![course("cd")], vec![section("2", "cd")]));
        assert_eq!(all.clone().without_courses(&BTreeSet::new()), all);
    }

    #[test]
    fn sections_of_a_course_are_known_from_the_list_only() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let term = Term {
            id: "t".into(),
            name: "Spring".into(),
            from: day("2026-02-04"),
            to: day("2026-02-17"),
            breaks: Breaks::default(),
        };
        let section = |id: &str, term: &str| DirectorySection {
            id: id.into(),
            course: "ab".into(),
            number: "001".into(),
            term: term.into(),
        };
        let directory = Directory {
            terms: vec![term],
            sections: vec![section("1", "t"), section("2", ""), section("3", "u")],
            ..Directory::default()
        };
        let listed = directory.listed_sections(&"ab".into()).unwrap();
        let taught = |monday: &str| {
            let taught = listed.iter().filter(|section| section.is_taught_in(day(monday)));
            taught.map(|section| section.id.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(taught("2026-01-26"), ["2", "3"]);
        assert_eq!(taught("2026-02-02"), ["1", "2", "3"]);
        assert_eq!(taught("2026-02-16"), ["1", "2", "3"]);
        assert_eq!(taught("2026-02-23"), ["2", "3"]);
        assert_eq!(directory.listed_sections(&"cd".into()), None);
        assert_eq!(Directory::default().listed_sections(&"ab".into()), None);
    }

    /// Reads all lists from `serve`. Returns the result and the requested paths.
    fn read_all(
        previous: Directory,
        serve: impl Fn(&str) -> Result<Value, UpstreamError>,
    ) -> (Directory, Timestamp, Vec<String>) {
        let mut reader = DirectoryReader::new(previous);
        let mut paths = Vec::new();
        while let Some(path) = reader.next_path() {
            reader.record_page(&path, serve(&path), UPSTREAM);
            paths.push(path);
            assert!(paths.len() < 5_000, "reading does not end");
        }
        let (directory, next_read) = reader.finish(Timestamp(0));
        (directory, next_read, paths)
    }

    #[test]
    fn all_pages_of_all_lists_are_read() {
        let (directory, next_read, paths) = read_all(Directory::default(), |path| {
            Ok(match path {
                "/public/api/v1/terms" => json!({"data": [
                    {"id": "t2", "name": "Autumn", "startDate": "2026-09-01", "endDate": "2026-12-20"},
                    {"id": "t1", "name": "Spring", "startDate": "2026-01-05T00:00:00Z", "endDate": "2026-05-01"},
                    {"id": "t0", "name": "Backwards", "startDate": "2026-05-05", "endDate": "2026-01-01"},
                ]}),
                "/public/api/v1/courses" => {
                    json!({"data": [{"id": "c1", "courseIdentifier": "BIO-101", "name": "Cells"}],
                    "has_more": true, "next": "/public/api/v1/courses?limit=1&offset=1"})
                }
                "/public/api/v1/courses?limit=1&offset=1" => {
                    json!({"data": [{"id": "c2"}], "has_more": false})
                }
                _ => {
                    json!([{"id": "s1", "courseId": "c1", "sectionNumber": 7, "termId": "t2"}, {"id": "s2"}])
                }
            })
        });
        assert_eq!(directory.terms.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["Spring", "Autumn"]);
        assert_eq!(directory.courses.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["c1", "c2"]);
        assert_eq!(directory.sections.len(), 1);
        assert_eq!(directory.sections[0].number, "7");
        assert_eq!(paths.len(), 4);
        assert_eq!(next_read, Timestamp(FRESH));
    }

    #[test]
    fn exceptions_of_a_term_are_read_in_any_plausible_form() {
        let breaks = |exceptions: Value| {
            let term = json!({"id": "t", "name": "Autumn", "startDate": "2026-09-01", "endDate": "2026-12-20",
                "exceptions": exceptions});
            parse_term(&term).unwrap().breaks.iter().collect::<Vec<_>>()
        };
        let week = [Range::parse("2026-10-12", "2026-10-16").unwrap()];
        let week: Vec<Range> = Breaks::new(week).iter().collect();
        let day = |n: u32| format!("2026-10-{n}");
        for exceptions in [
            json!((12..=16).map(day).collect::<Vec<_>>()),
            json!((12..=16).map(|n| json!({"date": day(n)})).collect::<Vec<_>>()),
            json!([{"start": "2026-10-12", "end": "2026-10-16"}]),
            json!([{"startDate": "2026-10-12T00:00:00Z", "endDate": "2026-10-18T00:00:00Z", "name": "Break"}]),
            json!([{"from": "2026-10-12", "to": "2026-10-16"}, {"from": "2026-10-14", "to": null}]),
            json!(["soon", 7, null, {}, {"date": "2026-13-01"}, {"start": "2026-10-16", "end": "2026-10-12"},
                {"startDate": "2026-10-12", "endDate": "2026-10-17"}, "2027-01-01"]),
        ] {
            assert_eq!(breaks(exceptions.clone()), week, "{exceptions}");
        }
        let clipped = breaks(json!([{"startDate": "2026-12-19", "endDate": "2027-01-10"}]));
        assert_eq!(clipped, [Range::parse("2026-12-19", "2026-12-20").unwrap()], "only days of the term");
        for none in [json!(null), json!({}), json!("2026-10-12"), json!([])] {
            assert_eq!(breaks(none), []);
        }
    }

    #[test]
    fn a_list_that_breaks_off_keeps_its_previous_entries() {
        let course = |id: &str| DirectoryCourse { id: id.into(), code: String::new(), name: String::new() };
        let previous = Directory { courses: vec![course("old")], ..Directory::default() };
        let (directory, next_read, _) = read_all(previous.clone(), |path| match path {
            "/public/api/v1/courses" => Ok(json!({"data": [{"id": "new"}], "has_more": true,
                "next": "/public/api/v1/courses?offset=1"})),
            _ => Err(UpstreamError::Down { sent: true, retry_after: None }),
        });
        assert_eq!(directory, previous);
        assert_eq!(next_read, Timestamp(RETRY));
    }

    #[test]
    fn lists_that_the_credentials_may_not_read_are_tried_a_day_later() {
        let refused = || UpstreamError::Refused { status: 403, text: String::new(), retry_after: None };
        let (directory, next_read, paths) = read_all(Directory::default(), |_| Err(refused()));
        assert_eq!((directory, next_read), (Directory::default(), Timestamp(FRESH)));
        assert_eq!(paths.len(), 3, "a refused list does not stop the others");
    }

    #[test]
    fn refused_credentials_end_the_reading_and_a_late_response_is_ignored() {
        let denied = || UpstreamError::Denied { detail: String::new() };
        let (_, next_read, paths) = read_all(Directory::default(), |_| Err(denied()));
        assert_eq!((next_read, paths.len()), (Timestamp(RETRY), 1));
        let mut reader = DirectoryReader::new(Directory::default());
        reader.record_page("/public/api/v1/courses", Ok(json!({"data": [{"id": "c1"}]})), UPSTREAM);
        assert_eq!(reader.next_path().as_deref(), Some("/public/api/v1/terms"));
    }

    #[test]
    fn a_list_without_an_end_is_cut_off() {
        let (directory, _, paths) = read_all(Directory::default(), |path| {
            let page = path.rsplit('=').next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0) + 1;
            let path = path.split('?').next().unwrap_or_default();
            Ok(
                json!({"data": [{"id": page.to_string()}], "has_more": true, "next": format!("{path}?offset={page}")}),
            )
        });
        assert_eq!(directory.courses.len(), MAX_PAGES);
        assert_eq!(paths.len(), 3 * MAX_PAGES);
    }
}
