//! What the Worker, the Scheduler and the WindowStores say to each other: plain types over the objects' own `fetch`.

use crate::{jurisdiction, response};
use domain::api::{AuditAction, AuthMethod, ReportRequest};
use domain::audit_buffer::CountedEntry;
use domain::erasure::{ErasureRequest, IdentityLink, Invalidation, SweepOutcome, Tombstones};
use domain::ids::{CourseId, Email, SectionId};
use domain::problem::{Code, Problem};
use domain::report::{ReportName, Shape};
use domain::role_upload::RoleUpload;
use domain::scheduler::CollectProgress;
use domain::scope::{AccessScope, Role, RoleAssignment, RowFilter};
use domain::time::{Day, Timestamp, iso};
use domain::window::WindowKey;
use domain::window_state::{self, CollectOutcome, WindowCopy};
use engine::published_week::{PublishedLibrary, PublishedNumbers};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use worker::{Env, Method, Request, RequestInit, Response, Stub};

/// Everything that is asked of a Scheduler.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SchedulerCommand {
    /// What Echo360 offers, as far as it can be seen.
    ListReports(AccessScope),
    /// The courses and sections seen so far, those within reach.
    ListCourses(AccessScope),
    /// A person's ask, within the quota of their role; answered with the request.
    CreateRequest { person: String, role: Role, ask: ReportRequest, access_scope: AccessScope },
    /// All requests within reach.
    ListRequests(AccessScope),
    /// One request.
    GetRequest { id: String, access_scope: AccessScope },
    /// Ask a request's windows again, within the quota of the role of whoever does.
    RetryWindows { id: String, windows: Vec<String>, person: String, role: Role, access_scope: AccessScope },
    /// Stop waiting.
    WithdrawRequest { id: String, access_scope: AccessScope },
    /// Which window this is, if it has rows: [`ReadableWindow`].
    FindWindow { report: String, window: String, access_scope: AccessScope },
    /// The windows of a range and their copies: [`DownloadPlan`].
    PlanDownload { ask: ReportRequest, access_scope: AccessScope },
    /// A WindowStore's word on a lease.
    FinishCollect(CollectResult),
    /// Somebody wants something forgotten.
    StartErasure { by: String, forget: ErasureRequest },
    /// What is forgotten.
    ListErasures,
    /// Take a forgetting back.
    CancelErasure { id: String },
    /// A WindowStore's word on going over its copy.
    FinishErasure { key: WindowKey, lease: u32, swept: SweepOutcome },
    /// What is here of a report, for a share of this course: [`AvailableWindows`].
    ListAvailable { report: ReportName, course: CourseId },
}

/// Everything that is asked of a WindowStore.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum WindowStoreCommand {
    /// Collect these files.
    Collect(CollectJob),
    /// What became of a lease: [`LeaseStatus`].
    GetLeaseStatus { lease: u32 },
    /// The rows, as frames.
    ReadRows {
        generation: Option<u32>,
        course: Option<CourseId>,
        /// The section's id, or its number, in its normal form.
        section: Option<String>,
        row_filter: RowFilter,
    },
    /// Go over the copy; answered with how that ended, once it has.
    Erase(ErasureJob),
    /// Delete everything; answered when that is done.
    DeleteAll,
}

/// Everything that is asked of a Registry.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum RegistryCommand {
    /// Who this is, and what they may do: [`Identity`], or nothing when their session is over.
    Identify { credential: Credential },
    /// Opens a session, or notes that the key was wrong.
    OpenSession(OpenSessionRequest),
    /// Signs out: none of these holds any more.
    SignOut { credentials: Vec<Credential>, audit_entry: AuditEntry },
    /// Everybody who has a role: people by address.
    ListPeople,
    /// Gives a role: the person.
    AssignRole { email: Email, role_assignment: RoleAssignment, audit_entry: AuditEntry },
    /// Takes the role of the person of this id.
    RemoveRole { id: String, audit_entry: AuditEntry },
    /// What an upload would change, or, with the digest of that, changes it: [`domain::api::RoleUploadResult`].
    ImportRoles { roster: RoleUpload, apply: Option<String>, audit_entry: AuditEntry },
    /// Writes into the audit log.
    AppendAuditEntries(Vec<AuditEntry>),
    /// A page of the audit log.
    ReadAuditLog(AuditFilter),
    /// Whatever is about shares.
    Shares(SharesCommand),
    /// Compares the jurisdiction of the settings with the recorded one; where none is recorded, records it if `may_record`. For
    /// [`jurisdiction_marker`] only.
    CheckJurisdiction { today: String, may_record: bool },
}

/// Everything that is asked about shares.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SharesCommand {
    /// Whether they are switched on, and the zone of their weeks.
    GetSettings,
    /// This person's shares, or everybody's.
    List { person: String, all: bool },
    /// Switches them on or off: the list.
    SetEnabled { on: bool, person: String, audit_entry: AuditEntry },
    /// The weeks of a report and course that are frozen: pairs of a week and what it says.
    ListWeeks { report: String, course: CourseId },
    /// Freezes weeks of this zone, those that are not frozen yet: all that are then.
    PublishWeeks { report: String, course: CourseId, zone: String, weeks: Vec<(String, StoredWeek)> },
    /// Makes a share: [`domain::shares::Share`].
    Create { id: String, token: String, stored: StoredShare, expires: Timestamp, audit_entry: AuditEntry },
    /// Changes one.
    Update { id: String, person: String, all: bool, change: ShareChange, audit_entry: AuditEntry },
    /// Deletes one.
    Revoke { id: String, person: String, all: bool, audit_entry: AuditEntry },
    /// Opens one: [`OpenedShare`].
    OpenShare(ShareCredential),
    /// Which origins may embed it; none of one that is not there.
    GetOrigins { id: String },
    /// Rows that frozen weeks may have counted are gone.
    RecordLoss(Invalidation),
}

/// A share as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredShare {
    /// What its owner calls it.
    pub(crate) name: String,
    /// Whose it is.
    pub(crate) owner: String,
    /// How they had come in when they made it.
    pub(crate) auth_method: AuthMethod,
    /// What it shows.
    pub(crate) report: domain::shares::ShareSubject,
    /// The course's UUID.
    pub(crate) course: CourseId,
    /// The section's UUID; absent for the whole course.
    pub(crate) section: Option<SectionId>,
    /// The section's number, by which some reports know it.
    pub(crate) number: Option<String>,
    /// The course's code and name, and the section's number.
    pub(crate) course_label: String,
    /// The first day of its first week.
    #[serde(default, with = "iso::option")]
    pub(crate) from: Option<Day>,
    /// The last day of its last week.
    #[serde(default, with = "iso::option")]
    pub(crate) to: Option<Day>,
    /// When it was made.
    pub(crate) made: Timestamp,
    /// Whose pages may embed it.
    pub(crate) origins: Vec<String>,
    /// Which weeks it shows.
    pub(crate) panels: Vec<StoredPanel>,
}

/// The weeks that a share shows of one report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredPanel {
    /// The report.
    pub(crate) report: ReportName,
    /// Mondays, or `@` and the moment of a snapshot.
    pub(crate) weeks: Vec<String>,
}

/// A week of a report and course, frozen: what may be shown of it and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredWeek {
    /// Its numbers.
    #[serde(default)]
    pub(crate) shown: PublishedNumbers,
    /// The copies that it is from: windows with their generations.
    pub(crate) sources: Vec<(String, u32)>,
    /// When a snapshot was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) taken: Option<Timestamp>,
    /// Of a snapshot the views of all sections: see [`PublishedLibrary`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) views: BTreeMap<String, u64>,
    /// Whether rows that it counted were forgotten: nothing of it is shown any more.
    #[serde(default)]
    pub(crate) spent: bool,
}

impl StoredWeek {
    /// A snapshot, as those after it are held against.
    pub(crate) fn library(&self) -> PublishedLibrary {
        PublishedLibrary { shown: self.shown.clone(), views: self.views.clone() }
    }
}

/// What is changed of a share.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct ShareChange {
    /// Its name.
    pub(crate) name: Option<String>,
    /// Until when it opens.
    pub(crate) expires: Option<Timestamp>,
    /// Whose pages may embed it.
    pub(crate) origins: Option<Vec<String>>,
    /// The hash of another token.
    pub(crate) token: Option<String>,
}

/// Somebody brings a token.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ShareCredential {
    /// Its hash.
    pub(crate) token: String,
    /// The id that the page stands under.
    pub(crate) id: Option<String>,
    /// The network it came from.
    pub(crate) address: String,
}

/// A share that opened.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenedShare {
    /// What it is.
    pub(crate) stored: StoredShare,
    /// Until when it opens.
    pub(crate) expires: Timestamp,
    /// The frozen weeks of each of its panels.
    pub(crate) panels: Vec<Vec<(String, StoredWeek)>>,
    /// The zone of its weeks.
    pub(crate) time_zone: String,
}

/// What is here of a report.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AvailableWindows {
    /// Windows with copies, of the usual cut and without parameters.
    pub(crate) windows: Vec<AvailableWindow>,
}

/// A window with a copy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AvailableWindow {
    /// Its key.
    pub(crate) key: WindowKey,
    /// The copy that serves.
    pub(crate) copy: WindowCopy,
}

/// What a way in has found out by itself: who it is, before anybody is asked what they may do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Credential {
    /// A session of ours, by the hash of its id.
    Session { id: String },
    /// A token of Access.
    Token { email: Email, issued: Timestamp },
}

/// Somebody whom the Registry knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The name by which requests are theirs.
    pub(crate) person: String,
    /// How they came in.
    pub(crate) auth_method: AuthMethod,
    /// What they may do, if anybody gave them a role.
    pub(crate) role_assignment: Option<RoleAssignment>,
}

/// A session to be opened, if the key was right.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenSessionRequest {
    /// The client's address, hashed.
    pub(crate) address: String,
    /// Whether the key was right.
    pub(crate) is_right: bool,
    /// The hash of the session's id.
    pub(crate) id: String,
    /// Whose it is.
    pub(crate) person: String,
    /// How they came in.
    pub(crate) auth_method: AuthMethod,
    /// What is recorded.
    pub(crate) audit_entry: AuditEntry,
}

/// What goes into the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuditEntry {
    /// Who; empty for strangers.
    pub(crate) person: String,
    /// With which role.
    pub(crate) role: Option<Role>,
    /// What they could see.
    pub(crate) scope: String,
    /// What was done.
    pub(crate) what: AuditAction,
    /// On what.
    pub(crate) view: String,
    /// How often.
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
    /// So many lines found no room.
    pub(crate) fn for_dropped(count: u32) -> Self {
        Self { count, ..Self::for_rejection("lines-lost") }
    }

    /// A stranger was refused.
    pub(crate) fn for_rejection(why: &str) -> Self {
        Self {
            person: String::new(),
            role: None,
            scope: String::new(),
            what: AuditAction::Refused,
            view: why.to_owned(),
            count: 1,
        }
    }
}

/// Which lines of the audit log.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct AuditFilter {
    /// From this UTC day on.
    #[serde(default, with = "iso::option")]
    pub(crate) from: Option<Day>,
    /// Up to this UTC day, included.
    #[serde(default, with = "iso::option")]
    pub(crate) to: Option<Day>,
    /// Of the person of this id.
    pub(crate) person: Option<String>,
    /// Of this kind.
    pub(crate) what: Option<AuditAction>,
    /// Before this line.
    pub(crate) before: Option<u64>,
}

/// What is to be kept out of a copy that is here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ErasureJob {
    /// Which window.
    pub(crate) key: WindowKey,
    /// Under which lease: the generation of what is left.
    pub(crate) lease: u32,
    /// What is kept out; nothing once it is done.
    pub(crate) tombstones: Tombstones,
}

/// A file, or several, for a WindowStore to collect.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CollectJob {
    /// Which window.
    pub(crate) key: WindowKey,
    /// Under which lease; the copy's generation.
    pub(crate) lease: u32,
    /// By when it must be done.
    pub(crate) until: Timestamp,
    /// Signed links: secrets.
    pub(crate) links: Vec<String>,
    /// What is kept out; nothing once it is done.
    #[serde(default)]
    pub(crate) tombstones: Tombstones,
    /// Whether the copy that it replaces is to go at once.
    #[serde(default)]
    pub(crate) at_once: bool,
    /// Further ids of forgotten people that its rows told, once it is done.
    #[serde(default)]
    pub(crate) found: BTreeSet<IdentityLink>,
}

impl std::fmt::Debug for CollectJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CollectJob({} lease {}, {} links)", self.key.full_id(), self.lease, self.links.len())
    }
}

/// How a lease ended, and the sections that its rows name.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CollectResult {
    /// Which window.
    pub(crate) key: WindowKey,
    /// Which lease.
    pub(crate) lease: u32,
    /// How it ended.
    pub(crate) outcome: CollectOutcome,
    /// What its rows name.
    pub(crate) sections: Vec<SectionRow>,
    /// Further ids of forgotten people.
    pub(crate) found: BTreeSet<IdentityLink>,
}

/// A WindowStore's answer to [`WindowStoreCommand::GetLeaseStatus`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LeaseStatus {
    /// What became of it.
    pub(crate) inquiry: CollectProgress,
    /// What its rows name, when it is done.
    pub(crate) sections: Vec<SectionRow>,
    /// Further ids of forgotten people, when it is done.
    pub(crate) found: BTreeSet<IdentityLink>,
}

impl LeaseStatus {
    /// Nobody has heard of it.
    pub(crate) fn unknown() -> Self {
        Self { inquiry: CollectProgress::Unknown, sections: Vec::new(), found: BTreeSet::new() }
    }
}

/// A section as rows name it.
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

/// A window that has rows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReadableWindow {
    /// Its key.
    pub(crate) key: WindowKey,
    /// Which of its slices may be sent.
    pub(crate) row_filter: RowFilter,
}

/// A range's windows, for a download.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DownloadPlan {
    /// How the report's rows relate to time.
    pub(crate) shape: Shape,
    /// Oldest first.
    pub(crate) windows: Vec<PlannedWindow>,
    /// Until when rows must be here.
    pub(crate) needed_until: Option<Timestamp>,
    /// The instants of the range, where rows are trimmed.
    pub(crate) span: Option<domain::range::Span>,
    /// Which slices may be sent.
    pub(crate) row_filter: RowFilter,
}

/// One window of a [`DownloadPlan`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlannedWindow {
    /// Its key.
    pub(crate) key: WindowKey,
    /// The copy that serves.
    pub(crate) copy: Option<WindowCopy>,
    /// How it failed, if it did.
    pub(crate) failed: Option<WindowFailure>,
}

/// How a window without rows failed, or that it was forgotten.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WindowFailure {
    /// Its id.
    pub(crate) window: String,
    /// What went wrong, in a sentence.
    pub(crate) fault: String,
    /// What to give to Echo360's support.
    pub(crate) upstream: Option<String>,
    /// Whether it did not fail at all: its days were forgotten.
    #[serde(default)]
    pub(crate) forgotten: bool,
}

impl WindowFailure {
    /// How this window failed, if it did.
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

    /// The same as it may be told.
    pub(crate) fn redact(self, access_scope: &AccessScope) -> Self {
        Self { fault: access_scope.redact_fault(self.fault), ..self }
    }
}

/// The stub of an institution's Scheduler.
pub(crate) fn scheduler(env: &Env, name: &str) -> worker::Result<Stub> {
    jurisdiction::namespace(env, "SCHEDULER")?.id_from_name(name)?.get_stub()
}

/// The stub of an institution's Registry.
pub(crate) fn registry(env: &Env, scheduler_name: &str) -> worker::Result<Stub> {
    jurisdiction::namespace(env, "REGISTRY")?.id_from_name(scheduler_name)?.get_stub()
}

/// The stub of the Registry's object that records an institution's jurisdiction. It belongs to none itself.
pub(crate) fn jurisdiction_marker(env: &Env, scheduler_name: &str) -> worker::Result<Stub> {
    env.durable_object("REGISTRY")?.id_from_name(&format!("{scheduler_name}/jurisdiction"))?.get_stub()
}

/// The stub of a WindowStore, named by its Scheduler's name and its own.
pub(crate) fn window_store(env: &Env, scheduler_name: &str, key: &WindowKey) -> worker::Result<Stub> {
    jurisdiction::namespace(env, "WINDOW_STORE")?
        .id_from_name(&format!("{scheduler_name}/{}", key.full_id()))?
        .get_stub()
}

/// Sends a command and returns the raw answer, which may be a problem.
pub(crate) async fn send<T: Serialize>(stub: &Stub, command: &T) -> worker::Result<Response> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(serde_json::to_string(command)?.into()));
    stub.fetch_with_request(Request::new_with_init("https://object/", &init)?).await
}

/// Sends a command and reads the answer.
///
/// # Errors
/// The problem that came back, or one that says that the object did not answer.
pub(crate) async fn call<T: Serialize, A: DeserializeOwned>(stub: &Stub, command: &T) -> Result<A, Problem> {
    let answer = async {
        let mut response = send(stub, command).await?;
        let text = response.text().await?;
        worker::Result::Ok((response.status_code(), text))
    };
    let (status, text) = answer.await.map_err(|error| response::internal_error(&error))?;
    if (200..300).contains(&status) {
        serde_json::from_str(&text).map_err(|error| response::internal_error(&error.into()))
    } else {
        Err(serde_json::from_str(&text).unwrap_or_else(|_| {
            Problem::new(Code::Internal, "Something went wrong inside Lectern. Try again.")
        }))
    }
}
