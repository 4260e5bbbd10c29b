//! The routes of the HTTP API, each described once, in [`ROUTES`].
//!
//! The Worker's router dispatches by this table. `docs/openapi.json` and the routes in `docs/reference.md` are generated from
//! it, and the tests of access try every route in it.
//!
//! To add a route: a variant of [`Operation`], its entry in [`ROUTES`], its types in [`crate::openapi`], its handler in the
//! Worker and its expected answers in the test `scope`. The compiler points at each of them.

use crate::api::AuditAction;
use crate::problem::Code;
use crate::role_upload::MAX_UPLOAD_BYTES;
use crate::scope::{Action, Role, RoleAssignment, authorize};

/// The largest JSON body, in bytes.
pub const MAX_JSON_BYTES: usize = 64 << 10;

/// Declares [`Operation`] together with the list of its variants, which therefore cannot miss one.
macro_rules! operations {
    ($($(#[$documentation:meta])* $name:ident,)*) => {
        /// What a route does: one variant for each method and path.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $($(#[$documentation])* $name,)*
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The operation's name in OpenAPI: `listRequests` of [`Self::ListRequests`].
            #[must_use]
            pub fn id(self) -> String {
                let name = match self {
                    $(Self::$name => stringify!($name),)*
                };
                let (first, rest) = name.split_at(1);
                format!("{}{rest}", first.to_ascii_lowercase())
            }
        }
    };
}

operations! {
    /// `GET /healthz`
    GetHealth,
    /// `GET /api/openapi.json`
    GetOpenApi,
    /// `GET /api/session`
    GetSession,
    /// `POST /api/session`
    SignIn,
    /// `DELETE /api/session`
    SignOut,
    /// `GET /api/reports`
    ListReports,
    /// `GET /api/courses`
    ListCourses,
    /// `GET /api/requests`
    ListRequests,
    /// `POST /api/requests`
    CreateRequest,
    /// `GET /api/requests/{id}`
    GetRequest,
    /// `DELETE /api/requests/{id}`
    WithdrawRequest,
    /// `POST /api/requests/{id}/retry`
    RetryRequest,
    /// `GET /api/rows/{report}/{window}`
    ReadRows,
    /// `GET /api/csv/{report}`
    DownloadCsv,
    /// `GET /api/shares`
    ListShares,
    /// `POST /api/shares`
    CreateShare,
    /// `PUT /api/shares`
    SwitchShares,
    /// `POST /api/shares/{id}`
    UpdateShare,
    /// `DELETE /api/shares/{id}`
    RevokeShare,
    /// `POST /api/shared`
    OpenShare,
    /// `GET /s`
    GetSharePage,
    /// `GET /s/{id}`
    GetEmbeddedSharePage,
    /// `GET /api/roles`
    ListRoles,
    /// `PUT /api/roles`
    AssignRole,
    /// `DELETE /api/roles/{id}`
    RemoveRole,
    /// `POST /api/roles/csv`
    UploadRoles,
    /// `GET /api/record`
    ReadAuditLog,
    /// `GET /api/forget`
    ListErasures,
    /// `POST /api/forget`
    StartErasure,
    /// `DELETE /api/forget/{id}`
    CancelErasure,
}

/// The HTTP methods that routes use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or changes in part.
    Post,
    /// Sets.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// The method's name in a request line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, from anywhere, without a session.
    Public,
    /// Whoever sends a share's token. Needs no session; calls from other sites are refused.
    ShareToken,
    /// Whoever sends the key of this installation; in local mode, whoever is at this machine.
    SignIn,
    /// Whoever is signed in, with a role or without one.
    SignedIn,
    /// Whoever may do this. The answer is cut to the access scope that the authorization returns. Where the body names a
    /// report or a course, the handler authorizes the more specific action, such as [`Action::RequestReport`], once it has the body.
    Authorized(Action<'static>),
    /// Whoever may do [`Action::ReadRows`] with the report that the path names as `{report}`.
    ReportReader,
}

impl Access {
    /// Whether the caller must be signed in.
    #[must_use]
    pub fn needs_session(self) -> bool {
        match self {
            Self::Public | Self::ShareToken | Self::SignIn => false,
            Self::SignedIn | Self::Authorized(_) | Self::ReportReader => true,
        }
    }

    /// Whether the caller must have a role.
    #[must_use]
    pub fn needs_role(self) -> bool {
        matches!(self, Self::Authorized(_) | Self::ReportReader)
    }

    /// Whether only administrators may call.
    #[must_use]
    pub fn is_for_administrators(self) -> bool {
        let Self::Authorized(action) = self else { return false };
        let assignment = RoleAssignment { role: Role::Analyst, grants: Vec::new() };
        authorize("", Some(&assignment), action).is_err()
    }

    /// Who may call, in a sentence; nothing where any role may.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Public | Self::ShareToken => "Needs no session.",
            Self::SignedIn => "Needs no role.",
            Self::Authorized(_) if self.is_for_administrators() => "Administrators only.",
            Self::SignIn | Self::Authorized(_) | Self::ReportReader => "",
        }
    }
}

/// The values that a path or URL parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// Any text.
    Text,
    /// A day: `YYYY-MM-DD`.
    Day,
    /// A UUID, in either case.
    Uuid,
    /// A whole number from 0 up.
    Integer,
    /// So many hexadecimal digits.
    Hex(usize),
    /// One of these.
    Choice(&'static [&'static str]),
    /// The name of an [`AuditAction`].
    AuditAction,
}

/// A path parameter, or a URL parameter, which is always optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The name. One that ends with `*` stands for all names that begin like it.
    pub name: &'static str,
    /// The values.
    pub kind: ParameterKind,
    /// One sentence, in Markdown.
    pub description: &'static str,
}

impl Parameter {
    /// Whether this parameter may be called `name` in a URL.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => self.name == name,
        }
    }
}

/// The body that a route reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// None: what is sent is not read.
    None,
    /// JSON of at most `max_bytes`. An empty body counts as `{}`.
    Json {
        /// The most bytes that are read.
        max_bytes: usize,
    },
    /// CSV of at most `max_bytes`.
    Csv {
        /// The most bytes that are read.
        max_bytes: usize,
    },
}

/// JSON of the usual size.
const JSON: Body = Body::Json { max_bytes: MAX_JSON_BYTES };

/// What the audit log gets when a route succeeds. What is refused is recorded for all routes that need a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audit {
    /// No entry.
    None,
    /// An entry of this action, written by the router once the answer is known.
    AfterAnswer(AuditAction),
    /// An entry of this action, written by the registry in the same transaction as the change.
    WithChange(AuditAction),
}

/// A route: one method on one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// What it does.
    pub operation: Operation,
    /// Its method.
    pub method: Method,
    /// Its path: segments in braces are parameters.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// The parameters in its path, in their order.
    pub path_parameters: &'static [Parameter],
    /// The URL parameters that it takes. Routes without any ignore them; others refuse those that are not listed.
    pub query: &'static [Parameter],
    /// The body that it reads.
    pub body: Body,
    /// What the audit log gets.
    pub audit: Audit,
    /// The problems that are this route's own; [`Route::problems`] adds those that follow from the other fields.
    pub own_problems: &'static [Code],
    /// A few words.
    pub summary: &'static str,
    /// Whole sentences in Markdown, on one line. May be empty.
    pub description: &'static str,
}

impl Route {
    /// Whether the route answers this method: its own, and `HEAD` on public pages.
    #[must_use]
    pub fn accepts(&self, method: &str) -> bool {
        method == self.method.as_str() || (method == "HEAD" && self.answers_head())
    }

    /// Whether the route also answers `HEAD`.
    #[must_use]
    pub fn answers_head(&self) -> bool {
        self.method == Method::Get && self.access == Access::Public
    }

    /// The segment of the path that names the resource: `requests` of `/api/requests/{id}`. `None` outside `/api`.
    #[must_use]
    pub fn resource(&self) -> Option<&'static str> {
        self.path.strip_prefix("/api/")?.split('/').next()
    }

    /// Every problem that the route can answer with, by status and code.
    #[must_use]
    pub fn problems(&self) -> Vec<Code> {
        let mut problems = self.own_problems.to_vec();
        problems.extend([Code::SettingsWrong, Code::Internal]);
        if self.access != Access::Public {
            problems.push(Code::CrossSite);
        }
        if self.access.needs_session() || self.access == Access::SignIn {
            problems.extend([Code::SignInNeeded, Code::AccessDown]);
        }
        if self.access.needs_role() {
            problems.push(Code::NoRole);
        }
        if self.access.is_for_administrators() {
            problems.push(Code::NotAllowed);
        }
        if !self.query.is_empty() {
            problems.push(Code::BadQuery);
        }
        match self.body {
            Body::None => {}
            Body::Json { .. } => problems.extend([Code::BadBody, Code::BodyTooLarge]),
            Body::Csv { .. } => problems.extend([Code::BadTable, Code::BodyTooLarge]),
        }
        problems.sort_by_key(|code| (code.status(), *code));
        problems.dedup();
        problems
    }
}

/// The resource that a path is about, for the audit log: the first segment after `/api`, if a route that needs a session
/// has it. Everything else in a path may hold anything, and is not recorded.
#[must_use]
pub fn resource_of(path: &str) -> Option<&'static str> {
    let segment = path.strip_prefix("/api/")?.split('/').next();
    let needs_session = |route: &&Route| !matches!(route.access, Access::Public | Access::ShareToken);
    ROUTES.iter().filter(needs_session).map(Route::resource).find(|resource| *resource == segment).flatten()
}

const REQUEST_ID: Parameter = Parameter {
    name: "id",
    kind: ParameterKind::Hex(32),
    description: "The request's id, as `POST /api/requests` and `GET /api/requests` return it.",
};

const SHARE_ID: Parameter = Parameter {
    name: "id",
    kind: ParameterKind::Hex(32),
    description: "The share's id, as `GET /api/shares` returns it.",
};

const PERSON_ID: Parameter = Parameter {
    name: "id",
    kind: ParameterKind::Text,
    description: "The person's id, as `GET /api/roles` returns it.",
};

const ERASURE_ID: Parameter = Parameter {
    name: "id",
    kind: ParameterKind::Hex(32),
    description: "The erasure's id, as `GET /api/forget` returns it.",
};

const REPORT: Parameter = Parameter {
    name: "report",
    kind: ParameterKind::Text,
    description: "The report's name, as `GET /api/reports` returns it.",
};

const WINDOW: Parameter = Parameter {
    name: "window",
    kind: ParameterKind::Text,
    description: "The window's id, as requests return it.",
};

const COURSE: Parameter =
    Parameter { name: "course", kind: ParameterKind::Uuid, description: "Only the rows of this course." };

const SECTION: Parameter = Parameter {
    name: "section",
    kind: ParameterKind::Text,
    description: "Only the rows of this section: its UUID, or its number for `asset` and `assetbydate`.",
};

/// Every route, in the order of the reference. The methods of one path are listed in the order of its header `Allow`.
pub const ROUTES: &[Route] = &[
    Route {
        operation: Operation::GetHealth,
        method: Method::Get,
        path: "/healthz",
        access: Access::Public,
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[Code::NoWayIn],
        summary: "Whether Lectern is set up",
        description: "Answers 200, or 503 with what to set.",
    },
    Route {
        operation: Operation::GetOpenApi,
        method: Method::Get,
        path: "/api/openapi.json",
        access: Access::Authorized(Action::ViewSession),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "The OpenAPI 3.1 description of this API",
        description: "`info.version` is Lectern's version.",
    },
    Route {
        operation: Operation::GetSession,
        method: Method::Get,
        path: "/api/session",
        access: Access::Authorized(Action::ViewSession),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "Who is signed in and what they may see",
        description: "Without a session: the problem `sign-in-needed` with the sign-in methods.",
    },
    Route {
        operation: Operation::SignIn,
        method: Method::Post,
        path: "/api/session",
        access: Access::SignIn,
        path_parameters: &[],
        query: &[],
        body: JSON,
        // In local mode. With the key, the registry records `signed-in` together with the session.
        audit: Audit::AfterAnswer(AuditAction::LookedAs),
        own_problems: &[Code::KeyWrong, Code::NotAllowed, Code::BadGrant, Code::TooManyTries],
        summary: "Sign in",
        description: "`{\"key\": …}` signs in with the key. In local mode, \
                      `{\"look_as\": {\"role\": \"instructor\", \"courses\": [{\"course\": …, \"section\": null}]}}` switches \
                      to an instructor's view and `{\"look_as\": null}` switches back.",
    },
    Route {
        operation: Operation::SignOut,
        method: Method::Delete,
        path: "/api/session",
        access: Access::SignedIn,
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::WithChange(AuditAction::SignedOut),
        own_problems: &[],
        summary: "Sign out",
        description: "Ends the session on the server too.",
    },
    Route {
        operation: Operation::ListReports,
        method: Method::Get,
        path: "/api/reports",
        access: Access::Authorized(Action::ListReports),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[Code::CredentialsRefused],
        summary: "The reports that Echo360 offers, with what Lectern knows about each",
        description: "",
    },
    Route {
        operation: Operation::ListCourses,
        method: Method::Get,
        path: "/api/courses",
        access: Access::Authorized(Action::ListCourses),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "Courses, sections and terms",
        description: "From Echo360's own lists, read once a day, and from rows.",
    },
    Route {
        operation: Operation::ListRequests,
        method: Method::Get,
        path: "/api/requests",
        access: Access::Authorized(Action::ManageRequests),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "Requests with the states of their windows, and the state of the queue",
        description: "",
    },
    Route {
        operation: Operation::CreateRequest,
        method: Method::Post,
        path: "/api/requests",
        access: Access::Authorized(Action::ManageRequests),
        path_parameters: &[],
        query: &[],
        body: JSON,
        audit: Audit::AfterAnswer(AuditAction::Asked),
        own_problems: &[
            Code::BadDay,
            Code::BadZone,
            Code::BadParameters,
            Code::BadRange,
            Code::RangeBackwards,
            Code::RangeInFuture,
            Code::RangeTooLong,
            Code::RangeTooOld,
            Code::UnknownReport,
            Code::Quota,
            Code::CredentialsRefused,
            Code::UpstreamDown,
        ],
        summary: "Request a range of a report",
        description: "`{report, from, to, tz?, parameters?}`. Idempotent: the same request twice is one request.",
    },
    Route {
        operation: Operation::GetRequest,
        method: Method::Get,
        path: "/api/requests/{id}",
        access: Access::Authorized(Action::ManageRequests),
        path_parameters: &[REQUEST_ID],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[Code::BadId, Code::UnknownRequest],
        summary: "One request",
        description: "",
    },
    Route {
        operation: Operation::WithdrawRequest,
        method: Method::Delete,
        path: "/api/requests/{id}",
        access: Access::Authorized(Action::ManageRequests),
        path_parameters: &[REQUEST_ID],
        query: &[],
        body: Body::None,
        audit: Audit::AfterAnswer(AuditAction::Withdrew),
        own_problems: &[Code::BadId, Code::UnknownRequest],
        summary: "Stop waiting for a request",
        description: "What Echo360 is already building is kept.",
    },
    Route {
        operation: Operation::RetryRequest,
        method: Method::Post,
        path: "/api/requests/{id}/retry",
        access: Access::Authorized(Action::ManageRequests),
        path_parameters: &[REQUEST_ID],
        query: &[],
        body: JSON,
        audit: Audit::AfterAnswer(AuditAction::Retried),
        own_problems: &[
            Code::BadId,
            Code::UnknownRequest,
            Code::UnknownWindow,
            Code::NotAllowed,
            Code::Quota,
            Code::CredentialsRefused,
            Code::UpstreamDown,
        ],
        summary: "Retry the failed windows of a request, or request others again",
        description: "`{\"windows\": […]}` lists those to request again.",
    },
    Route {
        operation: Operation::ReadRows,
        method: Method::Get,
        path: "/api/rows/{report}/{window}",
        access: Access::ReportReader,
        path_parameters: &[REPORT, WINDOW],
        query: &[
            COURSE,
            SECTION,
            Parameter {
                name: "generation",
                kind: ParameterKind::Integer,
                description: "Only this copy of the window; another answers with `copy-replaced`.",
            },
        ],
        body: Body::None,
        audit: Audit::AfterAnswer(AuditAction::Saw),
        own_problems: &[
            Code::BadId,
            Code::UnknownReport,
            Code::UnknownWindow,
            Code::RowsNotReady,
            Code::CopyReplaced,
        ],
        summary: "One window's rows as compressed slices",
        description: "The format is in `domain/src/frame.rs`.",
    },
    Route {
        operation: Operation::DownloadCsv,
        method: Method::Get,
        path: "/api/csv/{report}",
        access: Access::ReportReader,
        path_parameters: &[REPORT],
        query: &[
            Parameter {
                name: "from",
                kind: ParameterKind::Day,
                description: "The first day. Needed for all reports except `asset`.",
            },
            Parameter {
                name: "to",
                kind: ParameterKind::Day,
                description: "The last day, included. Needed for all reports except `asset`.",
            },
            Parameter {
                name: "tz",
                kind: ParameterKind::Text,
                description: "The IANA time zone of the days; UTC by default.",
            },
            COURSE,
            SECTION,
            Parameter {
                name: "delimiter",
                kind: ParameterKind::Choice(&[",", "\t", "|"]),
                description: "`,` (default), tab or `|`, percent-encoded.",
            },
            Parameter {
                name: "cells",
                kind: ParameterKind::Choice(&["safe", "raw"]),
                description: "`safe` (default) puts `'` before cells that a spreadsheet would run as a formula, `raw` leaves \
                              them as they came.",
            },
            Parameter {
                name: "parameters.*",
                kind: ParameterKind::Text,
                description: "A report's own parameter of this name.",
            },
        ],
        body: Body::None,
        audit: Audit::AfterAnswer(AuditAction::Downloaded),
        own_problems: &[
            Code::BadDay,
            Code::BadZone,
            Code::BadParameters,
            Code::BadRange,
            Code::RangeBackwards,
            Code::RangeInFuture,
            Code::RangeTooLong,
            Code::RangeTooOld,
            Code::UnknownReport,
            Code::RowsNotReady,
        ],
        summary: "One CSV file over any range",
        description: "A download that fails after it has begun breaks off; it never ends as if it were complete.",
    },
    Route {
        operation: Operation::ListShares,
        method: Method::Get,
        path: "/api/shares",
        access: Access::Authorized(Action::ListShares),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "Your own shares; for an administrator, everybody's",
        description: "",
    },
    Route {
        operation: Operation::CreateShare,
        method: Method::Post,
        path: "/api/shares",
        access: Access::Authorized(Action::ListShares),
        path_parameters: &[],
        query: &[],
        body: JSON,
        audit: Audit::WithChange(AuditAction::Shared),
        own_problems: &[
            Code::BadShare,
            Code::BadDay,
            Code::BadRange,
            Code::RangeBackwards,
            Code::RangeInFuture,
            Code::RangeTooLong,
            Code::RangeTooOld,
            Code::SharesOff,
            Code::NothingToShare,
            Code::Quota,
        ],
        summary: "Create a share",
        description: "`{report, course, section?, from, to, name?, days?, origins?, preview?}` creates a share and returns its \
                      link once. With `preview`, only says what it would show.",
    },
    Route {
        operation: Operation::SwitchShares,
        method: Method::Put,
        path: "/api/shares",
        access: Access::Authorized(Action::SwitchShares),
        path_parameters: &[],
        query: &[],
        body: JSON,
        audit: Audit::WithChange(AuditAction::SharesSwitched),
        own_problems: &[],
        summary: "Switch shares off or on for everybody",
        description: "`{on}`.",
    },
    Route {
        operation: Operation::UpdateShare,
        method: Method::Post,
        path: "/api/shares/{id}",
        access: Access::Authorized(Action::ListShares),
        path_parameters: &[SHARE_ID],
        query: &[],
        body: JSON,
        audit: Audit::WithChange(AuditAction::ShareChanged),
        own_problems: &[Code::BadId, Code::BadShare, Code::UnknownShare],
        summary: "Change a share",
        description: "`{name?, days?, origins?, rotate?}` renames a share, renews it, lets pages of other sites embed it, or \
                      replaces its link.",
    },
    Route {
        operation: Operation::RevokeShare,
        method: Method::Delete,
        path: "/api/shares/{id}",
        access: Access::Authorized(Action::ListShares),
        path_parameters: &[SHARE_ID],
        query: &[],
        body: Body::None,
        audit: Audit::WithChange(AuditAction::ShareRevoked),
        own_problems: &[Code::BadId, Code::UnknownShare],
        summary: "Revoke a share at once",
        description: "",
    },
    Route {
        operation: Operation::OpenShare,
        method: Method::Post,
        path: "/api/shared",
        access: Access::ShareToken,
        path_parameters: &[],
        query: &[],
        body: JSON,
        audit: Audit::WithChange(AuditAction::ShareOpened),
        own_problems: &[Code::ShareGone, Code::TooManyTries],
        summary: "What a share shows",
        description: "`{token, id?}`, for whoever has its link.",
    },
    Route {
        operation: Operation::GetSharePage,
        method: Method::Get,
        path: "/s",
        access: Access::Public,
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "The page that a share's link opens",
        description: "",
    },
    Route {
        operation: Operation::GetEmbeddedSharePage,
        method: Method::Get,
        path: "/s/{id}",
        access: Access::Public,
        path_parameters: &[SHARE_ID],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "The same page, for embedding",
        description: "",
    },
    Route {
        operation: Operation::ListRoles,
        method: Method::Get,
        path: "/api/roles",
        access: Access::Authorized(Action::ManageRoles),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::AfterAnswer(AuditAction::SawRoles),
        own_problems: &[],
        summary: "Everybody who has a role",
        description: "",
    },
    Route {
        operation: Operation::AssignRole,
        method: Method::Put,
        path: "/api/roles",
        access: Access::Authorized(Action::ManageRoles),
        path_parameters: &[],
        query: &[],
        body: JSON,
        audit: Audit::WithChange(AuditAction::RoleGiven),
        own_problems: &[Code::BadEmail, Code::BadGrant],
        summary: "Give a person a role, or change it",
        description: "`{email, role, grants: [{course, section}]}` with the role `administrator`, `analyst` or `instructor`.",
    },
    Route {
        operation: Operation::RemoveRole,
        method: Method::Delete,
        path: "/api/roles/{id}",
        access: Access::Authorized(Action::ManageRoles),
        path_parameters: &[PERSON_ID],
        query: &[],
        body: Body::None,
        audit: Audit::WithChange(AuditAction::RoleTaken),
        own_problems: &[Code::UnknownPerson],
        summary: "Take a role away",
        description: "`id` comes from the list, so that no e-mail address appears in a log.",
    },
    Route {
        operation: Operation::UploadRoles,
        method: Method::Post,
        path: "/api/roles/csv",
        access: Access::Authorized(Action::ManageRoles),
        path_parameters: &[],
        query: &[Parameter {
            name: "apply",
            kind: ParameterKind::Text,
            description: "The `digest` of a preview: makes exactly these changes, given the same body.",
        }],
        body: Body::Csv { max_bytes: MAX_UPLOAD_BYTES },
        audit: Audit::WithChange(AuditAction::RolesUploaded),
        own_problems: &[Code::PreviewStale],
        summary: "Preview or apply an upload of roles",
        description: "`email,role,course,section`: CSV with commas or semicolons, at most 1 MB; courses by code or UUID, \
                      sections by number or UUID. Previews what it would change, with a `digest`. With `?apply=<digest>` and \
                      the same body, makes exactly these changes. People whom the file does not name stay as they are.",
    },
    Route {
        operation: Operation::ReadAuditLog,
        method: Method::Get,
        path: "/api/record",
        access: Access::Authorized(Action::ReadAuditLog),
        path_parameters: &[],
        query: &[
            Parameter {
                name: "from",
                kind: ParameterKind::Day,
                description: "Entries from this UTC day on.",
            },
            Parameter {
                name: "to",
                kind: ParameterKind::Day,
                description: "Entries up to this UTC day, included.",
            },
            Parameter {
                name: "person",
                kind: ParameterKind::Hex(16),
                description: "Entries of the person with this id, which `GET /api/roles` returns.",
            },
            Parameter {
                name: "what",
                kind: ParameterKind::AuditAction,
                description: "Entries of this action.",
            },
            Parameter {
                name: "before",
                kind: ParameterKind::Integer,
                description: "Entries older than the one with this number: `before` of the previous page.",
            },
            Parameter {
                name: "as",
                kind: ParameterKind::Choice(&["csv"]),
                description: "`csv`: all entries as one CSV file.",
            },
        ],
        body: Body::None,
        audit: Audit::AfterAnswer(AuditAction::SawRecord),
        own_problems: &[Code::BadDay],
        summary: "The audit log",
        description: "Who signed in, saw, downloaded, requested, changed roles or was refused: newest first, 200 entries at a \
                      time.",
    },
    Route {
        operation: Operation::ListErasures,
        method: Method::Get,
        path: "/api/forget",
        access: Access::Authorized(Action::Erase),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "Erasures and their progress",
        description: "",
    },
    Route {
        operation: Operation::StartErasure,
        method: Method::Post,
        path: "/api/forget",
        access: Access::Authorized(Action::Erase),
        path_parameters: &[],
        query: &[],
        body: JSON,
        audit: Audit::AfterAnswer(AuditAction::Forgot),
        own_problems: &[Code::BadDay, Code::BadRange, Code::RangeBackwards, Code::RangeTooLong],
        summary: "Start an erasure",
        description: "`{person: {email}}`, `{person: {id}}`, `{course}` or `{range: {report?, from, to}}`: whole weeks, Monday \
                      to Sunday. The same twice is one erasure.",
    },
    Route {
        operation: Operation::CancelErasure,
        method: Method::Delete,
        path: "/api/forget/{id}",
        access: Access::Authorized(Action::Erase),
        path_parameters: &[ERASURE_ID],
        query: &[],
        body: Body::None,
        audit: Audit::AfterAnswer(AuditAction::Forgot),
        own_problems: &[Code::BadId, Code::UnknownRequest],
        summary: "Cancel an erasure",
        description: "Rows that are collected later are kept again.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_operation_has_exactly_one_route() {
        let routed: Vec<Operation> = ROUTES.iter().map(|route| route.operation).collect();
        assert_eq!(routed.len(), Operation::ALL.len());
        assert_eq!(routed.iter().collect::<BTreeSet<_>>(), Operation::ALL.iter().collect());
        let places: BTreeSet<(&str, Method)> =
            ROUTES.iter().map(|route| (route.path, route.method)).collect();
        assert_eq!(places.len(), ROUTES.len(), "two routes with one method and path");
    }

    #[test]
    fn operations_are_named_as_programs_name_functions() {
        assert_eq!(Operation::ListRequests.id(), "listRequests");
    }

    #[test]
    fn the_methods_of_a_path_stand_together() {
        let mut paths: Vec<&str> = ROUTES.iter().map(|route| route.path).collect();
        paths.dedup();
        assert_eq!(paths.len(), paths.iter().collect::<BTreeSet<_>>().len(), "{paths:?}");
    }

    #[test]
    fn path_parameters_are_those_of_the_path() {
        for route in ROUTES {
            let in_path: Vec<&str> = route
                .path
                .split('/')
                .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
                .collect();
            let described: Vec<&str> = route.path_parameters.iter().map(|parameter| parameter.name).collect();
            assert_eq!(in_path, described, "{}", route.path);
        }
    }

    #[test]
    fn the_report_that_is_authorized_is_in_the_path() {
        for route in ROUTES.iter().filter(|route| route.access == Access::ReportReader) {
            assert!(route.path.contains("{report}"), "{}", route.path);
        }
    }

    #[test]
    fn who_may_call_follows_from_the_action() {
        let administrators: BTreeSet<&str> = ROUTES
            .iter()
            .filter(|route| route.access.is_for_administrators())
            .map(|route| route.path)
            .collect();
        let expected = [
            "/api/forget",
            "/api/forget/{id}",
            "/api/record",
            "/api/roles",
            "/api/roles/csv",
            "/api/roles/{id}",
            "/api/shares",
        ];
        assert_eq!(administrators, BTreeSet::from(expected));
        let open: Vec<&str> =
            ROUTES.iter().filter(|route| !route.access.needs_session()).map(|route| route.path).collect();
        assert_eq!(open, ["/healthz", "/api/session", "/api/shared", "/s", "/s/{id}"]);
    }

    #[test]
    fn only_known_resources_reach_the_audit_log() {
        assert_eq!(resource_of("/api/requests/0123/retry"), Some("requests"));
        assert_eq!(resource_of("/api/record"), Some("record"));
        for path in ["/api/somebody@example.org", "/api/", "/api", "/s/requests", "/api/shared/x", ""] {
            assert_eq!(resource_of(path), None, "{path}");
        }
    }

    #[test]
    fn public_pages_answer_head() {
        let route = |operation| ROUTES.iter().find(|route| route.operation == operation).unwrap();
        assert!(route(Operation::GetSharePage).accepts("HEAD"));
        assert!(!route(Operation::GetSession).accepts("HEAD"));
        assert!(!route(Operation::OpenShare).accepts("HEAD"));
        assert!(route(Operation::OpenShare).accepts("POST"));
    }

    #[test]
    fn a_prefix_parameter_takes_every_name_that_begins_like_it() {
        let parameter = Parameter { name: "parameters.*", kind: ParameterKind::Text, description: "" };
        assert!(parameter.is_called("parameters.term") && !parameter.is_called("parameter"));
        assert!(COURSE.is_called("course") && !COURSE.is_called("courses"));
    }
}
