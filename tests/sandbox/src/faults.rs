//! Fault injection: which fault, on which calls, and how often.
//!
//! A fault applies to matching occasions: it skips the first `after` and strikes on the next `count`. There
//! are three kinds:
//! - on a call (`unauthorized`, `too-many-calls`, `server-error`, `slow`, `reset-api`): any call to the
//!   reporting API, or the calls named by `on` (`reports`, `list`, `one`, `create`, `directory`, `token`,
//!   `file`), and on pages of lists (`bad-next`, `long-page`);
//! - on an upstream request (its outcome, the format of its files, the response to its creation): decided at
//!   its creation, for all fetches;
//! - on a fetch (`reset`, `truncated-gzip`, `wrong-crc`, `wrong-length`, `zero-padding`, `trailing-bytes`,
//!   `error-page`, `expired-link`, `redirect`): decided for each fetch of a file. `redirect` also applies to
//!   the calls that `on` names.

use serde::{Deserialize, Serialize};

/// The faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Responds 401 and revokes every token issued so far.
    Unauthorized,
    /// Responds 429, with `Retry-After` if `seconds` is set.
    TooManyCalls,
    /// Responds 503.
    ServerError,
    /// Delays the response by `seconds`.
    Slow,
    /// Closes the connection in the middle of the response.
    ResetApi,
    /// A page of a list has the order's `next` as its next page, even if it is the last one.
    BadNext,
    /// A page of a list is longer than 4 MB.
    LongPage,
    /// Closes the connection in the middle of a file.
    Reset,
    /// The end of a file is missing, although the HTTP transfer is complete.
    TruncatedGzip,
    /// A file's CRC is wrong.
    WrongCrc,
    /// A file's length in the gzip trailer is wrong.
    WrongLength,
    /// Zeros follow the gzip data of a file, as in storage that fills up blocks.
    ZeroPadding,
    /// Something else follows the gzip data of a file.
    TrailingBytes,
    /// An HTML page with status 200 instead of a file.
    ErrorPage,
    /// A link responds 403.
    ExpiredLink,
    /// A file link, or the calls that `on` names, redirect through the order's `hops`.
    Redirect,
    /// A file is sent with `Content-Encoding: gzip`.
    ContentEncoding,
    /// A file named `.csv.gz` is plain text.
    PlainNamedGz,
    /// The request has two files, each with a header row; the second starts with a byte order mark.
    TwoFiles,
    /// A file starts with a byte order mark.
    Bom,
    /// Lines end in CR LF.
    Crlf,
    /// The last line has no line end.
    NoLastLineEnd,
    /// Times are ISO 8601.
    IsoTimes,
    /// The first row lacks its last cell.
    ShortRow,
    /// The header lacks a documented column.
    WrongHeader,
    /// The header is in capitals.
    UpperCaseHeader,
    /// Empty cells have a word for "no value": `null`, `NULL`, `\N`, `None`, `-` or blanks; in columns
    /// with texts, unquoted `NULL` or `\N`.
    NullMarkers,
    /// The header row is repeated between the rows, every other time with a byte order mark.
    RepeatedHeader,
    /// Quotation marks in texts are escaped with backslashes, as are backslashes.
    BackslashQuotes,
    /// Each row is of a section of its own. Only in `videoview`.
    ManySections,
    /// The rows of one section are missing, that of the first row, as if it had been deleted. Not in `visit`, which has
    /// no sections.
    MissingSection,
    /// Ids are in capitals, in braces or between blanks, in turn.
    IdSpellings,
    /// A file is gzip without content.
    EmptyGzip,
    /// The request ends as Failed.
    Failed,
    /// The request ends as Missing.
    Missing,
    /// The request ends as Expired.
    Expired,
    /// The request is created and confirmed, and then unknown.
    Gone,
    /// The request is created, but the connection closes without a response.
    LostReply,
    /// The connection closes without a response, and no request is created.
    LostRequest,
    /// Creating a request responds 409, as if all slots were taken.
    #[serde(rename = "limit-409")]
    Limit409,
    /// Creating a request responds 400 with a text about the limit.
    #[serde(rename = "limit-400")]
    Limit400,
    /// Creating a request responds 429, as if all slots were taken.
    #[serde(rename = "limit-429")]
    Limit429,
}

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Point {
    /// `GET /reports`
    Reports,
    /// `GET /requests`
    List,
    /// `GET /requests/{id}` or `GET /request/{id}`
    One,
    /// `POST /requests/{report}`
    Create,
    /// The lists of courses, sections and terms.
    Directory,
    /// `POST /oauth2/access_token`
    Token,
    /// `GET /files/{name}`
    File,
    /// `GET /hop`
    Hop,
    /// Anything else below `/public/api`.
    Other,
}

impl Point {
    /// The name under which the ledger counts calls of this kind.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::List => "list",
            Self::One => "one",
            Self::Create => "create",
            Self::Directory => "directory",
            Self::Token => "token",
            Self::File => "file",
            Self::Hop => "hop",
            Self::Other => "other",
        }
    }
}

/// A fault to inject.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The fault.
    pub fault: Fault,
    /// How often it strikes; `null` means always.
    #[serde(default = "once")]
    pub count: Option<u64>,
    /// Strikes always, regardless of `count`.
    #[serde(default)]
    pub always: bool,
    /// How many matching occasions it skips first.
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
    /// For `redirect`: the hosts (`host:port`) of the chain, one redirect each; the last one leads to the
    /// file itself. An empty host makes `Location` relative; a host with `://` sets the scheme.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<String>,
    /// For `bad-next`: the next page; without it, there is said to be one, and it is not named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
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
            next: None,
            status: None,
        }
    }
}

/// A call on which a fault can strike, with the report and the start of its upstream request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion<'a> {
    pub(crate) point: Point,
    pub(crate) report: Option<&'a str>,
    pub(crate) start: Option<&'a str>,
}

/// An injected fault and how often it has struck.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InjectedFault {
    #[serde(flatten)]
    order: Order,
    struck: u64,
}

impl InjectedFault {
    fn is_used_up(&self) -> bool {
        !self.order.always && self.order.count.is_some_and(|count| self.struck >= count)
    }

    fn matches(&self, occasion: Occasion<'_>) -> bool {
        let matches_call = match (self.order.on, self.order.fault) {
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
            (None, Fault::BadNext | Fault::LongPage) => {
                matches!(occasion.point, Point::List | Point::Directory)
            }
            // The other faults are only looked up on calls to which they apply.
            (None, _) => true,
        };
        let matches_value = |expected: &Option<String>, actual: Option<&str>| {
            expected.as_deref().is_none_or(|expected| actual == Some(expected))
        };
        matches_call
            && matches_value(&self.order.report, occasion.report)
            && matches_value(&self.order.start, occasion.start)
    }
}

/// All injected faults.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    injected: Vec<InjectedFault>,
}

impl Faults {
    /// Adds faults.
    pub(crate) fn set(&mut self, orders: Vec<Order>) {
        self.injected.extend(orders.into_iter().map(|order| InjectedFault { order, struck: 0 }));
    }

    /// Removes all faults.
    pub(crate) fn clear(&mut self) {
        self.injected.clear();
    }

    /// All faults, including the used-up ones.
    pub(crate) fn list(&self) -> &[InjectedFault] {
        &self.injected
    }

    /// If a fault strikes on this occasion, counts it and returns its `seconds`.
    pub(crate) fn strikes(&mut self, fault: Fault, occasion: Occasion<'_>) -> Option<Option<f64>> {
        self.order_that_strikes(fault, occasion).map(|order| order.seconds)
    }

    /// Like `strikes`, but returns the order.
    pub(crate) fn order_that_strikes(&mut self, fault: Fault, occasion: Occasion<'_>) -> Option<&Order> {
        for injected in &mut self.injected {
            if injected.order.fault != fault || injected.is_used_up() || !injected.matches(occasion) {
                continue;
            }
            if injected.order.after > 0 {
                injected.order.after -= 1;
                continue;
            }
            injected.struck += 1;
            return Some(&injected.order);
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
    fn a_fault_skips_after_occasions_and_strikes_count_times() {
        let mut faults = Faults::default();
        faults.set(orders(r#"[{"fault":"bom","after":1,"count":2}]"#));
        let struck: Vec<_> = (0..5).map(|_| faults.strikes(Fault::Bom, CREATE).is_some()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
    }

    #[test]
    fn a_fault_strikes_only_its_report_start_and_call() {
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
    fn a_redirect_strikes_files_unless_on_names_other_calls() {
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
    fn every_fault_parses_from_its_documented_name() {
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
            "null-markers",
            "repeated-header",
            "backslash-quotes",
            "missing-section",
            "many-sections",
            "bad-next",
            "long-page",
            "empty-gzip",
            "zero-padding",
            "trailing-bytes",
        ] {
            let fault: Fault = serde_json::from_value(name.into()).unwrap();
            assert_eq!(serde_json::to_value(fault).unwrap(), name);
        }
    }
}
