//! Whether the setting `LECTERN_JURISDICTION` still fits the data that an installation has.
//!
//! The id of a Durable Object depends on its jurisdiction. With another jurisdiction the same names lead to other, empty
//! objects, and everything that was stored would seem lost. So the first jurisdiction that an installation uses is recorded
//! in an object outside any jurisdiction, and another one is refused later on.

use crate::settings::Jurisdiction;

/// What the record says about the jurisdiction of today's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JurisdictionCheck {
    /// Nothing is recorded yet: record today's, then use it.
    Record(String),
    /// It is the recorded one.
    Unchanged,
    /// It is another: refuse to work, with this sentence.
    Changed(String),
}

/// The recorded name of "not restricted to any jurisdiction".
const UNRESTRICTED: &str = "none";

/// The name under which a jurisdiction is recorded.
#[must_use]
pub fn recorded_name(jurisdiction: Option<Jurisdiction>) -> &'static str {
    jurisdiction.map_or(UNRESTRICTED, Jurisdiction::as_str)
}

/// Compares the jurisdiction of today's settings with the recorded name.
#[must_use]
pub fn check(recorded: Option<&str>, today: Option<Jurisdiction>) -> JurisdictionCheck {
    match recorded {
        None => JurisdictionCheck::Record(recorded_name(today).to_owned()),
        Some(recorded) if recorded == recorded_name(today) => JurisdictionCheck::Unchanged,
        Some(recorded) => JurisdictionCheck::Changed(changed_sentence(recorded)),
    }
}

fn changed_sentence(recorded: &str) -> String {
    let remedy = match Jurisdiction::parse(recorded) {
        Some(jurisdiction) => format!("Set it to {} again", jurisdiction.as_str()),
        None => "Remove the setting again".to_owned(),
    };
    format!(
        "LECTERN_JURISDICTION was changed after data was stored, which another jurisdiction cannot reach. {remedy}; to move \
         to another jurisdiction, choose another LECTERN_INSTITUTION too and start without the old data."
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
                let found = check(Some(&recorded), later);
                if later == first {
                    assert_eq!(found, JurisdictionCheck::Unchanged);
                    continue;
                }
                let JurisdictionCheck::Changed(sentence) = found else { panic!("{first:?} {later:?}") };
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
