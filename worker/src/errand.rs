//! What the Worker, the Desk and the Windows say to each other: plain types over the objects' own `fetch`.

use crate::answer;
use domain::api::{AuditAction, AuthMethod, ReportRequest};
use domain::audit_buffer::CountedEntry;
use domain::erasure::{ErasureRequest, IdentityLink, Invalidation, SweepOutcome, Tombstones};
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

/// Everything that is asked of a Desk.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToDesk {
    /// What Echo360 offers, as far as it can be seen.
    Reports(AccessScope),
    /// The courses and sections seen so far, those within reach.
    Courses(AccessScope),
    /// A person's ask, within the quota of their role; answered with the request.
    Ask { person: String, role: Role, ask: ReportRequest, reach: AccessScope },
    /// All requests within reach.
    Requests(AccessScope),
    /// One request.
    Request { id: String, reach: AccessScope },
    /// Ask a request's windows again, within the quota of the role of whoever does.
    Retry { id: String, windows: Vec<String>, person: String, role: Role, reach: AccessScope },
    /// Stop waiting.
    Withdraw { id: String, reach: AccessScope },
    /// Which window this is, if it has rows: [`Found`].
    Find { report: String, window: String, reach: AccessScope },
    /// The windows of a range and their copies: [`Plan`].
    Plan { ask: ReportRequest, reach: AccessScope },
    /// A Window's word on a lease.
    Collected(Told),
    /// Somebody wants something forgotten.
    Forget { by: String, forget: ErasureRequest },
    /// What is forgotten.
    Forgettings,
    /// Take a forgetting back.
    Lift { id: String },
    /// A Window's word on going over its copy.
    Swept { key: WindowKey, lease: u32, swept: SweepOutcome },
    /// What is here of a report, for a share of this course: [`Held`].
    Held { report: ReportName, course: String },
}

/// Everything that is asked of a Window.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToWindow {
    /// Collect these files.
    Collect(Job),
    /// What became of a lease: [`Word`].
    Inquire { lease: u32 },
    /// The rows, as frames.
    Rows { generation: Option<u32>, course: Option<String>, section: Option<String>, cut: RowFilter },
    /// Go over the copy; answered with how that ended, once it has.
    Sweep(Going),
    /// Delete everything; answered when that is done.
    Wipe,
}

/// Everything that is asked of a Register.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToRegister {
    /// Who this is, and what they may do: [`Known`], or nothing when their session is over.
    Arrive { proof: Proof },
    /// Opens a session, or notes that the key was wrong.
    Open(Opening),
    /// Signs out: none of these holds any more.
    Close { proofs: Vec<Proof>, note: Note },
    /// Everybody who has a role: people by address.
    People,
    /// Gives a role: the person.
    Appoint { email: String, standing: RoleAssignment, note: Note },
    /// Takes the role of the person of this id.
    Dismiss { id: String, note: Note },
    /// What an upload would change, or, with the digest of that, changes it: [`domain::api::RoleUploadResult`].
    Upload { roster: RoleUpload, apply: Option<String>, note: Note },
    /// Writes into the record.
    Note(Vec<Note>),
    /// A page of the record.
    Records(Sought),
    /// Whatever is about shares.
    Shares(ToShares),
}

/// Everything that is asked about shares.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToShares {
    /// Whether they are switched on, and the zone of their weeks.
    Terms,
    /// This person's shares, or everybody's.
    List { person: String, all: bool },
    /// Switches them on or off: the list.
    Switch { on: bool, person: String, note: Note },
    /// The weeks of a report and course that are frozen: pairs of a week and what it says.
    Weeks { report: String, course: String },
    /// Freezes weeks of this zone, those that are not frozen yet: all that are then.
    Freeze { report: String, course: String, zone: String, weeks: Vec<(String, Week)> },
    /// Makes a share: [`domain::shares::Share`].
    Make { id: String, token: String, stored: Stored, expires: Timestamp, note: Note },
    /// Changes one.
    Change { id: String, person: String, all: bool, change: Change, note: Note },
    /// Deletes one.
    Revoke { id: String, person: String, all: bool, note: Note },
    /// Opens one: [`Opened`].
    Open(Bearer),
    /// Which origins may embed it; none of one that is not there.
    Origins { id: String },
    /// Rows that frozen weeks may have counted are gone.
    Lost(Invalidation),
}

/// A share as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// What its owner calls it.
    pub(crate) name: String,
    /// Whose it is.
    pub(crate) owner: String,
    /// How they had come in when they made it.
    pub(crate) way: AuthMethod,
    /// One of [`domain::shares::SUBJECTS`].
    pub(crate) report: String,
    /// The course's UUID, in small letters.
    pub(crate) course: String,
    /// The section's UUID, in small letters.
    pub(crate) section: Option<String>,
    /// The section's number, by which some reports know it.
    pub(crate) number: Option<String>,
    /// The course's code and name, and the section's number.
    pub(crate) of: String,
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
    pub(crate) panels: Vec<Kept>,
}

/// The weeks that a share shows of one report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The report.
    pub(crate) report: ReportName,
    /// Mondays, or `@` and the moment of a snapshot.
    pub(crate) weeks: Vec<String>,
}

/// A week of a report and course, frozen: what may be shown of it and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Week {
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

impl Week {
    /// A snapshot, as those after it are held against.
    pub(crate) fn library(&self) -> PublishedLibrary {
        PublishedLibrary { shown: self.shown.clone(), views: self.views.clone() }
    }
}

/// What is changed of a share.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Change {
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
pub(crate) struct Bearer {
    /// Its hash.
    pub(crate) token: String,
    /// The id that the page stands under.
    pub(crate) id: Option<String>,
    /// The network it came from.
    pub(crate) address: String,
}

/// A share that opened.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opened {
    /// What it is.
    pub(crate) stored: Stored,
    /// Until when it opens.
    pub(crate) expires: Timestamp,
    /// The frozen weeks of each of its panels.
    pub(crate) panels: Vec<Vec<(String, Week)>>,
    /// The zone of its weeks.
    pub(crate) time_zone: String,
}

/// What is here of a report.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Held {
    /// Windows with copies, of the usual cut and without parameters.
    pub(crate) windows: Vec<HeldWindow>,
}

/// A window with a copy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HeldWindow {
    /// Its key.
    pub(crate) key: WindowKey,
    /// The copy that serves.
    pub(crate) copy: Copy,
}

/// What a way in has found out by itself: who it is, before anybody is asked what they may do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Proof {
    /// A session of ours, by the hash of its id.
    Session { id: String },
    /// A token of Access.
    Token { email: String, issued: Timestamp },
}

/// Somebody whom the Register knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Known {
    /// The name by which requests are theirs.
    pub(crate) person: String,
    /// How they came in.
    pub(crate) way: AuthMethod,
    /// What they may do, if anybody gave them a role.
    pub(crate) standing: Option<RoleAssignment>,
}

/// A session to be opened, if the key was right.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opening {
    /// The client's address, hashed.
    pub(crate) address: String,
    /// Whether the key was right.
    pub(crate) is_right: bool,
    /// The hash of the session's id.
    pub(crate) id: String,
    /// Whose it is.
    pub(crate) person: String,
    /// How they came in.
    pub(crate) way: AuthMethod,
    /// What is recorded.
    pub(crate) note: Note,
}

/// What goes into the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
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

impl CountedEntry for Note {
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

impl Note {
    /// So many lines found no room.
    pub(crate) fn lost(count: u32) -> Self {
        Self { count, ..Self::refused("lines-lost") }
    }

    /// A stranger was refused.
    pub(crate) fn refused(why: &str) -> Self {
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

/// Which lines of the record.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Sought {
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
pub(crate) struct Going {
    /// Which window.
    pub(crate) key: WindowKey,
    /// Under which lease: the generation of what is left.
    pub(crate) lease: u32,
    /// What is kept out; nothing once it is done.
    pub(crate) tombstones: Tombstones,
}

/// A file, or several, for a Window to collect.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Job {
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

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Job({} lease {}, {} links)", self.key.full_id(), self.lease, self.links.len())
    }
}

/// How a lease ended, and the sections that its rows name.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
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

/// A Window's answer to [`ToWindow::Inquire`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Word {
    /// What became of it.
    pub(crate) inquiry: CollectProgress,
    /// What its rows name, when it is done.
    pub(crate) sections: Vec<SectionRow>,
    /// Further ids of forgotten people, when it is done.
    pub(crate) found: BTreeSet<IdentityLink>,
}

impl Word {
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
pub(crate) struct Found {
    /// Its key.
    pub(crate) key: WindowKey,
    /// Which of its slices may be sent.
    pub(crate) cut: RowFilter,
}

/// A range's windows, for a download.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// How the report's rows relate to time.
    pub(crate) shape: Shape,
    /// Oldest first.
    pub(crate) windows: Vec<Planned>,
    /// Until when rows must be here.
    pub(crate) needed_until: Option<Timestamp>,
    /// The instants of the range, where rows are trimmed.
    pub(crate) span: Option<domain::range::Span>,
    /// Which slices may be sent.
    pub(crate) cut: RowFilter,
}

/// One window of a [`Plan`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Planned {
    /// Its key.
    pub(crate) key: WindowKey,
    /// The copy that serves.
    pub(crate) copy: Option<WindowCopy>,
    /// How it failed, if it did.
    pub(crate) failed: Option<Failed>,
}

/// How a window without rows failed, or that it was forgotten.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Failed {
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

impl Failed {
    /// How this window failed, if it did.
    pub(crate) fn of(window: &window_state::Window) -> Option<Self> {
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
    pub(crate) fn cut(self, reach: &AccessScope) -> Self {
        Self { fault: reach.redact_fault(self.fault), ..self }
    }
}

/// The stub of an institution's Desk.
pub(crate) fn desk(env: &Env, name: &str) -> worker::Result<Stub> {
    env.durable_object("DESK")?.id_from_name(name)?.get_stub()
}

/// The stub of an institution's Register.
pub(crate) fn register(env: &Env, desk_name: &str) -> worker::Result<Stub> {
    env.durable_object("REGISTER")?.id_from_name(desk_name)?.get_stub()
}

/// The stub of a Window, named by its Desk's name and its own.
pub(crate) fn window(env: &Env, desk_name: &str, key: &WindowKey) -> worker::Result<Stub> {
    env.durable_object("WINDOW")?.id_from_name(&format!("{desk_name}/{}", key.full_id()))?.get_stub()
}

/// Sends an errand and returns the raw answer, which may be a problem.
pub(crate) async fn send<T: Serialize>(stub: &Stub, errand: &T) -> worker::Result<Response> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(serde_json::to_string(errand)?.into()));
    stub.fetch_with_request(Request::new_with_init("https://object/", &init)?).await
}

/// Sends an errand and reads the answer.
///
/// # Errors
/// The problem that came back, or one that says that the object did not answer.
pub(crate) async fn ask<T: Serialize, A: DeserializeOwned>(stub: &Stub, errand: &T) -> Result<A, Problem> {
    let answer = async {
        let mut response = send(stub, errand).await?;
        let text = response.text().await?;
        worker::Result::Ok((response.status_code(), text))
    };
    let (status, text) = answer.await.map_err(|error| answer::internal(&error))?;
    if (200..300).contains(&status) {
        serde_json::from_str(&text).map_err(|error| answer::internal(&error.into()))
    } else {
        Err(serde_json::from_str(&text).unwrap_or_else(|_| {
            Problem::new(Code::Internal, "Something went wrong inside Lectern. Try again.")
        }))
    }
}
