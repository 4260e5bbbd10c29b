//! Reads Echo360's lists of courses, sections and terms, so that a person can choose a course before any of
//! its rows is collected, and courses without activity.
//!
//! Best effort: the vendor's reference does not describe these lists, and the credentials may not be allowed
//! to read them. Whatever is missing or invalid is left out. Courses in collected rows are known without the
//! lists.
//!
//! A list may have tens of thousands of entries, so that the host stores it page by page and never holds its JSON.

use crate::calendar::Breaks;
use crate::ids::{CourseId, SectionId};
use crate::paging::{CutOff, ListName, PageOutcome, Paging, PagingLimits};
use crate::range::Range;
use crate::time::{Day, HOUR, MINUTE, SECOND, Timestamp, iso, plus_days};
use crate::upstream::UpstreamError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// How long the lists count as current, in milliseconds.
pub const FRESH: i64 = 24 * HOUR;

/// How long to wait after Echo360 failed before reading the lists again, in milliseconds.
const RETRY: i64 = 10 * MINUTE;

/// How long to wait before a page that could not be read is requested again, in milliseconds.
const PAGE_RETRY: i64 = 10 * SECOND;

/// The same if there was no access token for the call.
const TOKEN_RETRY: i64 = MINUTE;

/// How long reading pauses when few calls are left in this minute, in milliseconds.
pub const PAUSE: i64 = 10 * SECOND;

/// The most that is read of a list: more than the largest universities teach in ten years.
const LIMITS: PagingLimits = PagingLimits { pages: 1_000, entries: 50_000 };

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
    /// The terms, in Echo360's order.
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

/// Reads the lists page by page: [`DirectoryReader::next_path`] returns a path, and its response goes to
/// [`DirectoryReader::record_page`]. The host stores the entries of each page and this reader, so that reading goes on
/// from the page that it had reached, whatever interrupts it. A list of which nothing can be read keeps its previous
/// entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryReader {
    /// The lists to read, the current one last.
    lists: Vec<ListName>,
    /// How far the current list was read.
    paging: Paging,
    /// When the next page may be requested.
    not_before: Timestamp,
    /// Whether Echo360 failed, so that the lists are read again soon.
    failed: bool,
}

/// A page of a list, and how reading goes on.
#[derive(Debug, PartialEq, Eq)]
pub struct DirectoryPage {
    /// The list.
    pub list: ListName,
    /// The page's entries; those of the other lists are empty.
    pub entries: Directory,
    /// Whether the list is complete now.
    pub outcome: PageOutcome,
    /// How many entries were read of the list.
    pub count: usize,
}

impl Default for DirectoryReader {
    /// Starts to read all lists.
    fn default() -> Self {
        let lists = vec![ListName::Sections, ListName::Courses, ListName::Terms];
        let paging = Paging::new(ListName::Terms.path());
        Self { lists, paging, not_before: Timestamp::default(), failed: false }
    }
}

impl DirectoryReader {
    /// The path to read next; `None` when all lists are read.
    #[must_use]
    pub fn next_path(&self) -> Option<&str> {
        self.lists.last().map(|_| self.paging.path())
    }

    /// When the next page may be requested, if that is after `now`. A time that is further ahead than any wait is
    /// ignored: the clock was set back.
    #[must_use]
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        (1..=TOKEN_RETRY).contains(&self.not_before.since(now)).then_some(self.not_before)
    }

    /// When to request the next page: `now`, unless the reader waits, no call may go out before `calls_paused_until`, or
    /// it `must_pause` since few calls are left or another page is being read.
    #[must_use]
    pub fn next_page_at(
        &self,
        must_pause: bool,
        calls_paused_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Timestamp {
        let pause = self.waits_until(now).or_else(|| must_pause.then(|| now.plus(PAUSE)));
        pause.max(calls_paused_until).map_or(now, |at| at.max(now))
    }

    /// Records the response to a request of `path` at the base URL `upstream`. A response to any other path
    /// than the next one is ignored.
    pub fn record_page(
        &mut self,
        path: &str,
        response: &Result<Value, UpstreamError>,
        upstream: &str,
        now: Timestamp,
    ) -> Option<DirectoryPage> {
        let list = *self.lists.last().filter(|_| self.paging.path() == path)?;
        let mut entries = Directory::default();
        let outcome = match response {
            Ok(page) => match parse_entries(page) {
                Some(values) => {
                    entries.add_page(list, values);
                    self.paging.record_page(page, values.len(), upstream, LIMITS)
                }
                // Not a list.
                None => self.paging.record_error(&UpstreamError::Absent),
            },
            // Refused credentials affect the other lists, too.
            Err(UpstreamError::Denied { .. }) => {
                self.failed = true;
                self.lists.clear();
                PageOutcome::Unavailable
            }
            Err(error) => {
                let is_sent = !matches!(error, UpstreamError::Down { sent: false, .. });
                self.not_before = now.plus(if is_sent { PAGE_RETRY } else { TOKEN_RETRY });
                let outcome = self.paging.record_error(error);
                let is_down = matches!(error, UpstreamError::Down { .. });
                self.failed |= is_down && outcome != PageOutcome::MorePages;
                outcome
            }
        };
        let count = self.paging.entries();
        if outcome != PageOutcome::MorePages {
            self.lists.pop();
            if let Some(next) = self.lists.last() {
                self.paging = Paging::new(next.path());
            }
        }
        Some(DirectoryPage { list, entries, outcome, count })
    }

    /// When to read the lists again, after all were read at `now`.
    #[must_use]
    pub fn next_reading(&self, now: Timestamp) -> Timestamp {
        now.plus(if self.failed { RETRY } else { FRESH })
    }
}

impl DirectoryPage {
    /// Why the list was cut off, if so.
    #[must_use]
    pub fn cut_off(&self) -> Option<CutOff> {
        if let PageOutcome::CutOff(reason) = self.outcome { Some(reason) } else { None }
    }
}

impl Directory {
    /// Adds the entries of a page of one list. Entries that cannot be parsed are left out.
    fn add_page(&mut self, list: ListName, entries: &[Value]) {
        match list {
            ListName::Terms => self.terms.extend(entries.iter().filter_map(parse_term)),
            ListName::Courses => self.courses.extend(entries.iter().filter_map(parse_course)),
            ListName::Sections => self.sections.extend(entries.iter().filter_map(parse_section)),
            ListName::Requests => {}
        }
    }
}

/// The entries of a page: `{"data":[…]}`, as in the rest of Echo360's API, or a bare array.
fn parse_entries(page: &Value) -> Option<&[Value]> {
    page.as_array().or_else(|| page.get("data")?.as_array()).map(Vec::as_slice)
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

    /// The lists as the host stores them, and what it knows about reading.
    #[derive(Default)]
    struct Host {
        stored: Directory,
        partial: Directory,
        paths: Vec<String>,
        cut_off: Vec<(ListName, CutOff, usize)>,
        next_reading: Timestamp,
    }

    impl Host {
        /// Reads all lists from `serve`, and stores and loads the reader after each page.
        fn read_all(&mut self, serve: impl Fn(&str) -> Result<Value, UpstreamError>) {
            let (mut reader, mut now) = (DirectoryReader::default(), Timestamp(0));
            while let Some(path) = reader.next_path().map(str::to_owned) {
                now = reader.waits_until(now).unwrap_or(now);
                let page = reader.record_page(&path, &serve(&path), UPSTREAM, now).unwrap();
                self.paths.push(path);
                self.cut_off.extend(page.cut_off().map(|reason| (page.list, reason, page.count)));
                self.partial.terms.extend(page.entries.terms);
                self.partial.courses.extend(page.entries.courses);
                self.partial.sections.extend(page.entries.sections);
                let partial = match page.outcome {
                    PageOutcome::MorePages => continue,
                    PageOutcome::Unavailable => {
                        self.partial = Directory::default();
                        continue;
                    }
                    PageOutcome::Complete | PageOutcome::CutOff(_) => std::mem::take(&mut self.partial),
                };
                match page.list {
                    ListName::Terms => self.stored.terms = partial.terms,
                    ListName::Courses => self.stored.courses = partial.courses,
                    _ => self.stored.sections = partial.sections,
                }
                reader = serde_json::from_str(&serde_json::to_string(&reader).unwrap()).unwrap();
                assert!(self.paths.len() < 5_000, "reading does not end");
            }
            self.next_reading = reader.next_reading(Timestamp(0));
        }
    }

    fn course(id: &str) -> DirectoryCourse {
        DirectoryCourse { id: id.into(), code: String::new(), name: String::new() }
    }

    #[test]
    fn the_next_page_waits_for_calls() {
        let now = Timestamp(1_000_000);
        let reader = DirectoryReader::default();
        assert_eq!(reader.next_page_at(false, None, now), now);
        assert_eq!(reader.next_page_at(true, None, now), now.plus(PAUSE));
        let later = now.plus(60 * PAUSE);
        assert_eq!(reader.next_page_at(true, Some(later), now), later);
        assert_eq!(reader.next_page_at(true, Some(now.plus(1)), now), now.plus(PAUSE));
        let waiting = DirectoryReader { not_before: now.plus(1), ..reader };
        assert_eq!(waiting.next_page_at(false, None, now), now.plus(1));
        assert_eq!(waiting.next_page_at(true, Some(later), now), later);
    }

    const DOWN: UpstreamError = UpstreamError::Down { sent: true, retry_after: None };

    #[test]
    fn all_pages_of_all_lists_are_read() {
        let mut host = Host::default();
        host.read_all(|path| {
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
        let Host { stored: directory, next_reading, paths, .. } = host;
        assert_eq!(directory.terms.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["Autumn", "Spring"]);
        assert_eq!(directory.courses.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["c1", "c2"]);
        assert_eq!(directory.sections.len(), 1);
        assert_eq!(directory.sections[0].number, "7");
        assert_eq!(paths.len(), 4);
        assert_eq!(next_reading, Timestamp(FRESH));
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
    fn a_list_that_is_interrupted_goes_on_from_the_page_that_it_had_reached() {
        let calls = std::cell::Cell::new(0);
        let mut host = Host::default();
        host.read_all(|path| {
            calls.set(calls.get() + 1);
            match path {
                "/public/api/v1/courses" => Ok(json!({"data": [{"id": "c1"}], "next": "?offset=1"})),
                "/public/api/v1/courses?offset=1" if calls.get() < 5 => Err(DOWN),
                "/public/api/v1/courses?offset=1" => Ok(json!({"data": [{"id": "c2"}]})),
                _ => Ok(json!([])),
            }
        });
        assert_eq!(host.stored.courses, [course("c1"), course("c2")]);
        assert_eq!(host.paths.iter().filter(|path| *path == "/public/api/v1/courses").count(), 1);
        assert_eq!(host.paths.iter().filter(|path| path.ends_with("offset=1")).count(), 3);
        assert_eq!((host.cut_off, host.next_reading), (vec![], Timestamp(FRESH)));
    }

    #[test]
    fn the_stored_reader_format_unchanged() {
        let stored = r#"{"lists":["sections","courses","terms"],"paging":{"path":"/public/api/v1/terms","pages":0,"entries":0,"failures":0},"not_before":0,"failed":false}"#;
        assert_eq!(serde_json::to_string(&DirectoryReader::default()).unwrap(), stored);
        let read: DirectoryReader = serde_json::from_str(stored).unwrap();
        assert_eq!(read, DirectoryReader::default());
    }

    #[test]
    fn a_list_that_cannot_be_read_keeps_its_previous_entries() {
        let mut host = Host::default();
        host.stored.courses.push(course("old"));
        host.read_all(|_| Err(DOWN));
        assert_eq!(host.stored.courses, [course("old")]);
        assert_eq!((host.cut_off, host.next_reading), (vec![], Timestamp(RETRY)));
    }

    #[test]
    fn a_list_with_an_unusable_next_page_is_read_as_far_as_it_goes() {
        for (next, second_page) in [
            ("/public/api/v1/users/1/invite", Ok(json!({}))),
            ("?offset=1", Err(UpstreamError::Absent)),
            ("?offset=1", Err(DOWN)),
            ("?offset=1", Ok(json!("busy"))),
        ] {
            let mut host = Host::default();
            host.read_all(|path| match path {
                "/public/api/v1/courses" => {
                    Ok(json!({"data": [{"id": "c1"}, {"id": "c2"}], "has_more": true, "next": next}))
                }
                "/public/api/v1/courses?offset=1" => second_page.clone(),
                "/public/api/v1/terms" | "/public/api/v1/sections" => Ok(json!([])),
                _ => panic!("{path} must not be read"),
            });
            assert_eq!(host.stored.courses, [course("c1"), course("c2")]);
            assert_eq!(host.cut_off, [(ListName::Courses, CutOff::BadNext, 2)]);
        }
    }

    #[test]
    fn lists_that_the_credentials_may_not_read_are_tried_a_day_later() {
        let refused = || UpstreamError::Refused { status: 403, text: String::new(), retry_after: None };
        let mut host = Host::default();
        host.read_all(|_| Err(refused()));
        assert_eq!((host.stored, host.next_reading), (Directory::default(), Timestamp(FRESH)));
        assert_eq!(host.paths.len(), 3, "a refused list does not stop the others");
    }

    #[test]
    fn refused_credentials_end_the_reading_and_a_late_response_is_ignored() {
        let mut host = Host::default();
        host.read_all(|_| Err(UpstreamError::Denied { detail: String::new() }));
        assert_eq!((host.next_reading, host.paths.len()), (Timestamp(RETRY), 1));
        let mut reader = DirectoryReader::default();
        let late = reader.record_page("/public/api/v1/courses", &Ok(json!([])), UPSTREAM, Timestamp(0));
        assert_eq!((late, reader.next_path()), (None, Some("/public/api/v1/terms")));
    }

    #[test]
    fn a_list_without_an_end_is_cut_off() {
        let mut host = Host::default();
        host.read_all(|path| {
            let page = path.rsplit('=').next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0) + 1;
            let next = format!("?offset={page}");
            Ok(json!({"data": [{"id": page.to_string()}], "has_more": true, "next": next}))
        });
        assert_eq!((host.stored.courses.len(), host.paths.len()), (LIMITS.pages, 3 * LIMITS.pages));
        assert!(host.cut_off.contains(&(ListName::Courses, CutOff::TooManyEntries, LIMITS.pages)));
    }
}
