//! Messages between the Worker and the Durable Objects: plain types, sent as JSON through each object's
//! `fetch`.

use crate::{crypto, object_namespace, response};
use domain::api::{AuditAction, CopyChoiceRequest, ReportRequest};
use domain::audit_log::AuditEntry;
use domain::auth_method::AuthMethod;
use domain::data_quality::FileFindings;
use domain::directory::ListedSection;
use domain::erasure::{
    ErasureRequest, IdentityLink, Invalidation, PersonIdentifier, SweepOutcome, Tombstones,
};
use domain::ids::{CourseId, Email, SectionId, UserId};
use domain::problem::{Code, Problem};
use domain::report::{ReportName, Shape};
use domain::role::{Role, RoleAssignment};
use domain::role_upload::RoleUpload;
use domain::scheduler::CollectProgress;
use domain::scope::{AccessScope, RowFilter};
use domain::share_link::ShareLink;
use domain::shared_accounts::AccountMarkRequest;
use domain::shrinkage::ShrinkageCheck;
use domain::time::{Day, Timestamp, iso};
use domain::window::WindowKey;
use domain::window_state::{self, CollectOutcome, WindowCopy};
use domain::zone::Zone;
use engine::published_week::{PublishedLibrary, PublishedNumbers};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use worker::{Env, Method, Request, RequestInit, Response, Stub};

/// A command to the Scheduler.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SchedulerCommand {
    /// The reports that Echo360 offers, restricted to the scope.
    ListReports(AccessScope),
    /// The courses and sections seen so far, restricted to the scope.
    ListCourses(AccessScope),
    /// The sections that Echo360 lists for a course: `Option<Vec<`[`ListedSection`]`>>`.
    ListSections(CourseId),
    /// Creates a request, within the quota of the role. Returns it. `zone` is that of the request, traced by the caller, since that
    /// takes milliseconds of processor time; `None` if there is no such zone.
    CreateRequest {
        person: String,
        role: Role,
        ask: ReportRequest,
        zone: Option<Zone>,
        access_scope: AccessScope,
    },
    /// All requests within the scope.
    ListRequests(AccessScope),
    /// One request.
    GetRequest { id: String, access_scope: AccessScope },
    /// Queues windows of a request again, within the quota of this person's role.
    RetryWindows { id: String, windows: Vec<String>, person: String, role: Role, access_scope: AccessScope },
    /// Withdraws a request.
    WithdrawRequest { id: String, access_scope: AccessScope },
    /// Finds a window that has rows: [`ReadableWindow`].
    FindWindow { report: String, window: String, part: CoursePart, access_scope: AccessScope },
    /// The windows of a range and their copies: [`DownloadPlan`]. `zone` as in [`Self::CreateRequest`].
    PlanDownload { ask: ReportRequest, zone: Option<Zone>, part: CoursePart, access_scope: AccessScope },
    /// A WindowStore reports the result of a collect job.
    FinishCollect(CollectResult),
    /// Starts an erasure; `by` is the person who asks for it.
    StartErasure { by: String, forget: ErasureRequest },
    /// All erasures.
    ListErasures,
    /// Cancels an erasure.
    CancelErasure { id: String },
    /// A WindowStore reports the result of erasing from its copy.
    FinishErasure { key: WindowKey, lease: u32, swept: SweepOutcome },
    /// What is unusual in files and lists: [`domain::data_quality::DataQuality`].
    ListQuality,
    /// The shared accounts, as hashes and, if `has_accounts`, themselves: [`domain::shared_accounts::SharedAccounts`].
    ListSharedAccounts { has_accounts: bool },
    /// Marks an account. Returns all, with the accounts themselves.
    MarkAccount { by: String, request: AccountMarkRequest },
    /// What the list of shared accounts says about a person: [`domain::shared_accounts::ListedAccount`]s.
    FindAccounts { person: Tombstones },
    /// What is to be searched for everything about a person: [`PersonExportPlan`].
    PlanPersonExport { person: PersonIdentifier },
    /// The windows whose newer copy has lost rows: [`domain::api::ShrunkenWindows`].
    ListShrunken,
    /// Chooses one of two copies, within the quota of administrators. Returns the windows that are left.
    ChooseCopy { person: String, choice: CopyChoiceRequest },
    /// Why an administrator has to act, if so: [`domain::upstream_health::UpstreamFailure`].
    GetUpstreamFailure,
    /// Sets the alarm if there is work to do and the alarm was lost, as after every command.
    Wake,
    /// The stored windows of a report, for a share of this course: [`AvailableWindows`].
    ListAvailable { report: ReportName, course: CourseId },
}

impl SchedulerCommand {
    /// The scope of the person for whom the command is carried out, if there is one.
    pub(crate) fn access_scope(&self) -> Option<&AccessScope> {
        match self {
            Self::ListReports(access_scope)
            | Self::ListCourses(access_scope)
            | Self::ListRequests(access_scope)
            | Self::CreateRequest { access_scope, .. }
            | Self::GetRequest { access_scope, .. }
            | Self::RetryWindows { access_scope, .. }
            | Self::WithdrawRequest { access_scope, .. }
            | Self::FindWindow { access_scope, .. }
            | Self::PlanDownload { access_scope, .. } => Some(access_scope),
            _ => None,
        }
    }
}

/// A command to a WindowStore.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum WindowStoreCommand {
    /// Starts collecting these files.
    Collect(CollectJob),
    /// The status of a lease: [`LeaseStatus`].
    GetLeaseStatus { lease: u32 },
    /// The rows, as a stream of frames. Without `generation`, of the newest copy.
    ReadRows {
        generation: Option<u32>,
        course: Option<CourseId>,
        /// The section's id, or its number, in its normal form.
        section: Option<String>,
        row_filter: RowFilter,
    },
    /// How many rows [`Self::ReadRows`] would send.
    CountRows {
        generation: u32,
        course: Option<CourseId>,
        /// The section's id, or its number, in its normal form.
        section: Option<String>,
        row_filter: RowFilter,
    },
    /// Rewrites the copy without erased rows. Returns the result when done.
    Erase(ErasureJob),
    /// The identifiers beside those of the tombstones' people in the newest copy: a set of [`IdentityLink`].
    FindLinks { key: WindowKey, tombstones: Tombstones },
    /// The header row of the newest copy and the rows about the tombstones' people in it, as CSV; nothing without such rows.
    ReadPersonRows { key: WindowKey, tombstones: Tombstones },
    /// Deletes everything. Returns when done.
    DeleteAll,
}

/// A command to the Registry.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum RegistryCommand {
    /// Who has this credential: [`Identity`], or nothing if the session has ended.
    Identify { credential: Credential },
    /// Opens a session, or records a wrong key.
    OpenSession(OpenSessionRequest),
    /// Signs out: revokes these credentials.
    SignOut { credentials: Vec<Credential>, audit_entry: AuditEntry },
    /// This person's sessions, or everybody's: [`domain::api::Sessions`]. `current` is the id of the caller's.
    ListSessions { person: Option<String>, current: Option<String> },
    /// Ends sessions.
    EndSessions { selection: SessionSelection, audit_entry: AuditEntry },
    /// Everybody who has a role, by address.
    ListPeople,
    /// What is held about a person: [`AccountRecord`].
    ReadAccount { email: Email },
    /// Assigns a role. Returns the person.
    AssignRole { email: Email, role_assignment: RoleAssignment, audit_entry: AuditEntry },
    /// Removes the role of the person with this id.
    RemoveRole { id: String, audit_entry: AuditEntry },
    /// Previews an upload of roles or, with the digest of a preview in `apply`, applies it:
    /// [`domain::api::RoleUploadResult`].
    ImportRoles { roster: RoleUpload, apply: Option<String>, audit_entry: AuditEntry },
    /// Counts windows that a person is about to read against what they may read in a day, and appends the entry.
    ChargeReading { person: String, windows: u32, audit_entry: Option<AuditEntry> },
    /// Appends to the audit log.
    AppendAuditEntries(Vec<AuditEntry>),
    /// A page of the audit log.
    ReadAuditLog(AuditFilter),
    /// A command about shares.
    Shares(SharesCommand),
    /// Compares the jurisdiction `today` of the settings with the recorded one; if none is recorded, records
    /// it if `may_record`. For [`jurisdiction_marker`] only.
    CheckJurisdiction { today: String, may_record: bool },
}

/// A command about shares.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SharesCommand {
    /// Whether shares are switched on, and the time zone of their weeks: `(bool, String)`.
    GetSettings,
    /// This person's shares, or everybody's.
    List { person: String, all: bool },
    /// Switches shares on or off. Returns the list of all shares.
    SetEnabled { on: bool, person: String, audit_entry: AuditEntry },
    /// The published weeks of a report and course: pairs of a week and its numbers.
    ListWeeks { report: String, course: CourseId },
    /// Publishes weeks that are not published yet, or by older rules, counted in this zone. Returns all published weeks.
    PublishWeeks { report: String, course: CourseId, zone: String, weeks: Vec<(String, StoredWeek)> },
    /// Creates a share: [`LinkedShare`], with its token.
    Create { id: String, stored: StoredShare, expires: Timestamp, audit_entry: AuditEntry },
    /// Changes a share: [`LinkedShare`], with a token if its link was replaced.
    Update { id: String, person: String, all: bool, change: ShareChange, audit_entry: AuditEntry },
    /// Deletes a share.
    Revoke { id: String, person: String, all: bool, audit_entry: AuditEntry },
    /// The key with which the tokens of links are signed, a random text. It is generated the first time.
    GetLinkKey,
    /// Opens a share with a verified link: [`OpenShareResponse`]. `cached` is the version of the content that the
    /// caller has.
    OpenShare { link: ShareLink, cached: Option<String> },
    /// Counts an opening of a share with a verified link.
    CountOpening(ShareLink),
    /// The verified link was called with its token in the path.
    RecordExposure(ShareLink),
    /// The origins that may embed a share; empty if the share does not exist.
    GetOrigins { id: String },
    /// Rows were erased that published weeks may have counted.
    RecordLoss(Invalidation),
}

/// A share as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredShare {
    /// The name that the owner gave it.
    pub(crate) name: String,
    /// The owner.
    pub(crate) owner: String,
    /// The method with which the owner was signed in when creating it.
    pub(crate) auth_method: AuthMethod,
    /// The report that it shows.
    pub(crate) report: domain::shares::ShareSubject,
    /// The course's UUID.
    pub(crate) course: CourseId,
    /// The section's UUID; `None` for the whole course.
    pub(crate) section: Option<SectionId>,
    /// The section's number, which identifies it in the library reports.
    pub(crate) number: Option<String>,
    /// In a share of a whole course, the sections that Echo360 listed for it when the share was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sections: Option<Vec<ListedSection>>,
    /// The course's code and name, and the section's number.
    pub(crate) course_label: String,
    /// The first day of its first week.
    #[serde(default, with = "iso::option")]
    pub(crate) from: Option<Day>,
    /// The last day of its last week.
    #[serde(default, with = "iso::option")]
    pub(crate) to: Option<Day>,
    /// When it was created.
    pub(crate) made: Timestamp,
    /// The origins whose pages may embed it.
    pub(crate) origins: Vec<String>,
    /// The weeks that it shows, by report.
    pub(crate) panels: Vec<StoredPanel>,
}

/// The weeks of one report that a share shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredPanel {
    /// The report.
    pub(crate) report: ReportName,
    /// Mondays as `YYYY-MM-DD`, or `@` and the time of a snapshot.
    pub(crate) weeks: Vec<String>,
}

/// A published week of a report and course. It contains only what may be shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredWeek {
    /// The numbers.
    #[serde(default)]
    pub(crate) shown: PublishedNumbers,
    /// The copies that it was counted from, as (window id, generation).
    pub(crate) sources: Vec<(String, u32)>,
    /// When a snapshot was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) taken: Option<Timestamp>,
    /// In a snapshot, the exact views of its sections, see [`PublishedLibrary`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) views: BTreeMap<String, u64>,
    /// Whether rows that it counted were erased. Its numbers are deleted then; of a snapshot, `views` are kept unless they
    /// were erased themselves.
    #[serde(default)]
    pub(crate) spent: bool,
}

impl StoredWeek {
    /// Whether its numbers may be shown: rows that it counted were not erased, and it was published by the current
    /// rules.
    pub(crate) fn is_usable(&self) -> bool {
        !self.spent && self.shown.is_current()
    }

    /// Whether it may be replaced by a count by the current rules.
    pub(crate) fn is_replaceable(&self) -> bool {
        !self.spent && !self.shown.is_current()
    }

    /// Limits a new count of a week by what was published of it by older rules. `None` if it was counted from other
    /// copies: other rows may have given other numbers, and their difference could reveal something about a student.
    pub(crate) fn limit_to_older(self, older: &Self) -> Option<Self> {
        (self.sources == older.sources)
            .then(|| Self { shown: self.shown.limit_to_older(&older.shown), ..self })
    }

    /// The snapshot with which later ones are compared; `None` for a week.
    pub(crate) fn library(&self) -> Option<PublishedLibrary> {
        let taken = self.taken?;
        Some(PublishedLibrary { shown: self.shown.clone(), taken, views: self.views.clone() })
    }
}

/// A change to a share; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct ShareChange {
    /// The new name.
    pub(crate) name: Option<String>,
    /// When it expires.
    pub(crate) expires: Option<Timestamp>,
    /// The origins whose pages may embed it.
    pub(crate) origins: Option<Vec<String>>,
    /// Whether to replace the link.
    pub(crate) rotate: bool,
}

/// A share that was created or changed.
#[derive(Serialize, Deserialize)]
pub(crate) struct LinkedShare {
    /// The share.
    pub(crate) share: Option<domain::shares::Share>,
    /// The token of its new link.
    pub(crate) token: Option<String>,
}

/// A share that opens.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenShareResponse {
    /// The version of its content. It changes with everything that the share shows.
    pub(crate) version: String,
    /// The content; `None` if the caller has this version.
    pub(crate) content: Option<OpenedShare>,
}

/// The content of a share that was opened.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenedShare {
    /// The share.
    pub(crate) stored: StoredShare,
    /// When it expires.
    pub(crate) expires: Timestamp,
    /// The published weeks of each panel.
    pub(crate) panels: Vec<Vec<(String, StoredWeek)>>,
    /// The time zone of the weeks.
    pub(crate) time_zone: String,
}

/// The stored windows of a report.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AvailableWindows {
    /// Windows that have copies, whole Monday weeks without parameters.
    pub(crate) windows: Vec<AvailableWindow>,
    /// The accounts that are counted as shared, as hashes.
    pub(crate) shared_accounts: Vec<u64>,
}

/// A window that has a copy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AvailableWindow {
    /// The window.
    pub(crate) key: WindowKey,
    /// The copy to read.
    pub(crate) copy: WindowCopy,
}

/// What to search for everything about a person.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PersonExportPlan {
    /// The person as in an erasure, with the identifier that was given.
    pub(crate) tombstones: Tombstones,
    /// All windows that may have rows about people.
    pub(crate) windows: Vec<WindowKey>,
}

/// What the Registry holds about a person, besides shares and the audit log.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountRecord {
    /// The person's id.
    pub(crate) id: String,
    /// The role and grants, if the person has a role.
    pub(crate) role: Option<domain::api::Person>,
    /// Until when tokens of Cloudflare Access are revoked, since the person signed out.
    pub(crate) signed_out: Option<Timestamp>,
}

/// A credential that an authentication provider has verified: an identity, not yet a role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Credential {
    /// A session that the Registry opened, by the hash of its id.
    Session { id: String },
    /// A token of Cloudflare Access: the person's address and the time when it was issued.
    Token { email: Email, issued: Timestamp },
}

impl Credential {
    /// The id under which the session is stored: a hash.
    pub(crate) fn session_id(&self) -> String {
        match self {
            Self::Session { id } => id.clone(),
            Self::Token { email, issued } => crypto::sha256_hex(&format!("token {} {email}", issued.0)),
        }
    }
}

/// Which sessions to end.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SessionSelection {
    /// The one with this id, as it is listed, if it is this person's or `owner` is `None`.
    One { id: String, owner: Option<String> },
    /// Those of the person with this id.
    Person { id: String },
    /// All.
    Everybody,
}

/// The person behind a credential, and their role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The name recorded in their requests, shares and audit entries.
    pub(crate) person: String,
    /// The method with which they signed in.
    pub(crate) auth_method: AuthMethod,
    /// Their role and grants, if a role was assigned.
    pub(crate) role_assignment: Option<RoleAssignment>,
}

/// A sign-in attempt with a key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenSessionRequest {
    /// The hash of the client's network.
    pub(crate) address: String,
    /// The client's network, for the audit log.
    pub(crate) network: String,
    /// Whether the key was right.
    pub(crate) is_right: bool,
    /// The hash of the session's id.
    pub(crate) id: String,
    /// The person.
    pub(crate) person: String,
    /// The method with which they signed in.
    pub(crate) auth_method: AuthMethod,
    /// The entry to record if the session opens.
    pub(crate) audit_entry: AuditEntry,
}

/// A filter of the audit log's entries. Fields that are `None` do not filter.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct AuditFilter {
    /// The first day, in UTC.
    #[serde(default, with = "iso::option")]
    pub(crate) from: Option<Day>,
    /// The last day, in UTC, inclusive.
    #[serde(default, with = "iso::option")]
    pub(crate) to: Option<Day>,
    /// The id of the person.
    pub(crate) person: Option<String>,
    /// Only changes of the role of the person with this address, whoever made them.
    #[serde(default)]
    pub(crate) role_of: Option<Email>,
    /// The action.
    pub(crate) what: Option<AuditAction>,
    /// Only entries with a smaller id, for paging.
    pub(crate) before: Option<u64>,
    /// For an export: only entries that changed after this place, in the order of their changes.
    #[serde(default)]
    pub(crate) after: Option<u64>,
}

/// The job of erasing rows from a stored copy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ErasureJob {
    /// The window.
    pub(crate) key: WindowKey,
    /// The lease, which becomes the generation of the remaining rows.
    pub(crate) lease: u32,
    /// The rows to drop; emptied when the job is done.
    pub(crate) tombstones: Tombstones,
}

/// The job of collecting the files of one window.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CollectJob {
    /// The window.
    pub(crate) key: WindowKey,
    /// The lease, which becomes the copy's generation.
    pub(crate) lease: u32,
    /// The deadline.
    pub(crate) until: Timestamp,
    /// The signed links of the files. They are secrets.
    pub(crate) links: Vec<String>,
    /// The rows to drop; emptied when the job is done.
    #[serde(default)]
    pub(crate) tombstones: Tombstones,
    /// Whether to delete the replaced copy at once.
    #[serde(default)]
    pub(crate) at_once: bool,
    /// Further ids of erased people, found in its rows; empty until it is done.
    #[serde(default)]
    pub(crate) found: BTreeSet<IdentityLink>,
    /// What is unusual in its files; `None` until they were read.
    #[serde(default)]
    pub(crate) quality: Option<FileFindings>,
    /// The shared accounts that were found in its files; deleted when they were reported.
    #[serde(default)]
    pub(crate) shared_accounts: BTreeSet<UserId>,
    /// How the new copy is compared with the one that it would replace.
    #[serde(default)]
    pub(crate) shrinkage_check: Option<ShrinkageCheck>,
}

impl std::fmt::Debug for CollectJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CollectJob({} lease {}, {} links)", self.key.full_id(), self.lease, self.links.len())
    }
}

/// The result of a collect job.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CollectResult {
    /// The window.
    pub(crate) key: WindowKey,
    /// The lease.
    pub(crate) lease: u32,
    /// How the job ended.
    pub(crate) outcome: CollectOutcome,
    /// The sections in its rows.
    pub(crate) sections: Vec<SectionRow>,
    /// Further ids of erased people, found in the rows.
    pub(crate) found: BTreeSet<IdentityLink>,
    /// What is unusual in the files, if they were read.
    #[serde(default)]
    pub(crate) quality: Option<FileFindings>,
    /// The shared accounts that were found in its files; deleted when they were reported.
    #[serde(default)]
    pub(crate) shared_accounts: BTreeSet<UserId>,
}

/// The response to [`WindowStoreCommand::GetLeaseStatus`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LeaseStatus {
    /// The progress of the job.
    pub(crate) inquiry: CollectProgress,
    /// The sections in its rows; empty until it is done.
    pub(crate) sections: Vec<SectionRow>,
    /// Further ids of erased people, found in its rows; empty until it is done.
    pub(crate) found: BTreeSet<IdentityLink>,
    /// What is unusual in its files; `None` until they were read.
    #[serde(default)]
    pub(crate) quality: Option<FileFindings>,
    /// The shared accounts that were found in its files; deleted when they were reported.
    #[serde(default)]
    pub(crate) shared_accounts: BTreeSet<UserId>,
}

impl LeaseStatus {
    /// The status of a lease that the WindowStore does not know.
    pub(crate) fn unknown() -> Self {
        Self {
            inquiry: CollectProgress::Unknown,
            sections: Vec::new(),
            found: BTreeSet::new(),
            quality: None,
            shared_accounts: BTreeSet::new(),
        }
    }
}

/// A section as named in rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SectionRow {
    /// The course's UUID.
    pub(crate) course: String,
    /// The section's UUID, or its number where a report has no UUID.
    pub(crate) section: String,
    /// The course's code.
    pub(crate) code: String,
    /// The course's name.
    pub(crate) name: String,
    /// The section's number.
    pub(crate) number: String,
}

/// The course and section that a reader of rows names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CoursePart {
    /// The course's id.
    pub(crate) course: Option<CourseId>,
    /// The section's id, or its number, in its normal form.
    pub(crate) section: Option<String>,
}

/// A window that has rows, and the rows that the visitor may read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReadableWindow {
    /// The window.
    pub(crate) key: WindowKey,
    /// The filter of the slices that may be sent.
    pub(crate) row_filter: RowFilter,
    /// Whether any rows are of the course and section that were named.
    pub(crate) is_known: bool,
}

/// The windows that a download reads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DownloadPlan {
    /// How the report's rows relate to time.
    pub(crate) shape: Shape,
    /// The windows, oldest first.
    pub(crate) windows: Vec<PlannedWindow>,
    /// The time up to which the copies must have rows.
    pub(crate) needed_until: Option<Timestamp>,
    /// The zone of the range's days.
    pub(crate) zone: Zone,
    /// The range as instants, if the report's rows can be trimmed.
    pub(crate) span: Option<domain::range::Span>,
    /// The filter of the slices that may be sent.
    pub(crate) row_filter: RowFilter,
    /// Whether any rows are of the course and section that were named.
    pub(crate) is_known: bool,
}

/// One window of a [`DownloadPlan`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlannedWindow {
    /// The window.
    pub(crate) key: WindowKey,
    /// The copy to read.
    pub(crate) copy: Option<WindowCopy>,
    /// The failure, if it has one.
    pub(crate) failed: Option<WindowFailure>,
}

/// Why a window has no rows: it failed, or it was erased.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WindowFailure {
    /// Its id.
    pub(crate) window: String,
    /// What went wrong, as a sentence.
    pub(crate) fault: String,
    /// The upstream request's id, for Echo360's support.
    pub(crate) upstream: Option<String>,
    /// Whether its days were erased, in which case there was no failure.
    #[serde(default)]
    pub(crate) forgotten: bool,
}

impl WindowFailure {
    /// Why this window has no rows, if it failed or was erased.
    pub(crate) fn from_window(window: &window_state::Window) -> Option<Self> {
        let forgotten = window.erasure.forgotten.is_some() && window.state == window_state::WindowState::Idle;
        let fault = window.fault.as_ref().filter(|_| window.state == window_state::WindowState::Failed);
        let upstream = fault.and_then(|fault| fault.upstream.as_ref());
        (forgotten || fault.is_some()).then(|| Self {
            window: window.key.id(),
            fault: fault.map(|fault| fault.detail.clone()).unwrap_or_default(),
            upstream: upstream.map(|id| id.as_str().to_owned()),
            forgotten,
        })
    }

    /// Removes what the access scope may not see.
    pub(crate) fn redact(self, access_scope: &AccessScope) -> Self {
        Self { fault: access_scope.redact_fault(self.fault), ..self }
    }
}

/// The stub of an institution's Scheduler.
pub(crate) fn scheduler(env: &Env, name: &str) -> worker::Result<Stub> {
    object_namespace::namespace(env, "SCHEDULER")?.id_from_name(name)?.get_stub()
}

/// The stub of an institution's Registry.
pub(crate) fn registry(env: &Env, scheduler_name: &str) -> worker::Result<Stub> {
    object_namespace::namespace(env, "REGISTRY")?.id_from_name(scheduler_name)?.get_stub()
}

/// The stub of the object, of the Registry's class, that records an institution's jurisdiction. It belongs to
/// no jurisdiction itself.
pub(crate) fn jurisdiction_marker(env: &Env, scheduler_name: &str) -> worker::Result<Stub> {
    env.durable_object("REGISTRY")?.id_from_name(&format!("{scheduler_name}/jurisdiction"))?.get_stub()
}

/// The stub of a WindowStore. Its object name is the Scheduler's name and the window's id.
pub(crate) fn window_store(env: &Env, scheduler_name: &str, key: &WindowKey) -> worker::Result<Stub> {
    object_namespace::namespace(env, "WINDOW_STORE")?
        .id_from_name(&format!("{scheduler_name}/{}", key.full_id()))?
        .get_stub()
}

/// Sends a command and returns the raw response, which may be a problem.
pub(crate) async fn send<T: Serialize>(stub: &Stub, command: &T) -> worker::Result<Response> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(serde_json::to_string(command)?.into()));
    stub.fetch_with_request(Request::new_with_init("https://object/", &init)?).await
}

/// Sends a command and parses the response.
///
/// # Errors
/// The problem that the object responded with, or `internal` if it did not respond.
pub(crate) async fn call<T: Serialize, A: DeserializeOwned>(stub: &Stub, command: &T) -> Result<A, Problem> {
    let bytes = call_for_bytes(stub, command).await?;
    // Not `from_slice`: everything else is parsed from text, and a second reader would double the code of all parsers.
    let text = String::from_utf8_lossy(&bytes);
    serde_json::from_str(&text).map_err(|error| response::internal_error(&error.into()))
}

/// Sends a command whose response is bytes.
///
/// # Errors
/// As [`call`].
pub(crate) async fn call_for_bytes<T: Serialize>(stub: &Stub, command: &T) -> Result<Vec<u8>, Problem> {
    let answer = async {
        let mut response = send(stub, command).await?;
        let bytes = response.bytes().await?;
        worker::Result::Ok((response.status_code(), bytes))
    };
    let (status, bytes) = answer.await.map_err(|error| response::internal_error(&error))?;
    if (200..300).contains(&status) {
        Ok(bytes)
    } else {
        Err(serde_json::from_str(&String::from_utf8_lossy(&bytes)).unwrap_or_else(|_| {
            Problem::new(Code::Internal, "Something went wrong inside Lectern. Try again.")
        }))
    }
}
