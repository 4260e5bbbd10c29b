//! What interrupts the whole page, whichever call noticed it first: nothing more can be loaded until the page is loaded again.
//!
//! What is on the screen stays. One notice of the whole page ([`InterruptionNotice`]) says so, in place of the notices beside
//! the parts that could not be loaded.
//!
//! The end of a session is over when the same person has signed in again in another tab, with the same role: what could not be
//! loaded is loaded again. For anybody else the page is loaded again, so that they do not see what was loaded for the first
//! person.
//!
//! [`InterruptionNotice`]: crate::components::error_notice::InterruptionNotice

use domain::api::SessionSummary;
use domain::role::Role;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};

/// Why the page is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// The session has ended.
    SignedOut,
    /// Another build of Lectern has been deployed, and code of this one is missing.
    Outdated,
}

thread_local! {
    static CURRENT: ArcRwSignal<Option<Interruption>> = ArcRwSignal::new(None);
    /// Whether the session has ended, as far as is known; also while the page is outdated.
    static IS_SIGNED_OUT: Cell<bool> = const { Cell::new(false) };
    /// The person whom the page was loaded for, and their role; `None` before there was a session.
    static VIEWER: RefCell<Option<(String, Role)>> = const { RefCell::new(None) };
}

/// Says that the application shows the page's interruption, as a Leptos context.
#[derive(Debug, Clone, Copy)]
pub struct IsInterruptionShown;

/// The page's interruption. Tracked.
#[must_use]
pub fn current() -> Option<Interruption> {
    CURRENT.with(|current| current.get())
}

/// Whether the session has ended, as far as is known. Not tracked.
#[must_use]
pub fn is_signed_out() -> bool {
    IS_SIGNED_OUT.get()
}

/// Calls `again` whenever an interruption ends, until the current owner is cleaned up.
pub fn on_end(again: Box<dyn Fn()>) {
    Effect::new(move |was_interrupted: Option<bool>| {
        let is_interrupted = current().is_some();
        if was_interrupted == Some(true) && !is_interrupted {
            untrack(&again);
        }
        is_interrupted
    });
}

/// Interrupts the page. A session that ends does not hide that the page is outdated: loading it again helps with both.
pub fn start(interruption: Interruption) {
    if interruption == Interruption::SignedOut {
        IS_SIGNED_OUT.set(true);
    }
    CURRENT.with(|current| {
        if !matches!(current.get_untracked(), Some(it) if it == interruption || it == Interruption::Outdated)
        {
            current.set(Some(interruption));
        }
    });
}

/// Records whom the page was loaded for.
pub fn set_viewer(session: &SessionSummary) {
    VIEWER.set(Some((session.person.clone(), session.role)));
}

/// Ends the interruption by the end of a session, since there is another one. Returns `false` if that is of another person or
/// role than the page was loaded for: nothing ends then, and the page must be loaded again.
#[must_use]
pub fn resume(session: &SessionSummary) -> bool {
    let is_same = VIEWER.with_borrow(|viewer| {
        viewer.as_ref().is_none_or(|(person, role)| *person == session.person && *role == session.role)
    });
    if is_same {
        IS_SIGNED_OUT.set(false);
        CURRENT.with(|current| {
            if current.get_untracked() == Some(Interruption::SignedOut) {
                current.set(None);
            }
        });
    }
    is_same
}

/// Reloads the page in the same view: nothing of it stays in memory, for the next person or for another build of Lectern.
pub fn reload_page() {
    let _ = window().location().reload();
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::auth_method::AuthMethod;
    use domain::calendar::WeekStart;
    use domain::time::Timestamp;

    fn now() -> Option<Interruption> {
        CURRENT.with(|current| current.get_untracked())
    }

    fn session(person: &str, role: Role) -> SessionSummary {
        SessionSummary {
            person: person.to_owned(),
            role,
            auth_method: AuthMethod::Access,
            institution: String::new(),
            time_zone: "UTC".to_owned(),
            week_start: WeekStart::Monday,
            now: Timestamp(0),
            upstream_failure: None,
        }
    }

    #[test]
    fn signing_in_again_ends_a_sign_out_but_the_page_stays_outdated() {
        let ana = session("ana@westmere.example", Role::Analyst);
        set_viewer(&ana);
        assert!(resume(&ana));
        assert_eq!(now(), None);
        start(Interruption::SignedOut);
        assert!(is_signed_out());
        assert!(resume(&ana));
        assert_eq!(now(), None);
        start(Interruption::SignedOut);
        start(Interruption::Outdated);
        start(Interruption::SignedOut);
        assert!(is_signed_out(), "an outdated page may be signed out, too");
        assert!(resume(&ana));
        assert!(!is_signed_out());
        assert_eq!(now(), Some(Interruption::Outdated));
    }

    #[test]
    fn a_sign_in_of_another_person_or_role_does_not_end_a_sign_out() {
        let ana = session("ana@westmere.example", Role::Analyst);
        set_viewer(&ana);
        start(Interruption::SignedOut);
        for other in [session("bo@westmere.example", Role::Analyst), session(&ana.person, Role::Instructor)] {
            assert!(!resume(&other), "{other:?}");
            assert!(is_signed_out(), "{other:?}");
        }
        assert!(resume(&ana));
        assert_eq!(now(), None);
    }

    #[test]
    fn before_the_first_session_anybody_may_sign_in() {
        start(Interruption::SignedOut);
        assert!(resume(&session("ana@westmere.example", Role::Analyst)));
        assert_eq!(now(), None);
    }
}
