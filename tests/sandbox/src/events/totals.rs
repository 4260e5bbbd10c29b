//! Totals: what one video was to one section, summed over a span.

use super::viewing;
use super::{Scene, Span};

/// The sums that `asset` and `assetbydate` report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Sittings that began in the span.
    pub(crate) views: u64,
    /// Of these, through a public link.
    pub(crate) public: u64,
    /// Of these, while the lecture was given.
    pub(crate) live: u64,
    /// Events of 30 s in the span.
    pub(crate) events: u64,
    /// Downloads in the span.
    pub(crate) downloads: u64,
    /// The latest event in the span.
    pub(crate) last: Option<i64>,
}

impl Totals {
    /// Whether anything happened at all.
    pub(crate) const fn is_empty(&self) -> bool {
        self.events == 0 && self.downloads == 0
    }

    /// Sums one video over one section, sitting by sitting.
    pub(crate) fn of(scene: &Scene<'_>, section: usize, span: Span) -> Self {
        let mut totals = Self::default();
        viewing::sittings(scene, section, &mut |sitting| {
            if span.holds(sitting.start) {
                totals.views += 1;
                totals.public += u64::from(sitting.public);
                totals.live += u64::from(sitting.live);
            }
            // Events in the span: those before its end less those before its start.
            let before = |instant: i64| {
                let past = instant - sitting.start;
                if past <= 0 { 0 } else { ((past - 1) / sitting.pace + 1).min(sitting.events) }
            };
            let (skip, reach) = (before(span.start), before(span.end));
            if reach > skip {
                totals.events += (reach - skip).unsigned_abs();
                totals.last = totals.last.max(Some(sitting.at(reach - 1)));
            }
        });
        viewing::downloads(scene, section, &mut |event| {
            totals.downloads += u64::from(span.holds(event.at));
        });
        totals
    }
}
