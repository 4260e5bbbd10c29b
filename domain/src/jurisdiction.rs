//! Checks that `LECTERN_JURISDICTION` is still the setting under which the installation's data is stored.
//!
//! The id of a Durable Object depends on its jurisdiction. In another jurisdiction the same names lead to
//! other, empty objects, and all stored data would seem lost. So the first jurisdiction that an installation
//! uses is recorded in an object outside any jurisdiction, and any other is refused later on.

use crate::settings::Jurisdiction;

/// The result of comparing the current setting with the recorded jurisdiction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JurisdictionCheck {
    /// Nothing is recorded yet: record this name, then go on.
    Record(String),
    /// The setting is the recorded one.
    Unchanged,
    /// The setting was changed: refuse to work, with this text for the operator.
    Changed(String),
}

/// What is recorded when no jurisdiction is set.
const UNRESTRICTED: &str = "none";

/// The name under which a jurisdiction is recorded: `eu`, `fedramp` or `none`.
#[must_use]
pub fn recorded_name(jurisdiction: Option<Jurisdiction>) -> &'static str {
    jurisdiction.map_or(UNRESTRICTED, Jurisdiction::as_str)
}

/// Compares the `current` setting with the recorded name.
#[must_use]
pub fn check(recorded: Option<&str>, current: Option<Jurisdiction>) -> JurisdictionCheck {
    match recorded {
        None => JurisdictionCheck::Record(recorded_name(current).to_owned()),
        Some(recorded) if recorded == recorded_name(current) => JurisdictionCheck::Unchanged,
        Some(recorded) => JurisdictionCheck::Changed(describe_change(recorded)),
    }
}

fn describe_change(recorded: &str) -> String {
    let remedy = match Jurisdiction::parse(recorded) {
        Some(jurisdiction) => format!("Set it to {} again", jurisdiction.as_str()),
        None => "Remove the setting again".to_owned(),
    };
    format!(
        "LECTERN_JURISDICTION was changed, but the stored data can only be reached with its old value. {remedy}. \
         To move to another jurisdiction, delete the stored data first: docs/deploying.md says how."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Option<Jurisdiction>; 3] = [None, Some(Jurisdiction::Eu), Some(Jurisdiction::FedRamp)];

    #[test]
    fn the_first_jurisdiction_is_recorded_and_any_other_refused() {
        for first in ALL {
            let JurisdictionCheck::Record(recorded) = check(None, first) else { panic!("{first:?}") };
            for later in ALL {
                let result = check(Some(&recorded), later);
                if later == first {
                    assert_eq!(result, JurisdictionCheck::Unchanged);
                    continue;
                }
                let JurisdictionCheck::Changed(sentence) = result else { panic!("{first:?} {later:?}") };
                let remedy = first.map_or("Remove the setting again".to_owned(), |first| {
                    format!("Set it to {} again", first.as_str())
                });
                assert!(
                    sentence.contains(&remedy) && sentence.contains("LECTERN_JURISDICTION"),
                    "{sentence}"
                );
            }
        }
    }
}
