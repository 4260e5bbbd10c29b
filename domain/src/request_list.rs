//! The list of all upstream requests, whoever made them, read page by page.

use crate::paging::{CutOff, ListName, PageOutcome, Paging, PagingLimits};
use crate::time::{MINUTE, Timestamp};
use crate::upstream::{UpstreamError, UpstreamRequest, UpstreamStatus, parse_requests};
use serde_json::Value;

/// The maximum of what is read: a minute's calls, and room for years of requests.
const LIMITS: PagingLimits = PagingLimits { pages: 100, entries: 50_000 };

/// A list that was begun this long ago is read from its first page again.
const MAX_AGE: i64 = 10 * MINUTE;

/// The list of upstream requests, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestList {
    /// The requests, without expired ones.
    pub requests: Vec<UpstreamRequest>,
    /// When its first page was requested. A later request may be missing.
    pub started: Timestamp,
    /// Why it was not read to its end. Such a list cannot prove that a request is absent.
    pub cut_off: Option<CutOff>,
}

/// Reads the list: the response to [`RequestListReader::path`] goes to [`RequestListReader::record_page`].
#[derive(Debug)]
pub struct RequestListReader {
    paging: Paging,
    requests: Vec<UpstreamRequest>,
    started: Timestamp,
}

impl RequestListReader {
    /// Starts at the first page.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { paging: Paging::new(ListName::Requests.path()), requests: Vec::new(), started: now }
    }

    /// Whether it can go on from the page that it has reached: the list was not begun too long ago.
    #[must_use]
    pub fn is_current(&self, now: Timestamp) -> bool {
        (0..MAX_AGE).contains(&now.since(self.started))
    }

    /// The page to read.
    #[must_use]
    pub fn path(&self) -> &str {
        self.paging.path()
    }

    /// Records a page from the base URL `upstream`. Returns the list after its last page, and `None` if there are more.
    ///
    /// # Errors
    /// The error of a page that is to be read once more.
    pub fn record_page(
        &mut self,
        response: Result<Value, UpstreamError>,
        upstream: &str,
    ) -> Result<Option<RequestList>, UpstreamError> {
        let response = response.and_then(|page| {
            let requests = parse_requests(&page);
            requests
                .map(|requests| (page, requests))
                .ok_or(UpstreamError::Down { sent: true, retry_after: None })
        });
        let outcome = match response {
            Ok((page, requests)) => {
                let outcome = self.paging.record_page(&page, requests.len(), upstream, LIMITS);
                // The list retains requests whose files are long gone.
                self.requests.extend(requests.into_iter().filter(|r| r.status != UpstreamStatus::Expired));
                outcome
            }
            Err(error) => match self.paging.record_error(&error) {
                outcome @ PageOutcome::CutOff(_) => outcome,
                _ => return Err(error),
            },
        };
        let cut_off = match outcome {
            PageOutcome::Complete => None,
            PageOutcome::CutOff(reason) => Some(reason),
            PageOutcome::MorePages | PageOutcome::Unavailable => return Ok(None),
        };
        let requests = std::mem::take(&mut self.requests);
        Ok(Some(RequestList { requests, started: self.started, cut_off }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const UPSTREAM: &str = "https://echo360.org";
    const DOWN: UpstreamError = UpstreamError::Down { sent: true, retry_after: None };

    fn page(ids: &[&str], next: &str) -> Value {
        let requests: Vec<Value> =
            ids.iter().map(|id| json!({"requestId": id, "status": "Pending"})).collect();
        json!({"requests": requests, "has_more": true, "next": next})
    }

    fn ids(list: &RequestList) -> Vec<&str> {
        list.requests.iter().map(|request| request.id.as_str()).collect()
    }

    #[test]
    fn a_list_that_is_interrupted_goes_on_from_the_page_that_it_had_reached() {
        let mut reader = RequestListReader::new(Timestamp(5));
        assert_eq!(reader.record_page(Err(DOWN), UPSTREAM), Err(DOWN));
        assert_eq!(reader.record_page(Ok(page(&["a"], "?offset=1")), UPSTREAM), Ok(None));
        let second = "/public/api/v1/reporting/requests?offset=1";
        for error in [DOWN, DOWN, UpstreamError::TooMany { retry_after: None }] {
            assert_eq!(reader.record_page(Err(error.clone()), UPSTREAM), Err(error));
            assert_eq!(reader.path(), second);
        }
        let last = json!({"data": [{"requestId": "b"}, {"requestId": "old", "status": "Expired"}]});
        let list = reader.record_page(Ok(last), UPSTREAM).unwrap().unwrap();
        assert_eq!((ids(&list), list.cut_off, list.started), (vec!["a", "b"], None, Timestamp(5)));
        assert!(reader.is_current(Timestamp(5 + MINUTE)) && !reader.is_current(Timestamp(5 + MAX_AGE)));
    }

    #[test]
    fn a_list_with_an_unusable_next_page_is_read_as_far_as_it_goes() {
        let mut reader = RequestListReader::new(Timestamp(0));
        let list = reader.record_page(Ok(page(&["a"], "/public/api/v1/users/1/invite")), UPSTREAM);
        let list = list.unwrap().unwrap();
        assert_eq!((ids(&list), list.cut_off), (vec!["a"], Some(CutOff::BadNext)));
        let list = RequestListReader::new(Timestamp(0)).record_page(Err(UpstreamError::TooLong), UPSTREAM);
        assert_eq!(list.unwrap().unwrap().cut_off, Some(CutOff::PageTooLong));
        let unreadable = RequestListReader::new(Timestamp(0)).record_page(Ok(json!("busy")), UPSTREAM);
        assert_eq!(unreadable, Err(DOWN));
    }
}
