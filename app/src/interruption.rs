//! What interrupts the whole page, whichever call noticed it first: nothing more can be loaded until the page is loaded again.
//!
//! What is on the screen stays. One notice of the whole page ([`interruption_notice`]) says so; the notices beside the parts
//! that could not be loaded are hidden meanwhile.
//!
//! [`interruption_notice`]: crate::components::interruption_notice

use leptos::prelude::*;

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
    CURRENT.with(|current| current.get_untracked()) == Some(Interruption::SignedOut)
}

/// Interrupts the page. A session that ends does not hide that the page is outdated: loading it again helps with both.
pub fn start(interruption: Interruption) {
    CURRENT.with(|current| {
        if !matches!(current.get_untracked(), Some(it) if it == interruption || it == Interruption::Outdated)
        {
            current.set(Some(interruption));
        }
    });
}

/// Ends the interruption of a person who has signed in again, in another tab.
pub fn end_sign_out() {
    if is_signed_out() {
        CURRENT.with(|current| current.set(None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_again_ends_a_sign_out_but_the_page_stays_outdated() {
        let now = || CURRENT.with(|current| current.get_untracked());
        end_sign_out();
        assert_eq!(now(), None);
        start(Interruption::SignedOut);
        assert!(is_signed_out());
        end_sign_out();
        assert_eq!(now(), None);
        start(Interruption::SignedOut);
        start(Interruption::Outdated);
        start(Interruption::SignedOut);
        end_sign_out();
        assert_eq!(now(), Some(Interruption::Outdated));
    }
}
