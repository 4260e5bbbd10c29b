//! Texts about shares: links for people who cannot sign in.

use domain::shares::{PanelOutline, ShareState};

// The share menu of a view.
pub const COPY_LINK: &str = "Copy link";
pub const SHARE: &str = "Share";
pub const COPY_LINK_IS: &str =
    "“Copy link” is for people who can sign in to Lectern. A share is for people who cannot.";
pub const SHARE_IS: &str = "Anybody with the link sees whole, final weeks (Monday to Sunday) of this course: sums over students, without names. Small sections are \
     withheld, the numbers of a course are the sum of the others, and all are rounded to multiples of five. These weeks are not counted again, and you can revoke the share at any time.";
/// The parts of the view that a share ignores.
pub const NOT_SHARED: &str = "Filters by person, role, video or deck are not shared. If several sections are chosen, the whole course is shared.";
pub const CHOOSE_COURSE: &str = "Choose a course first: a share shows one course.";
pub const CHOOSE_DAYS: &str = "Choose days first: a share shows whole weeks.";
pub const CONTENTS: &str = "What it will show";
pub const PUBLIC_NAME: &str = "Name, shown to everybody who opens the link";
pub const LIFETIME: &str = "Valid for";
pub const EMBED: &str = "Embed in a course page";
pub const SITES: &str = "Sites that may embed it, one per line";
pub const SITES_ARE: &str = "For example https://courses.example.edu, without a path. At most five. List every page around the share: the course \
     site, and each app of the learning platform that shows the course page in a frame of its own.";
pub const CREATE: &str = "Create a link";
pub const CREATING: &str = "Creating…";
pub const YOUR_SHARES: &str = "Your shares";

// A link that was just created.
pub const LINK: &str = "Link";
pub const SHOWN_ONCE: &str = "Copy it now: it is shown only once. You can create a new link under “Shares”.";
pub const COPY: &str = "Copy";
pub const CREATE_ANOTHER: &str = "Create another link";
pub const SNIPPET: &str = "For the course page";
pub const COPY_SNIPPET: &str = "Copy the snippet";
/// The link of the snippet, in the page that embeds the share.
pub const OPEN_IN_BROWSER: &str = "Open in the browser";
/// Why an embedded share may stay blank.
pub const EMBEDDING: &str = "An embedded share stays blank unless every page around it is among its sites: the course site, and each app of the \
     learning platform that shows the course page in a frame of its own. The browser's console names the page that is \
     missing. The snippet has a link, “Open in the browser”, that works in any case.";

// The page of shares.
pub const NO_SHARES: &str = "No shares yet. Open a course or one of its reports and choose Share to create a link for people who cannot sign in.";
pub const OWNER: &str = "Owner";
pub const SHOWS: &str = "Shows";
pub const CREATED: &str = "Created";
pub const EXPIRES: &str = "Valid until";
pub const EXPIRED: &str = "Expired on";
pub const OPENED: &str = "Opened";
/// What is counted as an opening.
pub const OPENED_IS: &str = "“Opened” counts pages in which somebody clicked, typed or scrolled. Scanners of mail open links, too; \
     those that act like a person are counted.";
/// The notice of a share whose token was in the path of a call.
pub const EXPOSED: &str = "A mail filter put the secret of this link into an address, which logs may keep. The link still works. \
     Create a new link under “Change”, and pass it on in another way than by this mail.";
pub const EMBEDDED_BY: &str = "Embedded by";
pub const CHANGE: &str = "Change";
pub const NAME: &str = "Name";
pub const RENAME: &str = "Rename";
pub const RENEW: &str = "Renew from today";
pub const SAVE_SITES: &str = "Save the sites";
pub const REPLACE_LINK: &str = "Create a new link";
pub const REPLACE_LINK_IS: &str = "The old link stops working. A new snippet comes with the new link.";
pub const REVOKE: &str = "Revoke";
pub const CONFIRM_REVOCATION: &str = "Revoke this share? Its link stops working, and this cannot be undone.";
/// The switch that administrators see.
pub const ENABLE_SHARES: &str = "Allow shares in this institution";
pub const SHARES_DISABLED: &str =
    "An administrator has turned shares off: none can be created, and no link works.";

/// An option of a share's lifetime.
#[must_use]
pub fn lifetime(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// How many weeks of a report a share shows, withholds and lacks. A snapshot has no weeks.
#[must_use]
pub fn outline(title: &str, outline: &PanelOutline, is_snapshot: bool) -> String {
    let PanelOutline { shown, withheld, missing, .. } = outline;
    if is_snapshot {
        return match (shown, withheld) {
            (0, 0) => format!("{title}: not loaded yet"),
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
        parts.push(format!("{missing} not loaded or not final yet"));
    }
    format!("{title}: {}", parts.join(", "))
}

/// The badge of a view that is shared.
#[must_use]
pub fn shared_until(day: &str) -> String {
    format!("Shared until {day}")
}

/// How often a share was opened, and when last.
#[must_use]
pub fn times_opened(times: u64, last: Option<&str>) -> String {
    match (times, last) {
        (0, _) => "never".to_owned(),
        (1, Some(last)) => format!("once, {last}"),
        (times, Some(last)) => format!("{} times, last {last}", crate::locale::format_count(times)),
        (times, None) => format!("{} times", crate::locale::format_count(times)),
    }
}

/// A share's state: its `data-state`, and a sentence.
#[must_use]
pub fn state(state: ShareState) -> (&'static str, &'static str) {
    match state {
        ShareState::Open => ("open", "Open"),
        ShareState::Expired => ("expired", "Expired"),
        ShareState::Withdrawn => ("withdrawn", "Withdrawn: weeks that it counted were erased"),
        ShareState::OutOfScope => ("out-of-scope", "Closed: its owner can no longer see this course"),
        ShareState::Outdated => {
            ("outdated", "Closed: its link is from an earlier version of Lectern. Create a new link")
        }
    }
}

/// The accessible name of a button.
#[must_use]
pub fn revoke_share(name: &str) -> String {
    format!("{REVOKE} {name}")
}

/// The accessible name of a button.
#[must_use]
pub fn change_share(name: &str) -> String {
    format!("{CHANGE} {name}")
}
