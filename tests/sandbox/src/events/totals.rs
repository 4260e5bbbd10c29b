//! Totals of one video in one section, summed over a span.

use super::viewing;
use super::{Scene, Span};

/// The sums that `asset` and `assetbydate` report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Viewing sessions that started in the span.
    pub(crate) views: u64,
    /// Views through a public link.
    pub(crate) public: u64,
    /// Views during the lecture.
    pub(crate) live: u64,
    /// Events of 30 s in the span.
    pub(crate) events: u64,
    /// Downloads in the span.
    pub(crate) downloads: u64,
    /// The latest event in the span.
    pub(crate) last: Option<i64>,
}

impl Totals {
    /// Whether nothing happened in the span.
    pub(crate) const fn is_empty(&self) -> bool {
        self.events == 0 && self.downloads == 0
    }

    /// Sums a video's viewing sessions and downloads in one section.
    pub(crate) fn of(scene: &Scene<'_>, section: usize, span: Span) -> Self {
        let mut totals = Self::default();
        viewing::viewing_sessions(scene, section, &mut |session| {
            if span.holds(session.start) {
                totals.views += 1;
                totals.public += u64::from(session.public);
                totals.live += u64::from(session.live);
            }
            // Events in the span are those before its end minus those before its start.
            let events_before = |instant: i64| {
                let elapsed = instant - session.start;
                if elapsed <= 0 { 0 } else { ((elapsed - 1) / session.pace + 1).min(session.events) }
            };
            let (first, end) = (events_before(span.start), events_before(span.end));
            if end > first {
                totals.events += (end - first).unsigned_abs();
                totals.last = totals.last.max(Some(session.at(end - 1)));
            }
        });
        viewing::downloads(scene, section, &mut |event| {
            totals.downloads += u64::from(span.holds(event.at));
        });
        totals
    }
}
