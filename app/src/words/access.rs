//! Texts about signing in, roles, the audit log and erasure.

use domain::api::{AuditAction, RoleUploadResult, SessionSummary};
use domain::auth_method::AuthMethod;
use domain::erasure::{Erasure, ErasureProgress, IdentifierKind};
use domain::role::Role;
use domain::view::Page;

// Signing in and out.
pub const SIGN_IN: &str = "Sign in";
pub const SIGN_OUT: &str = "Sign out";
/// How to sign in through Cloudflare Access.
pub const BY_ACCESS: &str = "Sign in with your institution's account.";
/// For somebody who has signed out of Lectern, but not of Cloudflare Access.
pub const STILL_SIGNED_IN: &str = "You are signed out of Lectern, but your institution's sign-in still recognizes you. Sign out there, too, before you \
     sign in again or somebody else uses this browser.";
pub const SIGN_OUT_THERE: &str = "Sign out there";
pub const KEY: &str = "Key";
pub const KEY_IS: &str = "The person who installed Lectern has the key. It signs you in as an administrator.";
/// Where no sign-in method is set up.
pub const NO_SIGN_IN: &str =
    "There is no way to sign in to this installation yet. Its operator has to set one up.";
pub const AUDIT_NOTICE: &str =
    "Lectern records who viewed which course and when, for the administrators of your institution.";

// The account page.
/// The link in the footer of every page.
pub const YOUR_ACCOUNT: &str = "Your account";
/// The accessible name of the links between the pages of this module.
pub const ACCESS: &str = "Access";
pub const ADMINISTRATORS_ONLY: &str = "This page is for administrators.";
pub const NAME: &str = "Name";
pub const ROLE: &str = "Role";
pub const AUTH_METHOD: &str = "Sign-in";
pub const CAN_SEE: &str = "Can see";
/// The scope of administrators and analysts.
pub const SEES_EVERYTHING: &str = "Every course of the institution.";
/// The same in a table's cell.
pub const EVERYTHING: &str = "Everything";
/// The scope of an instructor without grants.
pub const SEES_NOTHING: &str = "No courses yet. An administrator of your institution can add yours.";
pub const VIEW_AS: &str = "View as another role";
pub const VIEW_AS_IS: &str =
    "Lectern then shows and refuses what it would show to, and refuse, an instructor of this course.";
pub const VIEW_AS_INSTRUCTOR: &str = "View as an instructor";
pub const VIEW_AS_ADMINISTRATOR: &str = "View as an administrator again";

// Sessions.
pub const YOUR_SESSIONS: &str = "Where you are signed in";
/// The same for administrators, who see everybody's.
pub const SESSIONS: &str = "Who is signed in";
pub const SESSIONS_ARE: &str = "A session ends by itself after 24 hours, one with the key after 12. End those that you do not recognize; whoever \
     used them has to sign in again.";
pub const OPENED: &str = "Since";
pub const LAST_USED: &str = "Last used";
pub const THIS_SESSION: &str = "This session";
pub const END_SESSION: &str = "End";
pub const END_ALL_OF_PERSON: &str = "End all of this person";
pub const END_EVERYBODYS: &str = "End everybody's sessions";
pub const CONFIRM_EVERYBODYS_END: &str =
    "End everybody's sessions, this one included? Everybody has to sign in again.";
/// After sessions were ended.
pub const ENDED: &str = "Ended. It takes up to five seconds until it is refused everywhere.";

// The people page.
pub const EMAIL: &str = "E-mail";
pub const NOBODY: &str = "Nobody has a role yet.";
/// In place of the buttons of a person whom `LECTERN_ADMINS` names.
pub const FIXED: &str = "Set in the settings";
pub const CHANGE_ROLE: &str = "Change a role";
pub const CHANGE: &str = "Change";
pub const ASSIGN_ROLE: &str = "Assign a role";
pub const ADD_COURSE: &str = "Add this course";
/// Removes a role, or a course from an instructor's grants.
pub const REMOVE: &str = "Remove";
pub const SAVE: &str = "Save";
pub const CANCEL: &str = "Cancel";
pub const UPLOAD: &str = "Upload roles";
pub const UPLOAD_IS: &str = "A CSV file with one row for each person and course. People in the file get exactly the role and courses that their rows \
     list; everybody else stays as they are. You see the changes before they are made.";
pub const FILE: &str = "File";
pub const APPLY: &str = "Make these changes";

// The audit log.
pub const WHO: &str = "Who";
pub const ANYBODY: &str = "Anybody";
/// The person of entries without one.
pub const NOT_SIGNED_IN: &str = "Not signed in";
pub const ACTION: &str = "Action";
pub const ANY_ACTION: &str = "Any action";
pub const WHEN: &str = "When";
/// The view or the object of the action.
pub const DETAILS: &str = "Details";
/// The person's scope when they acted.
pub const SCOPE: &str = "Could see then";
pub const OLDER: &str = "Show older entries";
pub const NO_ENTRIES: &str = "No entries match.";

// Erasure.
pub const ERASE_WHAT: &str = "What to erase";
pub const A_PERSON: &str = "A person";
pub const A_COURSE: &str = "A course";
pub const SOME_WEEKS: &str = "Some weeks";
pub const EMAIL_OR_ID: &str = "E-mail address or Echo360 user id";
pub const ALL_REPORTS: &str = "All reports with days";
pub const MONDAY: &str = "First day (a Monday)";
pub const SUNDAY: &str = "Last day (a Sunday)";
pub const ERASE: &str = "Erase";
pub const CONFIRM_ERASURE: &str = "Delete this from every copy that Lectern has? This cannot be undone: the data can only be requested from Echo360 again.";
pub const ERASURES: &str = "Erasures";
pub const NO_ERASURES: &str = "No erasures yet.";
pub const CANCEL_ERASURE: &str = "Cancel this erasure";

// Everything held about a person.
pub const PERSON_EXPORT: &str = "What is held about a person";
pub const PERSON_EXPORT_CONTENT: &str = "For somebody who asks what Lectern holds about them: one zip file with their rows and, if you give their \
     address, their role, requests, shares and entries of the audit log. Ids, addresses and names of other people in these \
     rows are emptied; what they wrote stays. Rows that give only a name, such as the owner of a video, are not included.";
pub const EXPORT_PERSON: &str = "Save everything";
pub const EXPORTING_PERSON: &str = "Searching every week…";
pub const PERSON_EXPORTED: &str = "Saved.";

/// A page's heading.
#[must_use]
pub fn title(place: Page) -> &'static str {
    match place {
        Page::Shares => "Shares",
        Page::People => "People",
        Page::Record => "Audit log",
        Page::Forgetting => "Erasure",
        Page::Quality => "Data quality",
        _ => YOUR_ACCOUNT,
    }
}

/// The sentence under a page's heading.
#[must_use]
pub fn purpose(place: Page) -> &'static str {
    match place {
        Page::Shares => "Links that show a course's numbers to people who cannot sign in.",
        Page::People => "Who can see what. Changes take effect within seconds.",
        Page::Record => "Who viewed, downloaded, requested and changed what.",
        Page::Forgetting => "Data that is deleted from every copy and kept out of later ones.",
        Page::Quality => "What is unusual in Echo360's files, and what Lectern does about it.",
        _ => "Who you are signed in as, and what you can see.",
    }
}

/// A role's name.
#[must_use]
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Administrator => "Administrator",
        Role::Analyst => "Analyst",
        Role::Instructor => "Instructor",
    }
}

/// How a visitor signed in.
#[must_use]
pub fn auth_method(auth_method: AuthMethod) -> &'static str {
    match auth_method {
        AuthMethod::Local => "Not needed: local mode, for anybody at this computer",
        AuthMethod::Access => "With your institution's account",
        AuthMethod::Key => "With the installation's key",
    }
}

/// The name of a visitor.
#[must_use]
pub fn visitor_name(person: &str, auth_method: AuthMethod) -> String {
    match auth_method {
        AuthMethod::Local => "Anybody at this computer".to_owned(),
        AuthMethod::Key => "Anybody with the key".to_owned(),
        AuthMethod::Access => person.to_owned(),
    }
}

/// A person of the audit log or a share: an address, or a label for visitors without one.
#[must_use]
pub fn person_label(person: &str) -> &str {
    match person {
        "" => NOT_SIGNED_IN,
        "local" => "Local mode",
        "key" => "The key",
        address => address,
    }
}

/// The footer of every page: who is signed in.
#[must_use]
pub fn session_sentence(session: &SessionSummary) -> String {
    // The slug is lower-case already: `to_lowercase` would add Unicode tables to the page.
    let role = session.role.slug();
    match session.auth_method {
        AuthMethod::Local if session.role == Role::Administrator => {
            "Local mode: anybody at this computer is an administrator.".to_owned()
        }
        AuthMethod::Local => format!("Local mode, viewing as an {role}."),
        AuthMethod::Key => "Signed in with the key, as an administrator.".to_owned(),
        AuthMethod::Access => format!("Signed in as {}, {role}.", session.person),
    }
}

/// An erased course: its name is erased, too, so only its id identifies it.
#[must_use]
pub fn erased_course(id: &str) -> String {
    format!("The course {id}")
}

/// A section with its course.
#[must_use]
pub fn section_of_course(course: &str, section: &str) -> String {
    format!("{course}, section {section}")
}

/// The courses of an instructor.
#[must_use]
pub fn list_courses(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    if names.is_empty() { "No courses yet".to_owned() } else { names.join("; ") }
}

/// The confirmation before a role is removed.
#[must_use]
pub fn confirm_role_removal(email: &str) -> String {
    format!("Remove the role of {email}? They will no longer see anything.")
}

/// The accessible name of a button.
#[must_use]
pub fn end_session_of(person: &str, since: &str) -> String {
    format!("End the session of {person} since {since}")
}

/// The accessible name of a button.
#[must_use]
pub fn end_sessions_of(person: &str) -> String {
    format!("End all sessions of {person}")
}

/// The confirmation before all sessions of a person are ended.
#[must_use]
pub fn confirm_sessions_end(person: &str) -> String {
    format!("End all sessions of {person}? They have to sign in again.")
}

/// The zone of the sessions' times.
#[must_use]
pub fn session_zone(zone: &str) -> String {
    format!("Times are in {zone}.")
}

/// The accessible name of a button.
#[must_use]
pub fn change_role_of(email: &str) -> String {
    format!("Change the role of {email}")
}

/// The accessible name of a button.
#[must_use]
pub fn remove_role_of(email: &str) -> String {
    format!("Remove the role of {email}")
}

/// The accessible name of a button.
#[must_use]
pub fn remove_course(course: &str) -> String {
    format!("Remove {course}")
}

/// What is wrong with a line of an upload.
#[must_use]
pub fn line_error(line: u32, detail: &str) -> String {
    format!("Line {line}: {detail}")
}

/// What an upload changes for a person without a role; `assignment` is their role and courses.
#[must_use]
pub fn upload_addition(email: &str, assignment: &str) -> String {
    format!("{email} gets a role. {assignment}.")
}

/// What an upload changes for a person with a role.
#[must_use]
pub fn upload_change(email: &str, before: &str, after: &str) -> String {
    format!("{email} changes. Now {before}; then {after}.")
}

/// How many people an upload changes; in the past tense once it was applied.
#[must_use]
pub fn upload_summary(upload: &RoleUploadResult) -> String {
    let people = |n: usize| if n == 1 { "1 person".to_owned() } else { format!("{n} people") };
    let (added, changed, same) = (upload.added.len(), upload.changed.len(), upload.unchanged);
    if upload.applied {
        return format!("Done: {} got a role, {} changed.", people(added), people(changed));
    }
    if added + changed == 0 {
        return "This changes nothing: everybody in the file already has what it lists.".to_owned();
    }
    format!("{} would get a role, {} would change, {same} stay as they are.", people(added), people(changed))
}

/// An action of the audit log.
#[must_use]
pub fn audit_action(action: AuditAction) -> &'static str {
    match action {
        AuditAction::SignedIn => "Signed in",
        AuditAction::SignedOut => "Signed out",
        AuditAction::LookedAs => "Viewed as another role",
        AuditAction::Saw => "Viewed",
        AuditAction::Downloaded => "Downloaded",
        AuditAction::Asked => "Requested",
        AuditAction::Retried => "Requested again",
        AuditAction::Withdrew => "Stopped waiting",
        AuditAction::RoleGiven => "Assigned a role",
        AuditAction::RoleTaken => "Removed a role",
        AuditAction::RolesUploaded => "Uploaded roles",
        AuditAction::SawRoles => "Viewed the roles",
        AuditAction::SawRecord => "Viewed the audit log",
        AuditAction::Forgot => "Erased",
        AuditAction::PersonExported => "Saved a person's data",
        AuditAction::SharePreviewed => "Previewed a share",
        AuditAction::Shared => "Created a share",
        AuditAction::ShareOpened => "Share opened",
        AuditAction::ShareChanged => "Changed a share",
        AuditAction::ShareRevoked => "Revoked a share",
        AuditAction::SharesSwitched => "Turned shares on or off",
        AuditAction::CopyChosen => "Chose a copy of a week",
        AuditAction::SessionsEnded => "Ended sessions",
        AuditAction::OverBudget => "Did more that day than is listed",
        AuditAction::AccountMarked => "Marked an account",
        AuditAction::Refused => "Was refused",
    }
}

/// The scope of an audit entry.
#[must_use]
pub fn scope_label(scope: &str) -> String {
    if scope == "everything" { EVERYTHING.to_owned() } else { scope.to_owned() }
}

/// How long audit entries are kept.
#[must_use]
pub fn audit_retention(days: u32) -> String {
    format!("Entries are kept for {days} days.")
}

/// The zones of the audit log's times and of its filter.
#[must_use]
pub fn audit_zones(zone: &str) -> String {
    format!("Times are in {zone}; the days above are UTC days.")
}

/// How long copies are kept (`LECTERN_KEEP_DAYS`).
#[must_use]
pub fn retention(days: u32) -> String {
    format!("Weeks that ended more than {days} days ago are deleted automatically.")
}

/// What an erasure deletes, and what it leaves.
#[must_use]
pub fn erasure_effect(is_person: bool, is_weeks: bool) -> &'static str {
    if is_person {
        "Their rows are deleted from every copy and kept out of later ones. What others wrote about them stays. Lectern \
         keeps only a hash of the person, which does not reveal who they are."
    } else if is_weeks {
        "Whole weeks, in UTC. They are then shown as “erased”, and are not requested from Echo360 again automatically."
    } else {
        "All rows of this course are deleted from every copy and kept out of later ones."
    }
}

/// An erased person: only the hash of their identifier is kept.
#[must_use]
pub fn erased_person(hash: &str, identified_by: IdentifierKind) -> String {
    let by = match identified_by {
        IdentifierKind::Email => "e-mail address",
        IdentifierKind::Id => "user id",
    };
    format!("A person, by {by} (hash {hash})")
}

/// Which further identifiers of an erased person were found in rows, and what cannot be linked with them.
#[must_use]
pub fn erasure_links(identified_by: IdentifierKind, ids: u32, emails: u32) -> String {
    let count = |count: u32, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 further {one}")),
        n => Some(format!("{} further {many}", crate::locale::format_count(u64::from(n)))),
    };
    let found = [count(ids, "user id", "user ids"), count(emails, "e-mail address", "e-mail addresses")];
    let found: Vec<String> = found.into_iter().flatten().collect();
    let linked = match found.is_empty() {
        true => "No further identifiers were found in rows.".to_owned(),
        false => format!("Also erased, found in their rows: {}.", found.join(" and ")),
    };
    let not_linked = match identified_by {
        IdentifierKind::Email => "user ids with another address only",
        IdentifierKind::Id => {
            "other user ids with the same address, which an erasure by that address includes"
        }
    };
    format!("{linked} Not linked: rows with only a name, and {not_linked}.")
}

/// Erased weeks, of one report or of all.
#[must_use]
pub fn erased_weeks(days: &str, report: Option<&str>) -> String {
    match report {
        Some(report) => format!("{report}, {days}"),
        None => format!("All reports, {days}"),
    }
}

/// Who requested an erasure, and when.
#[must_use]
pub fn erased_by(by: &str, moment: &str) -> String {
    format!("by {}, {moment} UTC", person_label(by))
}

/// The progress of an erasure: its `data-state`, and a sentence.
#[must_use]
pub fn erasure_progress(it: &Erasure) -> (&'static str, String) {
    let rows = match it.rows {
        0 => "no rows".to_owned(),
        1 => "1 row".to_owned(),
        n => format!("{} rows", crate::locale::format_count(n)),
    };
    match it.state {
        ErasureProgress::UnderWay => {
            ("under-way", format!("{} of {} copies checked, {rows} deleted.", it.windows, it.windows_total))
        }
        ErasureProgress::Done => ("done", format!("Done: {rows} deleted from {} copies.", it.windows_total)),
        ErasureProgress::Lifted => {
            ("lifted", "Canceled: copies requested from now on contain it again.".to_owned())
        }
    }
}
