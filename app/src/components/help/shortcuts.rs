//! The keyboard shortcuts.

use domain::view::Page;

/// What a shortcut does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortcutAction {
    /// Shows the list of shortcuts.
    List,
    /// Shows the preceding days, as many as now.
    Earlier,
    /// Shows the following days, as many as now.
    Later,
    /// Goes to a page; the second key of a two-key shortcut.
    Go(Page),
    /// Moves the focus to the search field.
    Search,
    /// Opens the tables of numbers of all figures, or closes them if all are open.
    Numbers,
    /// Hides or shows names.
    Names,
}

/// The first key of the shortcuts that go to a page.
pub const GO: char = 'g';

/// Keys that do the same, with their action. [`ShortcutAction::Go`] is performed only after [`GO`]. Comma and
/// period are alternatives for keyboards on which brackets need a modifier.
const SHORTCUTS: [(&[char], ShortcutAction); 10] = [
    (&['?'], ShortcutAction::List),
    (&['[', ','], ShortcutAction::Earlier),
    (&[']', '.'], ShortcutAction::Later),
    (&['c'], ShortcutAction::Go(Page::Course)),
    (&['r'], ShortcutAction::Go(Page::Overview)),
    (&['q'], ShortcutAction::Go(Page::Requests)),
    (&['y'], ShortcutAction::Go(Page::You)),
    (&['f'], ShortcutAction::Search),
    (&['n'], ShortcutAction::Numbers),
    (&['h'], ShortcutAction::Names),
];

/// The action of `key` when it is pressed after `before`.
#[must_use]
pub fn find_action(before: Option<char>, key: char) -> Option<ShortcutAction> {
    let is_complete =
        |action: &ShortcutAction| !matches!(action, ShortcutAction::Go(_)) || before == Some(GO);
    SHORTCUTS
        .iter()
        .find(|(keys, action)| keys.contains(&key) && is_complete(action))
        .map(|(_, action)| *action)
}

/// Every action with its alternative key sequences: `(Earlier, [['['], [',']])`, `(Go(Course), [['g',
/// 'c']])`.
#[must_use]
pub fn list_shortcuts() -> Vec<(ShortcutAction, Vec<Vec<char>>)> {
    let sequences = |(keys, action): &(&[char], ShortcutAction)| {
        let first = matches!(action, ShortcutAction::Go(_)).then_some(GO);
        (*action, keys.iter().map(|key| first.into_iter().chain([*key]).collect()).collect())
    };
    SHORTCUTS.iter().map(sequences).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::help::KEYS;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_listed_key_performs_its_action_and_is_listened_for() {
        let mut listed = BTreeSet::new();
        for (action, sequences) in list_shortcuts() {
            for sequence in sequences {
                listed.extend(&sequence);
                let (key, first) = sequence.split_last().unwrap();
                assert_eq!(find_action(first.last().copied(), *key), Some(action));
            }
        }
        assert_eq!(listed, KEYS.chars().collect(), "KEYS and the list have the same keys");
    }

    #[test]
    fn only_page_keys_need_a_first_key() {
        assert_eq!(find_action(None, 'c'), None);
        assert_eq!(find_action(Some('n'), 'c'), None);
        assert_eq!(find_action(Some('g'), 'c'), Some(ShortcutAction::Go(Page::Course)));
        assert_eq!(
            find_action(Some('g'), 'n'),
            Some(ShortcutAction::Numbers),
            "a single-key shortcut works after an accidental first key"
        );
    }

    proptest! {
        #[test]
        fn an_unlisted_key_does_nothing_after_any_key(before: Option<char>, key: char) {
            prop_assume!(!KEYS.contains(key) || key == GO);
            prop_assert_eq!(find_action(before, key), None);
        }
    }
}
