//! The runtime's clock: the one place where time is read.

use domain::time::Timestamp;

/// Now. Inside one event it stands still between awaits.
pub(crate) fn now() -> Timestamp {
    Timestamp(i64::try_from(worker::Date::now().as_millis()).unwrap_or(i64::MAX))
}
