//! Parses a cell as a timestamp, a number or a boolean when a measure needs it.
//!
//! The reference gives no types, and an unknown report has no reference at all: so a kind is what *every* text
//! of a column can be read as, and a text that cannot be read is none, never a zero.

use crate::row_time;
use domain::time::parse_day;

/// Seconds since 1970, UTC, in any spelling that [`instant`] knows; `None` when it is no time.
#[must_use]
pub fn parse_time(cell: &[u8]) -> Option<u32> {
    row_time::parse_seconds(cell)
}

/// A finite decimal number: sign, digits, point, exponent. `None` for everything else.
///
/// ```
/// use engine::table::cell_value::parse_number;
/// assert_eq!(parse_number(b"-3.5"), Some(-3.5));
/// assert_eq!((parse_number(b""), parse_number(b"NaN"), parse_number(b"inf"), parse_number(b"3 min")), (None, None, None, None));
/// ```
#[must_use]
pub fn parse_number(cell: &[u8]) -> Option<f64> {
    let starts = cell.first().is_some_and(|byte| byte.is_ascii_digit() || b"+-.".contains(byte));
    let digits = cell.iter().any(u8::is_ascii_digit);
    let text = std::str::from_utf8(cell).ok().filter(|_| starts && digits)?;
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A whole number from zero up, with or without a fraction of nothing: `12`, `12.0`.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and small")]
pub fn parse_count(cell: &[u8]) -> Option<u64> {
    parse_number(cell).filter(|n| (0.0..9e15).contains(n) && n.fract() == 0.0).map(|n| n as u64)
}

/// Yes or no, as `1`, `true`, `yes`, `y`, `t` and their opposites, whatever the case.
#[must_use]
pub fn parse_bool(cell: &[u8]) -> Option<bool> {
    let is = |words: [&str; 5]| words.iter().any(|word| cell.eq_ignore_ascii_case(word.as_bytes()));
    if is(["1", "true", "yes", "y", "t"]) {
        Some(true)
    } else if is(["0", "false", "no", "n", "f"]) {
        Some(false)
    } else {
        None
    }
}

/// What a column holds, judged by all its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Days, each without a time of day.
    Day,
    /// Times, each read as UTC.
    Time,
    /// Numbers.
    Number,
    /// Anything else.
    Text,
}

impl ValueKind {
    /// The kind of a column with these texts; empty ones say nothing, and of nothing is text.
    pub fn infer<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Self {
        let (mut any, mut day, mut moment, mut numbers) = (false, true, true, true);
        for text in texts.filter(|text| !text.is_empty()) {
            any = true;
            day = day && std::str::from_utf8(text).is_ok_and(|text| parse_day(text).is_some());
            moment = moment && parse_time(text).is_some();
            numbers = numbers && parse_number(text).is_some();
            if !(day || moment || numbers) {
                return Self::Text;
            }
        }
        match (any, day, moment, numbers) {
            (true, true, _, _) => Self::Day,
            (true, _, true, _) => Self::Time,
            (true, _, _, true) => Self::Number,
            _ => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(texts: &[&str]) -> ValueKind {
        ValueKind::infer(texts.iter().map(|text| text.as_bytes()))
    }

    proptest! {
        #[test]
        fn numbers_that_are_printed_are_read_back(given in -1e12f64..1e12) {
            prop_assert_eq!(parse_number(given.to_string().as_bytes()), Some(given));
        }

        #[test]
        fn no_bytes_are_a_panic(cell in prop::collection::vec(any::<u8>(), 0..20)) {
            let _ = (parse_number(&cell), parse_bool(&cell), parse_time(&cell), parse_count(&cell), ValueKind::infer([cell.as_slice()].into_iter()));
        }
    }

    #[test]
    fn a_kind_is_what_every_text_of_a_column_can_be_read_as() {
        assert_eq!(kind(&["2026-02-02", "", "2026-02-03"]), ValueKind::Day);
        assert_eq!(kind(&["2026-02-02", "2026-02-03T10:00:00Z"]), ValueKind::Time);
        assert_eq!(kind(&["2", "-3.5"]), ValueKind::Number);
        assert_eq!(kind(&["2", "two"]), ValueKind::Text);
        assert_eq!(kind(&["", ""]), ValueKind::Text);
        assert_eq!((parse_count(b"12.0"), parse_count(b"-1"), parse_count(b"1.5")), (Some(12), None, None));
        assert_eq!(
            (parse_bool(b"TRUE"), parse_bool(b"0"), parse_bool(b"maybe")),
            (Some(true), Some(false), None)
        );
    }
}
