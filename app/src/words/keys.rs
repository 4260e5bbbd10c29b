//! Texts of the list of keyboard shortcuts in the help dialog.

use crate::components::help::shortcuts::ShortcutAction;
use domain::view::Page;

pub const WHEN: &str = "Shortcuts work while no field, list of options or menu has the focus.";
/// The caption of the table.
pub const SHORTCUTS: &str = "What each key does";
pub const KEY: &str = "Key";
pub const ACTION: &str = "What it does";
pub const ENABLE: &str = "Use these shortcuts";
pub const ENABLE_IS: &str = "Stored in this browser only. When off, single keys do nothing here; the “?” button still opens this dialog.";
pub const OTHER_KEYS: &str = "In a chart, the arrow keys read its values one by one, Home and End the first and the last. Escape closes menus and this dialog.";
pub const WHERE_REASONS_ARE: &str = "To see what a number leaves out, and why it may differ from another, open “⋯” beside a figure and choose “Why numbers differ”.";
pub const CLOSE: &str = "Close";
/// Between two keys that do the same.
pub const OR: &str = " or ";
/// Between two keys that are pressed one after the other.
pub const THEN: &str = " then ";

// Announced to screen readers after a shortcut.
pub const NUMBERS_SHOWN: &str = "The numbers of every figure are shown.";
pub const NUMBERS_HIDDEN: &str = "The numbers of every figure are hidden.";
pub const NAMES_SHOWN: &str = "Names are shown.";
pub const NAMES_HIDDEN: &str = "Names are hidden.";

/// What a shortcut does.
#[must_use]
pub fn action(action: ShortcutAction) -> &'static str {
    match action {
        ShortcutAction::List => "Show this list",
        ShortcutAction::Earlier => "Go back by as many days",
        ShortcutAction::Later => "Go forward by as many days",
        ShortcutAction::Go(Page::Course) => "Go to the course",
        ShortcutAction::Go(Page::Overview) => "Go to the reports",
        ShortcutAction::Go(Page::Requests) => "Go to the requests",
        ShortcutAction::Go(_) => "Go to your account",
        ShortcutAction::Search => "Go to the search field",
        ShortcutAction::Numbers => "Show or hide the numbers of all figures",
        ShortcutAction::Names => "Show or hide names on a course page",
    }
}
