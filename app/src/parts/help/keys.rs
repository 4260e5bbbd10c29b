//! What each key does, and the list of them.

use domain::view::Page;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
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
const ACTS: [(&[char], Act); 10] = [
    (&['?'], Act::List),
    (&['[', ','], Act::Earlier),
    (&[']', '.'], Act::Later),
    (&['c'], Act::Go(Page::Course)),
    (&['r'], Act::Go(Page::Overview)),
    (&['q'], Act::Go(Page::Requests)),
    (&['y'], Act::Go(Page::You)),
    (&['f'], Act::Search),
    (&['n'], Act::Numbers),
    (&['h'], Act::Names),
];

/// What `key` does after `before`.
#[must_use]
pub fn act(before: Option<char>, key: char) -> Option<Act> {
    let may = |act: &Act| !matches!(act, Act::Go(_)) || before == Some(GO);
    ACTS.iter().find(|(keys, act)| keys.contains(&key) && may(act)).map(|(_, act)| *act)
}

/// Every act with its keys: each way of them is pressed from its first to its last.
#[must_use]
pub fn list() -> Vec<(Act, Vec<Vec<char>>)> {
    let ways = |(keys, act): &(&[char], Act)| {
        let first = matches!(act, Act::Go(_)).then_some(GO);
        (*act, keys.iter().map(|key| first.into_iter().chain([*key]).collect()).collect())
    };
    ACTS.iter().map(ways).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::help::KEYS;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_of_the_list_does_what_the_list_says_and_is_listened_for() {
        let mut listed = BTreeSet::new();
        for (does, ways) in list() {
            for way in ways {
                listed.extend(&way);
                let (key, first) = way.split_last().unwrap();
                assert_eq!(act(first.last().copied(), *key), Some(does));
            }
        }
        assert_eq!(listed, KEYS.chars().collect(), "listened for is what is listed, and nothing else");
    }

    #[test]
    fn the_letter_of_a_page_does_nothing_by_itself_and_any_other_key_never_waits() {
        assert_eq!(act(None, 'c'), None);
        assert_eq!(act(Some('n'), 'c'), None);
        assert_eq!(act(Some('g'), 'c'), Some(Act::Go(Page::Course)));
        assert_eq!(act(Some('g'), 'n'), Some(Act::Numbers), "the first of two may have been somebody's slip");
    }

    proptest! {
        #[test]
        fn a_key_that_is_not_listed_does_nothing_whatever_came_before(before: Option<char>, key: char) {
            prop_assume!(!KEYS.contains(key) || key == GO);
            prop_assert_eq!(act(before, key), None);
        }
    }
}
