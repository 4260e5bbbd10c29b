//! The Worker's time: the time in the session response plus the time elapsed since.
//!
//! The device's own clock may be wrong, and the Worker decides which days are over.

use domain::time::Timestamp;
use leptos::prelude::*;
use std::time::Duration;

/// How often ages on the screen are updated.
const TICK: Duration = Duration::from_secs(15);

/// A clock that is set once and updates whoever reads it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    set_to: Timestamp,
    set_at: f64,
    tick: RwSignal<u32>,
}

impl Clock {
    /// Sets a clock to `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let tick = RwSignal::new(0u32);
        if let Ok(interval) = set_interval_with_handle(
            move || {
                tick.try_update(|n| *n = n.wrapping_add(1));
            },
            TICK,
        ) {
            on_cleanup(move || interval.clear());
        }
        Self { set_to: now, set_at: monotonic_milliseconds(), tick }
    }

    /// The current time. Tracked: readers run again every 15 seconds.
    #[must_use]
    pub fn now(self) -> Timestamp {
        self.tick.track();
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since the page was loaded")]
        self.set_to.plus((monotonic_milliseconds() - self.set_at) as i64)
    }
}

/// Milliseconds since an arbitrary time, unaffected by changes of the device's clock.
fn monotonic_milliseconds() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}
