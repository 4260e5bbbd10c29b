//! Problem documents (`application/problem+json`): stable codes, their HTTP status, and sentences that a person can act
//! on.

use crate::api::AuthMethod;
use serde::{Deserialize, Serialize};

/// What went wrong, by what the asker does next. The text form is stable: other programs read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    // Fix the input.
    /// The body is not the JSON that the route takes.
    BadBody,
    /// The body is over 64 KB.
    BodyTooLarge,
    /// A day that is not `YYYY-MM-DD`.
    BadDay,
    /// A zone that is no IANA zone.
    BadZone,
    /// An id that no such thing could have.
    BadId,
    /// A query parameter that the route does not take in this form.
    BadQuery,
    /// Parameters that the report does not take, or lacks.
    BadParameters,
    /// An e-mail address that could be none.
    BadEmail,
    /// A share of something that cannot be shared, under such a name, for so long, or on such a page.
    BadShare,
    /// A role with courses that it does not have, or without those that it needs; an id that is none.
    BadGrant,
    /// An upload with rows that cannot be taken: none was.
    BadTable,
    /// Days given to a report without dates, or left out of one with.
    BadRange,
    /// The last day before the first.
    RangeBackwards,
    /// A day that is not over.
    RangeInFuture,
    /// Over five years.
    RangeTooLong,
    /// Further back than Echo360 keeps.
    RangeTooOld,
    /// Echo360 offers no report of that name.
    UnknownReport,
    /// No such route.
    UnknownRoute,
    /// No such request.
    UnknownRequest,
    /// No such window, or nobody asked for it.
    UnknownWindow,
    /// Nobody of that address has a role.
    UnknownPerson,
    /// No such share, or none of this person.
    UnknownShare,
    /// A link that opens nothing: wrong, expired or revoked, which is nobody's business.
    ShareGone,
    /// The route exists, not with this method.
    WrongMethod,
    // Not allowed.
    /// Nobody is signed in, or there is no way to.
    SignInNeeded,
    /// The key is not the right one.
    KeyWrong,
    /// Signed in, and without a role.
    NoRole,
    /// The role does not allow it.
    NotAllowed,
    /// A browser sent this from another site.
    CrossSite,
    /// An administrator has switched shares off.
    SharesOff,
    // Wait.
    /// What was previewed is no longer what would happen.
    PreviewStale,
    /// Too many wrong keys from this address.
    TooManyTries,
    /// As much as one person may ask for.
    Quota,
    /// Cloudflare Access gives no keys.
    AccessDown,
    /// The rows are not all here yet.
    RowsNotReady,
    /// No whole week of the view is here and final.
    NothingToShare,
    /// The copy that was named has been replaced.
    CopyReplaced,
    /// Echo360 cannot be reached, or is slow to answer.
    UpstreamDown,
    // Tell the operator.
    /// Echo360 refuses our credentials.
    CredentialsRefused,
    /// A setting is missing or wrong.
    SettingsWrong,
    /// No way in is set up.
    NoWayIn,
    /// A fault of Lectern's own.
    Internal,
}

impl Code {
    /// The code as it is sent: `bad-body`.
    #[must_use]
    pub fn slug(self) -> String {
        serde_json::to_value(self).ok().and_then(|slug| slug.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Every code, for documentation and for the test that no two share a name.
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

    /// The HTTP status it is sent with.
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

    /// The few words that name the kind.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::BadBody => "The body cannot be read",
            Self::BodyTooLarge => "The body is too large",
            Self::BadDay => "That is no day",
            Self::BadZone => "That is no time zone",
            Self::BadId => "That is no id",
            Self::BadQuery => "The query cannot be read",
            Self::BadParameters => "The parameters do not fit the report",
            Self::BadEmail => "That is no e-mail address",
            Self::BadShare => "That cannot be shared",
            Self::BadGrant => "The role and the courses do not fit",
            Self::BadTable => "The upload cannot be taken",
            Self::BadRange => "The days do not fit the report",
            Self::RangeBackwards => "The range runs backwards",
            Self::RangeInFuture => "The range is not over",
            Self::RangeTooLong => "The range is too long",
            Self::RangeTooOld => "The range is too far back",
            Self::UnknownReport => "No such report",
            Self::UnknownRoute => "No such route",
            Self::UnknownRequest => "No such request",
            Self::UnknownWindow => "No such window",
            Self::UnknownPerson => "No such person",
            Self::UnknownShare => "No such share",
            Self::ShareGone => "This link opens nothing",
            Self::WrongMethod => "Wrong method",
            Self::SignInNeeded => "Sign in first",
            Self::KeyWrong => "That is not the key",
            Self::NoRole => "You have no role yet",
            Self::NotAllowed => "Your role does not allow this",
            Self::CrossSite => "Refused from another site",
            Self::SharesOff => "Shares are switched off",
            Self::PreviewStale => "Something has changed since the preview",
            Self::TooManyTries => "Too many wrong keys",
            Self::Quota => "That is as much as one person may ask for",
            Self::AccessDown => "Cloudflare Access cannot be reached",
            Self::RowsNotReady => "Not all rows are here yet",
            Self::NothingToShare => "There is nothing to share yet",
            Self::CopyReplaced => "A newer copy has replaced this one",
            Self::UpstreamDown => "Echo360 cannot be reached",
            Self::CredentialsRefused => "Echo360 refuses the credentials",
            Self::SettingsWrong => "Lectern is not set up",
            Self::NoWayIn => "Nobody can sign in yet",
            Self::Internal => "Lectern failed",
        }
    }
}

/// A problem as it is sent: `application/problem+json` (RFC 9457) with a stable `code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// What went wrong, stable.
    pub code: Code,
    /// The few words that name the kind.
    pub title: Box<str>,
    /// The HTTP status.
    pub status: u16,
    /// A sentence that a person can act on.
    pub detail: String,
    /// Seconds after which to try again, where that helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// What to give to Echo360's support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_request_id: Option<Box<str>>,
    /// The ids of the windows that it is about.
    #[serde(default, skip_serializing_if = "no_windows")]
    pub windows: Box<[String]>,
    /// For `sign-in-needed`: how; for `no-role`: how to come as somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<Box<SignInOptions>>,
    /// For `bad-table`: what is wrong, line by line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Box<LineErrors>>,
    /// The methods that the route takes, for `wrong-method`: sent as the header `Allow`.
    #[serde(skip)]
    pub allow: Option<Box<str>>,
}

/// A [`Problem`] as most readers need it: without what only strangers and those who upload are told, since reading that
/// would weigh on every first visit.
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
    fn from(plain: ProblemSummary) -> Self {
        let ProblemSummary { code, title, status, detail, retry_after, upstream_request_id, windows } = plain;
        let told = Self { title, status, retry_after, upstream_request_id, windows, ..Self::new(code, "") };
        Self { detail, ..told }
    }
}

/// How one can sign in here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignInOptions {
    /// The ways in; none when none is set up.
    #[serde(rename = "ways")]
    pub auth_methods: Vec<AuthMethod>,
    /// Where to go first, for somebody who is still signed in with Cloudflare Access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_out: Option<String>,
}

/// What is wrong with an upload, in the order of its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct LineErrors(pub Vec<LineError>);

/// What is wrong with one line of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineError {
    /// The line of the file, from 1; the header is one.
    pub line: u32,
    /// A sentence.
    pub detail: String,
}

impl Problem {
    /// The media type it is sent as.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem of this kind, with its sentence.
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

    /// The same, worth trying again after `seconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same, about these windows.
    #[must_use]
    pub fn windows(mut self, ids: Vec<String>) -> Self {
        self.windows = ids.into();
        self
    }
}

fn no_windows(windows: &[String]) -> bool {
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
    fn every_problem_goes_there_and_back() {
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
            r#"{"code":"rows-not-ready","title":"Not all rows are here yet","status":409,"detail":"Wait."}"#
        );
    }
}
