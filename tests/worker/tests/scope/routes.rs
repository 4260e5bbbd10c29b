//! The table of routes: what each kind of visitor gets from each route. The test cases are generated from it.

use domain::problem::Code;

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

/// A route.
#[derive(Debug)]
pub(crate) struct Route {
    /// The HTTP method.
    pub(crate) method: &'static str,
    /// The path, with its parameters in braces.
    pub(crate) path: &'static str,
    /// What each kind of visitor gets, in the order of [`Access`].
    gets: [Gets; 5],
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
const ADMINISTRATORS: [Gets; 5] = [SIGN_IN, NO_ROLE, NOT_ALLOWED, NOT_ALLOWED, Gets::All];

/// Every route.
pub(crate) const ROUTES: &[Route] = &[
    Route { method: "GET", path: "/healthz", gets: PUBLIC },
    Route { method: "GET", path: "/s", gets: PUBLIC },
    Route { method: "GET", path: "/s/{id}", gets: PUBLIC },
    Route { method: "POST", path: "/api/shared", gets: PUBLIC },
    Route { method: "GET", path: "/api/session", gets: SCOPED },
    // Signs in with a key; this installation uses Cloudflare Access and has none.
    Route { method: "POST", path: "/api/session", gets: [SIGN_IN; 5] },
    // Signing out needs no role.
    Route {
        method: "DELETE",
        path: "/api/session",
        gets: [SIGN_IN, Gets::Own, Gets::Own, Gets::Own, Gets::Own],
    },
    Route { method: "GET", path: "/api/reports", gets: SCOPED },
    Route { method: "GET", path: "/api/courses", gets: SCOPED },
    Route { method: "GET", path: "/api/requests", gets: OWN_REQUESTS },
    Route { method: "POST", path: "/api/requests", gets: SCOPED },
    Route { method: "GET", path: "/api/requests/{id}", gets: OWN_REQUESTS },
    Route { method: "DELETE", path: "/api/requests/{id}", gets: OWN_REQUESTS },
    Route { method: "POST", path: "/api/requests/{id}/retry", gets: OWN_REQUESTS },
    Route { method: "GET", path: "/api/rows/{report}/{window}", gets: SCOPED },
    Route { method: "GET", path: "/api/csv/{report}", gets: SCOPED },
    Route { method: "GET", path: "/api/shares", gets: OWN_SHARES },
    Route { method: "POST", path: "/api/shares", gets: SCOPED },
    Route { method: "PUT", path: "/api/shares", gets: ADMINISTRATORS },
    Route { method: "POST", path: "/api/shares/{id}", gets: OWN_SHARES },
    Route { method: "DELETE", path: "/api/shares/{id}", gets: OWN_SHARES },
    Route { method: "GET", path: "/api/roles", gets: ADMINISTRATORS },
    Route { method: "PUT", path: "/api/roles", gets: ADMINISTRATORS },
    Route { method: "DELETE", path: "/api/roles/{id}", gets: ADMINISTRATORS },
    Route { method: "POST", path: "/api/roles/csv", gets: ADMINISTRATORS },
    Route { method: "GET", path: "/api/record", gets: ADMINISTRATORS },
    Route { method: "GET", path: "/api/forget", gets: ADMINISTRATORS },
    Route { method: "POST", path: "/api/forget", gets: ADMINISTRATORS },
    Route { method: "DELETE", path: "/api/forget/{id}", gets: ADMINISTRATORS },
    // A path without a route: authentication comes first.
    Route {
        method: "GET",
        path: "/api/nothing",
        gets: {
            let unknown = Gets::Refused(Code::UnknownRoute);
            [SIGN_IN, NO_ROLE, unknown, unknown, unknown]
        },
    },
];

impl Route {
    /// What this kind of visitor gets.
    pub(crate) fn gets(&self, access: Access) -> Gets {
        let [stranger, no_role, instructor, analyst, administrator] = self.gets;
        match access {
            Access::Stranger => stranger,
            Access::NoRole => no_role,
            Access::Instructor => instructor,
            Access::Analyst => analyst,
            Access::Administrator => administrator,
        }
    }
}
