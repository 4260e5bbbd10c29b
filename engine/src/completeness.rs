//! How complete a value is: the rows behind it may be missing, or may still change.

/// The value of a day, step or window, with the state of its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness<T> {
    /// Some of the data is not loaded, so there is no value: it would be too low.
    Missing,
    /// All of the data is loaded, but the value may still change.
    Provisional(T),
    /// The value is final.
    Complete(T),
}

impl<T> Completeness<T> {
    /// The value, unless it is missing.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Missing => None,
            Self::Provisional(value) | Self::Complete(value) => Some(value),
        }
    }

    /// Applies `convert` to the value and keeps the state.
    pub fn map<U>(&self, convert: impl FnOnce(&T) -> U) -> Completeness<U> {
        match self {
            Self::Missing => Completeness::Missing,
            Self::Provisional(value) => Completeness::Provisional(convert(value)),
            Self::Complete(value) => Completeness::Complete(convert(value)),
        }
    }
}
