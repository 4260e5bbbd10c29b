//! What the list of keys says.

use crate::components::help::shortcuts::ShortcutAction;
use domain::view::Page;

/// What stands below it.
pub const WHEN: &str = "Single keys work while no field, list of choices or menu has the focus.";
/// Caption of the list.
pub const LIST: &str = "What each key does";
/// Head of a column.
pub const KEY: &str = "Key";
/// Head of a column.
pub const DOES: &str = "What it does";
/// The switch.
pub const SWITCH: &str = "Use these shortcuts";
/// What the switch reaches.
pub const SWITCH_IS: &str =
    "Kept in this browser only. Switched off, single keys do nothing here; the button “?” still opens this.";
/// What works without them, too.
pub const ELSEWHERE: &str = "In a chart the arrow keys read its values one by one, Home and End the first and the last. Escape closes menus and this list.";
/// Where the other help is.
pub const WHY_IS: &str = "What a number leaves out, and why it may differ from another, stands behind “⋯” beside every figure: “Why numbers differ”.";
/// Button.
pub const CLOSE: &str = "Close";
/// Between two keys that do the same.
pub const OR: &str = " or ";
/// Between two keys that are pressed one after the other.
pub const THEN: &str = " then ";
/// Said once they are.
pub const NUMBERS_OPEN: &str = "The numbers of every figure are open.";
/// Said once they are.
pub const NUMBERS_SHUT: &str = "The numbers of every figure are shut.";
/// Said once they are.
pub const NAMES_HIDDEN: &str = "Names are hidden.";
/// Said once they are.
pub const NAMES_SHOWN: &str = "Names are shown.";

/// What a key does.
#[must_use]
pub fn act(act: ShortcutAction) -> &'static str {
    match act {
        ShortcutAction::List => "This list",
        ShortcutAction::Earlier => "Earlier days, as many",
        ShortcutAction::Later => "Later days, as many",
        ShortcutAction::Go(Page::Course) => "The course",
        ShortcutAction::Go(Page::Overview) => "The reports",
        ShortcutAction::Go(Page::Requests) => "The requests",
        ShortcutAction::Go(_) => "Who you are here, and what you may see",
        ShortcutAction::Search => "To the field that searches people",
        ShortcutAction::Numbers => "The numbers of all figures, open or shut",
        ShortcutAction::Names => "Hide names, or show them, on a course's page",
    }
}
