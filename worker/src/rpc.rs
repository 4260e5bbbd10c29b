//! Messages between the Worker and the Durable Objects: plain types, sent as JSON through each object's
//! `fetch`.

use crate::{object_namespace, response};
use domain::api::{AuditAction, CopyChoiceRequest, ReportRequest};
use domain::audit_buffer::CountedEntry;
use domain::auth_method::AuthMethod;
use domain::data_quality::FileFindings;
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
use domain::shared_accounts::AccountMarkRequest;
use domain::shrinkage::ShrinkageCheck;
use domain::time::{Day, Timestamp, iso};
use domain::window::WindowKey;
use domain::window_state::{self, CollectOutcome, WindowCopy};
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
    /// Creates a request, within the quota of the role. Returns it.
    CreateRequest { person: String, role: Role, ask: ReportRequest, access_scope: AccessScope },
    /// All requests within the scope.
    ListRequests(AccessScope),
    /// One request.
    GetRequest { id: String, access_scope: AccessScope },
    /// Queues windows of a request again, within the quota of this person's role.
    RetryWindows { id: String, windows: Vec<String>, person: String, role: Role, access_scope: AccessScope },
    /// Withdraws a request.
    WithdrawRequest { id: String, access_scope: AccessScope },
    /// Finds a window that has rows: [`ReadableWindow`].
    FindWindow { report: String, window: String, access_scope: AccessScope },
    /// The windows of a range and their copies: [`DownloadPlan`].
    PlanDownload { ask: ReportRequest, access_scope: AccessScope },
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
    /// What is unusual in the files of every window that has rows: [`domain::data_quality::DataQuality`].
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
    /// The stored windows of a report, for a share of this course: [`AvailableWindows`].
    ListAvailable { report: ReportName, course: CourseId },
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
    /// Publishes weeks that are not published yet, counted in this zone. Returns all published weeks.
    PublishWeeks { report: String, course: CourseId, zone: String, weeks: Vec<(String, StoredWeek)> },
    /// Creates a share: [`domain::shares::Share`].
    Create { id: String, token: String, stored: StoredShare, expires: Timestamp, audit_entry: AuditEntry },
    /// Changes a share.
    Update { id: String, person: String, all: bool, change: ShareChange, audit_entry: AuditEntry },
    /// Deletes a share.
    Revoke { id: String, person: String, all: bool, audit_entry: AuditEntry },
    /// Opens a share with its token: [`OpenedShare`].
    OpenShare(ShareCredential),
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
    /// In a snapshot, the views of all sections, see [`PublishedLibrary`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) views: BTreeMap<String, u64>,
    /// Whether rows that it counted were erased. Its numbers are deleted then.
    #[serde(default)]
    pub(crate) spent: bool,
}

impl StoredWeek {
    /// The snapshot with which later ones are compared.
    pub(crate) fn library(&self) -> PublishedLibrary {
        PublishedLibrary { shown: self.shown.clone(), views: self.views.clone() }
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
    /// The hash of another token.
    pub(crate) token: Option<String>,
}

/// A token that somebody presents to open a share.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ShareCredential {
    /// The hash of the token.
    pub(crate) token: String,
    /// The share's id in the page's URL, if it is embedded.
    pub(crate) id: Option<String>,
    /// The network of the client.
    pub(crate) address: String,
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

/// An entry of the audit log, without its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuditEntry {
    /// The person; empty if not authenticated.
    pub(crate) person: String,
    /// Their role.
    pub(crate) role: Option<Role>,
    /// Their access scope as text.
    pub(crate) scope: String,
    /// The action.
    pub(crate) what: AuditAction,
    /// The object of the action, as text.
    pub(crate) view: String,
    /// The number of occurrences.
    pub(crate) count: u32,
}

impl CountedEntry for AuditEntry {
    fn is_same_entry(&self, other: &Self) -> bool {
        self.what == other.what
            && self.view == other.view
            && self.person == other.person
            && self.scope == other.scope
            && self.role == other.role
    }

    fn count(&mut self) -> &mut u32 {
        &mut self.count
    }
}

impl AuditEntry {
    /// An entry for `count` entries that were dropped from a full buffer.
    pub(crate) fn for_dropped(count: u32) -> Self {
        Self { count, ..Self::for_rejection("lines-lost") }
    }

    /// An entry for a request that was not authenticated.
    pub(crate) fn for_rejection(reason: &str) -> Self {
        Self {
            person: String::new(),
            role: None,
            scope: String::new(),
            what: AuditAction::Refused,
            view: reason.to_owned(),
            count: 1,
        }
    }
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

/// A window that has rows, and the rows that the visitor may read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReadableWindow {
    /// The window.
    pub(crate) key: WindowKey,
    /// The filter of the slices that may be sent.
    pub(crate) row_filter: RowFilter,
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
    pub(crate) zone: domain::zone::Zone,
    /// The range as instants, if the report's rows can be trimmed.
    pub(crate) span: Option<domain::range::Span>,
    /// The filter of the slices that may be sent.
    pub(crate) row_filter: RowFilter,
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
