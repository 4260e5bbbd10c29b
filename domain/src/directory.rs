//! Courses, sections and terms as Echo360's wider API lists them, so that a course can be picked before any of
//! its rows is here, and quiet ones too.
//!
//! Best effort: the reference does not describe these lists, and the credentials may not be allowed to read them.
//! Whatever is missing or cannot be read is left out; courses that rows name are known without it.

use crate::ids::{CourseId, SectionId};
use crate::time::{Day, HOUR, MINUTE, Timestamp, iso};
use crate::upstream::{UpstreamError, next_page};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// How long the lists are taken for current.
pub const FRESH: i64 = 24 * HOUR;

/// When the lists could not be read because Echo360 failed, it is tried again after this long.
const RETRY: i64 = 10 * MINUTE;

/// Entries of one list after which no further page is read: more than the largest universities teach in ten years.
const MOST: usize = 50_000;

/// Pages of one list that are followed at most.
const MOST_PAGES: usize = 1_000;

/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 200;

/// A term, as the institution names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Term {
    /// Its id.
    pub id: String,
    /// `Autumn 2026`.
    pub name: String,
    /// Its first day.
    #[serde(with = "iso")]
    #[cfg_attr(feature = "schema", schemars(with = "Day"))]
    pub from: Day,
    /// Its last day.
    #[serde(with = "iso")]
    #[cfg_attr(feature = "schema", schemars(with = "Day"))]
    pub to: Day,
}

/// A course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryCourse {
    /// UUID.
    pub id: CourseId,
    /// The code that people see.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// A section of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectorySection {
    /// UUID.
    pub id: SectionId,
    /// Its course's id.
    pub course: CourseId,
    /// Its number, as text.
    pub number: String,
    /// Its term's id; may be empty.
    pub term: String,
}

/// The three lists, each as it was last read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// Oldest first.
    pub terms: Vec<Term>,
    /// In the order of the list.
    pub courses: Vec<DirectoryCourse>,
    /// In the order of the list.
    pub sections: Vec<DirectorySection>,
}

impl Directory {
    /// The same without these courses and their sections.
    #[must_use]
    pub fn without_courses(mut self, closed: &BTreeSet<CourseId>) -> Self {
        self.courses.retain(|course| !closed.contains(&course.id));
        self.sections.retain(|section| !closed.contains(&section.course));
        self
    }
}

/// One of the lists.
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

/// Reads the lists, a page at a time: [`DirectoryReader::next_path`] gives a path, its answer goes to [`DirectoryReader::record_page`].
/// A list that breaks off stays as it was; of one that never ends the beginning is kept.
#[derive(Debug)]
pub struct DirectoryReader {
    kept: Directory,
    lists: Vec<List>,
    path: Option<String>,
    pages: usize,
    /// What has come of the list that is being read.
    read: Directory,
    failed: bool,
}

impl DirectoryReader {
    /// Starts to read all lists anew; `kept` is what was read before.
    #[must_use]
    pub fn new(kept: Directory) -> Self {
        let lists = List::ALL.into_iter().rev().collect();
        Self { kept, lists, path: None, pages: 0, read: Directory::default(), failed: false }
    }

    /// The path to read next; `None` when all is read.
    #[must_use]
    pub fn next_path(&self) -> Option<String> {
        let list = self.lists.last()?;
        Some(self.path.clone().unwrap_or_else(|| list.path().to_owned()))
    }

    /// The answer to `path`; one that is not the next any more is let go.
    pub fn record_page(&mut self, path: &str, answer: Result<Value, UpstreamError>, upstream: &str) {
        let Some(list) = self.lists.last().copied().filter(|_| self.next_path().as_deref() == Some(path))
        else {
            return;
        };
        let page = match answer {
            Ok(answer) => entries(&answer).zip(next_page(&answer, upstream, path)),
            Err(UpstreamError::Absent | UpstreamError::Refused { .. }) => None,
            Err(trouble) => {
                self.failed = true;
                // Where the credentials are refused, or too much is asked, the other lists fare no better.
                if matches!(trouble, UpstreamError::Denied { .. } | UpstreamError::TooMany { .. }) {
                    self.lists.clear();
                }
                None
            }
        };
        let Some((entries, next)) = page else { return self.turn_to_next_list() };
        let is_last = entries.is_empty();
        // Page by page: a list of fifty thousand entries as they came would take the memory that others need.
        let read = &mut self.read;
        match list {
            List::Terms => read.terms.extend(entries.iter().filter_map(term)),
            List::Courses => read.courses.extend(entries.iter().filter_map(course)),
            List::Sections => read.sections.extend(entries.iter().filter_map(section)),
        }
        self.pages += 1;
        let count = read.terms.len() + read.courses.len() + read.sections.len();
        match next {
            Some(next) if !is_last && next != path && self.pages < MOST_PAGES && count < MOST => {
                self.path = Some(next);
            }
            _ => {
                self.keep(list);
                self.turn_to_next_list();
            }
        }
    }

    fn turn_to_next_list(&mut self) {
        self.lists.pop();
        self.path = None;
        self.pages = 0;
        self.read = Directory::default();
    }

    fn keep(&mut self, list: List) {
        let read = std::mem::take(&mut self.read);
        match list {
            List::Terms => {
                self.kept.terms = read.terms;
                self.kept.terms.sort_by(|a, b| (a.from, a.to, &a.name).cmp(&(b.from, b.to, &b.name)));
            }
            List::Courses => self.kept.courses = read.courses,
            List::Sections => self.kept.sections = read.sections,
        }
    }

    /// What is known when all is read at `now`, and when to read it again.
    #[must_use]
    pub fn finish(self, now: Timestamp) -> (Directory, Timestamp) {
        (self.kept, now.plus(if self.failed { RETRY } else { FRESH }))
    }
}

/// `{"data":[…]}`, as the rest of the API answers, or a bare array.
fn entries(answer: &Value) -> Option<Vec<Value>> {
    answer.as_array().or_else(|| answer.get("data").and_then(Value::as_array)).cloned()
}

/// The first of `names` that is there, as text of a bearable length.
fn text(entry: &Value, names: &[&str]) -> Option<String> {
    let value = names.iter().find_map(|name| entry.get(name).filter(|value| !value.is_null()))?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    (!text.is_empty()).then_some(text)
}

fn term(entry: &Value) -> Option<Term> {
    let day = |names: &[&str]| text(entry, names)?.get(..10)?.parse::<Day>().ok();
    let term = Term {
        id: text(entry, &["id"])?,
        name: text(entry, &["name", "title"])?,
        from: day(&["startDate", "start"])?,
        to: day(&["endDate", "end"])?,
    };
    (term.from <= term.to).then_some(term)
}

fn course(entry: &Value) -> Option<DirectoryCourse> {
    Some(DirectoryCourse {
        id: text(entry, &["id"])?.into(),
        code: text(entry, &["courseIdentifier", "identifier", "code"]).unwrap_or_default(),
        name: text(entry, &["name", "courseName"]).unwrap_or_default(),
    })
}

fn section(entry: &Value) -> Option<DirectorySection> {
    Some(DirectorySection {
        id: text(entry, &["id"])?.into(),
        course: text(entry, &["courseId"])?.into(),
        number: text(entry, &["sectionNumber", "number", "name"])?,
        term: text(entry, &["termId"]).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const UPSTREAM: &str = "https://echo360.org";

    #[test]
    fn a_course_that_was_forgotten_goes_with_its_sections_and_nothing_else_does() {
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
        let left = all.clone().without_courses(&BTreeSet::from(["ab".into()]));
        assert_eq!((left.courses, left.sections), (vec![course("cd")], vec![section("2", "cd")]));
        assert_eq!(all.clone().without_courses(&BTreeSet::new()), all);
    }

    /// Reads everything from `serve`, and tells which paths were asked for.
    fn gathered(
        kept: Directory,
        serve: impl Fn(&str) -> Result<Value, UpstreamError>,
    ) -> (Directory, Timestamp, Vec<String>) {
        let mut gathering = DirectoryReader::new(kept);
        let mut paths = Vec::new();
        while let Some(path) = gathering.next_path() {
            gathering.record_page(&path, serve(&path), UPSTREAM);
            paths.push(path);
            assert!(paths.len() < 5_000, "it never ends");
        }
        let (directory, again) = gathering.finish(Timestamp(0));
        (directory, again, paths)
    }

    #[test]
    fn all_pages_of_all_lists_are_read() {
        let (directory, again, paths) = gathered(Directory::default(), |path| {
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
        assert_eq!(again, Timestamp(FRESH));
    }

    #[test]
    fn a_list_that_breaks_off_stays_as_it_was() {
        let course = |id: &str| DirectoryCourse { id: id.into(), code: String::new(), name: String::new() };
        let kept = Directory { courses: vec![course("old")], ..Directory::default() };
        let (directory, again, _) = gathered(kept.clone(), |path| match path {
            "/public/api/v1/courses" => Ok(json!({"data": [{"id": "new"}], "has_more": true,
                "next": "/public/api/v1/courses?offset=1"})),
            _ => Err(UpstreamError::Down { sent: true, retry_after: None }),
        });
        assert_eq!(directory, kept);
        assert_eq!(again, Timestamp(RETRY));
    }

    #[test]
    fn what_the_credentials_may_not_read_is_not_tried_again_that_day() {
        let refused = || UpstreamError::Refused { status: 403, text: String::new(), retry_after: None };
        let (directory, again, paths) = gathered(Directory::default(), |_| Err(refused()));
        assert_eq!((directory, again), (Directory::default(), Timestamp(FRESH)));
        assert_eq!(paths.len(), 3, "a list that is refused may stand beside one that is not");
    }

    #[test]
    fn refused_credentials_end_it_and_an_answer_that_comes_late_changes_nothing() {
        let denied = || UpstreamError::Denied { detail: String::new() };
        let (_, again, paths) = gathered(Directory::default(), |_| Err(denied()));
        assert_eq!((again, paths.len()), (Timestamp(RETRY), 1));
        let mut gathering = DirectoryReader::new(Directory::default());
        gathering.record_page("/public/api/v1/courses", Ok(json!({"data": [{"id": "c1"}]})), UPSTREAM);
        assert_eq!(gathering.next_path().as_deref(), Some("/public/api/v1/terms"));
    }

    #[test]
    fn a_list_without_an_end_is_read_no_further() {
        let (directory, _, paths) = gathered(Directory::default(), |path| {
            let page = path.rsplit('=').next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0) + 1;
            let path = path.split('?').next().unwrap_or_default();
            Ok(
                json!({"data": [{"id": page.to_string()}], "has_more": true, "next": format!("{path}?offset={page}")}),
            )
        });
        assert_eq!(directory.courses.len(), MOST_PAGES);
        assert_eq!(paths.len(), 3 * MOST_PAGES);
    }
}
