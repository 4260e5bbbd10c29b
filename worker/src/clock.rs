//! The clock: the only module of the Worker that reads the time.
//!
//! In local mode `LECTERN_CLOCK_OFFSET_SECONDS` shifts it, so that tests need not wait for sessions and data
//! to expire. `config` calls [`set_offset`] whenever it reads the settings. [`from_runtime`] converts times
//! that the runtime itself reports, such as an alarm's, so that they can be compared with [`now`].

use domain::settings::Settings;
use domain::time::Timestamp;
use std::cell::Cell;

thread_local! {
    /// The clock's shift in milliseconds, the same for everything in one isolate.
    static OFFSET: Cell<i64> = const { Cell::new(0) };
}

/// The current time. The runtime advances it only at awaits.
pub(crate) fn now() -> Timestamp {
    from_runtime(i64::try_from(worker::Date::now().as_millis()).unwrap_or(i64::MAX))
}

/// Converts the runtime's time, in milliseconds since 1970 UTC, to this clock's.
pub(crate) fn from_runtime(milliseconds: i64) -> Timestamp {
    Timestamp(milliseconds).plus(OFFSET.get())
}

/// Applies the offset in the settings, which is 0 outside local mode.
pub(crate) fn set_offset(settings: &Settings) {
    OFFSET.set(settings.clock_offset);
}
