//! Parses a cell as a timestamp, number or boolean, and infers the type of a column.
//!
//! The API reference does not give types, and unknown reports have no reference. So a column has a type only
//! if *every* text can be parsed as that type. A cell that cannot be parsed is `None`, never zero.

use crate::row_time;
use domain::time::parse_day;

/// A timestamp as seconds since 1970, UTC, in any format that [`row_time::parse_seconds`] accepts.
#[must_use]
pub fn parse_time(cell: &[u8]) -> Option<u32> {
    row_time::parse_seconds(cell)
}

/// A finite decimal number with optional sign, point and exponent. `None` for everything else.
///
/// ```
/// use engine::table::cell_value::parse_number; assert_eq!(parse_number(b"-3.5"), Some(-3.5));
/// assert_eq!((parse_number(b""), parse_number(b"NaN"), parse_number(b"inf"), parse_number(b"3 min")), (None,
/// None, None, None));
/// ```
#[must_use]
pub fn parse_number(cell: &[u8]) -> Option<f64> {
    let has_valid_start = cell.first().is_some_and(|byte| byte.is_ascii_digit() || b"+-.".contains(byte));
    let has_digits = cell.iter().any(u8::is_ascii_digit);
    let text = std::str::from_utf8(cell).ok().filter(|_| has_valid_start && has_digits)?;
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A non-negative whole number below 9 * 10^15; a zero fraction is allowed: `12`, `12.0`.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and small")]
pub fn parse_count(cell: &[u8]) -> Option<u64> {
    parse_number(cell).filter(|n| (0.0..9e15).contains(n) && n.fract() == 0.0).map(|n| n as u64)
}

/// A boolean: `1`, `true`, `yes`, `y`, `t`, or `0`, `false`, `no`, `n`, `f`, in any case.
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

/// The type of a column, inferred from all its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Days without a time of day.
    Day,
    /// Timestamps, or a mix of days and timestamps.
    Time,
    /// Decimal numbers.
    Number,
    /// Any other texts.
    Text,
}

impl ValueKind {
    /// The type of a column with these texts. Empty texts are ignored; without any other text the type is
    /// [`ValueKind::Text`].
    pub fn infer<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Self {
        let (mut has_texts, mut are_days, mut are_times, mut are_numbers) = (false, true, true, true);
        for text in texts.filter(|text| !text.is_empty()) {
            has_texts = true;
            are_days = are_days && std::str::from_utf8(text).is_ok_and(|text| parse_day(text).is_some());
            are_times = are_times && parse_time(text).is_some();
            are_numbers = are_numbers && parse_number(text).is_some();
            if !(are_days || are_times || are_numbers) {
                return Self::Text;
            }
        }
        match (has_texts, are_days, are_times, are_numbers) {
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
        fn formatted_numbers_round_trip(number in -1e12f64..1e12) {
            prop_assert_eq!(parse_number(number.to_string().as_bytes()), Some(number));
        }

        #[test]
        fn no_bytes_panic(cell in prop::collection::vec(any::<u8>(), 0..20)) {
            let _ = (parse_number(&cell), parse_bool(&cell), parse_time(&cell), parse_count(&cell), ValueKind::infer([cell.as_slice()].into_iter()));
        }
    }

    #[test]
    fn a_column_has_a_type_if_every_text_can_be_parsed_as_it() {
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
