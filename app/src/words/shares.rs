//! What is said of shares: links for people who cannot sign in.

use domain::shares::{PanelOutline, ShareState};

/// Button.
pub const COPY_LINK: &str = "Copy link";
/// Button, in full.
pub const SHARE: &str = "Share";
/// What a copied link is.
pub const COPY_IS: &str = "Copy link is for people who can sign in here. A share is for people who cannot.";
/// What a share is.
pub const SHARE_IS: &str = "Whoever has the link sees whole, final weeks of this course: sums over students, nobody's name. Small numbers are \
     withheld. It stays as it is now, and you can end it at any time.";
/// What of the view does not go along.
pub const NOT_ALONG: &str =
    "Filters by person, role, video or deck do not go along. Of several sections the whole course is shared.";
/// Where there is no course.
pub const CHOOSE_COURSE: &str = "Choose a course first: a share shows one course.";
/// Where there are no days.
pub const CHOOSE_DAYS: &str = "Choose days first: a share shows whole weeks.";
/// Heading.
pub const CONTENTS: &str = "What it will show";
/// Label.
pub const NAME: &str = "Name, seen by whoever opens it";
/// Label.
pub const OPENS_FOR: &str = "Opens for";
/// Summary.
pub const EMBED: &str = "Embed in a course page";
/// Label.
pub const ORIGINS: &str = "Sites that may show it, one a line";
/// What to write there.
pub const ORIGINS_ARE: &str = "Such as https://courses.example.edu: without a path. Five at most.";
/// Button.
pub const MAKE: &str = "Make a link";
/// While it is made.
pub const MAKING: &str = "Making…";
/// Label.
pub const LINK: &str = "Link";
/// What to do with it.
pub const SHOWN_ONCE: &str =
    "Copy it now: it is shown this once. A new link can be made on the page of shares.";
/// Button.
pub const COPY: &str = "Copy";
/// Button.
pub const MAKE_ANOTHER: &str = "Make another link";
/// Label.
pub const SNIPPET: &str = "For the course page";
/// Button.
pub const COPY_SNIPPET: &str = "Copy the snippet";
/// Link.
pub const YOUR_SHARES: &str = "Your shares";
/// An empty list.
pub const NONE: &str = "No shares yet. Open a course or one of its reports and press Share to make a link for somebody who cannot sign in.";
/// Term.
pub const OWNER: &str = "Owner";
/// Term.
pub const SHOWS: &str = "Shows";
/// Term.
pub const MADE: &str = "Made";
/// Term.
pub const EXPIRES: &str = "Opens until";
/// Term, of one whose time is over.
pub const EXPIRED: &str = "Opened until";
/// Term.
pub const OPENED: &str = "Opened";
/// Term.
pub const SITES: &str = "Embedded by";
/// Summary.
pub const CHANGE: &str = "Change";
/// Label.
pub const NEW_NAME: &str = "Name";
/// Button.
pub const RENAME: &str = "Rename";
/// Button.
pub const RENEW: &str = "Renew from today";
/// Button.
pub const SAVE_SITES: &str = "Save the sites";
/// Button.
pub const ROTATE: &str = "Make a new link";
/// What it does.
pub const ROTATE_IS: &str = "The old link opens nothing from then on. A snippet comes with a new link.";
/// Button.
pub const REVOKE: &str = "Revoke";
/// Asked before.
pub const SURE: &str = "Revoke this share? Its link opens nothing from then on, and nothing brings it back.";
/// A course as a whole.
pub const WHOLE_COURSE: &str = "The course as a whole";
/// To administrators.
pub const SWITCH: &str = "Allow shares in this institution";
/// Where they are switched off.
pub const ARE_OFF: &str = "An administrator has switched shares off: none can be made, and none opens.";

/// How long a share opens.
#[must_use]
pub fn days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// What a share shows of a report.
#[must_use]
pub fn outline(title: &str, outline: &PanelOutline, is_snapshot: bool) -> String {
    let PanelOutline { shown, withheld, missing, .. } = outline;
    if is_snapshot {
        return match (shown, withheld) {
            (0, 0) => format!("{title}: not here yet"),
            (0, _) => format!("{title}: withheld"),
            _ => format!("{title}: as it is now"),
        };
    }
    let mut parts =
        vec![if *shown == 1 { "1 week shown".to_owned() } else { format!("{shown} weeks shown") }];
    if *withheld > 0 {
        parts.push(format!("{withheld} withheld"));
    }
    if *missing > 0 {
        parts.push(format!("{missing} not here or not final yet"));
    }
    format!("{title}: {}", parts.join(", "))
}

/// Beside a view that is shared.
#[must_use]
pub fn shared_until(day: &str) -> String {
    format!("Shared until {day}")
}

/// How often, and when last.
#[must_use]
pub fn opened(times: u64, last: Option<&str>) -> String {
    match (times, last) {
        (0, _) => "never".to_owned(),
        (1, Some(last)) => format!("once, {last}"),
        (times, Some(last)) => format!("{} times, last {last}", crate::locale::format_count(times)),
        (times, None) => format!("{} times", crate::locale::format_count(times)),
    }
}

/// Whether it opens: as a key, and in a word.
#[must_use]
pub fn state(state: ShareState) -> (&'static str, &'static str) {
    match state {
        ShareState::Open => ("open", "Open"),
        ShareState::Expired => ("expired", "Expired"),
        ShareState::Withdrawn => ("withdrawn", "Withdrawn: weeks that it counted have been forgotten"),
        ShareState::OutOfScope => ("out-of-scope", "Closed: its owner may not see this course any more"),
    }
}

/// The name of a button that ends a share.
#[must_use]
pub fn revoke(name: &str) -> String {
    format!("{REVOKE} {name}")
}

/// The name of what changes a share.
#[must_use]
pub fn change(name: &str) -> String {
    format!("{CHANGE} {name}")
}
