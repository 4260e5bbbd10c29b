//! The routes of the HTTP API: [`ROUTES`] describes each of them once.
//!
//! The Worker's router dispatches by this table. `docs/openapi.json` and the routes in `docs/reference.md`
//! are generated from it, and the access tests call every route in it.
//!
//! To add a route, see "How to add" in `ARCHITECTURE.md`. The compiler asks for everything but the entry in
//! [`ROUTES`]; a test asks for that.

use crate::api::AuditAction;
use crate::problem::Code;
use crate::rate_limit::RateLimit;
use crate::role::{Role, RoleAssignment};
use crate::role_upload::MAX_UPLOAD_BYTES;
use crate::scope::{Action, authorize};

/// The maximum size of a JSON body, in bytes.
pub const MAX_JSON_BYTES: usize = 64 << 10;

/// Declares [`Operation`] and [`Operation::ALL`], so that the list cannot miss a variant.
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

            /// The `operationId` in OpenAPI: `listRequests` for [`Self::ListRequests`].
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
    /// `GET /api/sessions`
    ListSessions,
    /// `DELETE /api/sessions`
    EndSessions,
    /// `DELETE /api/sessions/{id}`
    EndSession,
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
    /// `GET /api/csv/{report}/count`
    CountRows,
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
    /// `POST /api/shared/opened`
    CountOpening,
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
    /// `POST /api/person-export`
    ExportPerson,
    /// `GET /api/quality`
    GetDataQuality,
    /// `GET /api/shared-accounts`
    ListSharedAccounts,
    /// `POST /api/shared-accounts`
    MarkAccount,
    /// `GET /api/shrunken`
    ListShrunken,
    /// `POST /api/shrunken`
    ChooseCopy,
}

/// The HTTP methods that routes use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads a resource.
    Get,
    /// Creates a resource or changes a part of it.
    Post,
    /// Sets a resource.
    Put,
    /// Removes a resource.
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
    /// Anybody, from any site, without a session.
    Public,
    /// Anybody who sends a share's token, without a session. Calls from other sites are refused.
    ShareToken,
    /// Anybody who sends the installation's key; in local mode, anybody at this machine.
    SignIn,
    /// Anybody who is signed in, with or without a role.
    SignedIn,
    /// People who may perform this action. The response is limited to the access scope that [`authorize`]
    /// returns. Where the body names a report or a course, the handler also authorizes the more specific
    /// action, such as [`Action::RequestReport`], after reading the body.
    Authorized(Action<'static>),
    /// People who may perform [`Action::ReadRows`] on the report that the path names as `{report}`.
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

    /// Who may call, in a sentence; empty if every role may.
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

/// The type of a path or URL parameter.
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
    /// This number of hexadecimal digits, in either case.
    Hex(usize),
    /// One of these values.
    Choice(&'static [&'static str]),
    /// The slug of an [`AuditAction`].
    AuditAction,
}

/// A path parameter, or a URL parameter, which is always optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The parameter's name. A name that ends with `*` matches every name with that prefix.
    pub name: &'static str,
    /// The type of the value.
    pub kind: ParameterKind,
    /// One sentence, in Markdown.
    pub description: &'static str,
}

impl Parameter {
    /// Whether `name` in a URL is this parameter.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => self.name == name,
        }
    }
}

/// The request body that a route reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// No body: whatever is sent is not read.
    None,
    /// JSON of at most `max_bytes`. An empty body counts as `{}`.
    Json {
        /// The maximum size, in bytes.
        max_bytes: usize,
    },
    /// CSV of at most `max_bytes`.
    Csv {
        /// The maximum size, in bytes.
        max_bytes: usize,
    },
}

/// A JSON body of the usual maximum size.
const JSON: Body = Body::Json { max_bytes: MAX_JSON_BYTES };

/// What is recorded in the audit log when a call succeeds. Refusals are recorded for all routes that need a
/// session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audit {
    /// No entry.
    None,
    /// An entry with this action, written by the router after the response.
    AfterAnswer(AuditAction),
    /// An entry with this action, written by the registry: in the same transaction as the change, or before the response.
    WithChange(AuditAction),
}

/// A route: one method on one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// What the route does.
    pub operation: Operation,
    /// The HTTP method.
    pub method: Method,
    /// The path, with parameters as segments in braces.
    pub path: &'static str,
    /// Who may call the route.
    pub access: Access,
    /// The parameters in the path, in order.
    pub path_parameters: &'static [Parameter],
    /// The URL parameters. A route without any ignores all; other routes refuse those that are not listed.
    pub query: &'static [Parameter],
    /// The request body.
    pub body: Body,
    /// What is recorded in the audit log.
    pub audit: Audit,
    /// The problems specific to this route. [`Route::problems`] adds those that follow from the other fields.
    pub own_problems: &'static [Code],
    /// What the route does in a few words of Markdown, without a period.
    pub summary: &'static str,
    /// Further sentences in Markdown, on one line. May be empty.
    pub description: &'static str,
}

impl Route {
    /// Whether the route accepts this method: its own, and `HEAD` on public pages.
    #[must_use]
    pub fn accepts(&self, method: &str) -> bool {
        method == self.method.as_str() || (method == "HEAD" && self.answers_head())
    }

    /// Whether the route also accepts `HEAD`.
    #[must_use]
    pub fn answers_head(&self) -> bool {
        self.method == Method::Get && self.access == Access::Public
    }

    /// The path segment that names the resource: `requests` for `/api/requests/{id}`. `None` outside `/api`.
    #[must_use]
    pub fn resource(&self) -> Option<&'static str> {
        self.path.strip_prefix("/api/")?.split('/').next()
    }

    /// The limit that counts calls of the route; `None` if none does.
    #[must_use]
    pub fn rate_limit(&self) -> Option<RateLimit> {
        match self.operation {
            Operation::SignIn => Some(RateLimit::SignIn),
            Operation::ReadRows | Operation::ListCourses => Some(RateLimit::Rows),
            Operation::DownloadCsv
            | Operation::CountRows
            | Operation::CreateShare
            | Operation::ExportPerson => Some(RateLimit::Reading),
            _ => None,
        }
    }

    /// Every problem that the route can return, sorted by status and code.
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
        if self.rate_limit().is_some() {
            problems.push(Code::TooManyTries);
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

/// The resource in a path, for the audit log: the first segment after `/api`, if it is the resource of a
/// route that is not public. The rest of a path is not recorded, since a caller can write anything there.
#[must_use]
pub fn resource_of(path: &str) -> Option<&'static str> {
    let segment = path.strip_prefix("/api/")?.split('/').next();
    let is_recorded = |route: &&Route| !matches!(route.access, Access::Public | Access::ShareToken);
    ROUTES.iter().filter(is_recorded).map(Route::resource).find(|resource| *resource == segment).flatten()
}

const REQUEST_ID: Parameter = Parameter {
    name: "id",
    kind: ParameterKind::Hex(32),
    description: "The request's `id`, from `POST /api/requests` or `GET /api/requests`.",
};

const SHARE_ID: Parameter = Parameter {
    name: "id",
    kind: ParameterKind::Hex(32),
    description: "The share's `id`, from `GET /api/shares`.",
};

const SESSION_ID: Parameter = Parameter {
    name: "id",
    kind: ParameterKind::Hex(32),
    description: "The session's `id`, from `GET /api/sessions`.",
};

const PERSON_ID: Parameter = Parameter {
    name: "id",
    kind: ParameterKind::Text,
    description: "The person's `id`, from `GET /api/roles`.",
};

const ERASURE_ID: Parameter = Parameter {
    name: "id",
    kind: ParameterKind::Hex(32),
    description: "The erasure's `id`, from `GET /api/forget`.",
};

const REPORT: Parameter = Parameter {
    name: "report",
    kind: ParameterKind::Text,
    description: "The report's `name`, from `GET /api/reports`.",
};

const WINDOW: Parameter = Parameter {
    name: "window",
    kind: ParameterKind::Text,
    description: "The window's `id`, from a request.",
};

const COURSE: Parameter = Parameter {
    name: "course",
    kind: ParameterKind::Uuid,
    description: "Only rows of the course with this UUID.",
};

const SECTION: Parameter = Parameter {
    name: "section",
    kind: ParameterKind::Text,
    description: "Only rows of this section: its UUID, or for `asset` and `assetbydate` its number.",
};

const FIRST_DAY: Parameter = Parameter {
    name: "from",
    kind: ParameterKind::Day,
    description: "The first day. Required for all reports except `asset`.",
};

const LAST_DAY: Parameter = Parameter {
    name: "to",
    kind: ParameterKind::Day,
    description: "The last day, inclusive. Required for all reports except `asset`.",
};

const REPORT_PARAMETERS: Parameter = Parameter {
    name: "parameters.*",
    kind: ParameterKind::Text,
    description: "The report's own parameter of this name.",
};

/// The problems of downloads.
const DOWNLOAD_PROBLEMS: &[Code] = &[
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
    Code::Quota,
];

/// The problems of counting the rows of a download: a copy may be replaced meanwhile.
const COUNT_PROBLEMS: &[Code] = &[
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
    Code::CopyReplaced,
    Code::Quota,
];

/// Every route, in the order of `docs/reference.md`. The methods of a path are adjacent, in the order of the
/// header `Allow`.
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
        description: "Returns 200, or 503 with the settings to correct; no other route names them. `\"upstream\": \
                      \"failing\"` in a 200 says that an administrator has to act before data can be loaded from Echo360, \
                      `\"warnings\"` which settings work but should be changed.",
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
        description: "Without a session, the problem `sign-in-needed` lists the sign-in methods.",
    },
    Route {
        operation: Operation::SignIn,
        method: Method::Post,
        path: "/api/session",
        access: Access::SignIn,
        path_parameters: &[],
        query: &[],
        body: JSON,
        // In local mode. With the key, the registry records `signed-in` and the session in one transaction.
        audit: Audit::AfterAnswer(AuditAction::LookedAs),
        own_problems: &[Code::KeyWrong, Code::NotAllowed, Code::BadGrant, Code::TooManyTries],
        summary: "Sign in",
        description: "`{\"key\": …}` signs in with the key. In local mode, `{\"look_as\": {\"role\": \
                      \"instructor\", \"courses\": [{\"course\": …, \"section\": null}]}}` switches to an \
                      instructor's view and `{\"look_as\": null}` switches back.",
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
        description: "Also ends the session on the server.",
    },
    Route {
        operation: Operation::ListSessions,
        method: Method::Get,
        path: "/api/sessions",
        access: Access::Authorized(Action::ViewSession),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "Your own sessions; for an administrator, everybody's",
        description: "The ones that were used last, at most 1,000. A token of Cloudflare Access counts as a session.",
    },
    Route {
        operation: Operation::EndSessions,
        method: Method::Delete,
        path: "/api/sessions",
        access: Access::Authorized(Action::EndSessions),
        path_parameters: &[],
        query: &[Parameter {
            name: "person",
            kind: ParameterKind::Hex(16),
            description: "Only the sessions of the person with this `person_id`, from `GET /api/sessions`, or `id`, from \
                          `GET /api/roles`.",
        }],
        body: Body::None,
        audit: Audit::WithChange(AuditAction::SessionsEnded),
        own_problems: &[],
        summary: "End everybody's sessions, or one person's",
        description: "Everybody includes yourself. Takes effect within five seconds. People can sign in again.",
    },
    Route {
        operation: Operation::EndSession,
        method: Method::Delete,
        path: "/api/sessions/{id}",
        access: Access::Authorized(Action::ViewSession),
        path_parameters: &[SESSION_ID],
        query: &[],
        body: Body::None,
        audit: Audit::WithChange(AuditAction::SessionsEnded),
        own_problems: &[Code::BadId],
        summary: "End one of your own sessions; for an administrator, any",
        description: "Also returns 204 if there is no such session.",
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
        description: "From Echo360's lists, which are read at most once a day, and from rows.",
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
        summary: "Requests with the states of their windows, and the state of the scheduler",
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
        description: "`{report, from, to, tz?, parameters?}`. Idempotent: the same request twice is one \
                      request.",
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
        description: "Its windows leave the queue unless another request needs them. What Echo360 is already \
                      building is kept.",
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
        description: "`{\"windows\": […]}` names the windows to request again; without it, the failed ones \
                      are retried. If an administrator retries, calls to Echo360 no longer wait after earlier errors, \
                      except that refused credentials are tried at most every 20 s.",
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
                description: "The expected copy of the window. If the window serves another, the response is \
                              `copy-replaced`.",
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
        description: "`domain/src/frame.rs` defines the format.",
    },
    Route {
        operation: Operation::DownloadCsv,
        method: Method::Get,
        path: "/api/csv/{report}",
        access: Access::ReportReader,
        path_parameters: &[REPORT],
        query: &[
            FIRST_DAY,
            LAST_DAY,
            Parameter {
                name: "tz",
                kind: ParameterKind::Text,
                description: "The IANA time zone of the days and of `event_local_time`; UTC by default.",
            },
            COURSE,
            SECTION,
            Parameter {
                name: "delimiter",
                kind: ParameterKind::Choice(&[",", "\t", "|"]),
                description: "The column separator: `,` (default), tab or `|`, percent-encoded.",
            },
            Parameter {
                name: "cells",
                kind: ParameterKind::Choice(&["safe", "raw"]),
                description: "`safe` (default) is for spreadsheets: a byte order mark, `'` before everything \
                              that one would run as a formula, and the last column `event_local_time`, except in reports \
                              whose rows have no time, such as `asset` and `assetbydate`. `raw` leaves cells \
                              unchanged and adds none of these.",
            },
            Parameter {
                name: "as",
                kind: ParameterKind::Choice(&["zip"]),
                description: "`zip`: one CSV file per week, in a zip file.",
            },
            REPORT_PARAMETERS,
        ],
        body: Body::None,
        audit: Audit::AfterAnswer(AuditAction::Downloaded),
        own_problems: DOWNLOAD_PROBLEMS,
        summary: "One CSV file over any range",
        description: "A download that fails after it has begun breaks off; it never ends as if it were \
                      complete.",
    },
    Route {
        operation: Operation::CountRows,
        method: Method::Get,
        path: "/api/csv/{report}/count",
        access: Access::ReportReader,
        path_parameters: &[REPORT],
        query: &[
            FIRST_DAY,
            LAST_DAY,
            Parameter {
                name: "tz",
                kind: ParameterKind::Text,
                description: "The IANA time zone of the days; UTC by default.",
            },
            COURSE,
            SECTION,
            REPORT_PARAMETERS,
        ],
        body: Body::None,
        audit: Audit::None,
        own_problems: COUNT_PROBLEMS,
        summary: "How many rows a download would have",
        description: "Where a range has only some days of a week, their share of the week's rows is an \
                      estimate, and `exact` is `false`.",
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
        description: "`{report, course, section?, from, to, name?, days?, origins?, preview?}` creates a \
                      share and returns its token, this once. With `preview`, only returns what the share \
                      would show.",
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
        description: "`{name?, days?, origins?, rotate?}` renames a share, renews it, lets pages of other \
                      sites embed it, or replaces its link.",
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
        audit: Audit::None,
        own_problems: &[Code::ShareGone, Code::TooManyTries],
        summary: "What a share shows",
        description: "`{token, id?}`, for anybody who has the link.",
    },
    Route {
        operation: Operation::CountOpening,
        method: Method::Post,
        path: "/api/shared/opened",
        access: Access::ShareToken,
        path_parameters: &[],
        query: &[],
        body: JSON,
        audit: Audit::WithChange(AuditAction::ShareOpened),
        own_problems: &[Code::ShareGone, Code::TooManyTries],
        summary: "Count an opening of a share",
        description: "`{token, id?}`. The share's page calls it once, when somebody clicks, types or scrolls in it.",
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
        description: "`{email, role, grants: [{course, section}]}`; `role` is `administrator`, `analyst` or \
                      `instructor`.",
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
        summary: "Remove a person's role",
        description: "Takes an id instead of an e-mail address, which would appear in logs.",
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
            description: "The `digest` of a preview. With the same body, makes exactly the previewed \
                          changes.",
        }],
        body: Body::Csv { max_bytes: MAX_UPLOAD_BYTES },
        audit: Audit::WithChange(AuditAction::RolesUploaded),
        own_problems: &[Code::PreviewStale],
        summary: "Preview or apply an upload of roles",
        description: "`email,role,course,section`: CSV with commas or semicolons, at most 1 MB; courses by \
                      code or UUID, sections by number, by number and term (`001 (Autumn 2026)`), or by UUID. \
                      Returns the changes that it would make, with a `digest`. With `?apply=<digest>` and the same body, makes exactly these changes. \
                      People whom the file does not name keep their roles.",
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
                description: "Entries up to this UTC day, inclusive.",
            },
            Parameter {
                name: "person",
                kind: ParameterKind::Hex(16),
                description: "Entries of the person with this `id`, from `GET /api/roles`.",
            },
            Parameter {
                name: "what",
                kind: ParameterKind::AuditAction,
                description: "Entries with this action.",
            },
            Parameter {
                name: "before",
                kind: ParameterKind::Integer,
                description: "Entries with lower numbers than this: `before` of the previous page.",
            },
            Parameter {
                name: "as",
                kind: ParameterKind::Choice(&["csv", "jsonl"]),
                description: "`csv`: all entries as one CSV file. `jsonl`: one entry as JSON on each line, at most 1,000, \
                              those that changed first before the others.",
            },
            Parameter {
                name: "after",
                kind: ParameterKind::Integer,
                description: "With `as=jsonl`: only entries that were added or counted up after this one: the `cursor` of the \
                              last line that was read. 0, the default, starts at the beginning.",
            },
        ],
        body: Body::None,
        audit: Audit::AfterAnswer(AuditAction::SawRecord),
        own_problems: &[Code::BadDay],
        summary: "The audit log",
        description: "Who signed in, viewed, downloaded, requested, shared, erased, changed roles or was \
                      refused: newest first, 200 entries per page. To export it as it grows, call `as=jsonl` with \
                      the last `cursor` as `after`, until fewer than 1,000 lines come; an entry whose `count` has grown \
                      comes again, with the same `id`.",
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
        description: "`{person: {email}}`, `{person: {id}}`, `{course}` or `{range: {report?, from, to}}`, \
                      which is whole weeks, Monday to Sunday. The same target twice is one erasure, and \
                      checks all copies again.",
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
        description: "Copies that are collected later contain the rows again; deleted rows do not come back \
                      by themselves.",
    },
    Route {
        operation: Operation::ExportPerson,
        method: Method::Post,
        path: "/api/person-export",
        access: Access::Authorized(Action::ExportPerson),
        path_parameters: &[],
        query: &[],
        body: JSON,
        audit: Audit::WithChange(AuditAction::PersonExported),
        own_problems: &[],
        summary: "Everything held about a person",
        description: "`{email}` or `{id}`. A zip file: the person's rows, a CSV file for each week and report; \
                      with `{email}` also `account.json` (role, sign-out, sessions, requests, erasures, shares) and \
                      `audit-log.csv`; `shared-account.json`, if they are in the list of shared accounts; `about.txt` says what is in it. In rows about several people, the ids, addresses \
                      and names of the others are empty. Refused (`bad-body`) for an address with rows of several \
                      user ids, and for anonymous accounts.",
    },
    Route {
        operation: Operation::GetDataQuality,
        method: Method::Get,
        path: "/api/quality",
        access: Access::Authorized(Action::ReadDataQuality),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "Data quality",
        description: "What is unusual in the files of each window that has rows: counts, which name nobody. Under \
                      `lists`, Echo360's lists that were last read only in part, and why.",
    },
    Route {
        operation: Operation::ListSharedAccounts,
        method: Method::Get,
        path: "/api/shared-accounts",
        access: Access::Authorized(Action::ReadSharedAccounts),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "Accounts that stand for many people",
        description: "`hashes` decide which ids and addresses in rows are counted as no person. `accounts`, for \
                      administrators only, has the ids and addresses themselves, where they were found, and how they \
                      were marked.",
    },
    Route {
        operation: Operation::MarkAccount,
        method: Method::Post,
        path: "/api/shared-accounts",
        access: Access::Authorized(Action::MarkAccounts),
        path_parameters: &[],
        query: &[],
        body: JSON,
        audit: Audit::AfterAnswer(AuditAction::AccountMarked),
        own_problems: &[],
        summary: "Mark an account as shared, or as a person",
        description: "`{account, mark}`: a user id or an e-mail address, and `shared`, `person` (whatever was found) or \
                      `null`, which removes the mark. Returns all accounts. The audit log records who marked an account \
                      and how, not which.",
    },
    Route {
        operation: Operation::ListShrunken,
        method: Method::Get,
        path: "/api/shrunken",
        access: Access::Authorized(Action::ChooseCopies),
        path_parameters: &[],
        query: &[],
        body: Body::None,
        audit: Audit::None,
        own_problems: &[],
        summary: "Windows whose newer copy has lost rows",
        description: "A newer copy of the same days that has lost rows is not used until somebody has chosen.",
    },
    Route {
        operation: Operation::ChooseCopy,
        method: Method::Post,
        path: "/api/shrunken",
        access: Access::Authorized(Action::ChooseCopies),
        path_parameters: &[],
        query: &[],
        body: JSON,
        audit: Audit::AfterAnswer(AuditAction::CopyChosen),
        own_problems: &[Code::BadId, Code::UnknownWindow, Code::Quota],
        summary: "Choose one of two copies of a window",
        description: "`{report, window, choice}`: `keep` keeps the fuller copy, `replace` requests the newer one once \
                      more and takes it. Returns the windows that are left.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn calls_that_read_much_and_sign_ins_are_limited() {
        let limited = |limit| -> Vec<Operation> {
            let routes = ROUTES.iter().filter(|route| route.rate_limit() == Some(limit));
            routes.map(|route| route.operation).collect()
        };
        assert_eq!(limited(RateLimit::Rows), [Operation::ListCourses, Operation::ReadRows]);
        assert_eq!(limited(RateLimit::SignIn), [Operation::SignIn]);
        let reading = limited(RateLimit::Reading);
        for operation in [Operation::DownloadCsv, Operation::CountRows, Operation::CreateShare] {
            assert!(reading.contains(&operation), "{operation:?}");
        }
    }

    #[test]
    fn each_operation_has_exactly_one_route() {
        let routed: Vec<Operation> = ROUTES.iter().map(|route| route.operation).collect();
        assert_eq!(routed.len(), Operation::ALL.len());
        assert_eq!(routed.iter().collect::<BTreeSet<_>>(), Operation::ALL.iter().collect());
        let endpoints: BTreeSet<(&str, Method)> =
            ROUTES.iter().map(|route| (route.path, route.method)).collect();
        assert_eq!(endpoints.len(), ROUTES.len(), "two routes have the same method and path");
    }

    #[test]
    fn operation_ids_are_in_camel_case() {
        assert_eq!(Operation::ListRequests.id(), "listRequests");
    }

    #[test]
    fn the_routes_of_a_path_are_adjacent() {
        let mut paths: Vec<&str> = ROUTES.iter().map(|route| route.path).collect();
        paths.dedup();
        assert_eq!(paths.len(), paths.iter().collect::<BTreeSet<_>>().len(), "{paths:?}");
    }

    #[test]
    fn every_parameter_in_a_path_is_described() {
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
    fn report_routes_have_the_report_in_their_path() {
        for route in ROUTES.iter().filter(|route| route.access == Access::ReportReader) {
            assert!(route.path.contains("{report}"), "{}", route.path);
        }
    }

    #[test]
    fn administrator_and_public_routes_are_the_expected_ones() {
        let administrators: BTreeSet<&str> = ROUTES
            .iter()
            .filter(|route| route.access.is_for_administrators())
            .map(|route| route.path)
            .collect();
        let expected = [
            "/api/forget",
            "/api/forget/{id}",
            "/api/person-export",
            "/api/quality",
            "/api/record",
            "/api/roles",
            "/api/roles/csv",
            "/api/roles/{id}",
            "/api/sessions",
            "/api/shared-accounts",
            "/api/shares",
            "/api/shrunken",
        ];
        assert_eq!(administrators, BTreeSet::from(expected));
        let public: Vec<&str> =
            ROUTES.iter().filter(|route| !route.access.needs_session()).map(|route| route.path).collect();
        let expected = ["/healthz", "/api/session", "/api/shared", "/api/shared/opened", "/s", "/s/{id}"];
        assert_eq!(public, expected);
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
    fn public_pages_accept_head() {
        let route = |operation| ROUTES.iter().find(|route| route.operation == operation).unwrap();
        assert!(route(Operation::GetSharePage).accepts("HEAD"));
        assert!(!route(Operation::GetSession).accepts("HEAD"));
        assert!(!route(Operation::OpenShare).accepts("HEAD"));
        assert!(route(Operation::OpenShare).accepts("POST"));
    }

    #[test]
    fn a_prefix_parameter_matches_every_name_with_its_prefix() {
        let parameter = Parameter { name: "parameters.*", kind: ParameterKind::Text, description: "" };
        assert!(parameter.is_called("parameters.term") && !parameter.is_called("parameter"));
        assert!(COURSE.is_called("course") && !COURSE.is_called("courses"));
    }
}
