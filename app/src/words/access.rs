//! What is said of signing in, of who may see what, of the record, of forgetting.

use domain::api::{AuditAction, AuthMethod, RoleUploadResult, SessionSummary};
use domain::erasure::{Erasure, ErasureProgress, IdentifierKind};
use domain::scope::Role;
use domain::view::Page;

/// Heading, button.
pub const SIGN_IN: &str = "Sign in";
/// Button.
pub const SIGN_OUT: &str = "Sign out";
/// How one signs in through Cloudflare Access.
pub const BY_ACCESS: &str = "Sign in with the account that you have at your institution.";
/// To somebody who has signed out here alone.
pub const SIGNED_OUT_HERE: &str = "You have signed out of Lectern. Your institution's sign-in still knows you: sign out there, too, before somebody \
     else uses this browser.";
/// Link.
pub const SIGN_OUT_THERE: &str = "Sign out there";
/// Label.
pub const KEY: &str = "Key";
/// What it is.
pub const KEY_IS: &str = "Whoever installed Lectern has it. It signs in as administrator.";
/// Nothing can be done here.
pub const NO_WAY_IN: &str =
    "There is no way to sign in to this installation yet. Its operator has to set one up.";
/// What the record is.
pub const WHAT_IS_KEPT: &str =
    "Lectern keeps a record of who saw which course and when, for the administrators of your institution.";
/// Link from under every page.
pub const MORE: &str = "What you may see";
/// Name of the links between these pages.
pub const ACCESS: &str = "Access";
/// Where somebody has no business.
pub const ADMINISTRATORS_ONLY: &str = "This page is for administrators.";
/// Term.
pub const NAME: &str = "Name";
/// Term, label, head of a column.
pub const ROLE: &str = "Role";
/// Term.
pub const WAY: &str = "Signed in";
/// Term, head of a column.
pub const MAY_SEE: &str = "May see";
/// An administrator's or an analyst's scope.
pub const SEES_EVERYTHING: &str = "Every course of the institution.";
/// The same in a table.
pub const EVERYTHING: &str = "Everything";
/// An instructor's without courses.
pub const SEES_NOTHING: &str = "No course yet. An administrator of your institution can add yours.";
/// Heading.
pub const LOOK_AS: &str = "Look as somebody else";
/// What it is for.
pub const LOOK_AS_IS: &str =
    "Lectern then answers as it would an instructor of this course, and refuses what it would refuse them.";
/// Button.
pub const LOOK: &str = "Look as an instructor";
/// Button.
pub const LOOK_AGAIN: &str = "Look as an administrator again";
/// Before a course is chosen.
pub const CHOOSE_COURSE: &str = "Choose a course";
/// Label, head of a column.
pub const EMAIL: &str = "E-mail";
/// Nobody has a role.
pub const NOBODY: &str = "Nobody has a role yet.";
/// Of somebody whom the settings name.
pub const FIXED: &str = "In the settings";
/// Heading.
pub const CHANGE: &str = "Change a role";
/// Button.
pub const CHANGE_IT: &str = "Change";
/// Button.
pub const TAKE: &str = "Take away";
/// Heading.
pub const ADD: &str = "Give somebody a role";
/// Button.
pub const ADD_COURSE: &str = "Add this course";
/// Button.
pub const REMOVE: &str = "Remove";
/// Button.
pub const SAVE: &str = "Save";
/// Button.
pub const CANCEL: &str = "Cancel";
/// Heading.
pub const UPLOAD: &str = "Many at once";
/// What an upload does.
pub const UPLOAD_IS: &str = "A CSV file with one row for each course of each person. Whoever it names has exactly what its rows say afterwards; \
     whoever it does not name stays as they are. Nothing changes before you have seen what would.";
/// Label.
pub const FILE: &str = "File";
/// Button.
pub const APPLY: &str = "Make these changes";
/// Label, head of a column.
pub const WHO: &str = "Who";
/// Nobody in particular.
pub const ANYBODY: &str = "Anybody";
/// Who did not sign in.
pub const STRANGERS: &str = "Not signed in";
/// Label, head of a column.
pub const WHAT: &str = "What";
/// Nothing in particular.
pub const ANYTHING: &str = "Anything";
/// Head of a column.
pub const WHEN: &str = "When";
/// Head of a column.
pub const ON_WHAT: &str = "Of what";
/// Head of a column.
pub const COULD_SEE: &str = "Could see then";
/// Button.
pub const OLDER: &str = "Show older entries";
/// Nothing fits.
pub const NO_ENTRIES: &str = "The record has no such entries.";
/// Legend.
pub const FORGET_WHAT: &str = "What is to be forgotten";
/// Choice.
pub const A_PERSON: &str = "A person";
/// Choice.
pub const A_COURSE: &str = "A course";
/// Choice.
pub const SOME_WEEKS: &str = "Some weeks";
/// Label.
pub const EMAIL_OR_ID: &str = "E-mail address, or Echo360's user id";
/// No report in particular.
pub const ALL_REPORTS: &str = "All reports with days";
/// Label.
pub const MONDAY: &str = "From a Monday";
/// Label.
pub const SUNDAY: &str = "To a Sunday";
/// Button.
pub const FORGET: &str = "Forget";
/// Asked before anything is deleted.
pub const SURE: &str =
    "Delete this from every copy that Lectern has? Nothing brings it back but asking Echo360 again.";
/// Heading.
pub const FORGOTTEN: &str = "What has been forgotten";
/// Nothing has.
pub const NOTHING_FORGOTTEN: &str = "Nothing yet.";
/// Button.
pub const LIFT: &str = "Let it in again";

/// What a page is called.
#[must_use]
pub fn title(place: Page) -> &'static str {
    match place {
        Page::Shares => "Shares",
        Page::People => "People",
        Page::Record => "Record",
        Page::Forgetting => "Erasure",
        _ => "You",
    }
}

/// What a page is for.
#[must_use]
pub fn purpose(place: Page) -> &'static str {
    match place {
        Page::Shares => "Links that show a course's numbers to people who cannot sign in.",
        Page::People => "Who may see what. Changes hold within seconds.",
        Page::Record => "Who saw, downloaded, asked and changed what.",
        Page::Forgetting => "What is deleted from every copy, and kept out of later ones.",
        _ => "Who you are here, and what you may see.",
    }
}

/// A role.
#[must_use]
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Administrator => "Administrator",
        Role::Analyst => "Analyst",
        Role::Instructor => "Instructor",
    }
}

/// How somebody came in.
#[must_use]
pub fn way(way: AuthMethod) -> &'static str {
    match way {
        AuthMethod::Local => "Not at all: local mode, for whoever sits at this computer",
        AuthMethod::Access => "With your institution's account",
        AuthMethod::Key => "With the installation's key",
    }
}

/// Somebody, by name.
#[must_use]
pub fn person(person: &str, way: AuthMethod) -> String {
    match way {
        AuthMethod::Local => "Whoever sits at this computer".to_owned(),
        AuthMethod::Key => "Whoever has the key".to_owned(),
        AuthMethod::Access => person.to_owned(),
    }
}

/// Somebody as the record names them; who has no address has a word.
#[must_use]
pub fn who(person: &str) -> &str {
    match person {
        "" => STRANGERS,
        "local" => "Local mode",
        "key" => "The key",
        address => address,
    }
}

/// Under every page: who is asking.
#[must_use]
pub fn you(session: &SessionSummary) -> String {
    // In small letters as it stands: turning them takes Unicode's tables along.
    let role = session.role.slug();
    match session.auth_method {
        AuthMethod::Local if session.role == Role::Administrator => {
            "Local mode: whoever sits at this computer is administrator.".to_owned()
        }
        AuthMethod::Local => format!("Local mode, looking as an {role}."),
        AuthMethod::Key => "Signed in with the key, as administrator.".to_owned(),
        AuthMethod::Access => format!("Signed in as {}, {role}.", session.person),
    }
}

/// A course that is forgotten: nothing names it any more but its id.
#[must_use]
pub fn course_of_id(id: &str) -> String {
    format!("The course {id}")
}

/// A section of a course.
#[must_use]
pub fn section_of_course(course: &str, section: &str) -> String {
    format!("{course}, section {section}")
}

/// Several courses.
#[must_use]
pub fn list(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    if names.is_empty() { "No course yet".to_owned() } else { names.join("; ") }
}

/// Asked before a role is taken.
#[must_use]
pub fn dismiss(email: &str) -> String {
    format!("Take the role of {email}? They will see nothing from then on.")
}

/// Name of a button.
#[must_use]
pub fn change_of(email: &str) -> String {
    format!("Change the role of {email}")
}

/// Name of a button.
#[must_use]
pub fn take_from(email: &str) -> String {
    format!("Take away the role of {email}")
}

/// Name of a button.
#[must_use]
pub fn remove(course: &str) -> String {
    format!("Remove {course}")
}

/// What is wrong with a line of an upload.
#[must_use]
pub fn line(line: u32, detail: &str) -> String {
    format!("Line {line}: {detail}")
}

/// What an upload would do for somebody without a role.
#[must_use]
pub fn would_get(email: &str, standing: &str) -> String {
    format!("{email} gets a role. {standing}.")
}

/// What it would do for somebody with one.
#[must_use]
pub fn would_change(email: &str, before: &str, after: &str) -> String {
    format!("{email} changes. Now {before}; then {after}.")
}

/// What an upload would change, or has.
#[must_use]
pub fn upload_sum(upload: &RoleUploadResult) -> String {
    let people = |n: usize| if n == 1 { "1 person".to_owned() } else { format!("{n} people") };
    let (added, changed, same) = (upload.added.len(), upload.changed.len(), upload.unchanged);
    if upload.applied {
        return format!("Done: {} got a role, {} changed.", people(added), people(changed));
    }
    if added + changed == 0 {
        return "This changes nothing: everybody it names has already what it says.".to_owned();
    }
    format!("{} would get a role, {} would change, {same} stay as they are.", people(added), people(changed))
}

/// What was done.
#[must_use]
pub fn what(what: AuditAction) -> &'static str {
    match what {
        AuditAction::SignedIn => "Signed in",
        AuditAction::SignedOut => "Signed out",
        AuditAction::LookedAs => "Looked as somebody else",
        AuditAction::Saw => "Saw",
        AuditAction::Downloaded => "Downloaded",
        AuditAction::Asked => "Asked Echo360",
        AuditAction::Retried => "Asked again",
        AuditAction::Withdrew => "Stopped waiting",
        AuditAction::RoleGiven => "Gave a role",
        AuditAction::RoleTaken => "Took a role",
        AuditAction::RolesUploaded => "Uploaded roles",
        AuditAction::SawRoles => "Saw the roles",
        AuditAction::SawRecord => "Saw the record",
        AuditAction::Forgot => "Had something forgotten",
        AuditAction::Shared => "Made a share",
        AuditAction::ShareOpened => "A share was opened",
        AuditAction::ShareChanged => "Changed a share",
        AuditAction::ShareRevoked => "Revoked a share",
        AuditAction::SharesSwitched => "Switched shares",
        AuditAction::Refused => "Was refused",
    }
}

/// What somebody could see then.
#[must_use]
pub fn scope(scope: &str) -> String {
    if scope == "everything" { EVERYTHING.to_owned() } else { scope.to_owned() }
}

/// How long the record is kept.
#[must_use]
pub fn kept(days: u32) -> String {
    format!("Entries are kept for {days} days.")
}

/// Of which zone days and times are.
#[must_use]
pub fn days_in_utc(zone: &str) -> String {
    format!("Times are of {zone}; the days above are days of UTC.")
}

/// How long copies are kept.
#[must_use]
pub fn retention(days: u32) -> String {
    format!("Weeks that ended more than {days} days ago are deleted by themselves.")
}

/// What goes, and what does not.
#[must_use]
pub fn what_goes(is_person: bool, is_weeks: bool) -> &'static str {
    if is_person {
        "Their rows leave every copy, and are kept out of later ones. Texts in which others name them stay. Only a mark \
         of them is kept, which tells nobody who they are."
    } else if is_weeks {
        "Whole weeks, in UTC. They then read “forgotten”, and are not asked of Echo360 again by themselves."
    } else {
        "All rows of this course leave every copy, and are kept out of later ones."
    }
}

/// A person who is forgotten: nothing tells who.
#[must_use]
pub fn person_of_mark(mark: &str, named: IdentifierKind) -> String {
    let by = match named {
        IdentifierKind::Email => "e-mail address",
        IdentifierKind::Id => "user id",
    };
    format!("A person, named by {by} (mark {mark})")
}

/// Weeks that are forgotten.
#[must_use]
pub fn weeks(days: &str, report: Option<&str>) -> String {
    match report {
        Some(report) => format!("{report}, {days}"),
        None => format!("All reports, {days}"),
    }
}

/// Who had it forgotten, and when.
#[must_use]
pub fn forgotten_by(by: &str, moment: &str) -> String {
    format!("by {}, {moment} UTC", who(by))
}

/// How far it is: as a key, and in a sentence.
#[must_use]
pub fn far(it: &Erasure) -> (&'static str, String) {
    let rows = match it.rows {
        0 => "no rows".to_owned(),
        1 => "1 row".to_owned(),
        n => format!("{} rows", crate::locale::format_count(n)),
    };
    match it.state {
        ErasureProgress::UnderWay => {
            ("under-way", format!("{} of {} copies gone over, {rows} deleted.", it.windows, it.windows_total))
        }
        ErasureProgress::Done => ("done", format!("Done: {rows} deleted from {} copies.", it.windows_total)),
        ErasureProgress::Lifted => ("lifted", "Let in again: copies asked from now on have it.".to_owned()),
    }
}
