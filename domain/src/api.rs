//! Types of the HTTP API: plain data that the Worker and the page exchange and convert at their edges.
//!
//! The doc comments of types and fields with a schema are the descriptions in `/api/openapi.json`.

use crate::auth_method::AuthMethod;
use crate::calendar::WeekStart;
use crate::directory::Term;
use crate::ids::{CourseId, Email, SectionId};
use crate::range::Span;
use crate::report::{ReportName, Shape};
use crate::report_listing::ReportParameter;
use crate::role::{Grant, Role, RoleAssignment};
use crate::shrinkage::CopyChoice;
use crate::time::{Day, MINUTE, Timestamp, iso};
use crate::upstream_health::UpstreamFailure;
use crate::window::Parameters;
use serde::{Deserialize, Serialize};

/// The header that the page's scripts send with every HTTP request. Cloudflare Access answers a request with it with 401 once
/// the session has ended; others it redirects to a sign-in page on another origin, which a script cannot follow.
pub const SCRIPT_HEADER: (&str, &str) = ("x-requested-with", "XMLHttpRequest");

/// `GET /api/session`: who is signed in and what they may see. Without a session the problem `sign-in-needed`
/// lists the sign-in methods; a person without a role gets `no-role`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// The signed-in person: an e-mail address, `key` for everybody who signs in with the key, `local` in
    /// local mode, or `local` with a role for a local administrator who looks as another role. Requests and
    /// shares belong to this name.
    pub person: String,
    /// The person's role.
    pub role: Role,
    /// What the person may see.
    pub scope: Scope,
    /// The sign-in method in use.
    #[serde(rename = "way")]
    pub auth_method: AuthMethod,
    /// Whether this is local mode: the visitor is an administrator without signing in, and may look as
    /// another role.
    pub local: bool,
    /// The URL to open after `DELETE /api/session` to complete the sign-out, as with Cloudflare Access.
    /// Absent when `DELETE` is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_out: Option<String>,
    /// The institution's name, from the setting `LECTERN_INSTITUTION`.
    pub institution: String,
    /// The IANA time zone of a view that names none, from the setting `LECTERN_TIME_ZONE`.
    pub time_zone: String,
    /// The first day of the week in charts and preset ranges, from the setting `LECTERN_WEEK_START`.
    pub week_start: WeekStart,
    /// The server's current time, so that clients need not trust the device's clock.
    pub now: Timestamp,
    /// For administrators: why they have to act so that Lectern can load data from Echo360. Absent if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_failure: Option<UpstreamFailure>,
}

/// The fields of a [`Session`] that every page needs. The page parses only these, since a parser for the
/// others would slow down every first visit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SessionSummary {
    /// See [`Session::person`].
    pub person: String,
    /// See [`Session::role`].
    pub role: Role,
    /// See [`Session::auth_method`].
    #[serde(rename = "way")]
    pub auth_method: AuthMethod,
    /// See [`Session::institution`].
    pub institution: String,
    /// See [`Session::time_zone`].
    pub time_zone: String,
    /// See [`Session::week_start`].
    pub week_start: WeekStart,
    /// See [`Session::now`].
    pub now: Timestamp,
    /// See [`Session::upstream_failure`].
    #[serde(default)]
    pub upstream_failure: Option<UpstreamFailure>,
}

/// What a person may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All courses of the institution.
    Everything,
    /// Only these courses and sections.
    Courses(Vec<Grant>),
}

impl From<&RoleAssignment> for Scope {
    fn from(assignment: &RoleAssignment) -> Self {
        match assignment.role {
            Role::Administrator | Role::Analyst => Self::Everything,
            Role::Instructor => Self::Courses(assignment.grants.clone()),
        }
    }
}

/// `POST /api/session`: `{"key": …}` signs in. In local mode `{"look_as": …}` switches to another role's
/// view, and `{"look_as": null}` or `{}` back to the administrator's. Returns the [`Session`].
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// The installation's key. Refused in local mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The role to look as. Local mode only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_as: Option<Impersonation>,
}

impl std::fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = self.key.as_ref().map(|_| "•••");
        f.debug_struct("SignInRequest").field("key", &key).field("look_as", &self.look_as).finish()
    }
}

/// The role that a local administrator looks as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Impersonation {
    /// The role: `instructor` or `analyst`.
    pub role: Role,
    /// An instructor's courses and sections, 1 to 20; empty for other roles.
    #[serde(default)]
    pub courses: Vec<Grant>,
}

/// `GET /api/roles`: everybody who has a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Roles {
    /// In the order of their e-mail addresses.
    pub people: Vec<Person>,
}

/// A person with a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Person {
    /// Identifies the person in paths and URL parameters, so that no address ends up in request logs: 16
    /// hexadecimal digits.
    pub id: String,
    /// The e-mail address, in lower case.
    pub email: Email,
    /// The person's role.
    pub role: Role,
    /// An instructor's courses and sections; empty for other roles.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// Whether the setting `LECTERN_ADMINS` names the person, whose role the API then cannot change.
    #[serde(default)]
    pub fixed: bool,
    /// When the role was last changed; absent if `fixed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Timestamp>,
}

/// `PUT /api/roles`: gives a person a role and grants, in place of any they had. Returns the [`Person`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    /// The person's e-mail address.
    pub email: String,
    /// The new role.
    pub role: Role,
    /// An instructor's courses and sections, 1 to 500; empty for other roles.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// `POST /api/roles/csv`: what an upload would change; with `?apply=<digest>`, what it changed. One invalid
/// line is enough for the problem `bad-table`, which lists all invalid lines.
///
/// Everybody whom the upload names has exactly the role and grants of its rows afterwards. Nobody else
/// changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoleUploadResult {
    /// Identifies exactly these changes. Sent back as `apply`, it makes them and no others.
    pub digest: String,
    /// Whether the changes were made; `false` for a preview.
    pub applied: bool,
    /// People who had no role.
    pub added: Vec<Person>,
    /// People whose role or grants differ.
    pub changed: Vec<PersonChange>,
    /// The number of people in the upload whose role and grants are already those of its rows.
    pub unchanged: u32,
}

/// A person before and after an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PersonChange {
    /// Role and grants before the upload.
    pub before: Person,
    /// Role and grants after the upload.
    pub after: Person,
}

/// `GET /api/record`: one page of the audit log, at most 200 entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditLogPage {
    /// Newest first.
    pub entries: Vec<AuditLogEntry>,
    /// The value of `before` for the next page, which has older entries; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// For how many days entries are kept, from the setting `LECTERN_RECORD_DAYS`.
    pub kept_days: u32,
}

/// An entry of the audit log. Repetitions within a few minutes are one entry with a `count`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditLogEntry {
    /// The entry's number; later entries have higher numbers.
    pub id: u64,
    /// When it was done first.
    pub at: Timestamp,
    /// When it was done last; equal to `at` if it was done once.
    pub last: Timestamp,
    /// How often it was done.
    pub count: u32,
    /// Who did it, as `person` in `GET /api/session`; empty if nobody was signed in.
    pub person: String,
    /// The person's id for the URL parameter `person`; empty if nobody was signed in.
    pub person_id: String,
    /// The person's role at that time; absent if they had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What was done.
    pub what: AuditAction,
    /// What the person could see at that time: `everything`, or the UUIDs of courses, and of sections as
    /// `course/section`, separated by spaces. At most 20 are listed. Empty if they had no role.
    pub scope: String,
    /// What it was done to, such as a report with its days and course, a person whose role changed, or the
    /// code of a refusal. Never rows, and never what a person searched for.
    pub view: String,
    /// For a refusal of somebody who is not signed in: a hash of their network, with a key that changes each UTC day and
    /// is then deleted. Absent if there were too many networks that day.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub network: String,
    /// The place of this entry's latest change among all changes, for the URL parameter `after`. Only with `as=jsonl`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<u64>,
}

/// `GET /api/sessions`: the ones that were used last, at most 1,000.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sessions {
    /// The session used last comes first.
    pub sessions: Vec<SessionInfo>,
}

/// A session of somebody who is signed in. A token of Cloudflare Access counts as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionInfo {
    /// The id for `DELETE /api/sessions/{id}`. It does not open the session.
    pub id: String,
    /// Who signed in, as `person` in `GET /api/session`.
    pub person: String,
    /// The person's id for `DELETE /api/sessions?person=`.
    pub person_id: String,
    /// How they signed in.
    #[serde(rename = "way")]
    pub auth_method: AuthMethod,
    /// When they signed in.
    pub opened: Timestamp,
    /// When the session was last used, to within a minute.
    pub seen: Timestamp,
    /// Whether this call belongs to it.
    pub current: bool,
}

/// The actions that the audit log records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AuditAction {
    /// Signed in with the key.
    SignedIn,
    /// Signed out.
    SignedOut,
    /// A local administrator switched to another role's view, or back.
    LookedAs,
    /// Viewed rows: they were sent to the page.
    Saw,
    /// Downloaded rows as CSV.
    Downloaded,
    /// Requested a range of a report.
    Asked,
    /// Retried windows, or requested them again.
    Retried,
    /// Stopped a request.
    Withdrew,
    /// Gave a person a role or other grants.
    RoleGiven,
    /// Removed a person's role.
    RoleTaken,
    /// Changed roles by an upload.
    RolesUploaded,
    /// Read the list of roles.
    SawRoles,
    /// Read the audit log.
    SawRecord,
    /// Started or canceled an erasure.
    Forgot,
    /// Saved everything that is held about a person.
    PersonExported,
    /// Looked at what a share would show, without creating it.
    SharePreviewed,
    /// Created a share.
    Shared,
    /// Opened a share; the person is not known.
    ShareOpened,
    /// Renamed, renewed or rotated a share, or changed the origins that may embed it.
    ShareChanged,
    /// Revoked a share.
    ShareRevoked,
    /// Switched shares off or on for the institution.
    SharesSwitched,
    /// Chose one of two copies of a window whose newer copy has lost rows.
    CopyChosen,
    /// Ended sessions: one, a person's, or everybody's.
    SessionsEnded,
    /// Did more on this UTC day than the log lists of one person: `count` further things.
    OverBudget,
    /// Marked an account as shared or as a person, or removed the mark.
    AccountMarked,
    /// Was refused: without access, over a limit, or not found.
    Refused,
}

impl AuditAction {
    /// Every action, in the order of the filter on the page.
    pub const ALL: [Self; 26] = [
        Self::SignedIn,
        Self::SignedOut,
        Self::LookedAs,
        Self::Saw,
        Self::Downloaded,
        Self::Asked,
        Self::Retried,
        Self::Withdrew,
        Self::RoleGiven,
        Self::RoleTaken,
        Self::RolesUploaded,
        Self::SawRoles,
        Self::SawRecord,
        Self::Forgot,
        Self::PersonExported,
        Self::SharePreviewed,
        Self::Shared,
        Self::ShareOpened,
        Self::ShareChanged,
        Self::ShareRevoked,
        Self::SharesSwitched,
        Self::CopyChosen,
        Self::SessionsEnded,
        Self::OverBudget,
        Self::AccountMarked,
        Self::Refused,
    ];

    /// The action's name in JSON, URLs and CSV files.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::SignedOut => "signed-out",
            Self::LookedAs => "looked-as",
            Self::Saw => "saw",
            Self::Downloaded => "downloaded",
            Self::Asked => "asked",
            Self::Retried => "retried",
            Self::Withdrew => "withdrew",
            Self::RoleGiven => "role-given",
            Self::RoleTaken => "role-taken",
            Self::RolesUploaded => "roles-uploaded",
            Self::SawRoles => "saw-roles",
            Self::SawRecord => "saw-record",
            Self::Forgot => "forgot",
            Self::PersonExported => "person-exported",
            Self::SharePreviewed => "share-previewed",
            Self::Shared => "shared",
            Self::ShareOpened => "share-opened",
            Self::ShareChanged => "share-changed",
            Self::ShareRevoked => "share-revoked",
            Self::SharesSwitched => "shares-switched",
            Self::CopyChosen => "copy-chosen",
            Self::SessionsEnded => "sessions-ended",
            Self::OverBudget => "over-budget",
            Self::AccountMarked => "account-marked",
            Self::Refused => "refused",
        }
    }

    /// Parses a slug; `None` if it is unknown.
    #[must_use]
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.slug() == slug)
    }

    /// The milliseconds during which repetitions by one person merge into one entry with a count, since a
    /// page reads many windows of one view, and a flood must not fill the disk. 0 if each repetition is an entry:
    /// the order of changes matters.
    #[must_use]
    pub fn merge_window(self) -> i64 {
        match self {
            Self::LookedAs
            | Self::Saw
            | Self::Downloaded
            | Self::Asked
            | Self::Retried
            | Self::Withdrew
            | Self::SawRoles
            | Self::SawRecord
            | Self::SharePreviewed
            | Self::ShareOpened
            | Self::OverBudget
            | Self::Refused => 10 * MINUTE,
            _ => 0,
        }
    }

    /// Whether this is a change that administrators make, of which each entry is listed, however many there are: so that
    /// nobody can hide one behind many others.
    #[must_use]
    pub fn is_administrative(self) -> bool {
        matches!(
            self,
            Self::RoleGiven
                | Self::RoleTaken
                | Self::RolesUploaded
                | Self::Forgot
                | Self::PersonExported
                | Self::SharesSwitched
                | Self::CopyChosen
                | Self::SessionsEnded
        )
    }
}

/// `GET /api/reports`: the reports that can be requested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reports {
    /// The reports in scope.
    pub reports: Vec<ReportInfo>,
    /// When the list was read from Echo360; absent if the list is from the vendor's reference, since
    /// Echo360's could not be read yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Timestamp>,
}

/// A report, with what Lectern knows about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportInfo {
    /// The report's name in paths, such as `videoview`.
    pub name: ReportName,
    /// The title for people. For a report that Lectern does not know: Echo360's description, or else the
    /// name.
    pub title: String,
    /// Whether Lectern knows the report's columns.
    pub known: bool,
    /// How the report's rows relate to time, which decides how a range is split into windows.
    pub shape: Shape,
    /// The report's own parameters, in addition to the days.
    #[serde(default)]
    pub parameters: Vec<ReportParameter>,
}

/// `GET /api/courses`: courses, sections and terms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Courses {
    /// The courses in scope, by code, from Echo360's lists and from rows.
    pub courses: Vec<Course>,
    /// The institution's terms, oldest first; for an instructor, those of their sections. Empty if Echo360
    /// does not list any.
    #[serde(default)]
    pub terms: Vec<Term>,
}

impl Courses {
    /// The term of a section; `None` if it is unknown.
    #[must_use]
    pub fn term_of(&self, section: &Section) -> Option<&Term> {
        self.terms.iter().find(|term| section.term.as_ref() == Some(&term.id))
    }
}

/// A course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Course {
    /// The course's UUID.
    pub id: CourseId,
    /// The code that Echo360 displays (`courseIdentifier`), such as `BIO-101`; empty if unknown.
    pub code: String,
    /// The course's name; empty if unknown.
    pub name: String,
    /// The sections in scope.
    pub sections: Vec<Section>,
}

/// A section of a course.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Section {
    /// The section's UUID.
    pub id: SectionId,
    /// The section's number as text, such as `001`; may be empty.
    pub number: String,
    /// The id of the section's term; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
}

/// `POST /api/requests`: requests a range of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// The report's name, from `GET /api/reports`.
    pub report: String,
    /// The first day, `YYYY-MM-DD`. Left out for a report without dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, inclusive, `YYYY-MM-DD`. Left out for a report without dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The IANA time zone of the days; UTC if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// The report's own parameters by name, as `parameters` in `GET /api/reports` lists them.
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
}

/// `POST /api/requests/{id}/retry`: retries failed windows, or requests the named windows again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// Ids of windows to request again, even if they are ready. If empty, the request's failed windows are
    /// retried.
    #[serde(default)]
    pub windows: Vec<String>,
}

/// `GET /api/requests`: requests, and the state of the scheduler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Requests {
    /// The requests in scope, newest first.
    pub requests: Vec<RequestInfo>,
    /// For a person who sees only their own requests: all windows with rows, whoever requested them, as one
    /// request per report, without its `id`, days and zone. Windows serve everybody, but who requested them
    /// is not shown. Left out if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<RequestInfo>,
    /// The state of the scheduler.
    #[serde(rename = "desk")]
    pub scheduler: SchedulerInfo,
}

/// A person's request: one report over one range. It is complete when all its windows are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RequestInfo {
    /// The request's id, 32 hexadecimal digits; empty for an entry of `shared`.
    pub id: String,
    /// The report's name.
    pub report: ReportName,
    /// The first day; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub from: Option<Day>,
    /// The last day, inclusive; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub to: Option<Day>,
    /// The IANA time zone of these days.
    pub tz: String,
    /// The report's own parameters by name; left out if there are none.
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
    /// When the request was created.
    pub created: Timestamp,
    /// The request's windows, oldest first.
    pub windows: Vec<WindowInfo>,
    /// The state of the scheduler; absent in lists of requests.
    #[serde(rename = "desk", default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<SchedulerInfo>,
}

/// The state of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WindowStatus {
    /// Waiting for one of the three slots.
    Queued,
    /// Being requested from Echo360.
    Asking,
    /// Being built by Echo360.
    Building,
    /// Its file is being downloaded from Echo360.
    Collecting,
    /// Its rows are served.
    Ready,
    /// Its rows are served, but some days were not complete when they were requested.
    Provisional,
    /// Three tries failed.
    Failed,
    /// Its days were erased. It has no rows, and is not requested again until an administrator retries it by
    /// name.
    Forgotten,
}

impl WindowStatus {
    /// Whether the window serves rows.
    #[must_use]
    pub fn has_rows(self) -> bool {
        matches!(self, Self::Ready | Self::Provisional)
    }

    /// Whether the window will change without anybody doing anything.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::Asking | Self::Building | Self::Collecting)
    }
}

/// One window of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WindowInfo {
    /// The window's id within the report, such as `2026-02-02`; `all` for a report without dates.
    pub id: String,
    /// The first day, in UTC; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub start: Option<Day>,
    /// The day after the last one that is served or being requested, in UTC; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub end: Option<Day>,
    /// The window's state. It stays `ready` or `provisional` while the window serves rows and is requested
    /// again.
    pub state: WindowStatus,
    /// The state of the next copy, while the window serves rows and is requested again; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<WindowStatus>,
    /// Failed tries since the window was last ready.
    pub tries: u8,
    /// When the window, or its next copy, entered its state.
    pub since: Timestamp,
    /// When Lectern polls or tries next; absent if no time is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// Echo360's id of the upstream request that is in progress, else of the last failed one, else of the
    /// copy: for Echo360's support. Absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_request_id: Option<String>,
    /// The first UTC day that was not complete when the copy was requested; absent if all were.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub provisional_from: Option<Day>,
    /// What went wrong last, in a sentence; absent if nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// When the window's days were erased; absent if they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<Timestamp>,
    /// Present if a newer copy of the same days has lost rows and was not used, until an administrator has chosen; left
    /// out for people who may not see all rows. See `GET /api/shrunken`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunken: Option<RowLoss>,
    /// The copy that the window serves; absent if it has no rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopyInfo>,
}

/// The data rows of two copies of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowLoss {
    /// The rows of the copy that the window serves.
    pub rows: u64,
    /// The rows of the newer copy. People and courses that were erased since count in neither.
    pub new_rows: u64,
}

/// `GET /api/shrunken`: windows whose newer copy has lost rows, so that an administrator has to choose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShrunkenWindows {
    /// By report and days.
    pub windows: Vec<ShrunkenWindow>,
}

/// A window whose newer copy has lost rows. It was discarded, and the window serves the fuller one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShrunkenWindow {
    /// The report's name.
    pub report: ReportName,
    /// The window's id within the report.
    pub window: String,
    /// The first day, in UTC.
    #[serde(with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub start: Option<Day>,
    /// The day after the last one, in UTC.
    #[serde(with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub end: Option<Day>,
    /// When the copy that the window serves was requested from Echo360.
    pub stored: Timestamp,
    /// When the newer copy was requested from Echo360.
    pub requested: Timestamp,
    /// The rows of the copy that the window serves.
    pub rows: u64,
    /// The rows of the newer copy.
    pub new_rows: u64,
    /// The sections that lost rows, those that lost most first; at most 50.
    pub sections: Vec<ShrunkenSection>,
}

/// A section that has fewer rows in a newer copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShrunkenSection {
    /// The course's id; empty in reports without courses.
    pub course: CourseId,
    /// The section's id, or its number in reports that have no id.
    pub section: String,
    /// The course's code and name, and the section's number; empty if they are unknown.
    pub label: String,
    /// Its rows in the copy that the window serves.
    pub rows: u64,
    /// Its rows in the newer copy.
    pub new_rows: u64,
}

/// `POST /api/shrunken`: which of two copies a window serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CopyChoiceRequest {
    /// The report's name.
    pub report: ReportName,
    /// The window's id within the report.
    pub window: String,
    /// `keep` keeps the copy that the window serves. `replace` collects the newer one once more and takes it, unless
    /// it has lost more rows since.
    pub choice: CopyChoice,
}

/// The copy that a window serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CopyInfo {
    /// The copy's number, which rises with each copy of the window.
    pub generation: u32,
    /// When the copy was requested from Echo360.
    pub created: Timestamp,
    /// The day after the last one in the copy, in UTC; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub end: Option<Day>,
    /// The number of data rows; left out for people who may not see all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The bytes of CSV, without the header; left out with `rows`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// The state of the scheduler, which makes all upstream requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SchedulerInfo {
    /// Lectern's unfinished upstream requests, at most three.
    pub in_flight: u8,
    /// The number of windows that wait for a slot.
    pub queued: u32,
    /// How long Echo360 took for recent windows; absent until there are three.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<BuildTimes>,
    /// Why the scheduler makes no upstream requests at present; absent if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Pause>,
}

/// How long Echo360 took for the latest windows, 50 at most: the 10th and the 90th percentile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuildTimes {
    /// The 10th percentile, in milliseconds.
    pub low: i64,
    /// The 90th percentile, in milliseconds.
    pub high: i64,
    /// The number of windows.
    #[serde(rename = "of")]
    pub sample_size: u32,
}

/// Why the scheduler makes no upstream requests at present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pause {
    /// The reason.
    #[serde(rename = "why")]
    pub reason: PauseReason,
    /// The reason, in a sentence for people.
    pub detail: String,
    /// The earliest time of the next upstream request.
    pub until: Timestamp,
}

/// The reasons for which the scheduler waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PauseReason {
    /// Echo360 refuses the credentials: the operator has to check them.
    CredentialsRefused,
    /// Echo360 fails, or asks Lectern to slow down.
    UpstreamDown,
    /// Another program uses the account's three slots.
    LimitReached,
}

/// `GET /api/csv/{report}/count`: how many rows a download would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowCount {
    /// The number of data rows.
    pub rows: u64,
    /// Whether the download has exactly so many; otherwise `rows` is an estimate.
    pub exact: bool,
}

impl RowCount {
    /// The most data rows that fit into a sheet of a spreadsheet, below a header row.
    pub const MAX_IN_SPREADSHEET: u64 = (1 << 20) - 1;

    /// Adds some rows of a window: those within `span` of the window's `days`, from the first up to the one after
    /// the last. Rows are taken to be spread evenly over the days.
    #[must_use]
    pub fn plus(self, rows: u64, days: Option<(Day, Day)>, span: Option<Span>) -> Self {
        let trimmed = span.zip(days).and_then(|(span, (first, end))| {
            let (start, end) = (Timestamp::start_of(first), Timestamp::start_of(end));
            let kept = end.min(span.end).since(start.max(span.start)).max(0);
            (kept < end.since(start)).then(|| (kept.unsigned_abs(), end.since(start).unsigned_abs()))
        });
        match trimmed {
            None => Self { rows: self.rows.saturating_add(rows), ..self },
            Some((kept, all)) => {
                let share = u128::from(rows) * u128::from(kept) / u128::from(all.max(1));
                let share = u64::try_from(share).unwrap_or(u64::MAX);
                // A part of a window without rows has none, whatever the part.
                Self { rows: self.rows.saturating_add(share), exact: self.exact && rows == 0 }
            }
        }
    }
}

/// `GET /healthz` if Lectern is set up; otherwise a problem says what to set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// Always `true`: the settings are valid.
    pub ok: bool,
    /// Present if Lectern cannot load data from Echo360 until an administrator acts: Echo360 refuses the credentials,
    /// or nothing succeeded on the last three days on which Lectern needed it. The page tells administrators which.
    /// Up to a minute old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<UpstreamHealth>,
    /// Settings that work, but should be changed. Absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<HealthWarning>,
}

/// A setting that works, but should be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HealthWarning {
    /// `LECTERN_KEY` is set beside Cloudflare Access: whoever has it is an administrator, whatever Access says. Remove it.
    KeyBesideAccess,
}

/// Whether Lectern can load data from Echo360, without details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum UpstreamHealth {
    /// It cannot until an administrator acts.
    Failing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_of_a_trimmed_week_are_an_estimate_and_those_of_a_whole_one_are_exact() {
        let time = |text| Timestamp::parse(text).unwrap();
        let day = |text| crate::time::parse_day(text).unwrap();
        let week = Some((day("2026-02-02"), day("2026-02-09")));
        let span = |start, end| Some(Span { start: time(start), end: time(end) });
        let none = RowCount { rows: 0, exact: true };
        let whole = none.plus(700, week, span("2026-02-02", "2026-02-09"));
        assert_eq!(whole, RowCount { rows: 700, exact: true });
        assert_eq!(whole.plus(5, None, None), RowCount { rows: 705, exact: true });
        let two_days = whole.plus(700, week, span("2026-02-07", "2026-03-01"));
        assert_eq!(two_days, RowCount { rows: 900, exact: false });
        assert_eq!(
            none.plus(700, week, span("2026-02-09", "2026-02-10")),
            RowCount { rows: 0, exact: false }
        );
        assert_eq!(none.plus(0, week, span("2026-02-07", "2026-03-01")), none);
        assert_eq!(none.plus(u64::MAX, week, span("2026-02-07", "2026-03-01")).rows, u64::MAX / 7 * 2);
    }

    #[test]
    fn request_format_unchanged() {
        let request = RequestInfo {
            id: "r1".into(),
            report: ReportName::parse("videoview").unwrap(),
            from: "2026-02-02".parse().ok(),
            to: "2026-02-08".parse().ok(),
            tz: "UTC".into(),
            parameters: Parameters::new(),
            created: Timestamp(5),
            windows: vec![WindowInfo {
                id: "2026-02-02".into(),
                start: "2026-02-02".parse().ok(),
                end: "2026-02-09".parse().ok(),
                state: WindowStatus::Building,
                again: None,
                tries: 0,
                since: Timestamp(6),
                next: None,
                upstream_request_id: Some("u".into()),
                provisional_from: None,
                fault: None,
                forgotten: None,
                shrunken: None,
                copy: None,
            }],
            scheduler: None,
        };
        assert_eq!(
            serde_json::to_value(&request).unwrap(),
            json!({
                "id": "r1", "report": "videoview", "from": "2026-02-02", "to": "2026-02-08", "tz": "UTC",
                "created": 5,
                "windows": [{"id": "2026-02-02", "start": "2026-02-02", "end": "2026-02-09",
                    "state": "building", "tries": 0, "since": 6, "upstream_request_id": "u"}],
            })
        );
    }

    #[test]
    fn scope_format_unchanged() {
        let scope = Scope::Courses(vec![
            Grant { course: "c".into(), section: None },
            Grant { course: "d".into(), section: Some("s".into()) },
        ]);
        assert_eq!(
            serde_json::to_value(&scope).unwrap(),
            json!({"courses": [{"course": "c", "section": null}, {"course": "d", "section": "s"}]})
        );
        assert_eq!(serde_json::to_value(Scope::Everything).unwrap(), json!("everything"));
        assert_eq!(
            serde_json::from_value::<SignInRequest>(json!({"look_as": null})).unwrap(),
            SignInRequest::default()
        );
    }

    #[test]
    fn slugs_of_audit_actions_equal_their_json_names() {
        for action in AuditAction::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), json!(action.slug()));
            assert_eq!(AuditAction::parse(action.slug()), Some(action));
        }
    }

    #[test]
    fn a_request_with_an_unknown_field_is_refused() {
        assert!(serde_json::from_value::<ReportRequest>(json!({"report": "asset"})).is_ok());
        assert!(
            serde_json::from_value::<ReportRequest>(json!({"report": "asset", "form": "2026-02-02"}))
                .is_err()
        );
    }
}
