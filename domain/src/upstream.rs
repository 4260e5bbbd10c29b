//! Parses the responses of Echo360's reporting API, tolerantly where its reference leaves the format open.

use crate::time::{Day, Timestamp};
use crate::window::{Parameters, WindowKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The id of an upstream request, which Echo360's support asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UpstreamId(String);

impl UpstreamId {
    /// Parses an id; `None` if it could not be part of a path as it is.
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

/// The status of an upstream request. Quotes are from Echo360's reference.
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
    /// Parses a status. An unknown one counts as Pending, so that polling goes on.
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

/// An upstream request, as a list or a poll shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamRequest {
    /// Its id.
    pub id: UpstreamId,
    /// Its status.
    pub status: UpstreamStatus,
    /// The report's name.
    pub report: String,
    /// All its parameters, `start` and `end` included, as text.
    pub parameters: Parameters,
    /// When it was made; `None` if that could not be parsed.
    pub created: Option<Timestamp>,
    /// Signed links to its files, which are secrets. A list contains none.
    pub links: Vec<String>,
}

impl UpstreamRequest {
    /// Parses one request; `None` if it has no valid id.
    #[must_use]
    pub fn parse(entry: &Value) -> Option<Self> {
        // Other responses of the API have an envelope; the reference shows this one without.
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
                // An unknown status with files is another spelling of Available.
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

    /// Whether it requests exactly this window up to `end` (excluded), whoever made it. Dates are compared as
    /// days, since Echo360 may return them as times such as `2026-02-02T00:00:00Z`.
    #[must_use]
    pub fn is_for(&self, key: &WindowKey, end: Option<Day>) -> bool {
        self.has_days_of(key, end) && self.extra_parameters().eq(key.parameters.iter())
    }

    /// Whether it could be the result of our create for this window: the same days and all our parameters,
    /// and perhaps further ones that Echo360 added. Otherwise an added parameter would make us build it twice.
    #[must_use]
    pub fn could_answer(&self, key: &WindowKey, end: Option<Day>) -> bool {
        let extra: BTreeMap<&String, &String> = self.extra_parameters().collect();
        self.has_days_of(key, end)
            && key.parameters.iter().all(|(name, value)| extra.get(name) == Some(&value))
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

/// Parses a page of the list of requests; `None` if the response is no list.
#[must_use]
pub fn parse_requests(page: &Value) -> Option<Vec<UpstreamRequest>> {
    let entries = page.as_array().or_else(|| {
        ["requests", "data"].iter().find_map(|envelope| page.get(envelope).and_then(Value::as_array))
    })?;
    Some(entries.iter().filter_map(UpstreamRequest::parse).collect())
}

/// What went wrong with a call, sorted by what the Scheduler does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamError {
    /// 429: make no calls at all for a while.
    TooMany {
        /// Echo360's `Retry-After`, in milliseconds.
        retry_after: Option<i64>,
    },
    /// 5xx, no response, or one that cannot be parsed: wait and call again.
    Down {
        /// Whether the call may have reached Echo360 and taken effect.
        sent: bool,
        /// Echo360's `Retry-After`, in milliseconds.
        retry_after: Option<i64>,
    },
    /// The credentials are refused, even with a new token: an administrator has to act.
    Denied {
        /// A sentence for people, without secrets.
        detail: String,
    },
    /// 404 or 405, with both spellings of the path.
    Absent,
    /// The response is longer than what is read of any. The call may have taken effect.
    TooLong,
    /// Another 4xx.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The text of the response, shortened, for the operator.
        text: String,
        /// Echo360's `Retry-After`, in milliseconds.
        retry_after: Option<i64>,
    },
}

/// Whether a refused create means that all slots are in use, by us or by another program: 409, 423, 429, or a
/// 4xx whose text contains one of several words such as "limit". The reference names no status for it.
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

    #[test]
    fn the_examples_of_the_reference_are_parsed() {
        let list = json!({"requests": [
            {"requestId": "00000000-0000-0000-0000-000000000123", "status": "Available",
             "assets": ["00000000-0000-0000-0000-000000000456.csv.gz"], "reportName": "asset",
             "parameters": {}, "created": "2020-04-01T20:36:12.000Z"},
            {"requestId": "00000000-0000-0000-0000-000000000abc", "status": "Pending", "reportName": "notes",
             "parameters": {"start": "2020-02-08", "end": "2020-02-15"}, "created": "2020-03-03T17:40:00.000Z"},
        ]});
        let requests = parse_requests(&list).unwrap();
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
    fn a_request_with_parameters_that_echo360_added_could_still_be_ours() {
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
        assert!(
            !made.is_for(&key(&[("scope", "all")]), end),
            "it has one more parameter, so it is not equal"
        );
        assert!(!made.could_answer(&key(&[("scope", "own")]), end));
        assert!(!made.could_answer(&key(&[("term", "1")]), end));
        assert!(!made.could_answer(&key(&[]), Some("2020-02-16".parse().unwrap())));
    }

    #[test]
    fn a_request_is_parsed_with_or_without_an_envelope_and_with_a_single_link() {
        let bare = json!({"requestId": "a1", "status": "Complete", "signedAssets": "https://files/1"});
        let parsed = UpstreamRequest::parse(&bare).unwrap();
        assert_eq!((parsed.status, parsed.links.len()), (UpstreamStatus::Available, 1));
        assert_eq!(UpstreamRequest::parse(&json!({"data": bare})).unwrap(), parsed);
        let unknown = json!({"requestId": "a1", "status": "Running"});
        assert_eq!(UpstreamRequest::parse(&unknown).unwrap().status, UpstreamStatus::Pending);
    }

    #[test]
    fn a_refusal_because_of_the_limit_is_distinguished_from_one_because_of_the_input() {
        assert!(is_limit_response(409, ""));
        assert!(is_limit_response(400, "The limit of in-flight reports is reached"));
        assert!(is_limit_response(403, "A report is already in progress"));
        assert!(!is_limit_response(400, "end must be after start"));
        assert!(!is_limit_response(500, "limit"));
    }

    #[test]
    fn an_id_with_characters_that_are_special_in_paths_is_refused() {
        assert!(UpstreamId::parse("00000000-0000-0000-0000-000000000123").is_some());
        for wrong in ["", "../reports", "a?b", "a b", "ä"] {
            assert_eq!(UpstreamId::parse(wrong), None);
        }
    }
}
