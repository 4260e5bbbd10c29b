//! What each kind of visitor gets from each route of the API. The test cases are generated from it.

use domain::problem::Code;
use domain::routes::{Operation, ROUTES};

/// What a route responds to a visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gets {
    /// The same for everybody, signed in or not.
    Public,
    /// Data of the visitor's courses and sections only.
    InScope,
    /// The visitor's own objects only. Objects of others get the same response as objects that do not exist.
    Own,
    /// Data of the whole institution.
    All,
    /// A problem with this code, whatever is requested.
    Refused(Code),
}

/// The kinds of visitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Not signed in.
    Stranger,
    /// Signed in, without a role.
    NoRole,
    /// An instructor.
    Instructor,
    /// An analyst.
    Analyst,
    /// An administrator.
    Administrator,
}

const SIGN_IN: Gets = Gets::Refused(Code::SignInNeeded);
const NO_ROLE: Gets = Gets::Refused(Code::NoRole);
const NOT_ALLOWED: Gets = Gets::Refused(Code::NotAllowed);

const PUBLIC: [Gets; 5] = [Gets::Public; 5];
const SCOPED: [Gets; 5] = [SIGN_IN, NO_ROLE, Gets::InScope, Gets::All, Gets::All];
const OWN_REQUESTS: [Gets; 5] = [SIGN_IN, NO_ROLE, Gets::Own, Gets::All, Gets::All];
const OWN_SHARES: [Gets; 5] = [SIGN_IN, NO_ROLE, Gets::Own, Gets::Own, Gets::All];
const OWN_SESSIONS: [Gets; 5] = OWN_SHARES;
const ADMINISTRATORS: [Gets; 5] = [SIGN_IN, NO_ROLE, NOT_ALLOWED, NOT_ALLOWED, Gets::All];

/// What an operation returns to each kind of visitor, in the order of [`Access`].
fn by_access(operation: Operation) -> [Gets; 5] {
    match operation {
        Operation::GetHealth
        | Operation::GetSharePage
        | Operation::GetEmbeddedSharePage
        | Operation::OpenShare
        | Operation::CountOpening => PUBLIC,
        // Signs in with a key; this installation uses Cloudflare Access and has none.
        Operation::SignIn => [SIGN_IN; 5],
        // Signing out needs no role.
        Operation::SignOut => [SIGN_IN, Gets::Own, Gets::Own, Gets::Own, Gets::Own],
        // The same for everybody who has a role.
        Operation::GetOpenApi => [SIGN_IN, NO_ROLE, Gets::Public, Gets::Public, Gets::Public],
        Operation::GetSession
        | Operation::ListReports
        | Operation::ListCourses
        | Operation::CreateRequest
        | Operation::ReadRows
        | Operation::DownloadCsv
        | Operation::CountRows
        | Operation::ListSharedAccounts
        | Operation::CreateShare => SCOPED,
        Operation::ListRequests
        | Operation::GetRequest
        | Operation::WithdrawRequest
        | Operation::RetryRequest => OWN_REQUESTS,
        Operation::ListSessions | Operation::EndSession => OWN_SESSIONS,
        Operation::ListShares | Operation::UpdateShare | Operation::RevokeShare => OWN_SHARES,
        Operation::SwitchShares
        | Operation::ListRoles
        | Operation::AssignRole
        | Operation::RemoveRole
        | Operation::UploadRoles
        | Operation::ReadAuditLog
        | Operation::ListErasures
        | Operation::StartErasure
        | Operation::CancelErasure
        | Operation::ExportPerson
        | Operation::GetDataQuality => ADMINISTRATORS,
        Operation::ListShrunken | Operation::ChooseCopy | Operation::EndSessions | Operation::MarkAccount => {
            ADMINISTRATORS
        }
    }
}

/// What a path without a route returns: authentication comes first.
const UNKNOWN_ROUTE: [Gets; 5] = {
    let unknown = Gets::Refused(Code::UnknownRoute);
    [SIGN_IN, NO_ROLE, unknown, unknown, unknown]
};

/// Something to call: a route of the API, or a path that is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// What the route does; nothing of a path without a route.
    pub(crate) operation: Option<Operation>,
    /// The HTTP method.
    pub(crate) method: &'static str,
    /// The path, with its variable segments in braces.
    pub(crate) path: &'static str,
}

/// Every route, and a path without one.
pub(crate) fn targets() -> impl Iterator<Item = Target> {
    let routes = ROUTES.iter().map(|route| Target {
        operation: Some(route.operation),
        method: route.method.as_str(),
        path: route.path,
    });
    routes.chain([Target { operation: None, method: "GET", path: "/api/nothing" }])
}

impl Target {
    /// What this kind of visitor gets.
    pub(crate) fn gets(&self, access: Access) -> Gets {
        let [stranger, no_role, instructor, analyst, administrator] =
            self.operation.map_or(UNKNOWN_ROUTE, by_access);
        match access {
            Access::Stranger => stranger,
            Access::NoRole => no_role,
            Access::Instructor => instructor,
            Access::Analyst => analyst,
            Access::Administrator => administrator,
        }
    }
}
