//! Parses the responses of Echo360's reporting API, tolerant of what its reference leaves open.

use crate::time::{Day, Timestamp};
use crate::window::{Parameters, WindowKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The id of an upstream request: what Echo360's support asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UpstreamId(String);

impl UpstreamId {
    /// Reads an id; `None` when it could not stand in a path as it is.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        (plain && (1..=100).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where an upstream request stands, in Echo360's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpstreamStatus {
    /// Queued or running.
    Pending,
    /// Complete.
    Available,
    /// "the report results are no longer available, submit again"
    Expired,
    /// "the report execution failed"
    Failed,
    /// "the report was not executed for an extended period"
    Missing,
}

impl UpstreamStatus {
    /// Reads a status; a word we do not know is taken for Pending, so that we go on looking.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "available" => Self::Available,
            "expired" => Self::Expired,
            "failed" => Self::Failed,
            "missing" => Self::Missing,
            _ => Self::Pending,
        }
    }
}

/// An upstream request as a list or a look shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamRequest {
    /// Its id.
    pub id: UpstreamId,
    /// Where it stands.
    pub status: UpstreamStatus,
    /// The report's name.
    pub report: String,
    /// Its parameters, as text.
    pub parameters: Parameters,
    /// When it was made, where that could be read.
    pub created: Option<Timestamp>,
    /// Signed links; only a look at one request has them. They are secrets.
    pub links: Vec<String>,
}

impl UpstreamRequest {
    /// Reads one request; `None` when it has no id.
    #[must_use]
    pub fn parse(entry: &Value) -> Option<Self> {
        // The rest of the API wraps what it gives; the reference shows this one bare.
        let entry = ["data", "request"].iter().find_map(|name| entry.get(name)).unwrap_or(entry);
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let parameters = entry.get("parameters").and_then(Value::as_object);
        let links: Vec<String> = match entry.get("signedAssets") {
            Some(Value::Array(links)) => links.iter().filter_map(|l| l.as_str().map(str::to_owned)).collect(),
            Some(Value::String(link)) => vec![link.clone()],
            _ => Vec::new(),
        };
        Some(Self {
            id: UpstreamId::parse(text("requestId").or_else(|| text("id"))?)?,
            status: match UpstreamStatus::parse(text("status").unwrap_or_default()) {
                // A word we do not know, with files beside it, is some spelling of Available.
                UpstreamStatus::Pending if !links.is_empty() => UpstreamStatus::Available,
                status => status,
            },
            report: text("reportName").unwrap_or_default().to_owned(),
            parameters: parameters
                .into_iter()
                .flatten()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), as_text(value)))
                .collect(),
            created: text("created").and_then(Timestamp::parse),
            links,
        })
    }

    /// Whether it asks for exactly this window up to `end`, whoever made it. Dates are compared as days, so
    /// that an echo such as `2026-02-02T00:00:00Z` is the day it was.
    #[must_use]
    pub fn is_for(&self, key: &WindowKey, end: Option<Day>) -> bool {
        self.has_days_of(key, end) && self.extra_parameters().eq(key.parameters.iter())
    }

    /// Whether it could be what came of our own ask for this window: the same days and all our parameters,
    /// and perhaps others that Echo360 filled in. To miss ours for those would build a second one beside it.
    #[must_use]
    pub fn could_answer(&self, key: &WindowKey, end: Option<Day>) -> bool {
        let given: BTreeMap<&String, &String> = self.extra_parameters().collect();
        self.has_days_of(key, end)
            && key.parameters.iter().all(|(name, value)| given.get(name) == Some(&value))
    }

    fn has_days_of(&self, key: &WindowKey, end: Option<Day>) -> bool {
        let day =
            |name: &str| self.parameters.get(name).map(|text| Timestamp::parse(text).map(Timestamp::day));
        self.report == key.report.as_str()
            && day("start") == key.start().map(Some)
            && day("end") == end.map(Some)
    }

    fn extra_parameters(&self) -> impl Iterator<Item = (&String, &String)> {
        self.parameters.iter().filter(|(name, _)| *name != "start" && *name != "end")
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Reads a list of requests that came from `path` on `upstream` and, where it is paged, the path of the next
/// page. Pages outside `/public/api/` are never followed: the answer does not choose where we send our token.
/// A list that says it goes on where we cannot follow is unreadable: half a list proves no absence.
#[must_use]
pub fn parse_list(
    answer: &Value,
    upstream: &str,
    path: &str,
) -> Option<(Vec<UpstreamRequest>, Option<String>)> {
    let entries = answer.as_array().or_else(|| {
        ["requests", "data"].iter().find_map(|envelope| answer.get(envelope).and_then(Value::as_array))
    })?;
    let requests = entries.iter().filter_map(UpstreamRequest::parse).collect();
    Some((requests, next_page(answer, upstream, path)?))
}

/// The path of the page after an answer that came from `path`; `Some(None)` when it was the last, `None` when the
/// list goes on where we cannot follow.
#[must_use]
pub fn next_page(answer: &Value, upstream: &str, path: &str) -> Option<Option<String>> {
    let next = answer.get("next").and_then(Value::as_str).filter(|next| !next.is_empty());
    let (Some(next), true) = (next, answer.get("has_more").and_then(Value::as_bool).unwrap_or(true)) else {
        return Some(None);
    };
    let next = next.strip_prefix(upstream).unwrap_or(next);
    let next = match next.strip_prefix('?') {
        Some(query) => format!("{}?{query}", path.split('?').next().unwrap_or(path)),
        None => next.to_owned(),
    };
    let is_ours = next.starts_with("/public/api/") && !next.contains("..") && !next.contains('\\');
    is_ours.then_some(Some(next))
}

/// What went wrong with a call, by what the Scheduler does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamError {
    /// 429: slow down, everything.
    TooMany {
        /// The upstream's own wish, in milliseconds.
        retry_after: Option<i64>,
    },
    /// 5xx, no answer, or one that cannot be read. Wait and call again.
    Down {
        /// Whether the call may have reached Echo360 and taken effect.
        sent: bool,
        /// The upstream's own wish, in milliseconds.
        retry_after: Option<i64>,
    },
    /// The credentials are refused, also with a token just made: somebody has to act.
    Denied {
        /// What was said, without secrets.
        detail: String,
    },
    /// 404 or 405, in both spellings of the path.
    Absent,
    /// Another 4xx: text for the operator.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What was said, shortened.
        text: String,
        /// The upstream's own wish, in milliseconds.
        retry_after: Option<i64>,
    },
}

/// Whether a refused "create" means that all slots are in use, by us or by somebody else: 409, 423, 429, or
/// a 4xx whose text speaks of a limit, of too many, of progress or flight. The reference does not say which.
#[must_use]
pub fn is_limit_response(status: u16, text: &str) -> bool {
    let text = text.to_lowercase();
    let words =
        ["limit", "too many", "toomany", "in progress", "in-progress", "inprogress", "flight", "concurrent"];
    matches!(status, 409 | 423 | 429)
        || ((400..500).contains(&status) && words.iter().any(|word| text.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ReportName;
    use crate::window::Days;
    use serde_json::json;

    const UPSTREAM: &str = "https://echo360.org";
    const LIST: &str = "/public/api/v1/reporting/requests";

    #[test]
    fn the_references_own_examples_are_read() {
        let list = json!({"requests": [
            {"requestId": "00000000-0000-0000-0000-000000000123", "status": "Available",
             "assets": ["00000000-0000-0000-0000-000000000456.csv.gz"], "reportName": "asset",
             "parameters": {}, "created": "2020-04-01T20:36:12.000Z"},
            {"requestId": "00000000-0000-0000-0000-000000000abc", "status": "Pending", "reportName": "notes",
             "parameters": {"start": "2020-02-08", "end": "2020-02-15"}, "created": "2020-03-03T17:40:00.000Z"},
        ]});
        let (requests, next) = parse_list(&list, UPSTREAM, LIST).unwrap();
        assert_eq!(next, None);
        assert_eq!(requests[0].status, UpstreamStatus::Available);
        let key = |report: &str, days| WindowKey {
            report: ReportName::parse(report).unwrap(),
            days,
            parameters: Parameters::new(),
        };
        assert!(requests[0].is_for(&key("asset", Days::All), None));
        let (start, end) = ("2020-02-08".parse().unwrap(), "2020-02-15".parse().unwrap());
        assert!(requests[1].is_for(&key("notes", Days::Exactly(start, end)), Some(end)));
        assert!(!requests[1].is_for(&key("notes", Days::Exactly(start, end)), Some(start)));
        assert!(!requests[1].is_for(&key("qanda", Days::Exactly(start, end)), Some(end)));
    }

    #[test]
    fn an_echo_with_parameters_that_echo360_filled_in_is_still_the_answer_to_ours() {
        let made = json!({"requestId": "a1", "status": "Pending", "reportName": "notes",
            "parameters": {"start": "2020-02-10", "end": "2020-02-17", "scope": "all", "format": "csv"}});
        let made = UpstreamRequest::parse(&made).unwrap();
        let parameters = |pairs: &[(&str, &str)]| -> Parameters {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let key = |pairs| WindowKey {
            report: ReportName::parse("notes").unwrap(),
            days: Days::Week("2020-02-10".parse().unwrap()),
            parameters: parameters(pairs),
        };
        let end = Some("2020-02-17".parse().unwrap());
        assert!(made.could_answer(&key(&[("scope", "all")]), end));
        assert!(!made.is_for(&key(&[("scope", "all")]), end), "another's with more parameters is not equal");
        assert!(!made.could_answer(&key(&[("scope", "own")]), end));
        assert!(!made.could_answer(&key(&[("term", "1")]), end));
        assert!(!made.could_answer(&key(&[]), Some("2020-02-16".parse().unwrap())));
    }

    #[test]
    fn only_pages_of_the_api_itself_are_followed() {
        let page = |more: bool, next: &str| {
            parse_list(&json!({"data": [], "has_more": more, "next": next}), UPSTREAM, LIST)
                .map(|(_, next)| next)
        };
        let second = Some(Some(format!("{LIST}?limit=50&offset=50")));
        assert_eq!(page(true, &format!("{LIST}?limit=50&offset=50")), second);
        assert_eq!(page(true, &format!("{UPSTREAM}{LIST}?limit=50&offset=50")), second);
        assert_eq!(page(true, "?limit=50&offset=50"), second);
        assert_eq!(page(true, "https://elsewhere.example/public/api/"), None);
        assert_eq!(page(true, "/public/api/../../secrets"), None);
        assert_eq!(page(false, "/public/api/x"), Some(None));
    }

    #[test]
    fn one_request_is_read_in_an_envelope_and_with_its_links_in_any_form() {
        let bare = json!({"requestId": "a1", "status": "Complete", "signedAssets": "https://files/1"});
        let read = UpstreamRequest::parse(&bare).unwrap();
        assert_eq!((read.status, read.links.len()), (UpstreamStatus::Available, 1));
        assert_eq!(UpstreamRequest::parse(&json!({"data": bare})).unwrap(), read);
        let unknown = json!({"requestId": "a1", "status": "Running"});
        assert_eq!(UpstreamRequest::parse(&unknown).unwrap().status, UpstreamStatus::Pending);
    }

    #[test]
    fn a_refusal_about_the_limit_is_told_from_one_about_the_input() {
        assert!(is_limit_response(409, ""));
        assert!(is_limit_response(400, "The limit of in-flight reports is reached"));
        assert!(is_limit_response(403, "A report is already in progress"));
        assert!(!is_limit_response(400, "end must be after start"));
        assert!(!is_limit_response(500, "limit"));
    }

    #[test]
    fn an_id_that_could_leave_its_path_is_refused() {
        assert!(UpstreamId::parse("00000000-0000-0000-0000-000000000123").is_some());
        for wrong in ["", "../reports", "a?b", "a b", "ä"] {
            assert_eq!(UpstreamId::parse(wrong), None);
        }
    }
}
