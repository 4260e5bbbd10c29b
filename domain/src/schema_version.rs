//! The version of the tables in a Durable Object's storage.
//!
//! Each object records the version of its tables. Code that finds a newer version than it knows was probably
//! rolled back, and refuses to work instead of misreading the data. Older tables are upgraded step by step.

/// The version of the tables that this code creates and reads.
pub const CURRENT: u32 = 1;

/// What to do with an object's tables when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaStep {
    /// No version is recorded: the tables are new, or older than such records. Record this version.
    Record(u32),
    /// The tables are up to date.
    Ready,
    /// Upgrade the tables from this version to the next one, record that, and call [`next_step`] again.
    UpgradeFrom(u32),
    /// The tables have this newer version: refuse to work.
    Newer(u32),
}

/// Decides what to do by the recorded version.
#[must_use]
pub fn next_step(recorded: Option<u32>) -> SchemaStep {
    match recorded {
        // Tables without a recorded version are those of version 1.
        None => SchemaStep::Record(1),
        Some(version) if version == CURRENT => SchemaStep::Ready,
        Some(version) if version < CURRENT => SchemaStep::UpgradeFrom(version),
        Some(version) => SchemaStep::Newer(version),
    }
}

/// The text for the operator about tables of a newer version.
#[must_use]
pub fn newer_sentence(version: u32) -> String {
    format!(
        "The stored data has version {version}, but this version of Lectern reads only up to version {CURRENT}: \
         deploy the newer version of Lectern again."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_tables_get_a_version_and_tables_of_a_newer_version_are_refused() {
        assert_eq!(next_step(None), SchemaStep::Record(1));
        assert_eq!(next_step(Some(CURRENT)), SchemaStep::Ready);
        assert_eq!(next_step(Some(CURRENT + 1)), SchemaStep::Newer(CURRENT + 1));
        assert_eq!(next_step(Some(CURRENT - 1)), SchemaStep::UpgradeFrom(CURRENT - 1));
        assert!(newer_sentence(7).contains("version 7"));
    }

    #[test]
    fn upgrading_step_by_step_ends_at_the_current_version() {
        let mut recorded = None;
        for _ in 0..=CURRENT {
            match next_step(recorded) {
                SchemaStep::Record(version) => recorded = Some(version),
                SchemaStep::UpgradeFrom(version) => recorded = Some(version + 1),
                SchemaStep::Ready | SchemaStep::Newer(_) => break,
            }
        }
        assert_eq!(next_step(recorded), SchemaStep::Ready);
    }
}
