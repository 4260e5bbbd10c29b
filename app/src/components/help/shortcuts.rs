//! What each key does, and the list of them.

use domain::view::Page;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortcutAction {
    /// Shows the list of keys.
    List,
    /// Goes to the days before, as many.
    Earlier,
    /// Goes to the days after, as many.
    Later,
    /// Goes to a page.
    Go(Page),
    /// Goes to the field that searches.
    Search,
    /// Opens the numbers of all figures; shuts them when all are open.
    Numbers,
    /// Hides names, or shows them.
    Names,
}

/// The first of two keys.
pub const GO: char = 'g';

/// What each key does; what goes to a page follows [`GO`]. Commas and points are there for keyboards on which brackets
/// need a second key.
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

/// What `key` does after `before`.
#[must_use]
pub fn find_action(before: Option<char>, key: char) -> Option<ShortcutAction> {
    let may = |act: &ShortcutAction| !matches!(act, ShortcutAction::Go(_)) || before == Some(GO);
    SHORTCUTS.iter().find(|(keys, act)| keys.contains(&key) && may(act)).map(|(_, act)| *act)
}

/// Every act with its keys: each way of them is pressed from its first to its last.
#[must_use]
pub fn list_shortcuts() -> Vec<(ShortcutAction, Vec<Vec<char>>)> {
    let ways = |(keys, act): &(&[char], ShortcutAction)| {
        let first = matches!(act, ShortcutAction::Go(_)).then_some(GO);
        (*act, keys.iter().map(|key| first.into_iter().chain([*key]).collect()).collect())
    };
    SHORTCUTS.iter().map(ways).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::help::KEYS;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_of_the_list_does_what_the_list_says_and_is_listened_for() {
        let mut listed = BTreeSet::new();
        for (does, ways) in list_shortcuts() {
            for way in ways {
                listed.extend(&way);
                let (key, first) = way.split_last().unwrap();
                assert_eq!(find_action(first.last().copied(), *key), Some(does));
            }
        }
        assert_eq!(listed, KEYS.chars().collect(), "listened for is what is listed, and nothing else");
    }

    #[test]
    fn the_letter_of_a_page_does_nothing_by_itself_and_any_other_key_never_waits() {
        assert_eq!(find_action(None, 'c'), None);
        assert_eq!(find_action(Some('n'), 'c'), None);
        assert_eq!(find_action(Some('g'), 'c'), Some(ShortcutAction::Go(Page::Course)));
        assert_eq!(
            find_action(Some('g'), 'n'),
            Some(ShortcutAction::Numbers),
            "the first of two may have been somebody's slip"
        );
    }

    proptest! {
        #[test]
        fn a_key_that_is_not_listed_does_nothing_whatever_came_before(before: Option<char>, key: char) {
            prop_assume!(!KEYS.contains(key) || key == GO);
            prop_assert_eq!(find_action(before, key), None);
        }
    }
}
