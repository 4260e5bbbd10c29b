//! Lists that Echo360 sends page by page: `{"data":[…],"has_more":true,"next":"/public/api/v1/courses?offset=…"}`.
//!
//! A response chooses where the next call goes, and some GETs of the wider API have effects (`/users/{id}/invite`).
//! So `next` is followed only to the path of the list, with another query. A list whose next page cannot be read is
//! cut off: what was read of it is used, and administrators see why.

use crate::time::Timestamp;
use crate::upstream::UpstreamError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A list of Echo360's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ListName {
    /// Upstream requests.
    Requests,
    /// Terms.
    Terms,
    /// Courses.
    Courses,
    /// Sections.
    Sections,
}

impl ListName {
    /// The path of the first page.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Requests => "/public/api/v1/reporting/requests",
            Self::Terms => "/public/api/v1/terms",
            Self::Courses => "/public/api/v1/courses",
            Self::Sections => "/public/api/v1/sections",
        }
    }
}

/// A list that was not read to its end, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CutOffList {
    /// The list.
    pub list: ListName,
    /// Why it was not read further.
    pub reason: CutOff,
    /// The number of entries that were read.
    pub entries: u64,
    /// When it was last read.
    pub at: Timestamp,
}

/// How often a page is requested in a row before the list is cut off before it.
const MAX_FAILURES: u8 = 3;

/// Why a list was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CutOff {
    /// `next` is missing, leads to another path or to the same page, or its page cannot be read.
    BadNext,
    /// A page is longer than 4 MB.
    PageTooLong,
    /// The list has more pages or entries than are read.
    TooManyEntries,
}

/// How reading a list goes on after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOutcome {
    /// [`Paging::path`] is to be read, perhaps once more.
    MorePages,
    /// The list was read to its end.
    Complete,
    /// The list was read as far as it goes.
    CutOff(CutOff),
    /// Nothing of the list can be read.
    Unavailable,
}

/// How far a list was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paging {
    /// The page to read, as a path with a query.
    path: String,
    /// The pages and entries read so far.
    pages: usize,
    entries: usize,
    /// How often the page could not be read.
    failures: u8,
}

/// The most that is read of a list.
#[derive(Debug, Clone, Copy)]
pub struct PagingLimits {
    /// The number of pages.
    pub pages: usize,
    /// The number of entries after which no further page is read.
    pub entries: usize,
}

impl Paging {
    /// Starts at the first page.
    #[must_use]
    pub fn new(path: &str) -> Self {
        Self { path: path.to_owned(), pages: 0, entries: 0, failures: 0 }
    }

    /// The path of the page to read.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The number of entries read so far.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Records that the page was read from the base URL `upstream`, with so many entries.
    pub fn record_page(
        &mut self,
        page: &Value,
        entries: usize,
        upstream: &str,
        limits: PagingLimits,
    ) -> PageOutcome {
        self.pages += 1;
        self.entries += entries;
        self.failures = 0;
        match next_page(page, upstream, &self.path) {
            Ok(None) => PageOutcome::Complete,
            // Some lists have a next page for ever.
            Ok(Some(_)) if entries == 0 => PageOutcome::Complete,
            Ok(Some(_)) if self.pages >= limits.pages || self.entries >= limits.entries => {
                PageOutcome::CutOff(CutOff::TooManyEntries)
            }
            Ok(Some(next)) => {
                self.path = next;
                PageOutcome::MorePages
            }
            Err(BadNext) => PageOutcome::CutOff(CutOff::BadNext),
        }
    }

    /// Records that the page could not be read.
    pub fn record_error(&mut self, error: &UpstreamError) -> PageOutcome {
        let is_lost = match error {
            UpstreamError::TooLong => return PageOutcome::CutOff(CutOff::PageTooLong),
            UpstreamError::Absent | UpstreamError::Refused { .. } => true,
            UpstreamError::Down { sent: true, .. } => {
                self.failures = self.failures.saturating_add(1);
                self.failures >= MAX_FAILURES
            }
            // These say nothing about the page.
            UpstreamError::Down { sent: false, .. }
            | UpstreamError::TooMany { .. }
            | UpstreamError::Denied { .. } => false,
        };
        match (is_lost, self.pages) {
            (false, _) => PageOutcome::MorePages,
            (true, 0) => PageOutcome::Unavailable,
            (true, _) => PageOutcome::CutOff(CutOff::BadNext),
        }
    }
}

/// There may be a next page, but it cannot be read.
#[derive(Debug, PartialEq, Eq)]
struct BadNext;

/// The path of the page after a page that came from `path`; `None` after the last page.
fn next_page(page: &Value, upstream: &str, path: &str) -> Result<Option<String>, BadNext> {
    let has_more = page.get("has_more").and_then(Value::as_bool);
    let next = match page.get("next") {
        _ if has_more == Some(false) => return Ok(None),
        Some(Value::String(next)) if !next.is_empty() => next,
        None | Some(Value::Null | Value::String(_)) if has_more.is_none() => return Ok(None),
        _ => return Err(BadNext),
    };
    let next = next.strip_prefix(upstream).unwrap_or(next);
    let list = path.split('?').next().unwrap_or(path);
    let query = next.strip_prefix(list).unwrap_or(next);
    let next = format!("{list}{query}");
    if query.len() > 1 && query.starts_with('?') && next != path { Ok(Some(next)) } else { Err(BadNext) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const UPSTREAM: &str = "https://echo360.org";
    const LIST: &str = "/public/api/v1/courses";
    const LIMITS: PagingLimits = PagingLimits { pages: 5, entries: 100 };
    const DOWN: UpstreamError = UpstreamError::Down { sent: true, retry_after: None };

    fn next(next: &str) -> Result<Option<String>, BadNext> {
        next_page(&json!({"data": [], "has_more": true, "next": next}), UPSTREAM, &format!("{LIST}?limit=9"))
    }

    #[test]
    fn next_is_followed_only_to_the_same_path_with_another_query() {
        let second = Ok(Some(format!("{LIST}?limit=50&offset=50")));
        assert_eq!(next(&format!("{LIST}?limit=50&offset=50")), second);
        assert_eq!(next(&format!("{UPSTREAM}{LIST}?limit=50&offset=50")), second);
        assert_eq!(next("?limit=50&offset=50"), second);
        for bad in [
            "https://elsewhere.example/public/api/v1/courses?offset=1",
            "https://echo360.org.elsewhere.example/public/api/v1/courses?offset=1",
            "//elsewhere.example/public/api/v1/courses?offset=1",
            "/public/api/v1/users/1/invite",
            "/public/api/v1/users/1/status/inactive?offset=1",
            "/public/api/v1/courses/../users/1/invite?offset=1",
            "/public/api/v1/courses/c1?offset=1",
            "/public/api/v1/courses#?offset=1",
            "/public/api/v1/coursesets?offset=1",
            "/public/api/v1/courses?limit=9",
            "/public/api/v1/courses",
            "?",
            "offset=1",
        ] {
            assert_eq!(next(bad), Err(BadNext), "{bad}");
        }
    }

    #[test]
    fn a_list_ends_where_it_says_so_and_is_cut_off_where_its_next_page_is_missing() {
        let next = |page: Value| next_page(&page, UPSTREAM, LIST);
        for last in [
            json!([]),
            json!({}),
            json!({"next": null}),
            json!({"next": ""}),
            json!({"has_more": false, "next": "/public/api/v1/users/1/invite"}),
        ] {
            assert_eq!(next(last.clone()), Ok(None), "{last}");
        }
        for bad in [
            json!({"has_more": true}),
            json!({"has_more": true, "next": null}),
            json!({"has_more": true, "next": 50}),
            json!({"next": {"offset": 50}}),
        ] {
            assert_eq!(next(bad.clone()), Err(BadNext), "{bad}");
        }
        let next_page = json!({"next": "?offset=1"});
        assert_eq!(next(next_page.clone()), Ok(Some(format!("{LIST}?offset=1"))));
        let outcome = |page: &Value| Paging::new(LIST).record_page(page, 0, UPSTREAM, LIMITS);
        assert_eq!(outcome(&next_page), PageOutcome::Complete, "an empty page is the last one");
        assert_eq!(outcome(&json!({"has_more": true})), PageOutcome::CutOff(CutOff::BadNext));
    }

    #[test]
    fn the_stored_list_format_unchanged() {
        let (list, reason) = (ListName::Courses, CutOff::BadNext);
        let list = CutOffList { list, reason, entries: 3, at: Timestamp(5) };
        let stored = r#"{"list":"courses","reason":"bad-next","entries":3,"at":5}"#;
        assert_eq!(serde_json::to_string(&list).unwrap(), stored);
    }

    #[test]
    fn a_page_that_cannot_be_read_is_repeated_and_then_cuts_the_list_off() {
        let mut paging = Paging::new(LIST);
        assert_eq!(
            paging.record_error(&UpstreamError::TooMany { retry_after: None }),
            PageOutcome::MorePages
        );
        assert_eq!(paging.clone().record_error(&UpstreamError::Absent), PageOutcome::Unavailable);
        let page = json!({"data": [1], "next": "?offset=1"});
        assert_eq!(paging.record_page(&page, 1, UPSTREAM, LIMITS), PageOutcome::MorePages);
        for _ in 0..2 {
            assert_eq!(paging.record_error(&DOWN), PageOutcome::MorePages);
            assert_eq!(paging.path(), format!("{LIST}?offset=1"));
        }
        assert_eq!(paging.clone().record_error(&DOWN), PageOutcome::CutOff(CutOff::BadNext));
        assert_eq!(paging.clone().record_error(&UpstreamError::Absent), PageOutcome::CutOff(CutOff::BadNext));
        assert_eq!(
            paging.clone().record_error(&UpstreamError::TooLong),
            PageOutcome::CutOff(CutOff::PageTooLong)
        );
        // A page that was read ends the failures.
        let page = json!({"data": [1], "next": "?offset=2"});
        paging.record_page(&page, 1, UPSTREAM, LIMITS);
        assert_eq!(paging.record_error(&DOWN), PageOutcome::MorePages);
    }

    proptest! {
        #[test]
        fn whatever_next_says_the_path_stays_and_reading_ends(
            nexts in prop::collection::vec("(\\?|/public/api/v1/courses|https://echo360.org|/|\\.\\.|#|[a-z=&]){0,4}", 0..9),
            entries in 0_usize..60,
        ) {
            let mut paging = Paging::new(LIST);
            let mut pages = 0;
            for next in nexts {
                prop_assert_eq!(paging.path().split('?').next(), Some(LIST));
                let outcome = paging.record_page(&json!({"has_more": true, "next": next}), entries, UPSTREAM, LIMITS);
                pages += 1;
                prop_assert!(pages <= LIMITS.pages);
                if outcome != PageOutcome::MorePages {
                    break;
                }
            }
            prop_assert_eq!(paging.entries(), pages * entries);
        }
    }
}
