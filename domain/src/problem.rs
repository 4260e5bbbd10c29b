//! Problem documents (`application/problem+json`): stable codes, their HTTP statuses, and texts that a person
//! can act on.

use crate::auth_method::AuthMethod;
use serde::{Deserialize, Serialize};

/// What went wrong. Codes are stable, so that programs can act on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    // Correct the input.
    /// The body is not the JSON that the route takes.
    BadBody,
    /// The body exceeds the route's limit: 64 KB of JSON, or 1 MB for an upload of roles.
    BodyTooLarge,
    /// A day is not in the form `YYYY-MM-DD`.
    BadDay,
    /// The time zone is not an IANA time zone.
    BadZone,
    /// An id does not have the right form.
    BadId,
    /// A URL parameter is unknown, repeated or invalid.
    BadQuery,
    /// The report does not take one of its parameters, or a required one is missing.
    BadParameters,
    /// The e-mail address is not valid.
    BadEmail,
    /// A share is not possible: its report, course, name, duration or origins are not valid, or it was
    /// withdrawn.
    BadShare,
    /// The grants do not fit the role, a UUID is invalid, or there are too many grants.
    BadGrant,
    /// The upload has invalid rows. Nothing was changed.
    BadTable,
    /// Days were given for a report without dates, were missing for a report with dates, or must be whole
    /// weeks.
    BadRange,
    /// The last day is before the first.
    RangeBackwards,
    /// The range has a day that is not over.
    RangeInFuture,
    /// The range is longer than five years.
    RangeTooLong,
    /// The range begins before Echo360's data does.
    RangeTooOld,
    /// Echo360 offers no report of this name, or it is out of scope.
    UnknownReport,
    /// There is no such route.
    UnknownRoute,
    /// There is no such request or erasure, or it is out of scope.
    UnknownRequest,
    /// There is no such window, or nobody requested it.
    UnknownWindow,
    /// Nobody with this id has a role.
    UnknownPerson,
    /// There is no such share, or it belongs to somebody else.
    UnknownShare,
    /// The link is wrong, expired or revoked. The response is the same for every reason, so that it reveals
    /// nothing.
    ShareGone,
    /// The route does not take this method. The header `Allow` lists those that it takes.
    WrongMethod,
    // Get access.
    /// Nobody is signed in, or the sign-in is not valid any more.
    SignInNeeded,
    /// The key is wrong.
    KeyWrong,
    /// The person is signed in, but has no role.
    NoRole,
    /// The person's role does not allow this.
    NotAllowed,
    /// A browser sent the request from another site.
    CrossSite,
    /// An administrator has switched shares off.
    SharesOff,
    // Try again, most of these later.
    /// The upload would no longer make the previewed changes. Preview it again.
    PreviewStale,
    /// Too many wrong keys or share links came from this network address.
    TooManyTries,
    /// The limit per person is reached: of windows that Echo360 has to build, or of shares.
    Quota,
    /// Cloudflare Access does not provide its public keys.
    AccessDown,
    /// Some of the rows have not been collected yet.
    RowsNotReady,
    /// None of the view's whole weeks is collected and final.
    NothingToShare,
    /// The requested generation was replaced by a newer copy.
    CopyReplaced,
    /// Echo360 cannot be reached, fails, or takes no more calls at present.
    UpstreamDown,
    // Tell the operator.
    /// Echo360 refuses Lectern's API credentials.
    CredentialsRefused,
    /// A setting is missing or invalid.
    SettingsWrong,
    /// No sign-in method is set up.
    NoWayIn,
    /// An internal error of Lectern.
    Internal,
}

impl Code {
    /// The code in JSON, such as `bad-body`.
    #[must_use]
    pub fn slug(self) -> String {
        serde_json::to_value(self).ok().and_then(|slug| slug.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Every code, for the documentation and for tests.
    pub const ALL: [Self; 42] = [
        Self::BadBody,
        Self::BodyTooLarge,
        Self::BadDay,
        Self::BadZone,
        Self::BadId,
        Self::BadQuery,
        Self::BadParameters,
        Self::BadEmail,
        Self::BadShare,
        Self::BadGrant,
        Self::BadTable,
        Self::BadRange,
        Self::RangeBackwards,
        Self::RangeInFuture,
        Self::RangeTooLong,
        Self::RangeTooOld,
        Self::UnknownReport,
        Self::UnknownRoute,
        Self::UnknownRequest,
        Self::UnknownWindow,
        Self::UnknownPerson,
        Self::UnknownShare,
        Self::ShareGone,
        Self::WrongMethod,
        Self::SignInNeeded,
        Self::KeyWrong,
        Self::NoRole,
        Self::NotAllowed,
        Self::CrossSite,
        Self::SharesOff,
        Self::PreviewStale,
        Self::TooManyTries,
        Self::Quota,
        Self::AccessDown,
        Self::RowsNotReady,
        Self::NothingToShare,
        Self::CopyReplaced,
        Self::UpstreamDown,
        Self::CredentialsRefused,
        Self::SettingsWrong,
        Self::NoWayIn,
        Self::Internal,
    ];

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::BadBody
            | Self::BadDay
            | Self::BadZone
            | Self::BadId
            | Self::BadQuery
            | Self::BadParameters
            | Self::BadEmail
            | Self::BadShare
            | Self::BadGrant
            | Self::BadTable
            | Self::BadRange
            | Self::RangeBackwards
            | Self::RangeInFuture
            | Self::RangeTooLong
            | Self::RangeTooOld => 400,
            Self::SignInNeeded | Self::KeyWrong => 401,
            Self::CrossSite | Self::NoRole | Self::NotAllowed | Self::SharesOff => 403,
            Self::UnknownReport
            | Self::UnknownRoute
            | Self::UnknownRequest
            | Self::UnknownWindow
            | Self::UnknownPerson
            | Self::UnknownShare
            | Self::ShareGone => 404,
            Self::WrongMethod => 405,
            Self::RowsNotReady | Self::NothingToShare | Self::PreviewStale => 409,
            Self::CopyReplaced => 410,
            Self::BodyTooLarge => 413,
            Self::TooManyTries | Self::Quota => 429,
            Self::Internal => 500,
            Self::CredentialsRefused => 502,
            Self::UpstreamDown | Self::AccessDown | Self::SettingsWrong | Self::NoWayIn => 503,
        }
    }

    /// A short title for people. It depends on the code alone.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::BadBody => "The request body is invalid",
            Self::BodyTooLarge => "The request body is too large",
            Self::BadDay => "Invalid day",
            Self::BadZone => "Unknown time zone",
            Self::BadId => "Invalid id",
            Self::BadQuery => "Invalid URL parameters",
            Self::BadParameters => "The parameters do not match the report",
            Self::BadEmail => "Invalid e-mail address",
            Self::BadShare => "This share is not possible",
            Self::BadGrant => "The courses do not match the role",
            Self::BadTable => "The upload has errors",
            Self::BadRange => "These days are not possible",
            Self::RangeBackwards => "The last day is before the first",
            Self::RangeInFuture => "The range is not over yet",
            Self::RangeTooLong => "The range is too long",
            Self::RangeTooOld => "The range goes too far back",
            Self::UnknownReport => "No such report",
            Self::UnknownRoute => "No such route",
            Self::UnknownRequest => "No such request",
            Self::UnknownWindow => "No such window",
            Self::UnknownPerson => "No such person",
            Self::UnknownShare => "No such share",
            Self::ShareGone => "This link does not work",
            Self::WrongMethod => "Method not allowed",
            Self::SignInNeeded => "Sign in first",
            Self::KeyWrong => "Wrong key",
            Self::NoRole => "You have no role yet",
            Self::NotAllowed => "Your role does not allow this",
            Self::CrossSite => "Requests from other sites are refused",
            Self::SharesOff => "Shares are switched off",
            Self::PreviewStale => "The preview is out of date",
            Self::TooManyTries => "Too many attempts",
            Self::Quota => "Limit per person reached",
            Self::AccessDown => "Cloudflare Access cannot be reached",
            Self::RowsNotReady => "Some rows are not available yet",
            Self::NothingToShare => "There is nothing to share yet",
            Self::CopyReplaced => "A newer copy has replaced this one",
            Self::UpstreamDown => "Echo360 cannot be reached",
            Self::CredentialsRefused => "Echo360 refuses the credentials",
            Self::SettingsWrong => "Lectern is not set up",
            Self::NoWayIn => "Nobody can sign in yet",
            Self::Internal => "Internal error",
        }
    }
}

/// An error response: `application/problem+json` (RFC 9457) with a stable `code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// What went wrong. Stable, for programs.
    pub code: Code,
    /// A short title for people. It depends on the code alone.
    pub title: Box<str>,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong and what to do next, in sentences for people.
    pub detail: String,
    /// The seconds to wait before trying again, also sent as the header `Retry-After`. Absent where waiting
    /// does not help or has no known time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// Echo360's id of the failed upstream request, for its support; absent if the problem is not about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_request_id: Option<Box<str>>,
    /// The ids of the windows that the problem is about; left out if it is not about windows.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub windows: Box<[String]>,
    /// How to sign in, for `sign-in-needed`; how to sign in as another person, for `no-role`. Absent for
    /// other codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<Box<SignInOptions>>,
    /// What is wrong with the upload, line by line, for `bad-table`. At most 100 lines. Absent for other
    /// codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Box<LineErrors>>,
    /// The value of the header `Allow`, for `wrong-method`.
    #[serde(skip)]
    pub allow: Option<Box<str>>,
}

/// The fields of a [`Problem`] that every page needs. The page parses `sign_in` and `lines` only where it
/// needs them, since a parser for them would slow down every first visit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ProblemSummary {
    code: Code,
    title: Box<str>,
    status: u16,
    detail: String,
    #[serde(default)]
    retry_after: Option<u32>,
    #[serde(default)]
    upstream_request_id: Option<Box<str>>,
    #[serde(default)]
    windows: Box<[String]>,
}

impl From<ProblemSummary> for Problem {
    fn from(summary: ProblemSummary) -> Self {
        let ProblemSummary { code, title, status, detail, retry_after, upstream_request_id, windows } =
            summary;
        let problem =
            Self { title, status, retry_after, upstream_request_id, windows, ..Self::new(code, "") };
        Self { detail, ..problem }
    }
}

/// How to sign in to this installation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignInOptions {
    /// The sign-in methods that are set up; may be empty.
    #[serde(rename = "ways")]
    pub auth_methods: Vec<AuthMethod>,
    /// The URL that signs out of Cloudflare Access, to open before another sign-in. Absent if nobody is
    /// signed in there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_out: Option<String>,
}

/// The errors of an upload, in the order of its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct LineErrors(pub Vec<LineError>);

/// An error in one line of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineError {
    /// The number of the line in the file. The header is line 1.
    pub line: u32,
    /// What is wrong and what to do next, in sentences for people.
    pub detail: String,
}

impl Problem {
    /// The media type.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem with the code's title and status, and this detail.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            title: code.title().into(),
            status: code.status(),
            detail: detail.into(),
            retry_after: None,
            upstream_request_id: None,
            windows: Box::default(),
            sign_in: None,
            lines: None,
            allow: None,
        }
    }

    /// Sets the field `retry_after`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Sets the field `windows`.
    #[must_use]
    pub fn windows(mut self, ids: Vec<String>) -> Self {
        self.windows = ids.into();
        self
    }
}

fn is_empty(windows: &[String]) -> bool {
    windows.is_empty()
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_problem_survives_serialization() {
        let mut names = BTreeSet::new();
        for code in Code::ALL {
            let sent = Problem::new(code, "A sentence.").retry_after(5).windows(vec!["2026-02-02".into()]);
            let text = serde_json::to_string(&sent).unwrap();
            assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), sent);
            assert_eq!(Problem::from(serde_json::from_str::<ProblemSummary>(&text).unwrap()), sent);
            assert!((400..600).contains(&sent.status));
            names.insert(serde_json::to_string(&code).unwrap());
        }
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn problem_format_unchanged() {
        let text = serde_json::to_string(&Problem::new(Code::RowsNotReady, "Wait.")).unwrap();
        assert_eq!(
            text,
            r#"{"code":"rows-not-ready","title":"Some rows are not available yet","status":409,"detail":"Wait."}"#
        );
    }
}
