//! Session rules: when a session ends, and how often its use is recorded. Which Cloudflare Access tokens a sign-out
//! revokes: [`revocation_cutoff`](crate::token::revocation_cutoff).
//!
//! A session that Lectern opened ends when it is idle for [`IDLE_TIMEOUT`]. Every session ends [`max_age`] after it was opened,
//! whatever its use, so that a stolen cookie or token does not work forever. A token of Cloudflare Access counts as a
//! session, which was opened when the token was issued: it is stored so that people can see and end it.
//!
//! A session is *bound* to the settings that it was opened with: the binding is a signature over the
//! installation's key. A changed `LECTERN_KEY` or `LECTERN_SESSION_KEY` changes the binding, which ends all
//! earlier sessions.

use crate::auth_method::AuthMethod;
use crate::time::{DAY, HOUR, MINUTE, Timestamp};

/// A session that Lectern opened ends when it is not used for this long.
pub const IDLE_TIMEOUT: i64 = 8 * HOUR;

/// The age at which a session ends, however often it is used. The key's is shorter, since whoever has the key is an
/// administrator.
#[must_use]
pub const fn max_age(auth_method: AuthMethod) -> i64 {
    match auth_method {
        AuthMethod::Key => 12 * HOUR,
        AuthMethod::Access | AuthMethod::Local => DAY,
    }
}

/// The last use of a session is recorded at most once in this time, so that most HTTP requests only read.
pub const TOUCH_INTERVAL: i64 = MINUTE;

/// How long a revocation of Cloudflare Access tokens is stored: longer than [`max_age`].
pub const REVOCATION_KEPT: i64 = 2 * DAY;

/// An open session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// The person who signed in.
    pub person: String,
    /// How they signed in.
    pub auth_method: AuthMethod,
    /// The binding when they signed in.
    pub binding: String,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was last used, to within [`TOUCH_INTERVAL`].
    pub seen: Timestamp,
}

/// What to do with the session of an HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStatus {
    /// It has ended: delete it, and treat the request as one without a credential.
    Ended,
    /// It is valid, and its last use need not be recorded.
    Active,
    /// It is valid: record `now` as its last use.
    ActiveTouch,
}

impl OpenSession {
    /// Whether the session is valid at `now`, given the `binding` that follows from the current settings.
    ///
    /// A last use more than [`IDLE_TIMEOUT`] *ahead* of `now` ends the session too: the clock was set back,
    /// so that it is unknown how long the session was idle. The same holds for its opening and [`max_age`].
    #[must_use]
    pub fn status(&self, binding: &str, now: Timestamp) -> SessionStatus {
        let (idle, age, max_age) = (now.since(self.seen), now.since(self.opened), max_age(self.auth_method));
        // Ranges instead of `abs`, which overflows for `i64::MIN`.
        let is_idle =
            self.auth_method != AuthMethod::Access && !(-IDLE_TIMEOUT..=IDLE_TIMEOUT).contains(&idle);
        if is_idle || !(-max_age..=max_age).contains(&age) || self.binding != binding {
            SessionStatus::Ended
        } else if idle > TOUCH_INTERVAL {
            SessionStatus::ActiveTouch
        } else {
            SessionStatus::Active
        }
    }
}

/// Sessions that Lectern opened and that were last used before this instant have ended and can be deleted.
#[must_use]
pub fn idle_cutoff(now: Timestamp) -> Timestamp {
    now.plus(-IDLE_TIMEOUT)
}

/// Sessions opened before this instant have ended and can be deleted.
#[must_use]
pub fn age_cutoff(now: Timestamp) -> Timestamp {
    now.plus(-DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn session(seen: Timestamp) -> OpenSession {
        let (person, binding) = ("key".into(), "b".into());
        OpenSession { person, auth_method: AuthMethod::Key, binding, opened: seen, seen }
    }

    #[test]
    fn a_session_ends_when_idle_and_its_use_is_recorded_once_a_minute() {
        let seen = Timestamp(100 * DAY);
        for (later, status) in [
            (0, SessionStatus::Active),
            (TOUCH_INTERVAL, SessionStatus::Active),
            (TOUCH_INTERVAL + 1, SessionStatus::ActiveTouch),
            (IDLE_TIMEOUT, SessionStatus::ActiveTouch),
            (IDLE_TIMEOUT + 1, SessionStatus::Ended),
            (-1, SessionStatus::Active),
            (-IDLE_TIMEOUT, SessionStatus::Active),
            (-IDLE_TIMEOUT - 1, SessionStatus::Ended),
        ] {
            assert_eq!(session(seen).status("b", seen.plus(later)), status, "{later}");
        }
        assert_eq!(session(Timestamp(i64::MIN)).status("b", Timestamp(i64::MAX)), SessionStatus::Ended);
        assert_eq!(session(Timestamp(i64::MAX)).status("b", Timestamp(i64::MIN)), SessionStatus::Ended);
    }

    #[test]
    fn a_session_ends_at_its_maximum_age_whatever_its_use() {
        let opened = Timestamp(100 * DAY);
        for (auth_method, hours) in [(AuthMethod::Key, 12), (AuthMethod::Access, 24)] {
            for (age, has_ended) in [
                (hours * HOUR, false),
                (hours * HOUR + 1, true),
                (-hours * HOUR, false),
                (-hours * HOUR - 1, true),
            ] {
                let now = opened.plus(age);
                let used_now = OpenSession { auth_method, opened, ..session(now) };
                let status = used_now.status("b", now);
                assert_eq!(status == SessionStatus::Ended, has_ended, "{auth_method:?} {age}");
            }
        }
    }

    #[test]
    fn a_token_of_access_does_not_end_when_idle() {
        let opened = Timestamp(100 * DAY);
        let token = OpenSession { auth_method: AuthMethod::Access, ..session(opened) };
        assert_eq!(token.status("b", opened.plus(DAY)), SessionStatus::ActiveTouch);
    }

    #[test]
    fn a_changed_binding_ends_a_session() {
        let seen = Timestamp(DAY);
        assert_eq!(session(seen).status("other", seen), SessionStatus::Ended);
        assert_eq!(session(seen).status("", seen), SessionStatus::Ended);
    }

    proptest! {
        /// Uses a session while the clock jumps either way, and deletes it once it has ended, as the store
        /// does.
        #[test]
        fn a_clock_that_is_set_back_never_extends_a_session(
            jumps in prop::collection::vec(-2 * DAY..2 * DAY, 1..60),
        ) {
            let mut now = Timestamp(1000 * DAY);
            let mut stored = Some(session(now));
            for jump in jumps {
                now = now.plus(jump);
                let Some(mut open) = stored.take() else { break };
                match open.status("b", now) {
                    SessionStatus::Ended => {
                        let is_idle = now.since(open.seen).abs() > IDLE_TIMEOUT;
                        prop_assert!(is_idle || now.since(open.opened).abs() > 12 * HOUR);
                    }
                    status => {
                        prop_assert!(now.since(open.seen).abs() <= IDLE_TIMEOUT);
                        prop_assert!(now.since(open.opened).abs() <= 12 * HOUR);
                        if status == SessionStatus::ActiveTouch {
                            open.seen = now;
                        }
                        // From now on it lasts for one idle timeout at most, whichever way the clock jumps.
                        for beyond in [-IDLE_TIMEOUT - TOUCH_INTERVAL - 1, IDLE_TIMEOUT + 1] {
                            if open.seen == now {
                                prop_assert_eq!(open.status("b", now.plus(beyond)), SessionStatus::Ended);
                            }
                        }
                        // The cleanup does not delete a valid session.
                        prop_assert!(open.seen >= idle_cutoff(now) && open.opened >= age_cutoff(now));
                        stored = Some(open);
                    }
                }
            }
        }
    }
}
