//! Fault injection: what goes wrong, where, and how often.
//!
//! A fault applies to matching occasions: it skips the first `after` and strikes the next `count`. There are three kinds:
//! - on a call (`unauthorized`, `too-many-calls`, `server-error`, `slow`, `reset-api`): any call to the reporting API, or
//!   the one named by `on` (`reports`, `list`, `one`, `create`, `directory`, `token`, `file`);
//! - on a request (its outcome, the format of its files, the response to its creation): decided at its creation, for all fetches;
//! - on a fetch (`reset`, `truncated-gzip`, `wrong-crc`, `wrong-length`, `error-page`, `expired-link`, `redirect`): decided for each
//!   fetch of a file. `redirect` also applies to the calls that `on` names.

use serde::{Deserialize, Serialize};

/// The faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// 401, and every token is bad from now on.
    Unauthorized,
    /// 429, with `Retry-After` when `seconds` is set.
    TooManyCalls,
    /// 503.
    ServerError,
    /// The answer waits for `seconds`.
    Slow,
    /// The answer is cut in its middle.
    ResetApi,
    /// A file's connection is cut in its middle.
    Reset,
    /// A file lacks its end, although the transfer is complete.
    TruncatedGzip,
    /// A file's CRC is wrong.
    WrongCrc,
    /// A file's length in the gzip trailer is wrong.
    WrongLength,
    /// A page of HTML, with status 200, in place of a file.
    ErrorPage,
    /// A link answers 403.
    ExpiredLink,
    /// A file link, or the calls that `on` names, redirect through the order's `hops`.
    Redirect,
    /// A file comes with `Content-Encoding: gzip`.
    ContentEncoding,
    /// A file named `.csv.gz` is plain text.
    PlainNamedGz,
    /// Two files, each with its header; the second with a byte order mark.
    TwoFiles,
    /// A byte order mark.
    Bom,
    /// CR LF.
    Crlf,
    /// The last line does not end.
    NoLastLineEnd,
    /// Times are ISO 8601.
    IsoTimes,
    /// The first row lacks its last cell.
    ShortRow,
    /// The header lacks a documented column.
    WrongHeader,
    /// The header is in capitals.
    UpperCaseHeader,
    /// The request ends as Failed.
    Failed,
    /// The request ends as Missing.
    Missing,
    /// The request ends as Expired.
    Expired,
    /// The request is created, answered, and never heard of again.
    Gone,
    /// The request is created, but the connection closes without an answer.
    LostReply,
    /// The connection closes without an answer, and nothing is created.
    LostRequest,
    /// Creating answers 409: the slots are taken.
    #[serde(rename = "limit-409")]
    Limit409,
    /// Creating answers 400 with a text about the limit.
    #[serde(rename = "limit-400")]
    Limit400,
    /// Creating answers 429 because the slots are taken.
    #[serde(rename = "limit-429")]
    Limit429,
}

/// The target of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Point {
    /// `GET /reports`
    Reports,
    /// `GET /requests`
    List,
    /// One request.
    One,
    /// `POST /requests/{report}`
    Create,
    /// Courses, sections, terms.
    Directory,
    /// A token.
    Token,
    /// A file.
    File,
    /// A hop of a redirect.
    Hop,
    /// Anything else below `/public/api`.
    Other,
}

/// A fault to inject.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What goes wrong.
    pub fault: Fault,
    /// How often it strikes; `null` means always.
    #[serde(default = "once")]
    pub count: Option<u64>,
    /// Strikes always, regardless of `count`.
    #[serde(default)]
    pub always: bool,
    /// Matching occasions that it skips first.
    #[serde(default)]
    pub after: u64,
    /// Only for this report.
    #[serde(default)]
    pub report: Option<String>,
    /// Only for requests with this start.
    #[serde(default)]
    pub start: Option<String>,
    /// Only for these calls.
    #[serde(default)]
    pub on: Option<Point>,
    /// The delay of `slow`, or the `Retry-After` of `too-many-calls`.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// For `redirect`: the hosts (`host:port`) of the chain, one redirect each; the last one leads to the file itself. An empty
    /// host makes `Location` relative; a host with `://` has its own scheme.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<String>,
    /// For `redirect`: the HTTP status, 302 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
const fn once() -> Option<u64> {
    Some(1)
}

impl Order {
    /// This fault, once, on any matching occasion.
    #[must_use]
    pub const fn once(fault: Fault) -> Self {
        Self {
            fault,
            count: Some(1),
            always: false,
            after: 0,
            report: None,
            start: None,
            on: None,
            seconds: None,
            hops: Vec::new(),
            status: None,
        }
    }
}

/// An occasion on which a fault can strike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion<'a> {
    pub(crate) point: Point,
    pub(crate) report: Option<&'a str>,
    pub(crate) start: Option<&'a str>,
}

/// An injected fault and how often it struck.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Standing {
    #[serde(flatten)]
    order: Order,
    struck: u64,
}

impl Standing {
    fn spent(&self) -> bool {
        !self.order.always && self.order.count.is_some_and(|count| self.struck >= count)
    }

    fn matches(&self, occasion: Occasion<'_>) -> bool {
        let here = match (self.order.on, self.order.fault) {
            (Some(point), _) => point == occasion.point,
            (
                None,
                Fault::Unauthorized
                | Fault::TooManyCalls
                | Fault::ServerError
                | Fault::Slow
                | Fault::ResetApi,
            ) => !matches!(occasion.point, Point::Token | Point::File | Point::Hop),
            (None, Fault::Redirect) => occasion.point == Point::File,
            // The others are only asked about where they apply.
            (None, _) => true,
        };
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        here && same(&self.order.report, occasion.report) && same(&self.order.start, occasion.start)
    }
}

/// All injected faults.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    standing: Vec<Standing>,
}

impl Faults {
    /// Adds faults.
    pub(crate) fn set(&mut self, orders: Vec<Order>) {
        self.standing.extend(orders.into_iter().map(|order| Standing { order, struck: 0 }));
    }

    /// Removes all faults.
    pub(crate) fn clear(&mut self) {
        self.standing.clear();
    }

    /// All faults, including those that are used up.
    pub(crate) fn list(&self) -> &[Standing] {
        &self.standing
    }

    /// If a fault strikes now, counts that and returns its `seconds`.
    pub(crate) fn strikes(&mut self, fault: Fault, occasion: Occasion<'_>) -> Option<Option<f64>> {
        self.order_that_strikes(fault, occasion).map(|order| order.seconds)
    }

    /// Like `strikes`, but returns the order.
    pub(crate) fn order_that_strikes(&mut self, fault: Fault, occasion: Occasion<'_>) -> Option<&Order> {
        for standing in &mut self.standing {
            if standing.order.fault != fault || standing.spent() || !standing.matches(occasion) {
                continue;
            }
            if standing.order.after > 0 {
                standing.order.after -= 1;
                continue;
            }
            standing.struck += 1;
            return Some(&standing.order);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: Occasion<'static> =
        Occasion { point: Point::Create, report: Some("notes"), start: Some("2026-02-02") };

    fn orders(json: &str) -> Vec<Order> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_fault_passes_its_first_occasions_and_then_counts() {
        let mut faults = Faults::default();
        faults.set(orders(r#"[{"fault":"bom","after":1,"count":2}]"#));
        let struck: Vec<_> = (0..5).map(|_| faults.strikes(Fault::Bom, CREATE).is_some()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
    }

    #[test]
    fn a_fault_keeps_to_its_report_and_start_and_place() {
        let mut faults = Faults::default();
        faults.set(orders(
            r#"[{"fault":"crlf","count":null,"report":"polling"},
                {"fault":"bom","always":true,"start":"2026-02-09"},
                {"fault":"slow","count":null,"on":"file","seconds":1.5}]"#,
        ));
        assert_eq!(faults.strikes(Fault::Crlf, CREATE), None);
        assert_eq!(faults.strikes(Fault::Bom, CREATE), None);
        assert_eq!(faults.strikes(Fault::Slow, CREATE), None);
        let file = Occasion { point: Point::File, ..CREATE };
        assert_eq!(faults.strikes(Fault::Slow, file), Some(Some(1.5)));
    }

    #[test]
    fn a_redirect_strikes_files_unless_it_names_other_calls() {
        let mut faults = Faults::default();
        faults.set(orders(
            r#"[{"fault":"redirect","hops":["127.0.0.1:1"],"status":307},
                {"fault":"redirect","on":"token"}]"#,
        ));
        let at = |point| Occasion { point, ..CREATE };
        assert_eq!(faults.strikes(Fault::Redirect, CREATE), None);
        assert_eq!(faults.strikes(Fault::Redirect, at(Point::Token)), Some(None));
        let order = faults.order_that_strikes(Fault::Redirect, at(Point::File)).unwrap();
        assert_eq!((order.hops.as_slice(), order.status), (["127.0.0.1:1".to_owned()].as_slice(), Some(307)));
    }

    #[test]
    fn every_fault_has_its_documented_name() {
        for name in [
            "unauthorized",
            "too-many-calls",
            "server-error",
            "slow",
            "reset",
            "reset-api",
            "truncated-gzip",
            "wrong-crc",
            "wrong-length",
            "error-page",
            "content-encoding",
            "plain-named-gz",
            "two-files",
            "bom",
            "crlf",
            "no-last-line-end",
            "iso-times",
            "failed",
            "missing",
            "expired",
            "expired-link",
            "redirect",
            "gone",
            "lost-reply",
            "lost-request",
            "limit-409",
            "limit-400",
            "limit-429",
            "short-row",
            "wrong-header",
            "upper-case-header",
        ] {
            let fault: Fault = serde_json::from_value(name.into()).unwrap();
            assert_eq!(serde_json::to_value(fault).unwrap(), name);
        }
    }
}
