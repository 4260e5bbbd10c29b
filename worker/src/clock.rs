//! The clock: the one place where the Worker reads the time.
//!
//! In local mode `LECTERN_CLOCK_OFFSET_SECONDS` shifts it, so that tests need not wait for sessions and data to expire.
//! [`set_offset`] is called by `config` whenever settings are read. Times that the runtime itself reports, such as when an
//! alarm comes, are converted by [`from_runtime`], so that they can be compared with [`now`].

use domain::settings::Settings;
use domain::time::Timestamp;
use std::cell::Cell;

thread_local! {
    /// Milliseconds by which the clock is shifted, the same for everything in one isolate.
    static OFFSET: Cell<i64> = const { Cell::new(0) };
}

/// The current time. Within one event it stands still between awaits.
pub(crate) fn now() -> Timestamp {
    from_runtime(i64::try_from(worker::Date::now().as_millis()).unwrap_or(i64::MAX))
}

/// The time by this clock at which the runtime's clock shows `milliseconds` since 1970.
pub(crate) fn from_runtime(milliseconds: i64) -> Timestamp {
    Timestamp(milliseconds).plus(OFFSET.get())
}

/// Shifts the clock as the settings say: by nothing outside local mode.
pub(crate) fn set_offset(settings: &Settings) {
    OFFSET.set(settings.clock_offset);
}
