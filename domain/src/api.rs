//! Types of the HTTP API: plain data that the Worker and the page exchange and convert at both edges.

use crate::directory::Term;
use crate::ids::{CourseId, Email, SectionId};
use crate::report::{ReportName, Shape};
use crate::report_listing::ReportParameter;
use crate::scope::{Grant, Role};
use crate::time::{Day, MINUTE, Timestamp, iso};
use crate::window::Parameters;
use serde::{Deserialize, Serialize};

/// `GET /api/session`: who is asking and what they may see. A stranger gets the problem `sign-in-needed`, with the
/// ways in; somebody without a role `no-role`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// The name by which requests are theirs: an e-mail address, or a word for a visitor without one.
    pub person: String,
    /// What they may do.
    pub role: Role,
    /// What they may see.
    pub scope: Scope,
    /// How they came in.
    #[serde(rename = "way")]
    pub auth_method: AuthMethod,
    /// Whether this is local mode: administrator without signing in, who may also look as an instructor.
    pub local: bool,
    /// Where the browser goes after `DELETE /api/session`, when that alone does not sign out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_out: Option<String>,
    /// The institution, by the name it was given in the settings.
    pub institution: String,
    /// The zone that a view without one is shown in.
    pub time_zone: String,
    /// The Worker's own clock, so that the page need not trust the device's.
    pub now: Timestamp,
}

/// A [`Session`] as every page reads it: without what only the page about oneself tells, since reading that would weigh on
/// every first visit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SessionSummary {
    /// See [`Session::person`].
    pub person: String,
    /// See [`Session::role`].
    pub role: Role,
    /// See [`Session::way`].
    #[serde(rename = "way")]
    pub auth_method: AuthMethod,
    /// See [`Session::institution`].
    pub institution: String,
    /// See [`Session::time_zone`].
    pub time_zone: String,
    /// See [`Session::now`].
    pub now: Timestamp,
}

/// What a visitor may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The whole institution.
    Everything,
    /// These courses and sections.
    Courses(Vec<Grant>),
}

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AuthMethod {
    /// On this very machine, in local mode.
    Local,
    /// Through Cloudflare Access.
    Access,
    /// With the installation's key, which can be typed in.
    Key,
}

/// `POST /api/session`: `{"key": …}` signs in; in local mode `{"look_as": …}` looks with an instructor's eyes, and
/// `{"look_as": null}`, or nothing, with an administrator's again. Both answer with the [`Session`].
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// The installation's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// As whom to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_as: Option<Impersonation>,
}

impl std::fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = self.key.as_ref().map(|_| "•••");
        f.debug_struct("SignInRequest").field("key", &key).field("look_as", &self.look_as).finish()
    }
}

/// As whom the local administrator looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Impersonation {
    /// `instructor` or `analyst`.
    pub role: Role,
    /// The courses and sections of an instructor, at most 20.
    #[serde(default)]
    pub courses: Vec<Grant>,
}

/// `GET /api/roles`: everybody who has a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Roles {
    /// By address.
    pub people: Vec<Person>,
}

/// Somebody with a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Person {
    /// Names them in paths and queries, where an address would end in logs.
    pub id: String,
    /// In small letters.
    pub email: Email,
    /// What they may do.
    pub role: Role,
    /// An instructor's courses and sections; empty for the others.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// Whether the settings name them: what stands here cannot be changed on a page.
    #[serde(default)]
    pub fixed: bool,
    /// When this was last changed; absent for those whom the settings name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Timestamp>,
}

/// `PUT /api/roles`: the role and the grants that somebody has from now on, had they any before or not. Answers with the
/// [`Person`]. `DELETE /api/roles/{id}` takes a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    /// Whose.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// An instructor's courses and sections; empty for the others.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// `POST /api/roles/csv`: what an upload would change; with `?apply=<digest>`, what it has changed. An upload with a
/// single broken row gets the problem `bad-table` with its lines.
///
/// An upload names people; those whom it does not name stay as they are, and whoever it names has exactly what its rows
/// say afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoleUploadResult {
    /// Names exactly these changes: given back as `apply`, it makes them and no others.
    pub digest: String,
    /// Whether the changes have been made.
    pub applied: bool,
    /// Who gets a role for the first time.
    pub added: Vec<Person>,
    /// Who gets another role, or other courses.
    pub changed: Vec<PersonChange>,
    /// How many are named and have already what their rows say.
    pub unchanged: u32,
}

/// A person before and after an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PersonChange {
    /// As it is.
    pub before: Person,
    /// As it will be.
    pub after: Person,
}

/// `GET /api/record?from=&to=&person=&what=&before=`: who saw, downloaded, asked and changed roles, newest first, 200
/// at a time. `from` and `to` are UTC days, both included, `person` is a [`Person::id`], `what` a [`AuditAction::slug`]. With `as=csv` all of them, as a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditLogPage {
    /// Newest first.
    pub entries: Vec<AuditLogEntry>,
    /// What to give as `before` for those that are older; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// For how many days entries are kept.
    pub kept_days: u32,
}

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditLogEntry {
    /// Its number: rises.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// When the same was last done again within a few minutes.
    pub last: Timestamp,
    /// How often until then.
    pub count: u32,
    /// Who, by address; empty for strangers.
    pub person: String,
    /// The same as it is filtered by; empty for strangers.
    pub person_id: String,
    /// With which role; absent for somebody without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What was done.
    pub what: AuditAction,
    /// What they could see then: `everything`, or courses and sections by their UUIDs.
    pub scope: String,
    /// On what: a report with its days and course, a person whose role changed, the code of a refusal. Never rows,
    /// never what somebody searched for.
    pub view: String,
}

/// The kinds of things that are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AuditAction {
    /// Signed in with the key.
    SignedIn,
    /// Signed out.
    SignedOut,
    /// The local administrator looks as somebody else.
    LookedAs,
    /// Rows were sent to a page.
    Saw,
    /// A CSV was downloaded.
    Downloaded,
    /// A range was asked for.
    Asked,
    /// Windows were asked for again.
    Retried,
    /// A request was stopped.
    Withdrew,
    /// Somebody was given a role, or other courses.
    RoleGiven,
    /// Somebody's role was taken.
    RoleTaken,
    /// Roles were changed by an upload.
    RolesUploaded,
    /// Everybody's roles were read.
    SawRoles,
    /// This record was read.
    SawRecord,
    /// Something was to be forgotten.
    Forgot,
    /// A share was made.
    Shared,
    /// A share was opened, by somebody who is not known.
    ShareOpened,
    /// A share was renamed, renewed or rotated, or its pages were changed.
    ShareChanged,
    /// A share was revoked.
    ShareRevoked,
    /// Shares were switched off or on.
    SharesSwitched,
    /// It was not allowed.
    Refused,
}

impl AuditAction {
    /// Every kind, as it is filtered by.
    pub const ALL: [Self; 20] = [
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
        Self::Shared,
        Self::ShareOpened,
        Self::ShareChanged,
        Self::ShareRevoked,
        Self::SharesSwitched,
        Self::Refused,
    ];

    /// As it stands in JSON, in a query and in a file.
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
            Self::Shared => "shared",
            Self::ShareOpened => "share-opened",
            Self::ShareChanged => "share-changed",
            Self::ShareRevoked => "share-revoked",
            Self::SharesSwitched => "shares-switched",
            Self::Refused => "refused",
        }
    }

    /// Reads a slug.
    #[must_use]
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.slug() == slug)
    }

    /// For how long, in milliseconds, the same by the same person is one line with a count: a page reads many windows of
    /// one view, and a flood of refusals must not fill the disk. 0 where every one is a line.
    #[must_use]
    pub fn merge_window(self) -> i64 {
        match self {
            Self::Saw | Self::SawRoles | Self::SawRecord | Self::ShareOpened => 10 * MINUTE,
            Self::Refused => MINUTE,
            _ => 0,
        }
    }
}

/// `GET /api/reports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reports {
    /// What can be asked for.
    pub reports: Vec<ReportInfo>,
    /// When Echo360 was last asked for its list; absent while only the vendor's reference is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Timestamp>,
}

/// One report, with what Lectern knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportInfo {
    /// As in a path.
    pub name: ReportName,
    /// As a teacher would say it; Echo360's own description for a report that Lectern does not know.
    pub title: String,
    /// Whether Lectern knows its columns.
    pub known: bool,
    /// How a range over it is cut.
    pub shape: Shape,
    /// Parameters that a person gives, beside the days.
    #[serde(default)]
    pub parameters: Vec<ReportParameter>,
}

/// `GET /api/courses`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Courses {
    /// Courses in scope, by code: those that Echo360 lists, and those that rows name.
    pub courses: Vec<Course>,
    /// The institution's terms, oldest first; none when Echo360 does not give them.
    #[serde(default)]
    pub terms: Vec<Term>,
}

/// A course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Course {
    /// UUID.
    pub id: CourseId,
    /// As displayed by Echo360 (`courseIdentifier`), where a report gave it.
    pub code: String,
    /// Its name, where a report gave it.
    pub name: String,
    /// Its sections.
    pub sections: Vec<Section>,
}

/// A section of a course.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Section {
    /// UUID.
    pub id: SectionId,
    /// Its number, as text.
    pub number: String,
    /// The id of its term, where Echo360 gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
}

/// `POST /api/requests`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// The report's name.
    pub report: String,
    /// The first day, `YYYY-MM-DD`; left out for a report without dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// An IANA zone; UTC if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// Only for reports that list others than start and end.
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
}

/// `POST /api/requests/{id}/retry`: the body may name windows to ask again although they are ready.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// Window ids; when empty, those of the request that failed.
    #[serde(default)]
    pub windows: Vec<String>,
}

/// `GET /api/requests`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Requests {
    /// Newest first.
    pub requests: Vec<RequestInfo>,
    /// For whoever sees no requests but their own: the windows that are here, whoever asked for them, as one request for
    /// each report, which has no id and is nobody's. Weeks serve everybody; who wanted them is nobody's business.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<RequestInfo>,
    /// How the Scheduler fares.
    #[serde(rename = "desk")]
    pub scheduler: SchedulerInfo,
}

/// A person's ask: one report over one range; met when all its windows are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RequestInfo {
    /// Its id.
    pub id: String,
    /// The report.
    pub report: ReportName,
    /// The first day; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub from: Option<Day>,
    /// The last day, included; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub to: Option<Day>,
    /// The zone of those days.
    pub tz: String,
    /// Parameters beside the days.
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
    /// When it was first asked.
    pub created: Timestamp,
    /// Its windows, oldest first.
    pub windows: Vec<WindowInfo>,
    /// How the Scheduler fares.
    #[serde(rename = "desk", default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<SchedulerInfo>,
}

/// Where a window stands, as it is named outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WindowStatus {
    /// Waits for a slot.
    Queued,
    /// Is being asked of Echo360.
    Asking,
    /// Echo360 builds it.
    Building,
    /// Its file is being collected.
    Collecting,
    /// Its rows are here.
    Ready,
    /// Its rows are here, and some days were not complete when they were asked for.
    Provisional,
    /// Three tries did not bring it.
    Failed,
    /// Its days were forgotten: nothing is here, and nothing is asked until somebody asks for it again by hand.
    Forgotten,
}

impl WindowStatus {
    /// Whether rows are being served.
    #[must_use]
    pub fn has_rows(self) -> bool {
        matches!(self, Self::Ready | Self::Provisional)
    }

    /// Whether something is still to come without anybody doing anything.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::Asking | Self::Building | Self::Collecting)
    }
}

/// One window of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WindowInfo {
    /// Its id inside the report.
    pub id: String,
    /// The first UTC day; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub start: Option<Day>,
    /// The day after the last that is (being) asked for; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub end: Option<Day>,
    /// Where it stands. A window whose copy serves while it is asked again stays `ready` or `provisional`.
    pub state: WindowStatus,
    /// Where the next copy stands, while one is asked for and another serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<WindowStatus>,
    /// Tries that have gone wrong since it was last ready.
    pub tries: u8,
    /// Since when it stands there.
    pub since: Timestamp,
    /// When Lectern looks or tries next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// Echo360's id of the request that is being built, or failed last: for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_request_id: Option<String>,
    /// The first UTC day that was not complete when the copy was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub provisional_from: Option<Day>,
    /// What went wrong last, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// When its days were forgotten, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<Timestamp>,
    /// The copy that serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopyInfo>,
}

/// The copy that a window serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CopyInfo {
    /// Which one: rises with every copy.
    pub generation: u32,
    /// When Echo360 was asked for it.
    pub created: Timestamp,
    /// The UTC day after the last it covers; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub end: Option<Day>,
    /// Data rows; left out for whoever may not see all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Bytes of CSV, without the header; left out with the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// How the Scheduler fares: whether Echo360 answers and what is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SchedulerInfo {
    /// Upstream requests of ours that are unfinished, at most three.
    pub in_flight: u8,
    /// Windows that wait for a slot.
    pub queued: u32,
    /// How long Echo360 usually takes, by what it took lately; absent until a few windows are here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<BuildTimes>,
    /// Why nothing is being asked now, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Pause>,
}

/// How long Echo360 took to build lately: the middle eight of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuildTimes {
    /// One in ten took less, in milliseconds.
    pub low: i64,
    /// One in ten took more, in milliseconds.
    pub high: i64,
    /// How many windows this is from.
    #[serde(rename = "of")]
    pub sample_size: u32,
}

/// Why the Scheduler asks nothing for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pause {
    /// The kind.
    #[serde(rename = "why")]
    pub reason: PauseReason,
    /// In a sentence.
    pub detail: String,
    /// Until when, at the earliest.
    pub until: Timestamp,
}

/// The kinds of reasons for which the Scheduler waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PauseReason {
    /// Echo360 refuses the credentials: somebody has to act.
    CredentialsRefused,
    /// Echo360 fails or asks us to slow down.
    UpstreamDown,
    /// The account's slots are used by somebody else.
    LimitReached,
}

/// `GET /healthz` when all is well; else it is a problem that says what to set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// Settings are valid.
    pub ok: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
    fn what_is_recorded_is_called_the_same_everywhere() {
        for what in AuditAction::ALL {
            assert_eq!(serde_json::to_value(what).unwrap(), json!(what.slug()));
            assert_eq!(AuditAction::parse(what.slug()), Some(what));
        }
    }

    #[test]
    fn an_ask_with_a_field_that_nobody_knows_is_refused() {
        assert!(serde_json::from_value::<ReportRequest>(json!({"report": "asset"})).is_ok());
        assert!(
            serde_json::from_value::<ReportRequest>(json!({"report": "asset", "form": "2026-02-02"}))
                .is_err()
        );
    }
}
